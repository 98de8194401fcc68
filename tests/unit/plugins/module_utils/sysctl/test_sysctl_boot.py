# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import boot as sysctl_files

OURS = '/etc/sysctl.d/90-gofleet.conf'
KEY = 'net.core.somaxconn'


@pytest.fixture
def root(tmpdir):
    class Root(object):
        tree = sysctl_files.Tree(str(tmpdir))

        def write(self, path, text=''):
            tmpdir.join(path).write(text, ensure=True)

        def link(self, path, target):
            tmpdir.join(path).dirpath().ensure(dir=True)
            os.symlink(target, str(tmpdir.join(path)))

        def order(self, loader):
            return sysctl_files.read_order(loader, self.tree, OURS)

        def precedence(self, loader='systemd-sysctl'):
            return sysctl_files.Precedence(loader, self.tree, OURS)
    return Root()


@pytest.mark.parametrize(('text', 'spelled', 'in_file'), [
    ('net.core.somaxconn', 'net.core.somaxconn', 'net.core.somaxconn'),
    ('net/core/somaxconn', 'net.core.somaxconn', 'net.core.somaxconn'),
    ('net/ipv4/conf/eth0.100/rp_filter', 'net.ipv4.conf.eth0/100.rp_filter', 'net/ipv4/conf/eth0.100/rp_filter'),
    ('net.ipv4.conf.eth0/100.rp_filter', 'net.ipv4.conf.eth0/100.rp_filter', 'net/ipv4/conf/eth0.100/rp_filter'),
    ('net.ipv4.conf.br-1f2e.rp_filter', 'net.ipv4.conf.br-1f2e.rp_filter', 'net.ipv4.conf.br-1f2e.rp_filter'),
])
def test_a_key_is_one_key_however_it_is_spelled(text, spelled, in_file):
    parts = sysctl_files.parse_key(text)
    assert (sysctl_files.spell(parts), sysctl_files.spell_in_file(parts)) == (spelled, in_file)
    assert sysctl_files.parse_key(spelled) == sysctl_files.parse_key(in_file) == parts


@pytest.mark.parametrize('text', [
    '', 'somaxconn', 'net..core', '.net.core', 'net.core.', '/net/core', '../etc/passwd', 'net/../../etc/passwd', 'net/./core', 'net.core.so maxconn',
    'net.ipv4.conf.*.rp_filter', 'net.core.somaxconn=1', 'net.core.x\ny', 'net.core.\0', 'net.core.[ab]', 'net.ipv4.conf.//etc.x', 'net.//.x',
])
def test_what_is_no_key_is_refused(text, error_of):
    error = error_of(sysctl_files.parse_key, text)
    assert (error.code, error.evidence) == ('invalid_key', {'key': text})


def test_lines_are_read_as_sysctl_d_has_them():
    text = '\n'.join([
        '# net.core.a = 1', ' ; net.core.b = 1', '', 'net.core.c=1', '  net.core.d =  1\t2  3 ', '-net.core.e = 1', 'net/ipv4/conf/eth0.1/f = 1',
        'net.ipv4.conf.*.g = 1', '-net.core.h', 'net.core.i', 'net.core.j =', 'net.core.k = a=b', '/proc/sys/net/core/l = 1'])
    assert [(each.key, each.value) for each in sysctl_files.assignments('x', text)] == [
        ('net.core.c', '1'), ('net.core.d', '1 2 3'), ('net.core.e', '1'), ('net.ipv4.conf.eth0/1.f', '1'), ('net.core.j', ''), ('net.core.k', 'a=b'),
        ('net.core.l', '1')]


def test_values_are_compared_without_the_tabs_of_the_kernel():
    assert sysctl_files.normal('4096\t131072\t 6291456\n') == '4096 131072 6291456'


# ---- who reads what


FILES = ('etc/sysctl.d/10-a.conf', 'etc/sysctl.d/99-z.conf', 'run/sysctl.d/50-r.conf', 'run/sysctl.d/10-a.conf', 'usr/local/lib/sysctl.d/95-l.conf',
         'usr/lib/sysctl.d/10-a.conf', 'usr/lib/sysctl.d/96-u.conf', 'lib/sysctl.d/97-s.conf', 'etc/sysctl.d/README', 'etc/sysctl.conf')


@pytest.mark.parametrize(('loader', 'order'), [
    ('systemd-sysctl', ['/etc/sysctl.d/10-a.conf', '/run/sysctl.d/50-r.conf', OURS, '/usr/local/lib/sysctl.d/95-l.conf', '/usr/lib/sysctl.d/96-u.conf',
                        '/lib/sysctl.d/97-s.conf', '/etc/sysctl.d/99-z.conf']),
    ('procps', ['/etc/sysctl.d/10-a.conf', '/run/sysctl.d/50-r.conf', OURS, '/usr/local/lib/sysctl.d/95-l.conf', '/usr/lib/sysctl.d/96-u.conf',
                '/lib/sysctl.d/97-s.conf', '/etc/sysctl.d/99-z.conf', '/etc/sysctl.conf']),
    ('alpine', ['/lib/sysctl.d/97-s.conf', '/usr/lib/sysctl.d/96-u.conf', OURS, '/etc/sysctl.d/99-z.conf', '/etc/sysctl.conf',
                '/run/sysctl.d/10-a.conf', '/run/sysctl.d/50-r.conf']),
    ('openrc-busybox', ['/etc/sysctl.conf', '/etc/sysctl.d/10-a.conf', OURS, '/etc/sysctl.d/99-z.conf']),
    (None, []),
])
def test_each_loader_has_an_order_of_its_own(root, loader, order):
    for path in FILES:
        root.write(path)
    assert root.order(loader) == order
    # As before, once our file is there.
    root.write(OURS.lstrip('/'))
    assert root.order(loader) == order


def test_without_any_file_there_is_only_ours(root):
    assert root.order('systemd-sysctl') == [OURS]
    assert (root.precedence().later(KEY), root.precedence().without_ours(KEY), root.precedence().hidden_by) == (None, None, None)


def test_the_last_of_the_later_files_wins(root):
    root.write('etc/sysctl.d/10-a.conf', KEY + ' = 1')
    root.write('etc/sysctl.d/95-b.conf', KEY + ' = 2')
    root.write('etc/sysctl.d/96-c.conf', 'net/core/somaxconn = 3\nnet.core.somaxconn=4')
    root.write('etc/sysctl.d/97-d.conf', 'net.core.other = 5')
    found = root.precedence()
    assert found.later(KEY) == sysctl_files.Assignment('/etc/sysctl.d/96-c.conf', KEY, '4')
    assert found.without_ours(KEY) == '4'


def test_an_earlier_file_loses_but_is_what_would_be_without_ours(root):
    root.write('etc/sysctl.d/10-a.conf', KEY + ' = 1')
    found = root.precedence()
    assert (found.later(KEY), found.without_ours(KEY)) == (None, '1')


@pytest.mark.parametrize(('loader', 'later'), [('systemd-sysctl', None), ('procps', '/etc/sysctl.conf'), ('alpine', '/etc/sysctl.conf'),
                                               ('openrc-busybox', None)])
def test_etc_sysctl_conf_wins_for_some_and_is_nothing_or_first_for_others(root, loader, later):
    root.write('etc/sysctl.conf', KEY + ' = 1')
    found = root.precedence(loader).later(KEY)
    assert (found.path if found else None) == later


def test_systemd_reads_it_through_the_link_of_debian_12(root):
    root.write('etc/sysctl.conf', KEY + ' = 1')
    root.link('etc/sysctl.d/99-sysctl.conf', '../sysctl.conf')
    assert root.precedence().later(KEY).path == '/etc/sysctl.d/99-sysctl.conf'


def test_a_file_that_masks_another_is_read_in_its_place(root):
    root.write('usr/lib/sysctl.d/95-b.conf', KEY + ' = 2')
    root.link('etc/sysctl.d/95-b.conf', '/dev/null')
    root.link('etc/sysctl.d/96-gone.conf', '/no/such/file')
    os.mkdir(str(root.tree.real('/etc/sysctl.d/97-folder.conf')))
    assert root.precedence().later(KEY) is None


@pytest.mark.parametrize('kind', ['fifo', 'folder'])
@pytest.mark.usefixtures('no_waiting')
def test_what_is_neither_a_file_nor_a_link_hides_no_file_of_its_name(root, kind):
    # As systemd's dirent_is_file() has it: only regular files and links are listed.
    root.write('usr/lib/sysctl.d/95-b.conf', KEY + ' = 2')
    os.makedirs(root.tree.real('/etc/sysctl.d'))
    (os.mkfifo if kind == 'fifo' else os.mkdir)(root.tree.real('/etc/sysctl.d/95-b.conf'))
    assert root.precedence().later(KEY).value == '2'


@pytest.mark.parametrize('target', ['/dev/null', '/no/such/file', 'pipe'])
@pytest.mark.usefixtures('no_waiting')
def test_a_link_hides_a_file_of_its_name_whatever_it_leads_to(root, target):
    root.write('usr/lib/sysctl.d/95-b.conf', KEY + ' = 2')
    os.makedirs(root.tree.real('/etc/sysctl.d'))
    os.mkfifo(root.tree.real('/etc/sysctl.d/pipe'))
    root.link('etc/sysctl.d/95-b.conf', target)
    assert root.precedence().later(KEY) is None


def test_a_file_behind_a_link_counts(root):
    root.write('srv/own.conf', KEY + ' = 3')
    root.link('etc/sysctl.d/95-b.conf', root.tree.real('/srv/own.conf'))
    assert root.precedence().later(KEY).value == '3'


def test_a_file_that_is_far_too_large_is_refused_and_not_read_to_its_end(root, error_of):
    root.write('etc/sysctl.d/95-b.conf')
    with open(root.tree.real('/etc/sysctl.d/95-b.conf'), 'ab') as target:
        target.truncate(1 << 40)
    error = error_of(root.precedence)
    assert (error.code, error.evidence['path']) == ('too_large', '/etc/sysctl.d/95-b.conf')


def test_a_file_of_our_name_hides_ours_on_alpine_and_not_under_systemd(root):
    root.write('run/sysctl.d/90-gofleet.conf', 'net.core.other = 1')
    assert root.precedence('alpine').hidden_by == '/run/sysctl.d/90-gofleet.conf'
    assert root.precedence('systemd-sysctl').hidden_by is None
    # What is read at all then wins, wherever it stands.
    root.write('lib/sysctl.d/10-a.conf', KEY + ' = 1')
    assert (root.precedence('alpine').later(KEY).value, root.precedence('systemd-sysctl').later(KEY)) == ('1', None)


@pytest.mark.parametrize(('files', 'links', 'loader'), [
    (['run/systemd/system/x', 'etc/init.d/sysctl', 'sbin/openrc-run'], {}, ('systemd-sysctl', True)),
    (['run/systemd/system/x'], {'etc/systemd/system/systemd-sysctl.service': '/dev/null'}, ('systemd-sysctl', False)),
    (['usr/lib/systemd/systemd-sysctl'], {}, ('systemd-sysctl', True)),
    (['lib/systemd/systemd-sysctl', 'etc/init.d/procps'], {}, ('systemd-sysctl', True)),
    (['etc/init.d/sysctl', 'sbin/openrc-run'], {}, ('alpine', False)),
    (['etc/init.d/sysctl', 'sbin/openrc-run'], {'etc/runlevels/boot/sysctl': '/etc/init.d/sysctl'}, ('alpine', True)),
    (['etc/init.d/procps'], {}, ('procps', True)),
    ([], {}, (None, False)),
])
def test_the_host_is_asked_who_reads_the_files_at_boot(root, files, links, loader):
    for path in files:
        root.write(path)
    for path, target in links.items():
        root.link(path, target)
    assert sysctl_files.boot_loader(root.tree) == loader


@pytest.mark.parametrize(('program', 'loader'), [('/bin/busybox', 'openrc-busybox'), (None, 'procps')])
def test_openrc_leaves_it_to_procps_where_that_is_there(root, program, loader):
    root.write('etc/init.d/sysctl', 'sysctl ${quiet} --system')
    root.write('sbin/openrc-run')
    if program:
        root.link('sbin/sysctl', program)
    else:
        root.write('sbin/sysctl')
    assert sysctl_files.boot_loader(root.tree).name == loader
    assert sysctl_files.has_procps(root.tree) == (program is None)


@pytest.mark.parametrize('key', ['net.core.somaxconn\n', 'net.core\n.somaxconn', 'x\n.kernel.core_pattern', 'net/core\n/somaxconn', 'net.core.somaxconn\r'])
def test_a_key_has_one_line(key):
    # Its second line would be one of the drop-in, and set what nobody asked for.
    with pytest.raises(GofleetError) as refused:
        sysctl_files.parse_key(key)
    assert refused.value.code == 'invalid_key'
