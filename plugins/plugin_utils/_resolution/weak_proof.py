# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Warnings for toolchains in use with no proof but the release index, each with the reason and advice. Pure functions of values.

They appear in every run, even without changes, until the tree has more proof or trust names the index, which means that less than the
strongest proof was requested.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.gofleet.golang.plugins.module_utils._go import version as go_version
from ansible_collections.gofleet.golang.plugins.plugin_utils._proof import prover
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases.releases import Record
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases.request import Request
from ansible_collections.gofleet.golang.plugins.plugin_utils._resolution.resolver import Resolution
from ansible_collections.gofleet.golang.plugins.plugin_utils._sumdb import gosumdb

# The proofs that are possible for an installed tree, the cheapest first.
_STRONGER = ('pinned', 'log', 'signature')
_ACCEPT = 'or accept the index without a warning with trust: [index].'
_PIN = f'Pin its digest (checksums, or a lock), have its signature verified with trust: [signature], {_ACCEPT}'


def of_host(result: dict[str, Any], resolution: Resolution, request: Request) -> list[str]:
    """The warnings for the toolchains that a task requested on a host. result: of the module."""
    if 'index' in request.trust.kinds:
        return []
    goarch = result.get('goarch', '')
    versions = {record.version for record in resolution.records}
    # Trees that this run has proven, or would prove in check mode, satisfy trust.
    asked = versions - set(result.get('proven', ()))
    trees = [tree for tree in result.get('toolchains', ()) if tree['version'] in asked and tree['goarch'] == goarch and not tree['problem']]
    found = {tree['version']: {proof.get('kind') for proof in tree['proof']} for tree in trees}
    # In check mode, trees that would be installed do not exist yet.
    planned = {version: resolution.record(version).kinds(goarch) for version in result.get('installed', ()) if version in versions - found.keys()}
    weak = [version for version, kinds in {**found, **planned}.items() if kinds == {'index'}]
    return [_warning(resolution.record(version), goarch, resolution, request) for version in sorted(weak, key=go_version.parse_release)]


def of_records(records: list[Record], resolution: Resolution, request: Request) -> list[str]:
    """The warnings for records, by their architectures."""
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
