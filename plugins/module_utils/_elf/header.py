# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read the ELF header: machine, type and system, and the word size and byte order that the file really has."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.gofleet.golang.plugins.module_utils._elf import tables


def read(source, head, found):
    """(Layout, header). head: the first bytes of the file; found: the dictionary of a File, to which the values of the header are added.

    Raises GofleetError(malformed, truncated, file_unreadable).
    """
    layout = _layout(source, head, found)
    header = layout.header.read(source.read_at(0, layout.header_size, 'the ELF header'), tables.IDENT)
    ident = bytearray(head[:tables.IDENT])
    found.update(
        bits=layout.bits, order=layout.order, machine=header.machine, flags=header.flags, phnum=header.phnum, osabi=ident[7],
        type=tables.TYPES.get(header.type, 'other'),
        machine_name=tables.MACHINES.get((header.machine, layout.bits, layout.order), 'machine %d' % header.machine))
    for name, value in (('EI_VERSION', ident[6]), ('e_version', header.version)):
        if value != 1:
            found['malformed'].append('%s is %d; it must be 1' % (name, value))
    if ident[7] not in tables.OSABIS:
        found['malformed'].append('EI_OSABI is %d, which no program for Linux has' % ident[7])
    return layout, header


def _layout(source, head, found):
    """The Layout that the file really has. It may differ from the one in e_ident, because kernels use e_machine."""
    source.read_at(0, tables.LAYOUTS[32, '<'].header_size, 'the ELF header')
    claimed = (tables.BITS.get(_byte(head, 4)), tables.ORDERS.get(_byte(head, 5)))
    possible = [each for each, layout in tables.LAYOUTS.items() if _is_laid_out(source, head, layout)]
    wide = [each for each in possible if each[0] == 64 and _machine(head, each[1]) in tables.WIDE_FIRST]
    if wide:
        real = wide[0]
    elif claimed in possible or (not possible and claimed in tables.LAYOUTS):
        real = claimed
    elif possible:
        real = sorted(possible, reverse=True)[0]
    else:
        raise source.refusal('malformed', 'the ELF header', 4, repr(claimed), 'EI_CLASS and EI_DATA are invalid, and the rest fits no known format')
    layout = tables.LAYOUTS[real]
    for name, at, claim, truth in (('EI_CLASS', 4, claimed[0], real[0]), ('EI_DATA', 5, claimed[1], real[1])):
        if claim != truth:
            if _machine(head, real[1]) in tables.CLASS_MATTERS:
                raise source.refusal('malformed', 'the ELF header', at, _byte(head, at), '%s is not that of its machine, whose kernels check it' % name)
            found['malformed'].append('%s is %d, but the file is laid out as %d bit, %s endian'
                                      % (name, _byte(head, at), real[0], 'little' if real[1] == '<' else 'big'))
    return layout


def _byte(head, at):
    return bytearray(head[at:at + 1] or b'\0')[0]


def _machine(head, order):
    return tables.LAYOUTS[32, order].numbers(head[18:20], 'H')[0]


def _is_laid_out(source, head, layout):
    """Whether the header is valid for a program in this word size and byte order."""
    if len(head) < layout.header_size or (_machine(head, layout.order), layout.bits, layout.order) not in tables.MACHINES:
        return False
    header = layout.header.read(head, tables.IDENT)
    return header.phentsize == layout.program.size and layout.header_size <= header.phoff < source.size and header.phnum > 0
