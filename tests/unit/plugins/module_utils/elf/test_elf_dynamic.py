# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import struct

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._elf import file as elf
from support.elf.hostile import program
from support.elf.tiny import build


def test_the_hash_of_a_version_is_the_loaders():
    # As glibc's own libraries have them.
    assert [elf.version_hash(name) for name in ('GLIBC_2.2.5', 'GLIBC_2.17', 'GLIBC_PRIVATE', '')] == [0x09691a75, 0x06969197, 0x0963cf85, 0]


def test_the_dynamic_table_is_found_by_its_address_as_loaders_do(reading):
    tiny = program().put(('program.dynamic', 8), 'Q', 0x123)
    found = reading(tiny)[1]
    assert found.needed == ['libc.so.6', 'libm.so.6']
    assert len(found.malformed) == 1
    assert 'p_offset' in found.malformed[0]


def test_a_wrong_size_of_the_dynamic_table_hides_no_entries(reading):
    found = reading(program().put(('program.dynamic', 32), 'QQ', 16, 16))[1]
    assert found.needed == ['libc.so.6', 'libm.so.6']
    assert 'p_filesz' in found.malformed[0]


@pytest.mark.parametrize('count', [0, 1, 7, 0xffffffff])
def test_a_wrong_count_of_needed_versions_hides_no_version(reading, count):
    tiny = program()
    at = bytes(tiny.content).index(struct.pack('<QQ', 0x6fffffff, 2))
    tiny.content[at + 8:at + 16] = struct.pack('<Q', count)
    found = reading(tiny)[1]
    assert [need.library for need in found.version_needs] == ['libc.so.6', 'libm.so.6']
    assert len(found.malformed) == 1
    assert 'DT_VERNEEDNUM' in found.malformed[0]


def test_the_first_needed_version_is_read_even_if_the_count_is_zero(reading):
    found = reading(program().put(('need.0', 2), 'H', 0))[1]
    assert len(found.malformed) == 1
    assert [each.name for each in found.version_needs[0].versions] == ['GLIBC_2.2.5', 'GLIBC_2.34', 'GLIBC_2.38']


def test_sections_of_any_name_hide_no_needed_version(reading):
    tiny = program()
    table, names = tiny.at['sections'], tiny.at['section_names']
    tiny.content[names:table] = b'x' * (table - names)
    tiny.content[table:] = b'\xff' * (len(tiny.content) - table)
    assert len(reading(tiny)[1].version_needs) == 2


def test_a_version_definition_with_a_wrong_hash_is_left_out(reading):
    tiny = build(soname='a', definitions=['A_1', 'A_2']).put(('definition.1', 8), 'I', 5)
    found = reading(tiny)[1]
    assert (found.version_definitions, len(found.malformed)) == (['A_2'], 1)


def test_the_hash_of_a_needed_version_is_kept_as_stored(reading):
    found = reading(program().put('need.0.1', 'I', 5))[1]
    assert found.version_needs[0].versions[1] == elf.Version('GLIBC_2.34', 5, 0)
