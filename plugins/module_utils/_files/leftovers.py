# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names that this collection gives beside its targets while it works, and how the next run finds those that a killed run left."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import binascii
import errno
import os
import re
import time

from ansible.module_utils.common.text.converters import to_native

from ansible_collections.gofleet.golang.plugins.module_utils import _system as system

# Of a name beside the target, so that rename() stays on one file system; random digits follow, which the first versions did not add.
_NEW_SUFFIX = '.gofleet-new'
_NEW = re.compile(r'(.+)\.gofleet-new(?:-[0-9a-f]{16})?\Z', re.DOTALL)
# Of a foreign file or folder that is kept; the time follows.
_ASIDE_SUFFIX = '.before-gofleet-'
# Of a folder that is being deleted; the number of the process follows.
_RETIRED = '-removed-'


def unused_stages(root, older_than=0):
    """Stages below root that no run uses, if the caller holds the lock: those of runs that were killed.

    older_than: seconds for which neither the folder nor a file in it has changed.
    """
    # The target of a link is not a stage of this collection.
    if system.islink(root):
        return []
    limit = time.time() - older_than
    found = []
    for name in _list(root):
        path = os.path.join(root, name)
        newest = max([_mtime(path)] + [_mtime(os.path.join(path, each)) for each in _list(path)])
        if newest <= limit:
            found.append(path)
    return found


def aside_name(path, now):
    """The name under which the foreign file or folder at path is kept. now: seconds since the epoch."""
    return path + _ASIDE_SUFFIX + time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(now))


def aside_pattern(path):
    """A pattern of the shell that finds what was set aside from path."""
    return path + _ASIDE_SUFFIX + '*'


def unfinished_names(path, is_ours):
    """Links beside path that a run made before it was killed.

    is_ours: a function of a link's target: whether this collection sets it. Only links match, so a foreign file or folder that was
    set aside never does.
    """
    folder, base = os.path.split(path)
    starts = (base + _NEW_SUFFIX, base + _ASIDE_SUFFIX)
    found = [os.path.join(folder, name) for name in _list(folder) if name.startswith(starts)]
    return [each for each in found if system.islink(each) and is_ours(system.readlink(each))]


def unfinished_files(folder):
    """Unfinished files of killed runs of transaction.write_file() in a folder of this collection."""
    return [os.path.join(folder, name) for name in _list(folder) if _NEW.match(name)]


def unfinished_copies(path):
    """Unfinished files that were to become the file at path."""
    base = os.path.basename(path)
    return [each for each in unfinished_files(os.path.dirname(path)) if _NEW.match(os.path.basename(each)).group(1) == base]


def new_name(name):
    """An unpredictable name beside this one, for the file or link that will replace it."""
    return '%s%s-%s' % (name, _NEW_SUFFIX, to_native(binascii.hexlify(os.urandom(8))))


def retired_name(path):
    """The name that transaction.retire_folder() gives to a folder before it deletes it."""
    return '%s%s%d' % (path, _RETIRED, os.getpid())


def retired(path):
    """Folders that transaction.retire_folder(path) did not finish deleting because the run was killed."""
    folder, base = os.path.split(path)
    return [os.path.join(folder, name) for name in _list(folder) if name.startswith(base + _RETIRED)]


def _list(folder):
    try:
        return sorted(system.listdir(folder))
    except OSError as exc:
        # EACCES: an ordinary user cannot read root's stage and does not clean it.
        if exc.errno not in (errno.ENOENT, errno.ENOTDIR, errno.EACCES):
            raise
        return []


def _mtime(path):
    try:
        return system.lstat(path).st_mtime
    except OSError as exc:
        if exc.errno != errno.ENOENT:
            raise
        return 0
