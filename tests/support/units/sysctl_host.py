# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated host with kernel settings: its files, its /proc/sys, and runs on it."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import io
import os

from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import apply, boot, keys
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import converge as sysctl
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import paths as sysctl_paths
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import state as sysctl_state
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import wanted as sysctl_wanted

OURS = '/etc/sysctl.d/90-gofleet.conf'
OTHER = '/etc/sysctl.d/91-other.conf'
SOMAXCONN = 'net.core.somaxconn'
BACKLOG = 'net.ipv4.tcp_max_syn_backlog'
RANGE = 'net.ipv4.ip_local_port_range'
RMEM = 'net.core.rmem_max'
# The values of the kernel at first.
DEFAULTS = {
    SOMAXCONN: '128', BACKLOG: '2048', RANGE: '32768\t60999', RMEM: '212992', 'net.ipv4.tcp_rmem': '4096\t131072\t6291456',
    'net.ipv4.tcp_syncookies': '1', 'net.ipv4.tcp_slow_start_after_idle': '1', 'net.ipv4.tcp_timestamps': '1', 'fs.file-max': '1000000',
    'net.ipv4.ip_local_reserved_ports': '', 'net.ipv4.conf.default.rp_filter': '0', 'net.ipv4.conf.eth0/100.rp_filter': '0', 'vm.swappiness': '60',
}


class Kernel(object):
    """A /proc/sys in a folder. rules: {key: function of the value that was written to the value that is then in force}."""

    def __init__(self, folder, monkeypatch):
        self.folder = str(folder)
        self.rules = {}
        self.writes = []
        monkeypatch.setattr(apply, 'write_value', self._write)
        self.boot({})

    def path(self, key):
        return os.path.join(self.folder, *keys.parse_key(key))

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
            return keys.normal(source.read().decode('ascii'))

    def _write(self, path, value):
        key = keys.spell(tuple(os.path.relpath(path, self.folder).split(os.sep)))
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
        tree = boot.Tree(str(self.root))
        values = {}
        for path in boot.read_order('systemd-sysctl', tree):
            values.update((each.key, each.value) for each in keys.assignments(path, tree.read(path) or ''))
        self.kernel.boot(values)

    def paths(self, path=OURS):
        return sysctl_paths.Paths(str(self.root), self.kernel.folder, path)

    def run(self, settings=None, profiles=(), path=OURS, check_mode=False, **options):
        def program(argv, environment, folder):
            self.programs.append(argv)
            link = self.root.join('etc/runlevels/boot/sysctl')
            if argv[1] == 'add':
                link.write('', ensure=True)
            else:
                link.remove()
            return self.exit_status, 'output of rc-update'
        return sysctl.converge(sysctl_wanted.wanted_settings(profiles, settings or {}), self.paths(path), program, check_mode, 5, **options)

    def state(self):
        return sysctl_state.read(str(self.root.join('var/lib/gofleet/sysctl/state.json')))


def statuses(result):
    """{key: status} of a result."""
    return dict((each['key'], each['status']) for each in result['settings'])


def only(result):
    """The report of a result with one setting."""
    (report,) = result['settings']
    return report


def refuse(dummy_value):
    """A rule of a kernel that refuses every value."""
    raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
