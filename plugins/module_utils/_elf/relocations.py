# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read from the relocations of a program or library which symbols they refer to."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.gofleet.golang.plugins.module_utils._elf import tables

# d_tag of DT_RELA: the value of DT_PLTREL if the relocations of DT_JMPREL have an addend.
_RELA = 7
# The number of words in an entry; the second one contains the number of the symbol.
_WORDS = {'RELA': 3, 'REL': 2}


def kind_of_plt(dynamic):
    """'RELA' or 'REL': the layout of the relocations of DT_JMPREL."""
    return 'RELA' if dynamic.get('PLTREL') == _RELA else 'REL'


def symbol_numbers(image, kind, address, size, skip=0):
    """The number of the symbol of each relocation in a table, 0 for a relocation without a symbol.

    kind: 'RELA' or 'REL'; size: of the table, in bytes; skip: the number of relative ones without a symbol at the beginning (DT_RELACOUNT).
    Raises GofleetError(malformed, truncated, parse_limit).
    """
    words = _WORDS[kind]
    entry = words * image.layout.word
    count = size // entry
    begin = min(skip, count)
    if count - begin > tables.MAX_RELOCATIONS:
        raise image.source.refusal('parse_limit', 'DT_%s' % kind, address, count, 'more than %d relocations' % tables.MAX_RELOCATIONS)
    content = image.table(address + begin * entry, (count - begin) * entry, 'DT_%s' % kind)
    shift = 32 if image.layout.bits == 64 else 8
    return [each >> shift for each in image.layout.numbers(content, image.layout.word_letter)[1::words]]
