# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lock files that let one run work at a time. The kernel releases them with the process, and no other user can hold them."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import contextlib
import errno
import fcntl
import io
import os
import signal
import stat

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import folders, leftovers, owners

# A user who can open a lock file, even read-only, can hold it for ever (flock(2)).
_MODE = 0o600
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | getattr(os, 'O_CLOEXEC', 0)


class _LockTimeout(Exception):
    pass


@contextlib.contextmanager
def lock(path, timeout, passing=False):
    """Hold the lock file at path, waiting at most timeout whole seconds (at least 1).

    The kernel releases the lock with the process, so a killed run never blocks the next one. passing: remove the file, and the folders that
    were created for it, when the block ends.
    Raises GofleetError(locked, unsafe_folder), OSError.
    """
    missing = folders.missing(os.path.dirname(path))
    try:
        handle = _locked_handle(path, timeout)
    except BaseException:
        folders.remove_made(missing)
        raise
    try:
        yield
    finally:
        if passing:
            # The lock is still held here: a waiting run then sees that the file is gone and creates a new one.
            _remove(path)
            folders.remove_made(missing)
        os.close(handle)


def _remove(path):
    try:
        with folders.opened(os.path.dirname(path)) as folder:
            folders.persistently(os.unlink, folder.at(os.path.basename(path)))
    except (IOError, OSError):
        # A leftover file blocks no run: the kernel releases the lock.
        return


def _locked_handle(path, timeout):
    # The alarm ends a flock() that waits: the only way to wait for a lock with a limit and without polling.
    previous = signal.signal(signal.SIGALRM, _on_alarm)
    signal.alarm(max(1, int(timeout)))
    try:
        while True:
            handle = _attempt(path)
            if handle is not None:
                return handle
    except _LockTimeout:
        raise _still_held(path, timeout)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, previous)


def _attempt(path):
    """The descriptor of the locked file; None if another file has taken its place meanwhile."""
    handle = _opened(path)
    if handle is None:
        return None
    try:
        status = os.fstat(handle)
        _check(path, status)
        open_to_others = bool(status.st_mode & 0o077)
        if not (open_to_others and _is_held_by_another_user(status)):
            fcntl.flock(handle, fcntl.LOCK_EX)
        if not _is_still(path, handle):
            os.close(handle)
            return None
        if open_to_others:
            fresh = _replaced(path)
            os.close(handle)
            return fresh
    except BaseException:
        os.close(handle)
        raise
    return handle


def _opened(path):
    # The run that held the lock may have removed its folder, even after it was created here; so try again.
    try:
        with folders.opened(os.path.dirname(path), create=True) as folder:
            return os.open(folder.at(os.path.basename(path)), _FLAGS, _MODE)
    except OSError as exc:
        if exc.errno == errno.ELOOP:
            raise _unsafe(path, 'is a symbolic link')
        if exc.errno != errno.ENOENT:
            raise
        return None


def _check(path, status):
    if not stat.S_ISREG(status.st_mode):
        raise _unsafe(path, 'is not a regular file')
    if status.st_uid != os.geteuid():
        raise _unsafe(path, 'belongs to %s' % owners.user(status.st_uid))


def _unsafe(path, problem):
    return GofleetError('The lock file %s %s, and only a file of %s can be the lock of this run. Nothing was changed. Find out who made it, '
                        'remove it, and run again.' % (path, problem, owners.user(os.geteuid())), 'unsafe_folder', path=path)


def _on_alarm(signum, frame):
    raise _LockTimeout()


def _is_still(path, handle):
    try:
        return os.path.samestat(os.lstat(path), os.fstat(handle))
    except OSError as exc:
        if exc.errno != errno.ENOENT:
            raise
        return False


def _replaced(path):
    """The descriptor of a new, locked file that replaces one which other users can open, because they may keep that one open.

    The first versions of this collection made such files.
    """
    with folders.opened(os.path.dirname(path)) as folder:
        fresh = folder.at(leftovers.new_name(os.path.basename(path)))
        handle = os.open(fresh, _FLAGS | os.O_EXCL, _MODE)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            os.rename(fresh, folder.at(os.path.basename(path)))
        except BaseException:
            os.close(handle)
            os.unlink(fresh)
            raise
    return handle


# ---- the holder of a lock


def _holder(status):
    """(process, uid) that holds a lock file, according to the kernel (proc(5): /proc/locks); (None, None) if unknown."""
    try:
        with io.open('/proc/locks', 'rb') as source:
            lines = source.read().decode('ascii', 'replace').splitlines()
        for fields in [line.split() for line in lines]:
            # "1: FLOCK ADVISORY WRITE 1234 fe:00:5678 0 EOF"; a waiting process has "->" after the number.
            if fields[1:2] == ['FLOCK'] and fields[5].rpartition(':')[2] == str(status.st_ino) and int(fields[4]) > 0:
                return int(fields[4]), os.stat('/proc/%s' % fields[4]).st_uid
    except (IOError, OSError, ValueError, IndexError):
        # No /proc, a process of another namespace, or one that has ended.
        return None, None
    return None, None


def _is_held_by_another_user(status):
    return _holder(status)[1] not in (None, os.geteuid())


def _still_held(path, timeout):
    process, uid = None, None
    try:
        process, uid = _holder(os.lstat(path))
    except OSError:
        # The process has just ended.
        pass
    holder = ' (process %d of %s)' % (process, owners.user(uid)) if process else ''
    return GofleetError(
        'Another run%s holds %s and did not finish within %d s. Look for it with "fuser %s"; '
        'wait for it or raise lock_timeout.' % (holder, path, timeout, path), 'locked', path=path, timeout=timeout, process=process)
