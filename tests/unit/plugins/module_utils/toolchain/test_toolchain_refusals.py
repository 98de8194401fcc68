# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import shutil

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._fetch import connections, sources
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import refusals
from support.units import forked
from support.units.tiny_host import Host, on_host

pytestmark = pytest.mark.usefixtures('no_disk')


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


def test_an_old_kernel_stops_the_run_in_check_mode_too(host, monkeypatch, error_of):
    monkeypatch.setattr(os, 'uname', lambda: ('Linux', 'host', '2.6.18-419.el5', '#1', 'x86_64'))
    assert error_of(host.have, '1.30.1', check_mode=True).code == 'kernel_too_old'
    assert host.everything() == {}


def test_an_old_kernel_does_not_matter_to_a_host_that_is_there(host, monkeypatch):
    host.have('1.30.1')
    monkeypatch.setattr(os, 'uname', lambda: ('Linux', 'host', '2.6.18-419.el5', '#1', 'x86_64'))
    assert host.have('1.30.1')['changed'] is False


def test_disk_space_for_archive_and_tree_is_checked(tmpdir, error_of):
    status = os.statvfs(str(tmpdir))
    free = status.f_bavail * status.f_frsize
    refusals.check_room(str(tmpdir), free // 100)
    error = error_of(refusals.check_room, str(tmpdir), free)
    assert (error.code, error.evidence['path']) == ('disk_full', str(tmpdir))
    assert error.evidence['needed'] > error.evidence['free']


def test_disk_space_is_checked_before_anything_is_created(host, error_of):
    host.records['1.30.1']['archives']['amd64']['size'] = 1 << 60
    assert error_of(host.have, '1.30.1', check_mode=True).code == 'disk_full'
    assert host.everything() == {}


def test_disk_space_is_checked_for_all_installations_together(host, error_of):
    status = os.statvfs(host.root)
    for version in ('1.30.1', '1.29.0'):
        host.records[version]['archives']['amd64']['size'] = int(status.f_bavail * status.f_frsize / 4.3 * 0.7)
    host.have('1.30.1', check_mode=True)
    assert error_of(host.have, '1.30.1', '1.29.0', check_mode=True).code == 'disk_full'


def test_a_file_in_place_of_a_folder_is_reported(host, error_of):
    os.makedirs(os.path.dirname(host.paths.bin_dir))
    open(host.paths.bin_dir, 'w').close()
    error = error_of(host.have, '1.30.1', check_mode=True)
    assert (error.code, error.evidence['path']) == ('not_writable', host.paths.bin_dir)


@pytest.mark.parametrize('check_mode', [False, True])
@pytest.mark.parametrize('closed', ['opt', 'usr', os.path.join('usr', 'bin')])
def test_a_path_that_this_user_cannot_write_to_is_reported_first(open_folder, releases, closed, check_mode):
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


def test_a_host_without_a_record_asks_for_it_before_it_does_anything(host):
    host.records = {}
    result = host.have('1.30.1')
    assert (result['needs'], result['changed']) == ([{'kind': 'record', 'version': '1.30.1', 'goarch': 'amd64'}], False)
    assert host.everything() == {}


def test_a_record_for_other_architectures_counts_as_missing(host, releases):
    host.records['1.30.1'] = {'version': '1.30.1', 'archives': {'arm64': {'filename': 'x', 'sha256': 'y'}}}
    assert [need['kind'] for need in host.have('1.30.1')['needs']] == ['record']
