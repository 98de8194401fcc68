# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A file that is opened once and read within bounds, even if a hostile header points elsewhere."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import contextlib
import hashlib
import os

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import regular as regular_files

# Small reads fetch whole pages and keep them, because the parts that a loader needs are close together.
_PAGE = 4096
_SMALL = 2 * _PAGE
_LARGEST = 1 << 24
# The most bytes that all reads of one file may fetch.
_BUDGET = 1 << 28
_CHUNK = 1 << 20

_HINTS = {
    'malformed': 'It is damaged or hostile: build or fetch it again.',
    'truncated': 'It is truncated: fetch it again, and compare its digest.',
    'parse_limit': 'No known compiler makes such a program, so it was not checked further.',
}


class Source:
    """An open regular file. path: text; size: bytes; mode: st_mode; descriptor: int; bytes_read: so far, without those of sha256()."""

    def __init__(self, path, descriptor, size, mode):
        self.path = path
        self.descriptor = descriptor
        self.size = size
        self.mode = mode
        self.bytes_read = 0
        self._pages = {}

    def read_at(self, offset, length, what):
        """Exactly length bytes of the file. what: their name in the error. Raises GofleetError(truncated, parse_limit, file_unreadable)."""
        if offset + length > self.size:
            raise self.refusal('truncated', what, offset, length, 'it ends past the end of the file, which has %d bytes' % self.size)
        if length > _SMALL:
            if length > _LARGEST:
                raise self.refusal('parse_limit', what, offset, length, 'more than %d bytes' % _LARGEST)
            return self._read(offset, length, what)
        first = offset // _PAGE
        page = self._page(first, what)
        start = offset - first * _PAGE
        if start + length <= _PAGE:
            return page[start:start + length]
        last = (offset + length - 1) // _PAGE
        whole = page + b''.join([self._page(number, what) for number in range(first + 1, last + 1)])
        return whole[start:start + length]

    def pages_read(self):
        """The numbers of the 4096-byte pages that small reads have fetched."""
        return set(self._pages)

    def _page(self, number, what):
        if number not in self._pages:
            offset = number * _PAGE
            self._pages[number] = self._read(offset, min(_PAGE, self.size - offset), what)
        return self._pages[number]

    def _read(self, offset, length, what):
        if self.bytes_read + length > _BUDGET:
            raise self.refusal('parse_limit', what, offset, length, 'more than %d bytes of the file would have been read' % _BUDGET)
        parts = []
        done = 0
        while done < length:
            try:
                part = _pread(self.descriptor, length - done, offset + done)
            except (OSError, IOError) as exc:
                raise regular_files.unreadable(self.path, exc)
            if not part:
                raise self.refusal('truncated', what, offset, length, 'the file became shorter while it was read')
            parts.append(part)
            done += len(part)
        self.bytes_read += done
        return parts[0] if len(parts) == 1 else b''.join(parts)

    def sha256(self):
        """The hex SHA-256 of the file, read through the same descriptor. Raises GofleetError(file_unreadable)."""
        digest = hashlib.sha256()
        offset = 0
        while True:
            try:
                part = _pread(self.descriptor, _CHUNK, offset)
            except (OSError, IOError) as exc:
                raise regular_files.unreadable(self.path, exc)
            if not part:
                return digest.hexdigest()
            digest.update(part)
            offset += len(part)

    def refusal(self, code, what, offset, value, why):
        """The GofleetError for invalid bytes. code: malformed, truncated or parse_limit; offset: in the file, or an address."""
        return GofleetError('%s: %s at %#x (%s): %s. %s' % (self.path, what, offset, value, why, _HINTS[code]),
                            code, path=self.path, offset=offset, what=what, value=value)


if hasattr(os, 'pread'):
    def _pread(descriptor, length, offset):
        return os.pread(descriptor, length, offset)
else:
    # Python 2.7 has no pread(). No other code uses the descriptor.
    def _pread(descriptor, length, offset):
        os.lseek(descriptor, offset, os.SEEK_SET)
        return os.read(descriptor, length)


@contextlib.contextmanager
def open_file(path):
    """Open a regular file once, for bounded reads: a context manager with a Source.

    Raises GofleetError(not_a_file, file_missing, file_unreadable).
    """
    descriptor, status = regular_files.open_descriptor(path)
    try:
        yield Source(path, descriptor, status.st_size, status.st_mode)
    finally:
        os.close(descriptor)
