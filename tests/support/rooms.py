# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rule of rooms (DESIGN.md, Rooms) and what breaks it in a checkout: imports, sizes, names, changes of sys.path.

Every function returns sentences, one for each violation, that begin with the place: all of them, so that one run shows the whole work.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

COLLECTION = 'ansible_collections.gofleet.golang.plugins'
# From the ground up: a room, or a file that is one, imports only what is on a lower floor.
FLOORS: dict[str, tuple[tuple[str, ...], ...]] = {
    'module_utils': (
        ('_texts', '_system'), ('_labels',), ('_errors',), ('_frame',), ('_files', '_fetch', '_host', '_health'),
        ('_elf', '_proof', '_sysctl'),
        ('_go', '_linking'), ('_archive', '_abi'), ('_toolchain', '_programs'),
        ('_environment', '_build'), ('_service', '_image'), ('_release',), ('_diagnosis',),
    ),
    'plugin_utils': (
        ('_importing', '_private_folders', '_plain_yaml', '_becoming'), ('_cache', '_actions', '_probe'), ('_releases',), ('_archives',),
        ('_sumdb',), ('_proof',), ('_resolution',), ('_reports',),
    ),
}  # fmt: skip
# Which kinds of plugins each kind may import, besides its own.
KINDS: dict[str, frozenset[str]] = {
    'module_utils': frozenset(),
    'modules': frozenset({'module_utils'}),
    'plugin_utils': frozenset({'module_utils'}),
    'action': frozenset({'module_utils', 'plugin_utils', 'modules'}),
    'filter': frozenset({'module_utils', 'plugin_utils'}),
    'lookup': frozenset({'module_utils', 'plugin_utils'}),
    'callback': frozenset({'module_utils', 'plugin_utils'}),
    'doc_fragments': frozenset(),
}
LONGEST_FILE = 300
LONGEST_FUNCTION = 40
# Lists of sys.path change by these; monkeypatch and site change it by the others.
_CHANGES = frozenset({'append', 'clear', 'extend', 'insert', 'pop', 'remove', 'reverse', 'sort'})
_OTHER_CHANGES = frozenset({'addsitedir', 'syspath_prepend'})
_CAP_WORDS = re.compile(r'_?[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*|_?[A-Z]')


@dataclass(frozen=True)
class Import:
    """One name that a file imports from the collection. module: after COLLECTION; name: what is taken from it, or None for `import module`."""

    line: int
    module: str
    name: str | None


@dataclass(frozen=True)
class Source:
    """A Python file of a checkout."""

    root: Path
    path: Path

    @property
    def place(self) -> str:
        return self.path.relative_to(self.root).as_posix()

    @functools.cached_property
    def text(self) -> str:
        return self.path.read_text(encoding='utf-8')

    @functools.cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.place)

    @property
    def parts(self) -> tuple[str, ...]:
        """Of a plugin: its name below plugins/, such as ('module_utils', '_files', 'locks')."""
        return self.path.relative_to(self.root / 'plugins').with_suffix('').parts

    def imports(self) -> Iterator[Import]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ImportFrom) and f'{node.module}.'.startswith(f'{COLLECTION}.'):
                yield from (Import(node.lineno, str(node.module)[len(COLLECTION) + 1:], each.name) for each in node.names)
            elif isinstance(node, ast.Import):
                yield from (Import(node.lineno, each.name[len(COLLECTION) + 1:], None) for each in node.names if each.name.startswith(f'{COLLECTION}.'))


@functools.cache
def sources(root: Path, *folders: str) -> list[Source]:
    return [_source(root, path) for folder in folders for path in sorted((root / folder).rglob('*.py'))]


@functools.cache
def _source(root: Path, path: Path) -> Source:
    """One for all rules: to parse each file takes longer than all else."""
    return Source(root, path)


def _target(root: Path, found: Import) -> tuple[str, ...] | None:
    """The file that an import leads to, as Source.parts has it; None if there is none."""
    parts = tuple(found.module.split('.')) if found.module else ()
    for candidate in ((*parts, found.name), parts) if found.name else (parts,):
        if candidate and (root / 'plugins').joinpath(*candidate).with_suffix('.py').is_file():
            return candidate
    return None


def _floor(parts: tuple[str, ...]) -> int | None:
    floors = FLOORS.get(parts[0], ())
    return next((number for number, rooms in enumerate(floors) if len(parts) > 1 and parts[1] in rooms), None)


# ---- who may use whom


def broken_imports(root: Path) -> list[str]:
    """Imports of files of the collection that do not exist."""
    return [f'{source.place}:{each.line}: imports {each.module}.{each.name or ""}, which is no file of the collection'
            for source in sources(root, 'plugins', 'tests', 'molecule') for each in source.imports() if _target(root, each) is None]


def climbing_imports(root: Path) -> list[str]:
    """Imports of a room on the same floor or a higher one, and of kinds of plugins that are not for this kind."""
    found = []
    for source in sources(root, 'plugins'):
        for each in source.imports():
            target = _target(root, each)
            reason = _climbs(source.parts, target) if target else None
            if target and reason:
                found.append(f'{source.place}:{each.line}: imports {"/".join(target)}, {reason}')
    return found


def _climbs(importer: tuple[str, ...], imported: tuple[str, ...]) -> str | None:
    if importer[0] != imported[0]:
        return None if imported[0] in KINDS.get(importer[0], frozenset()) else f'which {importer[0]} must not import'
    if importer[:2] == imported[:2]:
        return None
    here, there = _floor(importer), _floor(imported)
    if here is None or there is None or there < here:
        return None
    return 'which is on the same floor' if there == here else 'which is on a higher floor'


def circles(root: Path) -> list[str]:
    """Files of plugins/ that import each other, one sentence for each circle; imports inside functions count."""
    imported = {source.parts: sorted({target for each in source.imports() if (target := _target(root, each)) and target != source.parts})
                for source in sources(root, 'plugins')}
    found: set[tuple[tuple[str, ...], ...]] = set()
    done: set[tuple[str, ...]] = set()

    def walk(file: tuple[str, ...], way: list[tuple[str, ...]]) -> None:
        if file in way:
            circle = way[way.index(file):]
            start = circle.index(min(circle))
            found.add(tuple(circle[start:] + circle[:start]))
            return
        if file in done:
            return
        for each in imported.get(file, ()):
            walk(each, [*way, file])
        done.add(file)

    for file in sorted(imported):
        walk(file, [])
    return [' -> '.join('/'.join(file) for file in (*circle, circle[0])) for circle in sorted(found)]


def imported_functions(root: Path) -> list[str]:
    """Functions and constants of rooms that are imported from their module instead of the module itself. Classes may be imported."""
    found = []
    for source in sources(root, 'plugins', 'tests', 'molecule'):
        for each in source.imports():
            target = _target(root, each)
            is_name = target is not None and target[0] in FLOORS and target == tuple(each.module.split('.'))
            if is_name and each.name and not _CAP_WORDS.fullmatch(each.name):
                found.append(f'{source.place}:{each.line}: imports {each.name} from {each.module}; import the module')
    return found


# ---- files


def unknown_rooms(root: Path) -> list[str]:
    """Rooms, files and kinds of plugins that the tables here do not know."""
    known = {kind: {room for floor in floors for room in floor} for kind, floors in FLOORS.items()}
    found = []
    for source in sources(root, 'plugins'):
        kind, *rest = source.parts
        if kind not in KINDS:
            found.append(f'{source.place}: the kind of plugin {kind} is unknown')
        elif kind in known and rest[0] not in known[kind] and rest[0] != '__init__':
            found.append(f'{source.place}: the room {rest[0]} has no floor')
    return found


def filled_init_files(root: Path) -> list[str]:
    return [f'{source.place}: must be empty' for source in sources(root, 'plugins') if source.path.name == '__init__.py' and source.text]


def long_files(root: Path) -> list[str]:
    return [f'{source.place}: has {lines} lines, more than {LONGEST_FILE}'
            for source in sources(root, 'plugins/module_utils', 'plugins/plugin_utils') if (lines := len(source.text.splitlines())) > LONGEST_FILE]


def long_functions(root: Path) -> list[str]:
    return [f'{source.place}:{node.lineno}: {node.name} has {lines} lines, more than {LONGEST_FUNCTION}'
            for source in sources(root, 'plugins/module_utils', 'plugins/plugin_utils') for node in ast.walk(source.tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > LONGEST_FUNCTION]


# ---- sys.path


def changes_of_sys_path(root: Path) -> list[str]:
    """Changes of sys.path in tests/ and molecule/ but in tests/__main__.py. Scripts that stand in texts run elsewhere and are not looked at."""
    return [f'{source.place}:{line}: changes sys.path; run it by python3 tests NAME, or import it from there'
            for source in sources(root, 'tests', 'molecule') if source.place != 'tests/__main__.py' for line in _lines_changing_sys_path(source.tree)]


def _lines_changing_sys_path(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            changes = _is_sys_path(node.func.value) and node.func.attr in _CHANGES
            if changes or node.func.attr in _OTHER_CHANGES:
                yield node.lineno
        elif isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del) \
                and _is_sys_path(node.value if isinstance(node, ast.Subscript) else node):
            yield node.lineno


def _is_sys_path(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == 'path' and isinstance(node.value, ast.Name) and node.value.id == 'sys'
