# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import struct

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._host import sysroot
from ansible_collections.gofleet.golang.plugins.module_utils._linking import closure
from support.elf import tiny as tiny_elf
from support.hosts.tiny_roots import GLIBC_236, GLIBC_LOADER, MUSL_LOADER, NEW_TEXT, gives, takes
from support.units.linking_answers import answer, findings

# ---- versions


def test_a_missing_version_is_reported_with_the_latest_one_of_the_host(root):
    root.glibc()
    root.program(needed=['libc.so.6'], needs=[('libc.so.6', ['GLIBC_2.2.5', 'GLIBC_2.28', 'GLIBC_2.34'])])
    assert findings(root) == [('version_missing', 'fatal', 'libc.so.6', 'GLIBC_2.34', 'GLIBC_2.17'),
                              ('version_missing', 'fatal', 'libc.so.6', 'GLIBC_2.28', 'GLIBC_2.17')]


def test_a_later_version_does_not_stand_for_a_missing_one(root):
    root.glibc(versions=['GLIBC_2.2.5', 'GLIBC_2.36'])
    root.program(needed=['libc.so.6'], needs=[('libc.so.6', ['GLIBC_2.14'])])
    assert [each[3] for each in findings(root)] == ['GLIBC_2.14']


def test_a_version_must_be_in_the_library_that_it_is_needed_of(root):
    root.glibc(GLIBC_236)
    root.library('/lib64/libm.so.6', definitions=['GLIBC_2.2.5'])
    root.program(needed=['libm.so.6', 'libc.so.6'], needs=[('libm.so.6', ['GLIBC_2.34'])])
    assert findings(root) == [('version_missing', 'fatal', 'libm.so.6', 'GLIBC_2.34', 'GLIBC_2.2.5')]


def test_a_missing_weak_version_is_only_information(root):
    root.glibc()
    root.program(needed=['libc.so.6'], needs=[('libc.so.6', [('GLIBC_2.34', tiny_elf.WEAK_VERSION)])])
    assert findings(root) == [('version_missing', 'info', 'libc.so.6', 'GLIBC_2.34', 'GLIBC_2.17')]


def test_a_weak_symbol_of_a_version_that_is_missing_stops_the_strict_loader_of_centos_7(root):
    weak = dict(needed=['libc.so.6'], needs=[('libc.so.6', [('GLIBC_2.38', tiny_elf.WEAK_VERSION)])],
                symbols=takes('strlcpy', version='GLIBC_2.38', library='libc.so.6', weak=True))
    root.program(**weak)
    root.glibc()
    assert [each[:2] for each in findings(root)] == [('version_missing', 'info')]
    root.glibc(text=(b' not defined in file \0 with link time reference',))
    assert ('symbol_missing', 'fatal', 'strlcpy', 'GLIBC_2.38', '/lib64/libc.so.6') in findings(root)


def test_a_strong_symbol_of_a_weak_version_that_is_missing_is_missing(root):
    root.glibc()
    root.program(needed=['libc.so.6'], needs=[('libc.so.6', [('GLIBC_2.34', tiny_elf.WEAK_VERSION)])],
                 symbols=takes('closefrom', version='GLIBC_2.34', library='libc.so.6'))
    assert ('symbol_missing', 'fatal', 'closefrom', 'GLIBC_2.34', '/lib64/libc.so.6') in findings(root)


def test_a_library_without_versions_satisfies_each_version(root):
    root.glibc()
    root.library('/lib64/libx.so.1', needs=[('libc.so.6', ['GLIBC_2.2.5'])], needed=['libc.so.6'], symbols=gives('x'))
    root.program(needed=['libx.so.1'], needs=[('libx.so.1', ['X_1.0'])], symbols=takes('x', version='X_1.0', library='libx.so.1'))
    assert findings(root) == []


def test_a_needed_version_with_a_wrong_hash_is_missing(root):
    root.glibc()
    tiny = tiny_elf.build(interp=GLIBC_LOADER, needed=['libc.so.6'], needs=[('libc.so.6', ['GLIBC_2.17'])])
    tiny.put('need.0.0', 'I', 12345)
    root.put('/usr/bin/program', bytes(tiny.content))
    assert [each[3] for each in findings(root)] == ['GLIBC_2.17']


def test_a_version_of_a_library_that_is_not_needed_stops_the_loader(root):
    root.glibc()
    root.program(needed=['libc.so.6'], needs=[('libx.so.1', ['X_1.0'])])
    assert findings(root) == [('version_missing', 'fatal', 'libx.so.1', 'X_1.0', None)]


def test_versions_that_a_library_needs_are_checked_too(root):
    root.glibc()
    root.library('/lib64/libx.so.1', needed=['libc.so.6'], needs=[('libc.so.6', ['GLIBC_2.34'])])
    root.program(needed=['libx.so.1'])
    assert answer(root)['findings'][0]['by'] == '/lib64/libx.so.1'


# ---- symbols


def test_a_symbol_that_a_library_of_no_closed_versions_lacks_is_missing_though_its_version_is_there(root):
    root.glibc()
    root.library('/lib64/libx.so.1', definitions=['X_1.0'], symbols=gives('old', version='X_1.0'))
    root.program(needed=['libx.so.1'], needs=[('libx.so.1', ['X_1.0'])],
                 symbols=takes('old', 'new', version='X_1.0', library='libx.so.1'))
    assert findings(root) == [('symbol_missing', 'fatal', 'new', 'X_1.0', '/lib64/libx.so.1')]


def test_a_version_that_is_not_of_glibc_does_not_prove_symbols_of_a_library_of_that_name(root):
    root.glibc()
    root.library('/lib64/libm.so.6', definitions=['FAST_1.0'])
    root.program(needed=['libm.so.6'], needs=[('libm.so.6', ['FAST_1.0'])], symbols=takes('sin', version='FAST_1.0', library='libm.so.6'))
    assert findings(root) == [('symbol_missing', 'fatal', 'sin', 'FAST_1.0', '/lib64/libm.so.6')]


def test_a_symbol_without_a_version_may_come_from_any_library(root):
    root.glibc()
    root.library('/lib64/libx.so.1', needed=['liby.so.1'])
    root.library('/lib64/liby.so.1', symbols=gives('deep'))
    root.program(needed=['libx.so.1'], symbols=takes('deep'))
    assert findings(root) == []


def test_a_missing_weak_symbol_is_no_finding(root):
    root.glibc()
    root.program(needed=['libc.so.6'], symbols=takes('__gmon_start__', weak=True))
    assert findings(root) == []


def test_a_symbol_that_a_library_needs_may_be_in_the_program(root):
    root.glibc()
    root.library('/lib64/libx.so.1', symbols=takes('callback', 'nowhere'))
    root.program(needed=['libx.so.1'], symbols=gives('callback'))
    assert [each[2] for each in findings(root)] == ['nowhere']


@pytest.mark.parametrize('relocated', [{'relocations': [1]}, {}])
def test_a_missing_symbol_that_is_bound_at_the_start_is_fatal(root, relocated):
    root.glibc()
    root.program(needed=['libc.so.6'], symbols=takes('nowhere'), **relocated)
    assert findings(root) == [('symbol_missing', 'fatal', 'nowhere', None, None)]


def called_only(root, **given):
    """A program whose relocation of its symbol is one of the PLT."""
    tiny = tiny_elf.build(interp=GLIBC_LOADER, needed=['libc.so.6'], symbols=takes('nowhere'), relocations=[1], **given)
    entries = [(tag, tiny.at['dynamic'] + at) for at in range(0, 400, 16) for tag in tiny.get(('dynamic', at), 'Q')]
    for tag, at in entries[:[tag for tag, dummy in entries].index(0)]:
        if tag in (7, 8, 9):
            tiny.content[at:at + 8] = struct.pack('<Q', {7: 23, 8: 2, 9: 20}[tag])
        if tag == 9:
            tiny.content[at + 8:at + 16] = struct.pack('<Q', 7)
    root.put('/usr/bin/program', bytes(tiny.content))


@pytest.mark.parametrize(('flags_1', 'level'), [(0, 'warn'), (1, 'fatal')])
def test_a_missing_function_that_is_bound_lazily_leaves_the_verdict_open_on_glibc(root, flags_1, level):
    root.glibc()
    called_only(root, flags_1=flags_1)
    assert findings(root) == [('symbol_missing', level, 'nowhere', None, None)]


@pytest.mark.parametrize(('text', 'expected'), [
    ((b'version->filename == NULL || ! _dl_name_match_p',), [('version_missing', 'fatal', 'libx.so.1', 'X_1.0', None)]), ((b'later',), [])])
def test_a_glibc_that_asserts_it_aborts_at_a_versioned_symbol_of_a_library_without_versions(root, text, expected):
    root.glibc(text=text)
    root.library('/lib64/libx.so.1', symbols=gives('x'))
    root.program(needed=['libx.so.1'], needs=[('libx.so.1', ['X_1.0'])], symbols=takes('x', version='X_1.0', library='libx.so.1'))
    assert findings(root) == expected


def test_symbols_of_a_missing_library_are_not_reported_too(root):
    root.glibc()
    root.program(needed=['libx.so.1'], symbols=takes('x', 'y'))
    assert [each[0] for each in findings(root)] == ['library_missing']


def test_private_symbols_give_a_warning(root):
    root.glibc(symbols=gives('_dl_secret', version='GLIBC_PRIVATE'))
    root.program(needed=['libc.so.6'], needs=[('libc.so.6', ['GLIBC_PRIVATE'])],
                 symbols=takes('_dl_secret', version='GLIBC_PRIVATE', library='libc.so.6'))
    assert findings(root) == [('private_symbols', 'warn', 'libc.so.6', 'GLIBC_PRIVATE', None)]


def test_private_symbols_that_the_library_lacks_are_missing(root):
    root.glibc()
    root.program(needed=['libc.so.6'], needs=[('libc.so.6', ['GLIBC_PRIVATE'])],
                 symbols=takes('_dl_secret', version='GLIBC_PRIVATE', library='libc.so.6'))
    assert ('symbol_missing', 'fatal', '_dl_secret', 'GLIBC_PRIVATE', '/lib64/libc.so.6') in findings(root)


def test_musl_binds_all_symbols_at_the_start(root):
    root.musl(loader=GLIBC_LOADER)
    called_only(root)
    assert findings(root) == [('symbol_missing', 'fatal', 'nowhere', None, None)]


# ---- RELR, levels, pages, mounts


MARKED = [('libc.so.6', ['GLIBC_2.2.5', 'GLIBC_ABI_DT_RELR'])]

UNMARKED = [('libc.so.6', ['GLIBC_2.2.5'])]


@pytest.mark.parametrize(('glibc', 'needs', 'expected'), [
    ((GLIBC_236, NEW_TEXT), MARKED, []),
    ((GLIBC_236, NEW_TEXT), UNMARKED, ['relr_unsupported']),
    ((GLIBC_236, NEW_TEXT), [], []),
    ((), MARKED, ['version_missing', 'relr_unsupported']),
    ((), UNMARKED, ['relr_unsupported']),
])
def test_packed_relocations_need_support_in_glibc_and_the_marker_version(root, glibc, needs, expected):
    root.glibc(*glibc)
    root.program(needed=['libc.so.6'], needs=needs, relr=True)
    assert [code for code, dummy, dummy, dummy, dummy in findings(root)] == expected


@pytest.mark.parametrize(('version', 'expected'), [('1.2.3', ['relr_unsupported']), ('1.2.4', []), ('1.2.10', []), ('1.3.0', [])])
def test_packed_relocations_need_musl_124(root, version, expected):
    root.musl(version)
    root.program(interp=MUSL_LOADER, relr=True)
    assert [code for code, dummy, dummy, dummy, dummy in findings(root)] == expected


def isa(level):
    return b'GNU', 5, struct.pack('<4I', 0xc0008002, 4, 1 << level - 1, 0)


def test_an_unknown_bit_of_the_needed_level_is_unmet_on_each_processor(root):
    root.glibc(GLIBC_236, NEW_TEXT)
    root.library('/lib64/libx.so.1', notes=[(b'GNU', 5, struct.pack('<4I', 0xc0008002, 4, 0x8000, 0))], note_align=8)
    root.program(needed=['libx.so.1'])
    assert [each[:2] for each in findings(root, level='v4')] == [('cpu_level', 'fatal')]


@pytest.mark.parametrize(('level', 'expected'), [('v3', []), ('v2', [('cpu_level', 'fatal', 'v3', 'v2')]), (None, [('cpu_level', 'doubt', 'v3', None)])])
def test_a_library_for_a_higher_level_than_the_processor_has_is_refused(root, level, expected):
    root.glibc(GLIBC_236, NEW_TEXT)
    root.library('/lib64/libx.so.1', notes=[isa(3)], note_align=8)
    root.program(needed=['libx.so.1'])
    assert [(code, kind, need, have) for code, kind, dummy, need, have in findings(root, level=level)] == expected


def test_a_library_whose_segments_do_not_fit_the_page_size_is_refused(root):
    root.glibc()
    tiny = tiny_elf.build(soname='libx.so.1')
    tiny.put(('program.data', 16), 'Q', tiny_elf.BASE + 0x11000 + tiny.at['data'])
    root.put('/lib64/libx.so.1', bytes(tiny.content))
    root.program(needed=['libx.so.1'])
    assert [each[0] for each in findings(root)] == []
    assert [each[0] for each in findings(root, page_size=65536)] == ['page_size']


def test_mount_options_below_a_sysroot_do_not_count(root, monkeypatch):
    root.glibc()
    root.program(needed=['libc.so.6'])
    monkeypatch.setattr(sysroot, 'is_noexec', lambda path: True)
    assert (answer(root)['state'], findings(root)) == ('ok', [])


# ---- bounds


def test_too_many_libraries_leave_the_verdict_open(root, monkeypatch):
    monkeypatch.setattr(closure, 'LARGEST_CLOSURE', 5)
    root.glibc()
    names = ['lib%d.so.1' % number for number in range(8)]
    for name in names:
        root.library('/lib64/' + name)
    root.program(needed=names)
    assert ('parse_limit', 'doubt') in [each[:2] for each in findings(root)]
