# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import struct

import pytest

from support.elf.hostile import LAYOUTS, program
from support.elf.tiny import build


@pytest.mark.parametrize('layout', LAYOUTS)
def test_notes_are_read(reading, layout):
    order = layout[1]
    tag = struct.pack(order + 'IIII', 0, 3, 2, 0)
    notes = [(b'Unknown', 9, b'abc'), (b'GNU', 1, tag), (b'GNU', 3, b'\x01\xfe'), (b'Go', 4, b'id/of/go')]
    found = reading(program(layout, notes=notes))[1]
    assert (found.kernel_tag, found.build_id, found.go_build_id, found.foreign_os, found.isa_needed) == ((3, 2, 0), '01fe', 'id/of/go', None, None)


def test_the_build_id_of_gos_linker_is_read_from_its_section(reading):
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
def test_a_program_for_another_system_is_recognised_by_its_notes(reading, note, system):
    found = reading(build(notes=[note]))[1]
    assert (found.foreign_os, found.kernel_tag) == (system, None)


def test_a_note_that_is_too_long_is_a_limit_and_one_past_the_end_is_skipped(reading):
    notes = [(b'GNU', 3, b'\1')]
    long_one = build(notes=notes, data=b'x' * 70000).put('program.note', 'I', 4)
    long_one.put(('program.note', 32), 'QQ', 70000, 70000)
    assert len(reading(long_one)[1].limits) == 1
    past = build(notes=notes)
    past.put(('program.note', 32), 'QQ', 1 << 40, 1 << 40)
    assert (reading(past)[1].build_id, reading(past)[1].limits) == (None, [])


@pytest.mark.parametrize(('at', 'value'), [(0, 0xffffffff), (4, 0xffffffff), (4, 0xfffffff0), (0, 0x7fffffff)])
def test_a_wrong_size_within_a_note_ends_the_note(reading, at, value):
    assert reading(build(notes=[(b'GNU', 3, b'\1')]).put(('note', at), 'I', value))[1].build_id is None
