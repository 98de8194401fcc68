# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What others wrote is taken apart in a few places, which bound it: no other code of the collection does so with Python's own means."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[4]
SOURCES = sorted((CHECKOUT / 'plugins').rglob('*.py'))
# What Python has for it, and where it may be used.
ALLOWED = {
    'isdigit': [], 'isdecimal': [], 'isnumeric': [], 'load': ['_plain_yaml.py'], 'safe_load': [], 'loads': ['foreign.py', 'lockfile.py'],
    'read_text': [],
}  # fmt: skip
INSTEAD = {
    'isdigit': 'foreign_values.whole(): isdigit() takes a superscript, which int() refuses', 'loads': 'foreign_values.from_json()',
    'safe_load': 'plain_yaml.load()', 'read_text': 'regular_files.read(), which waits for no pipe and has a limit',
}  # fmt: skip


@pytest.mark.parametrize('path', [pytest.param(path, id=str(path.relative_to(CHECKOUT))) for path in SOURCES])
def test_numbers_json_yaml_and_files_of_others_are_read_by_what_bounds_them(path: Path) -> None:
    called = [node.func.attr for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))) if isinstance(node, ast.Call)
              and isinstance(node.func, ast.Attribute)]  # fmt: skip
    wrong = {name: INSTEAD.get(name, 'see INSTEAD') for name in called if path.name not in ALLOWED.get(name, [path.name])}
    # plain_yaml.load() is called by that name too.
    wrong = {name: why for name, why in wrong.items() if not (name == 'load' and 'plain_yaml.load(' in path.read_text(encoding='utf-8'))}
    assert wrong == {}
