# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's cache: content-addressed, bounded, shared by runs, safe against a killed writer.

It is a private folder of one user (_private_folders.py). Its content is not trusted: a reader
verifies it again or treats it as an unverified source.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from ansible_collections.gofleet.golang.plugins.module_utils._texts import foreign as foreign_values
from ansible_collections.gofleet.golang.plugins.plugin_utils import _private_folders as private_folders

# Some 25 archives: the supported lines of a fleet with three architectures.
MAX_BYTES = 2 << 30
# The prefix of files that are being written.
_NEW = '.new-'
# The age in seconds at which a file of a killed writer is removed.
_ABANDONED = 3600
# The largest value in bytes. Go's whole index takes about 10 MB; an index of at most 64 MB is read.
_VALUE_LIMIT = 128 << 20
_ADVICE = ('Set cache_path to a folder that belongs to this user and in which only this user and root may write. Or correct owner and mode, and empty '
           'the folder: others may have changed what is in it.')
_Kept = TypeVar('_Kept')


def default_root() -> Path:
    """Our folder below the cache folder of the XDG base directory specification."""
    return Path(os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache') / 'gofleet'


class Cache:
    """Files by key below one folder. A file under its final name is complete, because writers use a temporary name and rename it.

    The folder is created and checked at the first use; every method raises GofleetError(unsafe_folder) if it is not safe.
    advice: the last sentence of that message; below_sticky: whether the folder may be below one such as /tmp although this user is root.
    """

    def __init__(self, root: Path, max_bytes: int = MAX_BYTES, advice: str = _ADVICE, below_sticky: bool = False) -> None:
        self.root = root
        self.max_bytes = max_bytes
        self._advice = advice
        self._below_sticky = below_sticky
        self._vetted: Path | None = None

    def folder(self, *names: str) -> Path:
        """A folder in the cache, created and checked. Raises OSError."""
        if self._vetted is None:
            self._vetted = private_folders.own(self.root, self._advice, self._below_sticky)
        folder = self._vetted
        for name in names:
            folder = private_folders.inner(folder / name, self._advice)
        return folder

    @contextlib.contextmanager
    def locked(self, key: str) -> Iterator[None]:
        """A block that one process at a time may run for a key. The kernel releases the lock of a killed process. Raises OSError."""
        handle = private_folders.open_lock(self._path('locks', key))
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def read(self, key: str) -> Any:
        """The JSON value of a key, or None if it is missing or is not JSON."""
        content = private_folders.read_file(self._path('values', key), _VALUE_LIMIT)
        try:
            return None if content is None else foreign_values.from_json(content)
        except ValueError:
            return None

    def write(self, key: str, value: Any) -> None:
        """Replace the JSON value of a key as a whole. Raises OSError."""
        path = self._path('values', key)
        with _replacing(path) as fresh:
            fresh.write_text(json.dumps(value), encoding='utf-8')

    def aged(self, key: str, max_age: int | None, fetch: Callable[[], Any], understand: Callable[[Any], _Kept]) -> _Kept | None:
        """The value that was fetched for a key at most max_age seconds ago, or else is fetched now; without max_age, the kept value of any age, or None.

        understand: turns a fetched value into the returned one; an entry for which it raises TypeError, KeyError, AttributeError or
        ValueError is ignored, because another version of this collection wrote it. Raises the errors of fetch, OSError.
        """
        if max_age is None:
            return self.kept(key, None, understand)
        with self.locked(key):
            kept = self.kept(key, max_age, understand)
            if kept is None:
                value = fetch()
                self.keep(key, value)
                kept = understand(value)
        return kept

    def kept(self, key: str, max_age: float | None, understand: Callable[[Any], _Kept]) -> _Kept | None:
        """Like aged(), but without fetching: None if no value is kept or it is too old."""
        try:
            entry = self.read(key)
            if max_age is None or 0 <= time.time() - entry['fetched'] < max_age:
                return understand(entry['value'])
        except (TypeError, KeyError, AttributeError, ValueError):
            # No entry, or an entry of another version of this collection.
            pass
        return None

    def keep(self, key: str, value: Any) -> None:
        """Keep a value with the present time, for kept(). Raises OSError."""
        self.write(key, {'fetched': time.time(), 'value': value})

    def archive(self, key: str, filename: str, make: Callable[[Path], None], is_intact: Callable[[Path], bool]) -> Path:
        """The file of a key. If it is missing, make writes and verifies it, once for all processes that need it.

        is_intact: whether an existing file is still the one that make would write; otherwise it is made again.
        Raises the errors of make and is_intact, without keeping a new file; OSError.
        """
        with self.locked(key):
            path, made = self._archive(key, filename, make)
        # Outside the lock, so that the forks of a fleet can hash at the same time.
        if not made and not is_intact(path):
            with self.locked(key):
                # Another fork may have made it again meanwhile.
                if not (_is_file(path) and is_intact(path)):
                    path.unlink(missing_ok=True)
                    self._archive(key, filename, make)
        self._shrink(keep=path)
        return path

    def _archive(self, key: str, filename: str, make: Callable[[Path], None]) -> tuple[Path, bool]:
        """(path, whether the file was made just now). The key must be locked."""
        path = self.folder('archives', _name(key)) / filename
        made = not _is_file(path)
        if made:
            for abandoned in path.parent.glob(f'{_NEW}*'):
                # This process holds the lock, so the writer of this file was killed.
                abandoned.unlink()
            with _replacing(path) as fresh:
                make(fresh)
        os.utime(path, follow_symlinks=False)
        return path, made

    def _shrink(self, keep: Path) -> None:
        # The least recently used files are removed first. A run that is still sending one has it open, so its content stays until then.
        files = sorted(_by_use(_files(self.folder('archives'))))
        total = sum(size for dummy, size, path in files)
        for dummy, size, path in files:
            if total <= self.max_bytes:
                return
            if path != keep:
                path.unlink(missing_ok=True)
                total -= size

    def _path(self, kind: str, key: str) -> Path:
        return self.folder(kind) / _name(key)


def _name(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _is_file(path: Path) -> bool:
    """Whether the path is a regular file, not a link to one."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except FileNotFoundError:
        return False


def _files(folder: Path) -> list[Path]:
    return [path for each in folder.iterdir() if not each.is_symlink() for path in each.glob('*') if _is_file(path)]


def _by_use(paths: list[Path]) -> Iterator[tuple[float, int, Path]]:
    abandoned = time.time() - _ABANDONED
    for path in paths:
        # Another process may have removed it since, or may still be making it.
        with contextlib.suppress(FileNotFoundError):
            status = path.lstat()
            if not path.name.startswith(_NEW) or status.st_mtime < abandoned:
                yield status.st_mtime, status.st_size, path


@contextlib.contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """A temporary path that is renamed to path if the block succeeds, and is removed otherwise."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=_NEW)
    os.close(handle)
    fresh = Path(name)
    try:
        yield fresh
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
