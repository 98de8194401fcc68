# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json
import os
import struct
import sys

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._elf import file as elf
from ansible_collections.gofleet.golang.plugins.module_utils._elf import image as elf_image
from ansible_collections.gofleet.golang.plugins.module_utils._elf import segments
from ansible_collections.gofleet.golang.plugins.module_utils._elf import tables as elf_tables
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._host import architecture as host
from support.elf import tiny as tiny_elf
from support.elf.hostile import LAYOUTS, LIMITS, MACHINE_OF, MALFORMED, bent, entry_of, program
from support.elf.reading import refusal
from support.elf.tiny import Symbol, build


@pytest.mark.parametrize('layout', LAYOUTS)
def test_the_needs_of_a_dynamic_program_are_read_in_each_word_size_and_byte_order(reading, layout):
    dummy, found = reading(program(layout))
    assert (found.format, found.bits, found.order, found.machine, found.type) == ('elf', layout[0], layout[1], MACHINE_OF[layout], 'DYN')
    assert (found.interp, found.needed, found.runpath, found.rpath) == ('/lib64/ld-linux.so', ['libc.so.6', 'libm.so.6'], ['$ORIGIN/../lib', '/opt/lib'], [])
    assert [(need.library, [(each.name, each.flags) for each in need.versions]) for need in found.version_needs] == [
        ('libc.so.6', [('GLIBC_2.2.5', 0), ('GLIBC_2.34', 0), ('GLIBC_2.38', 2)]), ('libm.so.6', [('GLIBC_2.29', 0)])]
    assert (found.dynamic, found.static, found.static_pie, found.packed, found.stack_executable) == (True, False, False, False, False)
    assert (found.truncated, found.malformed, found.limits, found.stripped) == (None, [], [], True)


def test_static_programs_static_pies_and_libraries_are_distinguished(reading):
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
def test_an_executable_stack_is_reported(reading, flags, said):
    assert reading(build(stack=flags))[1].stack_executable is said
    assert reading(build())[1].stack_executable is None


def test_relr_rpath_and_flags_are_read(reading):
    found = reading(build(relr=True, rpath='/a:/b', flags_1=0x800))[1]
    assert (found.has_relr, found.rpath, found.flags_1) == (True, ['/a', '/b'], 0x800)
    assert not reading(build(rpath='/a'))[1].has_relr


def test_a_program_without_a_symbol_table_is_stripped(reading):
    assert [reading(build(sections=sections, symtab=symtab))[1].stripped for sections, symtab in ((True, True), (True, False), (False, False))] == [
        False, True, None]


@pytest.mark.parametrize('sections', [True, False])
def test_a_program_packed_by_upx_is_recognised(reading, sections):
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


def test_the_first_of_two_interpreters_and_the_last_of_two_dynamic_tables_count(reading):
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


def test_the_remaining_part_of_a_truncated_file_is_read(reading):
    tiny = program()
    found = reading(tiny.content[:tiny.at['data']])[1]
    assert found.truncated == 'PT_LOAD 1 ends at byte %d, the file at %d' % (tiny.at['data'] + 9, tiny.at['data'])
    assert (found.interp, found.needed) == ('/lib64/ld-linux.so', ['libc.so.6', 'libm.so.6'])


def test_a_file_without_its_section_table_is_not_truncated(reading):
    tiny = program()
    found = reading(tiny.content[:tiny.at['sections'] + 10])[1]
    assert (found.truncated, found.stripped) == (None, None)


@pytest.mark.parametrize('name', sorted(MALFORMED))
def test_a_file_that_no_loader_accepts_is_malformed(reading, name):
    exc = refusal(reading, MALFORMED[name]())
    assert exc.code == 'malformed', exc.msg
    assert 'stands still' not in name or 'within this one' in exc.msg


@pytest.mark.parametrize('name', sorted(LIMITS))
def test_a_table_beyond_its_bound_is_a_parse_limit(reading, name):
    exc = refusal(reading, LIMITS[name]())
    assert exc.code == 'parse_limit', exc.msg


@pytest.mark.parametrize(('at', 'letters', 'value'), [(58, 'H', 0), (58, 'H', 1), (60, 'H', 0xfff0), (40, 'Q', 1 << 62)])
def test_an_invalid_section_table_gives_no_facts(reading, at, letters, value):
    assert reading(bent((('header', at), letters, [value]), data=b'x' * 5000000))[1].stripped is None


@pytest.mark.parametrize(('at', 'letters', 'value'), [
    (58, 'H', 0), (58, 'H', 1), (60, 'H', 0xfff0), (40, 'Q', 1 << 62), (40, 'Q', 3), (62, 'H', 0xffff), (62, 'H', 9)])
def test_a_wrong_section_table_changes_no_other_fact(reading, at, letters, value):
    # A size of 0 made pyelftools loop.
    whole = reading(program())[1]
    found = reading(bent((('header', at), letters, [value])))[1]
    assert found._replace(stripped=True) == whole


def test_overlapping_segments_leave_the_verdict_open(reading):
    found = reading(bent((('program.data', 16), 'Q', [tiny_elf.BASE + 0x100])))[1]
    assert len(found.limits) == 1
    assert 'overlap' in found.limits[0]


def test_partly_overlapping_segments_leave_the_verdict_open(reading):
    tiny = program(data=b'x' * 0x200)
    assert len(reading(tiny.put(('program.data', 16), 'Q', tiny.address_of('data') - 0x100))[1].limits) == 1


def test_where_segments_overlap_the_last_one_is_in_memory(reading):
    source = reading(program())[0]
    loads = [segments.Load(0, 0x1000, 100, 200, 5, 1), segments.Load(300, 0x1050, 10, 10, 6, 1)]
    image = elf_image.Image(source, elf_tables.LAYOUTS[64, '<'], 62, loads)
    assert [image.place(address, 'it') for address in (0x1000, 0x1050, 0x105a)] == [(0, 100, 100), (300, 10, 0), (90, 10, 100)]
    assert len(image.read(0x105a, 110, 'it')) == 110
    for action in (lambda: image.place(0x1000 + 200, 'it'), lambda: image.read(0x105a, 111, 'it'), lambda: image.table(0x105a, 11, 'it')):
        with pytest.raises(GofleetError) as caught:
            action()
        assert caught.value.code == 'malformed'


def test_the_zeros_after_the_bytes_of_a_segment_are_memory_too(reading):
    # The last name ends with the file's bytes; memory goes on.
    tiny = build(needed=['lib.so'], sections=False, data=b'libend.so')
    tiny.put(entry_of(tiny, 1), 'Q', tiny.at['data'] - tiny.at['strings']).put(('program.data', 40), 'Q', 100)
    assert reading(tiny)[1].needed == ['libend.so']
    tiny.put(('program.data', 40), 'Q', 9)
    assert refusal(reading, tiny).code == 'malformed'


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
