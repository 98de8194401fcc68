# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a controller remembers of a transparency log between runs: the last tree head, and evidence of lies."""

from __future__ import annotations

import urllib.parse

from ansible_collections.gofleet.golang.plugins.module_utils import transaction
from ansible_collections.gofleet.golang.plugins.plugin_utils.cache import Cache
from ansible_collections.gofleet.golang.plugins.plugin_utils.checksum_db import Key


class Heads:
    """The largest proven tree head of one key, in a cache that controllers may share (a checksum_db.HeadStore).

    It is the signed note as it came, like the Go command's pkg/sumdb/NAME/latest, so that people can compare theirs.
    """

    def __init__(self, cache: Cache, key: Key) -> None:
        self._cache = cache
        # A name may have a path; two logs may have one name.
        self._lock = f'tree head {key}'
        self._folder = cache.root / 'log'
        self.path = self._folder / f'{urllib.parse.quote(key.name, safe="")}+{key.hash.hex()}'

    def read(self) -> bytes | None:
        """The signed note that is remembered, or None. Raises OSError."""
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            return None

    def replace(self, old: bytes | None, new: bytes) -> bool:
        """Remember another note if old is still the one that is remembered; says whether it was. Raises OSError."""
        with self._cache.locked(self._lock):
            if self.read() != old:
                return False
            # Synced: a power cut must not make this controller forget what it saw.
            transaction.make_folder(str(self._folder))
            transaction.write_file(str(self.path), new)
            return True

    def keep_evidence(self, name: str, text: str) -> str:
        """Keep a text under a file name, as it was first kept; returns its path. Raises OSError."""
        path = self._folder / 'evidence' / name
        with self._cache.locked(f'evidence {path}'):
            if not path.exists():
                transaction.make_folder(str(path.parent))
                transaction.write_file(str(path), text.encode())
        return str(path)
