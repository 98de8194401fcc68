# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small file systems of their own for a host's prefix: full, read-only, without inodes, without execution."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path


class MountError(Exception):
    """A file system cannot be mounted here."""


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise MountError(f'{" ".join(command)}: {done.stderr.strip() or done.returncode}')


@contextlib.contextmanager
def tmpfs(place: Path, options: str) -> Iterator[Path]:
    """A file system in memory, gone with all that is in it when the block ends."""
    place.mkdir(parents=True)
    _run('mount', '-t', 'tmpfs', '-o', f'mode=0755,{options}', 'gofleet-faults', str(place))
    try:
        yield place
    finally:
        _run('umount', '--lazy', str(place))


@contextlib.contextmanager
def ext4(place: Path, image: Path, megabytes: int) -> Iterator[Path]:
    """A file system on a file: what most hosts have, with blocks and inodes that run out in its own way."""
    place.mkdir(parents=True)
    with image.open('wb') as file:
        file.truncate(megabytes << 20)
    # -m 0: root is refused no later than others.
    _run('mkfs.ext4', '-q', '-m', '0', '-O', '^has_journal', str(image))
    _run('mount', '-o', 'loop', str(image), str(place))
    try:
        yield place
    finally:
        _run('umount', '--lazy', str(place))


def remount(place: Path, options: str) -> None:
    _run('mount', '-o', f'remount,{options}', str(place))


def why_not() -> str | None:
    """Why nothing can be mounted here, or None."""
    if os.geteuid():
        return 'only root mounts file systems'
    with tempfile.TemporaryDirectory() as folder:
        try:
            with tmpfs(Path(folder) / 'try', 'size=64k'):
                return None
        except (MountError, OSError) as error:
            return str(error)


def fill(place: Path, leave: int) -> None:
    """Use up the space of a file system but for `leave` bytes."""
    status = os.statvfs(place)
    free = status.f_bavail * status.f_frsize
    with (place / 'ballast').open('wb') as file:
        os.posix_fallocate(file.fileno(), 0, max(1, free - leave))


def use_up_inodes(place: Path, leave: int) -> None:
    folder = place / 'many'
    folder.mkdir()
    for number in range(os.statvfs(place).f_favail - leave):
        (folder / str(number)).touch()
