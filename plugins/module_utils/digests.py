# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Digests of files, trees and module zips, always streamed."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import base64
import hashlib
import io
import os
import stat
from collections import namedtuple

from ansible.module_utils.common.text.converters import to_bytes

# Throughput of hashlib does not depend on it beyond a few KiB; this bounds memory.
CHUNK = 1 << 18
_BUFFER = bytearray(CHUNK)
_VIEW = memoryview(_BUFFER)

# A file or symbolic link of a tree. path: bytes, relative, '/'-separated;
# mode: permission bits; sha256: hex of the content, or of the link's target.
Entry = namedtuple('Entry', 'path kind mode size sha256')
FILE = 'f'
LINK = 'l'

# Top folders of the archive that the toolchain module leaves out (cmd/distpack).
_NOT_IN_MODULE = (b'api/', b'doc/', b'misc/', b'test/')


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


def walk_tree(root):
    """Every file and link below root as an Entry, sorted by path. Links are recorded, never followed.

    root: str or bytes. Anything else than files, folders and links is yielded with its st_mode's
    type as kind '?', so that no caller mistakes it for content. Raises OSError.
    """
    root = to_bytes(root, errors='surrogate_or_strict').rstrip(b'/')
    entries = []
    for folder, folders, names in os.walk(root, onerror=raise_error):
        for name in names + [each for each in folders if os.path.islink(os.path.join(folder, each))]:
            path = os.path.join(folder, name)
            entries.append(_entry(path, path[len(root) + 1:]))
    entries.sort()
    return entries


def raise_error(exc):
    """For os.walk, which passes over what it cannot look into unless told otherwise."""
    raise exc


def _entry(path, relative):
    status = os.lstat(path)
    mode = stat.S_IMODE(status.st_mode)
    if stat.S_ISREG(status.st_mode):
        return Entry(relative, FILE, mode, status.st_size, sha256_of_file(path))
    if stat.S_ISLNK(status.st_mode):
        return Entry(relative, LINK, 0o777, status.st_size, hashlib.sha256(os.readlink(path)).hexdigest())
    return Entry(relative, '?', mode, 0, '')


def hash1(named_digests):
    """Go's dirhash Hash1 ("h1:...") of (name as bytes, hex SHA-256) pairs.

    Source: golang.org/x/mod/sumdb/dirhash: base64 of the SHA-256 over the lines
    "hex  name" sorted by name.
    """
    total = hashlib.sha256()
    for name, digest in sorted(named_digests):
        total.update(digest.encode('ascii') + b'  ' + name + b'\n')
    return 'h1:' + base64.b64encode(total.digest()).decode('ascii')


def toolchain_module(version, goarch):
    """(path, version) of the module that holds a release: golang.org/toolchain, v0.0.1-go1.26.6.linux-amd64."""
    return 'golang.org/toolchain', 'v0.0.1-go%s.linux-%s' % (version, goarch)


def toolchain_h1(entries, version, goarch):
    """The h1 under which the transparency log knows an unpacked tree, whatever archive it came from.

    The module holds the archive's files less the folders api, doc, misc and test, with every go.mod
    named _go.mod (cmd/distpack). entries: of walk_tree. Returns None for a tree with links or special
    files, which no release has.
    """
    prefix = ('%s@%s/' % toolchain_module(version, goarch)).encode('ascii')
    named = []
    for entry in entries:
        if entry.kind != FILE:
            return None
        if not entry.path.startswith(_NOT_IN_MODULE):
            named.append((prefix + module_name(entry.path), entry.sha256))
    return hash1(named)


def module_name(path):
    """A file's name inside the module: go.mod is _go.mod there, for a module can't hold another's go.mod."""
    folder, slash, name = path.rpartition(b'/')
    return folder + slash + (b'_go.mod' if name == b'go.mod' else name)
