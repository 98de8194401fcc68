# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""System calls that change a file system: which ones a run makes, and how to break one of them with strace.

The module's own calls are counted without following its children, so that a count means the same call in each run.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from support.seed import spread

# Those that give, take or move a name.
NAMING = (
    'creat', 'link', 'linkat', 'mkdir', 'mkdirat', 'rename', 'renameat', 'renameat2', 'rmdir', 'symlink', 'symlinkat',
    'unlink', 'unlinkat',
)  # fmt: skip
OPENING = ('open', 'openat')
CHANGING = (
    'chmod', 'chown', 'fchmod', 'fchmodat', 'fchown', 'fchownat', 'fdatasync', 'fsync', 'ftruncate', 'lchown',
    'pwrite64', 'sync', 'syncfs', 'truncate', 'utime', 'utimensat', 'utimes', 'write', 'writev',
)  # fmt: skip

_CALL = re.compile(r'(?P<name>\w+)\((?P<arguments>.*)\)\s+= (?P<answer>\?|-?\d+|0x[0-9a-f]+)')
_WRITING = re.compile(r'O_CREAT|O_TRUNC')
# What is written may be a path, such as the result on standard output.
_DESCRIPTOR = re.compile(r'\d+<[^>]*>')
# Inside a tree that is being unpacked or deleted in the stage: many calls of one kind, of which a few stand for all.
_BULK = re.compile(r'/\.gofleet/stage/[^/">]+/(?:[^/">]+/go[/">]|removed-[^/">]*/[^/">]+[/">])')


@dataclass(frozen=True)
class Point:
    """One system call of a run. ordinal: it is the process's n-th of that name."""

    name: str
    ordinal: int
    arguments: str

    @property
    def naming(self) -> bool:
        return self.name in NAMING

    @property
    def bulk(self) -> bool:
        return self.name not in ('rename', 'renameat2') and bool(_BULK.search(self.arguments))

    def __str__(self) -> str:
        return f'{self.name} no. {self.ordinal} ({self.arguments[-160:]})'


def works() -> bool:
    strace = shutil.which('strace')
    return bool(strace) and not subprocess.run([str(strace), '-o', '/dev/null', 'true'], check=False).returncode


def recorder(log: Path, lacks: str | None = None) -> tuple[str, ...]:
    """A wrapper that writes a process's changing calls to a file. lacks: a call that the kernel is made to lack."""
    # -y: with the path behind each descriptor; -s: whole paths.
    command = ('strace', '-y', '-s', '1000', '-o', str(log), '-e', f'trace={",".join(NAMING + OPENING + CHANGING)}')
    return (*command, *_without(lacks))


def injector(log: Path, point: Point, what: str, lacks: str | None = None) -> tuple[str, ...]:
    """A wrapper that does something to one call of a process: `signal=KILL`, `error=EIO`, …"""
    traced = ','.join(filter(None, (point.name, lacks)))
    breaking = ('-e', f'trace={traced}', '-e', f'inject={point.name}:{what}:when={point.ordinal}')
    return ('strace', '-y', '-s', '1000', '-o', str(log), *breaking, *_without(lacks))


def _without(call: str | None) -> tuple[str, ...]:
    return ('-e', f'inject={call}:error=ENOSYS') if call else ()


def points(log: Path, *below: Path) -> list[Point]:
    """The calls of a recorded process that changed something below one of the folders."""
    return list(_points(log.read_text(encoding='utf-8', errors='replace').splitlines(), [str(folder) for folder in below]))


def _points(lines: Sequence[str], below: Sequence[str]) -> Iterator[Point]:
    counts: Counter[str] = Counter()
    for line in lines:
        found = _CALL.match(line)
        if not found:
            continue
        name, arguments = found['name'], found['arguments']
        counts[name] += 1
        if name.endswith(('write', 'writev', 'write64')):
            place = _DESCRIPTOR.match(arguments)
            arguments = place[0] if place else ''
        if not any(folder in arguments for folder in below) or found['answer'].startswith('-'):
            continue
        if name not in OPENING or _WRITING.search(arguments):
            # A folder of a test's own has a random name that means nothing in a report.
            yield Point(name, counts[name], arguments.replace(below[0], '') if len(below) == 1 else arguments)


def struck(log: Path, point: Point, *below: Path) -> bool:
    """Whether the call that was broken is the one that was meant: paths hold process ids and random names."""
    called = log.read_text(encoding='utf-8', errors='replace').splitlines() if log.exists() else []
    lines = [line for line in called if line.startswith(f'{point.name}(')]
    hit = lines[point.ordinal - 1] if len(lines) >= point.ordinal else ''
    return any(str(folder) in hit for folder in below)


def sample(found: Sequence[Point], limit: int) -> list[Point]:
    """Every call that changes a name outside bulk work, and others evenly spread, `limit` of them, which vary with the seed."""
    always = [point for point in found if point.naming and not point.bulk]
    return [point for point in found if point in {*always, *spread([each for each in found if each not in always], limit)}]
