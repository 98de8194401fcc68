# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Folders of the controller that only this user writes to, and the files in them.

A run reads files from its cache that earlier runs wrote. If others may create, rename or delete names in a folder, it may contain
their files. So each folder from / down is checked once. If no other user can change any of them, the paths
below cannot be swapped between a check and its use, and opening files by path is safe.
"""

from __future__ import annotations

import errno
import grp
import os
import pwd
import stat
from pathlib import Path

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import owners as folder_owners
from ansible_collections.gofleet.golang.plugins.module_utils._files import system_calls

_MODE = 0o700
# Errors of open() for a link, a socket, and a pipe without a reader.
_NO_FILES = (errno.ELOOP, errno.ENXIO, errno.ENODEV)


def own(path: Path, advice: str, below_sticky: bool = False) -> Path:
    """The real path of a private folder of this user (mode 0700). It and the missing folders above it are created.

    The folder and all folders on the way to it must belong to this user or to root, and only they may write there; a symbolic
    link on the way must also be theirs. These do not count as writable by others:
    - the group root (0), whose members count as root. Containers of AWX run as any user of that group, with a HOME of mode 0775.
    - the private group of an ordinary user, named after the user and without further members, as used with a umask of 002; and for root, a
      group without members, such as Debian's staff, which /usr/local belongs to.
    - below_sticky, or for an ordinary user: a sticky folder such as /tmp, where users cannot rename the files of others. For root
      it does count, because a cleaner may remove an old folder there, and then any user can take its name.

    advice: the last sentence of the message. Raises GofleetError(unsafe_folder), OSError.
    """
    try:
        return _own(path.absolute(), advice, below_sticky or os.geteuid() != 0)
    except GofleetError as exc:
        exc.evidence['path'] = str(path)
        raise


def _own(path: Path, advice: str, sticky_is_safe: bool) -> Path:
    folder = _walk(path, advice, sticky_is_safe)
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        status = os.fstat(handle)
        _vet(folder, status, advice, sticky_is_safe=False)
        if status.st_uid == os.geteuid() and stat.S_IMODE(status.st_mode) != _MODE:
            # An earlier version created it with the mode of the umask.
            os.fchmod(handle, _MODE)
    finally:
        os.close(handle)
    return folder


def _walk(path: Path, advice: str, sticky_is_safe: bool) -> Path:
    """The real path; each folder is checked before the next one in it."""
    current = Path('/')
    for step, status in folder_owners.steps(str(path), lambda each: _made(Path(each))):
        if stat.S_ISLNK(status.st_mode):
            _vet_owner(Path(step), status, advice)
            continue
        current = Path(step)
        _vet(current, status, advice, sticky_is_safe)
    return current


def _made(path: Path) -> os.stat_result:
    try:
        return path.lstat()
    except FileNotFoundError:
        path.mkdir(mode=_MODE, exist_ok=True)
        return path.lstat()


def _vet(path: Path, status: os.stat_result, advice: str, sticky_is_safe: bool) -> None:
    if not stat.S_ISDIR(status.st_mode):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))
    _vet_owner(path, status, advice)
    if sticky_is_safe and status.st_mode & stat.S_ISVTX:
        return
    if status.st_mode & stat.S_IWOTH:
        raise _unsafe(path, status, f'everybody may write to it (mode {stat.S_IMODE(status.st_mode):04o})', advice)
    if status.st_mode & stat.S_IWGRP and not _is_private_group(path, status):
        raise _unsafe(path, status, f'the group {folder_owners.group(status.st_gid)} may write to it (mode {stat.S_IMODE(status.st_mode):04o})', advice)


def _vet_owner(path: Path, status: os.stat_result, advice: str) -> None:
    if status.st_uid not in (0, os.geteuid()):
        raise _unsafe(path, status, f'it belongs to {folder_owners.user(status.st_uid)}, and this run is by {folder_owners.user(os.geteuid())}', advice)


def _is_private_group(path: Path, status: os.stat_result) -> bool:
    """Whether the group of a folder gives write access only to its owner or to users that count as root."""
    if status.st_gid == 0:
        # An access list may grant named users the rights that the mode shows for the group.
        return not system_calls.may_have_access_list(str(path))
    if os.geteuid() == 0:
        return bool(folder_owners.is_only_roots_group(status.st_gid, str(path)))
    try:
        group, owner = grp.getgrgid(status.st_gid), pwd.getpwuid(os.geteuid())
    except KeyError:
        return False
    return group.gr_name == owner.pw_name and not set(group.gr_mem) - {'root', owner.pw_name} and not system_calls.may_have_access_list(str(path))


def _unsafe(path: Path, status: os.stat_result, reason: str, advice: str) -> GofleetError:
    return GofleetError(f'{path} on the controller is not safe to rely on: {reason}. {advice}', 'unsafe_folder',
                        path=str(path), folder=str(path), owner=status.st_uid, mode=f'{stat.S_IMODE(status.st_mode):04o}')


def inner(path: Path, advice: str) -> Path:
    """A folder in a private folder of this user, created if it is missing. A link in its place is refused.

    Raises GofleetError(unsafe_folder), OSError.
    """
    status = _made(path)
    if stat.S_ISLNK(status.st_mode):
        raise _unsafe(path, status, 'it is a symbolic link', advice)
    _vet(path, status, advice, sticky_is_safe=False)
    return path


def read_file(path: Path, limit: int) -> bytes | None:
    """The content of a file of at most limit bytes. Returns None for a missing file, a link, a pipe, a folder or a larger file.

    Raises OSError.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as exc:
        if exc.errno in _NO_FILES:
            return None
        raise
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode) or status.st_size > limit:
            return None
        with os.fdopen(handle, 'rb', closefd=False) as source:
            return source.read(limit)
    finally:
        os.close(handle)


def open_lock(path: Path) -> int:
    """A descriptor of a lock file of mode 0600, which is created if it is missing; its content is kept.

    Raises OSError, also for a link.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    status = os.fstat(handle)
    if status.st_uid == os.geteuid() and stat.S_IMODE(status.st_mode) != 0o600:
        os.fchmod(handle, 0o600)
    return handle
