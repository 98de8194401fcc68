# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import io
import os

import pytest
from ansible.module_utils.common.text.converters import to_bytes

from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import boot, keys

OURS = '/etc/sysctl.d/90-gofleet.conf'
KEY = 'net.core.somaxconn'


@pytest.fixture
def root(tmpdir):
    class Root(object):
        tree = boot.Tree(str(tmpdir))

        def write(self, path, text=''):
            tmpdir.join(path).write(text, ensure=True)

        def link(self, path, target):
            tmpdir.join(path).dirpath().ensure(dir=True)
            os.symlink(target, str(tmpdir.join(path)))

        def order(self, loader):
            return boot.read_order(loader, self.tree, OURS)

        def precedence(self, loader='systemd-sysctl'):
            return boot.Precedence(loader, self.tree, OURS)
    return Root()


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
def test_each_loader_reads_the_files_in_its_own_order(root, loader, order):
    for path in FILES:
        root.write(path)
    assert root.order(loader) == order
    # The order stays the same after the drop-in exists.
    root.write(OURS.lstrip('/'))
    assert root.order(loader) == order


def test_without_other_files_only_the_drop_in_is_read(root):
    assert root.order('systemd-sysctl') == [OURS]
    assert (root.precedence().later(KEY), root.precedence().without_ours(KEY), root.precedence().hidden_by) == (None, None, None)


def test_the_last_of_the_later_files_wins(root):
    root.write('etc/sysctl.d/10-a.conf', KEY + ' = 1')
    root.write('etc/sysctl.d/95-b.conf', KEY + ' = 2')
    root.write('etc/sysctl.d/96-c.conf', 'net/core/somaxconn = 3\nnet.core.somaxconn=4')
    root.write('etc/sysctl.d/97-d.conf', 'net.core.other = 5')
    found = root.precedence()
    assert found.later(KEY) == keys.Assignment('/etc/sysctl.d/96-c.conf', KEY, '4')
    assert found.without_ours(KEY) == '4'


def test_an_earlier_file_is_overridden_and_gives_the_value_without_the_drop_in(root):
    root.write('etc/sysctl.d/10-a.conf', KEY + ' = 1')
    found = root.precedence()
    assert (found.later(KEY), found.without_ours(KEY)) == (None, '1')


@pytest.mark.parametrize(('loader', 'later'), [('systemd-sysctl', None), ('procps', '/etc/sysctl.conf'), ('alpine', '/etc/sysctl.conf'),
                                               ('openrc-busybox', None)])
def test_etc_sysctl_conf_is_read_last_first_or_not_at_all_depending_on_the_loader(root, loader, later):
    root.write('etc/sysctl.conf', KEY + ' = 1')
    found = root.precedence(loader).later(KEY)
    assert (found.path if found else None) == later


def test_systemd_reads_etc_sysctl_conf_through_the_link_of_debian_12(root):
    root.write('etc/sysctl.conf', KEY + ' = 1')
    root.link('etc/sysctl.d/99-sysctl.conf', '../sysctl.conf')
    assert root.precedence().later(KEY).path == '/etc/sysctl.d/99-sysctl.conf'


def test_names_are_sorted_by_their_bytes(root, tmpdir):
    folder = to_bytes(str(tmpdir.join('etc/sysctl.d').ensure(dir=True)))
    for name in (b'\xc3.conf', b'\xc3\xa9.conf', b'a.conf'):
        io.open(os.path.join(folder, name), 'wb').close()
    names = [to_bytes(os.path.basename(path), errors='surrogate_or_strict') for path in boot.read_order('systemd-sysctl', root.tree)]
    assert names == [b'a.conf', b'\xc3.conf', b'\xc3\xa9.conf']


def test_a_link_to_dev_null_masks_a_file_of_the_same_name(root):
    root.write('usr/lib/sysctl.d/95-b.conf', KEY + ' = 2')
    root.link('etc/sysctl.d/95-b.conf', '/dev/null')
    root.link('etc/sysctl.d/96-gone.conf', '/no/such/file')
    os.mkdir(str(root.tree.real('/etc/sysctl.d/97-folder.conf')))
    assert root.precedence().later(KEY) is None


@pytest.mark.parametrize('kind', ['fifo', 'folder'])
@pytest.mark.usefixtures('no_waiting')
def test_a_pipe_or_folder_hides_no_file_of_the_same_name(root, kind):
    # As in systemd's dirent_is_file(): only regular files and links are listed.
    root.write('usr/lib/sysctl.d/95-b.conf', KEY + ' = 2')
    os.makedirs(root.tree.real('/etc/sysctl.d'))
    (os.mkfifo if kind == 'fifo' else os.mkdir)(root.tree.real('/etc/sysctl.d/95-b.conf'))
    assert root.precedence().later(KEY).value == '2'


@pytest.mark.parametrize('target', ['/dev/null', '/no/such/file', 'pipe'])
@pytest.mark.usefixtures('no_waiting')
def test_a_link_with_any_target_hides_a_file_of_the_same_name(root, target):
    root.write('usr/lib/sysctl.d/95-b.conf', KEY + ' = 2')
    os.makedirs(root.tree.real('/etc/sysctl.d'))
    os.mkfifo(root.tree.real('/etc/sysctl.d/pipe'))
    root.link('etc/sysctl.d/95-b.conf', target)
    assert root.precedence().later(KEY) is None


def test_the_target_of_a_link_is_read(root):
    root.write('srv/own.conf', KEY + ' = 3')
    root.link('etc/sysctl.d/95-b.conf', root.tree.real('/srv/own.conf'))
    assert root.precedence().later(KEY).value == '3'


def test_a_far_too_large_file_is_refused_without_reading_it_to_its_end(root, error_of):
    root.write('etc/sysctl.d/95-b.conf')
    with open(root.tree.real('/etc/sysctl.d/95-b.conf'), 'ab') as target:
        target.truncate(1 << 40)
    error = error_of(root.precedence)
    assert (error.code, error.evidence['path']) == ('too_large', '/etc/sysctl.d/95-b.conf')


def test_a_file_of_the_same_name_in_run_hides_the_drop_in_on_alpine_and_not_with_systemd(root):
    root.write('run/sysctl.d/90-gofleet.conf', 'net.core.other = 1')
    assert root.precedence('alpine').hidden_by == '/run/sysctl.d/90-gofleet.conf'
    assert root.precedence('systemd-sysctl').hidden_by is None
    # Then every file that is read overrides the drop-in, wherever it is.
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
def test_the_boot_loader_is_recognised_by_its_files(root, files, links, loader):
    for path in files:
        root.write(path)
    for path, target in links.items():
        root.link(path, target)
    assert boot.boot_loader(root.tree) == loader


@pytest.mark.parametrize(('program', 'loader'), [('/bin/busybox', 'openrc-busybox'), (None, 'procps')])
def test_openrc_uses_procps_if_it_is_installed(root, program, loader):
    root.write('etc/init.d/sysctl', 'sysctl ${quiet} --system')
    root.write('sbin/openrc-run')
    if program:
        root.link('sbin/sysctl', program)
    else:
        root.write('sbin/sysctl')
    assert boot.boot_loader(root.tree).name == loader
    assert boot.has_procps(root.tree) == (program is None)
