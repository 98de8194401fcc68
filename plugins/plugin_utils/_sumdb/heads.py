# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The memory of a transparency log that a controller keeps between runs: the last tree head, and evidence of false answers."""

from __future__ import annotations

import urllib.parse
from pathlib import Path

from ansible_collections.gofleet.golang.plugins.module_utils._files import transaction
from ansible_collections.gofleet.golang.plugins.plugin_utils import _private_folders as private_folders
from ansible_collections.gofleet.golang.plugins.plugin_utils._cache import Cache
from ansible_collections.gofleet.golang.plugins.plugin_utils._sumdb import gosumdb
from ansible_collections.gofleet.golang.plugins.plugin_utils._sumdb.gosumdb import Key

# The tree head of this version, so that a controller without memory, such as a new container for each job, accepts no older history.
SHIPPED = Path(__file__).parent / 'keys' / f'{gosumdb.GOOGLE_KEY.name}.tree-head'
# The largest note in bytes; a note has some 200 bytes, and at most a hundred signatures.
_NOTE_LIMIT = 1 << 16


def evidence_key(key: Key, module_version: str) -> str:
    """The key in a cache of the evidence that a log contains a toolchain."""
    return f'log evidence {key} {module_version}'


class Heads:
    """The largest proven tree head of one key, in a cache that controllers may share (a lookup.HeadStore).

    It is the unchanged signed note, like the go command's pkg/sumdb/NAME/latest, so that people can compare the two.
    """

    def __init__(self, cache: Cache, key: Key) -> None:
        self._cache = cache
        self._key = key
        # A name may contain a path, and two logs may have the same name.
        self._lock = f'tree head {key}'
        self.path = cache.root / 'log' / f'{urllib.parse.quote(key.name, safe="")}+{key.hash.hex()}'

    def read(self) -> bytes | None:
        """The remembered signed note, or None. Raises GofleetError(unsafe_folder), OSError."""
        return private_folders.read_file(self._folder() / self.path.name, _NOTE_LIMIT)

    def shipped(self) -> bytes | None:
        """The tree head in this collection, if it was signed by this key."""
        return SHIPPED.read_bytes() if self._key == gosumdb.GOOGLE_KEY else None

    def replace(self, old: bytes | None, new: bytes) -> bool:
        """Remember another note if old is still the remembered one; return whether it was. Raises OSError."""
        with self._cache.locked(self._lock):
            if self.read() != old:
                return False
            # Synced, so that the memory survives a power cut.
            transaction.write_file(str(self._folder() / self.path.name), new, 0o600)
            return True

    def keep_evidence(self, name: str, text: str) -> str:
        """Keep a text under a file name, unless that file exists; return its path. Raises OSError."""
        path = self._cache.folder('log', 'evidence') / name
        with self._cache.locked(f'evidence {path}'):
            if not path.exists():
                transaction.write_file(str(path), text.encode(), 0o600)
        return str(path)

    def _folder(self) -> Path:
        return self._cache.folder('log')
