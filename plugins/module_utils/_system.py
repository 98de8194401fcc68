# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is read of a host while its state is observed: from its own system, or on a controller from what a probe brought.

Each function does what the one of os or os.path with the same name does. Code that observes a state reads through these functions alone, so
that a module on the host and an action on the controller decide by the same code.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import contextlib
import glob as globs
import io
import os
import stat


class _Host(object):
    """The host that this runs on."""

    def lstat(self, path):
        return os.lstat(path)

    def stat(self, path):
        return os.stat(path)

    def listdir(self, path):
        return os.listdir(path)

    def readlink(self, path):
        return os.readlink(path)

    def realpath(self, path):
        return os.path.realpath(path)

    def access(self, path, mode):
        return os.access(path, mode)

    def exists(self, path):
        return os.path.exists(path)

    def isdir(self, path):
        return os.path.isdir(path)

    def glob(self, pattern):
        return globs.glob(pattern)

    def geteuid(self):
        return os.geteuid()

    def home(self):
        return os.path.expanduser('~')

    def release(self):
        return os.uname()[2]

    def confstr(self, name):
        return os.confstr(name)

    def brought(self, dummy_path):
        """None: the file is to be read."""

    def head(self, dummy_path, dummy_mark):
        """None: the file is to be read."""

    def header(self, path, length):
        with io.open(path, 'rb') as source:
            return source.read(length)

    def is_here(self):
        return True

    def must_be_here(self):
        """This is the host that is asked about."""


_asked = [_Host()]


@contextlib.contextmanager
def seen_by(snapshot):
    """A block in which snapshot, an object with the methods of _Host, answers for a host. Not for several threads at once."""
    _asked.append(snapshot)
    try:
        yield
    finally:
        _asked.pop()


def lstat(path):
    return _asked[-1].lstat(path)


def status(path):
    """As os.stat()."""
    return _asked[-1].stat(path)


def listdir(path):
    return _asked[-1].listdir(path)


def readlink(path):
    return _asked[-1].readlink(path)


def realpath(path):
    return _asked[-1].realpath(path)


def isdir(path):
    return _asked[-1].isdir(path)


def can_write(path):
    """Whether this user may write to a path, as access(2) says."""
    return _asked[-1].access(path, os.W_OK)


def geteuid():
    return _asked[-1].geteuid()


def home():
    """The home folder of this user, as os.path.expanduser('~')."""
    return _asked[-1].home()


def release():
    """The kernel's release, as uname -r prints it."""
    return _asked[-1].release()


def is_here():
    """Whether this is the host that is asked about."""
    return _asked[-1].is_here()


def must_be_here():
    """To be called before anything is read of this machine that is not read through this module."""
    _asked[-1].must_be_here()


def brought(path):
    """The content of a file, bytes, where a probe brought it; None where the file is to be read."""
    return _asked[-1].brought(path)


def content(path, limit=-1):
    """The first limit bytes of a file, or all of it: as a probe brought it, or read from the file. Raises IOError, OSError."""
    found = brought(path)
    if found is not None:
        return found if limit < 0 else found[:limit]
    with io.open(path, 'rb') as source:
        return source.read(limit)


def header(path, length):
    """The first bytes of a program, at most length. Raises IOError, OSError."""
    return _asked[-1].header(path, length)


def lexists(path):
    try:
        lstat(path)
    except OSError:
        return False
    return True


def exists(path):
    return _asked[-1].exists(path)


def glob(pattern):
    return _asked[-1].glob(pattern)


def confstr(name):
    """As os.confstr(). Raises ValueError, OSError."""
    return _asked[-1].confstr(name)


def head(path, mark):
    """The start of a regular file (bytes), as far as a probe knows it; None: read the file.

    No line after it begins with mark, or with more of such a line, if the probe asked for that.
    """
    return _asked[-1].head(path, mark)


def islink(path):
    try:
        return stat.S_ISLNK(lstat(path).st_mode)
    except OSError:
        return False
