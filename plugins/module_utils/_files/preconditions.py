# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks of folders and file systems that are made before anything is changed."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import os

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError

# sys/statvfs.h; Python 2 has no name for it.
_ST_RDONLY = 1


def nearest_folder(path):
    """The path itself if it exists, otherwise the nearest path above it that exists."""
    while not os.path.lexists(path) and path != os.path.dirname(path):
        path = os.path.dirname(path)
    return path


def is_mounted_read_only(path):
    """Whether the file system of a path is mounted read-only, also for root. Raises OSError."""
    return bool(os.statvfs(path).f_flag & _ST_RDONLY)


def check_writable(path, otherwise):
    """Check that this user may create names in the nearest existing folder at or above path.

    otherwise: the end of the message, which names an alternative to become.
    Raises GofleetError(not_writable), and OSError for a file system that is mounted read-only.
    """
    folder = nearest_folder(path)
    if os.path.isdir(folder) and is_mounted_read_only(folder):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), folder)
    if not os.path.isdir(folder) or not os.access(folder, os.W_OK | os.X_OK):
        raise GofleetError('%s is not a folder that this user (uid %d) can write to. Nothing was changed. Run the play with become, or choose %s.'
                           % (folder, os.geteuid(), otherwise), 'not_writable', path=folder, uid=os.geteuid())
