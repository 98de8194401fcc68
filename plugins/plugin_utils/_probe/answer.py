# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the answer of a host to a script (script.py lists its lines) to a Snapshot."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator

from ansible_collections.gofleet.golang.plugins.module_utils._texts import foreign
from ansible_collections.gofleet.golang.plugins.plugin_utils._probe import script
from ansible_collections.gofleet.golang.plugins.plugin_utils._probe.snapshot import Kernel, Snapshot, Status, Unknown

_STATUS = re.compile(r'([0-9a-f]{1,8}) (\d{1,10}) (\d{1,10}) (\d{1,19}) (-?\d{1,19}) (\d{1,10}) (\S+) (\S+) (/.*)\Z')
# GNU: stat: cannot stat 'X': No such ...; also statx; BusyBox: stat: can't stat 'X': No such ...
# What lies below a file is not missing in this way: the error is another one.
_MISSING = re.compile(r"stat: (?:cannot statx?|can't stat) '(/.*)': No such file or directory\Z")
_HEAD = re.compile(r'(\d{1,9}) ([0-9a-f]{64})  - (/.*)')


def parsed(answer: str, wanted: script.Wanted) -> Snapshot:
    """The Snapshot that the answer to a script gives. Raises Unknown for one that is not whole or says anything unexpected."""
    lines = answer.split('\n')
    if lines[-2:] != ['e', ''] or '\r' in answer or '\0' in answer or '\ufffd' in answer:
        raise Unknown('the answer is not whole')
    first = [line[2:] for line in lines[:3] if line[:2] == 'uhk'[lines.index(line)] + ' ']
    if len(first) != 3 or not re.fullmatch(r'[0-9]{1,10}', first[0]) or len(first[2].split(' ')) != 4:
        raise Unknown('the beginning of the answer')
    snapshot = Snapshot(int(first[0]), first[1], Kernel(*first[2].split(' ')))
    if snapshot.uid != 0 and wanted.for_others:
        wanted = wanted.for_others
    snapshot.patterns = tuple(each for each in (*wanted.status, *wanted.text) if '*' in each)
    snapshot.there, snapshot.mark, snapshot.expected_head = frozenset(wanted.there), wanted.mark, wanted.head
    _Reader(snapshot, wanted.candidates()).read(iter(lines[3:-2]))
    _check(snapshot, wanted)
    return snapshot


def _check(snapshot: Snapshot, wanted: script.Wanted) -> None:
    """Raise Unknown if the host has not answered everything, or a link or a line may be of another file than it seems."""
    home = snapshot.home_folder
    for each in (*wanted.status, *wanted.text, *wanted.names):
        path = home + each[1:] if each.startswith('~/') else each
        # A pattern that finds nothing stands for itself.
        is_answered = path in snapshot.statuses or ('*' in path and any(script.fits(found, path) for found in snapshot.statuses))
        if not is_answered and not script.is_found(each, wanted.text):
            raise Unknown(path)
    for path in snapshot.targets:
        snapshot.readlink(path)
    for path in snapshot.lines:
        # The name of the file that a line was read of ends at the first colon.
        if snapshot.statuses.get(path) is None or any(each.startswith(f'{path}:') for each in snapshot.statuses):
            raise Unknown(path)


def _odd_line() -> Unknown:
    return Unknown('a line of the answer')


class _Reader:
    """Puts the lines of an answer into a Snapshot."""

    def __init__(self, snapshot: Snapshot, candidates: list[tuple[str, bytes]]) -> None:
        self._snapshot = snapshot
        self._candidates = candidates
        # Of the folder whose names come now.
        self._names: list[str] | None = None
        self._kinds: dict[str, Callable[[str, Iterator[str]], None]] = {
            'd ': self._folder, 'n ': self._name, 'f ': self._is_folder, 'x ': self._exists, 'b ': self._head, 'm ': self._matching, 'l ': self._link,
            'o ': self._header, 'c ': self._label, 'r ': self._line, 's ': self._status}  # fmt: skip

    def read(self, lines: Iterator[str]) -> None:
        for line in lines:
            if line[:2] in self._kinds:
                self._kinds[line[:2]](line[2:], lines)
            elif missing := _MISSING.match(line):
                self._add_status(missing[1], None)
            else:
                raise _odd_line()

    def _folder(self, path: str, _rest: Iterator[str]) -> None:
        if path in self._snapshot.listed or not path.startswith('/'):
            raise _odd_line()
        self._names = self._snapshot.listed[path] = []

    def _name(self, name: str, _rest: Iterator[str]) -> None:
        # No name has a slash in it, so that one with a newline reads as none of these.
        if self._names is None or not name.find('/') == len(name) - 1 > 0:
            raise _odd_line()
        self._names.append(name[:-1])

    def _is_folder(self, path: str, _rest: Iterator[str]) -> None:
        if not path.startswith('/') or not path.endswith('/'):
            raise _odd_line()
        # A pattern that found nothing is there itself.
        if script.can_be_asked(path):
            self._snapshot.folders.add(path.rstrip('/'))

    def _exists(self, path: str, _rest: Iterator[str]) -> None:
        if not path.startswith('/'):
            raise _odd_line()
        self._snapshot.existing.add(path)

    def _head(self, text: str, _rest: Iterator[str]) -> None:
        found = _HEAD.fullmatch(text)
        if not found:
            raise _odd_line()
        count, digest, path = found.groups()
        head = (int(count), digest)
        if self._snapshot.heads.setdefault(posixpath.normpath(path), head) != head:
            raise _odd_line()

    def _matching(self, number: str, _rest: Iterator[str]) -> None:
        place = foreign.whole(number)
        if place is None or not 0 <= place < len(self._candidates):
            raise _odd_line()
        path, content = self._candidates[place]
        self._snapshot.contents[path] = content

    def _link(self, path: str, rest: Iterator[str]) -> None:
        target = next(rest, '')
        if next(rest, '') != '.' or not target or self._snapshot.targets.setdefault(path, target) != target:
            raise _odd_line()

    def _header(self, text: str, _rest: Iterator[str]) -> None:
        found, separator, path = text.partition(' - ')
        if not separator:
            raise _odd_line()
        self._snapshot.headers[path] = bytes.fromhex(found)

    def _label(self, text: str, _rest: Iterator[str]) -> None:
        label, dummy, path = text.partition(' ')
        self._snapshot.labels[path] = label

    def _line(self, text: str, _rest: Iterator[str]) -> None:
        path, separator, line = text.partition(':')
        if not separator:
            raise _odd_line()
        self._snapshot.lines.setdefault(path, []).append(line)

    def _status(self, text: str, _rest: Iterator[str]) -> None:
        known = _STATUS.match(text)
        if not known:
            raise _odd_line()
        mode, uid, gid, size, mtime, links, user, group, path = known.groups()
        self._add_status(path, Status(int(mode, 16), int(uid), int(gid), int(size), int(mtime), int(links), user, group))

    def _add_status(self, path: str, found: Status | None) -> None:
        # A path is reported twice if two patterns match it. A second, different line is a file name with a newline in it, made to look like a line.
        if self._snapshot.statuses.setdefault(path, found) != found:
            raise _odd_line()
