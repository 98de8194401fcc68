# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Digests of files and trees, always streamed."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import hashlib
import io
import os
import stat
from collections import OrderedDict, namedtuple

from ansible.module_utils.common.text.converters import to_bytes

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import regular as regular_files

# Throughput of hashlib does not depend on it beyond a few KiB; this bounds memory.
CHUNK = 1 << 18
_BUFFER = bytearray(CHUNK)
_VIEW = memoryview(_BUFFER)

# A file or symbolic link of a tree. path: bytes, relative, '/'-separated;
# mode: permission bits; sha256: hex of the content, or of the link's target.
Entry = namedtuple('Entry', 'path kind mode size sha256')
FILE = 'f'
LINK = 'l'

# Algorithms whose digest proves a file, and its length in hex digits, the ones to prefer first.
LENGTHS = OrderedDict([
    ('sha512', 128), ('sha384', 96), ('sha256', 64), ('sha224', 56),
    ('blake2b', 128), ('blake2s', 64), ('sha3_512', 128), ('sha3_384', 96), ('sha3_256', 64), ('sha3_224', 56),
])
# Those for which two files with one digest have been made (RFC 6151; https://shattered.io, 2017). What their publisher was given to
# publish may so have a twin that is something else.
WEAK = {'md5': 32, 'sha1': 40}


def sha256_of_file(path):
    """Hex SHA-256 of a file's content. Raises OSError."""
    digest = hashlib.sha256()
    with io.open(path, 'rb', 0) as source:
        # Into one buffer: a tree has 12,000 files.
        count = source.readinto(_BUFFER)
        while count:
            digest.update(_VIEW[:count])
            count = source.readinto(_BUFFER)
    return digest.hexdigest()


def new(algorithm):
    """A hash object of one of LENGTHS. Raises GofleetError(unsupported_algorithm) where this host has no such algorithm."""
    try:
        return hashlib.new(algorithm)
    except ValueError:
        raise GofleetError("This host's Python has no %s. Use sha256 or sha512, which every one has." % algorithm, 'unsupported_algorithm', algorithm=algorithm)


def of_regular_file(path, algorithms):
    """Digests of a regular file, or of what a link leads to, read once. Returns (os.stat_result, {algorithm: hex digest}).

    algorithms: of LENGTHS. Raises GofleetError as regular_files does, and unsupported_algorithm.
    """
    hashes = dict((algorithm, new(algorithm)) for algorithm in algorithms)

    def update(chunk):
        for each in hashes.values():
            each.update(chunk)

    status = regular_files.feed(path, update)
    return status, dict((algorithm, each.hexdigest()) for algorithm, each in hashes.items())


def sha256_of_entry(path, status):
    """Hex SHA-256 of a file in a tree that others may be writing to: it must be what it was seen to be (os.stat_result).

    For walk_tree(). Raises GofleetError as regular_files does.
    """
    digest = hashlib.sha256()
    regular_files.feed(path, digest.update, follow=False, expected=status)
    return digest.hexdigest()


def walk_tree(root, read=None):
    """Every file and link below root as an Entry, sorted by path. Links are recorded, never followed.

    root: str or bytes. Anything else than files, folders and links is yielded with its st_mode's
    type as kind '?', so that no caller mistakes it for content. Raises OSError.
    read: a function of a file's path and os.stat_result that gives its SHA-256 in hex, or raises; sha256_of_file() does otherwise.
    """
    root = to_bytes(root, errors='surrogate_or_strict').rstrip(b'/')
    read = read or (lambda path, dummy: sha256_of_file(path))
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
    """For os.walk, which passes over what it cannot look into unless told otherwise."""
    raise exc
