# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import io
import json
import os
import stat

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._files import folders, locks, transaction
from ansible_collections.gofleet.golang.plugins.module_utils._host import kernel as host_kernel
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import boot as sysctl_files
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import converge as sysctl
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import profiles as known
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import state as sysctl_state
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import wanted as sysctl_wanted
from support.units import forked

OURS = '/etc/sysctl.d/90-gofleet.conf'
OTHER = '/etc/sysctl.d/91-other.conf'
SOMAXCONN = 'net.core.somaxconn'
BACKLOG = 'net.ipv4.tcp_max_syn_backlog'
RANGE = 'net.ipv4.ip_local_port_range'
RMEM = 'net.core.rmem_max'
# What the kernel of the tests begins with.
DEFAULTS = {
    SOMAXCONN: '128', BACKLOG: '2048', RANGE: '32768\t60999', RMEM: '212992', 'net.ipv4.tcp_rmem': '4096\t131072\t6291456',
    'net.ipv4.tcp_syncookies': '1', 'net.ipv4.tcp_slow_start_after_idle': '1', 'net.ipv4.tcp_timestamps': '1', 'fs.file-max': '1000000',
    'net.ipv4.ip_local_reserved_ports': '', 'net.ipv4.conf.default.rp_filter': '0', 'net.ipv4.conf.eth0/100.rp_filter': '0', 'vm.swappiness': '60',
}


class Killed(BaseException):
    """kill -9: nothing that the code could catch."""


class Kernel(object):
    """A /proc/sys in a folder. rules: {key: function of the value that was written to the value that is then in force}."""

    def __init__(self, folder, monkeypatch):
        self.folder = str(folder)
        self.rules = {}
        self.writes = []
        monkeypatch.setattr(sysctl, '_write', self._write)
        self.boot({})

    def path(self, key):
        return os.path.join(self.folder, *sysctl_files.parse_key(key))

    def boot(self, values):
        for key, value in dict(DEFAULTS, **values).items():
            if key in DEFAULTS or os.path.exists(self.path(key)):
                self.put(key, value)

    def put(self, key, value):
        if not os.path.isdir(os.path.dirname(self.path(key))):
            os.makedirs(os.path.dirname(self.path(key)))
        with io.open(self.path(key), 'wb') as target:
            target.write(value.encode('ascii') + b'\n')

    def __getitem__(self, key):
        with io.open(self.path(key), 'rb') as source:
            return sysctl_files.normal(source.read().decode('ascii'))

    def _write(self, path, value):
        key = sysctl_files.spell(tuple(os.path.relpath(path, self.folder).split(os.sep)))
        self.writes.append((key, value))
        self.put(key, self.rules.get(key, lambda asked: asked)(value).replace(' ', '\t'))


class Host(object):
    """The files and the kernel of one host, and runs on it."""

    def __init__(self, tmpdir, monkeypatch):
        self.root = tmpdir.mkdir('root')
        self.kernel = Kernel(tmpdir.mkdir('proc'), monkeypatch)
        self.programs = []
        self.exit_status = 0
        self.write('/run/systemd/system/.keep', '')
        self.root.join('var/lib').ensure(dir=True)

    def write(self, path, text):
        self.root.join(path).write(text, ensure=True)

    def read(self, path=OURS):
        return self.root.join(path).read()

    def files(self):
        """Every file below /etc and /var/lib, with its content."""
        found = {}
        for top in ('etc', 'var/lib'):
            for folder, below, names in os.walk(str(self.root.join(top))):
                found.update((os.path.relpath(os.path.join(folder, name), str(self.root)), 'folder') for name in below)
                for name in names:
                    with io.open(os.path.join(folder, name), 'rb') as source:
                        found[os.path.relpath(os.path.join(folder, name), str(self.root))] = source.read()
        return found

    def boot(self):
        """Kernel defaults, then the files as systemd reads them."""
        tree = sysctl_files.Tree(str(self.root))
        values = {}
        for path in sysctl_files.read_order('systemd-sysctl', tree):
            values.update((each.key, each.value) for each in sysctl_files.assignments(path, tree.read(path) or ''))
        self.kernel.boot(values)

    def run(self, settings=None, profiles=(), path=OURS, check_mode=False, **options):
        paths = sysctl.Paths(str(self.root), self.kernel.folder, path)

        def program(argv, environment, folder):
            self.programs.append(argv)
            link = self.root.join('etc/runlevels/boot/sysctl')
            if argv[1] == 'add':
                link.write('', ensure=True)
            else:
                link.remove()
            return self.exit_status, 'what it said'
        return sysctl.converge(sysctl_wanted.wanted_settings(profiles, settings or {}), paths, program, check_mode, 5, **options)

    def state(self):
        return sysctl_state.read(str(self.root.join('var/lib/gofleet/sysctl/state.json')))


@pytest.fixture
def host(tmpdir, monkeypatch, no_disk):
    monkeypatch.setattr(host_kernel, 'version', lambda: (6, 1, 0))
    # The folder of the tests is root's in some places and a user's in others.
    monkeypatch.setattr(os, 'geteuid', lambda: 0)
    return Host(tmpdir, monkeypatch)


def told(result):
    return dict((each['key'], each['status']) for each in result['settings'])


def only(result):
    (report,) = result['settings']
    return report


# ---- in force and kept


def test_a_fresh_host_has_the_values_in_force_and_in_a_file(host):
    result = host.run({SOMAXCONN: 4096, RANGE: '16384 60999'})
    assert result['changed']
    assert told(result) == {SOMAXCONN: 'applied', RANGE: 'applied'}
    assert (host.kernel[SOMAXCONN], host.kernel[RANGE]) == ('4096', '16384 60999')
    lines = host.read().splitlines()
    assert lines[0] == sysctl._MARK
    assert [line for line in lines if line and line[0] != '#'] == ['net.core.somaxconn = 4096', 'net.ipv4.ip_local_port_range = 16384 60999']
    assert stat.S_IMODE(os.stat(str(host.root.join(OURS))).st_mode) == 0o644


def test_a_report_says_all_of_a_key(host):
    report = [each for each in host.run(profiles=['http_server'])['settings'] if each['key'] == SOMAXCONN][0]
    assert report['source']
    assert report['reason']
    assert dict(report, reason=None, source=None) == {
        'key': SOMAXCONN, 'value': '4096', 'at_least': True, 'status': 'applied', 'note': None, 'before': '128', 'now': '4096', 'in_file': True,
        'shadowed_by': None, 'reverted_by': None, 'restart': known.READ_ONCE[SOMAXCONN], 'origin': 'http_server', 'reason': None, 'source': None}


def test_a_second_run_changes_and_writes_nothing(host, monkeypatch):
    first = host.run({SOMAXCONN: 4096, RANGE: [16384, 60999]})
    before = host.files()
    for owner, name in ((transaction, 'write_file'), (locks, 'lock'), (transaction, 'make_folder'), (transaction, 'remove_file')):
        monkeypatch.setattr(owner, name, None)
    del host.kernel.writes[:]
    second = host.run({SOMAXCONN: 4096, RANGE: [16384, 60999]})
    assert (second['changed'], second['plan'], second['diff'], second['restart'], host.kernel.writes) == (False, [], [], [], [])
    assert (told(second), host.files()) == (dict.fromkeys(told(first), 'already'), before)


def test_check_mode_on_a_fresh_host_promises_what_the_run_does(host):
    promised = host.run({SOMAXCONN: 4096}, check_mode=True)
    assert (host.files(), host.kernel[SOMAXCONN]) == ({}, '128')
    done = host.run({SOMAXCONN: 4096})
    for name in ('changed', 'plan', 'diff', 'restart', 'loader', 'warnings'):
        assert (name, promised[name]) == (name, done[name])
    assert dict(only(promised), now='4096') == only(done)


def test_the_diff_shows_the_file_and_the_values(host):
    file_diff, value_diff = host.run({SOMAXCONN: 4096}, check_mode=True)['diff']
    assert (file_diff['before_header'], file_diff['before'], value_diff['before'], value_diff['after']) == (
        OURS, '', SOMAXCONN + ' = 128\n', SOMAXCONN + ' = 4096\n')
    host.run({SOMAXCONN: 4096})
    assert host.read() == file_diff['after']


def test_an_edit_of_our_file_is_in_the_diff_and_undone(host):
    host.run({SOMAXCONN: 4096})
    clean = host.read()
    host.write(OURS, clean.replace('4096', '99') + 'vm.swappiness = 5\n')
    result = host.run({SOMAXCONN: 4096})
    assert (result['changed'], 'vm.swappiness = 5' in result['diff'][0]['before'], host.read()) == (True, True, clean)
    assert [(each['key'], each['status']) for each in result['released']] == [('vm.swappiness', 'left')]


def test_a_value_that_somebody_set_by_hand_is_set_again(host):
    host.run({SOMAXCONN: 4096})
    host.kernel.put(SOMAXCONN, '1')
    result = host.run({SOMAXCONN: 4096})
    assert (result['plan'], host.kernel[SOMAXCONN]) == (['set net.core.somaxconn = 4096'], '4096')


@pytest.mark.parametrize('text', ['# mine\nvm.swappiness = 1\n', ''])
def test_a_file_of_somebody_else_is_refused(host, error_of, text):
    host.write(OURS, text)
    before = host.files()
    assert error_of(host.run, {SOMAXCONN: 4096}).code == 'foreign_file'
    assert (host.files(), host.kernel.writes) == (before, [])


def test_a_link_in_the_place_of_our_file_is_refused(host, error_of):
    host.run({SOMAXCONN: 4096})
    os.rename(str(host.root.join(OURS)), str(host.root.join('elsewhere')))
    os.symlink(str(host.root.join('elsewhere')), str(host.root.join(OURS)))
    assert error_of(host.run, {SOMAXCONN: 1024}).code == 'foreign_file'


def test_a_name_with_a_dot_is_set_and_written_so_that_all_implementations_find_it(host):
    result = host.run({'net/ipv4/conf/eth0.100/rp_filter': 2})
    assert (only(result)['key'], host.kernel['net.ipv4.conf.eth0/100.rp_filter']) == ('net.ipv4.conf.eth0/100.rp_filter', '2')
    assert 'net/ipv4/conf/eth0.100/rp_filter = 2\n' in host.read()
    assert not host.run({'net.ipv4.conf.eth0/100.rp_filter': 2})['changed']


def test_tabs_between_numbers_are_no_difference(host):
    result = host.run({'net.ipv4.tcp_rmem': '4096 131072  6291456'})
    assert (told(result), host.kernel.writes) == ({'net.ipv4.tcp_rmem': 'already'}, [])


def test_only_what_is_set_in_this_run_asks_for_a_restart(host):
    host.kernel.put(SOMAXCONN, '4096')
    result = host.run({SOMAXCONN: 4096, RMEM: 7340032, 'net.ipv4.conf.default.rp_filter': 2, 'vm.swappiness': 5})
    assert [each['key'] for each in result['restart']] == [RMEM, 'net.ipv4.conf.default.rp_filter']


# ---- floors


@pytest.mark.parametrize(('now', 'status', 'value'), [('128', 'applied', '4096'), ('4096', 'already', '4096'), ('65535', 'already', '65535')])
def test_a_floor_never_lowers(host, now, status, value):
    host.kernel.put(SOMAXCONN, now)
    assert told(host.run(profiles=['http_server']))[SOMAXCONN] == status
    assert host.kernel[SOMAXCONN] == value
    host.boot()
    host.kernel.put(SOMAXCONN, now)
    assert int(host.kernel[SOMAXCONN]) >= int(now)


def test_a_floor_takes_over_what_another_file_sets_if_that_is_more(host):
    host.run(profiles=['http_server'])
    host.write('/etc/sysctl.d/50-more.conf', SOMAXCONN + ' = 16384\n')
    assert [each['value'] for each in host.run(profiles=['http_server'])['settings'] if each['key'] == SOMAXCONN] == ['16384']
    host.boot()
    assert host.kernel[SOMAXCONN] == '16384'


def test_a_value_of_ones_own_is_no_floor_and_comes_before_a_profile(host):
    host.kernel.put(SOMAXCONN, '65535')
    host.run({SOMAXCONN: 1024}, profiles=['http_server', 'many_connections'])
    assert host.kernel[SOMAXCONN] == '1024'


def test_the_highest_floor_of_several_profiles_counts():
    for profiles in (['http_server', 'many_connections'], ['many_connections', 'http_server']):
        assert [each.value for each in sysctl_wanted.wanted_settings(profiles, {}) if each.key == SOMAXCONN] == ['65535']


def test_the_number_of_open_files_is_never_lowered(host):
    host.run({'fs.file-max': 5000})
    assert host.kernel['fs.file-max'] == '1000000'


# ---- what is not in force


def test_a_key_that_the_host_lacks_is_told_and_in_no_file(host):
    result = host.run({'net.core.netdev_max_backlog': 5000, SOMAXCONN: 4096})
    assert told(result) == {'net.core.netdev_max_backlog': 'unavailable', SOMAXCONN: 'applied'}
    assert '# Not set here: net.core.netdev_max_backlog = 5000\n' in host.read()
    assert 'net.core.netdev_max_backlog = 5000 (unavailable, because' in result['warnings'][0]
    assert not host.run({'net.core.netdev_max_backlog': 5000, SOMAXCONN: 4096})['changed']


def test_a_key_is_set_once_the_host_has_it(host):
    host.run({'net.core.netdev_max_backlog': 5000})
    host.kernel.put('net.core.netdev_max_backlog', '1000')
    assert told(host.run({'net.core.netdev_max_backlog': 5000})) == {'net.core.netdev_max_backlog': 'applied'}


def test_a_key_that_was_ours_stays_in_the_file_while_the_host_lacks_it(host):
    host.run({RMEM: 7340032})
    before = host.read()
    os.unlink(host.kernel.path(RMEM))
    assert (told(host.run({RMEM: 7340032})), host.read()) == ({RMEM: 'unavailable'}, before)


def test_a_key_that_nobody_may_write_is_told_and_no_file_made_for_it(host):
    os.chmod(host.kernel.path(RMEM), 0o444)
    result = host.run({RMEM: 7340032})
    assert (told(result), result['changed'], host.files()) == ({RMEM: 'read_only'}, False, {})
    assert 'in this namespace' in only(result)['note']


def test_a_read_only_mount_is_told(host, monkeypatch):
    access = os.access
    monkeypatch.setattr(os, 'access', lambda path, mode: access(path, mode) and not (path.startswith(host.kernel.folder) and mode & os.W_OK))
    monkeypatch.setattr(os, 'statvfs', lambda path: os.statvfs_result([0] * 8 + [int(path.startswith(host.kernel.folder)), 255]))
    assert only(host.run({SOMAXCONN: 4096}))['note'] == 'it is mounted read-only here'
    # And what is in force already is, whoever may write it.
    assert told(host.run({SOMAXCONN: 128})) == {SOMAXCONN: 'already'}


def test_keys_that_share_a_reason_share_a_warning(host):
    for key in (SOMAXCONN, RMEM):
        os.chmod(host.kernel.path(key), 0o444)
    assert [warning.count(' = ') for warning in host.run({SOMAXCONN: 4096, RMEM: 7340032})['warnings']] == [2]


def test_a_later_file_is_told_and_the_kernel_left_as_a_boot_has_it(host):
    host.write('/etc/sysctl.d/99-z.conf', SOMAXCONN + ' = 1\n')
    host.boot()
    result = host.run({SOMAXCONN: 4096})
    assert (told(result), only(result)['shadowed_by'], host.kernel[SOMAXCONN]) == (
        {SOMAXCONN: 'shadowed'}, {'path': '/etc/sysctl.d/99-z.conf', 'value': '1'}, '1')
    assert '/etc/sysctl.d/99-z.conf sets 1 after this file' in result['warnings'][0]
    again = host.run({SOMAXCONN: 4096})
    assert (again['changed'], told(again)) == (False, {SOMAXCONN: 'shadowed'})


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
    assert told(host.run({SOMAXCONN: wanted})) == {SOMAXCONN: 'shadowed'}
    assert not host.run({SOMAXCONN: wanted})['changed']
    host.root.join('etc/sysctl.d/99-z.conf').remove()
    result = host.run({})
    assert ([each['status'] for each in result['released']], result['warnings'], host.kernel[SOMAXCONN]) == (['restored'], [], '128')


def test_what_was_shadowed_is_set_once_it_is_not(host):
    host.write('/etc/sysctl.d/99-z.conf', SOMAXCONN + ' = 1\n')
    host.boot()
    host.run({SOMAXCONN: 4096})
    host.root.join('etc/sysctl.d/99-z.conf').remove()
    assert (told(host.run({SOMAXCONN: 4096})), host.kernel[SOMAXCONN]) == ({SOMAXCONN: 'applied'}, '4096')


@pytest.mark.parametrize('value', ['4096', '9000'])
def test_a_later_file_that_grants_the_same_shadows_nothing(host, value):
    host.write('/etc/sysctl.d/99-z.conf', '%s = %s\n' % (SOMAXCONN, value))
    assert told(host.run(profiles=['http_server']))[SOMAXCONN] == 'applied'


def test_a_file_of_the_same_name_that_hides_ours_shadows_all_of_it(host):
    host.root.join('run/systemd').remove()
    for path in ('/etc/init.d/sysctl', '/sbin/openrc-run', '/etc/runlevels/boot/sysctl', '/run/sysctl.d/90-gofleet.conf'):
        host.write(path, '')
    assert only(host.run({SOMAXCONN: 4096}))['shadowed_by'] == {'path': '/run/sysctl.d/90-gofleet.conf', 'value': None}


def test_what_sysctl_system_would_do_otherwise_is_told(host):
    host.write('/sbin/sysctl', '')
    host.write('/etc/sysctl.conf', SOMAXCONN + ' = 1\n')
    result = host.run({SOMAXCONN: 4096})
    assert (told(result), only(result)['reverted_by']) == ({SOMAXCONN: 'applied'}, {'path': '/etc/sysctl.conf', 'value': '1'})
    assert 'sysctl --system' in result['warnings'][0]


def test_the_kernel_may_make_another_value_of_it_which_is_told_and_kept(host):
    host.kernel.rules[SOMAXCONN] = lambda value: '64'
    first = host.run({SOMAXCONN: 4096})
    assert (only(first)['status'], only(first)['now'], first['changed']) == ('adjusted', '64', True)
    second = host.run({SOMAXCONN: 4096})
    assert (only(second)['status'], second['changed'], 'adjusted' in second['warnings'][0]) == ('adjusted', False, True)


def test_a_clamp_to_the_value_of_before_is_told_too(host):
    host.kernel.rules[SOMAXCONN] = lambda value: '128'
    assert only(host.run({SOMAXCONN: 4096}))['status'] == 'adjusted'


def refuse(value):
    raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))


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


def test_what_the_kernel_refuses_leaves_the_host_as_it_was(host, error_of):
    host.kernel.rules[RMEM] = refuse
    error = error_of(host.run, {SOMAXCONN: 4096, RMEM: 1, BACKLOG: 9})
    assert (error.code, error.evidence) == ('refused_by_kernel', {'key': RMEM, 'value': '1', 'now': '212992', 'errno': 'EINVAL'})
    assert ([host.kernel[key] for key in (SOMAXCONN, RMEM, BACKLOG)], host.files()) == (['128', '212992', '2048'], {})


def test_what_was_set_before_the_refusal_is_put_back(host, error_of):
    host.run({SOMAXCONN: 1000})
    before = host.files()
    host.kernel.rules['vm.swappiness'] = refuse
    assert error_of(host.run, {SOMAXCONN: 4096, 'vm.swappiness': 7}).code == 'refused_by_kernel'
    assert ((SOMAXCONN, '4096') in host.kernel.writes, host.kernel[SOMAXCONN], host.files()) == (True, '1000', before)


def test_a_file_that_cannot_be_written_puts_the_values_back(host, error_of, monkeypatch):
    write_file = transaction.write_file

    def full(path, *arguments):
        if path.endswith('.conf'):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
        write_file(path, *arguments)
    monkeypatch.setattr(transaction, 'write_file', full)
    assert error_of(host.run, {SOMAXCONN: 4096}).code == 'disk_full'
    assert (host.kernel[SOMAXCONN], host.files()) == ('128', {})


@pytest.mark.parametrize('history', [{}, {SOMAXCONN: 1000, BACKLOG: 3000}])
def test_a_file_that_has_its_name_but_cannot_be_synced_is_taken_back_too(host, error_of, monkeypatch, history):
    """Or a boot would set what nobody remembers any more."""
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


def test_what_was_before_is_remembered_if_the_file_cannot_be_taken_back(host, error_of, monkeypatch):
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


def test_what_a_write_that_failed_has_left_is_removed(host, error_of, monkeypatch):
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


# ---- strict


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


def test_strict_lets_a_host_lack_what_it_may_lack(host):
    result = host.run({'-net.ipv4.nonsense': 1, SOMAXCONN: 4096}, strict=True)
    assert told(result) == {'net.ipv4.nonsense': 'unavailable', SOMAXCONN: 'applied'}


def test_strict_takes_no_other_value_and_puts_back(host, error_of):
    host.kernel.rules[SOMAXCONN] = lambda value: '64' if value == '4096' else value
    assert error_of(host.run, {SOMAXCONN: 4096}, strict=True).code == 'adjusted'
    assert (host.kernel[SOMAXCONN], host.files()) == ('128', {})
    host.run({SOMAXCONN: 4096})
    assert error_of(host.run, {SOMAXCONN: 4096}, strict=True).code == 'not_in_force'


def test_strict_lets_the_kernel_spell_a_list_in_its_own_way(host):
    key = 'net.ipv4.ip_local_reserved_ports'
    host.kernel.rules[key] = lambda value: '8080-8081'
    assert told(host.run({key: '8080,8081'}, strict=True)) == {key: 'adjusted'}
    assert told(host.run({key: '8080,8081'}, strict=True)) == {key: 'adjusted'}


@pytest.mark.parametrize('strict', [True, False])
@pytest.mark.parametrize(('key', 'asked', 'printed'), [
    (SOMAXCONN, '0x1000', '4096'), ('net.ipv4.tcp_timestamps', '0x1', '1'), ('net.ipv4.tcp_rmem', '0x1000 0X20000 6291456', '4096 131072 6291456')])
def test_numbers_are_compared_as_numbers_however_they_are_written(host, key, asked, printed, strict):
    host.kernel.rules[key] = lambda value: ' '.join(str(int(each, 0)) for each in value.split())
    before = host.kernel[key]
    assert told(host.run({key: asked}, strict=strict)) == {key: 'already' if before == printed else 'applied'}
    assert host.kernel[key] == printed
    assert (host.run({key: asked}, strict=strict)['changed'], host.run({key: printed}, strict=strict)['changed']) == (False, False)


def test_a_later_file_that_writes_the_same_number_in_another_way_shadows_nothing(host):
    host.write('/etc/sysctl.d/99-z.conf', SOMAXCONN + ' = 0x1000\n')
    assert told(host.run({SOMAXCONN: 4096})) == {SOMAXCONN: 'applied'}


def test_a_text_that_looks_like_a_number_is_written_as_it_is(host):
    host.kernel.put('kernel.hostname', 'web1')
    host.run({'kernel.hostname': '0x10'})
    assert host.kernel['kernel.hostname'] == '0x10'


@pytest.mark.parametrize('fifo', ['etc/sysctl.d/95-pipe.conf', 'usr/lib/sysctl.d/96-pipe.conf', 'etc/sysctl.conf'])
@pytest.mark.parametrize('is_linked', [True, False])
@pytest.mark.usefixtures('no_waiting')
def test_a_pipe_among_the_files_of_a_host_is_passed_over_without_waiting(host, fifo, is_linked):
    host.root.join(fifo).dirpath().ensure(dir=True)
    pipe = str(host.root.join('pipe') if is_linked else host.root.join(fifo))
    os.mkfifo(pipe)
    if is_linked:
        os.symlink(pipe, str(host.root.join(fifo)))
    host.write('/sbin/sysctl', '')
    assert told(host.run({SOMAXCONN: 4096})) == {SOMAXCONN: 'applied'}


# ---- what cannot be


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
def test_what_cannot_be_fails_before_anything_changes(host, error_of, settings, code, check_mode):
    error = error_of(host.run, dict(settings, **{BACKLOG: 4096}), check_mode=check_mode)
    assert (error.code, host.files(), host.kernel.writes) == (code, {}, [])


def test_every_problem_is_told_at_once_and_a_likely_name_with_it(host, error_of):
    error = error_of(host.run, {'net.core.somaxcon': 1, RANGE: 5})
    assert [(each['key'], each['code']) for each in error.evidence['problems']] == [('net.core.somaxcon', 'unknown_key'), (RANGE, 'wrong_count')]
    assert 'Meant may be net.core.somaxconn' in error.msg


@pytest.mark.parametrize('prefix', ['', '-'])
@pytest.mark.parametrize('name', ['eth0.100', 'v.1.2'])
def test_the_advice_for_an_interface_with_dots_sets_the_key(host, error_of, prefix, name):
    host.kernel.put('net/ipv4/conf/%s/rp_filter' % name, '0')
    error = error_of(host.run, {'%snet.ipv4.conf.%s.rp_filter' % (prefix, name): 2})
    advised = 'net/ipv4/conf/%s/rp_filter' % name
    assert error.msg.endswith("If the interface is '%s', write %s." % (name, advised))
    assert list(told(host.run({advised: 2})).values()) == ['applied']
    assert host.kernel[advised] == '2'


def test_a_command_to_the_kernel_is_no_setting(host, error_of):
    host.kernel.put('net.ipv4.route.flush', '')
    os.chmod(host.kernel.path('net.ipv4.route.flush'), 0o200)
    assert error_of(host.run, {'net.ipv4.route.flush': 1}).code == 'write_only_key'


def test_a_setting_of_an_interface_that_is_not_there_is_unavailable(host):
    assert told(host.run({'net.ipv4.conf.eth9.rp_filter': 2})) == {'net.ipv4.conf.eth9.rp_filter': 'unavailable'}


@pytest.mark.parametrize(('kernel', 'now', 'accepted'), [((3, 10, 0), '128', False), ((4, 1), '128', True), ((3, 10, 0), '70000', True)])
def test_a_limit_is_of_some_kernels_and_a_host_that_is_beyond_it_shows_that_it_has_another(host, monkeypatch, kernel, now, accepted):
    monkeypatch.setattr(host_kernel, 'version', lambda: kernel)
    host.kernel.put(SOMAXCONN, now)
    if accepted:
        host.run({SOMAXCONN: 65536})
        assert host.kernel[SOMAXCONN] == '65536'
    else:
        with pytest.raises(sysctl.GofleetError, match=r'which is what Linux 3\.10\.0 takes'):
            host.run({SOMAXCONN: 65536})


def test_a_value_that_cannot_be_read_is_written_and_then_known(host, monkeypatch):
    key = 'net.ipv6.conf.all.stable_secret'
    host.kernel.put(key, '::1')
    read = sysctl._read
    unset = [True]
    monkeypatch.setattr(sysctl, '_read', lambda path: None if path == host.kernel.path(key) and unset else read(path))
    host.kernel.rules[key] = lambda value: unset.pop() and value
    assert told(host.run({key: '2001:db8::1'})) == {key: 'applied'}
    assert not host.run({key: '2001:db8::1'})['changed']
    assert [(each['status'], each['reason']) for each in host.run({})['released']] == [('left', sysctl._UNKNOWN_BEFORE)]


@pytest.mark.parametrize(('ports', 'reserved', 'fine'), [
    ([8080], '', True), ([18080], '', False), ([18080], '18000-18100', True), ([18080, 19000], '18080', False),
])
def test_local_ports_stay_clear_of_the_ports_of_services(host, error_of, ports, reserved, fine):
    host.kernel.put('net.ipv4.ip_local_reserved_ports', reserved)
    if fine:
        assert host.run(profiles=['many_connections'], ports=ports)['changed']
    else:
        assert error_of(host.run, profiles=['many_connections'], ports=ports).code == 'port_in_range'


def test_ports_may_be_reserved_in_the_same_run(host):
    assert host.run({'net.ipv4.ip_local_reserved_ports': '18080'}, profiles=['many_connections'], ports=[18080])['changed']


def test_turning_timestamps_off_is_done_and_told_to_be_a_bad_idea(host):
    assert 'tcp_tw_reuse' in ' '.join(host.run({'net.ipv4.tcp_timestamps': 0})['warnings'])


@pytest.mark.parametrize('path', ['/etc/sysctl.conf', '/etc/sysctl.d/99-sysctl.conf', '/etc/sysctl.d/x', '/run/sysctl.d/90-x.conf', '90-x.conf',
                                  '/etc/sysctl.d/../x.conf', '/etc/sysctl.d/.x.conf', '/etc/sysctl.d/a b.conf'])
def test_only_a_file_of_its_own_in_etc_is_written(path, error_of):
    assert error_of(sysctl.chosen_paths, path).code == 'bad_path'


def test_an_ordinary_user_is_told_to_become_root(open_folder, monkeypatch, error_of):
    monkeypatch.setattr(os, 'fsync', lambda handle: None)
    host = Host(open_folder, monkeypatch)

    def attempt():
        try:
            host.run({SOMAXCONN: 4096})
        except sysctl.GofleetError as exc:
            return exc.code
        return None
    for folder, below, names in os.walk(str(open_folder)):
        for name in below + names:
            os.chmod(os.path.join(folder, name), 0o755 if name in below else 0o644)
    if os.geteuid() != 0:
        os.chmod(host.kernel.path(SOMAXCONN), 0o444)
    assert forked.as_ordinary_user(attempt) == ('not_privileged' if os.geteuid() == 0 else None)


# ---- giving back


def test_what_was_before_comes_back(host):
    host.run({SOMAXCONN: 4096, RANGE: '16384 60999'})
    result = host.run({})
    assert [(each['key'], each['status'], each['value']) for each in result['released']] == [
        (SOMAXCONN, 'restored', '128'), (RANGE, 'restored', '32768 60999')]
    assert (result['changed'], host.kernel[SOMAXCONN], host.kernel[RANGE], host.files()) == (True, '128', '32768 60999', {})
    assert not host.run({})['changed']


def test_a_folder_that_was_there_before_stays(host):
    host.root.join('etc/sysctl.d').ensure(dir=True)
    host.run({SOMAXCONN: 4096})
    host.run({})
    assert host.files() == {'etc/sysctl.d': 'folder'}


def test_it_is_what_was_before_the_first_change(host):
    for value in (1000, 2000, 3000):
        host.run({SOMAXCONN: value})
    host.run({})
    assert host.kernel[SOMAXCONN] == '128'


def test_a_setting_that_is_not_asked_for_any_more_is_given_back(host):
    host.run({SOMAXCONN: 4096, BACKLOG: 4096})
    result = host.run({SOMAXCONN: 4096})
    assert ([each['key'] for each in result['released']], host.kernel[BACKLOG], host.kernel[SOMAXCONN]) == ([BACKLOG], '2048', '4096')
    assert BACKLOG not in host.read()
    assert not host.run({SOMAXCONN: 4096})['changed']


def test_a_value_that_somebody_else_has_set_meanwhile_is_left(host):
    host.run({SOMAXCONN: 4096})
    host.kernel.put(SOMAXCONN, '777')
    result = host.run({})
    assert ([each['status'] for each in result['released']], host.kernel[SOMAXCONN], host.files()) == (['left'], '777', {})
    assert 'was not restored' in result['warnings'][0]


def test_what_another_file_has_come_to_say_comes_before_what_was(host):
    host.run({SOMAXCONN: 4096})
    host.write('/etc/sysctl.d/50-new.conf', SOMAXCONN + ' = 512\n')
    host.run({})
    assert host.kernel[SOMAXCONN] == '512'


def test_what_another_file_said_all_along_does_not(host):
    host.write('/etc/sysctl.d/50-old.conf', SOMAXCONN + ' = 512\n')
    host.kernel.put(SOMAXCONN, '300')
    host.run({SOMAXCONN: 4096})
    host.run({})
    assert host.kernel[SOMAXCONN] == '300'


def test_after_boots_it_is_still_what_was_before(host):
    host.run({SOMAXCONN: 4096})
    host.boot()
    assert host.kernel[SOMAXCONN] == '4096'
    host.run({})
    assert host.kernel[SOMAXCONN] == '128'


def test_after_a_boot_that_did_not_read_the_file_nothing_is_overwritten(host):
    host.run({SOMAXCONN: 4096})
    host.kernel.put(SOMAXCONN, '256')
    host.run({})
    assert host.kernel[SOMAXCONN] == '256'


def test_a_setting_that_the_kernel_does_not_take_back_is_told(host):
    host.run({SOMAXCONN: 4096})
    host.kernel.rules[SOMAXCONN] = refuse
    result = host.run({})
    assert ([each['status'] for each in result['released']], host.files()) == (['left'], {})
    assert 'the kernel refuses 128' in result['released'][0]['reason']


@pytest.mark.parametrize('code', [errno.EIO, errno.EROFS, errno.EACCES])
def test_a_value_that_cannot_be_written_back_now_is_still_remembered(host, error_of, code):
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


def test_a_value_of_another_kernel_is_told_to_be_one(host, monkeypatch):
    host.run({SOMAXCONN: 4096})
    state = host.state()
    state['keys'][SOMAXCONN]['kernel'] = '5.3.0'
    sysctl_state.write(str(host.root.join('var/lib/gofleet/sysctl/state.json')), state)
    assert host.run({})['released'][0]['reason'] == 'the value under Linux 5.3.0'


def test_without_what_was_remembered_nothing_is_invented(host):
    host.root.join('etc/sysctl.d').ensure(dir=True)
    host.run({SOMAXCONN: 4096})
    host.root.join('var/lib/gofleet').remove()
    host.run({SOMAXCONN: 4096})
    assert host.state()['keys'][SOMAXCONN]['before'] is None
    assert [(each['status'], each['reason']) for each in host.run({})['released']] == [('left', sysctl._UNKNOWN_BEFORE)]
    assert (host.kernel[SOMAXCONN], host.files()) == ('4096', {'etc/sysctl.d': 'folder'})


@pytest.mark.parametrize(('text', 'code'), [
    (b'{', 'state_unreadable'), (b'[]', 'state_unreadable'), (b'{"format": 1}', 'state_unreadable'), (b'\xff', 'state_unreadable'),
    (b'{"format": 1, "made": [], "keys": {"net.core.x": {"before": 1}}}', 'state_unreadable'), (b'{"format": 2}', 'state_newer')])
def test_a_state_that_cannot_be_ours_is_told_before_anything_changes(host, error_of, text, code):
    host.root.join('var/lib/gofleet/sysctl/state.json').write_binary(text, ensure=True)
    before = host.files()
    assert error_of(host.run, {SOMAXCONN: 4096}).code == code
    assert (host.files(), host.kernel.writes) == (before, [])


# ---- two files


@pytest.mark.parametrize('order', [(OURS, OTHER), (OTHER, OURS)])
def test_a_key_of_two_files_comes_back_when_both_are_gone(host, order):
    host.run({SOMAXCONN: 1000})
    result = host.run({SOMAXCONN: 2000}, path=OTHER)
    assert (told(result), host.kernel[SOMAXCONN]) == ({SOMAXCONN: 'applied'}, '2000')
    # The first is read first, and does not fight for the key.
    again = host.run({SOMAXCONN: 1000})
    assert (told(again), again['changed'], host.kernel[SOMAXCONN]) == ({SOMAXCONN: 'shadowed'}, False, '2000')
    host.run({}, path=order[0])
    left = {OURS: '2000', OTHER: '1000'}[order[0]]
    assert host.kernel[SOMAXCONN] == left
    host.boot()
    assert host.kernel[SOMAXCONN] == left
    host.run({}, path=order[1])
    assert (host.kernel[SOMAXCONN], host.files()) == ('128', {})


def test_a_file_gives_back_only_what_is_its_own(host):
    host.run({SOMAXCONN: 1000})
    host.run({BACKLOG: 9000}, path=OTHER)
    host.run({}, path=OTHER)
    assert (host.kernel[SOMAXCONN], host.kernel[BACKLOG], sorted(host.state()['keys'])) == ('1000', '2048', [SOMAXCONN])


# ---- at boot


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


@pytest.fixture
def openrc(host):
    host.root.join('run/systemd').remove()
    host.write('/etc/init.d/sysctl', 'sysctl -p')
    host.write('/sbin/openrc-run', '')
    return host


@pytest.mark.parametrize(('enabled', 'others', 'taken_out'), [(False, '', True), (True, '', False), (False, 'vm.swappiness = 1', False)])
def test_the_service_is_taken_out_with_the_last_setting_unless_others_need_it(openrc, enabled, others, taken_out):
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


def test_a_service_that_cannot_be_enabled_is_told_and_tried_again(openrc, error_of, monkeypatch):
    openrc.exit_status = 1
    error = error_of(openrc.run, {SOMAXCONN: 4096})
    assert (error.code, error.evidence['output'], openrc.kernel[SOMAXCONN]) == ('service_failed', 'what it said', '4096')
    openrc.root.join('etc/runlevels/boot/sysctl').remove()
    openrc.exit_status = 0
    assert openrc.run({SOMAXCONN: 4096})['plan'] == ['enable the service sysctl at boot']
    assert not openrc.run({SOMAXCONN: 4096})['changed']


def test_a_host_that_reads_nothing_at_boot_is_warned_of(host):
    host.root.join('run/systemd').remove()
    assert 'Nothing on this host reads /etc/sysctl.d at boot' in host.run({SOMAXCONN: 4096})['warnings'][-1]


# ---- kills


class Effects(object):
    """Counts what a run does to the host, and kills it just before or just after one of these."""

    NAMES = ((transaction, 'write_file'), (transaction, 'remove_file'), (transaction, 'retire_folder'), (transaction, 'make_folder'),
             (folders, 'remove_if_empty'))

    def __init__(self, host, monkeypatch):
        self.count = 0
        self.at = None
        self.after = False
        for owner, name in self.NAMES:
            monkeypatch.setattr(owner, name, self._counted(getattr(owner, name)))
        monkeypatch.setattr(sysctl, '_write', self._counted(sysctl._write))

    def _counted(self, function):
        def counted(*arguments):
            self.count += 1
            hit = self.count == self.at
            if hit and not self.after:
                raise Killed()
            function(*arguments)
            if hit:
                raise Killed()
        return counted

    def kill(self, function, at, after):
        """Whether the function was killed."""
        self.count, self.at, self.after = 0, at, after
        try:
            function()
        except Killed:
            return True
        finally:
            self.at = None
        return False


BEFORE = {SOMAXCONN: 1000, BACKLOG: 3000}
AFTER = {SOMAXCONN: 4096, RANGE: '16384 60999'}
KEYS = (SOMAXCONN, BACKLOG, RANGE)


def in_force(host):
    return dict((key, host.kernel[key]) for key in KEYS)


@pytest.mark.parametrize('boots', [False, True])
@pytest.mark.parametrize('after', [False, True])
@pytest.mark.parametrize(('history', 'change'), [(None, AFTER), (BEFORE, AFTER), (BEFORE, {}), (AFTER, BEFORE)])
def test_a_run_that_is_killed_anywhere_loses_no_value(tmpdir, monkeypatch, no_disk, history, change, after, boots):
    monkeypatch.setattr(os, 'geteuid', lambda: 0)
    defaults = dict((key, sysctl_files.normal(DEFAULTS[key])) for key in KEYS)
    wanted = dict(defaults, **dict((key, str(value)) for key, value in change.items()))
    killed = 0
    for number in range(1, 40):
        with monkeypatch.context() as patch:
            host = Host(tmpdir.mkdir('%s-%d' % (after, number)), patch)
            effects = Effects(host, patch)
            if history:
                host.run(history)
            if not effects.kill(lambda each=host: each.run(change), number, after):
                break
            killed += 1
            possible = [defaults, dict(defaults, **dict((key, str(value)) for key, value in (history or {}).items())), wanted]
            assert all(value in [each[key] for each in possible] for key, value in in_force(host).items())
            if boots:
                host.boot()
            if number % 2:
                host.run(change)
                assert in_force(host) == wanted
                assert not host.run(change)['changed']
                host.boot()
                assert in_force(host) == wanted
            host.run({})
            assert (in_force(host), host.files()) == (defaults, {})
    assert killed >= 5


def test_what_a_killed_write_left_is_removed(host):
    host.run({SOMAXCONN: 4096})
    for name in ('etc/sysctl.d/90-gofleet.conf.gofleet-new', 'var/lib/gofleet/sysctl/state.json.gofleet-new', 'etc/sysctl.d/50-x.conf.gofleet-new'):
        host.write(name, 'half')
    assert host.run({SOMAXCONN: 4096})['changed']
    assert sorted(name for name in host.files() if name.endswith('-new')) == ['etc/sysctl.d/50-x.conf.gofleet-new']
    assert not host.run({SOMAXCONN: 4096})['changed']


def test_an_empty_folder_that_a_killed_run_left_is_removed_and_one_that_holds_something_stays(host):
    host.root.join('var/lib/gofleet').ensure(dir=True)
    assert host.run({}, check_mode=True)['plan'] == host.run({})['plan'] == ['remove /var/lib/gofleet/sysctl, which a killed run left']
    assert host.files() == {}
    host.write('var/lib/gofleet/other', '')
    assert not host.run({})['changed']


def test_the_values_of_before_are_on_the_disk_before_the_first_changes(host, monkeypatch):
    seen = []
    write = sysctl._write

    def watch(path, value):
        seen.append(json.loads(host.read('/var/lib/gofleet/sysctl/state.json'))['keys'][SOMAXCONN]['before'])
        write(path, value)
    monkeypatch.setattr(sysctl, '_write', watch)
    host.run({SOMAXCONN: 4096})
    assert seen == ['128']


# ---- the data


@pytest.mark.parametrize('profile', sorted(known.PROFILES))
def test_each_value_of_a_profile_has_a_reason_and_a_source(profile):
    keys = [setting.key for setting in known.PROFILES[profile]]
    assert len(keys) == len(set(keys))
    for setting in known.PROFILES[profile]:
        assert setting.reason.endswith('.'), setting.key
        assert setting.source, setting.key
        assert sysctl_wanted.numbers(setting.value), setting.key
        assert sysctl_files.spell(sysctl_files.parse_key(setting.key)) == setting.key


def test_profiles_never_contradict_each_other():
    exact = {}
    for settings in known.PROFILES.values():
        for setting in settings:
            assert exact.setdefault(setting.key, (setting.at_least, setting.value if not setting.at_least else None)) == (
                setting.at_least, setting.value if not setting.at_least else None), setting.key


@pytest.mark.parametrize('kernel', [(3, 10, 0), (4, 18, 0), (6, 12, 0)])
def test_the_values_of_profiles_are_within_the_limits_of_every_kernel(kernel):
    for settings in known.PROFILES.values():
        for setting in settings:
            each = sysctl_wanted.Wanted(None, setting.key, setting.value, True, False, 'x', '', '')
            live = sysctl.Live('setting', '1 2' if setting.key == RANGE else '1', None, ())
            assert sysctl_wanted._value_problem(each, live, kernel) is None
