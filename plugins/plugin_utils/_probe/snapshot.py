# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host as a probe saw it: answers to the questions that observe asks, and Unknown for every other one."""

from __future__ import annotations

import errno
import os
import posixpath
import re
import stat
from dataclasses import dataclass, field
from typing import NoReturn

from ansible_collections.gofleet.golang.plugins.plugin_utils._probe import script

_STATUS = re.compile(r's ([0-9a-f]{1,8}) (\d{1,10}) (\d{1,10}) (\d{1,19}) (-?\d{1,19}) (\d{1,10}) (\S+) (\S+) (/.*)\Z')
# GNU: stat: cannot stat 'X': No such ...; also statx; BusyBox: stat: can't stat 'X': No such ...
_MISSING = re.compile(r"stat: (?:cannot statx?|can't stat) '(/.*)': (?:No such file or directory|Not a directory)\Z")
LINKS = 40


class Unknown(Exception):
    """The probe does not say; the module is to be asked."""


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
    kernel: tuple[str, str, str]
    # None: there is nothing.
    statuses: dict[str, Status | None] = field(default_factory=dict)
    listed: dict[str, list[str]] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)
    targets: dict[str, str] = field(default_factory=dict)
    lines: dict[str, list[str]] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    headers: dict[str, bytes] = field(default_factory=dict)
    # Of paths that were asked for: those that exist and fit one of these are in statuses.
    patterns: tuple[str, ...] = ()

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
        for dummy in range(LINKS):
            found = self.lstat(path)
            if not stat.S_ISLNK(found.st_mode):
                return found
            path = posixpath.normpath(posixpath.join(posixpath.dirname(path), self.readlink(path)))
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)

    def isdir(self, path: str) -> bool:
        if self._plain(path) in self.folders:
            return True
        try:
            return stat.S_ISDIR(self.stat(path).st_mode)
        except OSError:
            return False

    def readlink(self, path: str) -> str:
        path = self._plain(path)
        if path in self.targets:
            # The shell drops newlines at the end of a target.
            if self.lstat(path).st_size != len(self.targets[path].encode('utf-8', 'surrogateescape')):
                raise Unknown(path)
            return self.targets[path]
        if not stat.S_ISLNK(self.lstat(path).st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), path)
        raise Unknown(path)

    def listdir(self, folder: str) -> list[str]:
        folder = self._plain(folder)
        if folder in self.listed:
            return list(self.listed[folder])
        if not stat.S_ISDIR(self.stat(folder).st_mode):
            raise OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), folder)
        raise Unknown(folder)

    def realpath(self, path: str) -> str:
        """The path without links, as os.path.realpath(): what is missing at the end stays as it is."""
        found, pending, links = '/', self._plain(path).split('/')[1:], 0
        while pending:
            step = posixpath.normpath(posixpath.join(found, pending.pop(0)))
            if self._is_link(step):
                links += 1
                if links > LINKS:
                    raise Unknown(path)
                target = self.readlink(step)
                pending = target.split('/') + pending
                found = '/' if target.startswith('/') else found
                continue
            found = step
        return found

    def _is_link(self, path: str) -> bool:
        try:
            return stat.S_ISLNK(self.lstat(path).st_mode)
        except OSError:
            return False

    def access(self, path: str, mode: int) -> bool:
        """For root, True where the mode allows it: should the kernel think otherwise, there is more to do, and the module is sent."""
        if self.uid != 0 or mode != os.W_OK or not self.stat(path).st_mode & 0o222:
            raise Unknown(path)
        return True

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
        return self.kernel[1]

    def brought(self, path: str) -> bytes:
        """The whole content of a file. Lines say it but for the newline at the end; the size, which must be known and fit, decides."""
        found = self.stat(path)
        if not stat.S_ISREG(found.st_mode):
            raise Unknown(path)
        lines = self.lines.get(self._plain(path), [])
        if path.startswith('/proc/'):
            # The kernel says that its files are empty.
            return self.kernel_text(path).encode('utf-8', 'surrogateescape') + b'\n'
        text = '\n'.join(lines).encode('utf-8', 'surrogateescape')
        if len(text) + 1 == found.st_size:
            return text + b'\n'
        if len(text) == found.st_size and (text or not lines):
            return text
        raise Unknown(path)

    def kernel_text(self, path: str) -> str:
        """What a file below /proc says, whose size is always 0; without the newline at its end."""
        path = self._plain(path)
        if path not in self.lines:
            raise Unknown(path)
        return '\n'.join(self.lines[path])


def _missing(path: str) -> OSError:
    return OSError(errno.ENOENT, os.strerror(errno.ENOENT), path)


def parsed(answer: str, wanted: script.Wanted) -> Snapshot:
    """The Snapshot that the answer to a script gives. Raises Unknown for one that is not whole or says anything unexpected."""
    lines = answer.split('\n')
    if lines[-2:] != ['e', ''] or '\r' in answer or '\0' in answer or '\ufffd' in answer:
        raise Unknown('the answer is not whole')
    first = [line[2:] for line in lines[:3] if line[:2] == 'uhk'[lines.index(line)] + ' ']
    if len(first) != 3 or not re.fullmatch(r'[0-9]{1,10}', first[0]) or len(first[2].split(' ')) != 3:
        raise Unknown(first)
    system, release, machine = first[2].split(' ')
    snapshot = Snapshot(int(first[0]), first[1], (system, release, machine))
    if snapshot.uid != 0 and wanted.for_others:
        wanted = wanted.for_others
    snapshot.patterns = tuple(each for each in (*wanted.status, *wanted.text) if '*' in each)
    _read(snapshot, lines[3:-2])
    return snapshot


def _read(snapshot: Snapshot, lines: list[str]) -> None:
    names: list[str] | None = None
    rest = iter(lines)
    for line in rest:
        kind, value = line[:2], line[2:]
        if kind == 'd ' and value not in snapshot.listed:
            names = snapshot.listed[value] = []
        elif kind == 'n ' and names is not None and value and '/' not in value:
            names.append(value)
        elif kind == 'l ':
            target = next(rest, '')
            if next(rest, '') != '.' or not target or snapshot.targets.setdefault(value, target) != target:
                raise Unknown(line)
        elif kind == 'r ' and ':' in value:
            path, dummy, text = value.partition(':')
            snapshot.lines.setdefault(path, []).append(text)
        elif not _read_more(snapshot, kind, value):
            _read_status(snapshot, line)


def _read_more(snapshot: Snapshot, kind: str, value: str) -> bool:
    """Whether a line says something of a folder, a program or a label."""
    if kind == 'f ' and value.endswith('/'):
        # A pattern that found nothing is there itself.
        if script.can_be_asked(value):
            snapshot.folders.add(value.rstrip('/'))
    elif kind == 'o ' and ' - ' in value:
        found, dummy, path = value.partition(' - ')
        snapshot.headers[path] = bytes.fromhex(found)
    elif kind == 'c ':
        label, dummy, path = value.partition(' ')
        snapshot.labels[path] = label
    else:
        return False
    return True


def _read_status(snapshot: Snapshot, line: str) -> None:
    known, missing = _STATUS.match(line), _MISSING.match(line)
    found = None
    if known:
        mode, uid, gid, size, mtime, links, user, group, path = known.groups()
        found = Status(int(mode, 16), int(uid), int(gid), int(size), int(mtime), int(links), user, group)
    elif missing:
        path = missing[1]
    else:
        raise Unknown(line)
    # A path is reported twice if two patterns match it. A second, different line is a file name with a newline in it, made to look like a line.
    if snapshot.statuses.setdefault(path, found) != found:
        raise Unknown(line)
