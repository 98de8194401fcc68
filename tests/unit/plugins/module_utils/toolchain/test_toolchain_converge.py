# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import errno
import json
import os
import shutil
import stat
import tarfile
import threading

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._archive import tar
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._fetch import connections, download, sources
from ansible_collections.gofleet.golang.plugins.module_utils._files import locks, transaction
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import observe as toolchain
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import trial as checks
from support.units import forked, tiny_trees
from support.units.tiny_host import Host, on_host
from support.units.tiny_trees import member, tar_with
from support.units.web_server import Answer, cut, rest_of

assert tar
assert download

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


def test_a_host_that_is_there_is_neither_locked_nor_written_to(host):
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


def test_a_pin_that_nobody_vouched_for_is_called_pinned(host):
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


def test_the_state_after_a_run_is_the_one_that_was_told(host, scenario):
    told = act(host, scenario)['diff']['after']
    moved_aside = told.pop('moved_aside')
    found = toolchain.state_of(host.seen(), host.paths)
    assert dict(found, moved_aside=moved_aside) == dict(told, moved_aside=moved_aside)
    assert all(os.path.lexists(path) for path in moved_aside)


def test_a_second_run_finds_nothing_to_do(host, scenario):
    act(host, scenario)
    before = host.everything()
    result = act(host, scenario)
    assert (result['changed'], host.everything()) == (False, before)


def test_check_mode_tells_the_same_as_the_run(host, scenario):
    def told(result):
        # But for the time in the names of what is moved aside.
        plan = [line.split('.before-gofleet-')[0] for line in result['plan']]
        return plan, result['changed'], result['installed'], result['pruned'], result['diff']['before'], len(result['moved_aside'])
    before = host.everything()
    promised = told(act(host, scenario, check_mode=True))
    assert host.everything() == before
    assert promised == told(act(host, scenario))


def test_what_was_moved_aside_is_whole(host):
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


def test_what_is_not_ours_outlives_everything(host):
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


def names_of(host):
    """What a user of the host sees: all but the lock and empty folders of ours."""
    return sorted(path for path in host.everything() if not os.path.isdir(path) and not path.endswith('/lock'))


def spoilt(releases, folder, content):
    """An archive of 1.30.1 with another content, and the files that offer it."""
    path = os.path.join(str(folder), 'spoilt.tar.gz')
    with open(path, 'wb') as target:
        target.write(content)
    return {releases['1.30.1'].filename: on_host(path)}


def record_of(release):
    return {release.version: release.record()}


@pytest.fixture
def other(tmpdir):
    """A release of 1.30.1 that is made differently, under the digests of what it is."""
    def other(**changes):
        return tiny_trees.Release(tmpdir.mkdir('other'), '1.30.1', 'amd64', **changes)
    return other


def take(host, release):
    host.records = record_of(release)
    host.offer(files={release.filename: on_host(release.archive)})


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


def test_a_tree_that_the_log_does_not_know_is_refused(host, releases, error_of):
    host.records['1.30.1'] = releases['1.30.1'].record(h1='h1:other')
    error = error_of(host.have, '1.30.1')
    assert (error.code, error.evidence['found'], error.evidence['wanted']) == ('h1_mismatch', releases['1.30.1'].h1, 'h1:other')
    assert names_of(host) == []


@pytest.mark.parametrize(('changes', 'code'), [
    ({'bin__go': tiny_trees.program('1.30.2', 'amd64')}, 'not_the_release'),
    ({'bin__go': tiny_trees.program('1.30.10', 'amd64')}, 'not_the_release'),
    ({'bin__go': tiny_trees.program('1.30.1', 'arm64')}, 'not_the_release'),
    ({'bin__go': b'#!/bin/sh\necho "go version go1.30.1 linux/amd64"\nexit 1\n'}, 'not_the_release'),
    ({'bin__go': b'#!/bin/sh\n'}, 'not_the_release'),
    ({'bin__go': b'\x7fELF of another machine'}, 'not_runnable'),
    ({'bin__go': b'#!/no/such/interpreter\n'}, 'not_runnable'),
])
def test_a_tree_whose_go_says_something_else_is_refused(host, other, error_of, changes, code):
    host.have('1.29.0')
    before = names_of(host)
    take(host, other(**changes))
    error = error_of(host.have, '1.30.1')
    assert error.code == code
    assert 'It was not installed' in error.msg
    assert names_of(host) == before


def test_an_archive_of_something_else_is_refused(host, releases, tmpdir, error_of):
    path = tar_with(tmpdir.join(releases['1.30.1'].filename), [member('other/VERSION', b'1')])
    with open(path, 'rb') as source:
        digest = tiny_trees.sha256(source.read())
    host.records['1.30.1']['archives']['amd64'] = {'filename': releases['1.30.1'].filename, 'sha256': digest}
    host.offer(files={releases['1.30.1'].filename: on_host(path)})
    error = error_of(host.have, '1.30.1')
    assert (error.code, error.evidence) == ('not_a_toolchain', {'member': 'other/VERSION'})


def test_an_archive_with_a_link_that_leads_out_is_refused(host, releases, tmpdir, error_of):
    path = tar_with(tmpdir.join(releases['1.30.1'].filename), [
        member('go/VERSION', b'1'), member('go/link', kind=tarfile.SYMTYPE, target='/etc')])
    with open(path, 'rb') as source:
        digest = tiny_trees.sha256(source.read())
    host.records['1.30.1']['archives']['amd64'] = {'filename': releases['1.30.1'].filename, 'sha256': digest}
    host.offer(files={releases['1.30.1'].filename: on_host(path)})
    assert error_of(host.have, '1.30.1').code == 'archive_unsafe'
    assert names_of(host) == []


def test_an_archive_that_cannot_be_read_is_told(host, releases, error_of):
    host.offer(files={releases['1.30.1'].filename: on_host('/no/such/archive.tar.gz')})
    error = error_of(host.have, '1.30.1')
    assert (error.code, error.evidence) == ('archive_unreadable', {'path': '/no/such/archive.tar.gz'})


@pytest.mark.parametrize('name', ['go1.30.1.linux-amd64.tar.gz', 'v0.0.1-go1.30.1.linux-amd64.zip'])
def test_a_pipe_for_an_archive_is_refused_without_waiting_for_a_writer(host, tmpdir, error_of, name):
    path = str(tmpdir.join(name))
    os.mkfifo(path)
    # The name that its user gave, and one of a folder.
    for files in (lambda: {sources.ANY_NAME: on_host(path)}, lambda: sources.files_at(str(tmpdir), {})):
        host.offer(files=files())
        error = error_of(host.have, '1.30.1')
        assert (error.code, 'named pipe' in error.msg) == ('archive_unreadable', True)
    assert names_of(host) == []


def test_a_device_for_an_archive_is_refused_before_a_byte_is_written(host, releases, error_of):
    host.offer(files={releases['1.30.1'].filename: on_host('/dev/zero')})
    error = error_of(host.have, '1.30.1')
    assert (error.code, 'a device' in error.msg) == ('archive_unreadable', True)


@pytest.mark.parametrize('size', [1000, None])
def test_no_more_of_an_archive_is_copied_than_it_may_have(host, releases, tmpdir, error_of, monkeypatch, size):
    monkeypatch.setattr(sources, 'UNKNOWN_SIZE_LIMIT', 1000)
    entry = {'filename': releases['1.30.1'].filename, 'sha256': '0' * 64}
    host.records['1.30.1']['archives']['amd64'] = dict(entry, size=size) if size else entry
    # Without a block: a disk would be full long before its end.
    with open(str(tmpdir.join('large')), 'wb') as target:
        target.truncate(1 << 40)
    host.offer(files={releases['1.30.1'].filename: on_host(str(tmpdir.join('large')))})
    assert error_of(host.have, '1.30.1').code == ('sha256_mismatch' if size else 'archive_unsafe')
    assert names_of(host) == []


def test_a_link_among_what_a_connection_brought_is_not_followed(host, releases, error_of):
    # Root would read for the connection's user what only root may read, and tell its digest.
    folder = os.path.join(host.paths.incoming, 'tmp1')
    os.makedirs(folder)
    path = os.path.join(folder, releases['1.30.1'].filename)
    os.symlink(releases['1.30.1'].archive, path)
    host.offer(files={releases['1.30.1'].filename: on_host(path)})
    error = error_of(host.have, '1.30.1')
    assert (error.code, 'a symbolic link' in error.msg) == ('archive_unreadable', True)


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


# ---- where archives come from


def mirror(web, *releases):
    """A base address of a mirror that has these releases."""
    for release in releases:
        web.serve('/dl/' + release.filename, release.archive_bytes)
    return web.url + '/dl'


def proxy(web, *releases):
    """A module proxy that has these releases."""
    for release in releases:
        web.serve('/proxy/golang.org/toolchain/@v/' + release.module_filename, release.module_bytes)
    return web.url + '/proxy'


def test_an_archive_comes_from_a_mirror(host, releases, web):
    host.offer(files={}, mirrors=[mirror(web, releases['1.30.1']) + '/'])
    result = host.have('1.30.1')
    assert (result['bytes_fetched'], result['passed_over']) == (len(releases['1.30.1'].archive_bytes), [])
    assert host.seen().trees['go1.30.1'].source['origin'] == web.url + '/dl/' + releases['1.30.1'].filename


def test_a_mirror_that_breaks_off_is_taken_up(host, releases, web):
    content = releases['1.30.1'].archive_bytes
    web.serve('/dl/' + releases['1.30.1'].filename, cut(content, 400), rest_of(content))
    host.offer(files={}, mirrors=[web.url + '/dl'])
    assert host.have('1.30.1')['bytes_fetched'] == len(content)


def test_mirrors_that_fail_are_passed_over_and_told(host, releases, web):
    web.serve('/lies/' + releases['1.30.1'].filename, b'x' * len(releases['1.30.1'].archive_bytes))
    host.offer(files={}, mirrors=[web.url + '/empty', web.url + '/lies', mirror(web, releases['1.30.1'])])
    assert [each['code'] for each in host.have('1.30.1')['passed_over']] == ['http_status', 'sha256_mismatch']


def spoilt_zip(release, at, content):
    """Its module zip with other bytes, counted from the end of its directory."""
    spoilt = bytearray(release.module_bytes)
    start = len(spoilt) - 22 + at
    spoilt[start:start + len(content)] = content
    return bytes(spoilt)


def test_every_source_that_lies_in_a_new_way_is_passed_over(host, releases, web):
    release = releases['1.30.1']
    host.records = {'1.30.1': release.logged()}
    # The offset of the directory, its size, and none of either.
    zips = [spoilt_zip(release, 16, b'\xff\xff\xff\x7f'), spoilt_zip(release, 12, b'\xff\xff\0\0'), spoilt_zip(release, 12, b'\0' * 8)]
    for number, content in enumerate(zips):
        web.serve('/%d/golang.org/toolchain/@v/%s' % (number, release.module_filename), content)
    web.serve('/length/golang.org/toolchain/@v/' + release.module_filename, Answer(release.module_bytes, declared='\xb2'))
    web.serve('/port/golang.org/toolchain/@v/' + release.module_filename, Answer(b'', 302, headers=[('Location', 'http://127.0.0.1:99999999999/')]))
    liars = ['0', '1', '2', 'length', 'port']
    host.offer(files={}, goproxy=['%s/%s' % (web.url, each) for each in liars] + [proxy(web, release)])
    assert len(host.have('1.30.1')['passed_over']) == len(liars)


def test_when_no_source_has_it_each_is_told(host, releases, web, error_of):
    host.records['1.30.1'] = releases['1.30.1'].record(h1=releases['1.30.1'].h1)
    host.offer(files={}, mirrors=[web.url + '/one'], goproxy=[web.url + '/two'])
    error = error_of(host.have, '1.30.1')
    assert error.code == 'no_source'
    for each in ('/one/' + releases['1.30.1'].filename, '/two/golang.org/toolchain/@v/' + releases['1.30.1'].module_filename):
        assert '%s%s: answers 404 Not Found.' % (web.url, each) in error.msg
    assert names_of(host) == []


def test_without_any_source_that_is_said(host, error_of):
    host.offer(files={})
    assert 'There is no mirror or module proxy to try' in error_of(host.have, '1.30.1').msg


def test_a_module_proxy_helps_where_no_mirror_does(host, releases, web):
    release = releases['1.30.1']
    host.records['1.30.1'] = release.record(h1=release.h1)
    host.offer(files={}, mirrors=[web.url + '/dl'], goproxy=[proxy(web, release)])
    host.have('1.30.1')
    found = host.seen().trees['go1.30.1']
    assert (found.proof, found.source['kind']) == ([{'kind': 'log', 'h1': release.h1, 'vouched_at': tiny_trees.WHEN}], 'module')
    assert host.tree('go1.30.1') == dict((name, content) for name, content in release.tree.items() if not name.startswith(tiny_trees.ARCHIVE_ONLY))


def test_a_release_that_only_the_log_knows_comes_from_a_mirror_too(host, releases, web):
    host.records = {'1.30.1': releases['1.30.1'].logged()}
    host.offer(files={}, mirrors=[mirror(web, releases['1.30.1'])], goproxy=[proxy(web, releases['1.30.1'])])
    host.have('1.30.1')
    assert web.paths == ['/dl/' + releases['1.30.1'].filename]
    assert [each['kind'] for each in host.seen().trees['go1.30.1'].proof] == ['log']


def test_an_archive_that_only_the_log_could_prove_is_passed_over_if_it_lies(host, releases, other, web):
    release = releases['1.30.1']
    host.records = {'1.30.1': release.logged()}
    web.serve('/lies/' + release.filename, other(VERSION=b'go1.30.1-evil').archive_bytes)
    host.offer(files={}, mirrors=[web.url + '/lies', mirror(web, release)])
    assert [each['code'] for each in host.have('1.30.1')['passed_over']] == ['h1_mismatch']


def test_a_module_proxy_is_not_asked_without_an_h1(host, releases, web, error_of):
    host.offer(files={}, goproxy=[proxy(web, releases['1.30.1'])])
    error_of(host.have, '1.30.1')
    assert web.paths == []


def test_a_module_proxy_that_lies_is_passed_over(host, releases, other, web):
    release = releases['1.30.1']
    host.records = {'1.30.1': release.logged()}
    web.serve('/lies/golang.org/toolchain/@v/' + release.module_filename, other(VERSION=b'go1.30.1-evil').module_bytes)
    host.offer(files={}, goproxy=[web.url + '/lies', proxy(web, release)])
    assert len(host.have('1.30.1')['passed_over']) == 1


def test_an_archive_on_the_host_can_be_proven_by_the_log_alone(host, releases):
    host.records = {'1.30.1': releases['1.30.1'].logged()}
    host.have('1.30.1')
    assert host.seen().trees['go1.30.1'].proof == [{'kind': 'log', 'h1': releases['1.30.1'].h1, 'vouched_at': tiny_trees.WHEN}]


def test_a_module_zip_on_the_host_is_taken_too(host, releases):
    release = releases['1.30.1']
    host.records = {'1.30.1': release.logged()}
    host.offer(files={release.module_filename: on_host(release.module)})
    host.have('1.30.1')
    assert host.seen().trees['go1.30.1'].source['origin'] == release.module


def test_a_module_zip_without_an_h1_is_not_taken(host, releases, error_of):
    host.offer(files={releases['1.30.1'].module_filename: on_host(releases['1.30.1'].module)})
    assert error_of(host.have, '1.30.1').code == 'unverifiable'


def test_both_proofs_are_asked_for_and_kept(host, releases):
    host.records['1.30.1'] = releases['1.30.1'].record(h1=releases['1.30.1'].h1)
    host.have('1.30.1')
    assert [each['kind'] for each in host.seen().trees['go1.30.1'].proof] == ['index', 'log']


def test_one_archive_may_have_any_name(host, releases, tmpdir):
    shutil.copy(releases['1.30.1'].archive, str(tmpdir.join('download')))
    host.offer(files={sources.ANY_NAME: on_host(tmpdir.join('download'))})
    assert host.have('1.30.1')['installed'] == ['1.30.1']


def test_what_is_verified_is_what_is_unpacked(host, releases, tmpdir, monkeypatch):
    # Whoever can write to the archive's folder changes it after it was hashed.
    path = tmpdir.join(releases['1.30.1'].filename)
    path.write_binary(releases['1.30.1'].archive_bytes)
    host.offer(files={path.basename: on_host(path)})
    real = tar.unpack_tar

    def unpack(*arguments, **options):
        path.write_binary(b'evil')
        return real(*arguments, **options)
    monkeypatch.setattr(tar, 'unpack_tar', unpack)
    host.have('1.30.1')
    assert host.tree('go1.30.1') == releases['1.30.1'].tree


# ---- what a host asks its controller for


def test_a_host_without_a_record_asks_for_it_before_it_does_anything(host):
    host.records = {}
    result = host.have('1.30.1')
    assert (result['needs'], result['changed']) == ([{'kind': 'record', 'version': '1.30.1', 'goarch': 'amd64'}], False)
    assert host.everything() == {}


def test_a_record_of_other_architectures_is_none(host, releases):
    host.records['1.30.1'] = {'version': '1.30.1', 'archives': {'arm64': {'filename': 'x', 'sha256': 'y'}}}
    assert [need['kind'] for need in host.have('1.30.1')['needs']] == ['record']


def test_a_host_that_reaches_nothing_asks_for_the_archive(host, releases, web):
    host.offer(files={}, mirrors=[web.url + '/dl'], transfer='auto')
    need, = host.have('1.30.1')['needs']
    assert (need['kind'], need['version'], need['goarch'], need['filename']) == ('archive', '1.30.1', 'amd64', releases['1.30.1'].filename)
    assert [each['code'] for each in need['failures']] == ['http_status']


def test_a_host_that_is_pushed_to_asks_nobody_else(host, web, releases):
    host.offer(files={}, mirrors=[mirror(web, releases['1.30.1'])], transfer='push')
    assert ([need['kind'] for need in host.have('1.30.1')['needs']], web.paths) == (['archive'], [])


@pytest.mark.parametrize(('asked', 'made'), [(True, True), (False, False)])
def test_a_folder_for_the_archive_is_made_when_asked_for(host, asked, made, monkeypatch):
    monkeypatch.delenv('SUDO_UID', raising=False)
    host.offer(files={}, transfer='push', incoming=asked)
    folder = host.have('1.30.1')['needs'][0]['incoming']
    assert (folder is not None) is made
    if made:
        assert (os.path.dirname(folder), stat.S_IMODE(os.stat(folder).st_mode), os.listdir(folder)) == (host.paths.incoming, 0o700, [])


def test_a_bare_host_that_only_asks_for_an_archive_stays_bare(host):
    host.offer(files={}, transfer='push', incoming=False)
    assert [need['kind'] for need in host.have('1.30.1')['needs']] == ['archive']
    assert host.everything() == {}


def test_an_archive_that_does_not_come_leaves_a_bare_host_bare(host, error_of, monkeypatch):
    monkeypatch.delenv('SUDO_UID', raising=False)
    host.offer(files={}, transfer='push', incoming=True)
    need, = host.have('1.30.1')['needs']
    host.offer(files={need['filename']: sources.File(os.path.join(need['incoming'], 'withdrawn'), 'the controller')})
    assert error_of(host.have, '1.30.1').code == 'archive_unreadable'
    assert host.everything() == {}


def test_what_was_brought_is_installed_and_dropped(host, releases, monkeypatch):
    monkeypatch.delenv('SUDO_UID', raising=False)
    host.offer(files={}, transfer='push', incoming=True)
    need, = host.have('1.30.1')['needs']
    brought = os.path.join(need['incoming'], need['filename'])
    shutil.copy(releases['1.30.1'].archive, brought)
    host.offer(files={need['filename']: sources.File(brought, 'https://mirror.example.com/x')})
    assert host.have('1.30.1')['installed'] == ['1.30.1']
    assert host.seen().trees['go1.30.1'].source['origin'] == 'https://mirror.example.com/x'
    assert os.listdir(host.paths.incoming) == []


def test_what_was_brought_is_dropped_when_it_is_wrong_too(host, releases, error_of, monkeypatch):
    monkeypatch.delenv('SUDO_UID', raising=False)
    host.offer(files={}, transfer='push', incoming=True)
    need, = host.have('1.30.1')['needs']
    brought = os.path.join(need['incoming'], need['filename'])
    shutil.copy(releases['1.30.2'].archive, brought)
    host.offer(files={need['filename']: on_host(brought)})
    assert error_of(host.have, '1.30.1').code == 'sha256_mismatch'
    assert names_of(host) == []


def test_an_archive_of_the_user_is_never_dropped(host, releases, tmpdir):
    path = tmpdir.mkdir('a').mkdir('b').join(releases['1.30.1'].filename)
    path.write_binary(releases['1.30.1'].archive_bytes)
    host.offer(files={path.basename: on_host(path)})
    host.have('1.30.1')
    assert path.check()


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


if os.geteuid() == 0:
    def test_the_folder_for_uploads_belongs_to_who_ran_sudo(host, monkeypatch):
        monkeypatch.setenv('SUDO_UID', str(forked.NOBODY))
        host.offer(files={}, transfer='push', incoming=True)
        folder = host.have('1.30.1')['needs'][0]['incoming']
        assert os.stat(folder).st_uid == forked.NOBODY


# ---- what is known to fail fails before the first change


UNASKABLE = {
    'https without ssl': (['https://mirror.example.com/dl'], None, 'tls_unavailable', 'ssl module'),
    'authorities that are not there': (['https://mirror.example.com/dl'], '/no/such/ca.pem', 'ca_path_missing', 'correct ca_path'),
    'no address': (['mirror.example.com/dl'], None, 'invalid_url', 'Check the mirrors'),
    'nobody': ([], None, None, 'There is no mirror or module proxy to try'),
}


@pytest.mark.parametrize('check_mode', [True, False])
@pytest.mark.parametrize('name', sorted(UNASKABLE))
def test_a_host_that_can_ask_no_source_is_refused_before_anything_is_made(host, monkeypatch, error_of, name, check_mode):
    mirrors, ca_path, code, advice = UNASKABLE[name]
    if code == 'tls_unavailable':
        monkeypatch.setattr(connections, 'ssl', None)
    host.offer(files={}, mirrors=mirrors, options=sources.Options(10, ca_path))
    error = error_of(host.have, '1.30.1', check_mode=check_mode)
    assert (error.code, [each['code'] for each in error.evidence['failures']], advice in error.msg) == ('no_source', [code] if code else [], True)
    assert host.everything() == {}


def test_one_source_that_can_be_asked_is_enough_for_check_mode(host, monkeypatch):
    monkeypatch.setattr(connections, 'ssl', None)
    host.offer(files={}, mirrors=['https://mirror.example.com/dl', 'http://mirror.example.com/dl'])
    assert host.have('1.30.1', check_mode=True)['installed'] == ['1.30.1']


@pytest.mark.parametrize('transfer', ['auto', 'push'])
def test_a_host_that_the_controller_may_bring_it_to_is_not_refused(host, monkeypatch, transfer):
    monkeypatch.setattr(connections, 'ssl', None)
    host.offer(files={}, mirrors=['https://mirror.example.com/dl'], transfer=transfer)
    assert host.have('1.30.1', check_mode=True)['installed'] == ['1.30.1']


def test_a_host_that_has_the_archive_needs_no_source(host, monkeypatch):
    monkeypatch.setattr(connections, 'ssl', None)
    host.offer(mirrors=['https://mirror.example.com/dl'])
    assert host.have('1.30.1')['installed'] == ['1.30.1']


@pytest.mark.parametrize(('version', 'goarch', 'kernel', 'fits'), [
    ('1.24.0', 'amd64', (3, 2), True), ('1.24.0', 'amd64', (3, 2, 0), True), ('1.24.0', 'amd64', (3, 1, 10), False),
    ('1.26.6', 'amd64', (3, 10, 0), True), ('1.26.6', 'amd64', (2, 6, 32), False), ('1.27rc1', 'amd64', (2, 6, 39), False),
    ('1.23.12', 'amd64', (2, 6, 32), True), ('1.23.12', 'amd64', (2, 6, 31), False), ('1.18', 'amd64', (2, 6, 32), True),
    ('1.17.13', 'amd64', (2, 6, 23), True), ('1.17.13', 'amd64', (2, 6, 22), False),
    ('1.26.6', 'loong64', (5, 19), True), ('1.26.6', 'loong64', (5, 18), False), ('1.26.6', 'amd64', (6, 18, 44), True),
])
def test_each_line_has_its_oldest_kernel(version, goarch, kernel, fits):
    if fits:
        checks.check_kernel(version, goarch, kernel)
    else:
        with pytest.raises(GofleetError) as caught:
            checks.check_kernel(version, goarch, kernel)
        assert caught.value.code == 'kernel_too_old'


def test_a_kernel_that_is_too_old_is_told_with_what_it_needs(error_of):
    error = error_of(checks.check_kernel, '1.26.6', 'amd64', (2, 6, 32))
    assert error.evidence == {'version': '1.26.6', 'needed': '3.2', 'kernel': '2.6.32'}
    assert 'The last line for this kernel is 1.23.' in error.msg


@pytest.mark.parametrize('version', ['1.26.6', '1.20.14'])
def test_the_line_that_is_named_for_an_old_kernel_runs_on_it(error_of, version):
    error = error_of(checks.check_kernel, version, 'amd64', (2, 6, 25))
    assert 'The last line for this kernel is 1.17.' in error.msg


@pytest.mark.parametrize(('goarch', 'kernel'), [('amd64', (2, 4, 37)), ('loong64', (5, 10))])
def test_a_kernel_for_which_there_is_no_line_is_told_so(error_of, goarch, kernel):
    assert 'No release of Go runs on it' in error_of(checks.check_kernel, '1.26.6', goarch, kernel).msg


def test_an_old_kernel_stops_the_run_in_check_mode_too(host, monkeypatch, error_of):
    monkeypatch.setattr(os, 'uname', lambda: ('Linux', 'host', '2.6.18-419.el5', '#1', 'x86_64'))
    assert error_of(host.have, '1.30.1', check_mode=True).code == 'kernel_too_old'
    assert host.everything() == {}


def test_an_old_kernel_does_not_matter_to_a_host_that_is_there(host, monkeypatch):
    host.have('1.30.1')
    monkeypatch.setattr(os, 'uname', lambda: ('Linux', 'host', '2.6.18-419.el5', '#1', 'x86_64'))
    assert host.have('1.30.1')['changed'] is False


def test_room_for_archive_and_tree_is_asked_for(tmpdir, error_of):
    status = os.statvfs(str(tmpdir))
    free = status.f_bavail * status.f_frsize
    checks.check_room(str(tmpdir), free // 100)
    error = error_of(checks.check_room, str(tmpdir), free)
    assert (error.code, error.evidence['path']) == ('disk_full', str(tmpdir))
    assert error.evidence['needed'] > error.evidence['free']


def test_room_is_asked_for_before_anything_is_made(host, error_of):
    host.records['1.30.1']['archives']['amd64']['size'] = 1 << 60
    assert error_of(host.have, '1.30.1', check_mode=True).code == 'disk_full'
    assert host.everything() == {}


def test_room_is_asked_for_all_that_is_installed_at_once(host, error_of):
    status = os.statvfs(host.root)
    for version in ('1.30.1', '1.29.0'):
        host.records[version]['archives']['amd64']['size'] = int(status.f_bavail * status.f_frsize / 4.3 * 0.7)
    host.have('1.30.1', check_mode=True)
    assert error_of(host.have, '1.30.1', '1.29.0', check_mode=True).code == 'disk_full'


def test_the_nearest_folder_is_the_one_that_exists(tmpdir):
    assert checks.nearest_folder(str(tmpdir.join('a', 'b', 'c'))) == str(tmpdir)
    assert checks.nearest_folder(str(tmpdir)) == str(tmpdir)
    assert checks.nearest_folder('/') == '/'


def test_a_file_where_a_folder_has_to_be_is_told(host, error_of):
    os.makedirs(os.path.dirname(host.paths.bin_dir))
    open(host.paths.bin_dir, 'w').close()
    error = error_of(host.have, '1.30.1', check_mode=True)
    assert (error.code, error.evidence['path']) == ('not_writable', host.paths.bin_dir)


@pytest.mark.parametrize('check_mode', [False, True])
@pytest.mark.parametrize('closed', ['opt', 'usr', os.path.join('usr', 'bin')])
def test_a_path_that_this_user_cannot_write_to_is_told_first(open_folder, releases, closed, check_mode):
    host = Host(open_folder, releases)
    for folder in (host.paths.prefix, host.paths.bin_dir):
        os.makedirs(folder)
    forked.give_to_ordinary_user(open_folder)
    os.chmod(os.path.join(host.root, closed), 0o555)
    before = host.everything()

    def have():
        try:
            host.have('1.30.1', check_mode=check_mode)
        except GofleetError as exc:
            return exc.code, exc.evidence['path'], exc.evidence['uid'] == os.geteuid()
    assert forked.as_ordinary_user(have) == ('not_writable', os.path.join(host.root, closed), True)
    assert host.everything() == before


def test_an_ordinary_user_installs_where_they_can_write(open_folder, releases):
    host = Host(open_folder, releases)
    for release in releases.values():
        shutil.copy(release.archive, str(open_folder))
        host.offered.files[release.filename] = on_host(open_folder.join(release.filename))
    forked.give_to_ordinary_user(open_folder)
    assert forked.as_ordinary_user(lambda: host.have('1.30.1')['installed']) == ['1.30.1']
    assert forked.as_ordinary_user(lambda: host.have('1.30.2', prune=True)['pruned']) == ['1.30.1']


# ---- the staged go


@pytest.fixture
def staged(tmpdir):
    def staged(script, mode=0o755):
        tmpdir.mkdir('go').mkdir('bin').join('go').write(script)
        tmpdir.join('go', 'bin', 'go').chmod(mode)
        return str(tmpdir.join('go'))
    return staged


def test_the_staged_go_has_the_last_word(staged, tmpdir):
    checks.prove_version(staged('#!/bin/sh\necho "go version go1.30.1 linux/amd64"\n'), '1.30.1', 'amd64', str(tmpdir), tiny_trees.run)


def test_more_words_after_the_version_do_not_matter(staged, tmpdir):
    tree = staged('#!/bin/sh\necho "go version go1.30.1 linux/amd64 X:nocoverageredesign"\n')
    checks.prove_version(tree, '1.30.1', 'amd64', str(tmpdir), tiny_trees.run)


def test_the_staged_go_sees_nothing_of_the_user(staged, tmpdir, monkeypatch):
    monkeypatch.setenv('GOROOT', '/elsewhere')
    monkeypatch.setenv('GOTOOLCHAIN', 'go1.99.0')
    monkeypatch.setenv('GOFLAGS', '-x')
    tree = staged('#!/bin/sh\nenv > "%s"\necho "go version go1.30.1 linux/amd64"\n' % tmpdir.join('environment'))
    checks.prove_version(tree, '1.30.1', 'amd64', str(tmpdir), tiny_trees.run)
    seen = dict(line.split('=', 1) for line in tmpdir.join('environment').read().splitlines())
    assert (seen['GOTOOLCHAIN'], seen['GOENV'], seen['HOME']) == ('local', 'off', str(tmpdir.join('home')))
    # Empty is unset to Go.
    assert (seen['GOROOT'], seen['GOFLAGS']) == ('', '')


def test_a_go_that_says_another_version_is_quoted(staged, tmpdir, error_of):
    tree = staged('#!/bin/sh\necho "go version go1.30.2 linux/amd64"\nexit 3\n')
    error = error_of(checks.prove_version, tree, '1.30.1', 'amd64', str(tmpdir), tiny_trees.run)
    assert error.evidence == {'said': 'go version go1.30.2 linux/amd64', 'wanted': 'go version go1.30.1 linux/amd64'}
    assert '(exit 3)' in error.msg


def test_a_go_that_talks_a_lot_is_cut_short(staged, tmpdir, error_of):
    assert len(error_of(checks.prove_version, staged('#!/bin/sh\nseq 100000\n'), '1.30.1', 'amd64', str(tmpdir), tiny_trees.run).evidence['said']) == 300


def test_a_go_that_may_not_be_run_asks_about_noexec(staged, tmpdir, error_of):
    error = error_of(checks.prove_version, staged('#!/bin/sh\n', 0o644), '1.30.1', 'amd64', str(tmpdir), tiny_trees.run)
    assert (error.code, error.evidence['error']) == ('not_runnable', os.strerror(errno.EACCES))
    assert 'noexec' in error.msg


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
