# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import contextlib
import fcntl
import hashlib
import json
import os
import socket
import stat
import struct
import sys

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._elf import file as elf
from ansible_collections.gofleet.golang.plugins.module_utils._elf import tables as elf_tables
from ansible_collections.gofleet.golang.plugins.module_utils._elf.image import Image
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import regular as regular_files
from ansible_collections.gofleet.golang.plugins.module_utils._host import architecture as host
from support.elf import tiny as tiny_elf
from support.elf.hostile import LAYOUTS, LIMITS, MACHINE_OF, MALFORMED, bent, entry_of, program
from support.elf.tiny import KINDS, Symbol, build
from support.units.forked import as_ordinary_user

UNDEFINED = [
    elf.Symbol('puts', 'GLIBC_2.2.5', 'libc.so.6', False), elf.Symbol('strlcpy', 'GLIBC_2.38', 'libc.so.6', True),
    elf.Symbol('exp', 'GLIBC_2.29', 'libm.so.6', False), elf.Symbol('bare', None, None, False),
]


@pytest.fixture(name='reading')
def opened(tmpdir):
    """Write bytes or a Tiny to a file, and read it: (Source, File)."""
    sources = []

    def read(content):
        path = tmpdir.join('program%d' % len(sources))
        path.write_binary(bytes(getattr(content, 'content', content)))
        manager = elf.open_file(str(path))
        source = manager.__enter__()
        sources.append(manager)
        return source, elf.read(source)

    yield read
    for manager in sources:
        manager.__exit__(None, None, None)


def read_whole(reading, content):
    source, binary = reading(content)
    elf.undefined_symbols(source, binary)
    elf.defined_symbols(source, binary)


def refusal(reading, content):
    """The GofleetError of reading it, and of its symbols."""
    with pytest.raises(GofleetError) as caught:
        read_whole(reading, content)
    assert set(caught.value.evidence) >= {'offset', 'what', 'value'}
    json.dumps(caught.value.as_result())
    return caught.value


# ---- what a program says


@pytest.mark.parametrize('layout', LAYOUTS)
def test_a_dynamic_program_says_what_it_needs_in_each_word_size_and_byte_order(reading, layout):
    dummy, found = reading(program(layout))
    assert (found.format, found.bits, found.order, found.machine, found.type) == ('elf', layout[0], layout[1], MACHINE_OF[layout], 'DYN')
    assert (found.interp, found.needed, found.runpath, found.rpath) == ('/lib64/ld-linux.so', ['libc.so.6', 'libm.so.6'], ['$ORIGIN/../lib', '/opt/lib'], [])
    assert [(need.library, [(each.name, each.flags) for each in need.versions]) for need in found.version_needs] == [
        ('libc.so.6', [('GLIBC_2.2.5', 0), ('GLIBC_2.34', 0), ('GLIBC_2.38', 2)]), ('libm.so.6', [('GLIBC_2.29', 0)])]
    assert (found.dynamic, found.static, found.static_pie, found.packed, found.stack_executable) == (True, False, False, False, False)
    assert (found.truncated, found.malformed, found.limits, found.stripped) == (None, [], [], True)


@pytest.mark.parametrize(('machine', 'bits', 'order'), KINDS)
def test_each_port_of_go_has_its_name(reading, machine, bits, order):
    # ARM's e_flags name its ABI: EABI 5, hard float.
    tiny = build(machine, bits, order, e_flags=0x05000400 if machine == tiny_elf.ARM else 0)
    found = reading(tiny)[1]
    header = bytes(tiny.content[:64])
    assert found.machine_name == host.goarch_of(header)
    assert (found.bits, found.order, found.malformed) == (bits, order, [])


@pytest.mark.parametrize('layout', LAYOUTS)
def test_what_is_taken_from_others_comes_with_version_and_library(reading, layout):
    assert elf.undefined_symbols(*reading(program(layout))) == UNDEFINED


@pytest.mark.parametrize('layout', LAYOUTS)
@pytest.mark.parametrize('hashes', ['gnu', 'sysv', 'gnu sysv', 'sysv wide'])
def test_what_is_given_to_others_comes_with_its_versions(reading, layout, hashes):
    # Of s390x, 'wide' is what GNU ld writes, the other what LLVM's linker does; no other machine here has it.
    symbols = [
        Symbol('taken'), Symbol('open', 'LIB_1', value=16), Symbol('open', 'LIB_2', value=32), Symbol('plain', value=48), Symbol('weak', weak=True, value=64),
        Symbol('hidden', value=80, other=2), Symbol('local', value=96, info=2), Symbol('section', value=112, info=0x13),
    ]
    source, found = reading(program(layout, symbols=symbols, definitions=['LIB_1', 'LIB_2'], soname='lib.so', needs=[], hashes=hashes, relocations=[]))
    assert found.version_definitions == ['LIB_1', 'LIB_2']
    assert elf.defined_symbols(source, found) == {'open': {'LIB_1', 'LIB_2'}, 'plain': {''}, 'weak': {''}}
    assert elf.undefined_symbols(source, found) == [elf.Symbol('taken', None, None, False)]


def test_a_program_that_gives_nothing_is_counted_by_its_relocations(reading):
    # GNU ld's DT_GNU_HASH of such a program says nothing of how many symbols it takes.
    assert elf.undefined_symbols(*reading(program(relocations=[2, 1]))) == UNDEFINED[:2]
    assert elf.undefined_symbols(*reading(program(relocations=[], hashes=''))) == []
    assert elf.undefined_symbols(*reading(program(relocations=[77, 2], relative=1))) == UNDEFINED[:2]


def test_what_is_local_is_taken_from_nobody(reading):
    symbols = [Symbol('section', info=3), Symbol('taken'), Symbol('')]
    assert elf.undefined_symbols(*reading(program(symbols=symbols, relocations=[1, 2, 3]))) == [elf.Symbol('taken', None, None, False)]


def test_mips_says_how_many_symbols_there_are(reading):
    tiny = program((32, '>'), flags_1=1, relocations=[])
    at = tiny.content.index(struct.pack('>II', 0x6ffffffb, 1))
    tiny.content[at:at + 8] = struct.pack('>II', 0x70000011, 4)
    assert elf.undefined_symbols(*reading(tiny)) == UNDEFINED[:3]


def test_static_and_static_pie_and_libraries_are_told_apart(reading):
    said = {}
    for name, tiny in (
            ('static', build(kind=tiny_elf.EXEC)), ('static-pie', build(flags_1=0x08000000)), ('static-pie without the flag', build(dynamic=True)),
            ('go pie', build(interp='/lib64/ld', flags_1=0x08000000)), ('library', build(soname='libc.so', symbols=[Symbol('a', value=8)])),
            ('loader', build(soname='ld.so')), ('needing', build(needed=['libc.so'])), ('library without entry', build(dynamic=True, entry=0))):
        found = reading(tiny)[1]
        said[name] = (found.static, found.static_pie)
    assert said == {
        'static': (True, False), 'static-pie': (True, True), 'static-pie without the flag': (True, True), 'go pie': (False, False),
        'library': (False, False), 'loader': (False, False), 'needing': (False, False), 'library without entry': (False, False)}


@pytest.mark.parametrize(('flags', 'said'), [(6, False), (7, True)])
def test_an_executable_stack_is_said(reading, flags, said):
    assert reading(build(stack=flags))[1].stack_executable is said
    assert reading(build())[1].stack_executable is None


def test_relr_and_rpath_and_flags_are_said(reading):
    found = reading(build(relr=True, rpath='/a:/b', flags_1=0x800))[1]
    assert (found.has_relr, found.rpath, found.flags_1) == (True, ['/a', '/b'], 0x800)
    assert not reading(build(rpath='/a'))[1].has_relr


def test_a_symbol_table_is_what_stripping_takes_away(reading):
    assert [reading(build(sections=sections, symtab=symtab))[1].stripped for sections, symtab in ((True, True), (True, False), (False, False))] == [
        False, True, None]


@pytest.mark.parametrize('layout', LAYOUTS)
def test_notes_are_read(reading, layout):
    order = layout[1]
    tag = struct.pack(order + 'IIII', 0, 3, 2, 0)
    notes = [(b'Unknown', 9, b'abc'), (b'GNU', 1, tag), (b'GNU', 3, b'\x01\xfe'), (b'Go', 4, b'id/of/go')]
    found = reading(program(layout, notes=notes))[1]
    assert (found.kernel_tag, found.build_id, found.go_build_id, found.foreign_os, found.isa_needed) == ((3, 2, 0), '01fe', 'id/of/go', None, None)


def test_the_build_id_of_gos_own_linker_has_only_a_section(reading):
    assert reading(build(note_section=(b'GNU', 3, b'\x02\xfd')))[1].build_id == '02fd'
    assert reading(build(note_section=(b'GNU', 3, b'\x02\xfd'), notes=[(b'GNU', 3, b'\x01')]))[1].build_id == '01'


@pytest.mark.parametrize(('layout', 'size'), [((64, '<'), 8), ((32, '<'), 4)])
def test_the_processor_level_of_the_gnu_property_is_read(reading, layout, size):
    padding = b'\0' * (size - 4)
    # Of one byte, and padded.
    others = struct.pack('<II4s', 0xc0000002, 1, b'\3\0\0\0') + padding
    needed = struct.pack('<III', 0xc0008002, 4, 4) + padding
    notes = [(b'GNU', 1, b'\0\0\0\0'), (b'GNU', 5, others + needed)]
    found = reading(program(layout, notes=notes, note_align=size))[1]
    assert found.isa_needed == 4


@pytest.mark.parametrize(('note', 'system'), [
    ((b'FreeBSD', 1, b'\0\0\0\0'), 'FreeBSD'), ((b'NetBSD', 1, b'\0\0\0\0'), 'NetBSD'), ((b'GNU', 1, struct.pack('<IIII', 1, 0, 0, 0)), 'Hurd')])
def test_a_program_for_another_system_is_told_by_its_notes(reading, note, system):
    found = reading(build(notes=[note]))[1]
    assert (found.foreign_os, found.kernel_tag) == (system, None)


@pytest.mark.parametrize('sections', [True, False])
def test_a_program_packed_by_upx_is_told_from_others(reading, sections):
    tiny = build(kind=tiny_elf.EXEC, sections=sections)
    assert not reading(tiny)[1].packed
    behind = tiny.at['program'] + 2 * 56
    tiny.content[behind + 4:behind + 8] = b'UPX!'
    assert reading(tiny)[1].packed


def test_the_mark_at_the_end_of_a_packed_program_counts_too(reading):
    tiny = build(kind=tiny_elf.EXEC, sections=False)
    tiny.content += b'\0' * 8 + b'UPX!' + b'\0' * 28
    assert reading(tiny)[1].packed


def test_facts_are_plain_and_fit_json(reading):
    found = reading(program(notes=[(b'GNU', 1, struct.pack('<IIII', 0, 3, 2, 0))]))[1]
    facts = elf.as_facts(found)
    assert json.loads(json.dumps(facts)) == facts
    assert facts['kernel_tag'] == [3, 2, 0]
    assert facts['version_needs'][1] == {'library': 'libm.so.6', 'versions': [{'name': 'GLIBC_2.29', 'hash': elf.version_hash('GLIBC_2.29'), 'flags': 0}]}
    assert facts['loads'][0]['vaddr'] == tiny_elf.BASE


def test_names_that_are_no_text_stay_apart_and_fit_json(reading):
    tiny = build(needed=['libXX.so', 'libYY.so'])
    place = bytes(tiny.content).index(b'libXX')
    tiny.content[place:place + 5] = b'li\xff\xfe\\'
    found = reading(tiny)[1]
    assert found.needed == [u'li\\xff\\xfe\\.so', u'libYY.so']
    json.dumps(elf.as_facts(found))


def test_the_hash_of_a_version_is_the_loaders():
    # As glibc's own libraries have them.
    assert [elf.version_hash(name) for name in ('GLIBC_2.2.5', 'GLIBC_2.17', 'GLIBC_PRIVATE', '')] == [0x09691a75, 0x06969197, 0x0963cf85, 0]


# ---- what is no ELF file


@pytest.mark.parametrize(('content', 'name'), [
    (b'', 'empty'), (b'\x7fEL', 'other'), (b'#!/bin/sh\n', 'script'), (b'\xef\xbb\xbf#!/bin/sh\n', 'script'), (b'\x1f\x8b\x08\0', 'gzip'),
    (b'PK\x03\x04rest', 'zip'), (b'MZ\x90\0', 'pe'), (b'\xca\xfe\xba\xbe\0\0\0\x34', 'java'), (b'\xca\xfe\xba\xbe\0\0\0\x02', 'macho'),
    (b'\xcf\xfa\xed\xfe\x07\0\0\x01', 'macho'), (b'<!DOCTYPE html>', 'html'), (b'\n <html lang="en">', 'html'),
    (b'<?xml version="1.0"?>\n<html>', 'html'), (b'not found\n', 'text'), (b'caf\xc3\xa9', 'text'), (b'\0\1\2\3', 'other'),
])
def test_what_is_no_program_is_named(reading, content, name):
    dummy, found = reading(content)
    assert (found.format, found.bits, found.needed, found.static) == (name, None, [], False)
    json.dumps(elf.as_facts(found))


@pytest.mark.parametrize(('content', 'line'), [
    (b'#!/bin/sh\n', ('/bin/sh', None, False, False)), (b'#! /usr/bin/env  python3 -u \nx', ('/usr/bin/env', 'python3 -u', False, False)),
    (b'#!/bin/sh\t-e\n', ('/bin/sh', '-e', False, False)), (b'#!/bin/sh\r\nx', ('/bin/sh', None, False, True)),
    (b'#!/bin/sh -e\r\n', ('/bin/sh', '-e', False, True)), (b'\xef\xbb\xbf#!/bin/sh\n', ('/bin/sh', None, True, False)), (b'#!\n', ('', None, False, False)),
    (b'#!/bin/sh', ('/bin/sh', None, False, False)),
])
def test_the_first_line_of_a_script_is_read_as_the_kernel_does(reading, content, line):
    dummy, found = reading(content)
    assert found.interpreter_line == elf.InterpreterLine(*line)
    assert found.limits == []


def test_a_line_that_old_kernels_cut_is_told(reading):
    assert len(reading(b'#!/' + b'x' * 200 + b'\n')[1].limits) == 1


# ---- headers that lie, and what kernels make of them


@pytest.mark.parametrize(('at', 'value', 'name'), [(4, 1, 'EI_CLASS'), (4, 0, 'EI_CLASS'), (5, 2, 'EI_DATA'), (5, 77, 'EI_DATA'), (6, 9, 'EI_VERSION'),
                                                   (7, 9, 'EI_OSABI'), (20, 3, 'e_version')])
def test_what_the_kernel_ignores_is_no_failure_but_told(reading, at, value, name):
    tiny = program()
    tiny.content[at] = value
    source, found = reading(tiny)
    assert [each.split()[0] for each in found.malformed] == [name]
    assert (found.bits, found.order, found.machine, found.needed) == (64, '<', 62, ['libc.so.6', 'libm.so.6'])
    assert elf.undefined_symbols(source, found) == UNDEFINED


def test_a_class_that_lies_stops_a_kernel_that_looks_at_it(reading):
    tiny = program((64, '>'))
    tiny.content[4] = 1
    assert refusal(reading, tiny).code == 'malformed'


def test_x32_is_no_lie(reading):
    found = reading(build(62, 32, '<'))[1]
    assert (found.bits, found.machine_name, found.malformed) == (32, 'x32', [])


def test_an_amd64_header_that_makes_sense_as_x32_too_is_read_as_64_bit_as_kernels_do(reading):
    tiny = build(kind=tiny_elf.EXEC, entry=64 << 32).put(('header', 4), 'B', 1)
    tiny.put(('header', 42), 'HH', 32, 1)
    found = reading(tiny)[1]
    assert (found.bits, found.machine_name, len(found.malformed)) == (64, 'amd64', 1)


def test_of_two_interpreters_the_first_counts_and_of_two_dynamic_tables_the_last(reading):
    tiny = program()
    first = tiny.get('program.interp', 'IIQQQQQQ')
    # One byte later in the same name.
    tiny.put('program.stack', 'IIQQQQQQ', 3, 4, first[2] + 1, first[3] + 1, first[4] + 1, first[5] - 1, first[6] - 1, 1)
    found = reading(tiny)[1]
    assert (found.interp, len(found.malformed)) == ('/lib64/ld-linux.so', 1)
    tiny = program()
    last = tiny.get('program.dynamic', 'IIQQQQQQ')
    tiny.put('program.stack', 'IIQQQQQQ', 2, 6, last[2] + 16, last[3] + 16, last[4] + 16, last[5] - 16, last[6] - 16, 8)
    assert reading(tiny)[1].needed == ['libm.so.6']


def test_an_unknown_machine_is_read_all_the_same(reading):
    found = reading(build(999, 64, '<', needed=['a']))[1]
    assert (found.machine_name, found.needed) == ('machine 999', ['a'])


def test_objects_and_cores_are_named_and_not_read_further(reading):
    for kind, name in ((1, 'REL'), (4, 'CORE'), (0xfe00, 'other')):
        tiny = build(kind=kind)
        tiny.put(('header', 56), 'H', 0)
        assert reading(tiny)[1].type == name


def test_the_dynamic_table_is_found_by_its_address_as_loaders_do(reading):
    tiny = program().put(('program.dynamic', 8), 'Q', 0x123)
    found = reading(tiny)[1]
    assert found.needed == ['libc.so.6', 'libm.so.6']
    assert len(found.malformed) == 1
    assert 'p_offset' in found.malformed[0]


def test_a_size_of_the_dynamic_table_hides_nothing(reading):
    found = reading(program().put(('program.dynamic', 32), 'QQ', 16, 16))[1]
    assert found.needed == ['libc.so.6', 'libm.so.6']
    assert 'p_filesz' in found.malformed[0]


@pytest.mark.parametrize('count', [0, 1, 7, 0xffffffff])
def test_a_count_of_needed_versions_hides_nothing(reading, count):
    tiny = program()
    at = bytes(tiny.content).index(struct.pack('<QQ', 0x6fffffff, 2))
    tiny.content[at + 8:at + 16] = struct.pack('<Q', count)
    found = reading(tiny)[1]
    assert [need.library for need in found.version_needs] == ['libc.so.6', 'libm.so.6']
    assert len(found.malformed) == 1
    assert 'DT_VERNEEDNUM' in found.malformed[0]


def test_a_library_that_says_it_needs_no_version_still_has_its_first_read(reading):
    found = reading(program().put(('need.0', 2), 'H', 0))[1]
    assert len(found.malformed) == 1
    assert [each.name for each in found.version_needs[0].versions] == ['GLIBC_2.2.5', 'GLIBC_2.34', 'GLIBC_2.38']


def test_sections_of_any_name_hide_no_version(reading):
    tiny = program()
    table, names = tiny.at['sections'], tiny.at['section_names']
    tiny.content[names:table] = b'x' * (table - names)
    tiny.content[table:] = b'\xff' * (len(tiny.content) - table)
    assert len(reading(tiny)[1].version_needs) == 2


def test_a_definition_with_the_hash_of_another_name_meets_no_need(reading):
    tiny = build(soname='a', definitions=['A_1', 'A_2']).put(('definition.1', 8), 'I', 5)
    found = reading(tiny)[1]
    assert (found.version_definitions, len(found.malformed)) == (['A_2'], 1)


def test_a_needed_hash_is_kept_as_it_stands(reading):
    found = reading(program().put('need.0.1', 'I', 5))[1]
    assert found.version_needs[0].versions[1] == elf.Version('GLIBC_2.34', 5, 0)


# ---- files that are cut


def test_a_file_that_is_cut_anywhere_is_truncated_or_whole_as_far_as_loaders_care(reading):
    tiny = program()
    whole = reading(tiny)[1]
    end = max(load.offset + load.filesz for load in whole.loads)
    for size in list(range(4, 600, 7)) + list(range(600, len(tiny.content), 61)):
        if size < tiny.at['interp']:
            assert refusal(reading, tiny.content[:size]).code == 'truncated'
            continue
        found = reading(tiny.content[:size])[1]
        assert bool(found.truncated) == (size < end)
        assert found.truncated or found._replace(stripped=True) == whole


def test_what_still_stands_of_a_cut_file_is_said(reading):
    tiny = program()
    found = reading(tiny.content[:tiny.at['data']])[1]
    assert found.truncated == 'PT_LOAD 1 ends at byte %d, the file at %d' % (tiny.at['data'] + 9, tiny.at['data'])
    assert (found.interp, found.needed) == ('/lib64/ld-linux.so', ['libc.so.6', 'libm.so.6'])


def test_losing_the_section_table_is_no_truncation(reading):
    tiny = program()
    found = reading(tiny.content[:tiny.at['sections'] + 10])[1]
    assert (found.truncated, found.stripped) == (None, None)


# ---- hostile bytes


@pytest.mark.parametrize('name', sorted(MALFORMED))
def test_what_no_loader_takes_is_malformed(reading, name):
    exc = refusal(reading, MALFORMED[name]())
    assert exc.code == 'malformed', exc.msg
    assert 'stands still' not in name or 'within this one' in exc.msg


@pytest.mark.parametrize('name', sorted(LIMITS))
def test_what_goes_on_for_too_long_is_beyond_this_reader(reading, name):
    exc = refusal(reading, LIMITS[name]())
    assert exc.code == 'parse_limit', exc.msg


@pytest.mark.parametrize(('at', 'letters', 'value'), [(58, 'H', 0), (58, 'H', 1), (60, 'H', 0xfff0), (40, 'Q', 1 << 62)])
def test_nothing_is_said_of_a_section_table_that_makes_no_sense(reading, at, letters, value):
    assert reading(bent((('header', at), letters, [value]), data=b'x' * 5000000))[1].stripped is None


@pytest.mark.parametrize(('at', 'letters', 'value'), [
    (58, 'H', 0), (58, 'H', 1), (60, 'H', 0xfff0), (40, 'Q', 1 << 62), (40, 'Q', 3), (62, 'H', 0xffff), (62, 'H', 9)])
def test_a_section_table_that_lies_changes_nothing_else(reading, at, letters, value):
    # A size of 0 made pyelftools loop.
    whole = reading(program())[1]
    found = reading(bent((('header', at), letters, [value])))[1]
    assert found._replace(stripped=True) == whole


def test_segments_that_overlap_leave_no_verdict(reading):
    found = reading(bent((('program.data', 16), 'Q', [tiny_elf.BASE + 0x100])))[1]
    assert len(found.limits) == 1
    assert 'overlap' in found.limits[0]


def test_segments_that_overlap_by_a_part_leave_no_verdict_either(reading):
    tiny = program(data=b'x' * 0x200)
    assert len(reading(tiny.put(('program.data', 16), 'Q', tiny.address_of('data') - 0x100))[1].limits) == 1


def test_of_segments_that_overlap_the_last_one_is_in_memory(reading):
    source = reading(program())[0]
    loads = [elf.Load(0, 0x1000, 100, 200, 5, 1), elf.Load(300, 0x1050, 10, 10, 6, 1)]
    image = Image(source, elf_tables.LAYOUTS[64, '<'], 62, loads)
    assert [image.place(address, 'it') for address in (0x1000, 0x1050, 0x105a)] == [(0, 100, 100), (300, 10, 0), (90, 10, 100)]
    assert len(image.read(0x105a, 110, 'it')) == 110
    for action in (lambda: image.place(0x1000 + 200, 'it'), lambda: image.read(0x105a, 111, 'it'), lambda: image.table(0x105a, 11, 'it')):
        with pytest.raises(GofleetError) as caught:
            action()
        assert caught.value.code == 'malformed'


def test_reading_has_an_end_however_large_a_file_is(tmpdir):
    path = str(tmpdir.join('large'))
    with open(path, 'wb') as target:
        # Sparse: it takes no room.
        target.truncate(1 << 30)
    with elf.open_file(path) as source:
        with pytest.raises(GofleetError) as caught:
            source.read_at(0, (1 << 24) + 1, 'it')
        assert (caught.value.code, source.bytes_read) == ('parse_limit', 0)
        for number in range(16):
            source.read_at(number << 24, 1 << 24, 'it')
        with pytest.raises(GofleetError) as caught:
            source.read_at(0, 1, 'it')
        assert (caught.value.code, source.bytes_read) == ('parse_limit', 1 << 28)


def test_a_note_that_is_too_long_leaves_no_verdict_and_one_past_the_end_says_nothing(reading):
    notes = [(b'GNU', 3, b'\1')]
    long_one = build(notes=notes, data=b'x' * 70000).put('program.note', 'I', 4)
    long_one.put(('program.note', 32), 'QQ', 70000, 70000)
    assert len(reading(long_one)[1].limits) == 1
    past = build(notes=notes)
    past.put(('program.note', 32), 'QQ', 1 << 40, 1 << 40)
    assert (reading(past)[1].build_id, reading(past)[1].limits) == (None, [])


@pytest.mark.parametrize(('at', 'value'), [(0, 0xffffffff), (4, 0xffffffff), (4, 0xfffffff0), (0, 0x7fffffff)])
def test_sizes_within_a_note_that_lie_end_it(reading, at, value):
    assert reading(build(notes=[(b'GNU', 3, b'\1')]).put(('note', at), 'I', value))[1].build_id is None


def test_zeros_behind_a_segments_bytes_are_memory_too(reading):
    # The last name ends with the file's bytes; memory goes on.
    tiny = build(needed=['lib.so'], sections=False, data=b'libend.so')
    tiny.put(entry_of(tiny, 1), 'Q', tiny.at['data'] - tiny.at['strings']).put(('program.data', 40), 'Q', 100)
    assert reading(tiny)[1].needed == ['libend.so']
    tiny.put(('program.data', 40), 'Q', 9)
    assert refusal(reading, tiny).code == 'malformed'


# ---- what is no file


def test_a_fifo_a_device_a_directory_and_a_socket_are_refused_at_once(tmpdir):
    fifo = str(tmpdir.join('fifo'))
    os.mkfifo(fifo)
    kinds = {}
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(str(tmpdir.join('s')))
        for path in (fifo, '/dev/zero', '/dev/null', '/', str(tmpdir.join('s'))):
            with pytest.raises(GofleetError) as caught:
                elf.open_file(path).__enter__()
            kinds[path] = (caught.value.code, caught.value.evidence['kind'])
    assert sorted(kinds.values()) == sorted([
        ('not_a_file', 'a named pipe'), ('not_a_file', 'a device'), ('not_a_file', 'a device'), ('not_a_file', 'a folder'), ('not_a_file', 'a socket')])


def test_a_file_that_becomes_a_fifo_as_it_is_opened_is_refused_without_waiting(tmpdir, monkeypatch):
    path = str(tmpdir.join('program'))
    os.mkfifo(path)
    monkeypatch.setattr(regular_files, 'check', lambda path, follow: None)
    with pytest.raises(GofleetError) as caught:
        elf.open_file(path).__enter__()
    assert caught.value.code == 'file_changed'


@pytest.mark.parametrize('name', ['nothing', 'file/below', 'loop', 'dangling', 'nul\0'])
def test_a_file_that_is_not_there_is_missing(tmpdir, name):
    tmpdir.join('file').write('x')
    os.symlink('loop', str(tmpdir.join('loop')))
    os.symlink('nowhere', str(tmpdir.join('dangling')))
    with pytest.raises(GofleetError) as caught:
        elf.open_file(os.path.join(str(tmpdir), name)).__enter__()
    assert caught.value.code == 'file_missing'
    assert ('symbolic link' in caught.value.msg) == (name in ('loop', 'dangling'))
    json.dumps(caught.value.as_result())


def test_a_file_that_another_user_may_not_read_is_unreadable(open_folder):
    path = open_folder.join('secret')
    path.write_binary(bytes(build().content))
    path.chmod(0 if os.geteuid() else 0o600)

    def read():
        with pytest.raises(GofleetError) as caught:
            elf.open_file(str(path)).__enter__()
        return caught.value.code

    assert as_ordinary_user(read) == 'file_unreadable'


def test_a_file_that_shrinks_while_it_is_read_is_truncated(tmpdir):
    path = tmpdir.join('program')
    path.write_binary(bytes(build(data=b'x' * 20000).content))
    with elf.open_file(str(path)) as source:
        path.write_binary(b'')
        with pytest.raises(GofleetError) as caught:
            elf.read(source)
    assert caught.value.code == 'truncated'


def test_a_file_is_opened_once_and_its_descriptor_closed_and_not_inherited(tmpdir, monkeypatch):
    path = program().write(tmpdir.join('program'))
    opened_files = []
    real = os.open
    monkeypatch.setattr(regular_files.os, 'open', lambda *arguments: opened_files.append(arguments) or real(*arguments))
    with elf.open_file(path) as source:
        binary = elf.read(source)
        elf.undefined_symbols(source, binary)
        digest = source.sha256()
        descriptor = source.descriptor
        assert fcntl.fcntl(descriptor, fcntl.F_GETFD) & fcntl.FD_CLOEXEC
        assert (source.size, stat.S_ISREG(source.mode)) == (os.path.getsize(path), True)
    assert len(opened_files) == 1
    with open(path, 'rb') as content:
        assert digest == hashlib.sha256(content.read()).hexdigest()
    with pytest.raises(OSError):
        os.fstat(descriptor)


def test_only_pages_that_matter_are_read(reading):
    source, dummy = reading(program(data=b'x' * 5000000))
    assert source.bytes_read < 30000


# ---- real programs


@pytest.mark.parametrize('path', ['/bin/ls', os.path.realpath(sys.executable)])
def test_a_real_program_of_this_host_is_for_this_host(path):
    with elf.open_file(path) as source:
        found = elf.read(source)
        undefined = elf.undefined_symbols(source, found)
    assert found.machine_name == host.goarch()
    assert (found.format, found.truncated, found.malformed, found.limits) == ('elf', None, [], [])
    assert found.static or os.path.exists(found.interp)
    assert found.static or [name for name in found.needed if name.startswith('libc.')]
    assert found.static or len(undefined) >= 5
    versions = set((need.library, each.name) for need in found.version_needs for each in need.versions)
    assert set((each.library, each.version) for each in undefined if each.version) == versions or not versions


def test_every_layout_has_every_structure():
    sizes = dict((key, (layout.header_size, layout.program.size, layout.section.size, layout.symbol.size, layout.dynamic.size))
                 for key, layout in elf_tables.LAYOUTS.items())
    assert sizes == {(64, '<'): (64, 56, 64, 24, 16), (64, '>'): (64, 56, 64, 24, 16), (32, '<'): (52, 32, 40, 16, 8), (32, '>'): (52, 32, 40, 16, 8)}
