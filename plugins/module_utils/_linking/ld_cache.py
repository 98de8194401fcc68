# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read glibc's /etc/ld.so.cache: the file that ldconfig(8) found for each soname.

Three forms are in use (sysdeps/generic/dl-cache.h): the old one, from before glibc 2.2; the old one with the new one
behind it, as ldconfig wrote up to 2.31 (CentOS 7); and the new one alone. Since 2.33 the new one may carry the names of
glibc-hwcaps folders, which entries refer to.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import struct

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError

# flags: kind and architecture; hwcap: bits, or 0; folder: of glibc-hwcaps, as 'x86-64-v3', or None.
Entry = collections.namedtuple('Entry', 'flags path hwcap folder')

# The largest cache in bytes; about ten times the size on a large desktop.
LARGEST = 1 << 22
# The longest path, the kernel's PATH_MAX.
_LONGEST = 4096

_OLD_MAGIC = b'ld.so-1.7.0'
_OLD_HEADER, _OLD_ENTRY = 16, 12
_NEW_MAGIC = b'glibc-ld.so.cache1.1'
_NEW_HEADER, _NEW_ENTRY = 48, 24
_EXTENSION_MAGIC = 0xeaa42174
_HWCAP_FOLDERS = 1
# With this bit, the low half of hwcap is the number of a folder, and ten bits of the upper half are its ISA level.
_IS_FOLDER = 1 << 30
_ISA_LEVEL = 0x3ff


def read(content, order):
    """{soname: [Entry, in the file's order]} of a cache's bytes; order: '<' or '>' as struct writes the byte order.

    Raises GofleetError(malformed) for what ldconfig cannot have written.
    """
    try:
        if content.startswith(_NEW_MAGIC):
            return _read_new(content, 0, order)
        if content.startswith(_OLD_MAGIC):
            return _read_old(content, order)
    except (struct.error, ValueError, OverflowError) as exc:
        raise _malformed(exc)
    raise _malformed('it begins with %r' % content[:20])


def _malformed(why):
    return GofleetError("/etc/ld.so.cache is damaged: %s. Run 'ldconfig' on that host." % why, 'malformed', path='/etc/ld.so.cache')


def _read_old(content, order):
    count = struct.unpack_from(order + 'I', content, 12)[0]
    end = _OLD_HEADER + count * _OLD_ENTRY
    # The new form is aligned to its 64 bit fields, on 32 bit hosts to 4 bytes less.
    for start in ((end + 7) & ~7, (end + 3) & ~3):
        if content[start:start + len(_NEW_MAGIC)] == _NEW_MAGIC:
            return _read_new(content, start, order)
    found, strings = {}, _Strings(content)
    for number in range(_bounded(count, content, _OLD_HEADER, _OLD_ENTRY)):
        flags, key, value = struct.unpack_from(order + '3I', content, _OLD_HEADER + number * _OLD_ENTRY)
        found.setdefault(strings.at(end + key), []).append(Entry(flags, strings.at(end + value), 0, None))
    return found


def _read_new(content, start, order):
    """Offsets of strings count from the start of this form."""
    count = struct.unpack_from(order + 'I', content, start + 20)[0]
    folders = _folders(content, start, struct.unpack_from(order + 'I', content, start + 32)[0], order)
    found, strings = {}, _Strings(content)
    for number in range(_bounded(count, content, start + _NEW_HEADER, _NEW_ENTRY)):
        flags, key, value, dummy, hwcap = struct.unpack_from(order + '4IQ', content, start + _NEW_HEADER + number * _NEW_ENTRY)
        folder = None
        if (hwcap >> 32) & ~_ISA_LEVEL == _IS_FOLDER:
            # An entry whose folder has no name matches no processor.
            folder = folders[hwcap & 0xffffffff] if hwcap & 0xffffffff < len(folders) else '?'
        found.setdefault(strings.at(start + key), []).append(Entry(flags, strings.at(start + value), hwcap, folder))
    return found


def _bounded(count, content, start, size):
    if start + count * size > len(content):
        raise ValueError('%d entries do not fit into its %d bytes' % (count, len(content)))
    return count


def _folders(content, start, offset, order):
    """The names of glibc-hwcaps folders. offset: of the extensions, 0 if the cache has none."""
    at = start + offset
    if not offset or struct.unpack_from(order + 'I', content, at)[0] != _EXTENSION_MAGIC:
        return []
    for number in range(_bounded(struct.unpack_from(order + 'I', content, at + 4)[0], content, at + 8, 16)):
        tag, dummy, place, size = struct.unpack_from(order + '4I', content, at + 8 + number * 16)
        if tag == _HWCAP_FOLDERS:
            words = '%s%dI' % (order, _bounded(size // 4, content, start + place, 4))
            strings = _Strings(content)
            return [strings.at(start + each) for each in struct.unpack_from(words, content, start + place)]
    return []


class _Strings(object):
    """The strings of a cache. Many entries may point to one long string, or into it, so both the length of each and the total are bounded."""

    def __init__(self, content):
        self._content = content
        # ldconfig writes each string once, and points to it twice: to the path, and to the soname at its end.
        self._left = 4 * len(content)

    def at(self, start):
        end = self._content.find(b'\0', start, start + _LONGEST) if 0 <= start < len(self._content) else -1
        if end < 0:
            raise ValueError('a string at byte %d has no end' % start)
        self._left -= end - start + 1
        if self._left < 0:
            raise ValueError('its strings together are longer than its size allows')
        text = self._content[start:end]
        # File names are bytes: Python 2 keeps them, Python 3 uses surrogates for bytes that are not UTF-8.
        return text if isinstance(text, str) else text.decode('utf-8', 'surrogateescape')
