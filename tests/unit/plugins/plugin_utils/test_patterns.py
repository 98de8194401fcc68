# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
r"""Every regular expression of the collection: none ends with $, which also matches before a newline that is the last character.

A key "x\n" so passed for "x", and its second line became one of the file that it was written to.
"""

from __future__ import annotations

import ast
import re
import re._constants as kinds
import re._parser as parser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CHECKOUT = Path(__file__).resolve().parents[4]
SOURCES = sorted((CHECKOUT / 'plugins').rglob('*.py'))
YAML = sorted(path for folder in ('roles', 'playbooks') for path in (CHECKOUT / folder).rglob('*') if path.suffix in ('.yml', '.j2'))
# Jinja's ways to a regular expression, and ansible.builtin's.
_IN_JINJA = re.compile(r'\b(?:is\s+(?:not\s+)?(?:match|search|regex)|regex_\w+)\b[^\n]*')


def calls(source: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(source):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name) and node.func.value.id == 're' \
                and node.func.attr != 'escape':  # fmt: skip
            yield node


def texts(node: ast.AST) -> list[str | bytes]:
    """The constants that a pattern is made of: parts that are put together, or a text with % and replace()."""
    return [each.value for each in ast.walk(node) if isinstance(each, ast.Constant) and isinstance(each.value, (str, bytes))]


def is_multiline(call: ast.Call) -> bool:
    named = [each for argument in [*call.args[1:], *call.keywords] for each in ast.walk(argument) if isinstance(each, ast.Attribute)]
    return any(each.attr in ('MULTILINE', 'M') for each in named)


def ends(pattern: str | bytes) -> bool:
    """Whether a pattern, or a part of one, has a $ that is an anchor of the whole text."""
    try:
        parsed = parser.parse(pattern)
    except re.error:
        # A part that is not valid alone, such as an opening parenthesis: a character that is neither escaped nor in brackets is an anchor.
        text = pattern.decode('latin-1') if isinstance(pattern, bytes) else pattern
        return '$' in re.sub(r'\\.|\[(?:\\.|[^\]])*\]', '', text, flags=re.DOTALL)
    return not parsed.state.flags & re.MULTILINE and _has_end(parsed)


def _has_end(parsed: Any) -> bool:
    if isinstance(parsed, parser.SubPattern):
        return any(_has_end(each) for each in parsed.data)
    if isinstance(parsed, (list, tuple)):
        return tuple(parsed) == (kinds.AT, kinds.AT_END) or any(_has_end(each) for each in parsed)
    return False


@pytest.mark.parametrize('path', [pytest.param(path, id=str(path.relative_to(CHECKOUT))) for path in SOURCES if 're.' in path.read_text(encoding='utf-8')])
def test_no_pattern_of_a_plugin_ends_before_a_last_newline(path: Path) -> None:
    found = list(calls(ast.parse(path.read_text(encoding='utf-8'))))
    # What cannot be seen here cannot be held to anything: a pattern stands where it is used, or is compiled under a name.
    hidden = [call.lineno for call in found if not texts(call.args[0]) and not is_escaped(call.args[0])]
    assert hidden == []
    wrong = [(call.lineno, text) for call in found if not is_multiline(call) for text in texts(call.args[0]) if ends(text)]
    assert wrong == []


def is_escaped(node: ast.AST) -> bool:
    return any(isinstance(each, ast.Attribute) and each.attr == 'escape' for each in ast.walk(node))


def test_no_pattern_of_a_role_or_playbook_ends_before_a_last_newline() -> None:
    found = [f'{path.relative_to(CHECKOUT)}: {each}' for path in YAML for each in _IN_JINJA.findall(path.read_text(encoding='utf-8')) if '$' in each]
    assert found == []


@pytest.mark.parametrize(('pattern', 'expected'), [
    ('a$', True), (b'a$', True), ('(?:a$|b)', True), ('(a|(b$))+', True), ('(?=a$)b', True), ('%s$', True), ('(a$', True), (r'a\Z', False), (r'a\$', False),
    ('[$]', False), (r'(a\$', False), ('([$]', False), ('(?m)a$', False),
])  # fmt: skip
def test_an_anchor_is_distinguished_from_a_dollar(pattern: str | bytes, expected: bool) -> None:
    assert ends(pattern) is expected


def test_patterns_are_found_at_all() -> None:
    assert sum(len(list(calls(ast.parse(path.read_text(encoding='utf-8'))))) for path in SOURCES) > 60
