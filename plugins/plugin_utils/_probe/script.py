# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The shell script by which a host says what a state reads of it, and nothing else.

It runs on every POSIX sh (dash, bash, BusyBox ash) with stat, readlink, grep, sed, head, od, sha256sum, id and uname, changes nothing, and answers in lines:

    u UID                          who runs it
    h HOME                         the folder that ~ stands for
    k NAME HOST RELEASE MACHINE    the kernel and the name of the host
    s MODE UID GID SIZE MTIME LINKS USER GROUP PATH
                                   of a path (lstat, mode in hex), or the error message of stat
    d FOLDER                       a folder that was listed, and then
    n NAME/                        each name in it
    f FOLDER/                      a folder that a pattern of folders found, or the pattern
    l PATH, TARGET, a dot          where a link points to
    o BYTES - PATH                 the first bytes of a program, in hex
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
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

# What a shell takes for a pattern; a path that has one of these in it is not asked for.
_SPECIAL = frozenset('*?[')
LIMIT = 3072
# Bytes of a program: an ELF header.
HEADER = 64
# Names for folders; none of the script's own.
_VARIABLES = 'ABCDE'


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
    # Patterns of which only folders are wanted, and links to such.
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
    # Programs of which the first bytes are wanted, HEADER of them.
    headers: tuple[str, ...] = ()
    # What is wanted instead if the user who runs the probe is not root.
    for_others: Wanted | None = None

    def paths(self) -> list[tuple[str, ...]]:
        """All that are named, as often as they stand in the script."""
        return [self.text, self.status, self.names, self.names, self.folders, self.links, self.labels, self.headers, self.headers, self.there, self.marked]

    def candidates(self) -> list[tuple[str, bytes]]:
        """(path, content) in the order in which the host is asked."""
        return [(path, content) for path, contents in sorted(self.expected.items()) for content in contents]


def standard_input(wanted: Wanted) -> bytes:
    """What the script reads: a line of digest and path for each expected content.

    Never empty: to a command without input ssh gives a terminal, which ends lines otherwise.
    """
    lines = [f'{hashlib.sha256(content).hexdigest()} {path}\n' for path, content in wanted.candidates()]
    return ''.join(lines).encode() or b'\n'


def rendered(wanted: Wanted) -> str:
    """The script that answers what is wanted, as one line: some login shells, through which it goes, take no newline within quotes."""
    return ';'.join(_commands(wanted))


def _commands(wanted: Wanted) -> Iterator[str]:
    branches = [wanted, wanted.for_others] if wanted.for_others else [wanted]
    # Messages are read, so they have to be in English.
    yield 'LC_ALL=C;export LC_ALL;h=${HOME-}'
    yield 'i=$(id -u);printf "u %s\\nh %s\\nk %s\\n" "$i" "$h" "$(uname -snrm)"'
    yield 'L(){ printf "l %s\\n%s\\n.\\n" "$1" "$(readlink "$1")";}'
    # What hides names from patterns can be set in the environment.
    yield 'set +f;unset GLOBIGNORE'
    yield "S(){ stat -c 's %f %u %g %s %Y %h %U %G %n' -- / /dev/null \"$@\" 2>&1;}"
    if any(each.names for each in branches):
        yield 'N(){ for d do if [ -d "$d" ]&&[ -r "$d" ]&&[ -x "$d" ];then printf "d %s\\n" "$d"'
        yield 'for n in "$d"/* "$d"/.[!.]* "$d"/..?*;do if [ -e "$n" ]||[ -L "$n" ]||[ "${n##*\\*}" ];then printf "n %s/\\n" "${n##*/}";fi;done;fi;done;}'
    if wanted.for_others:
        yield 'if [ "$i" = 0 ]'
        yield f"then {';'.join(_looking(wanted))}"
        yield f"else {';'.join(_looking(wanted.for_others))}"
        yield 'fi'
    else:
        yield from _looking(wanted)
    # Only regular files of this user's: to read a pipe would be to wait, and what another user has put there is left to the module.
    yield 'n=$#;for f do if [ -L "$f" ];then L "$f";fi;if [ -f "$f" ]&&[ -O "$f" ];then set -- "$@" "$f";fi;done;shift $n'
    # With /dev/null among them grep names each file; -a, so that it says the same of every content; some values cannot be read.
    yield "grep -sa '' /dev/null \"$@\"|sed 's/^/r /'"
    if wanted.expected:
        yield 'i=0;q=;while read -r s p;do if [ "$p" != "$q" ];then q=$p;t=;if [ -f "$p" ];then t=$(sha256sum<"$p");fi;fi'
        yield 'if [ "$t" = "$s  -" ];then echo "m $i";fi;i=$((i+1));done'
    yield 'echo e'


def _looking(wanted: Wanted) -> Iterator[str]:
    """Commands that answer what is wanted but for the text of files, whose names they set as the arguments of the script."""
    words = _Words([path for paths in wanted.paths() for path in paths])
    yield from words.assignments()
    # A file that is named twice would be read twice.
    yield f'set -- {words.of(each for each in wanted.text if not is_found(each, wanted.text))}'
    others = dict.fromkeys((*wanted.status, *wanted.names, *(each for each in wanted.links if each not in wanted.text)))
    yield f'S "$@" {words.of(others)}'
    if wanted.names:
        yield f'N {words.of(wanted.names)}'
    if wanted.folders:
        # Only folders match a pattern that ends with a slash.
        yield f'printf "f %s\\n" {words.of(each + "/" for each in wanted.folders)}'
    if wanted.there:
        yield f'for d in {words.of(wanted.there)};do if [ -e "$d" ];then printf "x %s\\n" "$d";fi;done'
    if wanted.marked:
        yield f'for d in {words.of(wanted.marked)};do if [ -f "$d" ]&&[ -O "$d" ];then n=$(grep -ac "^{wanted.mark}" "$d")'
        yield f't=$(head -c {len(wanted.head)} "$d"|sha256sum);printf "b %s %s %s\\n" "$n" "$t" "$d";fi;done'
    if wanted.links:
        yield f'for l in {words.of(wanted.links)};do if [ -L "$l" ];then L "$l";fi;done'
    if wanted.labels:
        # Writable for root where the host's own SELinux is enabled; a container may see it read-only. libselinux asks for the file in /etc, too.
        yield 'if [ -w /sys/fs/selinux/enforce ]&&[ -e /etc/selinux/config ]'
        yield f'then stat -c "c %C %n" -- {words.of(wanted.labels)} 2>&1;fi'
    for path in wanted.headers:
        # The hex digits without quotes, so that they become one line.
        yield f'echo o $(od -An -v -tx1 -N{HEADER} {words.of([path])}) - {words.of([path])}'


class _Words:
    """Paths as words of the script, with variables for the folders that the most of them begin with."""

    def __init__(self, paths: list[str]) -> None:
        self._variables: dict[str, str] = {}
        for variable in _VARIABLES:
            uncovered = [path for path in paths if self._folder_of(path) is None]
            counts = Counter(folder for path in uncovered for folder in _folders_of(path))
            saved = {folder: (len(folder) - len(variable) - 3) * count - len(folder) - len(variable) - 4 for folder, count in counts.items()}
            best = max(saved, key=lambda folder: (saved[folder], folder), default='')
            if not best or saved[best] <= 0:
                break
            self._variables[best] = variable

    def assignments(self) -> list[str]:
        return [f'{variable}={_word(folder)}' for folder, variable in self._variables.items()]

    def of(self, paths: Iterable[str]) -> str:
        return ' '.join(map(self._short, paths))

    def _short(self, path: str) -> str:
        folder = self._folder_of(path)
        return _word(path) if folder is None else f'"${self._variables[folder]}"{_quoted(path[len(folder):])}'

    def _folder_of(self, path: str) -> str | None:
        return next((folder for folder in self._variables if path == folder or path.startswith(folder + '/')), None)


def _folders_of(path: str) -> list[str]:
    """The path, and the folders above it, as far as there are no patterns in them."""
    plain = path.partition('*')[0].split('/')
    # Behind the last slash before a pattern there is a part of a name.
    whole = plain if '*' not in path else plain[:-1]
    return ['/'.join(whole[:length]) for length in range(2, len(whole) + 1)]


def fits(path: str, pattern: str) -> bool:
    """Whether the shell finds path, if it exists, by pattern."""
    return re.fullmatch('[^/]*'.join(map(re.escape, pattern.split('*'))), path) is not None


def is_found(path: str, patterns: Iterable[str]) -> bool:
    """Whether another one of these patterns finds path, so that it is not asked for by its name."""
    return any('*' in each and fits(path, each) for each in patterns if each != path)


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
