# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""List the files of a tree with their digests."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import hashlib
import os
import stat
from collections import namedtuple

from ansible.module_utils.common.text.converters import to_bytes

from ansible_collections.gofleet.golang.plugins.module_utils._files import regular as regular_files
from ansible_collections.gofleet.golang.plugins.module_utils._proof import digests

# A file or symbolic link of a tree. path: bytes, relative, '/'-separated;
# mode: permission bits; sha256: hex of the content, or of the link's target.
Entry = namedtuple('Entry', 'path kind mode size sha256')
FILE = 'f'
LINK = 'l'


def sha256_of_entry(path, status):
    """Hex SHA-256 of a file in a tree that other users may write to. status: the os.stat_result that the file must still have.

    For walk_tree(). Raises GofleetError as regular_files does.
    """
    digest = hashlib.sha256()
    regular_files.feed(path, digest.update, follow=False, expected=status)
    return digest.hexdigest()


def walk_tree(root, read=None):
    """Every file and link below root as an Entry, sorted by path. Links are recorded, never followed.

    root: str or bytes. Pipes, sockets and devices are entries of
    kind '?', so that callers cannot mistake them for files. Raises OSError.
    read: a function of a file's path and os.stat_result that returns its SHA-256 in hex, or raises; by default digests.sha256_of_file().
    """
    root = to_bytes(root, errors='surrogate_or_strict').rstrip(b'/')
    read = read or (lambda path, dummy: digests.sha256_of_file(path))
    entries = []
    # Not os.walk(), which recurses: a tree can be deeper than Python's stack.
    folders = [root + b'/']
    while folders:
        folder = folders.pop()
        for name in os.listdir(folder):
            path = folder + name
            status = os.lstat(path)
            if stat.S_ISDIR(status.st_mode):
                folders.append(path + b'/')
            else:
                entries.append(_entry(path, path[len(root) + 1:], status, read))
    entries.sort()
    return entries


def _entry(path, relative, status, read):
    mode = stat.S_IMODE(status.st_mode)
    if stat.S_ISREG(status.st_mode):
        return Entry(relative, FILE, mode, status.st_size, read(path, status))
    if stat.S_ISLNK(status.st_mode):
        return Entry(relative, LINK, 0o777, status.st_size, hashlib.sha256(os.readlink(path)).hexdigest())
    return Entry(relative, '?', mode, 0, '')


def raise_error(exc):
    """For os.walk(), which otherwise skips folders that it cannot read."""
    raise exc
