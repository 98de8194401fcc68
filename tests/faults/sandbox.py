# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host in a folder: prefix, link, bin_dir, and things that belong to its user."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from support.module_process import Options
from support.toolchains.real import Archive

# Names that hold the time of a run.
_STAMP = re.compile(r'before-gofleet-\d{8}T\d{6}Z')
# Manifests hold times and, in them, nothing that a listing of the tree does not show as well.
_TIMED = re.compile(r'/\.gofleet/manifests/[^/]+\.json$')

# Relative path: kind, mode, and content's digest or target.
Snapshot = dict[str, tuple[str, int, str]]

FOREIGN_VERSION = '1.19.13'
_ANSWER = '#!/bin/sh\necho "go version go{} linux/amd64"\n'


def snapshot(root: Path) -> Snapshot:
    found: Snapshot = {}
    for folder, folders, names in os.walk(root):
        for name in (*folders, *names):
            path = Path(folder) / name
            found[str(path.relative_to(root))] = _describe(path)
    return found


def _describe(path: Path) -> tuple[str, int, str]:
    status = path.lstat()
    mode = stat.S_IMODE(status.st_mode)
    if path.is_symlink():
        return 'link', 0o777, str(path.readlink())
    if path.is_dir():
        return 'folder', mode, ''
    if path.is_file():
        return 'file', mode, hashlib.sha256(path.read_bytes()).hexdigest()
    return 'special', mode, ''


def differences(expected: Snapshot, found: Snapshot) -> list[str]:
    """One line for each path that is missing, new or other."""
    lines = [f'{path} is gone' for path in sorted(expected.keys() - found.keys())]
    lines += [f'{path} is left behind' for path in sorted(found.keys() - expected.keys())]
    lines += [f'{path} is {found[path]}, not {expected[path]}' for path in sorted(expected.keys() & found.keys()) if expected[path] != found[path]]
    return lines


@dataclass(frozen=True)
class Host:
    root: Path

    @property
    def prefix(self) -> Path:
        return self.root / 'opt/go'

    @property
    def link(self) -> Path:
        return self.root / 'usr/local/go'

    @property
    def bin_dir(self) -> Path:
        return self.root / 'usr/local/bin'

    @property
    def home(self) -> Path:
        return self.root / 'home'

    @property
    def stage(self) -> Path:
        return self.prefix / '.gofleet/stage'

    def staged(self) -> list[str]:
        """What a run left in its stage."""
        return sorted(path.name for path in self.stage.iterdir()) if self.stage.exists() else []

    @property
    def lock(self) -> Path:
        return self.prefix / '.gofleet/lock'

    @property
    def paths(self) -> Options:
        return {'prefix': str(self.prefix), 'link': str(self.link), 'bin_dir': str(self.bin_dir)}

    def make(self) -> Host:
        """The host's folders and its user's files; everything that a run must leave alone."""
        for name in ('home/go/src/own/main.go', 'home/.profile', 'usr/local/share/own.txt'):
            self.write(name, 'mine\n')
        return self

    def write(self, name: str, content: str, mode: int = 0o644) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding='utf-8')
        path.chmod(mode)
        return path

    def add_neighbours(self) -> None:
        """Files of the user's own right beside those of the collection."""
        self.write('opt/go/mine/notes.txt', 'mine\n')
        self.write('opt/go/README', 'mine\n')
        self.write('usr/local/bin/other', '#!/bin/sh\n', 0o755)
        self.write('usr/local/go.old', 'mine\n')

    def add_foreign(self) -> None:
        """A tree at LINK and a program in BIN that another tool installed."""
        for program in ('go', 'gofmt'):
            self.write(f'usr/local/go/bin/{program}', _ANSWER.format(FOREIGN_VERSION), 0o755)
        self.write('usr/local/go/VERSION', f'go{FOREIGN_VERSION}\n')
        self.write('usr/local/bin/go', _ANSWER.format(FOREIGN_VERSION), 0o755)

    def restore(self, saved: Path) -> None:
        """Put the host back as it was saved. Links in it are absolute, so it keeps its path."""
        shutil.rmtree(self.root, ignore_errors=True)
        shutil.copytree(saved, self.root, symlinks=True)

    def save(self, folder: Path) -> Path:
        shutil.copytree(self.root, folder, symlinks=True)
        return folder

    def snapshot(self) -> Snapshot:
        """What is on the host, less what differs between two runs that do the same."""
        found = snapshot(self.root)
        return {_STAMP.sub('before-gofleet-TIME', path): _timeless(path, entry, self.root) for path, entry in found.items()}

    def answers(self) -> dict[str, str | None]:
        """What `go version` says under both of its names; None where there is no such name."""
        return {name: ask(path) for name, path in (('link', self.link / 'bin/go'), ('bin', self.bin_dir / 'go'))}


def _timeless(path: str, entry: tuple[str, int, str], root: Path) -> tuple[str, int, str]:
    kind, mode, detail = entry
    if _TIMED.search('/' + path):
        return kind, mode, 'a manifest'
    return kind, mode, detail.replace(str(root), '') if kind == 'link' else detail


def ask(program: Path) -> str | None:
    """The version that a go program reports, what is wrong with it, or None if there is none."""
    try:
        done = subprocess.run([program, 'version'], capture_output=True, text=True, check=False, timeout=60)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        return f'cannot be started: {error}'
    words = done.stdout.split()
    if done.returncode or words[:2] != ['go', 'version']:
        return f'exit {done.returncode}: {done.stdout}{done.stderr}'
    return words[2].removeprefix('go')


def record(archive: Archive, size: bool = True) -> Options:
    """The release record of an archive, as the controller gives it to a host."""
    when = '2026-11-21T09:00:00Z'
    known: Options = {
        'filename': archive.filename, 'sha256': archive.sha256, 'h1': archive.h1, 'vouched': {'sha256': {'index': when}, 'h1': {'log': when}},
    }  # fmt: skip
    if size:
        known['size'] = archive.size
    return {'version': archive.version, 'archives': {archive.arch: known}}


def scratch(room: int = 32 << 20) -> tempfile.TemporaryDirectory[str]:
    """A temporary folder, in memory if `room` bytes are free there.

    syncfs() on a disk writes what everybody else on the machine left to be written.
    """
    place = _memory()
    if not os.access(place, os.W_OK):
        return tempfile.TemporaryDirectory(prefix='gofleet-faults-')
    status = os.statvfs(place)
    fast = not status.f_flag & os.ST_NOEXEC and status.f_bavail * status.f_frsize > room
    return tempfile.TemporaryDirectory(prefix='gofleet-faults-', dir=place if fast else None)


def _memory() -> Path:
    """A folder in memory. For root one of its own, since every user can write to /dev/shm; `make clean` unmounts it."""
    if os.geteuid() != 0:
        return Path('/dev/shm')
    place = Path(tempfile.gettempdir()) / 'memory'
    place.mkdir(mode=0o755, exist_ok=True)
    if not place.is_mount():
        subprocess.run(['mount', '-t', 'tmpfs', '-o', 'mode=0755,size=25%', 'gofleet-tests', str(place)], check=False)
    return place
