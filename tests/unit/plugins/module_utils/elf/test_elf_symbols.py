# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import struct

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._elf import file as elf
from support.elf.hostile import LAYOUTS, program
from support.elf.reading import UNDEFINED
from support.elf.tiny import Symbol


@pytest.mark.parametrize('layout', LAYOUTS)
def test_needed_symbols_are_read_with_version_and_library(reading, layout):
    assert elf.undefined_symbols(*reading(program(layout))) == UNDEFINED


@pytest.mark.parametrize('layout', LAYOUTS)
@pytest.mark.parametrize('hashes', ['gnu', 'sysv', 'gnu sysv', 'sysv wide'])
def test_defined_symbols_are_read_with_their_versions(reading, layout, hashes):
    # Of s390x, 'wide' is what GNU ld writes, the other what LLVM's linker does; no other machine here has it.
    symbols = [
        Symbol('taken'), Symbol('open', 'LIB_1', value=16), Symbol('open', 'LIB_2', value=32), Symbol('plain', value=48), Symbol('weak', weak=True, value=64),
        Symbol('hidden', value=80, other=2), Symbol('local', value=96, info=2), Symbol('section', value=112, info=0x13),
    ]
    source, found = reading(program(layout, symbols=symbols, definitions=['LIB_1', 'LIB_2'], soname='lib.so', needs=[], hashes=hashes, relocations=[]))
    assert found.version_definitions == ['LIB_1', 'LIB_2']
    assert elf.defined_symbols(source, found) == {'open': {'LIB_1', 'LIB_2'}, 'plain': {''}, 'weak': {''}}
    assert elf.undefined_symbols(source, found) == [elf.Symbol('taken', None, None, False)]


def test_without_defined_symbols_relocations_give_the_number_of_symbols(reading):
    # GNU ld's DT_GNU_HASH of such a program says nothing of how many symbols it takes.
    assert elf.undefined_symbols(*reading(program(relocations=[2, 1]))) == UNDEFINED[:2]
    assert elf.undefined_symbols(*reading(program(relocations=[], hashes=''))) == []
    assert elf.undefined_symbols(*reading(program(relocations=[77, 2], relative=1))) == UNDEFINED[:2]


def test_local_symbols_are_not_needed_from_others(reading):
    symbols = [Symbol('section', info=3), Symbol('taken'), Symbol('')]
    assert elf.undefined_symbols(*reading(program(symbols=symbols, relocations=[1, 2, 3]))) == [elf.Symbol('taken', None, None, False)]


def test_on_mips_the_dynamic_table_has_the_number_of_symbols(reading):
    tiny = program((32, '>'), flags_1=1, relocations=[])
    at = tiny.content.index(struct.pack('>II', 0x6ffffffb, 1))
    tiny.content[at:at + 8] = struct.pack('>II', 0x70000011, 4)
    assert elf.undefined_symbols(*reading(tiny)) == UNDEFINED[:3]
