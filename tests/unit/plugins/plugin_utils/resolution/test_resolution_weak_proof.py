# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which toolchains in use are warned of, because the release index alone vouches for them."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._fetch.sources import Options
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain.trust import Policy
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases.releases import Record
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases.request import Request
from ansible_collections.gofleet.golang.plugins.plugin_utils._resolution import weak_proof
from ansible_collections.gofleet.golang.plugins.plugin_utils._resolution.resolver import Resolution

WHEN = '2026-11-21T00:00:00Z'
UNREACHED = 'The transparency log cannot be asked: it cannot be reached.'


def request(**changes: Any) -> Request:
    asked: dict[str, Any] = {
        'versions': ['1.26'], 'checksums': {}, 'given': [], 'goproxy': [], 'gosumdb': 'sum.golang.org', 'index_url': '', 'index_max_age': 0,
        'options': Options(10, None),
    }  # fmt: skip
    return Request(**asked | changes)


def record(version: str = '1.26.6', **kinds: list[str]) -> Record:
    """kinds: of proof, by architecture."""
    found = Record(version)
    for goarch, said in (kinds or {'amd64': ['index'], 'arm64': ['index']}).items():
        for kind in said:
            found.vouch(goarch, 'h1' if kind == 'log' else 'sha256', kind, 'x', WHEN)
    return found


def tree(version: str = '1.26.6', *kinds: str, goarch: str = 'amd64', problem: str | None = None) -> dict[str, Any]:
    return {'version': version, 'goarch': goarch, 'problem': problem, 'proof': [{'kind': kind} for kind in kinds or ['index']]}


def host(*trees: dict[str, Any], goarch: str = 'amd64', **result: Any) -> dict[str, Any]:
    return {'goarch': goarch, 'toolchains': list(trees), 'installed': [], 'proven': [], **result}


@pytest.mark.parametrize('installed', [[], ['1.26.6']])
def test_a_tree_in_use_is_warned_of_whether_it_was_installed_now_or_before(installed: list[str]) -> None:
    (warning,) = weak_proof.of_host(host(tree(), installed=installed), Resolution([record()]), request())
    assert warning.startswith('Go 1.26.6 for linux-amd64 is vouched for by the release index alone: ')


def test_check_mode_warns_of_what_would_be_installed() -> None:
    assert len(weak_proof.of_host(host(installed=['1.26.6']), Resolution([record()]), request())) == 1


@pytest.mark.parametrize('found', [
    host(tree('1.26.6', 'log')), host(tree('1.26.6', 'index', 'log')), host(tree('1.26.6', 'index', 'signature')), host(tree('1.26.6', 'pinned')),
    host(tree('1.25.9')), host(tree(goarch='arm64')), host(tree(problem='bin/go is missing')), host(tree(), proven=['1.26.6']), host(), {},
])  # fmt: skip
def test_what_is_proven_or_not_in_use_is_not_warned_of(found: dict[str, Any]) -> None:
    assert weak_proof.of_host(found, Resolution([record()]), request()) == []


@pytest.mark.parametrize(('goarch', 'count'), [('amd64', 0), ('arm64', 1)])
def test_a_lookup_that_failed_is_warned_of_on_hosts_of_its_architecture_only(goarch: str, count: int) -> None:
    resolution = Resolution([record(amd64=['index', 'log'], arm64=['index'])], doubts={'1.26.6': {'arm64': UNREACHED}})
    proof = ['index', 'log'] if goarch == 'amd64' else ['index']
    warnings = weak_proof.of_host(host(tree('1.26.6', *proof, goarch=goarch), goarch=goarch), resolution, request())
    assert [UNREACHED in warning for warning in warnings] == [True] * count


@pytest.mark.parametrize(('known', 'doubts', 'changes', 'reason', 'advice'), [
    (record(), {}, {'gosumdb': 'off'}, 'gosumdb is off', 'Name a log'),
    (record('1.20.14'), {}, {}, 'the transparency log begins with Go 1.21.0', 'trust: [signature]'),
    (record(), {'1.26.6': {'amd64': UNREACHED}}, {}, UNREACHED, 'trust: [signature]'),
    (record(amd64=['index', 'log']), {}, {}, 'nothing more could be had', 'Run once with trust: [log]'),
    (record(amd64=['index', 'pinned']), {}, {'gosumdb': 'off'}, 'nothing more could be had', 'Run once with trust: [pinned]'),
    (Record('1.26.6'), {}, {}, 'nothing more could be had', 'Run once with trust: [log]'),
])  # fmt: skip
def test_a_warning_says_why_and_what_to_do(known: Record, doubts: dict[str, dict[str, str]], changes: dict[str, Any], reason: str, advice: str) -> None:
    (warning,) = weak_proof.of_host(host(tree(known.version)), Resolution([known], doubts=doubts), request(**changes))
    assert [word for word in (reason, advice) if word not in warning] == [], warning


@pytest.mark.parametrize('changes', [{}, {'gosumdb': 'off'}])
@pytest.mark.parametrize('kinds', [('index',), ('log', 'index')])
def test_a_trust_that_names_the_index_asks_for_no_warning(kinds: tuple[str, ...], changes: dict[str, Any]) -> None:
    asked = request(trust=Policy(kinds, False), **changes)
    assert (weak_proof.of_host(host(tree()), Resolution([record()]), asked), weak_proof.of_records([record()], Resolution([record()]), asked)) == ([], [])


def test_records_of_a_lock_are_warned_of_for_their_architectures() -> None:
    known = record(amd64=['index', 'log'], arm64=['index'], s390x=['index', 'pinned'])
    (warning,) = weak_proof.of_records([known], Resolution([known], doubts={'1.26.6': {'arm64': UNREACHED}}), request())
    assert ('for linux-arm64' in warning, UNREACHED in warning) == (True, True)
