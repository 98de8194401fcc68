# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What go_toolchain costs: each command, copy and request of the life of one host, counted by a callback and the mirror.

One run of ansible-playbook serves all tests. What a user sees of it is in test_go_toolchain_plays.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._host import architecture as host
from support.mirror.log import Request
from support.mirror.server import Mirror
from support.mirror.tree import ChecksumDatabase
from support.toolchains.tiny import Shape, tiny
from support.units.playbook_runs import Outcome, Site

GOARCH = host.goarch()
# The index's name for it.
ARCH = {'arm': 'armv6l'}.get(GOARCH, GOARCH)


@pytest.fixture(scope='module')
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mirror]:
    folder = tmp_path_factory.mktemp('archives')
    archives = [tiny(folder, version, ARCH, Shape(program='script')) for version in ('1.30.1', '1.30.2', '1.31.0')]
    with Mirror(archives, database=ChecksumDatabase(folder, upstream=lambda: 'http://127.0.0.1:9')) as running:
        yield running


@pytest.fixture(scope='module')
def life(mirror: Mirror, tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(tmp_path_factory.mktemp('life'))
    site.run(
        {'name': 'promised', 'version': '1.30', 'keywords': {'check_mode': True}},
        {'name': 'fresh', 'version': '1.30'},
        {'name': 'unchanged', 'version': '1.30'},
        {'name': 'unchanged in check mode', 'version': '1.30', 'keywords': {'check_mode': True}},
        {'name': 'unchanged and content with the index', 'version': '1.30', 'trust': ['index']},
        # As an unquoted off comes out of YAML.
        {'name': 'unchanged without an index', 'version': '1.30.2', 'gosumdb': False, 'index_url': False},
        {'name': 'more as one text', 'version': '1.30', 'also': '1.31, 1.30.1', 'keywords': {'check_mode': True}},
        {'name': 'a number of a lost zero', 'version': 1.20, 'state': 'absent'},
        {'name': 'pushed', 'version': 'latest', 'also': ['1.30.1'], 'prune': True, 'transfer': 'push'},
        {'name': 'one gone', 'version': '1.30.1', 'state': 'absent'},
        {'name': 'gone', 'state': 'absent'},
        {'name': 'still gone', 'state': 'absent'},
        gosumdb='off',
        index_url=f'{mirror.url}/dl/?mode=json&include=all',
        mirrors=[f'{mirror.url}/plain'],
    )
    return site


def requests_during(mirror: Mirror, outcome: Outcome) -> list[Request]:
    return [request for request in mirror.requests() if outcome.began <= request.time <= outcome.ended]


def test_the_index_is_fetched_once_for_all_tasks_of_a_run(life: Site, mirror: Mirror) -> None:
    assert life('gone')['changed'] is True
    assert [request.path for request in mirror.requests()].count('/dl/') == 1


def test_check_mode_takes_a_probe_and_a_call_and_fetches_no_archive(life: Site, mirror: Mirror) -> None:
    assert life('promised').round_trips == {'exec_command': 2}
    assert [request.path for request in requests_during(mirror, life('promised'))] == ['/dl/']


def test_check_mode_promises_what_the_run_does(life: Site) -> None:
    for key in ('changed', 'version', 'installed', 'plan', 'pruned', 'goarch', 'releases'):
        assert life('promised')[key] == life('fresh')[key]


def test_a_fresh_pull_takes_a_probe_a_call_and_a_download(life: Site, mirror: Mirror) -> None:
    fresh = life('fresh')
    assert (fresh.round_trips, fresh['transfer'], fresh['installed']) == ({'exec_command': 2}, 'pull', ['1.30.2'])
    downloads = requests_during(mirror, fresh)
    assert [request.path for request in downloads] == [f'/plain/go1.30.2.linux-{ARCH}.tar.gz']
    assert fresh['bytes_fetched'] == downloads[0].sent


@pytest.mark.parametrize('task', ['unchanged', 'unchanged in check mode', 'unchanged and content with the index', 'unchanged without an index'])
def test_an_unchanged_host_takes_a_probe_alone_and_no_request(life: Site, mirror: Mirror, task: str) -> None:
    outcome = life(task)
    assert (outcome['changed'], outcome['plan'], outcome['transfer'], outcome['bytes_fetched']) == (False, [], 'none', 0)
    assert (outcome.round_trips, requests_during(mirror, outcome)) == ({'exec_command': 1}, [])


@pytest.mark.parametrize('task', ['promised', 'fresh', 'unchanged', 'unchanged in check mode', 'unchanged without an index'])
def test_every_run_warns_of_a_tree_in_use_that_the_index_alone_vouches_for(life: Site, task: str) -> None:
    (warning,) = life(task)['warnings']
    assert warning.startswith(f'Go 1.30.2 for linux-{GOARCH} is vouched for by the release index alone: gosumdb is off')


def test_a_trust_that_names_the_index_ends_the_warning(life: Site) -> None:
    assert life('unchanged and content with the index').result.get('warnings', []) == []


def test_releases_to_keep_may_be_one_text_with_commas(life: Site) -> None:
    assert sorted(life('more as one text')['installed']) == ['1.30.1', '1.31.0']


def test_a_number_that_lost_its_zero_is_not_removed_in_silence(life: Site) -> None:
    refused = life('a number of a lost zero')
    assert (refused.code, 'write "1.20" in quotes' in refused['msg'], refused.round_trips) == ('invalid_version', True, {})


def test_a_push_of_two_archives_takes_a_probe_a_call_two_copies_and_a_call(life: Site) -> None:
    pushed = life('pushed')
    assert (pushed['transfer'], pushed['bytes_fetched'], sorted(pushed['installed'])) == ('push', 0, ['1.30.1', '1.31.0'])
    assert pushed.round_trips == {'exec_command': 3, 'put_file': 2}


def test_a_push_tells_all_that_its_calls_did(life: Site) -> None:
    pushed = life('pushed')
    assert pushed['pruned'] == ['1.30.2']
    assert (pushed['diff']['before']['toolchains'], pushed['diff']['after']['toolchains']) == (['go1.30.2'], ['go1.30.1', 'go1.31.0'])


@pytest.mark.parametrize(('task', 'trips'), [('one gone', 2), ('gone', 2), ('still gone', 1)])
def test_a_removal_takes_a_probe_and_a_call_if_there_is_something_and_no_request(life: Site, mirror: Mirror, task: str, trips: int) -> None:
    assert (life(task).round_trips, requests_during(mirror, life(task))) == ({'exec_command': trips}, [])


def test_a_second_removal_changes_nothing(life: Site) -> None:
    assert (life('gone')['changed'], life('gone')['toolchains'], life('still gone')['changed']) == (True, [], False)


def test_internal_keys_between_controller_and_host_are_not_returned(life: Site) -> None:
    assert [task for task, _host in life.outcomes if 'needs' in life(task).result] == []


def test_what_ran_is_this_checkout(life: Site) -> None:
    collection = life.root / 'collections' / 'ansible_collections' / 'gofleet' / 'golang'
    assert collection.resolve() == Path(__file__).resolve().parents[4]
