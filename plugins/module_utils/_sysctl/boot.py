# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files from which a host sets kernel settings when it boots: which program reads them, and in which order.

The programs differ (seen on systemd 219 to 257, procps 3.3.10 to 4.0.4, OpenRC 0.42 and later, BusyBox 1.32):
systemd-sysctl sorts the files of all folders by file name, and reads /etc/sysctl.conf only if a link in a folder points to it;
procps does the same and reads /etc/sysctl.conf last; Alpine's service reads one folder after the other; OpenRC's own service
runs procps, or with BusyBox reads /etc/sysctl.conf first.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import os
import stat
from collections import namedtuple

from ansible.module_utils.common.text.converters import to_bytes, to_native

from ansible_collections.gofleet.golang.plugins.module_utils import _system as system
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import regular as regular_files
from ansible_collections.gofleet.golang.plugins.module_utils._host import init
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import keys

ETC = '/etc/sysctl.d'
CONF = '/etc/sysctl.conf'
# A file here hides files of the same name in the folders after it.
FOLDERS = (ETC, '/run/sysctl.d', '/usr/local/lib/sysctl.d', '/usr/lib/sysctl.d', '/lib/sysctl.d')
_ALPINE_VENDOR = ('/lib/sysctl.d', '/usr/lib/sysctl.d')

# What shows which program reads them. Nothing else of a host is read for that (SOURCES).
_SYSTEMD = ('/usr/lib/systemd/systemd-sysctl', '/lib/systemd/systemd-sysctl')
_SYSTEMD_UNITS = ('/etc/systemd/system/systemd-sysctl.service', '/run/systemd/system/systemd-sysctl.service')
_OPENRC = init.OPENRC_PROGRAMS
_OPENRC_SERVICE = '/etc/init.d/sysctl'
_RUNLEVELS = '/etc/runlevels'
_IN_RUNLEVEL = _RUNLEVELS + '/%s/sysctl'
_PROCPS_SERVICE = '/etc/init.d/procps'
_PROGRAMS = ('/sbin/sysctl', '/usr/sbin/sysctl', '/bin/sysctl', '/usr/bin/sysctl')
_MASK = '/dev/null'
# Bytes of a file that are read; the files of distributions have some 10 KiB.
_LIMIT = 1 << 20

# What is read of a host, for a script that reads the same. status: paths whose lstat() is asked for; links: those whose target is;
# text: files that are read; names: folders that are listed. In status and text, * stands for any name in that folder.
Sources = namedtuple('Sources', 'status links text names')
SOURCES = Sources(
    status=(init.SYSTEMD_RUNS,) + _SYSTEMD + _OPENRC + (_OPENRC_SERVICE, _PROCPS_SERVICE, CONF, _IN_RUNLEVEL % '*') + _SYSTEMD_UNITS + _PROGRAMS
    + tuple(folder + '/*.conf' for folder in FOLDERS) + (ETC,),
    links=_SYSTEMD_UNITS + _PROGRAMS,
    text=(_OPENRC_SERVICE, CONF) + tuple(folder + '/*.conf' for folder in FOLDERS),
    names=FOLDERS + (_RUNLEVELS,))

# The program that applies the files at boot. name: systemd-sysctl, alpine, openrc-busybox or procps, None for none; enabled: whether it runs.
Loader = namedtuple('Loader', 'name enabled')


class Tree(object):
    """The configuration files below root, which is / except in tests and images."""

    def __init__(self, root='/'):
        self._root = root

    def real(self, path):
        return os.path.join(self._root, path.lstrip('/'))

    def exists(self, path):
        return system.lexists(self.real(path))

    def names(self, folder):
        """Names in a folder, sorted by their bytes; empty if it does not exist. Raises OSError."""
        try:
            return _sorted(system.listdir(self.real(folder)))
        except OSError as exc:
            if exc.errno not in (errno.ENOENT, errno.ENOTDIR):
                raise
            return []

    def read(self, path):
        """A file's text; None if it does not exist, is a dangling link, or is not a regular file: a link to /dev/null sets nothing.

        Raises GofleetError(too_large, file_unreadable, file_changed).
        """
        try:
            content = regular_files.read_start(self.real(path), _LIMIT + 1)
        except GofleetError as exc:
            if exc.code not in ('file_missing', 'not_a_file'):
                raise
            return None
        if len(content) > _LIMIT:
            raise GofleetError('%s is larger than %d bytes, which is too large for a file of kernel settings. Nothing was changed. Remove it, or shorten it.'
                               % (path, _LIMIT), 'too_large', path=path, wanted=_LIMIT)
        return to_native(content, errors='surrogate_or_replace')

    def is_listed(self, path):
        """Whether systemd-sysctl counts a name in a folder as a file: a regular file or a link, whatever its target is (dirent_is_file())."""
        try:
            mode = system.lstat(self.real(path)).st_mode
        except OSError as exc:
            if exc.errno not in (errno.ENOENT, errno.ENOTDIR):
                raise
            return False
        return stat.S_ISREG(mode) or stat.S_ISLNK(mode)

    def link(self, path):
        """The target of a symbolic link; None for anything else."""
        return system.readlink(self.real(path)) if system.islink(self.real(path)) else None


# ---- which program reads what


def boot_loader(tree):
    """The Loader of this host, according to its files: the one that runs, otherwise the one that is installed."""
    if tree.exists(init.SYSTEMD_RUNS):
        return _systemd(tree)
    if tree.exists(_OPENRC_SERVICE) and any(tree.exists(path) for path in _OPENRC):
        return Loader(_openrc(tree), bool(openrc_levels(tree)))
    if any(tree.exists(path) for path in _SYSTEMD):
        return _systemd(tree)
    if tree.exists(_PROCPS_SERVICE):
        return Loader('procps', True)
    return Loader(None, False)


def _systemd(tree):
    masked = any(tree.link(unit) == _MASK for unit in _SYSTEMD_UNITS)
    return Loader('systemd-sysctl', not masked)


def _openrc(tree):
    if '--system' not in (tree.read(_OPENRC_SERVICE) or ''):
        return 'alpine'
    return 'procps' if has_procps(tree) else 'openrc-busybox'


def openrc_levels(tree):
    """The runlevels that contain the service sysctl."""
    return [level for level in tree.names(_RUNLEVELS) if tree.exists(_IN_RUNLEVEL % level)]


def has_procps(tree):
    """Whether this host has `sysctl --system`, which BusyBox lacks."""
    for program in _PROGRAMS:
        if tree.exists(program):
            return os.path.basename(tree.link(program) or '') != 'busybox'
    return False


def read_order(loader, tree, also=None):
    """Paths of the files that this loader (its name) reads, in order; if two files set a key, the later one wins.

    also: a path in /etc/sysctl.d that counts as existing. Raises OSError.
    """
    if loader is None:
        return []
    listed = dict((folder, [name for name in tree.names(folder) if name.endswith('.conf') and tree.is_listed('%s/%s' % (folder, name))])
                  for folder in FOLDERS)
    if also and os.path.basename(also) not in listed[ETC]:
        listed[ETC] = _sorted(listed[ETC] + [os.path.basename(also)])
    conf = [CONF] if tree.exists(CONF) else []
    if loader == 'openrc-busybox':
        return conf + _paths(ETC, listed)
    if loader == 'alpine':
        own = set(listed[ETC]) | set(listed['/run/sysctl.d'])
        vendor = [path for folder in _ALPINE_VENDOR for path in _paths(folder, listed) if os.path.basename(path) not in own]
        etc = [path for path in _paths(ETC, listed) if os.path.basename(path) not in listed['/run/sysctl.d']]
        return vendor + etc + conf + _paths('/run/sysctl.d', listed)
    by_name = {}
    for folder in reversed(FOLDERS):
        by_name.update((name, '%s/%s' % (folder, name)) for name in listed[folder])
    ordered = [by_name[name] for name in _sorted(by_name)]
    return ordered + (conf if loader == 'procps' else [])


def _sorted(names):
    """Names sorted by their bytes, as the programs sort them; Python 3 sorts a byte that is no character behind most characters."""
    return sorted(names, key=lambda each: to_bytes(each, errors='surrogate_or_strict'))


def _paths(folder, listed):
    return ['%s/%s' % (folder, name) for name in listed[folder]]


class Precedence(object):
    """What the other files of a host set besides our drop-in, if this loader reads them.

    loader: its name; path: the drop-in, in /etc/sysctl.d. Raises OSError.
    """

    def __init__(self, loader, tree, path):
        order = read_order(loader, tree, path)
        self._later = {}
        self._others = {}
        # If a file of the same name in another folder hides ours, every other file counts as later.
        passed = path not in order
        for each in order:
            if each == path:
                passed = True
                continue
            for assignment in keys.assignments(each, tree.read(each) or ''):
                self._others[assignment.key] = assignment
                if passed:
                    self._later[assignment.key] = assignment
        # Whether any other file below /etc, that is an administrator's, sets anything.
        self.others_in_etc = any(each.path.startswith('/etc/') for each in self._others.values())
        self.hidden_by = None
        if path not in order:
            self.hidden_by = next((each for each in order if os.path.basename(each) == os.path.basename(path)), None)

    def later(self, key):
        """The Assignment that overrides ours at boot, or None."""
        return self._later.get(key)

    def without_ours(self, key):
        """The value that a boot without our drop-in sets, or None."""
        found = self._others.get(key)
        return found.value if found else None
