# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Regular files that somebody else named: opened once, without waiting for anything, and seen to stay the same.

Each function raises GofleetError: file_missing, not_a_file (a folder, pipe, socket or device, which is not opened), file_unreadable,
file_changed (while it was read).
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import contextlib
import errno
import fcntl
import io
import os
import stat

from ansible.module_utils.common.text.converters import to_native

from ansible_collections.gofleet.golang.plugins.module_utils import _system as system
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError

# Throughput of hashlib does not depend on it beyond a few KiB; this bounds memory.
_BUFFER = bytearray(1 << 18)
_VIEW = memoryview(_BUFFER)

# An open may wait for a writer (of a pipe), take a terminal, or be inherited by what is run, unless told otherwise.
_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | getattr(os, 'O_CLOEXEC', 0)
# Every write changes one of them, and so does whoever puts another file in the place.
_IDENTITY = ('st_dev', 'st_ino', 'st_mode', 'st_size', 'st_mtime', 'st_ctime')
_KINDS = ((stat.S_ISDIR, 'a folder'), (stat.S_ISLNK, 'a symbolic link'), (stat.S_ISFIFO, 'a named pipe'), (stat.S_ISSOCK, 'a socket'))


@contextlib.contextmanager
def opened(path, follow=True):
    """A block with (unbuffered binary file, os.stat_result); it fails if the file is another one, or has changed, when it ends.

    path: str or bytes; follow: whether it may be a symbolic link.
    """
    descriptor, status = open_descriptor(path, follow)
    try:
        with io.open(descriptor, 'rb', 0) as source:
            yield source, status
            if not same(status, os.fstat(source.fileno())):
                raise changed(path)
    except (IOError, OSError) as exc:
        raise unreadable(path, exc)


def open_descriptor(path, follow=True):
    """(descriptor, os.stat_result) of a file that was opened to be read. follow: whether it may be a symbolic link."""
    try:
        check(path, follow)
        system.must_be_here()
        descriptor = os.open(path, _FLAGS | (0 if follow else os.O_NOFOLLOW))
    except (IOError, OSError) as exc:
        # A link has come in the place of the file that was looked at.
        if exc.errno == errno.ELOOP and not follow:
            raise changed(path)
        raise unreadable(path, exc)
    except (TypeError, ValueError) as exc:
        # A NUL in the name.
        raise GofleetError('%r is no path of a file: %s. Name one.' % (path, exc), 'file_missing', path=repr(path))
    if not hasattr(os, 'O_CLOEXEC'):
        fcntl.fcntl(descriptor, fcntl.F_SETFD, fcntl.fcntl(descriptor, fcntl.F_GETFD) | fcntl.FD_CLOEXEC)
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise changed(path)
    return descriptor, status


def check(path, follow=True):
    """Look at a file without opening it: to open a device may do something (rewind a tape), and a pipe's writer would see a reader."""
    try:
        mode = (system.status(path) if follow else system.lstat(path)).st_mode
    except OSError as exc:
        raise unreadable(path, exc)
    if not stat.S_ISREG(mode):
        kind = ([name for test, name in _KINDS if test(mode)] or ['a device'])[0]
        raise GofleetError('%s is %s, not a regular file. Name the file itself.' % (to_native(path), kind), 'not_a_file', path=to_native(path), kind=kind)


def unreadable(path, exc):
    """The GofleetError for an OSError of a file that was to be read."""
    path = to_native(path)
    if exc.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
        link = ': it is a symbolic link, which leads nowhere' if system.islink(path) else ''
        return GofleetError('There is no file %s here%s.' % (path, link), 'file_missing', path=path, errno=errno.errorcode[exc.errno])
    return GofleetError('%s cannot be read: %s. Let this user (uid %d) read it, or run the task with become.'
                        % (path, exc.strerror or exc, system.geteuid()), 'file_unreadable', path=path, errno=errno.errorcode.get(exc.errno))


def feed(path, update, follow=True, expected=None):
    """Give the content of a file to a function, in chunks that are good until it returns. Returns the os.stat_result.

    update: takes a memoryview; expected: an earlier os.stat_result that the file must still have.
    """
    with opened(path, follow) as (source, status):
        if expected is not None and not same(expected, status):
            raise changed(path)
        total = 0
        count = source.readinto(_BUFFER)
        while count:
            total += count
            # A file that grows faster than it is read would never end.
            if total > status.st_size:
                break
            update(_VIEW[:count])
            count = source.readinto(_BUFFER)
        if total != status.st_size:
            raise changed(path)
    return status


def read(path, limit, follow=True):
    """The content of a small file as bytes. limit: how many it may have. Raises GofleetError(too_large) besides."""
    brought = _brought(path, follow)
    if brought is None:
        return read_with_status(path, limit, follow)[1]
    _check_size(path, len(brought), limit)
    return brought


def read_with_status(path, limit, follow=True):
    """(os.stat_result, content) of a small file. limit: how many bytes it may have. Raises GofleetError(too_large) besides."""
    with opened(path, follow) as (dummy, status):
        _check_size(path, status.st_size, limit)
    parts = []
    feed(path, lambda chunk: parts.append(chunk.tobytes()), follow, status)
    return status, b''.join(parts)


def _check_size(path, size, limit):
    if size > limit:
        raise GofleetError('%s has %d bytes; at most %d are expected. Is it the right file?' % (to_native(path), size, limit), 'too_large',
                           path=to_native(path), found=size, wanted=limit)


def read_start(path, limit):
    """At most limit bytes of a regular file, as far as they can be had now; what /proc has is read whatever size it is said to have."""
    brought = _brought(path)
    if brought is not None:
        return brought[:limit]
    descriptor, dummy = open_descriptor(path)
    try:
        with io.open(descriptor, 'rb') as source:
            return source.read(limit)
    except (IOError, OSError) as exc:
        raise unreadable(path, exc)


def _brought(path, follow=True):
    """The content as a probe brought it, or None where the file is to be read."""
    try:
        content = system.brought(path)
    except OSError as exc:
        raise unreadable(path, exc)
    if content is not None:
        check(path, follow)
    return content


def check_same(path, status):
    """Raise GofleetError(file_changed) if there is another file than the one with this os.stat_result, or none."""
    try:
        if same(status, os.stat(path)):
            return
    except OSError as exc:
        if exc.errno not in (errno.ENOENT, errno.ENOTDIR):
            raise unreadable(path, exc)
    raise changed(path)


def same(before, after):
    """Whether two os.stat_results are of one file that nobody wrote to in between, nor gave other rights."""
    return all(getattr(before, field) == getattr(after, field) for field in _IDENTITY)


def changed(path):
    """The GofleetError for a file that is not the same before and after it was read."""
    return GofleetError('%s changed while it was read, so nothing can be said of it. Run again when nobody writes to it.' % to_native(path),
                        'file_changed', path=to_native(path))
