# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import json
import os

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._files import transaction
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import apply, observe
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import plan as sysctl_plan
from support.units import sysctl_host
from support.units.sysctl_host import BACKLOG, RMEM, SOMAXCONN


@pytest.mark.parametrize('now', ['0', '1'])
def test_a_key_that_changes_another_is_set_and_written_first(host, now):
    redirects, forward = 'net.ipv4.conf.all.accept_redirects', 'net.ipv4.ip_forward'
    host.kernel.put(redirects, now)
    host.kernel.put(forward, '1')
    host.kernel.rules[forward] = lambda value: host.kernel.put(redirects, '1') or value
    result = host.run({redirects: 0, forward: 0})
    assert ([each['key'] for each in result['settings']], host.kernel[redirects], host.kernel[forward]) == ([forward, redirects], '0', '0')
    assert host.read().index(forward) < host.read().index(redirects)
    assert not host.run({redirects: 0, forward: 0})['changed']


def test_a_value_that_the_kernel_refuses_leaves_the_host_unchanged(host, error_of):
    host.kernel.rules[RMEM] = sysctl_host.refuse
    error = error_of(host.run, {SOMAXCONN: 4096, RMEM: 1, BACKLOG: 9})
    assert (error.code, error.evidence) == ('refused_by_kernel', {'key': RMEM, 'value': '1', 'now': '212992', 'errno': 'EINVAL'})
    assert ([host.kernel[key] for key in (SOMAXCONN, RMEM, BACKLOG)], host.files()) == (['128', '212992', '2048'], {})


def test_values_that_were_set_before_a_refusal_are_put_back(host, error_of):
    host.run({SOMAXCONN: 1000})
    before = host.files()
    host.kernel.rules['vm.swappiness'] = sysctl_host.refuse
    assert error_of(host.run, {SOMAXCONN: 4096, 'vm.swappiness': 7}).code == 'refused_by_kernel'
    assert ((SOMAXCONN, '4096') in host.kernel.writes, host.kernel[SOMAXCONN], host.files()) == (True, '1000', before)


def test_values_are_put_back_if_the_drop_in_cannot_be_written(host, error_of, monkeypatch):
    write_file = transaction.write_file

    def full(path, *arguments):
        if path.endswith('.conf'):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
        write_file(path, *arguments)
    monkeypatch.setattr(transaction, 'write_file', full)
    assert error_of(host.run, {SOMAXCONN: 4096}).code == 'disk_full'
    assert (host.kernel[SOMAXCONN], host.files()) == ('128', {})


@pytest.mark.parametrize('history', [{}, {SOMAXCONN: 1000, BACKLOG: 3000}])
def test_a_drop_in_that_cannot_be_synced_is_put_back(host, error_of, monkeypatch, history):
    """Otherwise a boot would set values that are no longer recorded."""
    host.run(history)
    before = host.files()
    write_file = transaction.write_file
    failures = []

    def unsynced(path, *arguments):
        write_file(path, *arguments)
        if path.endswith('.conf') and not failures:
            failures.append(path)
            raise OSError(errno.EIO, os.strerror(errno.EIO), path)
    monkeypatch.setattr(transaction, 'write_file', unsynced)
    assert error_of(host.run, {SOMAXCONN: 4096}).code == 'io_error'
    assert (host.kernel[SOMAXCONN], host.files()) == (str(history.get(SOMAXCONN, 128)), before)
    host.run({SOMAXCONN: 4096})
    host.run({})
    assert (host.kernel[SOMAXCONN], host.kernel[BACKLOG], host.files()) == ('128', '2048', {})


def test_previous_values_stay_recorded_if_the_drop_in_cannot_be_put_back(host, error_of, monkeypatch):
    write_file = transaction.write_file

    def fail(path):
        raise OSError(errno.EIO, os.strerror(errno.EIO), path)

    def unsynced(path, *arguments):
        write_file(path, *arguments)
        if path.endswith('.conf'):
            fail(path)
    with monkeypatch.context() as patch:
        patch.setattr(transaction, 'write_file', unsynced)
        patch.setattr(transaction, 'remove_file', fail)
        assert error_of(host.run, {SOMAXCONN: 4096}).code == 'io_error'
    assert host.state()['keys'][SOMAXCONN]['before'] == '128'
    host.boot()
    host.run({})
    assert (host.kernel[SOMAXCONN], host.files()) == ('128', {})


def test_files_of_a_failed_write_are_removed(host, error_of, monkeypatch):
    write_file = transaction.write_file
    writes = []

    def full(path, *arguments):
        writes.append(path)
        # The state, the file, and the state once more.
        if len(writes) == 3:
            host.write('var/lib/gofleet/sysctl/state.json.gofleet-new', 'half')
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
        write_file(path, *arguments)
    monkeypatch.setattr(transaction, 'write_file', full)
    assert error_of(host.run, {SOMAXCONN: 4096}).code == 'disk_full'
    assert [name for name in host.files() if name.endswith('-new')] == []
    assert (host.kernel[SOMAXCONN], host.state()['keys'][SOMAXCONN]['before']) == ('4096', '128')
    host.run({})
    assert (host.kernel[SOMAXCONN], host.files()) == ('128', {})


def test_strict_puts_back_a_value_that_the_kernel_changed(host, error_of):
    host.kernel.rules[SOMAXCONN] = lambda value: '64' if value == '4096' else value
    assert error_of(host.run, {SOMAXCONN: 4096}, strict=True).code == 'adjusted'
    assert (host.kernel[SOMAXCONN], host.files()) == ('128', {})
    host.run({SOMAXCONN: 4096})
    assert error_of(host.run, {SOMAXCONN: 4096}, strict=True).code == 'not_in_force'


def test_strict_accepts_a_list_that_the_kernel_prints_in_another_way(host):
    key = 'net.ipv4.ip_local_reserved_ports'
    host.kernel.rules[key] = lambda value: '8080-8081'
    assert sysctl_host.statuses(host.run({key: '8080,8081'}, strict=True)) == {key: 'adjusted'}
    assert sysctl_host.statuses(host.run({key: '8080,8081'}, strict=True)) == {key: 'adjusted'}


def test_a_value_that_cannot_be_read_at_first_is_written(host, monkeypatch):
    key = 'net.ipv6.conf.all.stable_secret'
    host.kernel.put(key, '::1')
    read = observe.read_value
    unset = [True]
    monkeypatch.setattr(observe, 'read_value', lambda path: None if path == host.kernel.path(key) and unset else read(path))
    host.kernel.rules[key] = lambda value: unset.pop() and value
    assert sysctl_host.statuses(host.run({key: '2001:db8::1'})) == {key: 'applied'}
    assert not host.run({key: '2001:db8::1'})['changed']
    assert [(each['status'], each['reason']) for each in host.run({})['released']] == [('left', sysctl_plan.UNKNOWN_BEFORE)]


def test_a_previous_value_that_the_kernel_refuses_is_reported_as_left(host):
    host.run({SOMAXCONN: 4096})
    host.kernel.rules[SOMAXCONN] = sysctl_host.refuse
    result = host.run({})
    assert ([each['status'] for each in result['released']], host.files()) == (['left'], {})
    assert 'the kernel refuses 128' in result['released'][0]['reason']


@pytest.mark.parametrize('code', [errno.EIO, errno.EROFS, errno.EACCES])
def test_a_previous_value_that_cannot_be_written_now_stays_recorded(host, error_of, code):
    host.run({SOMAXCONN: 4096})

    def fail(value):
        raise OSError(code, os.strerror(code))
    host.kernel.rules[SOMAXCONN] = fail
    error = error_of(host.run, {})
    assert (error.code, error.evidence['value'], error.evidence['errno']) == ('not_restored', '128', errno.errorcode[code])
    assert host.state()['keys'][SOMAXCONN]['before'] == '128'
    host.kernel.rules.clear()
    assert host.run({})['released'][0]['status'] == 'restored'
    assert (host.kernel[SOMAXCONN], host.files()) == ('128', {})


def test_a_boot_service_that_cannot_be_enabled_fails_the_run_and_is_tried_again(openrc, error_of, monkeypatch):
    openrc.exit_status = 1
    error = error_of(openrc.run, {SOMAXCONN: 4096})
    assert (error.code, error.evidence['output'], openrc.kernel[SOMAXCONN]) == ('service_failed', 'output of rc-update', '4096')
    openrc.root.join('etc/runlevels/boot/sysctl').remove()
    openrc.exit_status = 0
    assert openrc.run({SOMAXCONN: 4096})['plan'] == ['enable the service sysctl at boot']
    assert not openrc.run({SOMAXCONN: 4096})['changed']


def test_previous_values_are_on_disk_before_the_first_value_changes(host, monkeypatch):
    seen = []
    write = apply.write_value

    def watch(path, value):
        seen.append(json.loads(host.read('/var/lib/gofleet/sysctl/state.json'))['keys'][SOMAXCONN]['before'])
        write(path, value)
    monkeypatch.setattr(apply, 'write_value', watch)
    host.run({SOMAXCONN: 4096})
    assert seen == ['128']
