# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A separate disk for each host's toolchains: ext4 with a journal, as on most hosts, in a file.

What lies below the engine's own storage is any file system with any past, and may decide over the result: ext4 without a journal,
for one, looks for a while past every inode that was freed (fs/ext4/ialloc.c, recently_deleted), so that a tree which follows
another's removal takes ten times as long to unpack.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

# An installed tree, an archive and a second tree: about 600 MB.
MEGABYTES = 1024
# Everything is written before anything is timed; by default the kernel does it later, in the background.
FORMAT = ('mkfs.ext4', '-q', '-m', '0', '-J', 'size=32', '-E', 'lazy_itable_init=0,lazy_journal_init=0')


class DiskFailed(Exception):
    """A disk cannot be made; the message says why."""


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DiskFailed(f'`{" ".join(command)}` exits with {done.returncode}: {done.stderr.strip()}')
    return done.stdout.strip()


def why_none() -> str | None:
    """Why hosts get no disks of their own on this machine; None if they do."""
    missing = [program for program in ('mkfs.ext4', 'losetup') if shutil.which(program) is None]
    if os.geteuid() or missing:
        return f'{" and ".join(missing)} not found' if missing else 'only root makes them'
    return None


@contextlib.contextmanager
def mounted_at(place: str, image: Path) -> Iterator[list[str]]:
    """Options of `docker run` for a host with a new disk at `place`; the block has to start the host.

    The disk belongs to the container from then on: what is mounted ends with it, and the loop device with that.
    """
    with image.open('wb') as file:
        file.truncate(MEGABYTES << 20)
    _run(*FORMAT, str(image))
    device = _run('losetup', '--find', '--show', str(image))
    try:
        volume = {'type': 'volume', 'dst': place, 'volume-driver': 'local', 'volume-opt=type': 'ext4', 'volume-opt=device': device}
        yield ['--mount', ','.join(f'{name}={value}' for name, value in volume.items())]
    finally:
        # In use, it is detached once it is no longer used (losetup(8)).
        _run('losetup', '--detach', device)
