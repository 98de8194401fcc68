# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

import pytest

from support.elf import tiny as tiny_elf
from support.hosts.tiny_roots import GLIBC_236, MUSL_LOADER, NEW_TEXT, kernel_tag, ld_cache
from support.units.linking_answers import answer, findings, found_at

NODEFLIB = 0x800


def test_a_missing_library_is_reported_with_the_folders_that_were_searched(root):
    root.glibc()
    root.program(needed=['libx.so.1'])
    finding = answer(root)['findings'][0]
    assert (finding['code'], finding['level'], finding['subject'], finding['looked']) == ('library_missing', 'fatal', 'libx.so.1', ['/lib64', '/usr/lib64'])


def test_the_needs_of_libraries_are_searched_for_too(root):
    root.glibc()
    root.library('/lib64/libx.so.1', needed=['liby.so.1'])
    root.program(needed=['libx.so.1'])
    finding = answer(root)['findings'][0]
    assert (finding['subject'], finding['by']) == ('liby.so.1', '/lib64/libx.so.1')


def test_libraries_that_need_each_other_are_loaded_once(root):
    root.glibc()
    root.library('/lib64/libx.so.1', needed=['liby.so.1'])
    root.library('/lib64/liby.so.1', needed=['libx.so.1'])
    root.program(needed=['libx.so.1'])
    assert findings(root) == []


def test_the_folders_compiled_into_the_loader_are_searched_and_no_others(root):
    root.glibc(folders=('/lib/x86_64-linux-gnu/', '/usr/lib/x86_64-linux-gnu/'))
    root.library('/lib64/libx.so.1')
    root.library('/usr/lib/x86_64-linux-gnu/liby.so.1')
    root.program(needed=['libx.so.1', 'liby.so.1'])
    assert found_at(root, 'libx.so.1') is None
    assert found_at(root, 'liby.so.1') == '/usr/lib/x86_64-linux-gnu/liby.so.1'


def test_the_cache_comes_before_the_systems_folders(root):
    root.glibc()
    root.library('/lib64/libx.so.1')
    root.library('/opt/x/libx.so.1')
    root.put('/etc/ld.so.cache', ld_cache([('libx.so.1', '/opt/x/libx.so.1', None)]))
    root.program(needed=['libx.so.1'])
    assert found_at(root) == '/opt/x/libx.so.1'


def test_a_cache_entry_without_a_file_is_skipped(root):
    root.glibc()
    root.library('/lib64/libx.so.1')
    root.put('/etc/ld.so.cache', ld_cache([('libx.so.1', '/opt/x/libx.so.1', None)]))
    root.program(needed=['libx.so.1'])
    assert found_at(root) == '/lib64/libx.so.1'


def test_a_cache_entry_for_another_architecture_is_skipped(root):
    root.glibc()
    root.library('/opt/x/libx.so.1')
    root.put('/etc/ld.so.cache', ld_cache([('libx.so.1', '/opt/x/libx.so.1', None)], flags=0x003))
    root.program(needed=['libx.so.1'])
    assert found_at(root) is None


def test_with_nodeflib_neither_default_folders_nor_their_entries_in_the_cache_count(root):
    root.glibc()
    root.library('/lib64/libx.so.1')
    root.library('/opt/liby.so.1')
    root.put('/etc/ld.so.cache', ld_cache([('libx.so.1', '/lib64/libx.so.1', None), ('liby.so.1', '/opt/liby.so.1', None)]))
    root.program(needed=['libx.so.1', 'liby.so.1'], flags_1=NODEFLIB)
    assert (found_at(root, 'libx.so.1'), found_at(root, 'liby.so.1')) == (None, '/opt/liby.so.1')


@pytest.mark.parametrize(('level', 'expected'), [
    ('v4', '/lib64/glibc-hwcaps/x86-64-v3/libx.so.1'), ('v3', '/lib64/glibc-hwcaps/x86-64-v3/libx.so.1'),
    ('v2', '/lib64/glibc-hwcaps/x86-64-v2/libx.so.1'), ('v1', '/lib64/libx.so.1'), (None, '/lib64/libx.so.1')])
@pytest.mark.parametrize('cached', [False, True])
def test_the_library_for_the_highest_level_that_the_processor_has_is_taken(root, level, expected, cached):
    root.glibc(GLIBC_236, NEW_TEXT)
    entries = []
    for folder in ('x86-64-v3', 'x86-64-v2', None):
        path = '/lib64/%slibx.so.1' % ('glibc-hwcaps/%s/' % folder if folder else '')
        root.library(path)
        entries.append(('libx.so.1', path, folder))
    if cached:
        root.put('/etc/ld.so.cache', ld_cache(entries, ('x86-64-v2', 'x86-64-v3')))
    root.program(needed=['libx.so.1'])
    assert found_at(root, level=level) == expected


def test_a_glibc_before_233_searches_no_folders_for_levels(root):
    root.glibc()
    root.library('/lib64/libx.so.1')
    root.library('/lib64/glibc-hwcaps/x86-64-v2/libx.so.1')
    root.put('/etc/ld.so.cache', ld_cache([('libx.so.1', '/lib64/glibc-hwcaps/x86-64-v2/libx.so.1', 'x86-64-v2'),
                                           ('libx.so.1', '/lib64/libx.so.1', None)], ('x86-64-v2',)))
    root.program(needed=['libx.so.1'])
    assert found_at(root) == '/lib64/libx.so.1'


def test_a_library_that_is_only_in_an_old_hwcaps_folder_leaves_the_verdict_open(root):
    root.glibc()
    root.library('/lib64/tls/libx.so.1')
    root.program(needed=['libx.so.1'])
    assert findings(root) == [('library_missing', 'doubt', 'libx.so.1', None, None)]


def test_a_damaged_cache_leaves_a_missing_library_open(root):
    root.glibc()
    root.put('/etc/ld.so.cache', b'glibc-ld.so.cache1.1' + b'\xff' * 60)
    root.program(needed=['libc.so.6', 'libx.so.1'])
    assert ('library_missing', 'doubt', 'libx.so.1', None, None) in findings(root)


def test_rpath_comes_before_the_cache(root):
    root.glibc()
    root.library('/lib64/libx.so.1')
    root.library('/opt/own/libx.so.1')
    root.program(needed=['libx.so.1'], rpath='/opt/none:/opt/own')
    assert found_at(root) == '/opt/own/libx.so.1'


@pytest.mark.parametrize(('kind', 'missing'), [('rpath', []), ('runpath', ['liby.so.1'])])
def test_rpath_counts_for_the_needs_of_libraries_and_runpath_does_not(root, kind, missing):
    root.glibc()
    root.library('/opt/own/libx.so.1', needed=['liby.so.1'])
    root.library('/opt/own/liby.so.1')
    root.program(needed=['libx.so.1'], **{kind: '/opt/own'})
    assert [subject for dummy, dummy, subject, dummy, dummy in findings(root)] == missing


def test_a_library_with_a_runpath_ignores_the_rpath_of_the_program(root):
    root.glibc()
    root.library('/opt/own/libx.so.1', needed=['liby.so.1'], runpath='/opt/else')
    root.library('/opt/own/liby.so.1')
    root.program(needed=['libx.so.1'], rpath='/opt/own')
    assert [subject for dummy, dummy, subject, dummy, dummy in findings(root)] == ['liby.so.1']


def test_a_rpath_beside_a_runpath_is_ignored(root):
    root.glibc()
    root.library('/opt/old/libx.so.1')
    root.program(needed=['libx.so.1'], rpath='/opt/old', runpath='/opt/new')
    assert found_at(root) is None


def test_a_rpath_beside_a_runpath_is_ignored_for_the_needs_of_libraries_too(root):
    root.glibc()
    root.library('/opt/new/libx.so.1', needed=['liby.so.1'])
    root.library('/opt/old/liby.so.1')
    root.program(needed=['libx.so.1'], rpath='/opt/old', runpath='/opt/new')
    assert [subject for dummy, dummy, subject, dummy, dummy in findings(root)] == ['liby.so.1']


@pytest.mark.parametrize('folder', ['$ORIGIN/../lib', '${ORIGIN}/../lib', '/opt/app/$LIB', '/opt/app/${LIB}/'])
def test_origin_and_lib_are_expanded(root, folder):
    root.glibc(folders=('/lib/x86_64-linux-gnu/', '/usr/lib/x86_64-linux-gnu/'))
    root.library('/opt/app/lib/libx.so.1')
    root.library('/opt/app/lib/x86_64-linux-gnu/libx.so.1')
    root.program('/opt/app/bin/program', needed=['libx.so.1'], runpath=folder)
    assert found_at(root, program='/opt/app/bin/program').startswith('/opt/app/')


def test_a_longer_name_that_begins_with_origin_is_not_expanded(root):
    root.glibc()
    root.library('/opt/app/bin/libx.so.1')
    root.program('/opt/app/bin/program', needed=['libx.so.1'], runpath='$ORIGINAL')
    assert findings(root, program='/opt/app/bin/program')[0][:2] == ('library_missing', 'doubt')


def test_origin_of_a_library_is_its_own_folder(root):
    root.glibc()
    root.library('/opt/app/lib/libx.so.1', needed=['liby.so.1'], runpath='$ORIGIN/deep')
    root.library('/opt/app/lib/deep/liby.so.1')
    root.program(needed=['libx.so.1'], runpath='/opt/app/lib')
    assert findings(root) == []


@pytest.mark.parametrize('entry', ['', 'lib', './lib'])
def test_a_folder_relative_to_the_working_directory_leaves_the_verdict_open(root, entry):
    root.glibc()
    root.program(needed=['libx.so.1'], runpath='/opt:' + entry)
    assert findings(root) == [('library_missing', 'doubt', 'libx.so.1', None, None)]


def test_a_library_that_is_named_by_a_path_is_searched_for_at_that_path_only(root):
    root.glibc()
    root.library('/opt/libx.so.1')
    root.library('/lib64/liby.so.1')
    root.program(needed=['/opt/libx.so.1', '/opt/liby.so.1'])
    assert [subject for dummy, dummy, subject, dummy, dummy in findings(root)] == ['/opt/liby.so.1']


@pytest.mark.parametrize('other', [{'machine': tiny_elf.I386, 'bits': 32}, {'machine': tiny_elf.ARM64}])
def test_glibc_skips_a_library_for_another_architecture(root, other):
    root.glibc()
    root.library('/opt/own/libx.so.1', **other)
    root.library('/lib64/libx.so.1')
    root.program(needed=['libx.so.1'], rpath='/opt/own')
    assert found_at(root) == '/lib64/libx.so.1'


def test_a_library_that_exists_for_another_architecture_only_is_reported_so(root):
    root.glibc()
    root.library('/lib64/libx.so.1', machine=tiny_elf.I386, bits=32)
    root.program(needed=['libx.so.1'])
    assert findings(root) == [('library_wrong_class', 'fatal', 'libx.so.1', 'amd64, 64 bit', '/lib64/libx.so.1')]


@pytest.mark.parametrize(('byte', 'value', 'code'), [
    (4, 1, 'library_wrong_class'), (5, 2, 'library_missing'), (6, 2, 'library_missing'), (7, 9, 'library_missing'), (8, 1, 'library_missing'),
    (15, 1, 'library_missing'), (20, 2, 'library_missing'), (7, 3, None)])
def test_glibc_checks_the_whole_header_of_a_library_and_musl_does_not(root, byte, value, code):
    content = tiny_elf.build(soname='libx.so.1').content
    content[byte] = value
    root.glibc()
    root.musl()
    for folder in ('/lib64', '/usr/lib'):
        root.put(folder + '/libx.so.1', bytes(content))
    root.program(needed=['libx.so.1'])
    assert [each[:2] for each in findings(root)] == ([(code, 'fatal')] if code else [])
    root.program(interp=MUSL_LOADER, needed=['libx.so.1'])
    assert findings(root) == []


@pytest.mark.parametrize('content', [b'', b'/* GNU ld script */ GROUP ( libx.so.1 )', b'\x7fELF'])
def test_a_file_that_is_not_a_library_ends_the_search_before_the_next_folder(root, content):
    root.glibc()
    root.put('/opt/own/libx.so.1', content)
    root.library('/lib64/libx.so.1')
    root.program(needed=['libx.so.1'], rpath='/opt/own')
    assert findings(root)[0][:3] == ('library_missing', 'fatal', 'libx.so.1')
    assert findings(root)[0][4] == '/opt/own/libx.so.1'


def test_a_folder_with_the_name_of_a_library_ends_the_search(root):
    root.glibc()
    os.makedirs(root.path('/opt/own/libx.so.1'))
    root.program(needed=['libx.so.1'], rpath='/opt/own')
    assert findings(root)[0][4] == '/opt/own/libx.so.1'


@pytest.mark.parametrize(('text', 'expected'), [((b'FATAL: kernel too old',), ['kernel_too_old']), (NEW_TEXT, [])])
def test_a_glibc_that_checks_the_kernel_skips_a_library_for_a_later_one(root, text, expected):
    root.glibc(text=text)
    root.library('/lib64/libx.so.1', notes=[kernel_tag(6, 1, 0)])
    root.program(needed=['libx.so.1'])
    assert [code for code, dummy, dummy, dummy, dummy in findings(root)] == expected
