# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose a folder is, and whether root may rely on it.

A path is safe for root if every folder on the way to it belongs to root and can be written to by root alone: then no other user
can swap a name in it, and paths mean what they meant when they were looked at.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import grp
import os
import pwd
import stat

from ansible.module_utils.common.text.converters import to_bytes

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError

try:
    import ctypes
except ImportError:
    # A Python linked statically (as on some Alpine hosts) has no ctypes.
    ctypes = None

# Links in a row, as the kernel bounds them (path_resolution(7)).
LINKS = 40
_ACL = 'system.posix_acl_access'
# There is none, or the file system has none.
_NO_ACL = (errno.ENODATA, errno.EOPNOTSUPP)


def weakness(status, path):
    """Why somebody other than root may change the names in a folder, as the end of a sentence about it; None if only root may.

    status: os.stat_result; path: of the folder.
    """
    if status.st_uid != 0:
        return 'belongs to %s, who can swap what lies in it' % user(status.st_uid)
    if status.st_mode & stat.S_IWOTH:
        # The sticky bit keeps others from renaming what is there, not from making what is not there yet.
        return 'can be written to by every user (mode %04o)' % stat.S_IMODE(status.st_mode)
    if status.st_mode & stat.S_IWGRP and not _is_only_roots_group(status.st_gid, path):
        return 'can be written to by the group %s (mode %04o)' % (group(status.st_gid), stat.S_IMODE(status.st_mode))
    return None


def _is_only_roots_group(gid, path):
    """Whether a group-writable folder is root's alone all the same: Debian's /usr/local may be root:staff, and nobody is in staff.

    An access list shows as rights of the group, so it must be known that there is none.
    """
    if _may_have_access_list(path):
        return False
    try:
        members = grp.getgrgid(gid).gr_mem
    except KeyError:
        return False
    return not set(members) - {'root'} and not any(each.pw_gid == gid and each.pw_uid != 0 for each in pwd.getpwall())


def _may_have_access_list(path):
    """Whether an access list may admit more users than the mode of a folder says; it counts as there where nothing can be known."""
    if hasattr(os, 'getxattr'):
        try:
            os.getxattr(path, _ACL)
        except OSError as exc:
            return exc.errno not in _NO_ACL
        return True
    if ctypes is None:
        return True
    # Python 2.7 has no name for getxattr(2).
    found = ctypes.CDLL(None, use_errno=True).getxattr(to_bytes(path, errors='surrogate_or_strict'), _ACL.encode('ascii'), None, 0)
    return found >= 0 or ctypes.get_errno() not in _NO_ACL


def user(uid):
    """A user for people: the name and the number, or the number alone."""
    try:
        return '%s (uid %d)' % (pwd.getpwuid(uid).pw_name, uid)
    except KeyError:
        return 'uid %d' % uid


def group(gid):
    """The same for a group."""
    try:
        return '%s (gid %d)' % (grp.getgrgid(gid).gr_name, gid)
    except KeyError:
        return 'gid %d' % gid


def check_safe(path, what, advice):
    """Raise GofleetError(unsafe_folder) if, for root, a folder on the way to path, or path itself, can be changed by others.

    path: absolute, and may be missing; what: what it is to root, begins the message; advice: what to choose instead, ends it.
    Does nothing for other users, who rely on their own folders.
    """
    error = unsafe(path, what, advice)
    if error:
        raise error


def unsafe(path, what, advice):
    """The GofleetError that check_safe() raises, or None."""
    weak = first_weak(path)
    if not weak:
        return None
    folder, status = weak
    return GofleetError(
        '%s %s is not safe for root: %s %s. Nothing was changed. %s' % (what, path, folder, weakness(status, folder), advice), 'unsafe_folder',
        path=path, folder=folder, owner=status.st_uid, mode='%04o' % stat.S_IMODE(status.st_mode))


def first_weak(path):
    """(path, os.stat_result) of the first folder on the way to path, or path itself, that for root others can change; None if there is none.

    Always None for other users.
    """
    for each, status in _way(path) if os.geteuid() == 0 else ():
        if stat.S_ISDIR(status.st_mode) and weakness(status, each):
            return each, status
    return None


def _way(path):
    """(path, os.stat_result) of each folder, and of what is there at the end, on the way that the kernel takes to a path."""
    current, pending, links = '/', path.split('/'), 0
    yield current, os.lstat(current)
    while pending:
        name = pending.pop(0)
        if name in ('', '.'):
            continue
        if name == '..':
            current = os.path.dirname(current)
            continue
        step = os.path.join(current, name)
        try:
            status = os.lstat(step)
        except OSError as exc:
            if exc.errno not in (errno.ENOENT, errno.ENOTDIR):
                raise
            return
        if stat.S_ISLNK(status.st_mode):
            links += 1
            if links > LINKS:
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
            target = os.readlink(step)
            current = '/' if target.startswith('/') else current
            pending = target.split('/') + pending
            continue
        current = step
        yield current, status


def check_own(path):
    """Raise GofleetError(unsafe_folder) unless path is a folder, not a link, that belongs to this user and that only this user may write to.

    For folders that this collection makes for itself.
    """
    status = os.lstat(path)
    problem = None
    if not stat.S_ISDIR(status.st_mode):
        problem = 'is a symbolic link' if stat.S_ISLNK(status.st_mode) else 'is not a folder'
    elif status.st_uid != os.geteuid():
        problem = 'belongs to %s' % user(status.st_uid)
    elif status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        problem = 'can be written to by others (mode %04o)' % stat.S_IMODE(status.st_mode)
    if problem:
        raise GofleetError('%s %s, but it has to be a folder of %s alone: its content decides what is deleted and installed. Nothing was changed. '
                           'Find out who made it, move it away, and run again.' % (path, problem, user(os.geteuid())),
                           'unsafe_folder', path=path, folder=path, owner=status.st_uid, mode='%04o' % stat.S_IMODE(status.st_mode))
