# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which symbols glibc looks for only when they are called: a program that lacks one of those starts, and dies later."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.gofleet.golang.plugins.module_utils._elf import file as elf
from ansible_collections.gofleet.golang.plugins.module_utils._elf import symbols, tables

_DF_BIND_NOW = 8
_DF_1_NOW = 1
_RELA = 7


def late_names(source, binary):
    """The names of a file's undefined symbols that only DT_JMPREL refers to; none if it wants all of them bound at its start.

    source: elf.Source; binary: elf.File. Raises GofleetError(malformed, truncated, parse_limit).
    """
    image, dynamic = elf.linked(source, binary)
    if dynamic is None or dynamic.get('JMPREL') is None or _binds_now(dynamic):
        return set()
    kind = 'RELA' if dynamic.get('PLTREL') == _RELA else 'REL'
    late = _numbers(image, kind, dynamic.get('JMPREL'), dynamic.get('PLTRELSZ', 0))
    for each in ('RELA', 'REL'):
        if dynamic.get(each) is not None:
            late -= _numbers(image, each, dynamic.get(each), dynamic.get(each + 'SZ', 0))
    return set(name for number, (name, dummy, dummy2) in enumerate(symbols.table(image, dynamic), 1) if number in late)


def _binds_now(dynamic):
    return bool(dynamic.get('BIND_NOW') is not None or dynamic.get('FLAGS', 0) & _DF_BIND_NOW or dynamic.get('FLAGS_1', 0) & _DF_1_NOW)


def _numbers(image, kind, address, size):
    """The numbers of the symbols that relocations name."""
    words = 3 if kind == 'RELA' else 2
    count = size // (words * image.layout.word)
    if count > tables.MAX_RELOCATIONS:
        raise image.source.refusal('parse_limit', 'DT_%s' % kind, address, count, 'more than %d relocations' % tables.MAX_RELOCATIONS)
    content = image.table(address, count * words * image.layout.word, 'DT_%s' % kind)
    shift = 32 if image.layout.bits == 64 else 8
    return set(each >> shift for each in image.layout.numbers(content, image.layout.word_letter)[1::words])
