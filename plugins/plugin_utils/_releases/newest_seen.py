# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Remember the newest release seen of each line, so that an outdated copy of an index cannot downgrade a fleet.

The memory is keyed by the configured sources (index_url and goproxy), not by the source that answered: an attacker who makes the index
unreachable and serves old lists of module proxies meets the same memory. Fleets that share a controller but use another
index, such as a company's copy that lags behind, have a separate memory.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import transaction
from ansible_collections.gofleet.golang.plugins.module_utils._go import version as go_version
from ansible_collections.gofleet.golang.plugins.module_utils._go.version import Spec, Version
from ansible_collections.gofleet.golang.plugins.module_utils._texts import addresses
from ansible_collections.gofleet.golang.plugins.module_utils._texts import foreign as foreign_values
from ansible_collections.gofleet.golang.plugins.plugin_utils import _private_folders as private_folders
from ansible_collections.gofleet.golang.plugins.plugin_utils._cache import Cache
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases import releases
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases.releases import Record
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases.request import Request

_LIMIT = 1 << 20
# Kinds of proof that a remembered release exists. Without them only an index listed it, and that index may have lied.
_STRONG = {'pinned', 'log'}


class NewestSeen:
    """The newest releases seen by one request's sources. They only ever increase; operators can read the file, and remove it."""

    def __init__(self, request: Request, cache: Cache) -> None:
        self._allow = request.allow_downgrade
        self._cache = cache
        self._asked = [str(addresses.without_credentials(url)) for url in (request.index_url, *request.goproxy)]
        self._name = f'{hashlib.sha256(json.dumps(self._asked).encode()).hexdigest()[:32]}.json'
        # For messages: the index, or the sources that replace it if it is switched off.
        self._where = next((each for each in self._asked if '://' in each), 'the index')

    @property
    def path(self) -> Path:
        """The file. Raises GofleetError(unsafe_folder), OSError."""
        return self._cache.folder('newest') / self._name

    def settle(self, spec: Spec, record: Record, is_denied: Callable[[Record], bool], prove: Callable[[Record], Record]) -> tuple[Record, str | None]:
        """The record to use for a resolved line or latest, and a warning if it is not simply the resolved one.

        is_denied: whether the transparency log denies that a release exists, which is then not remembered; prove: adds
        the available proofs to a remembered record. Raises GofleetError(downgrade), the errors of these functions, OSError.
        """
        entry = self._newest(spec)
        version = go_version.parse_release(record.version)
        if entry is None or _version(entry) <= version:
            if (entry is None or _version(entry) < version) and not is_denied(record):
                self._remember(version, record)
            return record, None
        if self._allow:
            return record, f'{self._seen(spec, record, entry)} The older one is used, because allow_downgrade is set.'
        kept = self._proven(entry, prove)
        if kept is None:
            raise self._refused(spec, record, entry)
        return kept, (f'{self._seen(spec, record, entry)} Go {kept.version} is used, which {" and ".join(_kinds(kept))} vouches for. Find out who serves '
                      f'an old index. To have the older release, write version: {record.version!r}, or set allow_downgrade.')

    def _seen(self, spec: Spec, record: Record, entry: dict[str, Any]) -> str:
        return (f'By {self._where}, Go {spec} is {record.version} now, and this controller saw {entry["version"]} there before ({entry["seen"]}): an old '
                'copy may be served to hide newer releases.')

    def _refused(self, spec: Spec, record: Record, entry: dict[str, Any]) -> GofleetError:
        return GofleetError(
            f'{self._seen(spec, record, entry)} Neither the transparency log nor a pinned digest vouches for {entry["version"]} now, so neither is installed '
            f"and nothing is removed. Correct index_url or let the log be asked (gosumdb). To have the older release, write version: '{record.version}', "
            f'or set allow_downgrade. If {entry["version"]} was never released, remove {self.path}, where it is remembered.',
            'downgrade', index=self._where, wanted=str(spec), found=record.version, seen=entry['version'], seen_at=entry['seen'], path=str(self.path))

    def _proven(self, entry: dict[str, Any], prove: Callable[[Record], Record]) -> Record | None:
        """The remembered record with those architectures that have more proof than the former index."""
        try:
            record = releases.indexed_again(entry)
        except (TypeError, KeyError, AttributeError, ValueError):
            # No archive is remembered of a release that only the log listed.
            record = Record(entry['version'])
        record = prove(record)
        proven = {goarch: archive for goarch, archive in record.archives.items() if _STRONG & record.kinds(goarch)}
        return Record(record.version, proven) if proven else None

    # ---- the file

    def _newest(self, spec: Spec) -> dict[str, Any] | None:
        """The remembered entry of a line, or the newest of all lines for latest."""
        entries = [entry for line, entry in self._read().items() if spec.kind == 'latest' or line == _line(spec.line)]
        return max(entries, key=_version, default=None)

    def _read(self) -> dict[str, dict[str, Any]]:
        """Entries by line. Invalid ones are ignored."""
        content = private_folders.read_file(self.path, _LIMIT)
        try:
            lines = foreign_values.from_json(content or b'{}')['lines']
            return {line: entry for line, entry in lines.items() if _is_entry(line, entry)}
        except (ValueError, KeyError, TypeError, AttributeError):
            return {}

    def _remember(self, version: Version, record: Record) -> None:
        line = _line(version.line)
        with self._cache.locked(f'newest {self._name}'):
            lines = self._read()
            # Another run may have seen a newer release meanwhile.
            if line in lines and _version(lines[line]) >= version:
                return
            lines[line] = {**record.as_option(), 'seen': releases.now()}
            # Synced, so that the memory survives a power cut.
            text = json.dumps({'asked': self._asked, 'lines': lines}, indent=1, sort_keys=True)
            transaction.write_file(str(self.path), text.encode(), 0o600)


def _line(line: tuple[int, int] | None) -> str:
    return '.'.join(map(str, line or ()))


def _version(entry: dict[str, Any]) -> Version:
    return go_version.parse_release(entry['version'])


def _is_entry(line: str, entry: dict[str, Any]) -> bool:
    return isinstance(entry['seen'], str) and releases.is_release(entry['version']) and _line(_version(entry).line) == line


def _kinds(record: Record) -> list[str]:
    """In words for a message."""
    words = {'pinned': 'a pinned digest', 'log': 'the transparency log'}
    return sorted({words[kind] for goarch in record.archives for kind in _STRONG & record.kinds(goarch)})
