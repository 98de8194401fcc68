# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A strict reader of gzipped tars as Go writes them, from front to back, in bounded memory.

It reads plain files and folders in the ustar format, and the two ways to write a name that is too long for it: pax
headers (POSIX.1-2001) and GNU's. It refuses everything else, and everything that two readers could interpret differently.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import struct
import zlib
from collections import namedtuple

from ansible.module_utils.common.text.converters import to_native

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._proof import digests
from ansible_collections.gofleet.golang.plugins.module_utils._texts import foreign as foreign_values

# kind: FILE or FOLDER; name: bytes, without a slash at its end; mode: all bits of the header; size: bytes; mtime: seconds since the epoch.
Member = namedtuple('Member', 'kind name mode size mtime')
FILE = 'file'
FOLDER = 'folder'

_BLOCK = 512
_END = b'\0' * _BLOCK
# The largest size in bytes of a long name, or of a pax header.
_EXTENSION = 1 << 14
# The latest time that a C library with 32-bit seconds can represent.
_LAST_TIME = 2 ** 31 - 1

_HEADER = struct.Struct('100s8s8s8s12s12s8sc100s8s32s32s8s8s155s12s')
_Fields = namedtuple('_Fields', 'name mode uid gid size mtime checksum kind target magic user group major minor prefix rest')
_USTAR = b'ustar\x0000'
# GNU's format has other fields where ustar has the prefix.
_GNU = b'ustar  \0'

_KINDS = {b'0': FILE, b'\0': FILE, b'5': FOLDER}
_PAX = b'x'
_GNU_NAME = b'L'
_REFUSED = {
    b'1': 'a hard link', b'2': 'a symbolic link', b'3': 'a character device', b'4': 'a block device', b'6': 'a named pipe',
    b'S': 'a sparse file', b'g': 'a header for all members', b'K': 'a long target of a link',
}
# Keys of a pax header that are ignored: a toolchain needs no owners and no fractions of seconds.
_IGNORED = (b'mtime', b'atime', b'ctime', b'uid', b'gid', b'uname', b'gname', b'comment')


def members(stream):
    """Each Member of the tar in an Inflated; the caller must read the content of one before it takes the next.

    Raises GofleetError(archive_unsafe) for kinds of members that no Go archive contains; ValueError, EOFError or
    zlib.error, with the reason as text, for any other invalid tar.
    """
    name = None
    while True:
        block = stream.read(_BLOCK)
        if block == _END:
            if stream.read(_BLOCK) != _END:
                raise ValueError('it has a single block of zeros, where the end of a tar has two')
            return
        fields, size = _parse(block)
        if fields.kind in (_PAX, _GNU_NAME):
            if name is not None or size > _EXTENSION:
                raise ValueError('a member has two names, or a name of %d bytes' % size)
            name = _long_name(fields.kind, stream.read(size))
        else:
            yield _member(fields, size, name or _short_name(fields))
            name = None
        stream.read(-size % _BLOCK)


def _parse(block):
    """(fields, size in bytes) of a header."""
    fields = _Fields(*_HEADER.unpack(block))
    if fields.magic not in (_USTAR, _GNU):
        raise ValueError('it is not a tar in the ustar format')
    # Readers that disagree on which blocks are headers would see different members.
    if _number(fields.checksum) != sum(bytearray(block)) - sum(bytearray(fields.checksum)) + 8 * ord(' '):
        raise ValueError('the checksum of a header is wrong')
    return fields, _number(fields.size)


def _number(field):
    digits = field.strip(b' \0')
    if foreign_values.whole(digits) is None:
        raise ValueError('a header has %r where a number must be' % to_native(field, errors='surrogate_or_replace'))
    return int(digits, 8)


def _short_name(fields):
    name = fields.name.partition(b'\0')[0]
    prefix = fields.prefix.partition(b'\0')[0] if fields.magic == _USTAR else b''
    return prefix + b'/' + name if prefix else name


def _long_name(kind, content):
    if kind == _GNU_NAME:
        return content.partition(b'\0')[0]
    name = b''
    while content:
        # "LENGTH KEY=VALUE\n", where LENGTH counts all of it.
        digits = content.partition(b' ')[0]
        length = foreign_values.whole(digits) or 0
        if length <= len(digits) + 1 or content[length - 1:length] != b'\n':
            raise ValueError('a pax header is invalid')
        key, dummy, value = content[len(digits) + 1:length - 1].partition(b'=')
        content = content[length:]
        if key == b'path' and not name:
            name = value
        elif key not in _IGNORED:
            raise GofleetError("The archive has a pax header '%s', which no Go archive needs." % to_native(key[:100], errors='surrogate_or_replace'),
                               'archive_unsafe', key=to_native(key[:100], errors='surrogate_or_replace'))
    return name


def _member(fields, size, name):
    kind = _KINDS.get(fields.kind)
    if kind is None or (kind == FOLDER and size):
        shown = to_native(name[:1000], errors='surrogate_or_replace')
        raise GofleetError("The archive holds '%s', which is %s; a Go archive holds plain files and folders only."
                           % (shown, _REFUSED.get(fields.kind, 'of an unknown kind')), 'archive_unsafe', member=shown)
    if kind == FOLDER:
        name = name[:-1] if name.endswith(b'/') else name
    mtime = _number(fields.mtime) if fields.mtime.strip(b' \0') else 0
    return Member(kind, name, _number(fields.mode), size, min(mtime, _LAST_TIME))


class Inflated(object):
    """Reads a file that is one gzip stream (RFC 1952), with one chunk of it in memory.

    source: file object of the compressed bytes. Raises EOFError, ValueError and zlib.error for damaged input.
    """

    # Small, because zlib returns the unused rest of its input, which is copied each time.
    _PACKED = 1 << 15
    # The most zeros that common blocking factors leave at the end of a tar.
    _PADDING = 1 << 20

    def __init__(self, source):
        self._source = source
        # 16: with gzip's header and trailer, which zlib checks.
        self._inflater = zlib.decompressobj(16 + zlib.MAX_WBITS)
        self._chunk = b''
        self._at = 0

    def read(self, size):
        """Exactly size bytes."""
        return b''.join(self.pieces(size))

    def pieces(self, size):
        """Exactly size bytes, in pieces."""
        while size:
            if self._at == len(self._chunk) and not self._fill():
                raise EOFError('it ends early')
            piece = self._chunk[self._at:self._at + size]
            self._at += len(piece)
            size -= len(piece)
            yield piece

    def finish(self):
        """Read to the end, where only zeros may be left."""
        rest = 0
        while self._at < len(self._chunk) or self._fill():
            piece = self._chunk[self._at:]
            self._at = len(self._chunk)
            rest += len(piece)
            if piece.strip(b'\0') or rest > self._PADDING:
                raise ValueError('there is data after its last file')

    def _fill(self):
        """Whether there is another chunk."""
        while True:
            packed = self._inflater.unconsumed_tail or self._source.read(self._PACKED)
            if not packed:
                return self._ended()
            self._chunk = self._inflater.decompress(packed, digests.CHUNK)
            self._at = 0
            if self._inflater.unused_data:
                raise ValueError('there is data after its gzip stream')
            if self._chunk:
                return True

    def _ended(self):
        # Python 2 cannot report whether the trailer was read; only after it does a further byte stay unused.
        self._inflater.decompress(b'\0')
        if not self._inflater.unused_data:
            raise EOFError('it ends early')
        return False
