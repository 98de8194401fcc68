# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Warnings of toolchains in use that the release index alone vouches for, each with the reason and what to do. Pure functions of values.

They come in every run, also where nothing changed, until something more vouches for the tree or trust names the index: then less than the
strongest proof is what was asked for.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.gofleet.golang.plugins.module_utils._go import version as go_version
from ansible_collections.gofleet.golang.plugins.plugin_utils._proof import prover
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases.releases import Record
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases.request import Request
from ansible_collections.gofleet.golang.plugins.plugin_utils._resolution.resolver import Resolution
from ansible_collections.gofleet.golang.plugins.plugin_utils._sumdb import gosumdb

# What can be had for a tree that is there, the cheapest first.
_STRONGER = ('pinned', 'log', 'signature')
_ACCEPT = 'or accept the index without a warning with trust: [index].'
_PIN = f'Pin its digest (checksums, or a lock), have its signature verified with trust: [signature], {_ACCEPT}'


def of_host(result: dict[str, Any], resolution: Resolution, request: Request) -> list[str]:
    """Of the toolchains that a task asked for on a host. result: what the module returned."""
    if 'index' in request.trust.kinds:
        return []
    goarch = result.get('goarch', '')
    versions = {record.version for record in resolution.records}
    # What was proven in this run, or in check mode would have been, has what trust asks for.
    asked = versions - set(result.get('proven', ()))
    trees = [tree for tree in result.get('toolchains', ()) if tree['version'] in asked and tree['goarch'] == goarch and not tree['problem']]
    found = {tree['version']: {proof.get('kind') for proof in tree['proof']} for tree in trees}
    # In check mode what would be installed is not there yet.
    planned = {version: resolution.record(version).kinds(goarch) for version in result.get('installed', ()) if version in versions - found.keys()}
    weak = [version for version, kinds in {**found, **planned}.items() if kinds == {'index'}]
    return [_warning(resolution.record(version), goarch, resolution, request) for version in sorted(weak, key=go_version.parse_release)]


def of_records(records: list[Record], resolution: Resolution, request: Request) -> list[str]:
    """Of records for the architectures that they are for."""
    if 'index' in request.trust.kinds:
        return []
    return [_warning(record, goarch, resolution, request) for record in records for goarch in sorted(record.archives) if record.kinds(goarch) == {'index'}]


def _warning(record: Record, goarch: str, resolution: Resolution, request: Request) -> str:
    doubt = resolution.doubts.get(record.version, {}).get(goarch)
    return f'Go {record.version} for linux-{goarch} is vouched for by the release index alone: {_reason(record, goarch, doubt, request)}'


def _reason(record: Record, goarch: str, doubt: str | None, request: Request) -> str:
    stronger = [kind for kind in _STRONGER if kind in record.kinds(goarch)]
    if stronger:
        return f'it was installed when nothing more could be had. Run once with trust: [{stronger[0]}], which proves it where it is.'
    if gosumdb.parse(request.gosumdb) is None:
        return f'gosumdb is off, so the transparency log is not asked. Name a log, pin its digest (checksums, or a lock), {_ACCEPT}'
    if go_version.parse_release(record.version) < prover.FIRST_MODULE:
        return f'the transparency log begins with Go {prover.FIRST_MODULE}. {_PIN}'
    if doubt:
        return f'{doubt} {_PIN}'
    return f'nothing more could be had when it was installed. Run once with trust: [log], which proves it where it is, {_ACCEPT}'
