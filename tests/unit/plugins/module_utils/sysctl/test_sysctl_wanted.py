# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._host import kernel as host_kernel
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import wanted as sysctl_wanted
from support.units import sysctl_host
from support.units.sysctl_host import BACKLOG, RANGE, SOMAXCONN


def test_the_highest_minimum_of_several_profiles_counts():
    for profiles in (['http_server', 'many_connections'], ['many_connections', 'http_server']):
        assert [each.value for each in sysctl_wanted.wanted_settings(profiles, {}) if each.key == SOMAXCONN] == ['65535']


@pytest.mark.parametrize(('settings', 'code'), [
    ({'net.ipv4.tcp_tw_recycle': 1}, 'harmful_key'), ({'-net.ipv4.tcp_tw_recycle': 1}, 'harmful_key'),
    ({'kernel.sched_latency_ns': 1}, 'removed_key'),
    ({'net.core.somaxcon': 1}, 'unknown_key'), ({'net.ipv4.conf.eth9.rp_filtre': 1}, 'unknown_key'),
    ({'net.ipv4.conf': 1}, 'not_a_setting'),
    ({SOMAXCONN: 'many'}, 'not_a_number'), ({SOMAXCONN: '1 2'}, 'wrong_count'), ({RANGE: 20000}, 'wrong_count'),
    ({'net.ipv4.tcp_rmem': [1, 2]}, 'wrong_count'),
    ({SOMAXCONN: 0}, 'out_of_range'), ({SOMAXCONN: 2 ** 31}, 'out_of_range'), ({RANGE: '60000 20000'}, 'out_of_range'), ({RANGE: '0 70000'}, 'out_of_range'),
    ({'vm.swappiness': 201}, 'out_of_range'),
    ({SOMAXCONN: True}, 'invalid_value'), ({SOMAXCONN: None}, 'invalid_value'), ({SOMAXCONN: ''}, 'invalid_value'), ({SOMAXCONN: '1\n2'}, 'invalid_value'),
    ({SOMAXCONN: []}, 'invalid_value'), ({SOMAXCONN: {}}, 'invalid_value'), ({SOMAXCONN: 1.5}, 'invalid_value'),
    ({'kernel.core_pattern': 'a#b'}, 'invalid_value'),
    ({SOMAXCONN: 1, 'net/core/somaxconn': 1}, 'duplicate_key'), ({SOMAXCONN: 1, '-net.core.somaxconn': 2}, 'duplicate_key'),
    ({'net/ipv4/conf/eth0.100/rp_filter': 1, '-net.ipv4.conf.eth0/100.rp_filter': 1}, 'duplicate_key'),
    ({'net.ipv4.conf.v.1.2.rp_filter': 1}, 'unknown_key'), ({'-net.ipv4.conf.v.1.2.rp_filter': 1}, 'unknown_key'),
    ({'net.ipv6.neigh.eth0.100.gc_stale_time': 1}, 'unknown_key'),
    ({'somaxconn': 1}, 'invalid_key'), ({'net.ipv4.conf.*.rp_filter': 1}, 'invalid_key'), ({'--net.core.x': 1}, 'invalid_key'),
])
@pytest.mark.parametrize('check_mode', [True, False])
def test_an_invalid_setting_fails_before_anything_changes(host, error_of, settings, code, check_mode):
    error = error_of(host.run, dict(settings, **{BACKLOG: 4096}), check_mode=check_mode)
    assert (error.code, host.files(), host.kernel.writes) == (code, {}, [])


def test_all_problems_are_reported_at_once_with_a_likely_name(host, error_of):
    error = error_of(host.run, {'net.core.somaxcon': 1, RANGE: 5})
    assert [(each['key'], each['code']) for each in error.evidence['problems']] == [('net.core.somaxcon', 'unknown_key'), (RANGE, 'wrong_count')]
    assert 'Did you mean net.core.somaxconn?' in error.msg


@pytest.mark.parametrize('prefix', ['', '-'])
@pytest.mark.parametrize('name', ['eth0.100', 'v.1.2'])
def test_the_suggested_spelling_for_an_interface_with_dots_sets_the_key(host, error_of, prefix, name):
    host.kernel.put('net/ipv4/conf/%s/rp_filter' % name, '0')
    error = error_of(host.run, {'%snet.ipv4.conf.%s.rp_filter' % (prefix, name): 2})
    advised = 'net/ipv4/conf/%s/rp_filter' % name
    assert error.msg.endswith("If the interface is '%s', write %s." % (name, advised))
    assert list(sysctl_host.statuses(host.run({advised: 2})).values()) == ['applied']
    assert host.kernel[advised] == '2'


@pytest.mark.parametrize(('kernel', 'now', 'accepted'), [((3, 10, 0), '128', False), ((4, 1), '128', True), ((3, 10, 0), '70000', True)])
def test_a_limit_applies_to_its_kernels_unless_the_current_value_is_beyond_it(host, monkeypatch, kernel, now, accepted):
    monkeypatch.setattr(host_kernel, 'version', lambda: kernel)
    host.kernel.put(SOMAXCONN, now)
    if accepted:
        host.run({SOMAXCONN: 65536})
        assert host.kernel[SOMAXCONN] == '65536'
    else:
        with pytest.raises(GofleetError, match=r'the limits of Linux 3\.10\.0'):
            host.run({SOMAXCONN: 65536})


@pytest.mark.parametrize(('ports', 'reserved', 'fine'), [
    ([8080], '', True), ([18080], '', False), ([18080], '18000-18100', True), ([18080, 19000], '18080', False),
])
def test_a_range_of_local_ports_with_an_unreserved_port_of_a_service_is_refused(host, error_of, ports, reserved, fine):
    host.kernel.put('net.ipv4.ip_local_reserved_ports', reserved)
    if fine:
        assert host.run(profiles=['many_connections'], ports=ports)['changed']
    else:
        assert error_of(host.run, profiles=['many_connections'], ports=ports).code == 'port_in_range'


def test_ports_may_be_reserved_in_the_same_run(host):
    assert host.run({'net.ipv4.ip_local_reserved_ports': '18080'}, profiles=['many_connections'], ports=[18080])['changed']
