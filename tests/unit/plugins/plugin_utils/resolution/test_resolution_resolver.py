# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain.trust import Policy
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases.releases import Record
from ansible_collections.gofleet.golang.plugins.plugin_utils._resolution import resolver
from ansible_collections.gofleet.golang.plugins.plugin_utils._resolution.resolver import Resolution
from support.units.controllers import INDEX, NOWHERE, Controller, log_of, module
from support.units.forked import Child
from support.units.release_index import digest_of, file, index, release
from support.units.web_server import Answer, WebServer

HEX = 'ab' * 32


@pytest.fixture
def controller(tmp_path: Path, web: WebServer) -> Controller:
    web.serve('/dl/', INDEX)
    return Controller(tmp_path, web)


def error_of(function: Callable[..., object], *arguments: object) -> GofleetError:
    with pytest.raises(GofleetError) as caught:
        function(*arguments)
    return caught.value


def h1s(record: Record) -> dict[str, str]:
    return {goarch: entry['h1'] for goarch, entry in record.archives.items() if 'h1' in entry}


def kinds(record: Record, goarch: str = 'amd64') -> dict[str, list[str]]:
    """The kinds of proof for the digests of an architecture."""
    return {name: sorted(said) for name, said in record.archives[goarch]['vouched'].items()}


def said(record: Record, goarch: str = 'amd64') -> dict[str, Any]:
    """The entry of an archive without its kinds of proof."""
    return {key: value for key, value in record.archives[goarch].items() if key in ('filename', 'sha256', 'size', 'h1')}


def versions(resolution: Resolution) -> list[str]:
    return [record.version for record in resolution.records]


# ---- from the index


@pytest.mark.parametrize(('asked', 'version'), [('latest', '1.26.6'), ('1.25', '1.25.9'), ('1.26.5', '1.26.5'), ('1.27rc1', '1.27rc1')])
def test_the_index_resolves_a_line_and_latest(controller: Controller, asked: str, version: str) -> None:
    resolution = controller.resolve(asked)
    filename = f'go{version}.linux-arm64.tar.gz'
    assert versions(resolution) == [version]
    assert said(resolution.records[0], 'arm64') == {'filename': filename, 'sha256': digest_of(filename), 'size': 70_000_000}
    assert kinds(resolution.records[0]) == {'sha256': ['index']}
    assert (resolution.excuses, resolution.warnings) == ({}, [])


def test_records_come_in_the_order_of_what_was_asked(controller: Controller) -> None:
    assert versions(controller.resolve('1.25', 'latest', '1.20.14')) == ['1.25.9', '1.26.6', '1.20.14']


def test_duplicate_requests_give_one_record(controller: Controller) -> None:
    assert versions(controller.resolve('latest', '1.26', '1.26.6', '1.25')) == ['1.26.6', '1.25.9']


def test_all_versions_of_a_task_take_one_request(controller: Controller) -> None:
    controller.resolve('1.25', 'latest', '1.20.14')
    assert controller.web.paths == ['/dl/']


@pytest.mark.parametrize(('asked', 'code'), [
    ('1.27', 'no_stable_release'), ('1.26.7', 'unknown_version'), ('1.24', 'unknown_version'), ('one', 'invalid_version'),
])  # fmt: skip
def test_a_release_that_the_index_lacks_is_reported(controller: Controller, asked: str, code: str) -> None:
    assert error_of(controller.resolve, asked).code == code


def test_an_unknown_version_is_reported_with_the_sources_but_no_credentials(controller: Controller) -> None:
    controller.web.serve('/dl/', Answer(status=401, headers={'WWW-Authenticate': 'Basic realm="x"'}), INDEX)
    controller.options['index_url'] = controller.web.url.replace('://', '://user:secret@') + '/dl/'
    message = error_of(controller.resolve, '1.26.7').msg
    assert f'{controller.web.url}/dl/' in message
    assert 'secret' not in message


# ---- once a run, and from the cache


def test_a_second_host_of_a_run_makes_no_request(controller: Controller) -> None:
    controller.options['index_max_age'] = 0
    first = controller.resolve('latest')
    controller.web.serve('/dl/', index('1.99.9'))
    assert (controller.resolve('latest'), controller.web.paths) == (first, ['/dl/'])


def test_hosts_that_ask_at_once_make_one_request(controller: Controller) -> None:
    controller.options['index_max_age'] = 0

    def ask(child: Child) -> list[str]:
        child.wait_for_word()
        return versions(controller.resolve('latest'))

    children = [Child(ask) for _each in range(4)]
    for child in children:
        child.tell()
    assert [child.result() for child in children] == [['1.26.6']] * 4
    assert controller.web.paths == ['/dl/']


def test_a_second_host_of_a_run_gets_the_same_error_without_a_request(controller: Controller) -> None:
    controller.web.serve('/dl/', Answer(status=503))
    first = error_of(controller.resolve, 'latest')
    controller.web.serve('/dl/', INDEX)
    second = error_of(controller.resolve, 'latest')
    assert (second.as_result(), controller.web.paths) == (first.as_result(), ['/dl/'])


def test_the_next_run_asks_again_after_an_error(controller: Controller) -> None:
    controller.web.serve('/dl/', Answer(status=503))
    error_of(controller.resolve, 'latest')
    controller.web.serve('/dl/', INDEX)
    assert versions(controller.resolve_later('latest')) == ['1.26.6']


def test_tasks_that_ask_differently_are_answered_apart(controller: Controller) -> None:
    assert versions(controller.resolve('latest')) == ['1.26.6']
    controller.options['checksums'] = {'go1.26.6.linux-amd64.tar.gz': HEX}
    assert kinds(controller.resolve('latest').records[0]) == {'sha256': ['pinned']}


def test_the_next_run_uses_the_index_while_it_is_young(controller: Controller) -> None:
    controller.resolve('latest')
    controller.resolve_later('latest')
    assert controller.web.paths == ['/dl/']


@pytest.mark.parametrize('shift', [3601, -100])
def test_an_index_that_is_old_or_of_the_future_is_fetched_again(controller: Controller, monkeypatch: pytest.MonkeyPatch, shift: int) -> None:
    controller.resolve('latest')
    controller.web.serve('/dl/', index('1.26.7'))
    now = time.time()
    monkeypatch.setattr(time, 'time', lambda: now + shift)
    assert versions(controller.resolve_later('latest')) == ['1.26.7']


def test_an_age_of_zero_asks_in_each_run(controller: Controller) -> None:
    controller.options['index_max_age'] = 0
    controller.resolve('latest')
    controller.resolve_later('latest')
    assert controller.web.paths == ['/dl/', '/dl/']


def test_a_known_release_needs_no_fresh_index(controller: Controller) -> None:
    controller.resolve('latest')
    controller.options['index_max_age'] = 0
    assert versions(controller.resolve_later('1.26.5')) == ['1.26.5']
    assert controller.web.paths == ['/dl/']


def test_a_release_that_the_old_index_lacks_is_looked_for_in_the_new_one(controller: Controller) -> None:
    controller.resolve('latest')
    controller.web.serve('/dl/', index('1.26.7'))
    controller.options['index_max_age'] = 0
    assert versions(controller.resolve_later('1.26.7')) == ['1.26.7']


def test_indexes_of_two_addresses_are_apart(controller: Controller) -> None:
    controller.resolve('latest')
    controller.options['index_url'] = controller.web.serve('/other/', index('1.99.9'))
    assert versions(controller.resolve_later('latest')) == ['1.99.9']


@pytest.mark.parametrize('content', ['{', '7', '[]', '{"fetched": 0}', '{"fetched": 9e99, "value": [{"version": "1.26.6", "later": true}]}'])
def test_a_cache_that_this_version_did_not_write_is_no_obstacle(controller: Controller, content: str) -> None:
    controller.resolve('latest')
    for path in (controller.root / 'cache' / 'values').iterdir():
        path.write_text(content, encoding='utf-8')
    assert versions(controller.resolve_later('1.26.5')) == ['1.26.5']


# ---- pinned and given


def test_a_pinned_version_needs_no_network(controller: Controller) -> None:
    controller.options['checksums'] = {'go1.26.6.linux-amd64.tar.gz': f'sha256:{HEX}'}
    record = controller.resolve('1.26.6').records[0]
    assert (record.archives['amd64']['sha256'], kinds(record), controller.web.paths) == (HEX, {'sha256': ['pinned']}, [])


def test_a_pin_counts_more_than_the_index(controller: Controller) -> None:
    controller.options['checksums'] = {'go1.26.6.linux-amd64.tar.gz': HEX}
    record = controller.resolve('1.26').records[0]
    assert (list(record.archives), said(record)) == (['amd64'], {'filename': 'go1.26.6.linux-amd64.tar.gz', 'sha256': HEX})


def test_a_pin_of_another_version_does_not_matter(controller: Controller) -> None:
    controller.options['checksums'] = {'go1.25.9.linux-amd64.tar.gz': HEX}
    assert kinds(controller.resolve('latest').records[0]) == {'sha256': ['index']}


def test_an_invalid_pin_is_reported_to_every_host(controller: Controller) -> None:
    controller.options['checksums'] = {'go1.26.6.linux-amd64.tar.gz': 'x'}
    assert [error_of(controller.resolve, '1.26.6').code for _each in range(2)] == ['invalid_checksum'] * 2


GIVEN = {
    'version': '1.26.6', 'archives': {'amd64': {
        'filename': 'go1.26.6.linux-amd64.tar.gz', 'sha256': HEX, 'h1': 'h1:x', 'vouched': {'sha256': {'index': 'then'}, 'h1': {'log': 'then'}}}},
}  # fmt: skip


@pytest.mark.parametrize('asked', ['1.26.6', '1.26', 'latest'])
def test_given_records_are_used_and_nothing_else(controller: Controller, asked: str) -> None:
    controller.options['given'] = [GIVEN, {'version': '1.25.9'}]
    record, = controller.resolve(asked).records
    assert (record.version, said(record)['h1']) == ('1.26.6', 'h1:x')
    assert controller.web.paths == []


def test_a_given_record_counts_as_pinned_with_any_claimed_kind(controller: Controller) -> None:
    claims = dict.fromkeys(('log', 'signature', 'index'), 'then')
    forged = {**GIVEN['archives']['amd64'], 'vouched': {'sha256': claims, 'h1': claims}, 'exhausted': True}
    controller.options['given'] = [{'version': '1.26.6', 'archives': {'amd64': forged}}]
    record = controller.resolve('1.26.6').records[0]
    assert (kinds(record), 'exhausted' in record.archives['amd64']) == ({'sha256': ['pinned'], 'h1': ['pinned']}, False)


def test_what_was_not_given_is_unknown(controller: Controller) -> None:
    controller.options['given'] = [GIVEN]
    error = error_of(controller.resolve, '1.25')
    assert (error.code, error.evidence['nearest']) == ('unknown_version', ['1.26.6'])


def test_records_of_an_earlier_run_can_be_given_back(controller: Controller) -> None:
    first = controller.resolve('latest', '1.25')
    controller.options['given'] = [record.as_option() for record in first.records]
    again = controller.resolve_later('latest', '1.25').records
    assert [(record.version, said(record)) for record in again] == [(record.version, said(record)) for record in first.records]


@pytest.mark.parametrize('archive', [
    None, 'x', {}, {'filename': 'go1.26.6.linux-amd64.tar.gz'}, {'h1': 'x'}, {'h1': 7},
    # A name is joined to folders of the controller and of hosts, and to addresses.
    {'filename': '../../x', 'sha256': HEX}, {'filename': '/etc/x', 'sha256': HEX}, {'filename': '', 'sha256': HEX}, {'filename': 7, 'sha256': HEX},
    {'filename': 'go1.26.6.linux-amd64.tar.gz', 'sha256': 'x'}, {'filename': 'go1.26.6.linux-amd64.tar.gz', 'sha256': 7},
])  # fmt: skip
def test_a_given_file_that_is_not_an_archive_is_refused(controller: Controller, archive: Any) -> None:
    controller.options['given'] = [{'version': '1.26.6', 'archives': {'amd64': archive}}]
    assert error_of(controller.resolve, '1.26.6').code == 'invalid_release'


@pytest.mark.parametrize('digest', [HEX.upper(), f'sha256:{HEX}'])
def test_the_digest_of_a_given_archive_may_be_written_as_in_a_pin(controller: Controller, digest: str) -> None:
    controller.options['given'] = [{'version': '1.26.6', 'archives': {'amd64': {'filename': 'go1.26.6.linux-amd64.tar.gz', 'sha256': digest}}}]
    assert controller.resolve('1.26.6').records[0].archives['amd64']['sha256'] == HEX


# ---- when the index cannot be reached


def test_a_line_cannot_be_resolved_without_the_index(controller: Controller) -> None:
    controller.lose_index()
    error = error_of(controller.resolve, '1.26')
    assert (error.code, error.evidence['url']) == ('index_unreachable', f'http://{NOWHERE}/dl/')
    assert 'refused' in error.msg
    assert 'checksums' in error.msg


def test_an_exact_version_is_excused_for_hosts_that_have_it(controller: Controller) -> None:
    controller.lose_index()
    resolution = controller.resolve('1.26.6')
    assert (versions(resolution), resolution.records[0].archives) == (['1.26.6'], {})
    assert resolution.excuses['1.26.6']['code'] == 'index_unreachable'


def test_a_host_without_the_release_gets_the_excuse_as_its_error(controller: Controller) -> None:
    controller.lose_index()
    error = error_of(controller.complete, controller.resolve('1.26.6'), '1.26.6', 'amd64')
    assert error.code == 'index_unreachable'


@pytest.mark.parametrize('body', [b'{}', b'<html>', b'[{}]'])
def test_an_invalid_index_does_not_count_as_unreachable(controller: Controller, body: bytes) -> None:
    controller.web.serve('/dl/', body)
    assert error_of(controller.resolve, '1.26').code == 'bad_index'


@pytest.mark.parametrize('body', [
    b'{}', b'[' * 100000, b'[{"version": "go1.26.6", "files": [{"size": Infinity}]}]', INDEX.replace(b'"size": ', b'"size": 1e999'),
])  # fmt: skip
def test_an_index_that_lies_is_passed_over_where_the_log_is_a_source(controller: Controller, body: bytes) -> None:
    controller.web.serve('/dl/', body)
    controller.use_proxy(log_of(*BOTH), *LISTED)
    resolution = controller.resolve('1.26')
    assert versions(resolution) == ['1.26.6']
    assert 'does not answer with a release index' in resolution.warnings[0]


def test_a_web_page_instead_of_the_index_is_reported(controller: Controller) -> None:
    controller.web.serve('/dl/', Answer(b'<html>', kind='text/html'))
    error = error_of(controller.resolve, '1.26')
    assert error.code == 'index_unreachable'
    assert 'web page' in error.msg


def test_credentials_of_the_index_are_not_shown(controller: Controller) -> None:
    controller.options['index_url'] = f'http://user:secret@{NOWHERE}/dl/'
    assert 'secret' not in str(error_of(controller.resolve, '1.26').as_result())


def test_an_address_without_a_scheme_is_reported_without_a_crash(controller: Controller) -> None:
    controller.options['index_url'] = 'go.dev/dl/?mode=json'
    assert error_of(controller.resolve, '1.26').code == 'index_unreachable'


# ---- by way of module proxies and the log


BOTH = [('1.26.6', 'amd64'), ('1.26.6', 'arm64')]
LISTED = ['v0.0.1-go1.26.6.linux-amd64', 'v0.0.1-go1.26.6.linux-arm64', 'v0.0.1-go1.25.9.linux-amd64', 'v0.0.1-go1.27rc1.linux-amd64',
          'v0.0.1-go1.26.7.windows-amd64']  # fmt: skip


@pytest.mark.parametrize('asked', ['latest', '1.26', '1.26.6'])
def test_module_proxies_and_the_log_help_out(controller: Controller, asked: str) -> None:
    controller.lose_index()
    controller.use_proxy(log_of(*BOTH), *LISTED)
    resolution = controller.resolve(asked)
    record = resolution.records[0]
    assert (record.version, said(record)) == ('1.26.6', {'h1': 'h1:1.26.6-amd64'})
    assert h1s(record) == {'amd64': 'h1:1.26.6-amd64', 'arm64': 'h1:1.26.6-arm64'}
    assert kinds(record) == {'h1': ['log']}
    assert [NOWHERE in warning for warning in resolution.warnings] == [True]


def test_the_list_of_module_proxies_is_cached(controller: Controller) -> None:
    controller.lose_index()
    controller.use_proxy(log_of(*BOTH), *LISTED)
    controller.resolve('latest')
    asked = len(controller.web.requests)
    controller.resolve_later('latest')
    assert len(controller.web.requests) == asked


def test_names_that_go_never_gave_are_passed_over_in_a_list(controller: Controller) -> None:
    # A company's own builds may stand beside Go's (go.dev/doc/toolchain: go1.26.6-bigcorp).
    controller.lose_index()
    controller.use_proxy(log_of(*BOTH), *LISTED, 'v0.0.1-go1.26.9-bigcorp.linux-amd64', 'v0.0.1-tip.linux-amd64')
    assert versions(controller.resolve('latest')) == ['1.26.6']


def test_a_second_proxy_is_queried_if_the_first_fails(controller: Controller) -> None:
    controller.lose_index()
    controller.use_proxy(log_of(*BOTH), *LISTED)
    controller.options['goproxy'] = [f'http://{NOWHERE}', *controller.options['goproxy']]
    assert versions(controller.resolve('latest')) == ['1.26.6']


def test_when_neither_index_nor_proxy_can_be_read_all_failures_are_reported(controller: Controller) -> None:
    controller.lose_index()
    controller.options['goproxy'] = [f'http://user:secret@{NOWHERE}/one', f'http://{NOWHERE}/two']
    error = error_of(controller.resolve, 'latest')
    assert error.code == 'index_unreachable'
    for path in ('dl/', 'one/golang.org/toolchain/@v/list', 'two/golang.org/toolchain/@v/list'):
        assert f'http://{NOWHERE}/{path}' in error.msg
    assert 'secret' not in error.msg


def test_with_an_index_the_log_is_asked_too_so_that_proxies_can_be_used(controller: Controller) -> None:
    controller.use_proxy(log_of(*BOTH))
    record = controller.resolve('1.26').records[0]
    assert (sorted(record.archives), h1s(record)['amd64']) == (['amd64', 'arm64'], 'h1:1.26.6-amd64')
    assert kinds(record) == {'sha256': ['index'], 'h1': ['log']}


def test_a_log_that_is_off_is_not_queried(controller: Controller) -> None:
    controller.use_proxy(log_of(*BOTH))
    controller.options['gosumdb'] = 'off'
    assert (h1s(controller.resolve('1.26').records[0]), controller.web.paths) == ({}, ['/dl/'])


def test_without_a_module_proxy_the_log_is_queried_at_its_own_address(controller: Controller) -> None:
    log = log_of(*BOTH)
    controller.use_proxy(log)
    controller.options.update(goproxy=[], gosumdb=f'{log.key} {controller.web.url}/proxy/sumdb/{log.name}')
    assert h1s(controller.resolve('1.26').records[0]) == {'amd64': 'h1:1.26.6-amd64', 'arm64': 'h1:1.26.6-arm64'}


def test_the_log_is_not_queried_for_releases_older_than_modules(controller: Controller) -> None:
    controller.use_proxy(log_of(*BOTH))
    controller.resolve('1.20.14')
    assert controller.web.paths == ['/dl/']


def test_a_log_out_of_reach_takes_only_the_proxies_out_of_the_choice(controller: Controller) -> None:
    controller.options.update(goproxy=[f'http://{NOWHERE}/proxy'], gosumdb=log_of(*BOTH).key)
    record = controller.resolve('1.26').records[0]
    assert (record.version, h1s(record), kinds(record)) == ('1.26.6', {}, {'sha256': ['index']})


def test_an_architecture_that_the_log_lacks_is_left_out(controller: Controller) -> None:
    controller.use_proxy(log_of(('1.26.6', 'amd64')))
    assert h1s(controller.resolve('1.26').records[0]) == {'amd64': 'h1:1.26.6-amd64'}


def test_a_log_that_lies_stops_everything(controller: Controller) -> None:
    log = log_of(*BOTH)
    controller.use_proxy(log)
    forged = log.lookup(module('1.26.6', 'amd64')).replace(b'h1:1.26.6-amd64', b'h1:evil')
    controller.web.serve(f'/proxy/sumdb/{log.name}/lookup/{module("1.26.6", "amd64")}', forged)
    assert error_of(controller.resolve, '1.26').code == 'log_not_included'


def test_a_log_under_another_key_stops_everything(controller: Controller) -> None:
    controller.use_proxy(log_of(*BOTH))
    controller.options['gosumdb'] = log_of(*BOTH).key
    assert error_of(controller.resolve, '1.26').code == 'log_signature'


def test_an_answer_of_the_log_is_not_requested_again(controller: Controller) -> None:
    controller.use_proxy(log_of(*BOTH))
    controller.resolve('1.26')
    asked = len(controller.web.requests)
    controller.resolve_later('1.26')
    assert len(controller.web.requests) == asked


def test_a_log_that_gave_a_false_answer_is_queried_again(controller: Controller) -> None:
    log = log_of(*BOTH)
    controller.use_proxy(log)
    lookup = f'/proxy/sumdb/{log.name}/lookup/{module("1.26.6", "amd64")}'
    controller.web.serve(lookup, b'7\nlies\n\nlies\n')
    error_of(controller.resolve, '1.26')
    controller.web.serve(lookup, log.lookup(module('1.26.6', 'amd64')))
    assert h1s(controller.resolve_later('1.26').records[0])['amd64'] == 'h1:1.26.6-amd64'


def test_logs_of_two_keys_are_apart(controller: Controller) -> None:
    controller.use_proxy(log_of(*BOTH))
    controller.resolve('1.26')
    controller.options['gosumdb'] = log_of(*BOTH).key
    assert error_of(controller.resolve_later, '1.26').code == 'log_signature'


@pytest.mark.parametrize('version', ['1.26.6', '1.20.14'])
def test_an_exact_version_is_excused_whichever_way_is_closed(controller: Controller, version: str) -> None:
    controller.lose_index()
    controller.options.update(goproxy=[f'http://{NOWHERE}/proxy'], gosumdb=log_of(*BOTH).key)
    resolution = controller.resolve(version)
    assert (versions(resolution), list(resolution.excuses)) == ([version], [version])


def test_what_is_older_than_modules_is_excused_by_the_index_alone(controller: Controller) -> None:
    controller.lose_index()
    controller.use_proxy(log_of(*BOTH), *LISTED)
    assert controller.resolve('1.20.14').excuses['1.20.14']['code'] == 'index_unreachable'


# ---- what a host asks for afterwards


def test_the_log_completes_an_architecture_that_is_not_usual(controller: Controller) -> None:
    controller.use_proxy(log_of(*BOTH, ('1.26.6', 's390x')))
    resolution = controller.complete(controller.resolve('1.26'), '1.26.6', 's390x')
    assert h1s(resolution.records[0])['s390x'] == 'h1:1.26.6-s390x'
    assert kinds(resolution.records[0], 's390x') == {'h1': ['log']}


def test_an_unknown_architecture_is_reported_with_the_known_ones(controller: Controller) -> None:
    error = error_of(controller.complete, controller.resolve('1.26'), '1.26.6', 'riscv64')
    assert (error.code, error.evidence['known']) == ('no_archive_for_architecture', ['amd64', 'arm64'])
    assert 'amd64, arm64' in error.msg


def test_a_pin_for_one_architecture_says_nothing_of_others(controller: Controller) -> None:
    controller.options['checksums'] = {'go1.26.6.linux-amd64.tar.gz': HEX}
    error = error_of(controller.complete, controller.resolve('1.26.6'), '1.26.6', 'arm64')
    assert (error.code, error.evidence['known']) == ('no_archive_for_architecture', ['amd64'])


def test_a_pinned_version_of_another_architecture_is_completed_by_the_log(controller: Controller) -> None:
    controller.options['checksums'] = {'go1.26.6.linux-amd64.tar.gz': HEX}
    controller.use_proxy(log_of(*BOTH))
    assert h1s(controller.complete(controller.resolve('1.26.6'), '1.26.6', 'arm64').records[0]) == {'arm64': 'h1:1.26.6-arm64'}


def test_an_architecture_that_the_log_does_not_know_is_reported(controller: Controller) -> None:
    controller.use_proxy(log_of(*BOTH))
    error = error_of(controller.complete, controller.resolve('1.26'), '1.26.6', 'riscv64')
    assert error.code == 'not_in_log'
    assert module('1.26.6', 'riscv64') in error.msg


def test_what_is_completed_for_one_host_is_not_another_run_s_memory(controller: Controller) -> None:
    controller.use_proxy(log_of(*BOTH, ('1.26.6', 's390x')))
    controller.complete(controller.resolve('1.26'), '1.26.6', 's390x')
    assert sorted(h1s(controller.resolve('1.26').records[0])) == ['amd64', 'arm64']


def test_the_cache_of_a_run_lies_in_the_folder_of_the_run(tmp_path: Path) -> None:
    cache = resolver.run_cache(str(tmp_path))
    cache.write('key', 'value')
    assert [path.name for path in tmp_path.iterdir()] == ['gofleet']


def test_the_index_may_hold_more_than_a_controller_needs(controller: Controller) -> None:
    odd = release('1.26.4', file('1.26.4', 'linux-amd64'), file('1.26.4', 'windows-amd64', 'installer'))
    controller.web.serve('/dl/', index('1.26.5', odd))
    assert versions(controller.resolve('1.26.4')) == ['1.26.4']


# ---- more proof than there is


def test_with_the_default_trust_a_usual_host_need_not_ask_for_more(controller: Controller) -> None:
    assert controller.resolve('1.26').records[0].archives['amd64']['exhausted'] is True


def test_with_an_explicit_trust_a_host_requests_more_proof(controller: Controller) -> None:
    controller.options['trust'] = Policy(('log',), False)
    assert 'exhausted' not in controller.resolve('1.26').records[0].archives['amd64']


def test_a_log_out_of_reach_is_a_doubt_about_each_usual_architecture(controller: Controller) -> None:
    controller.options.update(goproxy=[f'http://{NOWHERE}/proxy'], gosumdb=log_of(*BOTH).key)
    doubts = controller.resolve('1.26').doubts['1.26.6']
    assert {goarch: reason.startswith('The transparency log 127.0.0.1:1 cannot be asked') for goarch, reason in doubts.items()} == {
        'amd64': True, 'arm64': True}  # fmt: skip


def test_a_lookup_that_fails_for_one_architecture_is_no_doubt_about_another(controller: Controller) -> None:
    controller.use_proxy(log_of(('1.26.6', 'amd64')))
    assert list(controller.resolve('1.26').doubts['1.26.6']) == ['arm64']


def test_a_host_of_another_architecture_learns_why_the_log_does_not_vouch_for_its_own(controller: Controller) -> None:
    controller.web.serve('/dl/', index(release('1.26.6', file('1.26.6', 'linux-amd64'), file('1.26.6', 'linux-s390x'))))
    controller.use_proxy(log_of(*BOTH))
    completed = controller.complete(controller.resolve('1.26'), '1.26.6', 's390x', 'proof')
    assert (completed.record('1.26.6').kinds('s390x'), list(completed.doubts['1.26.6'])) == ({'index'}, ['s390x'])


@pytest.mark.parametrize('asked', ['1.26', '1.20.14'])
def test_without_a_log_there_are_no_doubts(controller: Controller, asked: str) -> None:
    assert controller.resolve(asked).doubts == {}


def test_an_unreachable_log_is_not_queried_in_every_run(controller: Controller) -> None:
    controller.options.update(goproxy=[f'{controller.web.url}/proxy'], gosumdb=log_of(*BOTH).key)
    controller.web.serve(f'/proxy/sumdb/{NOWHERE}/lookup/{module("1.26.6", "amd64")}', Answer(status=503))
    controller.resolve('1.26')
    asked = len(controller.web.requests)
    assert controller.resolve_later('1.26').doubts != {}
    assert len(controller.web.requests) == asked
    controller.options['index_max_age'] = 0
    controller.resolve_later('1.26')
    assert len(controller.web.requests) > asked


def test_a_log_that_was_named_vouches_for_a_pinned_archive_too(controller: Controller) -> None:
    controller.options.update(checksums={'go1.26.6.linux-amd64.tar.gz': HEX}, trust=Policy(('pinned', 'log'), True))
    controller.use_proxy(log_of(*BOTH))
    record = controller.complete(controller.resolve('1.26.6'), '1.26.6', 'amd64', 'proof').records[0]
    assert kinds(record) == {'sha256': ['pinned'], 'h1': ['log']}


def test_less_than_was_named_is_refused_with_the_reason(controller: Controller) -> None:
    controller.options['trust'] = Policy(('log',), False)
    error = error_of(controller.complete, controller.resolve('1.26'), '1.26.6', 'amd64', 'proof')
    assert (error.code, error.evidence['found']) == ('untrusted', ['index'])
    assert 'log has to vouch for Go 1.26.6 for linux-amd64; index does. The transparency log knows nothing of Go 1.26.6 (gosumdb: off' in error.msg


def test_a_given_h1_that_the_log_contradicts_is_refused(controller: Controller) -> None:
    controller.options.update(given=[{'version': '1.26.6', 'archives': {'amd64': {'h1': 'h1:evil'}}}], trust=Policy(('log',), False))
    controller.use_proxy(log_of(*BOTH))
    assert error_of(controller.complete, controller.resolve('1.26.6'), '1.26.6', 'amd64', 'proof').code == 'h1_mismatch'


def test_an_architecture_that_index_and_log_both_lack_is_not_requested_in_every_run(controller: Controller) -> None:
    controller.web.serve('/dl/', index(release('1.26.6', file('1.26.6', 'linux-amd64'))))
    controller.use_proxy(log_of(('1.26.6', 'amd64')))
    controller.resolve('1.26')
    asked = len(controller.web.requests)
    controller.resolve_later('1.26')
    assert len(controller.web.requests) == asked
