# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Resolve versions for chosen architectures, and prove everything that a lock will count as pinned."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.gofleet.golang.plugins.plugin_utils._cache import Cache
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases.releases import Record
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases.request import Request
from ansible_collections.gofleet.golang.plugins.plugin_utils._resolution import resolver, weak_proof

run_cache = resolver.run_cache


def resolve(request: Request, architectures: list[str], cache: Cache, run: Cache) -> tuple[list[Record], list[str]]:
    """Records with exactly these architectures, each with the proof that the request's trust requires, and warnings.

    Raises GofleetError, including untrusted if there is less proof than required.
    """
    resolution = resolver.resolve(request, cache, run)
    records = []
    for record in resolution.records:
        for goarch in architectures:
            _complete(resolution, record, goarch, request, cache, run)
        chosen = {goarch: {key: value for key, value in record.archives[goarch].items() if key != 'exhausted'} for goarch in architectures}
        records.append(Record(record.version, chosen))
    return records, [*resolution.warnings, *weak_proof.of_records(records, resolution, request)]


def _complete(resolution: resolver.Resolution, record: Record, goarch: str, request: Request, cache: Cache, run: Cache) -> None:
    need = {'version': record.version, 'goarch': goarch}
    if not record.archives.get(goarch):
        resolver.complete(resolution, {'kind': 'record', **need}, request, cache, run)
    if request.trust.asks_for_more(record.kinds(goarch)):
        resolver.complete(resolution, {'kind': 'proof', **need}, request, cache, run)


def fetch(records: list[Record], request: Request, cache: Cache) -> list[Path]:
    """The verified archives of records, in the cache. Raises GofleetError(no_source), OSError."""
    from ansible_collections.gofleet.golang.plugins.plugin_utils import _archives as archives

    return [archives.fetched_archive(record, goarch, request.mirrors, request.goproxy, request.options, cache)[0]
            for record in records for goarch in record.archives]
