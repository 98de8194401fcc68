# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read the section table. It is only a hint: no loader reads it, so it may contain anything."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections

from ansible_collections.gofleet.golang.plugins.module_utils._elf import tables
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError

# name: bytes; the others as in the file.
Section = collections.namedtuple('Section', 'name type flags addr offset size')


def read(source, layout):
    """[Section], None without a valid table."""
    try:
        return _read(source, layout)
    except GofleetError as exc:
        # A damaged table does not affect a loader; an unreadable disk does.
        if exc.code == 'file_unreadable':
            raise
        return None


def _read(source, layout):
    header = layout.header.read(source.read_at(0, layout.header_size, 'the header'), tables.IDENT)
    if not header.shoff or header.shentsize != layout.section.size:
        return None
    count, names = header.shnum, header.shstrndx
    if not count or names == 0xffff:
        # The numbers are too large for the fields of the header, so they are in the first section.
        first = layout.section.read(source.read_at(header.shoff, layout.section.size, 'the first section header'))
        count, names = count or first.size, first.link if names == 0xffff else names
    if not 0 < count <= tables.MAX_SECTIONS:
        return None
    content = source.read_at(header.shoff, count * layout.section.size, 'the section table')
    raw = [layout.section.read(content, number * layout.section.size) for number in range(count)]
    table = _names(source, raw[names] if names < count else None)
    return [Section(_name(table, each.name), each.type, each.flags, each.addr, each.offset, each.size) for each in raw]


def _names(source, section):
    if section is None or section.type == tables.SHT_NOBITS or section.size > tables.MAX_NOTES:
        return b''
    return source.read_at(section.offset, section.size, 'the names of sections')


def _name(table, at):
    end = table.find(b'\0', at) if at < len(table) else -1
    return table[at:end] if end >= 0 else b''
