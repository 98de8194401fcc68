# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who owns a folder, and whether root may rely on it.

A path is safe for root if every folder on the way to it belongs to root and can be written to by root alone: then no other user
can swap a name in it, and a path stays the same between check and use.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import grp
import os
import pwd
import stat

from ansible_collections.gofleet.golang.plugins.module_utils import _system as system
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import system_calls

# Links in a row, as the kernel bounds them (path_resolution(7)).
LINKS = 40


def weakness(status, path):
    """How users other than root can change the names in a folder, as the end of a sentence about it; None if only root can.

    status: os.stat_result; path: of the folder.
    """
    if status.st_uid != 0:
        return 'belongs to %s, who can replace its content' % user(status.st_uid)
    if status.st_mode & stat.S_IWOTH:
        # The sticky bit keeps other users from renaming existing files, not from creating missing ones.
        return 'can be written to by every user (mode %04o)' % stat.S_IMODE(status.st_mode)
    if status.st_mode & stat.S_IWGRP and not is_only_roots_group(status.st_gid, path):
        return 'can be written to by the group %s (mode %04o)' % (group(status.st_gid), stat.S_IMODE(status.st_mode))
    return None


def is_only_roots_group(gid, path):
    """Whether root is the only user who may write to a folder by its group: Debian's /usr/local may be root:staff, and staff has no members.

    An access list shows as rights of the group, so there must be none.
    """
    system.must_be_here()
    if system_calls.may_have_access_list(path):
        return False
    try:
        members = grp.getgrgid(gid).gr_mem
    except KeyError:
        return False
    return not set(members) - {'root'} and not any(each.pw_gid == gid and each.pw_uid != 0 for each in pwd.getpwall())


def user(uid):
    """A user as messages name one: name and number, or the number alone."""
    try:
        return '%s (uid %d)' % (pwd.getpwuid(uid).pw_name, uid)
    except KeyError:
        return 'uid %d' % uid


def group(gid):
    """A group as messages name one."""
    try:
        return '%s (gid %d)' % (grp.getgrgid(gid).gr_name, gid)
    except KeyError:
        return 'gid %d' % gid


def check_safe(path, what, advice):
    """Raise GofleetError(unsafe_folder) if root runs this and other users can change a folder on the way to path, or path itself.

    path: absolute, may be missing; what: begins the message and says what the path is; advice: ends it and says what to choose instead.
    Does nothing for other users: they rely on their own folders.
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
    """(path, os.stat_result) of the first folder on the way to path, or path itself, that users other than root can change; None if there is none.

    Always None for other users.
    """
    try:
        for each, status in steps(path, system.lstat) if system.geteuid() == 0 else ():
            if stat.S_ISDIR(status.st_mode) and weakness(status, each):
                return each, status
    except OSError as exc:
        # The rest of the way does not exist.
        if exc.errno not in (errno.ENOENT, errno.ENOTDIR):
            raise
    return None


def steps(path, look=os.lstat):
    """(path, os.stat_result) of every folder and link on the way that the kernel takes to an absolute path, and of what stands at its end.

    look: gives the os.stat_result of a path, and may create what is missing. The caller may judge each step before the next one is looked at;
    the last step that is no link has the real path. Raises OSError, and what look raises.
    """
    current, pending, links = '/', path.split('/'), 0
    yield current, look(current)
    while pending:
        name = pending.pop(0)
        if name in ('', '.'):
            continue
        step = os.path.dirname(current) if name == '..' else os.path.join(current, name)
        status = look(step)
        yield step, status
        if not stat.S_ISLNK(status.st_mode):
            current = step
            continue
        links += 1
        if links > LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
        target = system.readlink(step)
        # What was found so far stays the real path of a link to ".", and "/" becomes that of a link to "/".
        current = '/' if target.startswith('/') else current
        yield current, look(current)
        pending = target.split('/') + pending


def check_own(path):
    """Raise GofleetError(unsafe_folder) unless path is a folder, not a link, that belongs to this user and that only this user may write to.

    For folders that this collection makes for itself.
    """
    status = system.lstat(path)
    problem = None
    if not stat.S_ISDIR(status.st_mode):
        problem = 'is a symbolic link' if stat.S_ISLNK(status.st_mode) else 'is not a folder'
    elif status.st_uid != system.geteuid():
        problem = 'belongs to %s' % user(status.st_uid)
    elif status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        problem = 'can be written to by others (mode %04o)' % stat.S_IMODE(status.st_mode)
    if problem:
        raise GofleetError('%s %s, but it must be a folder that only %s can write to: its content decides what is deleted and installed. Nothing was changed. '
                           'Find out who made it, move it away, and run again.' % (path, problem, user(system.geteuid())),
                           'unsafe_folder', path=path, folder=path, owner=status.st_uid, mode='%04o' % stat.S_IMODE(status.st_mode))
