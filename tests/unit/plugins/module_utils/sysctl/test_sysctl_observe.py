# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import fnmatch
import io
import os

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import observe
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import wanted as sysctl_wanted
from support.units import sysctl_host
from support.units.sysctl_host import OURS, RMEM, SOMAXCONN


@pytest.mark.parametrize('text', ['# mine\nvm.swappiness = 1\n', ''])
def test_a_file_of_others_at_the_drop_ins_path_is_refused(host, error_of, text):
    host.write(OURS, text)
    before = host.files()
    assert error_of(host.run, {SOMAXCONN: 4096}).code == 'foreign_file'
    assert (host.files(), host.kernel.writes) == (before, [])


def test_a_link_at_the_drop_ins_path_is_refused(host, error_of):
    host.run({SOMAXCONN: 4096})
    os.rename(str(host.root.join(OURS)), str(host.root.join('elsewhere')))
    os.symlink(str(host.root.join('elsewhere')), str(host.root.join(OURS)))
    assert error_of(host.run, {SOMAXCONN: 1024}).code == 'foreign_file'


def test_a_key_that_the_host_lacks_is_reported_and_commented_out(host):
    result = host.run({'net.core.netdev_max_backlog': 5000, SOMAXCONN: 4096})
    assert sysctl_host.statuses(result) == {'net.core.netdev_max_backlog': 'unavailable', SOMAXCONN: 'applied'}
    assert '# Not set here: net.core.netdev_max_backlog = 5000\n' in host.read()
    assert 'net.core.netdev_max_backlog = 5000 (unavailable, because' in result['warnings'][0]
    assert not host.run({'net.core.netdev_max_backlog': 5000, SOMAXCONN: 4096})['changed']


def test_a_key_that_the_kernel_keeps_read_only_is_reported_and_not_written(host):
    os.chmod(host.kernel.path(RMEM), 0o444)
    result = host.run({RMEM: 7340032})
    assert (sysctl_host.statuses(result), result['changed'], host.files()) == ({RMEM: 'read_only'}, False, {})
    assert 'in this namespace' in sysctl_host.only(result)['note']


def test_a_read_only_mount_is_reported(host, monkeypatch):
    access = os.access
    monkeypatch.setattr(os, 'access', lambda path, mode: access(path, mode) and not (path.startswith(host.kernel.folder) and mode & os.W_OK))
    monkeypatch.setattr(os, 'statvfs', lambda path: os.statvfs_result([0] * 8 + [int(path.startswith(host.kernel.folder)), 255]))
    assert sysctl_host.only(host.run({SOMAXCONN: 4096}))['note'] == 'it is mounted read-only on this host'
    # A value that is already in force needs no write.
    assert sysctl_host.statuses(host.run({SOMAXCONN: 128})) == {SOMAXCONN: 'already'}


@pytest.mark.parametrize('fifo', ['etc/sysctl.d/95-pipe.conf', 'usr/lib/sysctl.d/96-pipe.conf', 'etc/sysctl.conf'])
@pytest.mark.parametrize('is_linked', [True, False])
@pytest.mark.usefixtures('no_waiting')
def test_a_named_pipe_among_the_files_is_skipped_without_waiting(host, fifo, is_linked):
    host.root.join(fifo).dirpath().ensure(dir=True)
    pipe = str(host.root.join('pipe') if is_linked else host.root.join(fifo))
    os.mkfifo(pipe)
    if is_linked:
        os.symlink(pipe, str(host.root.join(fifo)))
    host.write('/sbin/sysctl', '')
    assert sysctl_host.statuses(host.run({SOMAXCONN: 4096})) == {SOMAXCONN: 'applied'}


def test_a_write_only_key_is_refused(host, error_of):
    host.kernel.put('net.ipv4.route.flush', '')
    os.chmod(host.kernel.path('net.ipv4.route.flush'), 0o200)
    assert error_of(host.run, {'net.ipv4.route.flush': 1}).code == 'write_only_key'


def test_a_setting_of_a_missing_interface_is_unavailable(host):
    assert sysctl_host.statuses(host.run({'net.ipv4.conf.eth9.rp_filter': 2})) == {'net.ipv4.conf.eth9.rp_filter': 'unavailable'}


@pytest.mark.parametrize(('text', 'code'), [
    (b'{', 'state_unreadable'), (b'[]', 'state_unreadable'), (b'{"format": 1}', 'state_unreadable'), (b'\xff', 'state_unreadable'),
    (b'{"format": 1, "made": [], "keys": {"net.core.x": {"before": 1}}}', 'state_unreadable'), (b'{"format": 2}', 'state_newer')])
def test_a_damaged_state_fails_the_run_before_anything_changes(host, error_of, text, code):
    host.root.join('var/lib/gofleet/sysctl/state.json').write_binary(text, ensure=True)
    before = host.files()
    assert error_of(host.run, {SOMAXCONN: 4096}).code == code
    assert (host.files(), host.kernel.writes) == (before, [])


def test_files_of_a_killed_write_are_removed(host):
    host.run({SOMAXCONN: 4096})
    for name in ('etc/sysctl.d/90-gofleet.conf.gofleet-new', 'var/lib/gofleet/sysctl/state.json.gofleet-new', 'etc/sysctl.d/50-x.conf.gofleet-new'):
        host.write(name, 'half')
    assert host.run({SOMAXCONN: 4096})['changed']
    assert sorted(name for name in host.files() if name.endswith('-new')) == ['etc/sysctl.d/50-x.conf.gofleet-new']
    assert not host.run({SOMAXCONN: 4096})['changed']


def test_an_empty_folder_of_a_killed_run_is_removed_and_a_folder_with_content_stays(host):
    host.root.join('var/lib/gofleet').ensure(dir=True)
    assert host.run({}, check_mode=True)['plan'] == host.run({})['plan'] == ['remove /var/lib/gofleet/sysctl, left by an interrupted run']
    assert host.files() == {}
    host.write('var/lib/gofleet/other', '')
    assert not host.run({})['changed']


# Each call by which observe() may read the host, and the fields of its Sources that cover a path of this call.
_READS = ((os, 'lstat', ('status', 'links', 'text')), (os, 'stat', ('status', 'text')), (os, 'readlink', ('links',)), (os, 'listdir', ('names',)),
          (os, 'open', ('text',)), (io, 'open', ('text',)), (os, 'access', ()), (os, 'statvfs', ()))


def reads_of(host, monkeypatch, function):
    """(name of the call, fields, path) of each read of the host in a function."""
    found = []

    def watched(owner, name, fields):
        call = getattr(owner, name)

        def watch(path, *arguments, **options):
            if isinstance(path, type('')) and path.startswith((str(host.root), host.kernel.folder)):
                found.append((name, fields, path))
            return call(path, *arguments, **options)
        return watch
    with monkeypatch.context() as patch:
        for owner, name, fields in _READS:
            patch.setattr(owner, name, watched(owner, name, fields))
        function()
    return found


@pytest.mark.parametrize('has_run', [False, True])
@pytest.mark.parametrize('files', [
    {'/usr/lib/systemd/systemd-sysctl': '', '/usr/sbin/sysctl': ''}, {'/etc/init.d/procps': '', '/sbin/sysctl': ''}, {},
    {'/etc/init.d/sysctl': 'sysctl -p', '/sbin/openrc-run': '', '/etc/runlevels/boot/sysctl': ''},
    {'/etc/init.d/sysctl': 'sysctl --system', '/usr/sbin/openrc-run': '', '/etc/runlevels/boot/sysctl': '', '/sbin/sysctl': ''}])
@pytest.mark.parametrize('is_systemd', [False, True])
def test_observe_reads_nothing_but_its_sources(host, monkeypatch, files, has_run, is_systemd):
    if not is_systemd:
        host.root.join('run/systemd').remove()
    others = {'/etc/sysctl.conf': 'vm.swappiness = 1\n', '/etc/sysctl.d/10-a.conf': '', '/etc/sysctl.d/README': '', '/usr/lib/sysctl.d/50-b.conf': ''}
    for path, text in dict(others, **files).items():
        host.write(path, text)
    if has_run:
        host.run({SOMAXCONN: 4096, 'vm.swappiness': 5})
    wanted, paths = sysctl_wanted.wanted_settings([], {SOMAXCONN: 4096}), host.paths()
    sources = observe.sources(wanted, paths, host.state())
    reads = reads_of(host, monkeypatch, lambda: observe.observe(wanted, paths))
    assert reads
    assert [(name, path) for name, fields, path in reads if path not in sources.values.values()
            and not any(fnmatch.fnmatchcase(path, each) for field in fields for each in getattr(sources, field))] == []


def test_sources_without_a_state_have_the_wanted_keys_and_no_others(host):
    wanted = sysctl_wanted.wanted_settings([], {SOMAXCONN: 4096})
    assert observe.sources(wanted, host.paths()).values == dict((key, host.kernel.path(key)) for key in (SOMAXCONN, sysctl_wanted.RESERVED))
