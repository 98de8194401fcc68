# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the controller asks again, and what it remembers: counted in requests."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases import memory
from ansible_collections.gofleet.golang.plugins.plugin_utils._resolution import renewal as locking
from support.units.controllers import INDEX, Controller, log_of
from support.units.forked import Child
from support.units.web_server import Answer, WebServer

BOTH = [('1.26.6', 'amd64'), ('1.26.6', 'arm64')]
LISTED = ['v0.0.1-go1.26.6.linux-amd64', 'v0.0.1-go1.26.6.linux-arm64']


@pytest.fixture
def controller(tmp_path: Path, web: WebServer) -> Controller:
    """Its index is out of reach; a module proxy and the log know 1.26.6."""
    controller = Controller(tmp_path, web)
    controller.use_proxy(log_of(*BOTH), *LISTED)
    web.serve('/dl/', Answer(status=503))
    return controller


def index_requests(controller: Controller) -> int:
    return controller.web.paths.count('/dl/')


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Append seconds to it to let time pass."""
    passed: list[float] = []
    clock = time.time
    monkeypatch.setattr(time, 'time', lambda: clock() + sum(passed))
    return passed


def code_of(controller: Controller, *versions: str) -> str:
    with pytest.raises(GofleetError) as caught:
        controller.resolve(*versions)
    return str(caught.value.code)


@pytest.mark.parametrize('asked', ['1.26', 'latest', '1.26.6'])
def test_an_unreachable_index_is_queried_once_in_several_runs(controller: Controller, asked: str) -> None:
    found = [controller.resolve_later(asked).records[0].version for _run in range(3)]
    assert (found, index_requests(controller)) == (['1.26.6'] * 3, 1)


def test_each_run_warns_of_an_unreachable_index_with_the_time_of_the_query(controller: Controller) -> None:
    assert '(asked at ' not in controller.resolve('1.26').warnings[0]
    assert '(asked at 20' in controller.resolve_later('1.26').warnings[0]


def test_all_hosts_and_tasks_of_a_run_share_one_failure_of_the_index(controller: Controller) -> None:
    # These have no other source, so each would send its own query.
    controller.options.update(goproxy=[], index_max_age=0)

    def ask(child: Child) -> str:
        child.wait_for_word()
        return code_of(controller, 'latest', '1.26')

    children = [Child(ask) for _each in range(3)]
    for child in children:
        child.tell()
    assert [child.result() for child in children] == ['index_unreachable'] * 3
    assert (code_of(controller, 'latest'), index_requests(controller)) == ('index_unreachable', 1)


def test_tasks_of_a_run_that_ask_differently_share_one_index_of_any_age(controller: Controller) -> None:
    controller.web.serve('/dl/', INDEX)
    controller.options['index_max_age'] = 0
    for version in ('1.26', '1.25', 'latest'):
        controller.resolve(version)
    assert index_requests(controller) == 1


@pytest.mark.parametrize(('max_age', 'passed', 'requests'), [
    (3600, memory.FAILURE_AGE - 60, 1), (3600, memory.FAILURE_AGE + 1, 2), (30, 31, 2), (0, 1, 2),
])  # fmt: skip
def test_an_unreachable_index_is_queried_again_after_a_while(
    controller: Controller, later: list[float], max_age: int, passed: float, requests: int
) -> None:
    controller.options['index_max_age'] = max_age
    controller.resolve('1.26')
    later.append(passed)
    controller.resolve_later('1.26')
    assert index_requests(controller) == requests


def test_an_index_that_is_back_is_found_when_nothing_else_says_what_is_meant(controller: Controller) -> None:
    controller.resolve('1.26')
    controller.web.serve('/dl/', INDEX)
    # The proxy and the log know nothing of this line.
    assert controller.resolve_later('1.25').records[0].version == '1.25.9'


def test_an_index_that_is_back_is_found_when_a_host_needs_what_the_log_does_not_have(controller: Controller) -> None:
    controller.resolve('1.20.14')
    controller.web.serve('/dl/', INDEX)
    excused = controller.resolve_later('1.20.14')
    assert (excused.excuses['1.20.14']['code'], index_requests(controller)) == ('index_unreachable', 1)
    completed = controller.complete(excused, '1.20.14', 'amd64')
    assert (completed.record('1.20.14').kinds('amd64'), completed.excuses) == ({'index'}, {})


def test_an_index_that_is_back_is_found_by_a_lock(controller: Controller) -> None:
    controller.resolve('1.20.14')
    controller.web.serve('/dl/', INDEX)
    controller.new_run()
    (record,), _warnings = locking.resolve(controller.request('1.20.14'), ['amd64'], controller.cache, controller.run)
    assert (record.version, record.kinds('amd64')) == ('1.20.14', {'index'})


def test_hosts_that_need_an_unavailable_proof_request_it_once_a_run(controller: Controller) -> None:
    controller.resolve('1.20.14')
    for _host in range(3):
        resolution = controller.resolve_later('1.20.14') if index_requests(controller) == 1 else controller.resolve('1.20.14')
        with pytest.raises(GofleetError) as caught:
            controller.complete(resolution, '1.20.14', 'amd64')
        assert caught.value.code == 'index_unreachable'
    assert index_requests(controller) == 2


@pytest.mark.parametrize('kept', ['{', '[]', '{"fetched": 9e99, "value": 7}', '{"fetched": 0, "value": {"msg": 7, "code": 8, "evidence": {}}}'])
def test_a_failure_that_another_version_wrote_is_not_remembered(controller: Controller, kept: str) -> None:
    controller.resolve('1.26')
    for path in (controller.root / 'cache' / 'values').iterdir():
        path.write_text(kept, encoding='utf-8')
    controller.resolve_later('1.26')
    assert index_requests(controller) == 2


def test_an_invalid_index_is_skipped_if_the_log_proves_releases_of_a_proxy(controller: Controller) -> None:
    controller.web.serve('/dl/', b'{}')
    resolution = controller.resolve('1.26')
    assert (resolution.records[0].version, ['does not answer with a release index' in each for each in resolution.warnings]) == ('1.26.6', [True])


# ---- an index that is switched off


@pytest.mark.parametrize('off', ['off', ''])
@pytest.mark.parametrize('asked', ['1.26', 'latest', '1.26.6'])
def test_without_an_index_the_list_of_the_proxy_and_the_log_are_enough(controller: Controller, off: str, asked: str) -> None:
    controller.options['index_url'] = off
    resolution = controller.resolve(asked)
    assert (resolution.records[0].version, resolution.records[0].kinds('amd64')) == ('1.26.6', {'log'})
    assert (resolution.warnings, index_requests(controller)) == ([], 0)


@pytest.mark.parametrize('asked', ['1.26', 'latest'])
def test_without_an_index_and_a_proxy_a_line_is_refused_with_what_to_set(controller: Controller, asked: str) -> None:
    controller.options.update(index_url='off', goproxy=[])
    with pytest.raises(GofleetError) as caught:
        controller.resolve(asked)
    assert caught.value.code == 'index_off'
    assert [word for word in ('index_url', 'goproxy', 'gosumdb', 'checksums') if word not in caught.value.msg] == []


def test_without_an_index_and_a_log_an_exact_release_is_excused_for_hosts_that_have_it(controller: Controller) -> None:
    controller.options.update(index_url='off', gosumdb='off')
    resolution = controller.resolve('1.26.6')
    assert resolution.excuses['1.26.6']['code'] == 'index_off'
    with pytest.raises(GofleetError) as caught:
        controller.complete(resolution, '1.26.6', 'amd64')
    assert caught.value.code == 'index_off'


def test_without_an_index_a_pinned_release_needs_no_request(controller: Controller) -> None:
    controller.options.update(index_url='off', checksums={'go1.26.6.linux-amd64.tar.gz': 'ab' * 32})
    assert (controller.resolve('1.26.6').records[0].kinds('amd64'), controller.web.paths) == ({'pinned'}, [])
