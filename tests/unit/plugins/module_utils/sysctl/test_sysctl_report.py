# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import profiles as known
from support.units import sysctl_host
from support.units.sysctl_host import OURS, RMEM, SOMAXCONN


def test_a_setting_is_reported_with_all_its_fields(host):
    report = [each for each in host.run(profiles=['http_server'])['settings'] if each['key'] == SOMAXCONN][0]
    assert report['source']
    assert report['reason']
    assert dict(report, reason=None, source=None) == {
        'key': SOMAXCONN, 'value': '4096', 'at_least': True, 'status': 'applied', 'note': None, 'before': '128', 'now': '4096', 'in_file': True,
        'shadowed_by': None, 'reverted_by': None, 'restart': known.READ_ONCE[SOMAXCONN], 'origin': 'http_server', 'reason': None, 'source': None}


def test_the_diff_shows_the_file_and_the_values(host):
    file_diff, value_diff = host.run({SOMAXCONN: 4096}, check_mode=True)['diff']
    assert (file_diff['before_header'], file_diff['before'], value_diff['before'], value_diff['after']) == (
        OURS, '', SOMAXCONN + ' = 128\n', SOMAXCONN + ' = 4096\n')
    host.run({SOMAXCONN: 4096})
    assert host.read() == file_diff['after']


def test_only_settings_of_this_run_ask_for_a_restart(host):
    host.kernel.put(SOMAXCONN, '4096')
    result = host.run({SOMAXCONN: 4096, RMEM: 7340032, 'net.ipv4.conf.default.rp_filter': 2, 'vm.swappiness': 5})
    assert [each['key'] for each in result['restart']] == [RMEM, 'net.ipv4.conf.default.rp_filter']


def test_keys_that_share_a_reason_share_a_warning(host):
    for key in (SOMAXCONN, RMEM):
        os.chmod(host.kernel.path(key), 0o444)
    assert [warning.count(' = ') for warning in host.run({SOMAXCONN: 4096, RMEM: 7340032})['warnings']] == [2]


def test_a_value_that_the_kernel_changes_is_reported_as_adjusted(host):
    host.kernel.rules[SOMAXCONN] = lambda value: '64'
    first = host.run({SOMAXCONN: 4096})
    assert (sysctl_host.only(first)['status'], sysctl_host.only(first)['now'], first['changed']) == ('adjusted', '64', True)
    second = host.run({SOMAXCONN: 4096})
    assert (sysctl_host.only(second)['status'], second['changed'], 'adjusted' in second['warnings'][0]) == ('adjusted', False, True)


def test_a_value_that_the_kernel_changes_back_to_the_previous_one_is_reported_as_adjusted(host):
    host.kernel.rules[SOMAXCONN] = lambda value: '128'
    assert sysctl_host.only(host.run({SOMAXCONN: 4096}))['status'] == 'adjusted'


def test_disabling_timestamps_works_with_a_warning(host):
    assert 'tcp_tw_reuse' in ' '.join(host.run({'net.ipv4.tcp_timestamps': 0})['warnings'])


def test_a_host_that_reads_no_files_at_boot_gets_a_warning(host):
    host.root.join('run/systemd').remove()
    assert 'Nothing on this host reads /etc/sysctl.d at boot' in host.run({SOMAXCONN: 4096})['warnings'][-1]
