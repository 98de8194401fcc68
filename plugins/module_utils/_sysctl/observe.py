# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host has: the kernel's values, our files, and those of others. Nothing else reads the host before a run changes it.

sources() is the table of what observe() reads, from which a script can be made that reads the same.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import os
import stat
from collections import namedtuple

from ansible.module_utils.common.text.converters import to_native

from ansible_collections.gofleet.golang.plugins.module_utils import _system as system
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import leftovers as files_leftovers
from ansible_collections.gofleet.golang.plugins.module_utils._files import preconditions
from ansible_collections.gofleet.golang.plugins.module_utils._host import kernel
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import boot, drop_in, keys
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import paths as sysctl_paths
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import profiles as known
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import state as sysctl_state
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import wanted as sysctl_wanted

# Why a setting cannot be written.
NOT_THIS_USER = 'this user is not allowed to write it'
_READ_ONLY_KEY = 'the kernel allows no writes to it in this namespace'
_READ_ONLY_MOUNT = 'it is mounted read-only on this host'
_NO_KEY = 'this kernel or namespace does not have it'
# Bytes of a value that are read; most keys print at most a page.
_VALUE_LIMIT = 65536

# A key in the kernel. kind: setting, folder, command (write-only), absent. value: normalised, None if it cannot be read.
# why: the reason why it cannot be written, or None; near: names in the kernel that may have been meant.
Live = namedtuple('Live', 'kind value why near')
# manual: the Precedence of `sysctl --system`, if that differs from a boot; leftovers: files that an interrupted run left;
# stale: whether our folder exists, or the empty folder around it, although nothing is recorded, which only an interrupted run leaves.
Observed = namedtuple('Observed', 'live state text precedence manual loader kernel release leftovers stale has_folder')
# What observe() reads: the fields of boot.Sources, and values: {key: its path}, of which stat(), access() and the content are asked for.
# Where a key of values is absent, the names beside it are listed as well, and where it is not writable, statvfs() is asked.
Sources = namedtuple('Sources', boot.Sources._fields + ('values',))


def sources(wanted, paths, state=None):
    """The Sources of observe(), all below paths.root or paths.proc.

    state: what is recorded on the host, if it is known: it adds the keys that this drop-in has set and that are no longer wanted.
    """
    parts = dict((each.key, each.parts) for each in wanted)
    parts.update((key, keys.parse_key(key)) for key in sysctl_state.owned(state or sysctl_state.empty(), paths.path))
    parts[sysctl_wanted.RESERVED] = keys.parse_key(sysctl_wanted.RESERVED)
    ours = boot.Sources(
        status=(paths.path, sysctl_paths.STATE), links=(), text=(paths.path, sysctl_paths.STATE_FILE),
        names=(os.path.dirname(paths.path), sysctl_paths.STATE, os.path.dirname(sysctl_paths.STATE)))
    fields = [tuple(paths.real(path) for path in sorted(set(one) | set(other))) for one, other in zip(boot.SOURCES, ours)]
    found = Sources(*(fields + [dict((key, paths.setting(each)) for key, each in parts.items())]))
    return found._replace(status=found.status + tuple(path for each in parts.values() for path in _of_default_interface(paths, each)))


def observe(wanted, paths):
    """Read the kernel's values of every key that is wanted or that this drop-in has set, our files, and those of others.

    Raises GofleetError(foreign_file, state_unreadable, state_newer), IOError, OSError.
    """
    tree = boot.Tree(paths.root)
    state = sysctl_state.read(paths.state)
    loader = boot.boot_loader(tree)
    return Observed(
        live=live(sources(wanted, paths, state).values, paths),
        state=state,
        text=drop_in_text(paths),
        precedence=boot.Precedence(loader.name, tree, paths.path),
        manual=boot.Precedence('procps', tree, paths.path) if boot.has_procps(tree) and loader.name != 'procps' else None,
        loader=loader,
        kernel=kernel.version(),
        release=to_native(system.release()),
        leftovers=leftovers(paths),
        stale=not state['keys'] and (system.isdir(paths.meta) or _is_empty(os.path.dirname(paths.meta))),
        has_folder=tree.exists(boot.ETC))


def _is_empty(folder):
    """Whether a folder exists and is empty. Raises OSError."""
    try:
        return not system.listdir(folder)
    except OSError as exc:
        # Other users may have no access to it.
        if exc.errno not in (errno.ENOENT, errno.ENOTDIR, errno.EACCES):
            raise
        return False


def drop_in_text(paths):
    """The text of our drop-in, None if it does not exist. Raises GofleetError(foreign_file)."""
    try:
        status = system.lstat(paths.drop_in)
    except OSError as exc:
        if exc.errno not in (errno.ENOENT, errno.ENOTDIR):
            raise
        return None
    text = None
    if stat.S_ISREG(status.st_mode):
        text = to_native(system.content(paths.drop_in), errors='surrogate_or_replace')
    if text is None or not text.startswith(drop_in.MARK):
        raise GofleetError('%s was not written by this collection. Nothing was changed. Choose another path, or move the file away.' % paths.path,
                           'foreign_file', path=paths.path)
    return text


def leftovers(paths):
    """Files and folders that interrupted runs left. While the lock is held, no other run has any."""
    files = [each for path in (paths.drop_in, paths.state, paths.lock) for each in files_leftovers.unfinished_copies(path)]
    return files + files_leftovers.retired(paths.meta)


def live(values, paths):
    """{key: Live}. values: {key: path}. Raises OSError."""
    return dict((key, _live(path, keys.parse_key(key), paths)) for key, path in values.items())


def _live(path, parts, paths):
    try:
        mode = system.status(path).st_mode
    except OSError as exc:
        if exc.errno not in (errno.ENOENT, errno.ENOTDIR):
            raise
        return Live('absent', None, sysctl_wanted.NO_INTERFACE if _is_of_interface(paths, parts) else _NO_KEY, _near(paths, parts))
    if stat.S_ISDIR(mode):
        return Live('folder', None, None, _near(paths, parts + ('',)))
    if not mode & 0o444:
        return Live('command', None, None, ())
    return Live('setting', read_value(path), _hindrance(path, mode), ())


def _is_of_interface(paths, parts):
    """Whether the interface is missing, not the setting: "default" has every setting that an interface can have."""
    defaults = _of_default_interface(paths, parts)
    return bool(defaults) and (system.exists(defaults[0]) or not system.exists(defaults[1]))


def _of_default_interface(paths, parts):
    """The same setting of the interface "default", and the folder of that; empty for settings that no interface has."""
    if len(parts) != 5 or '.'.join(parts[:3]) not in known.PER_INTERFACE:
        return ()
    default = parts[:3] + ('default',)
    return paths.setting(default + parts[4:]), paths.setting(default)


def _hindrance(path, mode):
    """Why a setting cannot be written, or None."""
    if not mode & 0o222:
        return _READ_ONLY_KEY
    if system.can_write(path):
        return None
    if preconditions.is_mounted_read_only(path):
        return _READ_ONLY_MOUNT
    return NOT_THIS_USER


def _near(paths, parts):
    """Names that may have been meant; none if the interface is missing."""
    if not system.is_here():
        # Only an error shows them, and after an error the module is sent.
        return ()
    # Imported here because most runs do not need it.
    import difflib

    try:
        names = system.listdir(paths.setting(parts[:-1]))
    except OSError as exc:
        if exc.errno not in (errno.ENOENT, errno.ENOTDIR, errno.EACCES):
            raise
        names = []
    names = [keys.spell(parts[:-1] + (name,)) for name in names]
    if not parts[-1]:
        return tuple(sorted(names)[:3])
    return tuple(difflib.get_close_matches(keys.spell(parts), set(names) | known.known_keys(), 3, 0.8))


def read_value(path):
    """The value, or None if the kernel does not return it (stable_secret before it is set: EIO)."""
    try:
        return keys.normal(to_native(system.content(path, _VALUE_LIMIT), errors='surrogate_or_replace'))
    except (IOError, OSError) as exc:
        if exc.errno not in (errno.EIO, errno.EACCES, errno.EPERM, errno.EINVAL, errno.ENODATA):
            raise
        return None
