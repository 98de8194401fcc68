# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rule of rooms: that this checkout keeps it, and that each violation of it is found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from support import rooms, stage

Rule = Callable[[Path], list[str]]
RULES = (rooms.broken_imports, rooms.climbing_imports, rooms.circles, rooms.imported_functions, rooms.unknown_rooms, rooms.filled_init_files, rooms.long_files,
         rooms.long_functions, rooms.changes_of_sys_path)  # fmt: skip
FROM = f'from {rooms.COLLECTION}'


@pytest.mark.parametrize('rule', RULES, ids=lambda rule: rule.__name__)
def test_the_checkout_has_no(rule: Rule) -> None:
    found = rule(stage.CHECKOUT)
    assert not found, '\n'.join([f'{len(found)} violations:', *found])


def written(root: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root


UTILS = 'plugins/module_utils'


@pytest.mark.parametrize(('rule', 'files', 'reason'), [
    (rooms.broken_imports, {f'{UTILS}/_elf/a.py': f'{FROM}.module_utils._files import gone\n'}, 'no file'),
    (rooms.climbing_imports, {f'{UTILS}/_elf/a.py': f'{FROM}.module_utils._proof import b\n', f'{UTILS}/_proof/b.py': ''}, 'same floor'),
    (rooms.climbing_imports, {f'{UTILS}/_elf/a.py': f'{FROM}.module_utils._abi import b\n', f'{UTILS}/_abi/b.py': ''}, 'higher floor'),
    (rooms.climbing_imports, {f'{UTILS}/_elf/a.py': f'{FROM}.module_utils._abi.b import Type\n', f'{UTILS}/_abi/b.py': ''}, 'higher floor'),
    (rooms.climbing_imports, {f'{UTILS}/_elf/a.py': f'def f():\n    {FROM}.module_utils._abi import b\n', f'{UTILS}/_abi/b.py': ''}, 'higher floor'),
    (rooms.climbing_imports, {f'{UTILS}/_elf/a.py': f'import {rooms.COLLECTION}.module_utils._abi.b\n', f'{UTILS}/_abi/b.py': ''}, 'higher floor'),
    (rooms.climbing_imports, {f'{UTILS}/_abi/a.py': f'{FROM}.plugin_utils import _cache\n', 'plugins/plugin_utils/_cache.py': ''}, 'must not import'),
    (rooms.circles, {f'{UTILS}/_elf/a.py': f'{FROM}.module_utils._elf import b\n', f'{UTILS}/_elf/b.py': f'{FROM}.module_utils._elf import a\n'}, 'a -> '),
    (rooms.imported_functions, {'tests/t.py': f'{FROM}.module_utils._elf.a import read\n', f'{UTILS}/_elf/a.py': ''}, 'import the module'),
    (rooms.imported_functions, {'tests/t.py': f'{FROM}.module_utils._elf.a import LIMIT\n', f'{UTILS}/_elf/a.py': ''}, 'import the module'),
    (rooms.unknown_rooms, {f'{UTILS}/_attic/a.py': ''}, 'no floor'),
    (rooms.unknown_rooms, {f'{UTILS}/helpers.py': ''}, 'no floor'),
    (rooms.unknown_rooms, {'plugins/oddities/a.py': ''}, 'unknown'),
    (rooms.filled_init_files, {f'{UTILS}/_elf/__init__.py': '\n'}, 'empty'),
    (rooms.long_files, {f'{UTILS}/_elf/a.py': '\n' * 301}, '301 lines'),
    (rooms.long_functions, {f'{UTILS}/_elf/a.py': 'class A:\n    def f(self):\n' + '        pass\n' * 40}, '41 lines'),
    (rooms.changes_of_sys_path, {'tests/t.py': 'import sys\nsys.path.insert(0, ".")\n'}, 'sys.path'),
    (rooms.changes_of_sys_path, {'molecule/t.py': 'import sys\nsys.path[:0] = ["."]\n'}, 'sys.path'),
    (rooms.changes_of_sys_path, {'tests/t.py': 'import sys\nsys.path += ["."]\n'}, 'sys.path'),
    (rooms.changes_of_sys_path, {'tests/t.py': 'def test(monkeypatch):\n    monkeypatch.syspath_prepend(".")\n'}, 'sys.path'),
])  # fmt: skip
def test_a_violation_is_found(tmp_path: Path, rule: Rule, files: dict[str, str], reason: str) -> None:
    found = rule(written(tmp_path, files))
    assert len(found) == 1
    assert reason in found[0]


@pytest.mark.parametrize(('rule', 'files'), [
    (rooms.climbing_imports, {f'{UTILS}/_abi/a.py': f'{FROM}.module_utils._elf import b\n', f'{UTILS}/_elf/b.py': ''}),
    (rooms.climbing_imports, {f'{UTILS}/_elf/a.py': f'{FROM}.module_utils._elf import b\n', f'{UTILS}/_elf/b.py': ''}),
    (rooms.climbing_imports, {'plugins/action/a.py': f'{FROM}.plugin_utils import _cache\n', 'plugins/plugin_utils/_cache.py': ''}),
    (rooms.circles, {f'{UTILS}/_elf/a.py': f'{FROM}.module_utils._elf import b\n', f'{UTILS}/_elf/b.py': ''}),
    (rooms.imported_functions, {'tests/t.py': f'{FROM}.module_utils._elf.a import Reader\n', f'{UTILS}/_elf/a.py': ''}),
    (rooms.imported_functions, {'tests/t.py': f'{FROM}.module_utils._elf import a\n', f'{UTILS}/_elf/a.py': ''}),
    (rooms.long_files, {f'{UTILS}/_elf/a.py': '\n' * 300}),
    (rooms.long_functions, {f'{UTILS}/_elf/a.py': 'def f():\n' + '    pass\n' * 39}),
    (rooms.changes_of_sys_path, {'tests/__main__.py': 'import sys\nsys.path[:1] = ["."]\n'}),
    (rooms.changes_of_sys_path, {'tests/t.py': 'import sys\nprint(sys.path)\nTEXT = "sys.path = []"\n'}),
])  # fmt: skip
def test_what_keeps_the_rule_is_no_violation(tmp_path: Path, rule: Rule, files: dict[str, str]) -> None:
    assert rule(written(tmp_path, files)) == []
