# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import io
import os

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import observe
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import plan as sysctl_plan
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import state as sysctl_state
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import wanted as sysctl_wanted
from support.units import sysctl_host
from support.units.sysctl_host import OURS, RMEM, SOMAXCONN


@pytest.mark.parametrize(('now', 'status', 'value'), [('128', 'applied', '4096'), ('4096', 'already', '4096'), ('65535', 'already', '65535')])
def test_a_minimum_never_lowers_a_value(host, now, status, value):
    host.kernel.put(SOMAXCONN, now)
    assert sysctl_host.statuses(host.run(profiles=['http_server']))[SOMAXCONN] == status
    assert host.kernel[SOMAXCONN] == value
    host.boot()
    host.kernel.put(SOMAXCONN, now)
    assert int(host.kernel[SOMAXCONN]) >= int(now)


def test_a_minimum_uses_the_higher_value_of_another_file(host):
    host.run(profiles=['http_server'])
    host.write('/etc/sysctl.d/50-more.conf', SOMAXCONN + ' = 16384\n')
    assert [each['value'] for each in host.run(profiles=['http_server'])['settings'] if each['key'] == SOMAXCONN] == ['16384']
    host.boot()
    assert host.kernel[SOMAXCONN] == '16384'


def test_a_value_of_the_user_is_exact_and_overrides_a_profile(host):
    host.kernel.put(SOMAXCONN, '65535')
    host.run({SOMAXCONN: 1024}, profiles=['http_server', 'many_connections'])
    assert host.kernel[SOMAXCONN] == '1024'


def test_the_number_of_open_files_is_never_lowered(host):
    host.run({'fs.file-max': 5000})
    assert host.kernel['fs.file-max'] == '1000000'


def test_an_unavailable_key_is_set_as_soon_as_the_host_has_it(host):
    host.run({'net.core.netdev_max_backlog': 5000})
    host.kernel.put('net.core.netdev_max_backlog', '1000')
    assert sysctl_host.statuses(host.run({'net.core.netdev_max_backlog': 5000})) == {'net.core.netdev_max_backlog': 'applied'}


def test_a_key_stays_in_the_drop_in_while_the_host_temporarily_lacks_it(host):
    host.run({RMEM: 7340032})
    before = host.read()
    os.unlink(host.kernel.path(RMEM))
    assert (sysctl_host.statuses(host.run({RMEM: 7340032})), host.read()) == ({RMEM: 'unavailable'}, before)


def test_a_key_that_a_later_file_sets_is_reported_as_shadowed_and_not_written(host):
    host.write('/etc/sysctl.d/99-z.conf', SOMAXCONN + ' = 1\n')
    host.boot()
    result = host.run({SOMAXCONN: 4096})
    assert (sysctl_host.statuses(result), sysctl_host.only(result)['shadowed_by'], host.kernel[SOMAXCONN]) == (
        {SOMAXCONN: 'shadowed'}, {'path': '/etc/sysctl.d/99-z.conf', 'value': '1'}, '1')
    assert '/etc/sysctl.d/99-z.conf is read later and sets it to 1' in result['warnings'][0]
    again = host.run({SOMAXCONN: 4096})
    assert (again['changed'], sysctl_host.statuses(again)) == (False, {SOMAXCONN: 'shadowed'})


@pytest.mark.parametrize('before', ['128', '1'])
def test_a_key_that_was_only_shadowed_is_released_without_a_warning(host, before):
    host.kernel.put(SOMAXCONN, before)
    host.write('/etc/sysctl.d/99-z.conf', SOMAXCONN + ' = 1\n')
    host.run({SOMAXCONN: 4096})
    host.boot()
    assert not host.run({SOMAXCONN: 4096})['changed']
    result = host.run({})
    assert ([each['status'] for each in result['released']], result['warnings'], host.kernel[SOMAXCONN]) == (['left'], [], '1')
    assert not host.run({})['changed']


@pytest.mark.parametrize('wanted', [4096, 8192])
def test_a_key_that_was_set_before_it_was_shadowed_is_restored(host, wanted):
    host.run({SOMAXCONN: 4096})
    host.write('/etc/sysctl.d/99-z.conf', SOMAXCONN + ' = 1\n')
    assert sysctl_host.statuses(host.run({SOMAXCONN: wanted})) == {SOMAXCONN: 'shadowed'}
    assert not host.run({SOMAXCONN: wanted})['changed']
    host.root.join('etc/sysctl.d/99-z.conf').remove()
    result = host.run({})
    assert ([each['status'] for each in result['released']], result['warnings'], host.kernel[SOMAXCONN]) == (['restored'], [], '128')


def test_a_shadowed_key_is_set_after_the_later_file_is_removed(host):
    host.write('/etc/sysctl.d/99-z.conf', SOMAXCONN + ' = 1\n')
    host.boot()
    host.run({SOMAXCONN: 4096})
    host.root.join('etc/sysctl.d/99-z.conf').remove()
    assert (sysctl_host.statuses(host.run({SOMAXCONN: 4096})), host.kernel[SOMAXCONN]) == ({SOMAXCONN: 'applied'}, '4096')


@pytest.mark.parametrize('value', ['4096', '9000'])
def test_a_later_file_with_at_least_the_same_value_shadows_nothing(host, value):
    host.write('/etc/sysctl.d/99-z.conf', '%s = %s\n' % (SOMAXCONN, value))
    assert sysctl_host.statuses(host.run(profiles=['http_server']))[SOMAXCONN] == 'applied'


def test_a_file_of_the_same_name_that_hides_the_drop_in_shadows_every_key(host):
    host.root.join('run/systemd').remove()
    for path in ('/etc/init.d/sysctl', '/sbin/openrc-run', '/etc/runlevels/boot/sysctl', '/run/sysctl.d/90-gofleet.conf'):
        host.write(path, '')
    assert sysctl_host.only(host.run({SOMAXCONN: 4096}))['shadowed_by'] == {'path': '/run/sysctl.d/90-gofleet.conf', 'value': None}


def test_a_value_that_sysctl_system_would_set_differently_is_reported(host):
    host.write('/sbin/sysctl', '')
    host.write('/etc/sysctl.conf', SOMAXCONN + ' = 1\n')
    result = host.run({SOMAXCONN: 4096})
    assert (sysctl_host.statuses(result), sysctl_host.only(result)['reverted_by']) == ({SOMAXCONN: 'applied'}, {'path': '/etc/sysctl.conf', 'value': '1'})
    assert 'sysctl --system' in result['warnings'][0]


@pytest.mark.parametrize('hinder', ['lacks', 'locks', 'shadows'])
def test_strict_fails_before_anything_changes(host, error_of, hinder):
    if hinder == 'lacks':
        os.unlink(host.kernel.path(RMEM))
    elif hinder == 'locks':
        os.chmod(host.kernel.path(RMEM), 0o444)
    else:
        host.write('/etc/sysctl.d/99-z.conf', RMEM + ' = 1\n')
    before = host.files()
    error = error_of(host.run, {SOMAXCONN: 4096, RMEM: 7340032}, strict=True)
    assert (error.code, [each['key'] for each in error.evidence['problems']]) == ('not_in_force', [RMEM])
    assert error_of(host.run, {SOMAXCONN: 4096, RMEM: 7340032}, strict=True, check_mode=True).code == 'not_in_force'
    assert (host.files(), host.kernel.writes) == (before, [])


def test_strict_accepts_a_missing_optional_key(host):
    result = host.run({'-net.ipv4.nonsense': 1, SOMAXCONN: 4096}, strict=True)
    assert sysctl_host.statuses(result) == {'net.ipv4.nonsense': 'unavailable', SOMAXCONN: 'applied'}


@pytest.mark.parametrize('strict', [True, False])
@pytest.mark.parametrize(('key', 'asked', 'printed'), [
    (SOMAXCONN, '0x1000', '4096'), ('net.ipv4.tcp_timestamps', '0x1', '1'), ('net.ipv4.tcp_rmem', '0x1000 0X20000 6291456', '4096 131072 6291456')])
def test_decimal_and_hexadecimal_numbers_are_compared_as_numbers(host, key, asked, printed, strict):
    host.kernel.rules[key] = lambda value: ' '.join(str(int(each, 0)) for each in value.split())
    before = host.kernel[key]
    assert sysctl_host.statuses(host.run({key: asked}, strict=strict)) == {key: 'already' if before == printed else 'applied'}
    assert host.kernel[key] == printed
    assert (host.run({key: asked}, strict=strict)['changed'], host.run({key: printed}, strict=strict)['changed']) == (False, False)


def test_a_later_file_that_sets_the_same_number_in_hexadecimal_shadows_nothing(host):
    host.write('/etc/sysctl.d/99-z.conf', SOMAXCONN + ' = 0x1000\n')
    assert sysctl_host.statuses(host.run({SOMAXCONN: 4096})) == {SOMAXCONN: 'applied'}


def test_a_text_that_looks_like_a_number_is_written_as_it_is(host):
    host.kernel.put('kernel.hostname', 'web1')
    host.run({'kernel.hostname': '0x10'})
    assert host.kernel['kernel.hostname'] == '0x10'


def test_a_removal_keeps_a_value_that_was_changed_by_others(host):
    host.run({SOMAXCONN: 4096})
    host.kernel.put(SOMAXCONN, '777')
    result = host.run({})
    assert ([each['status'] for each in result['released']], host.kernel[SOMAXCONN], host.files()) == (['left'], '777', {})
    assert 'was not restored' in result['warnings'][0]


def test_a_removal_sets_the_value_of_another_file_that_was_added_meanwhile(host):
    host.run({SOMAXCONN: 4096})
    host.write('/etc/sysctl.d/50-new.conf', SOMAXCONN + ' = 512\n')
    host.run({})
    assert host.kernel[SOMAXCONN] == '512'


def test_a_removal_ignores_another_file_that_had_no_effect_before(host):
    host.write('/etc/sysctl.d/50-old.conf', SOMAXCONN + ' = 512\n')
    host.kernel.put(SOMAXCONN, '300')
    host.run({SOMAXCONN: 4096})
    host.run({})
    assert host.kernel[SOMAXCONN] == '300'


def test_a_restored_value_names_the_kernel_under_which_it_was_recorded(host, monkeypatch):
    host.run({SOMAXCONN: 4096})
    state = host.state()
    state['keys'][SOMAXCONN]['kernel'] = '5.3.0'
    sysctl_state.write(str(host.root.join('var/lib/gofleet/sysctl/state.json')), state)
    assert host.run({})['released'][0]['reason'] == 'its value under Linux 5.3.0'


def test_without_recorded_values_a_removal_leaves_the_values_as_they_are(host):
    host.root.join('etc/sysctl.d').ensure(dir=True)
    host.run({SOMAXCONN: 4096})
    host.root.join('var/lib/gofleet').remove()
    host.run({SOMAXCONN: 4096})
    assert host.state()['keys'][SOMAXCONN]['before'] is None
    assert [(each['status'], each['reason']) for each in host.run({})['released']] == [('left', sysctl_plan.UNKNOWN_BEFORE)]
    assert (host.kernel[SOMAXCONN], host.files()) == ('4096', {'etc/sysctl.d': 'folder'})


def test_a_plan_reads_nothing_of_the_host(host, monkeypatch):
    host.run({SOMAXCONN: 4096, RMEM: 7340032})
    wanted = sysctl_wanted.wanted_settings(['http_server'], {SOMAXCONN: 8192})
    observed = observe.observe(wanted, host.paths())
    with monkeypatch.context() as patch:
        for owner, name in ((os, 'stat'), (os, 'lstat'), (os, 'listdir'), (os, 'open'), (os, 'access'), (os, 'uname'), (os, 'geteuid'), (io, 'open')):
            patch.setattr(owner, name, None)
        steps = sysctl_plan.plan(wanted, observed, OURS).steps
    assert steps[0] == 'set net.core.somaxconn = 8192'
