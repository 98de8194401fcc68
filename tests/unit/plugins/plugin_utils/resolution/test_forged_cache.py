# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Forged entries in the controller's cache prove nothing, and true evidence in it is used without a network."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._fetch.sources import Options
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain.trust import Policy
from ansible_collections.gofleet.golang.plugins.plugin_utils._cache import Cache
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases.releases import Record
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases.request import Request
from ansible_collections.gofleet.golang.plugins.plugin_utils._resolution import resolver
from ansible_collections.gofleet.golang.plugins.plugin_utils._sumdb import heads as log_heads
from ansible_collections.gofleet.golang.plugins.plugin_utils._sumdb import lookup
from ansible_collections.gofleet.golang.plugins.plugin_utils._sumdb.gosumdb import Key
from support.units.release_index import digest_of, index
from support.units.transparency_log import Log, Reader
from support.units.web_server import WebServer

NOWHERE = '127.0.0.1:1'
MODULE = 'v0.0.1-go1.26.6.linux-amd64'
FAKE = 'h1:' + 'A' * 43 + '='


def log_with(h1: str = 'h1:true') -> Log:
    versions = [f'v0.0.1-go{version}.linux-{goarch}' for version in ('1.26.5', '1.26.6') for goarch in ('amd64', 'arm64')]
    records = {f'golang.org/toolchain@{each}': f'golang.org/toolchain {each} {h1 if each == MODULE else "h1:" + each}\n'.encode() for each in versions}
    return Log(records, name=NOWHERE)


class Controller:
    """A controller with a log behind a module proxy, which can be unplugged."""

    def __init__(self, root: Path, web: WebServer) -> None:
        self.root, self.web, self.runs = root, web, 0
        self.cache = Cache(root / 'cache')
        self.log = log_with()
        web.serve('/dl/', index('1.26.6', '1.26.5'))
        for path, body in self.log.paths().items():
            web.serve(f'/proxy/sumdb/{NOWHERE}/{path}', body)
        self.options: dict[str, Any] = {
            'checksums': {}, 'given': [], 'goproxy': [f'{web.url}/proxy'], 'gosumdb': self.log.key, 'index_url': f'{web.url}/dl/', 'index_max_age': 3600,
            'options': Options(10, None), 'trust': Policy((), False),
        }  # fmt: skip

    def resolve(self, version: str = '1.26.6', **changes: Any) -> Record:
        """In a separate run."""
        self.runs += 1
        request = Request(versions=[version], **{**self.options, **changes})
        return resolver.resolve(request, self.cache, Cache(self.root / f'run-{self.runs}')).records[0]

    def prove(self, record: Record, trust: Policy) -> Record:
        """As a host of another run asks for it."""
        self.runs += 1
        request = Request(versions=[record.version], **{**self.options, 'trust': trust})
        need = {'kind': 'proof', 'version': record.version, 'goarch': 'amd64'}
        return resolver.complete(resolver.Resolution([record]), need, request, self.cache, Cache(self.root / f'run-{self.runs}')).records[0]

    def unplug(self) -> None:
        self.options['goproxy'] = [f'http://{NOWHERE}/']

    @property
    def evidence(self) -> str:
        """Under which key the evidence of the log lies."""
        return log_heads.evidence_key(Key.parse(self.log.key), MODULE)

    def values(self) -> dict[Path, Any]:
        return {path: json.loads(path.read_bytes()) for path in (self.cache.root / 'values').iterdir()}


@pytest.fixture
def controller(tmp_path: Path, web: WebServer) -> Controller:
    return Controller(tmp_path, web)


def kinds(record: Record) -> dict[str, list[str]]:
    return {name: sorted(said) for name, said in record.archives['amd64']['vouched'].items()}


def h1(record: Record) -> str | None:
    return record.archives['amd64'].get('h1')


# ---- evidence of the log


def test_evidence_in_the_cache_proves_a_release_without_a_network(controller: Controller) -> None:
    controller.resolve()
    controller.unplug()
    record = controller.resolve()
    assert (h1(record), kinds(record)) == ('h1:true', {'sha256': ['index'], 'h1': ['log']})


FORGERIES: dict[str, Callable[[Controller], Any]] = {
    'the bare h1 that earlier versions kept': lambda controller: FAKE,
    'another hash in the record': lambda controller: edited(controller, record=f'golang.org/toolchain {MODULE} {FAKE}\n'),
    'a log of the forger': lambda controller: evidence_from(log_with(FAKE)),
    'a path of chance': lambda controller: edited(controller, path=['00' * 32] * 2),
    'no path': lambda controller: edited(controller, path=[]),
    'no note': lambda controller: edited(controller, note=''),
    'the evidence of another release': lambda controller: evidence_from(controller.log, 'v0.0.1-go1.26.5.linux-amd64'),
    'nothing': lambda controller: None,
}


def edited(controller: Controller, **changes: Any) -> Any:
    return {**controller.cache.read(controller.evidence), **changes}


def evidence_from(log: Log, module: str = MODULE) -> Any:
    return lookup.prove('golang.org/toolchain', module, Key.parse(log.key), Reader(log))[1].as_value()


@pytest.mark.parametrize('forgery', FORGERIES)
def test_forged_evidence_is_ignored_and_the_log_is_queried(controller: Controller, forgery: str) -> None:
    controller.resolve()
    controller.cache.write(controller.evidence, FORGERIES[forgery](controller))
    assert h1(controller.resolve()) == 'h1:true'


@pytest.mark.parametrize('forgery', FORGERIES)
def test_without_a_log_forged_evidence_vouches_for_nothing(controller: Controller, forgery: str) -> None:
    controller.resolve()
    controller.cache.write(controller.evidence, FORGERIES[forgery](controller))
    controller.unplug()
    record = controller.resolve()
    assert (h1(record), kinds(record)) == (None, {'sha256': ['index']})
    with pytest.raises(GofleetError) as caught:
        controller.prove(record, Policy(('log',), False))
    assert caught.value.code == 'untrusted'


# ---- the index


def test_a_record_from_the_cached_index_counts_as_proof_of_kind_index(controller: Controller) -> None:
    controller.resolve(gosumdb='off')
    for path, value in controller.values().items():
        for release in value['value'] if isinstance(value, dict) and isinstance(value.get('value'), list) else []:
            for entry in release['archives'].values():
                claims = dict.fromkeys(('pinned', 'signature', 'log', 'index'), 'then')
                entry.update(h1=FAKE, vouched={'sha256': claims, 'h1': claims}, exhausted=True)
        path.write_text(json.dumps(value))
    record = controller.resolve(gosumdb='off', index_url=controller.options['index_url'], index_max_age=3601)
    assert (kinds(record), h1(record)) == ({'sha256': ['index']}, None)


@pytest.mark.parametrize('change', [{'filename': '../../x'}, {'sha256': 'x'}, {'size': 'x'}, {'size': None}, {'vouched': {}}])
def test_a_kept_index_with_another_form_is_fetched_again(controller: Controller, change: dict[str, Any]) -> None:
    controller.resolve('1.26', gosumdb='off')
    for path, value in controller.values().items():
        if isinstance(value, dict) and isinstance(value.get('value'), list):
            value['value'][0]['archives']['amd64'].update(change)
            path.write_text(json.dumps(value))
    record = controller.resolve('1.26', gosumdb='off', index_max_age=3601)
    assert record.archives['amd64']['sha256'] == digest_of('go1.26.6.linux-amd64.tar.gz')


# ---- what is given


GIVEN = {'version': '1.26.6', 'archives': {'amd64': {'sha256': 'ab' * 32, 'h1': 'h1:true', 'vouched': {'h1': {'log': 'then'}}}}}


def test_a_lock_is_proven_by_cached_evidence_if_trust_requires_the_log(controller: Controller) -> None:
    controller.resolve()
    controller.unplug()
    record = controller.resolve(given=[GIVEN], trust=Policy(('pinned', 'log'), True))
    assert kinds(record) == {'sha256': ['pinned'], 'h1': ['log', 'pinned']}


def test_a_lock_without_evidence_has_the_log_asked_by_the_host_that_needs_it(controller: Controller) -> None:
    trust = Policy(('log',), False)
    record = controller.resolve(given=[GIVEN], trust=trust)
    assert kinds(record)['h1'] == ['pinned']
    assert kinds(controller.prove(record, trust))['h1'] == ['log', 'pinned']


def test_a_lock_that_says_that_the_log_vouches_for_a_fake_is_found_out(controller: Controller) -> None:
    forged = {'version': '1.26.6', 'archives': {'amd64': {'h1': FAKE, 'vouched': {'h1': {'log': 'then'}}}}}
    trust = Policy(('log',), False)
    for evidence in (False, True):
        if evidence:
            controller.resolve()
        with pytest.raises(GofleetError) as caught:
            controller.prove(controller.resolve(given=[forged], trust=trust), trust)
        assert caught.value.code == 'h1_mismatch'
