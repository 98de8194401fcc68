# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import stat

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import locks, transaction
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import drop_in
from support.units import forked, sysctl_host
from support.units.sysctl_host import BACKLOG, OTHER, OURS, RANGE, SOMAXCONN, Host


def test_a_fresh_host_has_the_values_in_force_and_in_a_file(host):
    result = host.run({SOMAXCONN: 4096, RANGE: '16384 60999'})
    assert result['changed']
    assert sysctl_host.statuses(result) == {SOMAXCONN: 'applied', RANGE: 'applied'}
    assert (host.kernel[SOMAXCONN], host.kernel[RANGE]) == ('4096', '16384 60999')
    lines = host.read().splitlines()
    assert lines[0] == drop_in.MARK
    assert [line for line in lines if line and line[0] != '#'] == ['net.core.somaxconn = 4096', 'net.ipv4.ip_local_port_range = 16384 60999']
    assert stat.S_IMODE(os.stat(str(host.root.join(OURS))).st_mode) == 0o644


def test_a_second_run_changes_and_writes_nothing(host, monkeypatch):
    first = host.run({SOMAXCONN: 4096, RANGE: [16384, 60999]})
    before = host.files()
    for owner, name in ((transaction, 'write_file'), (locks, 'lock'), (transaction, 'make_folder'), (transaction, 'remove_file')):
        monkeypatch.setattr(owner, name, None)
    del host.kernel.writes[:]
    second = host.run({SOMAXCONN: 4096, RANGE: [16384, 60999]})
    assert (second['changed'], second['plan'], second['diff'], second['restart'], host.kernel.writes) == (False, [], [], [], [])
    assert (sysctl_host.statuses(second), host.files()) == (dict.fromkeys(sysctl_host.statuses(first), 'already'), before)


def test_check_mode_on_a_fresh_host_promises_what_the_run_does(host):
    promised = host.run({SOMAXCONN: 4096}, check_mode=True)
    assert (host.files(), host.kernel[SOMAXCONN]) == ({}, '128')
    done = host.run({SOMAXCONN: 4096})
    for name in ('changed', 'plan', 'diff', 'restart', 'loader', 'warnings'):
        assert (name, promised[name]) == (name, done[name])
    assert dict(sysctl_host.only(promised), now='4096') == sysctl_host.only(done)


def test_a_manual_edit_of_the_drop_in_is_shown_in_the_diff_and_undone(host):
    host.run({SOMAXCONN: 4096})
    clean = host.read()
    host.write(OURS, clean.replace('4096', '99') + 'vm.swappiness = 5\n')
    result = host.run({SOMAXCONN: 4096})
    assert (result['changed'], 'vm.swappiness = 5' in result['diff'][0]['before'], host.read()) == (True, True, clean)
    assert [(each['key'], each['status']) for each in result['released']] == [('vm.swappiness', 'left')]


def test_a_value_that_was_changed_by_hand_is_set_again(host):
    host.run({SOMAXCONN: 4096})
    host.kernel.put(SOMAXCONN, '1')
    result = host.run({SOMAXCONN: 4096})
    assert (result['plan'], host.kernel[SOMAXCONN]) == (['set net.core.somaxconn = 4096'], '4096')


def test_a_key_with_a_dot_in_a_part_is_set_and_written_in_the_spelling_that_all_loaders_read(host):
    result = host.run({'net/ipv4/conf/eth0.100/rp_filter': 2})
    assert (sysctl_host.only(result)['key'], host.kernel['net.ipv4.conf.eth0/100.rp_filter']) == ('net.ipv4.conf.eth0/100.rp_filter', '2')
    assert 'net/ipv4/conf/eth0.100/rp_filter = 2\n' in host.read()
    assert not host.run({'net.ipv4.conf.eth0/100.rp_filter': 2})['changed']


def test_tabs_between_numbers_make_no_difference(host):
    result = host.run({'net.ipv4.tcp_rmem': '4096 131072  6291456'})
    assert (sysctl_host.statuses(result), host.kernel.writes) == ({'net.ipv4.tcp_rmem': 'already'}, [])


def test_a_run_without_root_rights_fails_with_not_privileged(open_folder, monkeypatch, error_of):
    monkeypatch.setattr(os, 'fsync', lambda handle: None)
    host = Host(open_folder, monkeypatch)

    def attempt():
        try:
            host.run({SOMAXCONN: 4096})
        except GofleetError as exc:
            return exc.code
        return None
    for folder, below, names in os.walk(str(open_folder)):
        for name in below + names:
            os.chmod(os.path.join(folder, name), 0o755 if name in below else 0o644)
    if os.geteuid() != 0:
        os.chmod(host.kernel.path(SOMAXCONN), 0o444)
    assert forked.as_ordinary_user(attempt) == ('not_privileged' if os.geteuid() == 0 else None)


def test_a_removal_restores_the_previous_values(host):
    host.run({SOMAXCONN: 4096, RANGE: '16384 60999'})
    result = host.run({})
    assert [(each['key'], each['status'], each['value']) for each in result['released']] == [
        (SOMAXCONN, 'restored', '128'), (RANGE, 'restored', '32768 60999')]
    assert (result['changed'], host.kernel[SOMAXCONN], host.kernel[RANGE], host.files()) == (True, '128', '32768 60999', {})
    assert not host.run({})['changed']


def test_a_removal_keeps_a_folder_that_existed_before(host):
    host.root.join('etc/sysctl.d').ensure(dir=True)
    host.run({SOMAXCONN: 4096})
    host.run({})
    assert host.files() == {'etc/sysctl.d': 'folder'}


def test_a_removal_restores_the_value_from_before_the_first_of_several_changes(host):
    for value in (1000, 2000, 3000):
        host.run({SOMAXCONN: value})
    host.run({})
    assert host.kernel[SOMAXCONN] == '128'


def test_a_setting_that_is_no_longer_wanted_is_restored(host):
    host.run({SOMAXCONN: 4096, BACKLOG: 4096})
    result = host.run({SOMAXCONN: 4096})
    assert ([each['key'] for each in result['released']], host.kernel[BACKLOG], host.kernel[SOMAXCONN]) == ([BACKLOG], '2048', '4096')
    assert BACKLOG not in host.read()
    assert not host.run({SOMAXCONN: 4096})['changed']


def test_a_removal_after_a_reboot_restores_the_previous_value(host):
    host.run({SOMAXCONN: 4096})
    host.boot()
    assert host.kernel[SOMAXCONN] == '4096'
    host.run({})
    assert host.kernel[SOMAXCONN] == '128'


def test_a_removal_after_a_boot_that_ignored_the_drop_in_overwrites_nothing(host):
    host.run({SOMAXCONN: 4096})
    host.kernel.put(SOMAXCONN, '256')
    host.run({})
    assert host.kernel[SOMAXCONN] == '256'


@pytest.mark.parametrize('order', [(OURS, OTHER), (OTHER, OURS)])
def test_a_key_of_two_drop_ins_is_restored_when_both_are_removed(host, order):
    host.run({SOMAXCONN: 1000})
    result = host.run({SOMAXCONN: 2000}, path=OTHER)
    assert (sysctl_host.statuses(result), host.kernel[SOMAXCONN]) == ({SOMAXCONN: 'applied'}, '2000')
    # The first file is read first and leaves the key to the second.
    again = host.run({SOMAXCONN: 1000})
    assert (sysctl_host.statuses(again), again['changed'], host.kernel[SOMAXCONN]) == ({SOMAXCONN: 'shadowed'}, False, '2000')
    host.run({}, path=order[0])
    left = {OURS: '2000', OTHER: '1000'}[order[0]]
    assert host.kernel[SOMAXCONN] == left
    host.boot()
    assert host.kernel[SOMAXCONN] == left
    host.run({}, path=order[1])
    assert (host.kernel[SOMAXCONN], host.files()) == ('128', {})


def test_removing_a_drop_in_restores_only_its_own_keys(host):
    host.run({SOMAXCONN: 1000})
    host.run({BACKLOG: 9000}, path=OTHER)
    host.run({}, path=OTHER)
    assert (host.kernel[SOMAXCONN], host.kernel[BACKLOG], sorted(host.state()['keys'])) == ('1000', '2048', [SOMAXCONN])


@pytest.mark.parametrize(('script', 'level', 'programs'), [
    ('sysctl -p', None, [['rc-update', 'add', 'sysctl', 'boot']]), ('sysctl -p', 'boot', []), ('sysctl -p', 'sysinit', []),
    ('sysctl --system', None, [['rc-update', 'add', 'sysctl', 'boot']])])
def test_the_boot_service_of_openrc_is_enabled_once(host, script, level, programs):
    host.root.join('run/systemd').remove()
    host.write('/etc/init.d/sysctl', script)
    host.write('/sbin/openrc-run', '')
    if level:
        host.write('/etc/runlevels/%s/sysctl' % level, '')
    promised = host.run({SOMAXCONN: 4096}, check_mode=True)
    assert host.programs == []
    result = host.run({SOMAXCONN: 4096})
    assert (host.programs, result['loader']['enabled'], result['plan'], result['warnings']) == (programs, True, promised['plan'], [])


@pytest.mark.parametrize(('enabled', 'others', 'taken_out'), [(False, '', True), (True, '', False), (False, 'vm.swappiness = 1', False)])
def test_the_boot_service_is_disabled_with_the_last_setting_unless_other_files_need_it(openrc, enabled, others, taken_out):
    if enabled:
        openrc.write('/etc/runlevels/boot/sysctl', '')
    openrc.run({SOMAXCONN: 4096})
    openrc.run({BACKLOG: 4096}, path=OTHER)
    openrc.run({})
    del openrc.programs[:]
    openrc.write('/etc/sysctl.conf', others)
    promised = openrc.run({}, path=OTHER, check_mode=True)
    done = openrc.run({}, path=OTHER)
    assert (openrc.programs, promised['plan']) == ([['rc-update', 'del', 'sysctl', 'boot']] if taken_out else [], done['plan'])
    assert openrc.kernel[BACKLOG] == '2048'
    assert not openrc.run({}, path=OTHER)['changed']
