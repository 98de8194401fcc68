# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The shell script by which a host says what a state reads of it, and nothing else.

It runs on every POSIX sh (dash, bash, BusyBox ash) with stat, readlink, grep, sed, head, sha256sum, id and uname, changes nothing, and answers in lines:

    u UID                          who runs it
    h HOME                         the folder that ~ stands for
    k NAME RELEASE MACHINE         the kernel
    s MODE UID GID SIZE MTIME LINKS USER GROUP PATH
                                   of a path (lstat, mode in hex), or the error message of stat
    d FOLDER                       a folder that was listed, and then
    n NAME/                        each name in it
    f FOLDER                       a folder that a pattern of folders found
    l PATH, TARGET, a dot          where a link points to
    c LABEL PATH                   the SELinux label of a path, if SELinux is enabled for certain
    x PATH                         a path that exists, links followed
    b COUNT DIGEST - PATH          how many lines of a regular file begin with a mark, and the SHA-256 of its first bytes
    r PATH:LINE                    each line of a file
    m NUMBER                       the file of this line of the expected digests has that digest
    e                              the end: without it, the answer is not whole

Names and contents that could be mistaken for something else make a line that reads as none of these, or sizes that do not add up:
snapshot.py then knows nothing of the host, and the module is sent.
"""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

# What a shell takes for a pattern; a path that has one of these in it is not asked for.
_SPECIAL = frozenset('*?[')
LIMIT = 3072


@dataclass(frozen=True)
class Wanted:
    """What is to be read of a host.

    Paths are absolute, or begin with ~/ for the home of the user who runs the probe. In a name of `status`, `text` and `folders`, a * stands
    for any part of a name that does not begin with a dot.
    """

    status: tuple[str, ...] = ()
    # Files whose lstat and lines are wanted, and their targets if they are links.
    text: tuple[str, ...] = ()
    # Links whose target is wanted.
    links: tuple[str, ...] = ()
    # Folders whose names are wanted, hidden ones too.
    names: tuple[str, ...] = ()
    # Patterns of which only those that are folders are wanted.
    folders: tuple[str, ...] = ()
    # Paths whose SELinux label is wanted.
    labels: tuple[str, ...] = ()
    # Paths of which only is asked whether they exist, links followed.
    there: tuple[str, ...] = ()
    # Files of which those lines count that begin with mark (plain characters, no quotes), and how they should begin.
    marked: tuple[str, ...] = ()
    mark: str = ''
    head: bytes = b''
    # The contents that are expected of files, several for a file where either will do. A file may hold secrets, and a connection may log
    # what a host answers: the host says only whether a file has one of these digests, which it reads from its standard input.
    expected: Mapping[str, tuple[bytes, ...]] = field(default_factory=dict)

    def candidates(self) -> list[tuple[str, bytes]]:
        """(path, content) in the order in which the host is asked."""
        return [(path, content) for path, contents in sorted(self.expected.items()) for content in contents]


def standard_input(wanted: Wanted) -> bytes | None:
    """What the script reads: a line of digest and path for each expected content. None if there is none."""
    lines = [f'{hashlib.sha256(content).hexdigest()} {path}\n' for path, content in wanted.candidates()]
    return ''.join(lines).encode() or None


def rendered(wanted: Wanted) -> str:
    """The script that answers what is wanted, as one line: some login shells, through which it goes, take no newline within quotes."""
    return ';'.join(_commands(wanted))


def _commands(wanted: Wanted) -> Iterator[str]:
    # Messages are read, so they have to be in English.
    yield 'LC_ALL=C;export LC_ALL;h=${HOME-}'
    yield 'printf "u %s\\nh %s\\nk %s\\n" "$(id -u)" "$h" "$(uname -srm)"'
    yield 'L(){ printf "l %s\\n%s\\n.\\n" "$1" "$(readlink "$1")";}'
    # What hides names from patterns can be set in the environment.
    yield 'set +f;unset GLOBIGNORE'
    # A file that is named twice would be read twice.
    yield f'set -- {_words(each for each in wanted.text if not is_found(each, wanted.text))}'
    others = dict.fromkeys((*wanted.status, *wanted.names, *(each for each in wanted.links if each not in wanted.text)))
    yield f"stat -c 's %f %u %g %s %Y %h %U %G %n' -- / /dev/null \"$@\" {_words(others)} 2>&1"
    if wanted.names:
        yield f'for d in {_words(wanted.names)};do if [ -d "$d" ]&&[ -r "$d" ]&&[ -x "$d" ];then printf "d %s\\n" "$d"'
        yield 'for n in "$d"/* "$d"/.[!.]* "$d"/..?*;do if [ -e "$n" ]||[ -L "$n" ]||[ "${n##*\\*}" ];then printf "n %s/\\n" "${n##*/}";fi;done;fi;done'
    if wanted.folders:
        yield f'for d in {_words(wanted.folders)};do if [ -d "$d" ];then printf "f %s\\n" "$d";fi;done'
    if wanted.there:
        yield f'for d in {_words(wanted.there)};do if [ -e "$d" ];then printf "x %s\\n" "$d";fi;done'
    if wanted.marked:
        yield f'for d in {_words(wanted.marked)};do if [ -f "$d" ]&&[ -O "$d" ];then n=$(grep -ac "^{wanted.mark}" "$d")'
        yield f't=$(head -c {len(wanted.head)} "$d"|sha256sum);printf "b %s %s %s\\n" "$n" "$t" "$d";fi;done'
    if wanted.links:
        yield f'for l in {_words(wanted.links)};do if [ -L "$l" ];then L "$l";fi;done'
    if wanted.labels:
        # Writable for root where the host's own SELinux is enabled; a container may see it read-only. libselinux asks for the file in /etc, too.
        yield 'if [ -w /sys/fs/selinux/enforce ]&&[ -e /etc/selinux/config ]'
        yield f'then stat -c "c %C %n" -- {_words(wanted.labels)} 2>&1;fi'
    # Only regular files of this user's: to read a pipe would be to wait, and what another user has put there is left to the module.
    yield 'n=$#;for f do if [ -L "$f" ];then L "$f";fi;if [ -f "$f" ]&&[ -O "$f" ];then set -- "$@" "$f";fi;done;shift $n'
    # With /dev/null among them grep names each file; -a, so that it says the same of every content; some values cannot be read.
    yield "grep -sa '' /dev/null \"$@\"|sed 's/^/r /'"
    if wanted.expected:
        yield 'i=0;q=;while read -r s p;do if [ "$p" != "$q" ];then q=$p;t=;if [ -f "$p" ];then t=$(sha256sum<"$p");fi;fi'
        yield 'if [ "$t" = "$s  -" ];then echo "m $i";fi;i=$((i+1));done'
    yield 'echo e'


def fits(path: str, pattern: str) -> bool:
    """Whether the shell finds path, if it exists, by pattern."""
    return re.fullmatch('[^/]*'.join(map(re.escape, pattern.split('*'))), path) is not None


def is_found(path: str, patterns: Iterable[str]) -> bool:
    """Whether another one of these patterns finds path, so that it is not asked for by its name."""
    return any('*' in each and fits(path, each) for each in patterns if each != path)


def _words(paths: Iterable[str]) -> str:
    return ' '.join(_word(path) for path in paths)


def _word(path: str) -> str:
    if path.startswith('~/'):
        return f'"$h"{_quoted(path[1:])}'
    return _quoted(path)


def _quoted(path: str) -> str:
    """The path with everything quoted but its patterns."""
    return '*'.join(shlex.quote(part) if part else '' for part in path.split('*'))


def can_be_asked(path: str) -> bool:
    """Whether a path means itself to a shell, to grep and to the lines of the answer."""
    return not set(path) & _SPECIAL and ':' not in path and path.isprintable() and path.startswith('/')


def way(path: str) -> list[str]:
    """The folders on the way to a path, and the path."""
    parts = path.strip('/').split('/')
    return ['/' + '/'.join(parts[:length]) for length in range(1, len(parts) + 1)]
