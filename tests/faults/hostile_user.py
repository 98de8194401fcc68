# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A local user without privileges who swaps names in a folder of their own, all the time, while root works there.

    hostile_user.py FOLDER VICTIM_FILE VICTIM_FOLDER    until standard input ends

Each round puts something else under each of the names that root may come by: links to root's files and folders, files and folders
of their own, second names of what root makes; and reads whatever can be read. At the end it prints what it saw as JSON.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import sys
from pathlib import Path

USER = 65534
# Of what is tried at most: the loop ends by itself.
ROUNDS = 2_000_000
# How often a name is looked at before something else is tried.
LURKING = 200_000
# What no other user may ever read.
SECRET = b'hush-of-root'


def swap(path: Path, number: int, file: Path, folder: Path) -> None:
    """Let a name be something else than it was."""
    with contextlib.suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            path.rename(path.with_name(f'.{path.name}.{number}'))
        else:
            path.unlink()
    with contextlib.suppress(OSError):
        match number % 4:
            case 0:
                path.symlink_to(file)
            case 1:
                path.symlink_to(folder)
            case 2:
                path.mkdir()
            case 3:
                path.write_text('mine\n')


def look(folder: Path) -> bool:
    """Whether something in the folder shows the secret; what root makes there gets a second name, or is moved."""
    found = False
    for entry in list(os.scandir(folder)):
        with contextlib.suppress(OSError):
            handle = os.open(entry.path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
            try:
                found = found or SECRET in os.read(handle, 65536)
            finally:
                os.close(handle)
        if '.gofleet-new' in entry.name:
            with contextlib.suppress(OSError):
                os.link(entry.path, folder / 'second-name', follow_symlinks=False)
    return found


def lurk(folder: Path, file: Path) -> bool:
    """Keep quiet until root has given a file its name, and put a link in its place; whether something could be read that was foreseen.

    For whoever sets mode and owner by the path then, and for whoever writes to a name that can be foreseen.
    """
    # Strings and calls, for every microsecond counts.
    target, foreseen, precious = str(folder / 'app.env'), str(folder / 'app.env.gofleet-new'), str(file)
    with contextlib.suppress(OSError):
        os.unlink(target)  # noqa: PTH108
    handles = []
    for _try in range(LURKING):
        with contextlib.suppress(OSError):
            # Taken away as a leftover, it is made again at once.
            handles.append(os.open(foreseen, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666))
        try:
            os.lstat(target)
        except OSError:
            continue
        with contextlib.suppress(OSError):
            os.unlink(target)  # noqa: PTH108
            os.symlink(precious, target)  # noqa: PTH211
        break
    found = any(SECRET in os.pread(handle, 65536, 0) for handle in handles)
    for handle in handles:
        os.close(handle)
    return found


def play(folder: Path, file: Path, victims: Path) -> dict[str, int]:
    leaks = rounds = 0
    names = [folder / 'config', folder / 'config' / 'app.env', folder / 'app.env', folder / 'go', folder / 'tree.manifest.lock', folder / 'tree.manifest']
    while rounds < ROUNDS and not select.select([sys.stdin], [], [], 0)[0]:
        rounds += 1
        if rounds % 200 > 100:
            with contextlib.suppress(OSError):
                leaks += lurk(folder if rounds % 2 else folder / 'config', file)
            continue
        for place in (folder, folder / 'config'):
            with contextlib.suppress(OSError):
                leaks += look(place)
        # Often left alone for a moment, or root would never come further than the first look.
        for offset, path in enumerate(names):
            if (rounds + offset) % 3 == 0:
                swap(path, rounds // 3 + offset, file, victims)
        if rounds % 100 == 0:
            for old in folder.glob('.*'):
                shutil.rmtree(old, ignore_errors=True)
    return {'rounds': rounds, 'leaks': leaks}


if __name__ == '__main__':
    os.setgroups([])
    os.setgid(USER)
    os.setuid(USER)
    print(json.dumps(play(*map(Path, sys.argv[1:]))))
