# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each role has a README (Galaxy refuses the archive without), whose table and example agree with what Ansible validates."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from commands import role_readmes

ROLES = sorted(path for path in role_readmes.ROLES.iterdir() if path.is_dir())


def readme(role: Path) -> str:
    return (role / 'README.md').read_text(encoding='utf-8')


def options(role: Path) -> dict[str, Any]:
    spec = yaml.safe_load((role / 'meta' / 'argument_specs.yml').read_text(encoding='utf-8'))
    found: dict[str, Any] = spec['argument_specs']['main']['options']
    return found


@pytest.mark.parametrize('role', ROLES, ids=lambda role: str(role.name))
def test_the_table_of_variables_agrees_with_the_argument_specs(role: Path) -> None:
    assert role_readmes.renewed(role, readme(role)) == readme(role), 'run: python3 tests role_readmes'


@pytest.mark.parametrize('role', ROLES, ids=lambda role: str(role.name))
def test_every_variable_has_one_row_with_a_text(role: Path) -> None:
    rows = re.findall(r'^[|] `(\w+)` [|] [^|]+ [|] .* [|] (?:\\\\[|]|[^|])+ [|]$', role_readmes.table(role), re.MULTILINE)
    assert rows == list(options(role))


@pytest.mark.parametrize('role', ROLES, ids=lambda role: str(role.name))
def test_the_example_is_a_play_with_variables_of_the_role(role: Path) -> None:
    (example,) = re.findall(r'```yaml\n(.*?)```', readme(role), re.DOTALL)
    (play,) = yaml.safe_load(example)
    (used,) = [each for each in play['roles'] if each['role'] == f'gofleet.golang.{role.name}']
    variables = set(used) - {'role'}
    assert variables
    assert variables <= set(options(role))


@pytest.mark.parametrize(('text', 'cell'), [
    ('Use V(1.26) or O(go_env_name).', 'Use `1.26` or `go_env_name`'), ('One. Two.', 'One'),
    ('As sysctl.d(5) and V(net/ipv4).', 'As sysctl.d(5) and `net/ipv4`'), ('An exact one (V(1.26.6)), a | line.', 'An exact one (`1.26.6`), a \\| line'),
])  # fmt: skip
def test_a_cell_is_the_first_sentence_without_ansibles_markup(text: str, cell: str) -> None:
    assert role_readmes._first_sentence([text, 'More.']) == cell
