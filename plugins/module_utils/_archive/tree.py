# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tree that an archive is unpacked to: valid names, size limits, and the writing of its files.

No archive is trusted, even if it was verified. A Go tree consists of plain files and folders; everything else is refused.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import contextlib
import errno
import hashlib
import os
import struct
import unicodedata
import zipfile
import zlib

from ansible.module_utils.common.text.converters import to_bytes, to_native

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._proof import trees

# The most files and folders in an archive: about twice as many as in releases (go1.26 without api, doc, misc, test: 12,851).
# Python's list of a zip's members takes a kilobyte of memory for each.
MEMBERS = 1 << 15
# The most bytes on the file system that an archive may unpack to: this number plus a multiple of the archive's size (releases: 3.4 to 4.6).
_ALLOWANCE = 8 << 20
_UNPACKS_TO = 8
_BLOCK = 4096

# Bytes of a path, bytes of a name in it, names in it: several times what releases have (108, 60, 14).
PATH = 1000
_NAME = 255
_DEPTH = 32

# Errors of the file system when two members have the same name.
_CLASHES = (errno.EEXIST, errno.ENOTDIR, errno.EISDIR)


class Tree(object):
    """The tree that an archive is unpacked to; its size is bounded by that of the archive. Names are bytes, checked, below root."""

    def __init__(self, root, path, limit):
        self._root = to_bytes(root)
        self._path = path
        self._limit = min(limit, _ALLOWANCE + _UNPACKS_TO * os.path.getsize(path))
        self._used = 0
        # By the form in which file systems compare names that ignore case, or how letters are composed.
        self._names = {}
        self._folders = set()
        self._times = {}

    def add_folder(self, name, mtime):
        """Create a folder, and the folders above it that are not members. A folder may come after its content."""
        self._make_folders(name)
        if name in self._times:
            raise unsafe_member(name, 'a name that it holds twice')
        self._times[name] = mtime

    def add_file(self, name, mode, size, pieces, mtime=None):
        """Write a file from pieces (bytes) of size bytes in total. Returns its Entry."""
        self._make_folders(os.path.dirname(name))
        self._claim(name, size)
        target = os.path.join(self._root, name)
        digest = hashlib.sha256()
        # O_EXCL: two members of one name would make the tree depend on their order.
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            for piece in pieces:
                digest.update(piece)
                _write(handle, piece)
            os.fchmod(handle, mode)
        finally:
            os.close(handle)
        if mtime is not None:
            os.utime(target, (mtime, mtime))
        return trees.Entry(name, trees.FILE, mode, size, digest.hexdigest())

    def set_times(self):
        """Set the times of folders, which change whenever a file is created in them."""
        for name, mtime in self._times.items():
            os.utime(os.path.join(self._root, name), (mtime, mtime))

    def _make_folders(self, name):
        if name in self._folders:
            return
        if name:
            self._make_folders(os.path.dirname(name))
        self._claim(name, 0)
        os.mkdir(os.path.join(self._root, name), 0o755)
        self._folders.add(name)

    def _claim(self, name, size):
        """Refuse a duplicate name, and an archive beyond the limits, before anything is written."""
        form = _form(name)
        if form in self._names:
            taken = self._names[form]
            raise unsafe_member(name, 'a name that it holds twice' if taken == name else "which is the same name as '%s' on some file systems" % shown(taken))
        self._names[form] = name
        self._used += max(1, -(-size // _BLOCK)) * _BLOCK
        if len(self._names) > MEMBERS:
            raise too_many(self._path)
        if self._used > self._limit:
            raise too_large(self._path, self._limit)


def _write(handle, content):
    while content:
        content = content[os.write(handle, content):]


def check_name(name):
    """Raise GofleetError(archive_unsafe) unless a name (bytes) is an ordinary one and stays below the target folder."""
    parts = name.split(b'/')
    if name.startswith(b'/') or b'..' in parts:
        raise unsafe_member(name, 'which points outside the folder that it is unpacked into')
    if b'' in parts or b'.' in parts or min(bytearray(name)) < 0x20:
        raise unsafe_member(name, 'which is not a name that Go uses')
    # Tools that read the tree later may do so by recursion.
    if len(name) > PATH or len(parts) > _DEPTH or max(len(part) for part in parts) > _NAME:
        raise unsafe_member(name[:PATH], 'whose path is too long or too deep')


def _form(name):
    try:
        name.decode('ascii')
        form = name.lower()
        # Most names are lower case; they share one object in memory.
        return name if form == name else form
    except UnicodeDecodeError:
        # The name is not UTF-8.
        return unicodedata.normalize('NFC', name.decode('utf-8').lower()).encode('utf-8')


def shown(name):
    return to_native(name, errors='surrogate_or_replace')


def unsafe_member(name, reason):
    return GofleetError("The archive holds '%s', %s. Take it from another source." % (shown(name), reason), 'archive_unsafe', member=shown(name))


def too_many(path):
    return GofleetError('%s holds more than %d files and folders, which is the limit.' % (path, MEMBERS), 'archive_unsafe', path=path)


def too_large(path, limit):
    return GofleetError('%s unpacks to more than %d bytes, which is the limit for an archive of its size.' % (path, limit), 'archive_unsafe', path=path)


def damaged(path, reason):
    return GofleetError('%s cannot be unpacked: %s. It was not installed. Take the archive from another source.'
                        % (path, reason), 'archive_damaged', path=path, reason=reason)


@contextlib.contextmanager
def refusals(path):
    """Turn the errors that readers raise for damaged or hostile archives into GofleetError."""
    try:
        yield
    except (zipfile.BadZipfile, zlib.error, EOFError, RuntimeError, NotImplementedError, ValueError, struct.error, LookupError, OverflowError) as exc:
        raise damaged(path, to_native(exc) or type(exc).__name__)
    except (IOError, OSError) as exc:
        if exc.errno in _CLASHES:
            raise GofleetError('%s holds two members with the same name: %s.' % (path, to_native(exc.filename or exc)), 'archive_unsafe', path=path)
        # zipfile raises OSErrors without errno.
        if exc.errno is None:
            raise damaged(path, to_native(exc))
        raise
