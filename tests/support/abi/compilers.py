# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The compilers of the ABI fixtures, and their output, which is cached by the content of the recipe.

zig is a C compiler for every libc and architecture in one Python package; gcc with GNU ld is asked for what only they
write; Go toolchains come from toolchains.py.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path

from support.lanes import LaneError, cache_root, run
from support.toolchains import real as toolchains

ZIGLANG = 'ziglang==0.17.0'
# Goes into every key: raise it when the same recipe would be built into other bytes.
RECIPE = 1
# In seconds, since it was used last.
KEPT = 14 * 24 * 3600


class Unavailable(Exception):
    """A fixture cannot be built here; the message says what is missing and what to do."""


@dataclass(frozen=True)
class Recipe:
    """What decides the bytes of a program or a library.

    compiler: gcc, musl-gcc, zig, or the version of a Go toolchain. arguments: of the compiler. variables: added to a bare
    environment; {zig} in them stands for that program. objects: what is linked, each by a name that tells them apart.
    """

    compiler: str
    source: str
    arguments: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()
    objects: tuple[tuple[str, Recipe], ...] = ()
    # Beside the source: (name, content).
    files: tuple[tuple[str, str], ...] = ()
    # Of the object as others are linked to it.
    filename: str = 'program'

    @property
    def key(self) -> str:
        facts = [RECIPE, ZIGLANG, asdict(self), _gcc_version() if self.uses_gcc else '']
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:20]

    @property
    def uses_gcc(self) -> bool:
        return self.compiler in ('gcc', 'musl-gcc') or ('CC', 'musl-gcc') in self.variables or any(made.uses_gcc for _name, made in self.objects)

    @property
    def is_go(self) -> bool:
        return self.compiler[0].isdigit()


def shelf() -> Path:
    return cache_root() / 'abi-fixtures'


@functools.cache
def _gcc_version() -> str:
    if platform.machine() != 'x86_64' or not shutil.which('gcc') or not shutil.which('musl-gcc'):
        raise Unavailable('gcc for x86-64, or musl-gcc, is not on PATH: install the packages gcc, libc6-dev and musl-tools, on such a machine')
    asked = [subprocess.run([tool, '--version'], capture_output=True, text=True, check=True).stdout for tool in ('gcc', 'ld')]
    return '; '.join(said.splitlines()[0] for said in asked)


def zig() -> Path:
    """The program of the pinned package, installed at the first call. Raises Unavailable."""
    target = cache_root() / ZIGLANG.replace('==', '-')
    if not target.is_dir():
        with toolchains.locked(target.with_name(f'.{target.name}.lock')):
            if not target.is_dir():
                _install_zig(target)
    return target / 'ziglang' / 'zig'


def _install_zig(target: Path) -> None:
    print(f'installing {ZIGLANG}', file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix=f'.{target.name}.new-', dir=target.parent) as stage:
        options = ['--quiet', '--no-compile', '--no-deps', '--only-binary', ':all:', '--target', f'{stage}/new']
        try:
            run([sys.executable, '-m', 'pip', 'install', *options, ZIGLANG], f'installing {ZIGLANG}')
        except LaneError as error:
            raise Unavailable(str(error)) from error
        (Path(stage) / 'new').rename(target)


@dataclass
class Workshop:
    """Compilers that share their caches while several recipes are built; what they leave there is then removed."""

    folder: Path
    toolchain_folders: dict[str, Path] = field(default_factory=dict)

    def build(self, recipe: Recipe) -> Path:
        """The object's path; it is built if it is missing. Raises Unavailable."""
        entry = shelf() / 'objects' / recipe.key
        kept = entry / recipe.filename
        if kept.is_file():
            os.utime(entry)
            return kept
        with toolchains.locked(self.folder / f'{recipe.key}.lock'):
            if not kept.is_file():
                self._build(recipe, entry)
        return kept

    def _build(self, recipe: Recipe, entry: Path) -> None:
        entry.parent.mkdir(parents=True, exist_ok=True)
        paths = [str(self.build(made)) for _name, made in recipe.objects]
        with tempfile.TemporaryDirectory(prefix='.new-', dir=entry.parent) as stage:
            made = Path(stage) / 'made'
            made.mkdir()
            self._compile(recipe, Path(stage), made / recipe.filename, paths)
            made.rename(entry)

    def _compile(self, recipe: Recipe, stage: Path, output: Path, paths: list[str]) -> None:
        if recipe.is_go:
            command = self._prepare_go(recipe, stage, output)
        else:
            source = stage / 'source.c'
            source.write_text(recipe.source, encoding='ascii')
            for name, content in recipe.files:
                (stage / name).write_text(content, encoding='ascii')
            compiler = [str(zig()), 'cc'] if recipe.compiler == 'zig' else [recipe.compiler]
            command = [*compiler, '-O1', *recipe.arguments, '-o', str(output), str(source)]
            # A library stands after what needs it.
            command += paths
        done = subprocess.run(
            command, cwd=stage, env=self._environment(recipe), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode or not output.is_file():
            said = '\n'.join((done.stdout + done.stderr).splitlines()[-12:])
            raise Unavailable(f'`{" ".join(command)}` exits with {done.returncode}:\n{said}')
        output.chmod(0o755)

    def _prepare_go(self, recipe: Recipe, stage: Path, output: Path) -> list[str]:
        (stage / 'go.mod').write_text('module example.com/fixture\n\ngo 1.21\n', encoding='ascii')
        (stage / 'main.go').write_text(recipe.source, encoding='ascii')
        return [str(self._toolchain(recipe.compiler) / 'bin' / 'go'), 'build', '-buildvcs=false', *recipe.arguments, '-o', str(output), '.']

    def _environment(self, recipe: Recipe) -> dict[str, str]:
        own = {name: value.format(zig=zig()) if '{zig}' in value else value for name, value in recipe.variables}
        return {
            'PATH': os.environ.get('PATH', os.defpath),
            'HOME': str(self.folder),
            'TMPDIR': str(self.folder),
            'LC_ALL': 'C',
            'ZIG_GLOBAL_CACHE_DIR': str(self.folder / 'zig'),
            'ZIG_LOCAL_CACHE_DIR': str(self.folder / 'zig-local'),
            'GOCACHE': str(self.folder / 'go-build'),
            'GOPATH': str(self.folder / 'go'),
            'GOENV': 'off',
            'GOFLAGS': '',
            'GOTOOLCHAIN': 'local',
            'GOPROXY': 'off',
            'GOTELEMETRY': 'off',
            'CGO_ENABLED': '0',
            **own,
        }

    def _toolchain(self, version: str) -> Path:
        """A Go tree for this machine, unpacked while the workshop is open."""
        with toolchains.locked(self.folder / f'go{version}.lock'):
            if version not in self.toolchain_folders:
                try:
                    archive = toolchains.ensure(version)
                except toolchains.ToolchainError as error:
                    raise Unavailable(str(error)) from error
                target = self.folder / f'go{version}'
                target.mkdir()
                subprocess.run(['tar', '-xzf', str(archive.path), '-C', str(target)], check=True)
                self.toolchain_folders[version] = target / 'go'
        return self.toolchain_folders[version]


@contextlib.contextmanager
def workshop() -> Iterator[Workshop]:
    shelf().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix='.workshop-', dir=shelf(), ignore_cleanup_errors=True) as folder:
        yield Workshop(Path(folder))


def forget_old(shelf_of_some: Path) -> None:
    """Take away what no run has used for a while: of other recipes than today's."""
    for entry in shelf_of_some.iterdir():
        if time.time() - entry.stat().st_mtime > KEPT:
            shutil.rmtree(entry)


def build_all(recipes: Iterable[Recipe]) -> dict[Recipe, Path | Unavailable]:
    """Each recipe's object, or the reason why it is not available, in the given order; two are built at a time."""
    wanted = list(dict.fromkeys(recipes))
    with workshop() as shop, ThreadPoolExecutor(2) as pool:

        def attempt(recipe: Recipe) -> Path | Unavailable:
            try:
                return shop.build(recipe)
            except Unavailable as error:
                return error

        made = dict(zip(wanted, pool.map(attempt, wanted), strict=True))
    forget_old(shelf() / 'objects')
    return made
