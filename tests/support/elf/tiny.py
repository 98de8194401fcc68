# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Build small ELF files of any word size and byte order, with the offset of each part, so that a test can corrupt it.

Written from the gABI alone: it shares no table with the reader that it tests.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import struct

BASE = 0x400000
PAGE = 0x1000
EXEC, DYN = 2, 3
AMD64, I386, ARM, ARM64, MIPS, PPC64, S390, RISCV = 62, 3, 40, 183, 8, 21, 22, 243
# Every kind that a Linux port of Go, or one of its hosts, has: (machine, bits, order).
KINDS = [
    (AMD64, 64, '<'), (I386, 32, '<'), (ARM, 32, '<'), (ARM64, 64, '<'), (258, 64, '<'), (MIPS, 32, '>'), (MIPS, 32, '<'), (MIPS, 64, '>'),
    (MIPS, 64, '<'), (PPC64, 64, '>'), (PPC64, 64, '<'), (RISCV, 64, '<'), (S390, 64, '>'),
]
WEAK_VERSION = 2
GO_MAGIC = b'\xff Go buildinf:'
GO_FRAME = b'0123456789abcdef'


class Symbol:
    """name: text; version: text, or None; library: whose version it is, None for one that this file defines."""

    def __init__(self, name, version=None, library=None, weak=False, value=0, info=None, other=0):
        self.name, self.version, self.library, self.weak, self.value, self.other = name, version, library, weak, value, other
        self.info = info if info is not None else (2 if weak else 1) << 4 | 2


def sysv_hash(name):
    value = 0
    for letter in bytearray(name.encode('utf-8')):
        value = (value << 4) + letter
        high = value & 0xf0000000
        if high:
            value ^= high >> 24
        value &= ~high
    return value


def gnu_hash(name):
    value = 5381
    for letter in bytearray(name.encode('utf-8')):
        value = (value * 33 + letter) & 0xffffffff
    return value


class Tiny:
    """content: bytearray; at: {name of a structure: its offset in the file}; address_of(name)."""

    def __init__(self, bits, order):
        self.bits, self.order = bits, order
        self.content = bytearray()
        self.at = {}

    def pack(self, letters, *values):
        return struct.pack(str(self.order + letters), *values)

    def put(self, name, letters, *values):
        """Overwrite what stands there; name: of a structure, or (name, offset in it). The same Tiny, for a chain of calls."""
        name, inner = name if isinstance(name, tuple) else (name, 0)
        raw = self.pack(letters, *values)
        self.content[self.at[name] + inner:self.at[name] + inner + len(raw)] = raw
        return self

    def get(self, name, letters):
        name, inner = name if isinstance(name, tuple) else (name, 0)
        return struct.unpack_from(str(self.order + letters), bytes(self.content), self.at[name] + inner)

    def add(self, name, raw, align=16):
        self.content += b'\0' * (-len(self.content) % align)
        self.at[name] = len(self.content)
        self.content += raw

    def address_of(self, name):
        return BASE + self.at[name]

    def write(self, path):
        with open(str(path), 'wb') as target:
            target.write(bytes(self.content))
        return str(path)


class _Strings:
    def __init__(self):
        self.raw = b'\0'

    def add(self, text):
        at = len(self.raw)
        self.raw += (text if isinstance(text, bytes) else text.encode('utf-8')) + b'\0'
        return at


def build(machine=AMD64, bits=64, order='<', kind=DYN, **given):
    """A Tiny. given, all optional:

    interp, soname, rpath, runpath: text; needed: [text]; needs: [(library, [version or (version, flags)])]; definitions: [text];
    symbols: [Symbol]; hashes: 'gnu', 'sysv' or both words; relocations: [number of a symbol]; relative: how many of
    them DT_RELACOUNT says name none; notes: [(owner, type, bytes)];
    stack: flags; flags_1: int; relr: bool; data: bytes of the writable segment, or a function of its address that makes them;
    note_section: a note that only the section table shows; sections: bool; symtab: bool; rodata: bool, whether the
    data is named that too; e_flags: int; osabi: int; dynamic: True for one without entries; entry: int.
    """
    tiny = Tiny(bits, order)
    strings = _Strings()
    wide = bits == 64
    has_dynamic = any(given.get(name) for name in (
        'needed', 'needs', 'definitions', 'symbols', 'soname', 'rpath', 'runpath', 'flags_1', 'relr', 'dynamic', 'relocations'))
    segments = ['load', 'data'] + ['interp'] * bool(given.get('interp')) + ['note'] * bool(given.get('notes'))
    segments += ['dynamic'] * has_dynamic + ['stack'] * ('stack' in given)
    tiny.add('header', b'\0' * (64 if wide else 52), 1)
    tiny.add('program', b'\0' * len(segments) * (56 if wide else 32), 1)
    for number, name in enumerate(segments):
        tiny.at['program.' + name] = tiny.at['program'] + number * (56 if wide else 32)
    if given.get('interp'):
        tiny.add('interp', given['interp'].encode('ascii') + b'\0', 1)
    if given.get('notes'):
        tiny.add('note', b''.join(_note(tiny, note, given.get('note_align', 4)) for note in given['notes']), 8)
    end_of_notes = len(tiny.content)
    dynamic = _linked(tiny, strings, given) if has_dynamic else None
    if has_dynamic:
        tiny.add('dynamic', b''.join(tiny.pack('QQ' if wide else 'II', *entry) for entry in dynamic + [(0, 0)]))
    end_of_dynamic = len(tiny.content)
    tiny.content += b'\0' * (-len(tiny.content) % PAGE)
    end_of_load = len(tiny.content)
    data = given.get('data', b'some data')
    tiny.add('data', data(BASE + len(tiny.content)) if callable(data) else data)
    end_of_data = len(tiny.content)
    places = {
        'load': (1, 5, 0, end_of_load, PAGE), 'data': (1, 6, end_of_load, end_of_data - end_of_load, PAGE),
        'interp': (3, 4, tiny.at.get('interp', 0), len(given.get('interp') or '') + 1, 1),
        'note': (4, 4, tiny.at.get('note', 0), end_of_notes - tiny.at.get('note', 0), given.get('note_align', 4)),
        'dynamic': (2, 6, tiny.at.get('dynamic', 0), end_of_dynamic - tiny.at.get('dynamic', 0), 8), 'stack': (0x6474e551, given.get('stack', 0), 0, 0, 16),
    }
    for name in segments:
        _program(tiny, name, *places[name])
    shoff, count = _sections(tiny, given, end_of_load, end_of_data) if given.get('sections', True) else (0, 0)
    ident = b'\x7fELF' + bytes(bytearray((bits // 32, 1 if order == '<' else 2, 1, given.get('osabi', 0)))) + b'\0' * 8
    tiny.content[0:16] = ident
    tiny.put(('header', 16), 'HHIQQQIHHHHHH' if wide else 'HHIIIIIHHHHHH', kind, machine, 1, given.get('entry', BASE + 64), tiny.at['program'], shoff,
             given.get('e_flags', 0), 64 if wide else 52, 56 if wide else 32, len(segments), 64 if wide else 40, count, count - 1 if count else 0)
    return tiny


def _program(tiny, name, kind, flags, offset, size, align):
    if tiny.bits == 64:
        tiny.put('program.' + name, 'IIQQQQQQ', kind, flags, offset, BASE + offset, BASE + offset, size, size, align)
    else:
        tiny.put('program.' + name, 'IIIIIIII', kind, offset, BASE + offset, BASE + offset, size, size, flags, align)


def _note(tiny, note, align):
    owner, kind, description = note
    raw = tiny.pack('III', len(owner) + 1, len(description), kind) + owner + b'\0'
    raw += b'\0' * (-len(raw) % align) + description
    return raw + b'\0' * (-len(raw) % align)


def _sections(tiny, given, data, end):
    """A table with .go.buildinfo (the data segment), .symtab if asked for, and the names."""
    strings = _Strings()
    rows = [(0, 0, 0, 0, 0, 0), (strings.add('.go.buildinfo'), 1, 3, BASE + data, data, end - data)]
    if given.get('note_section'):
        tiny.add('note_section', _note(tiny, given['note_section'], 4))
        rows.append((strings.add('.note.gnu.build-id'), 7, 2, 0, tiny.at['note_section'], len(tiny.content) - tiny.at['note_section']))
    if given.get('rodata'):
        rows.append((strings.add('.rodata'), 1, 2, BASE + data, data, end - data))
    if given.get('symtab'):
        rows.append((strings.add('.symtab'), 2, 0, 0, 0, 0))
    own = strings.add('.shstrtab')
    tiny.add('section_names', strings.raw)
    rows.append((own, 3, 0, 0, tiny.at['section_names'], len(strings.raw)))
    wide = tiny.bits == 64
    tiny.add('sections', b''.join(tiny.pack('IIQQQQIIQQ' if wide else 'IIIIIIIIII', *(row + (0, 0, 1, 0))) for row in rows))
    return tiny.at['sections'], len(rows)


# ---- the dynamic table


def _linked(tiny, strings, given):
    """The entries of the dynamic table, all that they point at being added."""
    entries = [(1, strings.add(name)) for name in given.get('needed', [])]
    for tag, name in ((14, 'soname'), (15, 'rpath'), (29, 'runpath')):
        if given.get(name):
            entries.append((tag, strings.add(given[name])))
    numbers = {}
    needs = _needs(tiny, strings, given.get('needs', []), numbers)
    definitions = _definitions(tiny, strings, given.get('definitions', []), numbers, given.get('soname') or '')
    symbols, versions, ordered = _symbols(tiny, strings, given.get('symbols', []), numbers)
    tiny.add('symbols', symbols)
    tiny.add('strings', strings.raw)
    entries += [(5, tiny.address_of('strings')), (10, len(strings.raw)), (6, tiny.address_of('symbols')), (11, 24 if tiny.bits == 64 else 16)]
    if needs or definitions:
        tiny.add('versym', versions)
        entries.append((0x6ffffff0, tiny.address_of('versym')))
    for raw, name, tag in ((needs, 'need', 0x6ffffffe), (definitions, 'definition', 0x6ffffffc)):
        if raw:
            tiny.add(name, b''.join(piece for dummy, piece in raw))
            _name_pieces(tiny, name, raw)
            entries += [(tag, tiny.address_of(name)), (tag + 1, len([1 for piece, dummy in raw if '.' not in piece]))]
    entries += _hashes(tiny, given.get('hashes', 'gnu'), ordered)
    entries += _relocations(tiny, given.get('relocations', []))
    if given.get('relative'):
        entries.append((0x6ffffff9, given['relative']))
    if given.get('flags_1'):
        entries.append((0x6ffffffb, given['flags_1']))
    if given.get('relr'):
        entries += [(36, tiny.address_of('strings')), (35, 8)]
    return entries


def _name_pieces(tiny, name, raw):
    """need.0, need.0.1 ...: where each structure of a chain stands."""
    at = tiny.at[name]
    for piece, content in raw:
        tiny.at['%s.%s' % (name, piece)] = at
        at += len(content)


def _needs(tiny, strings, needs, numbers):
    pieces = []
    number = 100
    for index, (library, versions) in enumerate(needs):
        size = 16 + 16 * len(versions)
        pieces.append((str(index), tiny.pack('HHIII', 1, len(versions), strings.add(library), 16, size if index + 1 < len(needs) else 0)))
        for place, version in enumerate(versions):
            name, flags = version if isinstance(version, tuple) else (version, 0)
            number += 1
            numbers[library, name] = number
            pieces.append(('%d.%d' % (index, place), tiny.pack(
                'IHHII', sysv_hash(name), flags, number, strings.add(name), 16 if place + 1 < len(versions) else 0)))
    return pieces


def _definitions(tiny, strings, definitions, numbers, soname):
    pieces = []
    names = ([soname] if definitions else []) + list(definitions)
    for index, name in enumerate(names):
        numbers[None, name] = index + 1
        pieces.append((str(index), tiny.pack('HHHHIII', 1, 1 if index == 0 else 0, index + 1, 1, sysv_hash(name), 20, 28 if index + 1 < len(names) else 0)))
        pieces.append(('%d.name' % index, tiny.pack('II', strings.add(name), 0)))
    return pieces


def _symbols(tiny, strings, symbols, numbers):
    """(table, versions, symbols in the table's order): those that are taken before those that are given, as DT_GNU_HASH wants it."""
    ordered = [each for each in symbols if not each.value] + [each for each in symbols if each.value]
    table = [b'\0' * (24 if tiny.bits == 64 else 16)]
    versions = [0]
    for each in ordered:
        name, shndx = strings.add(each.name), 1 if each.value else 0
        if tiny.bits == 64:
            table.append(tiny.pack('IBBHQQ', name, each.info, each.other, shndx, each.value, 0))
        else:
            table.append(tiny.pack('IIIBBH', name, each.value, 0, each.info, each.other, shndx))
        versions.append(numbers[each.library, each.version] if each.version else 1)
    return b''.join(table), tiny.pack('%dH' % len(versions), *versions), ordered


def _hashes(tiny, kinds, ordered):
    entries = []
    first = 1 + len([each for each in ordered if not each.value])
    given = ordered[first - 1:]
    if 'gnu' in kinds:
        # One bucket; where nothing is given, as GNU ld writes it: a table that does not say how many symbols there are.
        chain = [gnu_hash(each.name) & ~1 for each in given]
        if chain:
            chain[-1] |= 1
        head = tiny.pack('IIII', 1, first if given else 1, 1, 0) + tiny.pack('Q' if tiny.bits == 64 else 'I', 0)
        tiny.add('gnu_hash', head + tiny.pack('%dI' % (1 + len(chain)), first if given else 0, *chain))
        entries.append((0x6ffffef5, tiny.address_of('gnu_hash')))
    if 'sysv' in kinds:
        letter = 'Q' if tiny.bits == 64 and tiny.order == '>' and 'wide' in kinds else 'I'
        count = len(ordered) + 1
        tiny.add('hash', tiny.pack('%d%s' % (3 + count, letter), 1, count, *([0] * (1 + count))))
        entries.append((4, tiny.address_of('hash')))
    return entries


def _relocations(tiny, numbers):
    if not numbers:
        return []
    if tiny.bits == 64:
        tiny.add('relocations', b''.join(tiny.pack('QQQ', BASE, number << 32 | 6, 0) for number in numbers))
        return [(7, tiny.address_of('relocations')), (8, 24 * len(numbers)), (9, 24)]
    tiny.add('relocations', b''.join(tiny.pack('II', BASE, number << 8 | 6) for number in numbers))
    return [(17, tiny.address_of('relocations')), (18, 8 * len(numbers)), (19, 8)]


# ---- Go's build info


def varint(number):
    raw = bytearray()
    while number >= 0x80:
        raw.append(number & 0x7f | 0x80)
        number >>= 7
    raw.append(number)
    return bytes(raw)


def go_modules(*lines):
    return GO_FRAME + ''.join(line + '\n' for line in lines).encode('utf-8') + GO_FRAME


def go_inline(version, modules):
    """The build info of Go 1.18 and later; bytes."""
    return (GO_MAGIC + b'\x08\x02').ljust(32, b'\0') + varint(len(version)) + version + varint(len(modules)) + modules


def go_pointers(version, modules, bits=64, order='<'):
    """The build info before Go 1.18, as a function of the address of its data."""
    letter = 'Q' if bits == 64 else 'I'
    word = bits // 8

    def made(address):
        first = address + 32
        head = GO_MAGIC + bytes(bytearray((word, 0 if order == '<' else 1)))
        head = (head + struct.pack(str(order + '2' + letter), first, first + 2 * word)).ljust(32, b'\0')
        strings = first + 4 * word
        headers = struct.pack(str(order + '4' + letter), strings, len(version), strings + len(version), len(modules))
        return head + headers + version + modules

    return made
