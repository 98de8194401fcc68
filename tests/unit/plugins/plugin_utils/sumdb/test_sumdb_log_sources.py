# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom the controller asks about the transparency log, and in which order."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from ansible_collections.gofleet.golang.plugins.plugin_utils._releases import request as releases_request
from ansible_collections.gofleet.golang.plugins.plugin_utils._resolution.resolver import Resolution
from ansible_collections.gofleet.golang.plugins.plugin_utils._sumdb import gosumdb
from support.units.controllers import NOWHERE, Controller, log_of, module
from support.units.release_index import index
from support.units.web_server import Answer, WebServer

LOG = log_of(('1.26.6', 'amd64'), ('1.26.6', 'arm64'))
AMD64 = f'lookup/{module("1.26.6", "amd64")}'
REFUSALS = [Answer(status=404), Answer(status=410), Answer(status=403), Answer(status=500), Answer(b'<html>', kind='text/html')]
PROXIES = {name: f'/{name}/sumdb/{LOG.name}' for name in ('one', 'two')}
# Where the log itself is.
ITSELF = '/itself'


class Stand:
    """A controller with two module proxies, and a log that can be asked directly too."""

    def __init__(self, root: Path, web: WebServer) -> None:
        self.web = web
        self.controller = Controller(root, web)
        web.serve('/dl/', index('1.26.6'))
        self.controller.options.update(gosumdb=LOG.key, goproxy=[f'{web.url}/one', f'{web.url}/two'])

    def serve(self, base: str) -> None:
        for path, body in LOG.paths().items():
            self.web.serve(f'{base}/{path}', body)

    def refuse(self, base: str, answer: Answer) -> None:
        for path in LOG.paths():
            self.web.serve(f'{base}/{path}', answer)

    def resolve(self) -> Resolution:
        return self.controller.resolve_later('1.26')

    def asked(self, path: str = AMD64) -> list[str]:
        """The sources that were queried for a path, in order."""
        return [request.removesuffix(f'/{path}') for request in self.web.paths if request.endswith(path)]


@pytest.fixture
def stand(tmp_path: Path, web: WebServer, monkeypatch: pytest.MonkeyPatch) -> Stand:
    parse = gosumdb.parse

    def at_the_web_server(text: str) -> gosumdb.Database | None:
        # A log's own address is https://NAME, which a test cannot serve.
        database = parse(text)
        return database and dataclasses.replace(database, url=f'{web.url}{ITSELF}')

    monkeypatch.setattr(gosumdb, 'parse', at_the_web_server)
    return Stand(tmp_path, web)


def vouching(resolution: Resolution) -> list[str]:
    return sorted(resolution.records[0].kinds('amd64'))


@pytest.mark.parametrize('refusal', REFUSALS)
def test_a_proxy_that_does_not_answer_a_lookup_is_followed_by_the_next(stand: Stand, refusal: Answer) -> None:
    stand.refuse(PROXIES['one'], refusal)
    stand.serve(PROXIES['two'])
    assert vouching(stand.resolve()) == ['index', 'log']
    assert stand.asked() == [PROXIES['one'], PROXIES['two']]


@pytest.mark.parametrize('refusal', REFUSALS)
def test_the_log_itself_is_queried_after_all_proxies(stand: Stand, refusal: Answer) -> None:
    for proxy in PROXIES.values():
        stand.refuse(proxy, refusal)
    stand.serve(ITSELF)
    assert vouching(stand.resolve()) == ['index', 'log']
    assert stand.asked() == [*PROXIES.values(), ITSELF]


def test_the_source_that_answered_a_lookup_is_queried_first_for_its_tiles(stand: Stand) -> None:
    stand.serve(ITSELF)
    stand.resolve()
    assert {request.rpartition('/tile/')[0] for request in stand.web.paths if '/tile/' in request} == {ITSELF}


def test_a_proxy_that_serves_the_log_is_the_only_one_queried(stand: Stand) -> None:
    stand.serve(PROXIES['one'])
    stand.resolve()
    assert {request.split('/sumdb/')[0] for request in stand.web.paths if request != '/dl/'} == {'/one'}


@pytest.mark.parametrize(('proxies', 'asked'), [(1, [PROXIES['one'], ITSELF]), (0, [ITSELF])])
def test_proxies_after_direct_or_off_are_not_queried(stand: Stand, proxies: int, asked: list[str]) -> None:
    stand.controller.options['direct_after'] = proxies
    stand.serve(ITSELF)
    stand.serve(PROXIES['two'])
    assert (vouching(stand.resolve()), stand.asked()) == (['index', 'log'], asked)


@pytest.mark.parametrize(('goproxy', 'count'), [
    ('', None), ('https://a', None), ('https://a,https://b', None), ('https://a,direct', 1), ('https://a|off|https://b', 1), ('direct', 0),
    (' off , https://a', 0), ('https://a,,https://b,direct,off', 2),
])  # fmt: skip
def test_direct_and_off_end_the_list_for_the_log(goproxy: str, count: int | None) -> None:
    assert releases_request.direct_after(goproxy) == count


def test_a_release_that_no_source_has_is_reported_with_what_each_answered(stand: Stand) -> None:
    (doubt,) = {reason.partition('@')[2].partition('(')[2] for reason in stand.resolve().doubts['1.26.6'].values()}
    assert doubt == f'{"; ".join(f"{stand.web.url}{base} answers 404 Not Found" for base in [*PROXIES.values(), ITSELF])}).'


def test_an_unreachable_source_is_not_queried_for_each_release(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    stand.controller.options['goproxy'] = [f'http://{NOWHERE}/proxy', f'{stand.web.url}/two']
    stand.serve(PROXIES['two'])
    read = type(stand.controller.request('1.26')).read
    tried = []

    def counted(request: object, url: str, limit: int) -> bytes:
        tried.append(url)
        return read(request, url, limit)  # type: ignore[arg-type]

    monkeypatch.setattr('ansible_collections.gofleet.golang.plugins.plugin_utils._releases.request.Request.read', counted)
    assert vouching(stand.resolve()) == ['index', 'log']
    assert len([url for url in tried if NOWHERE in url.partition('/sumdb/')[0]]) == 1
