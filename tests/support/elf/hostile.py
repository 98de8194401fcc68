# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Programs with every feature, and programs with one corrupted field that makes a trusting reader loop, hang or read too much."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import struct

from support.elf import tiny as tiny_elf
from support.elf.tiny import Symbol, build

LAYOUTS = [(64, '<'), (64, '>'), (32, '<'), (32, '>')]
MACHINE_OF = {(64, '<'): 62, (64, '>'): 22, (32, '<'): 40, (32, '>'): 8}
NEEDS = [('libc.so.6', ['GLIBC_2.2.5', 'GLIBC_2.34', ('GLIBC_2.38', tiny_elf.WEAK_VERSION)]), ('libm.so.6', ['GLIBC_2.29'])]
SYMBOLS = [
    Symbol('puts', 'GLIBC_2.2.5', 'libc.so.6'), Symbol('strlcpy', 'GLIBC_2.38', 'libc.so.6', weak=True), Symbol('exp', 'GLIBC_2.29', 'libm.so.6'),
    Symbol('bare'),
]


def program(layout=(64, '<'), **changes):
    """A dynamic program of every feature, less what changes take away."""
    bits, order = layout
    given = dict(
        machine=MACHINE_OF[layout], interp='/lib64/ld-linux.so', needed=['libc.so.6', 'libm.so.6'], needs=NEEDS, symbols=SYMBOLS,
        runpath='$ORIGIN/../lib:/opt/lib', flags_1=0x08000000, stack=6, relocations=[1, 4, 2])
    given.update(changes)
    return build(bits=bits, order=order, **given)


def bent(*changes, **given):
    tiny = program(**given)
    for name, letters, values in changes:
        tiny.put(name, letters, *values)
    return tiny


def entry_of(tiny, tag):
    """Where the value of a dynamic entry stands."""
    at = tiny.at['dynamic']
    while tiny.get(('dynamic', at - tiny.at['dynamic']), 'Q')[0] != tag:
        at += 16
    return ('dynamic', at - tiny.at['dynamic'] + 8)


def with_entry(tag, value, **given):
    tiny = program(**given)
    return tiny.put(entry_of(tiny, tag), 'Q', value)


# From reports on other readers, and from what each field of the format allows.
HUGE = 0xffffffffffffffff
MALFORMED = {
    'no program headers': lambda: bent((('header', 56), 'H', [0])),
    'program headers of another size': lambda: bent((('header', 54), 'H', [0])),
    'more program headers than kernels take': lambda: bent((('header', 56), 'H', [0xffff])),
    'no load': lambda: bent(('program.load', 'I', [0]), ('program.data', 'I', [0])),
    'more bytes in the file than in memory': lambda: bent((('program.data', 40), 'Q', [1])),
    'a load past the end of memory': lambda: bent((('program.data', 16), 'Q', [HUGE - 5])),
    'no interpreter in its segment': lambda: bent((('program.interp', 32), 'Q', [1])),
    'an interpreter that is too long': lambda: bent((('program.interp', 32), 'Q', [1 << 40])),
    'an interpreter without an end': lambda: bent((('program.interp', 32), 'Q', [5])),
    'a dynamic table that is in no segment': lambda: bent((('program.dynamic', 16), 'Q', [HUGE])),
    'strings that are in no segment': lambda: with_entry(5, HUGE),
    'a name past all segments': lambda: with_entry(1, 1 << 50),
    'needed versions that are in no segment': lambda: with_entry(0x6ffffffe, 8),
    'needed versions that end past their segment': lambda: with_entry(0x6ffffffe, tiny_elf.BASE + 0x1fff + 6),
    'needed versions of an unknown format': lambda: bent(('need.0', 'H', [2])),
    'a chain of libraries that stands still': lambda: bent((('need.0', 12), 'I', [1])),
    'a chain of libraries that leaves its segment': lambda: bent((('need.0', 12), 'I', [0x8000])),
    'a chain of versions that stands still': lambda: bent((('need.0.0', 12), 'I', [15])),
    'a chain of versions that leaves its segment': lambda: bent((('need.0', 8), 'I', [0xfffffff0])),
    'a definition of an unknown format': lambda: bent(('definition.0', 'H', [0]), definitions=['A']),
    'a chain of definitions that stands still': lambda: bent((('definition.0', 16), 'I', [4]), definitions=['A']),
    'a symbol table that is in no segment': lambda: with_entry(6, 16),
    'more symbols than there are bytes': lambda: bent((('hash', 4), 'I', [5000]), hashes='sysv'),
    'a hash table that is in no segment': lambda: with_entry(4, HUGE - 3, hashes='sysv'),
    'versions of symbols that are in no segment': lambda: with_entry(0x6ffffff0, 1),
    'buckets past the segment': lambda: bent(('gnu_hash', 'I', [0x20000])),
    'relocations past the segment': lambda: with_entry(8, 24 * 10000),
    'the name of a symbol past all segments': lambda: bent((('symbols', 24), 'I', [0xfffffff0])),
}


def endless_name():
    tiny = build(needed=['lib.so'], data=b'x' * 5000)
    return tiny.put(entry_of(tiny, 1), 'Q', tiny.at['data'] - tiny.at['strings'])


def endless_dynamic():
    tiny = build(needed=['lib.so'], data=struct.pack('<QQ', 21, 0) * 2100)
    return tiny.put(('program.dynamic', 8), 'QQ', tiny.at['data'], tiny.address_of('data'))


def far_chain():
    tiny = build(needed=['lib.so'], needs=NEEDS, data=struct.pack('<HHIII', 1, 1, 1, 16, 2 << 20) + struct.pack('<IHHII', 1, 0, 2, 1, 0) + b'\1\0' * (3 << 20))
    return tiny.put(entry_of(tiny, 0x6ffffffe), 'Q', tiny.address_of('data'))


def endless_definitions():
    """None of them with the hash of its name."""
    links = b''.join(struct.pack('<HHHHIII', 1, 0, 2, 1, 1, 20, 28) + struct.pack('<II', 1, 0) for dummy in range(1100))
    tiny = build(soname='lib.so', definitions=['LIB_1'], data=links)
    return tiny.put(entry_of(tiny, 0x6ffffffc), 'Q', tiny.address_of('data'))


def endless_chain():
    links = b''.join(struct.pack('<HHIII', 1, 1, 1, 16, 32) + struct.pack('<IHHII', 1, 0, 2, 1, 0) for dummy in range(1100))
    tiny = build(needed=['lib.so'], needs=NEEDS, data=links)
    return tiny.put(entry_of(tiny, 0x6ffffffe), 'Q', tiny.address_of('data'))


LIMITS = {
    'symbols by the billion': lambda: bent((('hash', 4), 'I', [0xffffffff]), hashes='sysv'),
    'buckets by the billion': lambda: bent(('gnu_hash', 'I', [0xffffffff])),
    'a filter by the billion': lambda: bent((('gnu_hash', 8), 'I', [0xffffffff])),
    'relocations by the billion': lambda: with_entry(8, HUGE),
    'a name of a library without end': endless_name,
    'a dynamic table without end': endless_dynamic,
    'a chain of versions without end': endless_chain,
    'a chain of versions that goes far': far_chain,
    'a chain of definitions without end': endless_definitions,
}
