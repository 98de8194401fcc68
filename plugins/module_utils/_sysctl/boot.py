# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names of kernel settings, and the files from which a host sets them when it boots: which are read, in which order.

Who reads them differs (seen on systemd 219 to 257, procps 3.3.10 to 4.0.4, OpenRC 0.42 and later, BusyBox 1.32):
systemd-sysctl takes all folders as one, sorted by file name, and knows /etc/sysctl.conf only where a link names it;
procps does the same and reads /etc/sysctl.conf last; Alpine's service goes folder by folder; OpenRC's own leaves it to
procps, or with BusyBox reads /etc/sysctl.conf first.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import os
import re
import stat
from collections import namedtuple

from ansible.module_utils.common.text.converters import to_native

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import regular as regular_files

ETC = '/etc/sysctl.d'
CONF = '/etc/sysctl.conf'
# A file here hides those of the same name in the folders after it.
FOLDERS = (ETC, '/run/sysctl.d', '/usr/local/lib/sysctl.d', '/usr/lib/sysctl.d', '/lib/sysctl.d')
_ALPINE_VENDOR = ('/lib/sysctl.d', '/usr/lib/sysctl.d')

# Who applies the files at boot. name: systemd-sysctl, alpine, openrc-busybox or procps; None: nobody. enabled: whether it runs.
Loader = namedtuple('Loader', 'name enabled')
# One line of a file. value: whitespace normalised.
Assignment = namedtuple('Assignment', 'path key value')

_PART = re.compile(r'[A-Za-z0-9_:@+,~%][A-Za-z0-9_.:@+,~%-]*\Z')
_GLOB = re.compile(r'[*?\[]')
_MASK = '/dev/null'
# Bytes of a file that are read; those of distributions have some 10 KiB.
_LIMIT = 1 << 20


# ---- names


def parse_key(text):
    """The parts of a key: its path below /proc/sys as a tuple.

    The first separator decides, as in sysctl.d(5): after a dot, a slash in a part stands for a dot, as in
    net.ipv4.conf.eth0/100.rp_filter; after a slash, dots are dots, as in net/ipv4/conf/eth0.100/rp_filter.
    Raises GofleetError(invalid_key).
    """
    parts = _split(text)
    if len(parts) < 2 or not all(_PART.match(part) for part in parts):
        raise GofleetError(
            "'%s' is not the name of a kernel setting. Write it as net.core.somaxconn; where a part has a dot of its own, "
            'as net/ipv4/conf/eth0.100/rp_filter. Patterns are not taken: name each.' % text, 'invalid_key', key=text)
    return parts


def _split(text):
    separator = re.search(r'[./]', text)
    if separator is None or separator.group() == '/':
        return tuple(text.split('/'))
    return tuple(part.replace('/', '.') for part in text.split('.'))


def spell(parts):
    """The key as sysctl(8) shows it: with dots, and a slash for a dot within a part."""
    return '.'.join(part.replace('.', '/') for part in parts)


def spell_in_file(parts):
    """The key as every implementation understands it; BusyBox does not know a slash that stands for a dot."""
    return '/'.join(parts) if any('.' in part for part in parts) else '.'.join(parts)


def normal(value):
    """The value with single spaces: the kernel prints tabs between numbers, and a newline at the end."""
    return ' '.join(value.split())


# ---- files


def assignments(path, text):
    """The Assignments of a file's text, in order; the value after `=` may be empty. Patterns (systemd 246) are passed over.

    A pattern never wins against a key that is named (sysctl.d(5)).
    """
    found = []
    for line in [each.strip() for each in text.splitlines()]:
        key, equals, value = line.partition('=')
        # A key without a value is what a pattern is not to touch. "-": failure to set it is no failure.
        key = key.strip().lstrip('-')
        if line[:1] in ('', '#', ';') or not equals or _GLOB.search(key):
            continue
        parts = _split(key.replace('/proc/sys/', '', 1) if key.startswith('/proc/sys/') else key)
        found.append(Assignment(path, spell(parts), normal(value)))
    return found


class Tree(object):
    """The configuration files below root, which is / but for tests and images."""

    def __init__(self, root='/'):
        self._root = root

    def real(self, path):
        return os.path.join(self._root, path.lstrip('/'))

    def exists(self, path):
        return os.path.lexists(self.real(path))

    def names(self, folder):
        """Names in a folder, sorted by their bytes; none if it is not there. Raises OSError."""
        try:
            return sorted(os.listdir(self.real(folder)))
        except OSError as exc:
            if exc.errno not in (errno.ENOENT, errno.ENOTDIR):
                raise
            return []

    def read(self, path):
        """A file's text, or None if it is not there, a link that leads nowhere, or no regular file: a link to /dev/null sets nothing.

        Raises GofleetError(too_large, file_unreadable, file_changed).
        """
        try:
            content = regular_files.read_start(self.real(path), _LIMIT + 1)
        except GofleetError as exc:
            if exc.code not in ('file_missing', 'not_a_file'):
                raise
            return None
        if len(content) > _LIMIT:
            raise GofleetError('%s is larger than %d bytes, which no file of kernel settings is. Nothing was changed. Remove it, or write less into it.'
                               % (path, _LIMIT), 'too_large', path=path, wanted=_LIMIT)
        return to_native(content, errors='surrogate_or_replace')

    def is_listed(self, path):
        """Whether systemd-sysctl takes a name in a folder for a file: a regular one or a link, whatever that leads to (dirent_is_file())."""
        try:
            mode = os.lstat(self.real(path)).st_mode
        except OSError as exc:
            if exc.errno not in (errno.ENOENT, errno.ENOTDIR):
                raise
            return False
        return stat.S_ISREG(mode) or stat.S_ISLNK(mode)

    def link(self, path):
        """Where a symbolic link points to, or None if it is none."""
        return os.readlink(self.real(path)) if os.path.islink(self.real(path)) else None


# ---- who reads what


def boot_loader(tree):
    """The Loader of this host, asked of its files: what runs, otherwise what is installed."""
    if tree.exists('/run/systemd/system'):
        return _systemd(tree)
    if tree.exists('/etc/init.d/sysctl') and (tree.exists('/sbin/openrc-run') or tree.exists('/usr/sbin/openrc-run')):
        return Loader(_openrc(tree), bool(openrc_levels(tree)))
    if any(tree.exists(folder + '/systemd/systemd-sysctl') for folder in ('/usr/lib', '/lib')):
        return _systemd(tree)
    if tree.exists('/etc/init.d/procps'):
        return Loader('procps', True)
    return Loader(None, False)


def _systemd(tree):
    unit = 'systemd-sysctl.service'
    masked = any(tree.link('%s/systemd/system/%s' % (folder, unit)) == _MASK for folder in ('/etc', '/run'))
    return Loader('systemd-sysctl', not masked)


def _openrc(tree):
    if '--system' not in (tree.read('/etc/init.d/sysctl') or ''):
        return 'alpine'
    return 'procps' if has_procps(tree) else 'openrc-busybox'


def openrc_levels(tree):
    """The runlevels that the service sysctl is in."""
    return [level for level in tree.names('/etc/runlevels') if tree.exists('/etc/runlevels/%s/sysctl' % level)]


def has_procps(tree):
    """Whether `sysctl --system` is there, which BusyBox does not have."""
    for folder in ('/sbin', '/usr/sbin', '/bin', '/usr/bin'):
        if tree.exists(folder + '/sysctl'):
            return os.path.basename(tree.link(folder + '/sysctl') or '') != 'busybox'
    return False


def read_order(loader, tree, also=None):
    """Paths of the files that this loader (its name) reads, in order; of two that set a key, the later wins.

    also: a path in /etc/sysctl.d that is to be taken as there. Raises OSError.
    """
    if loader is None:
        return []
    listed = dict((folder, [name for name in tree.names(folder) if name.endswith('.conf') and tree.is_listed('%s/%s' % (folder, name))])
                  for folder in FOLDERS)
    if also and os.path.basename(also) not in listed[ETC]:
        listed[ETC] = sorted(listed[ETC] + [os.path.basename(also)])
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
    ordered = [by_name[name] for name in sorted(by_name)]
    return ordered + (conf if loader == 'procps' else [])


def _paths(folder, listed):
    return ['%s/%s' % (folder, name) for name in listed[folder]]


class Precedence(object):
    """What the files of a host say beside one of ours, when this loader reads them.

    loader: its name; path: ours, in /etc/sysctl.d. Raises OSError.
    """

    def __init__(self, loader, tree, path):
        order = read_order(loader, tree, path)
        self._later = {}
        self._others = {}
        # Hidden by a file of the same name in another folder: then every other file is later.
        passed = path not in order
        for each in order:
            if each == path:
                passed = True
                continue
            for assignment in assignments(each, tree.read(each) or ''):
                self._others[assignment.key] = assignment
                if passed:
                    self._later[assignment.key] = assignment
        # Whether files of an administrator set anything.
        self.others_in_etc = any(each.path.startswith('/etc/') for each in self._others.values())
        self.hidden_by = None
        if path not in order:
            self.hidden_by = next((each for each in order if os.path.basename(each) == os.path.basename(path)), None)

    def later(self, key):
        """The Assignment that wins against ours at boot, or None."""
        return self._later.get(key)

    def without_ours(self, key):
        """The value that a boot without our file sets, or None."""
        found = self._others.get(key)
        return found.value if found else None
