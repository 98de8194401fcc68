# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sync files, names and whole trees to the disk, so that they survive a power cut."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import contextlib
import errno
import io
import os

from ansible_collections.gofleet.golang.plugins.module_utils._files import system_calls


@contextlib.contextmanager
def naming(path):
    """Add the path of the file to an OSError of a call on a descriptor, for the message."""
    try:
        yield
    except (IOError, OSError) as exc:
        if exc.filename is None:
            exc.filename = path
        raise


def sync_folder(path):
    """Make the names in a folder survive a power cut. Raises OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with naming(path):
            os.fsync(handle)
    except OSError as exc:
        # Some network and FUSE file systems have no fsync for folders.
        if exc.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(handle)


def sync_tree(path):
    """Write a whole tree to the disk.

    One syncfs() instead of an fsync() for each of 12,000 files, which a disk completes one by one; where Python cannot
    call it, sync() for the whole machine, or as a last resort each file. Raises OSError.
    """
    if system_calls.sync_file_system(path):
        return
    if hasattr(os, 'sync'):
        os.sync()
    else:
        _sync_each(path)


def _sync_each(path):
    for folder, dummy, names in os.walk(path):
        for name in names:
            if not os.path.islink(os.path.join(folder, name)):
                with io.open(os.path.join(folder, name), 'rb') as source, naming(source.name):
                    os.fsync(source.fileno())
        sync_folder(folder)
