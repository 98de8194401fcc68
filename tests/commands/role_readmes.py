# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the table of variables in each role's README.md from its meta/argument_specs.yml.

    role_readmes.py            write the tables
    role_readmes.py --check    only say which are out of date; exit 1 if one is
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

import yaml

ROLES = Path(__file__).resolve().parents[2] / 'roles'
BEGIN = '<!-- python3 tests role_readmes: from meta/argument_specs.yml -->\n'
END = '<!-- end -->\n'
# Ansible's markup: V(value), O(option), C(code), E(variable), M(module); and a sentence's end.
_MARKUP = re.compile(r'\b[VOCEM]\(((?:[^()]|\([^()]*\))*)\)')
_SENTENCE = re.compile(r'(?<=[a-z`)])\.(?=\s|\Z)')


def _cell(text: str) -> str:
    text = _MARKUP.sub(lambda match: f'`{match[1].rpartition("#module:")[2].rpartition("#role:")[2]}`', ' '.join(text.split()))
    return text.replace('|', '\\|')


def _first_sentence(description: str | list[str]) -> str:
    text = _cell(description if isinstance(description, str) else description[0])
    return _SENTENCE.split(text)[0].rstrip('.')


def _default(option: dict[str, Any]) -> str:
    value = option.get('default')
    return '' if value in (None, '') else f'`{value if isinstance(value, str) else json.dumps(value)}`'


def _type(option: dict[str, Any]) -> str:
    return f'list of {option["elements"]}' if 'elements' in option else str(option['type'])


def table(role: Path) -> str:
    """The lines of a role's table, from what Ansible validates."""
    spec = yaml.safe_load((role / 'meta' / 'argument_specs.yml').read_text(encoding='utf-8'))
    options = spec['argument_specs']['main']['options']
    rows = [(f'`{name}`', _type(option), _default(option), _first_sentence(option['description'])) for name, option in options.items()]
    return '\n'.join(f'| {" | ".join(row)} |' for row in [('variable', 'type', 'default', 'what it sets'), ('---',) * 4, *rows]) + '\n'


def renewed(role: Path, text: str) -> str:
    """A role's README with the table as it has to be. Raises ValueError where it has no place for one."""
    before, begin, rest = text.partition(BEGIN)
    dummy, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f'{role.name}/README.md has no lines {BEGIN.strip()} and {END.strip()}')
    return f'{before}{BEGIN}\n{table(role)}\n{END}{after}'


def main() -> int:
    parser = argparse.ArgumentParser(description='Tables of variables in the READMEs of roles.')
    parser.add_argument('--check', action='store_true', help='write nothing')
    check = parser.parse_args().check
    stale = []
    for role in sorted(path.parents[1] for path in ROLES.glob('*/meta/argument_specs.yml')):
        path = role / 'README.md'
        text = path.read_text(encoding='utf-8')
        if renewed(role, text) != text:
            stale.append(role.name)
            if not check:
                path.write_text(renewed(role, text), encoding='utf-8')
    print(f'{"Out of date" if check else "Written"}: {", ".join(stale) or "none"}')
    return int(check and bool(stale))


if __name__ == '__main__':
    sys.exit(main())
