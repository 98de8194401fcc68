# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host as a probe saw it: answers to the questions that observe asks, and Unknown for every other one."""

from __future__ import annotations

import errno
import hashlib
import os
import posixpath
import stat
from dataclasses import dataclass, field
from typing import NamedTuple, NoReturn

from ansible_collections.gofleet.golang.plugins.module_utils._files import owners
from ansible_collections.gofleet.golang.plugins.module_utils._host import libc
from ansible_collections.gofleet.golang.plugins.plugin_utils._probe import script


class Unknown(Exception):
    """The probe does not say; the module is to be asked."""


class Kernel(NamedTuple):
    """What uname(1) says."""

    system: str
    host: str
    release: str
    machine: str


@dataclass(frozen=True)
class Status:
    """What lstat(2) says, as far as a probe can tell; times in whole seconds."""

    st_mode: int
    st_uid: int
    st_gid: int
    st_size: int
    st_mtime: int
    st_nlink: int
    # The names of uid and gid; UNKNOWN for those that have none.
    user: str
    group: str

    def __getattr__(self, name: str) -> NoReturn:
        raise Unknown(name)


@dataclass
class Snapshot:
    """Answers like those of the functions of os with the same names. Each method raises Unknown, or OSError as the host's own would."""

    uid: int
    home_folder: str
    kernel: Kernel
    # None: there is nothing.
    statuses: dict[str, Status | None] = field(default_factory=dict)
    listed: dict[str, list[str]] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)
    targets: dict[str, str] = field(default_factory=dict)
    lines: dict[str, list[str]] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    existing: set[str] = field(default_factory=set)
    # By path: how many lines begin with mark, and the digest of the first bytes.
    heads: dict[str, tuple[int, str]] = field(default_factory=dict)
    contents: dict[str, bytes] = field(default_factory=dict)
    headers: dict[str, bytes] = field(default_factory=dict)
    # Of paths that were asked for: those that exist and fit one of these are in statuses.
    patterns: tuple[str, ...] = ()
    # Paths of which was asked whether they exist.
    there: frozenset[str] = frozenset()
    mark: str = ''
    expected_head: bytes = b''

    def lstat(self, path: str) -> Status:
        path = self._plain(path)
        if path in self.statuses:
            found = self.statuses[path]
            if found is None:
                raise _missing(path)
            return found
        if self._is_missing(path):
            raise _missing(path)
        raise Unknown(path)

    def _plain(self, path: str) -> str:
        if not path.startswith('/') or '/../' in path + '/' or '\0' in path:
            raise Unknown(path)
        return posixpath.normpath(path)

    def _is_missing(self, path: str) -> bool:
        """Whether a folder on the way is not there, or its list lacks the name."""
        # Another user may have been kept from a folder that a pattern names.
        if self.uid == 0 and '/.' not in path and any(script.fits(path, each) for each in self.patterns):
            return True
        while path != '/':
            folder, name = posixpath.split(path)
            if folder in self.listed:
                return name not in self.listed[folder]
            if folder in self.statuses:
                return self.statuses[folder] is None
            path = folder
        return False

    def stat(self, path: str) -> Status:
        """Of what a link at the end leads to; links on the way are not followed, so a path with one of them in it is Unknown or missing."""
        for dummy in range(owners.LINKS):
            found = self.lstat(path)
            if not stat.S_ISLNK(found.st_mode):
                return found
            path = self._joined(posixpath.dirname(path), self.readlink(path))
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)

    def exists(self, path: str) -> bool:
        if self._plain(path) in self.there:
            return path in self.existing
        try:
            self.stat(path)
        except OSError:
            return False
        return True

    def glob(self, pattern: str) -> list[str]:
        if pattern not in self.patterns:
            raise Unknown(pattern)
        return [path for path, found in self.statuses.items() if found is not None and script.fits(path, pattern)]

    def confstr(self, name: str) -> NoReturn:
        """Of the C library, which only a program that uses it can say. musl knows no names (unistd.h), as a ValueError says."""
        if name == 'CS_GNU_LIBC_VERSION' and not any(self.glob('/' + each) for each in libc.GLIBC_LOADERS):
            raise ValueError(name)
        raise Unknown(name)

    def head(self, path: str, mark: bytes) -> bytes | None:
        lines = [line for line in self.expected_head.split(b'\n') if line.startswith(self.mark.encode())]
        known = (len(lines), hashlib.sha256(self.expected_head).hexdigest())
        if not self.mark.startswith(mark.decode()) or self.heads.get(self._plain(path)) != known or not stat.S_ISREG(self.lstat(path).st_mode):
            return None
        return self.expected_head

    def _joined(self, folder: str, target: str) -> str:
        """The path that a link in a folder leads to. Where .. leads depends on the links before it."""
        path = posixpath.join(folder, target)
        return self._followed(path) if '..' in target.split('/') else path

    def isdir(self, path: str) -> bool:
        if self._plain(path) in self.folders:
            return True
        try:
            return stat.S_ISDIR(self.stat(path).st_mode)
        except OSError:
            return False

    def readlink(self, path: str) -> str:
        path = self._plain(path)
        found = self.lstat(path)
        if not stat.S_ISLNK(found.st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), path)
        target = self.targets.get(path, '')
        # A newline at its end is lost on the way, and one in it ends it.
        if len(target.encode('utf-8', 'surrogateescape')) != found.st_size:
            raise Unknown(path)
        return target

    def listdir(self, folder: str) -> list[str]:
        folder = self._plain(folder)
        if folder in self.listed:
            return list(self.listed[folder])
        if not stat.S_ISDIR(self.stat(folder).st_mode):
            raise OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), folder)
        raise Unknown(folder)

    def realpath(self, path: str) -> str:
        """The path without links, as os.path.realpath(): what is missing at the end stays as it is."""
        return self._followed(self._plain(path))

    def _followed(self, path: str) -> str:
        found, pending, links = '/', path.split('/')[1:], 0
        while pending:
            name = pending.pop(0)
            if name == '..' and not stat.S_ISDIR(self._mode(found)):
                # Nothing leads out of what is no folder.
                raise Unknown(path)
            step = posixpath.normpath(posixpath.join(found, name))
            if stat.S_ISLNK(self._mode(step)):
                links += 1
                if links > owners.LINKS:
                    raise Unknown(path)
                target = self.readlink(step)
                pending = target.split('/') + pending
                found = '/' if target.startswith('/') else found
                continue
            found = step
        return found

    def _mode(self, path: str) -> int:
        """That of lstat(); 0, which is of no kind, where there is nothing."""
        try:
            return self.lstat(path).st_mode
        except OSError:
            return 0

    def access(self, path: str, mode: int) -> bool:
        """For root, True where the mode allows it: should the kernel think otherwise, there is more to do, and the module is sent."""
        if self.uid != 0 or mode != os.W_OK or not self.stat(path).st_mode & 0o222:
            raise Unknown(path)
        return True

    def is_here(self) -> bool:
        return False

    def must_be_here(self) -> NoReturn:
        raise Unknown('what only the host knows')

    def header(self, path: str, length: int) -> bytes:
        if length > script.HEADER or not self.headers.get(path):
            raise Unknown(path)
        return self.headers[path][:length]

    def home(self) -> str:
        """Unknown without HOME, or with one that is not spelled as the paths that the script made of it."""
        if not script.can_be_asked(self.home_folder) or posixpath.normpath(self.home_folder) != self.home_folder or self.home_folder == '/':
            raise Unknown('HOME')
        return self.home_folder

    def geteuid(self) -> int:
        return self.uid

    def release(self) -> str:
        return self.kernel.release

    def brought(self, path: str) -> bytes:
        """The whole content of a file. Lines say it but for the newline at the end; the size, which must be known and fit, decides."""
        found = self.stat(path)
        if not stat.S_ISREG(found.st_mode):
            raise Unknown(path)
        path = self._plain(path)
        if path in self.contents:
            return self.contents[path]
        lines = self.lines.get(path, [])
        of_kernel = path.startswith('/proc/')
        if not lines and (of_kernel or self.uid != 0):
            # It may be empty, or this user may not read it, as not even root may read each value of the kernel.
            raise Unknown(path)
        text = '\n'.join(lines).encode('utf-8', 'surrogateescape')
        if of_kernel:
            # The kernel says that its files are empty.
            return text + b'\n'
        if len(text) + 1 == found.st_size:
            return text + b'\n'
        if len(text) == found.st_size and (text or not lines):
            return text
        raise Unknown(path)


def _missing(path: str) -> OSError:
    return OSError(errno.ENOENT, os.strerror(errno.ENOENT), path)
