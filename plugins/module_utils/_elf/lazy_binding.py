# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The functions that glibc resolves only at their first call: if a library lacks one of them, the program starts and crashes later."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.gofleet.golang.plugins.module_utils._elf import file as elf
from ansible_collections.gofleet.golang.plugins.module_utils._elf import relocations, symbols

_DF_BIND_NOW = 8
_DF_1_NOW = 1


def late_names(source, binary):
    """The names of the undefined symbols that only DT_JMPREL refers to; none if the file asks to resolve all of them at its start.

    source: source.Source; binary: file.File. Raises GofleetError(malformed, truncated, parse_limit).
    """
    image, dynamic = elf.linked(source, binary)
    if dynamic is None or dynamic.get('JMPREL') is None or _binds_now(dynamic):
        return set()
    late = set(relocations.symbol_numbers(image, relocations.kind_of_plt(dynamic), dynamic.get('JMPREL'), dynamic.get('PLTRELSZ', 0)))
    for each in ('RELA', 'REL'):
        if dynamic.get(each) is not None:
            late -= set(relocations.symbol_numbers(image, each, dynamic.get(each), dynamic.get(each + 'SZ', 0)))
    return set(name for number, (name, dummy, dummy2) in enumerate(symbols.table(image, dynamic), 1) if number in late)


def _binds_now(dynamic):
    return bool(dynamic.get('BIND_NOW') is not None or dynamic.get('FLAGS', 0) & _DF_BIND_NOW or dynamic.get('FLAGS_1', 0) & _DF_1_NOW)
