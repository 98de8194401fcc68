# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import json
import os
import stat
import threading

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._files import locks, transaction
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import report
from support.units import forked, tiny_trees
from support.units.tiny_host import names_of, on_host
from support.units.web_server import Answer

pytestmark = pytest.mark.usefixtures('no_disk')


# ---- from a bare host on


def test_a_bare_host_gets_a_whole_toolchain(host, releases):
    result = host.have('1.30.1')
    assert (result['changed'], result['installed'], result['needs']) == (True, ['1.30.1'], [])
    assert host.tree('go1.30.1') == releases['1.30.1'].tree
    assert os.path.realpath(host.paths.program('go')) == os.path.join(host.paths.tree('go1.30.1'), 'bin', 'go')
    assert os.path.realpath(host.paths.link) == host.paths.tree('go1.30.1')


def test_nothing_of_the_work_is_left(host):
    host.have('1.30.1')
    assert sorted(os.listdir(host.paths.meta)) == ['lock', 'manifests', 'stage']
    assert os.listdir(host.paths.stage) == []
    assert sorted(os.listdir(host.paths.prefix)) == ['.gofleet', 'go1.30.1']
    assert sorted(os.listdir(host.paths.bin_dir)) == ['go', 'gofmt']


def test_a_converged_host_is_neither_locked_nor_written_to(host):
    host.have('1.30.1')
    before = host.everything()
    host.offer(files={})
    with locks.lock(host.paths.lock, 1):
        result = host.have('1.30.1')
    assert (result['changed'], result['plan'], result['installed'], host.everything()) == (False, [], [], before)


def test_check_mode_tells_the_plan_and_writes_nothing(host):
    result = host.have('1.30.1', check_mode=True)
    assert (result['changed'], result['installed'], len(result['plan'])) == (True, ['1.30.1'], 4)
    assert host.everything() == {}


def test_check_mode_tells_what_is_missing(host):
    host.records = {}
    assert host.have('1.30.1', check_mode=True)['needs'] == [{'kind': 'record', 'version': '1.30.1', 'goarch': 'amd64'}]


def test_the_result_has_the_steps_one_a_line(host):
    assert host.have('1.30.1')['plan'] == [
        'install go1.30.1 1.30.1', 'link %s %s' % (host.paths.link, host.paths.tree('go1.30.1')),
        'program %s %s' % (host.paths.program('go'), host.paths.program_target('go')),
        'program %s %s' % (host.paths.program('gofmt'), host.paths.program_target('gofmt'))]


def test_a_toolchain_is_for_everybody(host):
    previous = os.umask(0o022)
    try:
        host.have('1.30.1')
    finally:
        os.umask(previous)
    modes = [stat.S_IMODE(os.stat(path).st_mode) for path in (host.paths.prefix, host.paths.tree('go1.30.1'), host.paths.bin_dir, host.paths.meta)]
    assert modes == [0o755] * 4


def test_the_manifest_says_what_proved_the_tree_and_where_it_came_from(host, releases):
    host.have('1.30.1')
    found = host.seen().trees['go1.30.1']
    release = releases['1.30.1']
    assert found.proof == [{'kind': 'index', 'sha256': release.sha256, 'vouched_at': tiny_trees.WHEN}]
    assert found.source == {'kind': 'archive', 'origin': release.archive, 'sha256': release.sha256, 'size': len(release.archive_bytes)}


def test_the_manifest_keeps_the_h1_of_every_tree(host, releases):
    host.have('1.30.1')
    with open(os.path.join(host.paths.manifests, 'go1.30.1.json')) as source:
        assert json.load(source)['h1'] == releases['1.30.1'].h1


def test_a_pin_without_a_kind_counts_as_pinned(host):
    host.records['1.30.1'] = host.releases['1.30.1'].record(vouched={})
    host.have('1.30.1')
    assert host.seen().trees['go1.30.1'].proof[0]['kind'] == 'pinned'


# ---- what a plan promises is what an application leaves


def damage(host):
    os.unlink(os.path.join(host.paths.tree('go1.30.1'), 'bin', 'go'))


def leave_garbage(host):
    os.makedirs(os.path.join(host.paths.stage, '10-x', 'go'))
    os.rename(host.paths.tree('go1.29.0'), os.path.join(host.root, 'elsewhere'))
    os.symlink(host.paths.tree('go1.30.2'), host.paths.link + '.gofleet-new')
    open(os.path.join(host.paths.manifests, 'go1.30.2.json.gofleet-new'), 'w').close()


def spoil_manifest(host):
    open(os.path.join(host.paths.manifests, 'go1.30.1.json'), 'w').close()


def put_foreign_things(host):
    os.makedirs(os.path.join(host.paths.link, 'bin'))
    os.makedirs(host.paths.bin_dir)
    os.symlink('/usr/lib/go/bin/go', host.paths.program('go'))
    open(host.paths.program('gofmt'), 'w').close()


def unlink(host):
    os.unlink(host.paths.link)
    os.symlink(host.paths.tree('gone'), host.paths.link)


Scenario = collections.namedtuple('Scenario', 'before wanted')
SCENARIOS = {
    'fresh': Scenario((), ('have', '1.30.1')),
    'fresh with another beside': Scenario((), ('have', '1.30.1', '1.29.0')),
    'nothing to do': Scenario((('have', '1.30.1'),), ('have', '1.30.1')),
    'upgrade': Scenario((('have', '1.30.1'),), ('have', '1.30.2')),
    'upgrade and prune': Scenario((('have', '1.30.1'),), ('have', '1.30.2', {'prune': True})),
    'switch back': Scenario((('have', '1.30.2', '1.30.1'),), ('have', '1.30.1')),
    'another beside': Scenario((('have', '1.30.1'),), ('have', '1.30.1', '1.29.0')),
    'prune': Scenario((('have', '1.30.1', '1.29.0'),), ('have', '1.30.1', {'prune': True})),
    'damaged': Scenario((('have', '1.30.1'), damage), ('have', '1.30.1')),
    'damaged, then another': Scenario((('have', '1.30.1'), damage), ('have', '1.30.2')),
    'damaged, then pruned': Scenario((('have', '1.30.1'), damage), ('have', '1.30.2', {'prune': True})),
    'damaged manifest': Scenario((('have', '1.30.1'), spoil_manifest), ('have', '1.30.1')),
    'foreign things': Scenario((put_foreign_things,), ('have', '1.30.1', {'adopt': True})),
    'dangling link of ours': Scenario((('have', '1.30.1'), unlink), ('have', '1.30.1')),
    'leftovers of a killed run': Scenario((('have', '1.30.1', '1.29.0'), leave_garbage), ('have', '1.30.1')),
    'one gone': Scenario((('have', '1.30.1', '1.29.0'),), ('lose', '1.29.0')),
    'the active one gone': Scenario((('have', '1.30.1', '1.29.0'),), ('lose', '1.30.1')),
    'a line gone': Scenario((('have', '1.29.0', '1.30.1', '1.30.2'),), ('lose', '1.30')),
    'all gone': Scenario((('have', '1.30.1', '1.29.0'),), ('lose',)),
    'all gone, damaged': Scenario((('have', '1.30.1'), damage), ('lose',)),
    'all gone, with leftovers': Scenario((('have', '1.30.1', '1.29.0'), leave_garbage), ('lose',)),
    'all gone, dangling link': Scenario((('have', '1.30.1'), unlink), ('lose',)),
    'nothing to lose': Scenario((), ('lose',)),
}


def act(host, action, **options):
    if callable(action):
        return action(host)
    if isinstance(action[-1], dict):
        options.update(action[-1])
        action = action[:-1]
    return getattr(host, action[0])(*action[1:], **options)


@pytest.fixture(params=sorted(SCENARIOS))
def scenario(request, host):
    for action in SCENARIOS[request.param].before:
        act(host, action)
    return SCENARIOS[request.param].wanted


def test_the_state_after_a_run_is_the_one_in_its_diff(host, scenario):
    reported = act(host, scenario)['diff']['after']
    moved_aside = reported.pop('moved_aside')
    found = report.state_of(host.seen(), host.paths)
    assert dict(found, moved_aside=moved_aside) == dict(reported, moved_aside=moved_aside)
    assert all(os.path.lexists(path) for path in moved_aside)


def test_a_second_run_finds_nothing_to_do(host, scenario):
    act(host, scenario)
    before = host.everything()
    result = act(host, scenario)
    assert (result['changed'], host.everything()) == (False, before)


def test_check_mode_tells_the_same_as_the_run(host, scenario):
    def reported(result):
        # But for the time in the names of what is moved aside.
        plan = [line.split('.before-gofleet-')[0] for line in result['plan']]
        return plan, result['changed'], result['installed'], result['pruned'], result['diff']['before'], len(result['moved_aside'])
    before = host.everything()
    promised = reported(act(host, scenario, check_mode=True))
    assert host.everything() == before
    assert promised == reported(act(host, scenario))


def test_a_folder_that_was_moved_aside_is_complete(host):
    put_foreign_things(host)
    moved = host.have('1.30.1', adopt=True)['moved_aside']
    assert [os.path.basename(path).split('.')[0] for path in moved] == ['go', 'go', 'gofmt']
    assert os.listdir(moved[0]) == ['bin']
    assert os.readlink(moved[1]) == '/usr/lib/go/bin/go'


def test_foreign_things_stop_the_run_before_it_begins(host, error_of):
    put_foreign_things(host)
    before = host.everything()
    assert error_of(host.have, '1.30.1').code == 'occupied'
    assert host.everything() == before


def test_when_all_is_gone_nothing_is_left(host):
    host.have('1.30.1')
    host.lose()
    assert (os.path.lexists(host.paths.prefix), os.listdir(host.paths.bin_dir), os.listdir(os.path.dirname(host.paths.link))) == (False, [], ['bin'])


def test_foreign_files_are_never_removed(host):
    host.have('1.30.1')
    os.mkdir(os.path.join(host.paths.prefix, 'mine'))
    host.lose()
    assert os.listdir(host.paths.prefix) == ['mine']


def test_a_working_toolchain_is_in_place_throughout_a_repair(host, monkeypatch):
    host.have('1.30.1')
    open(os.path.join(host.paths.tree('go1.30.1'), 'VERSION'), 'w').close()
    seen = []
    real = transaction.remove_tree

    def remove(path, stage):
        seen.append(os.path.realpath(host.paths.link))
        real(path, stage)
    monkeypatch.setattr(transaction, 'remove_tree', remove)
    host.have('1.30.1')
    assert seen == [host.paths.tree('go1.30.1-2')]


# ---- what fails leaves the host as it was


def spoilt(releases, folder, content):
    """An archive of 1.30.1 with another content, and the files that offer it."""
    path = os.path.join(str(folder), 'spoilt.tar.gz')
    with open(path, 'wb') as target:
        target.write(content)
    return {releases['1.30.1'].filename: on_host(path)}


def test_an_archive_of_another_digest_is_refused_with_both(host, releases, tmpdir, error_of):
    host.have('1.29.0')
    before = names_of(host)
    host.offer(files=spoilt(releases, tmpdir, b'another'))
    error = error_of(host.have, '1.30.1')
    assert (error.code, error.evidence['wanted']) == ('sha256_mismatch', releases['1.30.1'].sha256)
    assert error.evidence['found'] == tiny_trees.sha256(b'another')
    assert 'index says ' + releases['1.30.1'].sha256 in error.msg
    assert names_of(host) == before


def test_a_failed_first_run_leaves_a_bare_host_bare(host, releases, tmpdir, error_of):
    host.offer(files=spoilt(releases, tmpdir, b'another'))
    error_of(host.have, '1.30.1')
    assert host.everything() == {}


def test_a_failed_run_takes_nothing_of_others_with_it(host, releases, tmpdir, error_of):
    os.makedirs(os.path.join(host.paths.prefix, 'mine'))
    host.offer(files=spoilt(releases, tmpdir, b'another'))
    error_of(host.have, '1.30.1')
    assert os.listdir(host.paths.prefix) == ['mine']


def test_a_failed_run_forgets_no_tree(host, releases, tmpdir, error_of):
    host.have('1.29.0')
    host.offer(files=spoilt(releases, tmpdir, b'another'))
    error_of(host.have, '1.30.1')
    assert host.seen().trees['go1.29.0'].problem is None


def test_a_pipe_for_the_version_of_a_foreign_tree_is_not_waited_for(host, tmpdir):
    tree = tmpdir.mkdir('foreign')
    os.mkfifo(str(tree.join('VERSION')))
    transaction.make_folder(os.path.dirname(host.paths.link))
    os.symlink(str(tree), host.paths.link)
    assert host.seen().link.version is None


def test_of_two_versions_the_good_one_stays_when_the_other_fails(host, releases, error_of):
    archive_path = on_host(releases['1.30.1'].archive)
    host.offer(files={releases['1.30.1'].filename: archive_path, releases['1.29.0'].filename: archive_path})
    error_of(host.have, '1.30.1', '1.29.0')
    assert sorted(host.seen().trees) == ['go1.30.1']
    assert not os.path.lexists(host.paths.link)


def test_of_two_versions_the_one_that_is_here_is_installed_and_nothing_is_linked_yet(host, releases):
    host.offer(files={releases['1.30.1'].filename: on_host(releases['1.30.1'].archive)}, transfer='auto')
    result = host.have('1.30.1', '1.29.0')
    assert (result['installed'], [need['version'] for need in result['needs']], result['changed']) == (['1.30.1'], ['1.29.0'], True)
    assert not os.path.lexists(host.paths.link)


def test_nothing_is_pruned_while_something_is_needed(host):
    host.have('1.29.0')
    host.offer(files={}, transfer='auto')
    result = host.have('1.30.1', prune=True)
    assert (result['pruned'], sorted(host.seen().trees), os.path.realpath(host.paths.link)) == ([], ['go1.29.0'], host.paths.tree('go1.29.0'))


# ---- two runs at once


def test_of_two_runs_at_once_one_waits_and_finds_nothing_to_do(host, releases, web):
    asked, go_on = threading.Event(), threading.Event()

    def slowly(dummy):
        # The first run stays in the middle of its download until the second one waits for the lock.
        asked.set()
        go_on.wait(30)
        return Answer(releases['1.30.1'].archive_bytes)
    web.serve('/dl/' + releases['1.30.1'].filename, slowly)
    host.offer(files={}, mirrors=[web.url + '/dl'])
    first = forked.Child(lambda dummy: host.have('1.30.1')['installed'])
    assert asked.wait(30)
    second = forked.Child(lambda child: (child.say(b's'), host.have('1.30.1'))[1])
    assert second.hears(b's', 30)
    assert not second.hears(b'=', 0.2)
    go_on.set()
    assert first.result() == ['1.30.1']
    result = second.result()
    assert (result['changed'], result['installed'], len(web.requests)) == (False, [], 1)
