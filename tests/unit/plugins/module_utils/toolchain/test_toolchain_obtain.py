# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import shutil
import stat

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._fetch import sources
from support.units import forked, tiny_trees
from support.units.tiny_host import mirror, names_of, on_host, proxy
from support.units.web_server import Answer, cut, rest_of

pytestmark = pytest.mark.usefixtures('no_disk')


def test_an_archive_that_cannot_be_read_is_reported(host, releases, error_of):
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


def test_failing_mirrors_are_skipped_and_reported(host, releases, web):
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
    # The offset of the directory, its size, and neither.
    zips = [spoilt_zip(release, 16, b'\xff\xff\xff\x7f'), spoilt_zip(release, 12, b'\xff\xff\0\0'), spoilt_zip(release, 12, b'\0' * 8)]
    for number, content in enumerate(zips):
        web.serve('/%d/golang.org/toolchain/@v/%s' % (number, release.module_filename), content)
    web.serve('/length/golang.org/toolchain/@v/' + release.module_filename, Answer(release.module_bytes, declared='\xb2'))
    web.serve('/port/golang.org/toolchain/@v/' + release.module_filename, Answer(b'', 302, headers=[('Location', 'http://127.0.0.1:99999999999/')]))
    liars = ['0', '1', '2', 'length', 'port']
    host.offer(files={}, goproxy=['%s/%s' % (web.url, each) for each in liars] + [proxy(web, release)])
    assert len(host.have('1.30.1')['passed_over']) == len(liars)


def test_when_no_source_has_the_release_each_failure_is_reported(host, releases, web, error_of):
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


def test_a_module_proxy_is_not_queried_without_an_h1(host, releases, web, error_of):
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


def test_both_proofs_are_requested_and_kept(host, releases):
    host.records['1.30.1'] = releases['1.30.1'].record(h1=releases['1.30.1'].h1)
    host.have('1.30.1')
    assert [each['kind'] for each in host.seen().trees['go1.30.1'].proof] == ['index', 'log']


def test_one_archive_may_have_any_name(host, releases, tmpdir):
    shutil.copy(releases['1.30.1'].archive, str(tmpdir.join('download')))
    host.offer(files={sources.ANY_NAME: on_host(tmpdir.join('download'))})
    assert host.have('1.30.1')['installed'] == ['1.30.1']


def test_a_host_without_network_requests_the_archive(host, releases, web):
    host.offer(files={}, mirrors=[web.url + '/dl'], transfer='auto')
    need, = host.have('1.30.1')['needs']
    assert (need['kind'], need['version'], need['goarch'], need['filename']) == ('archive', '1.30.1', 'amd64', releases['1.30.1'].filename)
    assert [each['code'] for each in need['failures']] == ['http_status']


def test_a_host_that_gets_an_upload_queries_no_source(host, web, releases):
    host.offer(files={}, mirrors=[mirror(web, releases['1.30.1'])], transfer='push')
    assert ([need['kind'] for need in host.have('1.30.1')['needs']], web.paths) == (['archive'], [])


@pytest.mark.parametrize(('asked', 'made'), [(True, True), (False, False)])
def test_a_folder_for_the_archive_is_made_when_requested(host, asked, made, monkeypatch):
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


def test_an_upload_is_installed_and_removed(host, releases, monkeypatch):
    monkeypatch.delenv('SUDO_UID', raising=False)
    host.offer(files={}, transfer='push', incoming=True)
    need, = host.have('1.30.1')['needs']
    brought = os.path.join(need['incoming'], need['filename'])
    shutil.copy(releases['1.30.1'].archive, brought)
    host.offer(files={need['filename']: sources.File(brought, 'https://mirror.example.com/x')})
    assert host.have('1.30.1')['installed'] == ['1.30.1']
    assert host.seen().trees['go1.30.1'].source['origin'] == 'https://mirror.example.com/x'
    assert os.listdir(host.paths.incoming) == []


def test_a_wrong_upload_is_removed(host, releases, error_of, monkeypatch):
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


if os.geteuid() == 0:
    def test_the_folder_for_uploads_belongs_to_the_user_who_ran_sudo(host, monkeypatch):
        monkeypatch.setenv('SUDO_UID', str(forked.NOBODY))
        host.offer(files={}, transfer='push', incoming=True)
        folder = host.have('1.30.1')['needs'][0]['incoming']
        assert os.stat(folder).st_uid == forked.NOBODY
