# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Unpack a module zip of a Go release into the tree that its archive holds, and compute its h1."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import contextlib
import hashlib
import io
import os
import struct
import zipfile

from ansible.module_utils.common.text.converters import to_bytes, to_native

from ansible_collections.gofleet.golang.plugins.module_utils._archive import tree as archive_tree
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import syncing
from ansible_collections.gofleet.golang.plugins.module_utils._go import dirhash
from ansible_collections.gofleet.golang.plugins.module_utils._proof import digests

# The largest directory of a zip in bytes, because zipfile reads it as a whole: about four times that of releases.
_DIRECTORY = 8 << 20

# The most bytes that a module zip may unpack to, by Go's rule (x/mod/zip: MaxZipFile, 500 MiB).
_LIMIT = 500 << 20

# The compression methods that Go uses (archive/zip). Others may need any amount of memory, or be unsupported by the host's Python.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

# The end of a zip as Go writes it (APPNOTE 4.3.16), and the record before it in a zip with 64-bit sizes (4.3.15).
_ZIP_END = struct.Struct('<4s4H2LH')
_ZIP64_LOCATOR = 20

# Suffixes of files that are executable in the archive; a module zip has no modes (cmd/distpack, cmd/go/internal/toolchain).
_SCRIPTS = (b'.bash', b'.sh', b'.pl', b'.rc')


def unpack_zip(path, folder, prefix):
    """Unpack a module zip whose names all start with prefix, as the archive of the same release has them.

    Restores what a module zip cannot store: modes, and the name go.mod. Returns the Entries of the tree, with
    digests computed while writing. Raises GofleetError(archive_unsafe, archive_damaged), OSError.
    """
    with _opened_zip(path) as (source, members), syncing.naming(folder):
        tree = archive_tree.Tree(folder, path, _LIMIT)
        return sorted(_unpack_zip_member(source, member, tree, prefix) for member in members)


@contextlib.contextmanager
def _opened_zip(path):
    with archive_tree.refusals(path):
        _check_zip_end(path)
        with io.open(path, 'rb') as packed, contextlib.closing(zipfile.ZipFile(_Packed(packed))) as source:
            members = source.infolist()
            for member in members:
                if member.compress_type not in _METHODS:
                    name = to_native(member.filename[:archive_tree.PATH])
                    raise GofleetError("The zip holds '%s', which is neither stored nor deflated. Take it from another source." % name,
                                       'archive_unsafe', member=name)
            if sum(member.file_size for member in members) > _LIMIT:
                raise archive_tree.too_large(path, _LIMIT)
            yield source, members


class _Packed(object):
    """A file object for zipfile that refuses offsets outside of the file.

    Offsets come from the zip. One before the beginning of the file, or of more than 63 bits, would otherwise raise EINVAL or
    OverflowError, which look like errors of this host.
    """

    def __init__(self, source):
        self._source = source
        self._size = source.seek(0, os.SEEK_END)
        for name in ('read', 'tell', 'close', 'seekable', 'readable'):
            setattr(self, name, getattr(source, name))
        self.closed = False

    def seek(self, offset, whence=os.SEEK_SET):
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._source.tell(), os.SEEK_END: self._size}[whence]
        if not 0 <= start + offset <= self._size:
            # Without errno, as zipfile expects for a file that is too short; refusals() reports it as damage.
            raise IOError('it refers to byte %d, and has %d' % (start + offset, self._size))
        return self._source.seek(start + offset)


def _check_zip_end(path):
    """Refuse a zip whose directory would take too much memory, according to the fields that zipfile relies on."""
    with io.open(path, 'rb') as source:
        size = source.seek(0, os.SEEK_END)
        source.seek(max(0, size - _ZIP_END.size - _ZIP64_LOCATOR))
        tail = source.read()
        mark, dummy_disk, dummy_first, dummy_here, count, length, dummy_start, comment = _ZIP_END.unpack(tail[len(tail) - _ZIP_END.size:])
        if mark != b'PK\x05\x06' or comment or tail.startswith(b'PK\x06\x07'):
            raise ValueError('it does not end as Go ends a zip, without a comment and without 64-bit sizes')
        if length > _DIRECTORY:
            raise ValueError('its directory has %d bytes' % length)
        # zipfile ignores the claimed number of members and reads as many as fit into the directory.
        source.seek(max(0, size - _ZIP_END.size - length))
        if max(count, source.read(length).count(b'PK\x01\x02')) > archive_tree.MEMBERS:
            raise archive_tree.too_many(path)


def _unpack_zip_member(source, member, tree, prefix):
    if not member.filename.startswith(prefix) or member.filename.endswith('/') or member.compress_type not in _METHODS:
        raise GofleetError("The module zip holds '%s'; it may only hold files below '%s', stored or deflated."
                           % (to_native(member.filename), prefix), 'archive_unsafe', member=to_native(member.filename))
    name = to_bytes(member.filename[len(prefix):])
    archive_tree.check_name(name)
    if os.path.basename(name) == b'_go.mod':
        name = os.path.join(os.path.dirname(name), b'go.mod')
    with contextlib.closing(source.open(member)) as content:
        return tree.add_file(name, 0o755 if is_program(name) else 0o644, member.file_size, _pieces(content, member))


def _pieces(content, member):
    """The content of a zip's member in pieces; raises GofleetError(archive_unsafe) if its length differs from the one in the directory."""
    left = member.file_size
    for piece in iter(lambda: content.read(digests.CHUNK), b''):
        left -= len(piece)
        if left < 0:
            break
        yield piece
    if left:
        raise archive_tree.unsafe_member(to_bytes(member.filename), 'whose length is not the one in its directory')


def is_program(path):
    """Whether the release archive gives this file (bytes, relative to the tree) an executable mode."""
    folder, dummy, name = path.rpartition(b'/')
    return (folder == b'bin' or folder == b'pkg/tool' or folder.startswith(b'pkg/tool/') or name.endswith(_SCRIPTS)
            or (folder.split(b'/')[0] == b'lib' and name.startswith(b'go_') and name.endswith(b'_exec')))


def zip_h1(path):
    """The h1 of a module zip, as in the transparency log. Raises GofleetError(archive_unsafe, archive_damaged), OSError."""
    with _opened_zip(path) as (source, members):
        return dirhash.hash1([(to_bytes(member.filename), _sha256_of_member(source, member)) for member in members])


def _sha256_of_member(source, member):
    digest = hashlib.sha256()
    with contextlib.closing(source.open(member)) as content:
        for piece in _pieces(content, member):
            digest.update(piece)
    return digest.hexdigest()
