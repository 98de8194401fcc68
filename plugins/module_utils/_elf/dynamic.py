# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The dynamic table of a program: its entries, and the versions that it needs and defines.

Loaders read the table up to DT_NULL, and the chains of versions up to the entry whose next is 0; they ignore
the sizes and counts (p_filesz, DT_VERNEEDNUM), and so does this reader. Sources: glibc elf/dl-load.c,
elf/dl-version.c, elf/get-dynamic-info.h; musl ldso/dynlink.c.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections

from ansible_collections.gofleet.golang.plugins.module_utils._elf import tables

# A version that the program needs of one library. flags: 2 is VER_FLG_WEAK. hash: as stored.
Version = collections.namedtuple('Version', 'name hash flags')
VersionNeed = collections.namedtuple('VersionNeed', 'library versions')
# A Version of a VersionNeed and the number by which symbols refer to it.
Numbered = collections.namedtuple('Numbered', 'number library version')
# A defined version; number as above.
Defined = collections.namedtuple('Defined', 'number name hash flags')


def version_hash(name):
    """The SysV hash of a version's name (text). Source: gABI, Hash Table."""
    value = 0
    for each in bytearray(name.encode('utf-8')):
        value = (value << 4) + each
        value = (value ^ ((value & 0xf0000000) >> 24)) & 0x0fffffff
    return value


class Dynamic:
    """The entries of a dynamic table: count; the last value of each tag by its name, as a loader uses it; and lists of the repeated ones."""

    def __init__(self, image, address):
        self._image = image
        self._values = {}
        self.needed_offsets = []
        self.count = 0
        for tag, value in self._entries(address):
            self.count += 1
            name = tables.TAGS.get(tag)
            if name == 'NEEDED':
                self.needed_offsets.append(value)
            elif name:
                self._values[name] = value

    def _entries(self, address):
        image = self._image
        record = image.layout.dynamic
        offset, in_file, dummy = image.place(address, 'the dynamic table')
        room = min(in_file // record.size, tables.MAX_DYNAMIC)
        done = 0
        while done < room:
            batch = min(32, room - done)
            content = image.source.read_at(offset + done * record.size, batch * record.size, 'the dynamic table')
            for place in range(batch):
                tag, value = record.unpack_from(content, place * record.size)
                if tag == tables.DT_NULL:
                    return
                yield tag, value
            done += batch
        if room == tables.MAX_DYNAMIC:
            raise image.source.refusal('parse_limit', 'the dynamic table', address, done, 'more than %d entries' % tables.MAX_DYNAMIC)

    def get(self, name, default=None):
        return self._values.get(name, default)

    def needed(self):
        """[text] of DT_NEEDED, in order."""
        return [self._text(offset, 'NEEDED') for offset in self.needed_offsets]

    def text(self, name):
        """The text of a tag, None if the table does not have it."""
        return self._text(self._values[name], name) if name in self._values else None

    def _text(self, offset, name):
        table = self._values.get('STRTAB')
        if table is None:
            raise self._image.source.refusal('malformed', 'the text of DT_%s' % name, offset, offset, 'there is no DT_STRTAB')
        return self._image.string(table + offset, 'the text of DT_%s' % name)

    def version_text(self, offset, what):
        return self._text(offset, what)


def numbered_needs(image, dynamic, found):
    """[Numbered] of the DT_VERNEED chain; appends a text to found if the counts in the file disagree with the chain."""
    if dynamic.get('VERNEED') is None:
        return []
    numbered = []
    libraries = 0
    for at, entry in _chain(image, 'need', dynamic.get('VERNEED'), 'a needed version'):
        if entry.version != 1:
            raise image.source.refusal('malformed', 'a needed version', at, entry.version, 'its format must be 1')
        libraries += 1
        library = dynamic.version_text(entry.file, 'VERNEED')
        if not entry.count:
            # The loader reads the first entry nevertheless.
            found.append('a library of DT_VERNEED claims that no version of it is needed')
        for dummy, version in _chain(image, 'need_version', at + entry.aux, 'a needed version of %s' % library):
            name = dynamic.version_text(version.name, 'VERNEED')
            numbered.append(Numbered(version.other & 0x7fff, library, Version(name, version.hash, version.flags)))
            _bound(image, numbered, at)
    if dynamic.get('VERNEEDNUM') != libraries:
        found.append('DT_VERNEEDNUM claims %s libraries, the chain has %d' % (dynamic.get('VERNEEDNUM'), libraries))
    return numbered


def grouped(numbered):
    """[VersionNeed] of [Numbered]: one for each library."""
    libraries = collections.OrderedDict()
    for each in numbered:
        libraries.setdefault(each.library, []).append(each.version)
    return [VersionNeed(library, versions) for library, versions in libraries.items()]


def definitions(image, dynamic, found):
    """[Defined] of the DT_VERDEF chain, without definitions that cannot match any need; appends a text to found for each of those."""
    if dynamic.get('VERDEF') is None:
        return []
    defined = []
    for at, entry in _chain(image, 'definition', dynamic.get('VERDEF'), 'a version definition'):
        if entry.version != 1:
            raise image.source.refusal('malformed', 'a version definition', at, entry.version, 'its format must be 1')
        name = dynamic.version_text(image.record('definition_name', at + entry.aux, 'the name of a version').name, 'VERDEF')
        if entry.hash == version_hash(name):
            defined.append(Defined(entry.index & 0x7fff, name, entry.hash, entry.flags))
        else:
            found.append('the definition of version %s has the hash %#x of another name' % (name, entry.hash))
        _bound(image, defined, at)
    return defined


def _bound(image, entries, at):
    if len(entries) > tables.MAX_VERSIONS:
        raise image.source.refusal('parse_limit', 'the table of versions', at, len(entries), 'more than %d versions' % tables.MAX_VERSIONS)


def _chain(image, name, address, what):
    """(address, structure) of each entry of a chain. Entries must follow each other without overlap, within a window."""
    size = getattr(image.layout, name).size
    at = address
    steps = 0
    while True:
        entry = image.record(name, at, what)
        yield at, entry
        if not entry.next:
            return
        steps += 1
        if entry.next < size:
            raise image.source.refusal('malformed', what, at, entry.next, 'the next one begins within this one')
        at += entry.next
        if at - address > tables.MAX_VERSION_WINDOW or steps > tables.MAX_VERSIONS:
            raise image.source.refusal('parse_limit', what, at, at - address, 'the chain is too long')
