# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is read of a host while its state is observed: from its own system, or on a controller from what a probe brought.

Each function does what the one of os or os.path with the same name does. Code that observes a state reads through these functions alone, so
that a module on the host and an action on the controller decide by the same code.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import contextlib
import io
import os
import stat


class _Host(object):
    """The host that this runs on."""

    lstat = staticmethod(os.lstat)
    stat = staticmethod(os.stat)
    listdir = staticmethod(os.listdir)
    readlink = staticmethod(os.readlink)
    realpath = staticmethod(os.path.realpath)
    access = staticmethod(os.access)

    @staticmethod
    def geteuid():
        return os.geteuid()

    @staticmethod
    def isdir(path):
        return os.path.isdir(path)

    @staticmethod
    def home():
        return os.path.expanduser('~')

    @staticmethod
    def release():
        """The kernel's release, as uname -r prints it."""
        return os.uname()[2]

    @staticmethod
    def brought(dummy_path):
        """The content of a file as a probe brought it: None here, where it is read from the file."""

    @staticmethod
    def header(path, length):
        with io.open(path, 'rb') as source:
            return source.read(length)

    @staticmethod
    def must_be_here():
        """Raise if this is not the host that is asked about."""


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
    return _asked[-1].release()


def must_be_here():
    """To be called before anything is read of this machine that is not read through this module."""
    _asked[-1].must_be_here()


def brought(path):
    """The content of a file, bytes, where a probe brought it; None where the file is to be read."""
    return _asked[-1].brought(path)


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
    try:
        status(path)
    except OSError:
        return False
    return True


def islink(path):
    try:
        return stat.S_ISLNK(lstat(path).st_mode)
    except OSError:
        return False
