# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The dynamic symbols of a program or library: those that it needs from others, and those that it defines.

No entry of the dynamic table has the number of symbols (the section table has it, but no loader reads that). DT_HASH has it as the
number of its chains; DT_GNU_HASH ends at the last defined symbol, if any; and relocations refer to the needed ones.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections

from ansible_collections.gofleet.golang.plugins.module_utils._elf import dynamic as elf_dynamic
from ansible_collections.gofleet.golang.plugins.module_utils._elf import image as elf_image
from ansible_collections.gofleet.golang.plugins.module_utils._elf import relocations, tables

# An undefined symbol. version, library: text, or None if it has no version.
Symbol = collections.namedtuple('Symbol', 'name version library weak')

_BLOCK = 4096


def undefined(image, dynamic):
    """[Symbol] that this object needs from others. Raises GofleetError(malformed, truncated, parse_limit)."""
    versions = dict((each.number, each) for each in elf_dynamic.numbered_needs(image, dynamic, []))
    symbols = []
    for name, version, entry in table(image, dynamic):
        binding = entry.info >> 4
        if entry.shndx != tables.SHN_UNDEF or not name or binding not in (tables.STB_GLOBAL, tables.STB_WEAK):
            continue
        found = versions.get(version & ~tables.VERSYM_HIDDEN)
        symbols.append(Symbol(name, found.version.name if found else None, found.library if found else None, binding == tables.STB_WEAK))
    return symbols


def defined(image, dynamic):
    """{name: set of versions} that this object defines, '' for a definition without a version. Raises GofleetError(malformed, truncated, parse_limit)."""
    versions = dict((each.number, each.name) for each in elf_dynamic.definitions(image, dynamic, []) if not each.flags & tables.VER_FLG_BASE)
    symbols = {}
    for name, version, entry in table(image, dynamic):
        if _is_given(entry) and name:
            symbols.setdefault(name, set()).add(versions.get(version & ~tables.VERSYM_HIDDEN, u''))
    return symbols


def _is_given(entry):
    """Whether a loader accepts a symbol as a definition. Source: glibc elf/dl-lookup.c, check_match and do_lookup_x."""
    if entry.shndx == tables.SHN_UNDEF or (entry.info & 15) not in tables.STT_LINKED:
        return False
    if not entry.value and entry.shndx != tables.SHN_ABS and (entry.info & 15) != tables.STT_TLS:
        return False
    return ((entry.info >> 4) in (tables.STB_GLOBAL, tables.STB_WEAK, tables.STB_GNU_UNIQUE)
            and (entry.other & 3) in (tables.STV_DEFAULT, tables.STV_PROTECTED))


def table(image, dynamic):
    """(name, number of its version, entry) of each symbol; the first entry of the table is empty and skipped."""
    if dynamic.get('SYMTAB') is None or dynamic.get('STRTAB') is None:
        return
    count = _count(image, dynamic)
    if count > tables.MAX_SYMBOLS:
        raise image.source.refusal('parse_limit', 'the symbol table', dynamic.get('SYMTAB'), count, 'more than %d symbols' % tables.MAX_SYMBOLS)
    record = image.layout.symbol
    content = image.table(dynamic.get('SYMTAB'), count * record.size, 'the symbol table')
    versions = [1] * count
    if dynamic.get('VERSYM') is not None:
        versions = image.layout.numbers(image.table(dynamic.get('VERSYM'), count * 2, 'the versions of symbols'), 'H')
    names = _Names(image, dynamic)
    for number in range(1, count):
        entry = record.read(content, number * record.size)
        yield names.at(entry.name), versions[number], entry


class _Names:
    """The names of symbols. The string table is read once; strings beyond its stated size are read one by one, as a loader does."""

    def __init__(self, image, dynamic):
        self._image = image
        self._address = dynamic.get('STRTAB')
        dummy, in_file, dummy2 = image.place(self._address, 'the strings of symbols')
        size = min(dynamic.get('STRSZ', 0), in_file, tables.MAX_STRINGS)
        self._table = image.read(self._address, size, 'the strings of symbols')

    def at(self, offset):
        end = self._table.find(b'\0', offset, offset + tables.MAX_STRING) if offset < len(self._table) else -1
        if end < 0:
            return self._image.string(self._address + offset, 'the name of a symbol')
        return elf_image.text_of(self._table[offset:end])


def _count(image, dynamic):
    """The number of symbols, derived from the largest number that any table refers to."""
    counts = [
        _hashed(image, dynamic),
        _gnu_hashed(image, dynamic),
        dynamic.get('MIPS_SYMTABNO', 0),
    ]
    return max(counts) or _related(image, dynamic)


def _hashed(image, dynamic):
    address = dynamic.get('HASH')
    if address is None:
        return 0
    narrow = image.layout.numbers(image.read(address, 8, 'DT_HASH'), 'I')
    if image.layout.bits == 64 and image.machine in tables.WIDE_HASH and not narrow[0 if image.layout.order == '>' else 1]:
        # The upper half of the number of buckets. LLVM's linker writes narrow entries on these machines too.
        return image.layout.numbers(image.read(address, 16, 'DT_HASH'), 'Q')[1]
    return narrow[1]


def _gnu_hashed(image, dynamic):
    """The number of symbols according to DT_GNU_HASH; 0 if no symbol is defined, because the table then does not contain it."""
    address = dynamic.get('GNU_HASH')
    if address is None:
        return 0
    header = image.record('gnu_hash', address, 'DT_GNU_HASH')
    if header.buckets > tables.MAX_SYMBOLS or header.bloom > tables.MAX_SYMBOLS:
        raise image.source.refusal('parse_limit', 'DT_GNU_HASH', address, max(header.buckets, header.bloom), 'more than %d' % tables.MAX_SYMBOLS)
    buckets = address + image.layout.gnu_hash.size + header.bloom * image.layout.word
    numbers = image.layout.numbers(image.table(buckets, 4 * header.buckets, 'the buckets of DT_GNU_HASH'), 'I')
    last = max(numbers) if numbers else 0
    if not last or last < header.offset:
        return 0
    chains = buckets + 4 * header.buckets
    return _end_of_chain(image, chains, last - header.offset) + header.offset


def _end_of_chain(image, chains, start):
    """One more than the number of the last entry of a chain, whose lowest bit is set."""
    at = start
    while at < tables.MAX_SYMBOLS:
        dummy, in_file, dummy2 = image.place(chains + 4 * at, 'a chain of DT_GNU_HASH')
        entries = image.layout.numbers(image.read(chains + 4 * at, max(4, min(_BLOCK, in_file // 4 * 4)), 'a chain of DT_GNU_HASH'), 'I')
        for number, entry in enumerate(entries):
            if entry & 1:
                return at + number + 1
        at += len(entries)
    raise image.source.refusal('parse_limit', 'a chain of DT_GNU_HASH', chains, at, 'more than %d symbols' % tables.MAX_SYMBOLS)


def _related(image, dynamic):
    """One more than the largest number of a symbol that a relocation refers to."""
    largest = 0
    for kind, address, size, skip in (
            ('RELA', dynamic.get('RELA'), dynamic.get('RELASZ', 0), dynamic.get('RELACOUNT', 0)),
            ('REL', dynamic.get('REL'), dynamic.get('RELSZ', 0), dynamic.get('RELCOUNT', 0)),
            (relocations.kind_of_plt(dynamic), dynamic.get('JMPREL'), dynamic.get('PLTRELSZ', 0), 0)):
        if address is not None and size:
            largest = max([largest] + relocations.symbol_numbers(image, kind, address, size, skip))
    return largest + 1
