# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ABI fixtures: programs that run on some hosts and not on others, made once and kept.

    abi_fixtures.py [--list]    make what is missing; print the folder, or as JSON the folder and what each file is

abi_designs.py says what they are, abi_compilers.py compiles, abi_spoiled.py makes wrong what was right.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from support.abi import compilers as abi_compilers
from support.abi.compilers import Recipe, Unavailable
from support.abi.design import PLACE, Design
from support.abi.designs import DESIGNS, UNKNOWABLE
from support.toolchains import tiny as tiny_toolchains
from support.toolchains.real import locked

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Fixture:
    """path: on every host, below PLACE; source: on this machine; a start that works exits with 0 and prints WORD.

    unknowable: why a verdict may leave it open.
    """

    name: str
    path: str
    source: Path
    what: str
    arch: str
    unknowable: str


@dataclass(frozen=True)
class Fixtures:
    """folder: to be seen by hosts as PLACE."""

    folder: Path
    fixtures: tuple[Fixture, ...]

    def of(self, *architectures: str) -> list[Fixture]:
        return [fixture for fixture in self.fixtures if fixture.arch in architectures]


def ensure() -> Fixtures:
    """All fixtures, made at the first call. Safe for processes that ask at once. Raises Unavailable."""
    shelf = abi_compilers.shelf()
    folder = shelf / 'sets' / _key()
    if not folder.is_dir():
        with locked(shelf / '.set.lock'):
            if not folder.is_dir():
                _make(folder)
    os.utime(folder)
    return Fixtures(folder, tuple(_fixture(folder, design) for design in DESIGNS if design.started))


def _fixture(folder: Path, design: Design) -> Fixture:
    return Fixture(design.path, f'{PLACE}/{design.path}', folder / design.path, design.what, design.arch, UNKNOWABLE.get(design.path, ''))


def _key() -> str:
    """Everything that decides a byte: the recipes of objects, and the code that edits and places them."""
    digest = hashlib.sha256()
    for recipe in _recipes():
        digest.update(recipe.key.encode())
    for path in sorted({*HERE.glob('*.py'), Path(tiny_toolchains.__file__)}):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:20]


def _recipes() -> list[Recipe]:
    return [design.recipe for design in DESIGNS if design.recipe]


def _make(folder: Path) -> None:
    """Make a set beside its place, then rename: what a killed maker left is never taken for a set."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    built = abi_compilers.build_all(_recipes())
    failures = [str(made) for made in built.values() if isinstance(made, Unavailable)]
    if failures:
        raise Unavailable(f'{len(failures)} of {len(built)} ABI fixtures cannot be built here; the first: {failures[0]}')
    with tempfile.TemporaryDirectory(prefix='.new-', dir=folder.parent) as stage:
        target = Path(stage) / 'set'
        contents: dict[str, bytes] = {}
        for design in DESIGNS:
            contents[design.path] = _content(design, built, contents)
            place = target / design.path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(contents[design.path])
            place.chmod(design.mode)
        target.rename(folder)
    abi_compilers.forget_old(folder.parent)
    print(f'ABI fixtures: {len(DESIGNS)} files made in {time.monotonic() - started:.0f} s', file=sys.stderr, flush=True)


def _content(design: Design, built: Mapping[Recipe, Path | Unavailable], made: Mapping[str, bytes]) -> bytes:
    content = made[design.base] if design.base else design.content
    if design.recipe:
        path = built[design.recipe]
        assert isinstance(path, Path)
        content = path.read_bytes()
    for edit in design.edits:
        try:
            content = edit(content)
        except (ValueError, KeyError, IndexError) as error:
            raise Unavailable(f'{design.path} cannot be made of {design.base}: {error}') from error
    return content


def main() -> int:
    parser = argparse.ArgumentParser(description='Programs that run on some hosts and not on others.')
    parser.add_argument('--list', action='store_true', help='everything, as JSON')
    options = parser.parse_args()
    try:
        made = ensure()
    except Unavailable as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(asdict(made), default=str) if options.list else made.folder)
    return 0


if __name__ == '__main__':
    sys.exit(main())
