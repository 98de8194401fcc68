# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Replace several files as one: all are staged, then all are published; if one cannot be published, the others are restored."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import os
import stat
from collections import namedtuple

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import folders, regular, transaction

# A file as it should be. content: bytes, or None for no file; uid, gid: its owner; None keeps the present owner, or takes this user for a new file.
Change = namedtuple('Change', 'path content mode uid gid')

# The largest file, in bytes, that can be restored. Files of this collection are far smaller.
_LIMIT = 1 << 24


def apply(changes):
    """Make the changes, in their order.

    Raises OSError or GofleetError after it has restored every file; GofleetError(partly_changed) names those that it could not restore.
    """
    staged = []
    try:
        for change in changes:
            staged.append(_Staged(change))
            staged[-1].prepare()
        for each in staged:
            each.publish()
    except (GofleetError, IOError, OSError) as exc:
        _put_back(staged, exc)
        raise
    finally:
        for each in staged:
            each.close()


def _put_back(staged, cause):
    stuck = [each.change.path for each in reversed(staged) if not each.put_back()]
    if stuck:
        raise GofleetError(
            '%s It could not be undone: changed are %s, all else is as it was. Mend the cause and run again, which brings everything to what is wanted.'
            % (getattr(cause, 'msg', None) or '%s: %s.' % (cause.filename, cause.strerror), ', '.join(sorted(stuck))), 'partly_changed',
            changed=sorted(stuck))


def _kept_owner(status):
    """(uid, gid) for a copy of a file with this os.stat_result; -1 where this user cannot set it."""
    if os.geteuid() == 0:
        return status.st_uid, status.st_gid
    return -1, status.st_gid if status.st_gid in os.getgroups() else -1


class _Staged(object):
    """One change. fresh: the name of the new file; kept: that of a copy of the old one; both are beside the target until it is published."""

    def __init__(self, change):
        self.change = change
        self._name = os.path.basename(change.path)
        self._made = folders.missing(os.path.dirname(change.path))
        self._folder = None
        self._fresh = self._kept = None
        self._published = False

    def prepare(self):
        change = self.change
        self._folder = folders.open_folder(os.path.dirname(change.path), create=change.content is not None)
        with self._folder.naming():
            old = self._old()
            if old:
                content, status = old
                self._kept = self._stage(content, stat.S_IMODE(status.st_mode), *_kept_owner(status))
            if change.content is not None:
                uid, gid = _kept_owner(status) if old else (-1, -1)
                self._fresh = self._stage(change.content, change.mode, uid if change.uid is None else change.uid,
                                          gid if change.gid is None else change.gid)

    def _stage(self, content, mode, uid, gid):
        return transaction.staged_file(self._folder, self._name, content, mode, uid, gid)

    def _old(self):
        """(content, os.stat_result) of the present file, or None."""
        path = self._folder.at(self._name)
        try:
            os.lstat(path)
        except OSError as exc:
            if exc.errno != errno.ENOENT:
                raise
            return None
        status, content = regular.read_with_status(path, _LIMIT, follow=False)
        return content, status

    def publish(self):
        with self._folder.naming():
            target = self._folder.at(self._name)
            if self._fresh:
                os.rename(self._folder.at(self._fresh), target)
                self._fresh = None
            elif self._kept:
                os.unlink(target)
            self._published = True
            self._folder.sync()

    def put_back(self):
        """Restore the file if it was published; return whether it is as it was."""
        if self._folder is None:
            return True
        try:
            if self._published:
                folders.persistently(self._restore)
            self._drop()
        except (IOError, OSError):
            return not self._published
        finally:
            self.close()
            if not self._published:
                folders.remove_made(self._made)
        return True

    def _restore(self):
        target = self._folder.at(self._name)
        if self._kept:
            os.rename(self._folder.at(self._kept), target)
            self._kept = None
        elif os.path.lexists(target):
            os.unlink(target)
        self._folder.sync()
        self._published = False

    def _drop(self):
        for each in (self._fresh, self._kept):
            if each:
                folders.persistently(os.unlink, self._folder.at(each))
        self._fresh = self._kept = None

    def close(self):
        if self._folder is None:
            return
        try:
            self._drop()
        except (IOError, OSError):
            # The next run removes it; the error of this run matters more.
            pass
        folder, self._folder = self._folder, None
        folder.close()
