# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read the notes of a program: build ids, the system and kernel that it was built for, the processor level that it needs."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import binascii

from ansible_collections.gofleet.golang.plugins.module_utils._elf import image, tables


def facts(layout, content, align, found):
    """Add the facts of the notes in content to found (a dictionary); the first note of each kind counts.

    content: the bytes of a PT_NOTE; align: its p_align. A truncated note at the end is skipped, as loaders do.
    """
    for owner, kind, description in _notes(layout, content, align):
        if owner == b'GNU' and kind in _GNU:
            for name, value in _GNU[kind](layout, description).items():
                found.setdefault(name, value)
        elif owner == b'Go' and kind == tables.NT_GO_BUILD_ID:
            found.setdefault('go_build_id', image.text_of(description))
        elif owner in tables.FOREIGN_OWNERS:
            found.setdefault('foreign_os', tables.FOREIGN_OWNERS[owner])


def _notes(layout, content, align):
    """(owner, type, description) of each complete note."""
    unit = 8 if align == 8 else 4
    at = 0
    while at + layout.note.size <= len(content):
        note = layout.note.read(content, at)
        name = at + layout.note.size
        description = _aligned(name + note.namesz, unit)
        end = description + note.descsz
        if end > len(content):
            return
        yield content[name:name + note.namesz].rstrip(b'\0'), note.type, content[description:end]
        at = _aligned(end, unit)


def _aligned(number, unit):
    return (number + unit - 1) // unit * unit


def _abi_tag(layout, description):
    numbers = layout.numbers(description[:16], 'I')
    if len(numbers) < 4:
        return {}
    system = tables.ABI_TAG_SYSTEMS.get(numbers[0], 'system %d' % numbers[0])
    return {'foreign_os': system} if system else {'kernel_tag': tuple(numbers[1:])}


def _build_id(dummy_layout, description):
    return {'build_id': binascii.hexlify(description[:64]).decode('ascii')}


def _properties(layout, description):
    at = 0
    while at + layout.property.size <= len(description):
        each = layout.property.read(description, at)
        begin = at + layout.property.size
        if each.type == tables.GNU_PROPERTY_X86_ISA_1_NEEDED and each.size == 4 and begin + 4 <= len(description):
            return {'isa_needed': layout.numbers(description[begin:begin + 4], 'I')[0]}
        at = _aligned(begin + each.size, layout.word)
    return {}


_GNU = {
    tables.NT_GNU_ABI_TAG: _abi_tag,
    tables.NT_GNU_BUILD_ID: _build_id,
    tables.NT_GNU_PROPERTY: _properties,
}
