# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import trust
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain.trust import Policy

ANY = Policy((), False)


@pytest.mark.parametrize(('policy', 'found', 'holds'), [
    (ANY, ['index'], True), (ANY, [], False),
    (Policy(('log',), False), ['log', 'index'], True), (Policy(('log',), False), ['index'], False), (Policy(('log',), False), [], False),
    (Policy(('log', 'signature'), False), ['signature'], True), (Policy(('log', 'signature'), True), ['signature'], False),
    (Policy(('log', 'signature'), True), ['signature', 'log', 'index'], True),
    # Nothing is weaker than the index.
    (Policy(('index',), False), ['log'], True), (Policy(('index',), False), [], False), (Policy(('index',), True), ['log'], False),
    (Policy(('pinned',), False), ['log', 'signature', 'index'], False),
])
def test_a_policy_holds_for_what_vouches(policy, found, holds):
    assert policy.holds(found) is holds


@pytest.mark.parametrize(('policy', 'found', 'more'), [
    (ANY, ['index'], True), (ANY, ['index', 'log'], False), (ANY, ['pinned'], False), (ANY, ['signature'], False), (ANY, [], True),
    (Policy(('index',), False), ['index'], False), (Policy(('log',), False), ['signature'], True), (Policy(('log',), False), ['log'], False),
])
def test_more_proof_is_requested_if_it_may_help(policy, found, more):
    assert policy.asks_for_more(found) is more


@pytest.mark.parametrize(('policy', 'reported'), [
    (ANY, 'the strongest proof that can be had'),
    (Policy(('log', 'pinned'), False), 'log or pinned'), (Policy(('log', 'signature'), True), 'log and signature'),
])
def test_a_policy_can_be_described_in_words(policy, reported):
    assert str(policy) == reported


@pytest.mark.parametrize(('found', 'reported'), [(['index'], 'only index does'), ([], 'nothing does')])
def test_insufficient_proof_is_reported_with_the_proofs_found(found, reported):
    error = trust.untrusted('1.30.1', 'amd64', Policy(('log', 'pinned'), False), found, 'go.tar.gz')
    assert (error.code, error.evidence['wanted'], error.evidence['found']) == ('untrusted', ['log', 'pinned'], found)
    for part in ('go.tar.gz: log or pinned has to vouch for Go 1.30.1 for linux-amd64', reported, 'trust'):
        assert part in error.msg
