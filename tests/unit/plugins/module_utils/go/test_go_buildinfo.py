# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json
import struct

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._elf import file as elf
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._go import buildinfo as gobuild
from support.elf import tiny as tiny_elf
from support.elf.tiny import GO_MAGIC, build, go_inline, go_modules, go_pointers, varint

LINES = [
    'path\texample.com/tool/cmd/tool', 'mod\texample.com/tool\tv1.2.3\t', 'dep\tgolang.org/x/net\tv0.1.0\th1:x=', 'build\t-buildmode=pie',
    'build\t-trimpath=true', 'build\tCGO_ENABLED=1', 'build\tGOAMD64=v3', 'build\t-ldflags="-s -w -X main.a=\\"b\\""', 'build\t`odd key`=`a b`',
    'build\tvcs.revision=0123abcd', 'build\tvcs.modified=false', 'build\tempty=',
]
SETTINGS = {
    '-buildmode': 'pie', '-trimpath': 'true', 'CGO_ENABLED': '1', 'GOAMD64': 'v3', '-ldflags': '-s -w -X main.a="b"', 'odd key': 'a b',
    'vcs.revision': '0123abcd', 'vcs.modified': 'false', 'empty': '',
}
BUILT = gobuild.Build('go1.26.6', 'example.com/tool/cmd/tool', 'example.com/tool@v1.2.3', SETTINGS, True, '0123abcd', True, 'section', None)
OLD = gobuild.Build('go1.15.15', 'example.com/tool', 'example.com/tool@(devel)', {}, None, None, None, 'section', None)
# What runtime/asm_amd64.s holds.
LEVEL_TEXT = b'This program can only be run on AMD64 processors with %s microarchitecture support.\n'


def program(data, **given):
    return build(data=data, **dict(dict(kind=tiny_elf.EXEC), **given))


@pytest.fixture(name='build_of')
def built(tmpdir):
    def read(tiny):
        path = tiny.write(tmpdir.join('program'))
        with elf.open_file(path) as source:
            return gobuild.read(source, elf.read(source))
    return read


def inline(*lines):
    return go_inline(b'go1.26.6', go_modules(*lines))


# ---- both forms


def test_what_a_program_was_built_with_is_read(build_of):
    found = build_of(program(inline(*LINES)))
    assert found == BUILT
    assert json.loads(json.dumps(gobuild.as_facts(found))) == dict(BUILT._asdict())
    assert gobuild.as_facts(None) is None


@pytest.mark.parametrize(('machine', 'bits', 'order'), tiny_elf.KINDS)
def test_the_inline_form_is_one_for_all_machines(build_of, machine, bits, order):
    assert build_of(program(inline(*LINES), machine=machine, bits=bits, order=order)) == BUILT


@pytest.mark.parametrize(('machine', 'bits', 'order'), tiny_elf.KINDS)
def test_the_form_with_pointers_is_read_in_each_word_size_and_byte_order(build_of, machine, bits, order):
    data = go_pointers(b'go1.15.15', go_modules('path\texample.com/tool', 'mod\texample.com/tool\t(devel)'), bits, order)
    assert build_of(program(data, machine=machine, bits=bits, order=order)) == OLD


def test_without_modules_only_the_version_is_known(build_of):
    assert build_of(program(go_inline(b'go1.26.6', b'')))[:5] == ('go1.26.6', None, None, {}, None)
    assert build_of(program(go_pointers(b'go1.12', b'')))[:5] == ('go1.12', None, None, {}, None)


@pytest.mark.parametrize('modules', [b'path\tx\n', b'0123456789abcdef' + b'path\tx' + b'0123456789abcdef', b'x' * 32])
def test_module_text_without_its_marks_is_ignored(build_of, modules):
    assert build_of(program(go_inline(b'go1.26.6', modules))).path is None


@pytest.mark.parametrize('enabled', ['0', '1'])
def test_cgo_is_read_from_the_settings(build_of, enabled):
    assert build_of(program(inline('build\tCGO_ENABLED=' + enabled))).cgo is (enabled == '1')


def test_settings_without_trimpath_mean_that_it_was_off(build_of):
    found = build_of(program(inline('build\tGOARCH=amd64', 'build\tGOAMD64=v1')))
    assert (found.trimpath, found.cgo, found.vcs_revision) == (False, None, None)


# ---- where it is


@pytest.mark.parametrize('before', [0, 16, 4096 - 16, (1 << 20) - 16, (1 << 20) - 32, 3000000])
def test_without_sections_build_info_is_found_in_the_data(build_of, before):
    before -= before % 16
    found = build_of(program(b'x' * before + inline(*LINES), sections=False))
    assert found == BUILT._replace(source='segment')


def test_a_magic_that_is_not_aligned_is_another_text(build_of):
    data = b'\0' * 8 + GO_MAGIC + b'\0' * 26 + inline(*LINES)
    assert len(data) % 16 == len(inline(*LINES)) % 16
    assert build_of(program(data, sections=False)) == BUILT._replace(source='segment')


def test_a_magic_across_the_pieces_of_the_search_is_found(build_of):
    tiny = program(b'x' * (1 << 20) + inline(*LINES), sections=False)
    offset, address = tiny.get(('program.data', 8), 'QQ')
    # The pieces begin with the segment.
    assert build_of(tiny.put(('program.data', 8), 'QQ', offset + 8, address + 8)) == BUILT._replace(source='segment')


def test_a_section_with_a_magic_that_is_not_aligned_is_another_text(build_of):
    tiny = program(b'\0' * 8 + go_inline(b'go1.0', b'').ljust(56, b'\0') + inline(*LINES))
    assert build_of(tiny.put(('sections', 64 + 16), 'Q', tiny.address_of('data') + 8)) == BUILT._replace(source='segment')


def test_a_section_table_with_a_wrong_address_is_ignored(build_of):
    tiny = program(b'\0' * 64 + inline(*LINES))
    # The section begins with the segment, 64 bytes early.
    assert build_of(tiny) == BUILT._replace(source='segment')
    tiny.put(('sections', 64 + 16), 'Q', 0xfffffffffffffff0)
    assert build_of(tiny) == BUILT._replace(source='segment')


def test_a_program_that_go_did_not_build_has_no_build_info(build_of, tmpdir):
    assert build_of(program(b'x' * 100000)) is None
    assert build_of(program(b'')) is None
    assert build_of(build(kind=1)) is None
    with elf.open_file(str(tmpdir.join('script').write(b'#!/bin/sh\n') or tmpdir.join('script'))) as source:
        assert gobuild.read(source, elf.read(source)) is None


# ---- hostile bytes


def pointers(version, modules):
    return lambda address: (GO_MAGIC + b'\x08\0').ljust(16, b'\0') + struct.pack('<QQ', version(address), modules(address)) + struct.pack('<QQ', 8, 4)


def claimed(length, tail=b''):
    return (GO_MAGIC + b'\x08\x02').ljust(32, b'\0') + varint(length) + tail


MALFORMED = {
    'a version past its segment': claimed(4000),
    'a length without an end': (GO_MAGIC + b'\x08\x02').ljust(32, b'\0') + b'\xff' * 20 + b'\0' * 100,
    'a length past its segment': (GO_MAGIC + b'\x08\x02').ljust(32, b'\0') + b'\xff',
    'modules past their segment': claimed(2, b'go') + varint(100000),
    'a pointer of five bytes': (GO_MAGIC + b'\x05\0').ljust(64, b'\0'),
    'a pointer out of all segments': pointers(lambda address: 8, lambda address: 0),
    'a pointer to a pointer out of all segments': pointers(lambda address: address + 32, lambda address: 0),
    'a header at the end': GO_MAGIC + b'\x08\x02',
}
LIMITS = {
    'a version that is too long': claimed(5000, b'x' * 5000),
    'modules by the billion': claimed(2, b'go') + varint(1 << 62),
}


@pytest.mark.parametrize('name', sorted(MALFORMED))
def test_build_info_that_leads_out_of_the_program_is_malformed(build_of, name):
    with pytest.raises(GofleetError) as caught:
        build_of(program(MALFORMED[name]))
    assert caught.value.code == 'malformed'
    json.dumps(caught.value.as_result())


@pytest.mark.parametrize('name', sorted(LIMITS))
def test_build_info_that_goes_on_for_too_long_is_beyond_this_reader(build_of, name):
    with pytest.raises(GofleetError) as caught:
        build_of(program(LIMITS[name]))
    assert caught.value.code == 'parse_limit'


def test_an_empty_version_is_no_build_info(build_of):
    assert build_of(program(claimed(0, b'\0'))) is None


def test_data_by_the_gigabyte_is_not_searched_whole(tmpdir):
    tiny = program(b'x', sections=False)
    tiny.put(('program.data', 32), 'QQ', 1 << 31, 1 << 31)
    path = tiny.write(tmpdir.join('program'))
    with open(path, 'r+b') as target:
        # Sparse: it takes no room.
        target.truncate((1 << 31) + 0x2000)
    with elf.open_file(path) as source:
        with pytest.raises(GofleetError) as caught:
            gobuild.read(source, elf.read(source))
        assert source.bytes_read < 40 << 20
    assert caught.value.code == 'parse_limit'


# ---- the processor level that the start-up code checks


# Further than the reader looks for the start of runtime.rt0_go.
FAR = 300


def startup(level, jumps, main=b''):
    """Code like that of Go's runtime, with its text behind it, and with what C has in front of it."""
    code = bytearray(main)
    for jump in jumps:
        code += jump + b'\xe9' + struct.pack('<i', FAR) + b'\xcc' * FAR
    rt0 = b'\x48\x89\xf8' + b'\x90' * 60 + b'\x0f\xa2\x81\xfbGenu' + b'\x48\x8d\x0d' + struct.pack('<i', -20) + b'\x90' * 200
    text = b''
    if level:
        text = LEVEL_TEXT.replace(b'%s', level)
        rt0 += b'\x48\x8d\x05' + struct.pack('<i', 2000 - len(rt0) - 7)
    return bytes(code) + rt0.ljust(2000, b'\xcc') + text


STARTS = {
    'the entry': (b'', [b'', b'\x48\x8b\x3c\x24\x48\x8d\x74\x24\x08']),
    'main, by its distance': (b'\x31\xed\x48\x8d\x3d' + struct.pack('<i', 6) + b'\xff\x15\0\0\0\0', [b'']),
    'main, by its address': (b'\x31\xed\x48\xc7\xc7%s\xff\x15\0\0\0\0', [b'']),
    'main, with a landing pad': (b'\x31\xed\x48\x8d\x3d' + struct.pack('<i', 6) + b'\xff\x15\0\0\0\0', [b'\xf3\x0f\x1e\xfa']),
}


def started(level, how='the entry', lines=('build\tGOARCH=amd64',), **given):
    main, jumps = STARTS[how]

    def data(address):
        head = inline(*lines)
        head += b'\0' * (-len(head) % 16 + 16 * FAR)
        entry = address + len(head)
        return head + startup(level, jumps, main.replace(b'%s', struct.pack('<i', entry + 15)))

    tiny = program(data, **given)
    head = inline(*lines)
    return tiny.put(('header', 24), 'Q', tiny.address_of('data') + len(head) + -len(head) % 16 + 16 * FAR)


@pytest.mark.parametrize('how', sorted(STARTS))
@pytest.mark.parametrize(('level', 'said'), [(b'v2', 'v2'), (b'v3', 'v3'), (b'v4', 'v4'), (b'', 'v1')])
def test_without_a_setting_the_level_is_read_from_the_start_up_code(build_of, how, level, said):
    assert build_of(started(level, how)).cpu_level_text == said


def test_with_a_setting_the_start_up_code_is_not_read(build_of):
    assert build_of(started(b'v3', lines=['build\tGOAMD64=v2'])).cpu_level_text is None


def test_other_machines_and_old_gos_have_no_level(build_of):
    assert build_of(started(b'v3', machine=tiny_elf.ARM64)).cpu_level_text is None
    assert build_of(program(go_pointers(b'go1.15', b''))).cpu_level_text is None


def test_a_start_that_is_not_gos_leaves_the_level_unknown(build_of):
    tiny = started(b'v3')
    assert build_of(tiny.put(('header', 24), 'Q', 5)).cpu_level_text == 'unknown'
    assert build_of(tiny.put(('header', 24), 'Q', tiny.address_of('data'))).cpu_level_text == 'unknown'


def test_code_that_is_cut_off_proves_no_level(build_of):
    tiny = started(b'')
    size = tiny.get(('header', 24), 'Q')[0] - tiny.address_of('data') + 2 * FAR + 700
    assert build_of(tiny.put(('program.data', 32), 'QQ', size, size)).cpu_level_text == 'unknown'


def test_jumps_in_a_circle_end(build_of):
    tiny = started(b'v3')
    at = tiny.get(('header', 24), 'Q')[0] - tiny_elf.BASE
    tiny.content[at:at + 5] = b'\xe9' + struct.pack('<i', -5)
    assert build_of(tiny).cpu_level_text == 'unknown'


@pytest.mark.parametrize(('rest', 'said'), [
    (LEVEL_TEXT.replace(b'%s', b'v4'), 'v4'), (b'nothing', 'v1'), (b'x' * 600000 + LEVEL_TEXT.replace(b'%s', b'v2') + b'x' * 500000, 'v2'),
    (LEVEL_TEXT.replace(b'%s', b'v3') + b'x' * 600000, 'unknown'),
])
def test_if_the_code_does_not_lead_to_the_text_a_part_of_the_data_is_searched(build_of, rest, said):
    assert build_of(program(inline('build\tGOARCH=amd64') + rest, rodata=True, entry=5)).cpu_level_text == said
