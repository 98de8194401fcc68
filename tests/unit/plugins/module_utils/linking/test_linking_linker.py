# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json
import os
import struct

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._abi import program_facts as abi_binary
from ansible_collections.gofleet.golang.plugins.module_utils._host import sysroot
from ansible_collections.gofleet.golang.plugins.module_utils._host.sysroot import Root
from ansible_collections.gofleet.golang.plugins.module_utils._linking import linker as linking
from ansible_collections.gofleet.golang.plugins.module_utils._linking.libraries import Libraries
from support.elf import tiny as tiny_elf
from support.hosts.tiny_roots import GLIBC_236, GLIBC_LOADER, MUSL_LOADER, NEW_TEXT, TinyRoot, gives, kernel_tag, ld_cache, takes

NODEFLIB = 0x800


@pytest.fixture
def root(tmpdir):
    return TinyRoot(tmpdir.mkdir('root'))


def answer(root, program='/usr/bin/program', kernel=(5, 10, 0), level='v3', page_size=4096):
    inside = Root(str(root.folder))
    linker = linking.Linker(Libraries(inside), kernel, level, page_size)
    with abi_binary.opened(root.path(program)) as binary:
        path = inside.inside(root.path(program))
        binary.update(origin=os.path.dirname(path))
        found = linker.answer(binary)
    json.dumps(found)
    return found


def findings(root, **how):
    return [(each['code'], each['level'], each['subject'], each['need'], each['have']) for each in answer(root, **how)['findings']]


def found_at(root, name='libx.so.1', **how):
    """Where the loader finds libx, None if it finds none."""
    places = dict((each['name'], each['path']) for each in answer(root, **how)['libraries'])
    return places.get(name)


# ---- the loader


def test_a_program_whose_library_has_its_versions_has_no_findings(root):
    root.glibc()
    root.program(needed=['libc.so.6'], needs=[('libc.so.6', ['GLIBC_2.17'])], symbols=takes('puts', version='GLIBC_2.17', library='libc.so.6'))
    found = answer(root)
    assert (found['state'], found['libc'], found['libc_version'], found['libc_path'], found['findings']) == ('ok', 'glibc', '2.17', '/lib64/libc.so.6', [])


def test_a_loader_is_looked_for_inside_the_sysroot_only(root):
    root.program(needed=['libc.so.6'])
    assert answer(root)['state'] == 'missing'


def test_links_of_a_sysroot_lead_inside_it(root):
    root.glibc(loader='/usr/lib64/ld-2.17.so')
    root.link(GLIBC_LOADER, '/usr/lib64/ld-2.17.so')
    root.program(needed=['libc.so.6'])
    assert (answer(root)['state'], answer(root)['findings']) == ('ok', [])


def test_links_that_go_round_end(root):
    root.link(GLIBC_LOADER, '/lib64/again')
    root.link('/lib64/again', GLIBC_LOADER)
    root.program(needed=['libc.so.6'])
    assert answer(root)['state'] == 'missing'


@pytest.mark.parametrize(('count', 'state'), [(40, 'ok'), (41, 'missing')])
def test_as_many_links_are_followed_as_the_kernel_follows(root, count, state):
    root.glibc(loader='/link0')
    for number in range(count):
        root.link('/link%d' % (number + 1), 'link%d' % number)
    root.program(interp='/link%d' % count)
    assert answer(root)['state'] == state


def test_links_do_not_lead_out_of_a_sysroot(root, tmpdir):
    outside = TinyRoot(tmpdir)
    outside.glibc(loader='/outside/ld.so')
    root.link(GLIBC_LOADER, '../' * 30 + str(tmpdir.join('outside/ld.so')))
    root.program()
    assert answer(root)['state'] == 'missing'


def test_a_loader_that_nobody_may_execute_is_none(root):
    root.glibc()
    os.chmod(root.path(GLIBC_LOADER), 0o644)
    root.program()
    assert answer(root)['state'] == 'not_executable'


def test_a_loader_that_is_no_elf_file_is_broken(root):
    root.put(GLIBC_LOADER, b'#!/bin/sh\n')
    root.program()
    assert answer(root)['state'] == 'broken'


def test_a_relative_loader_is_told_as_that(root):
    root.program(interp='lib/ld.so')
    assert answer(root)['state'] == 'relative'


def test_musl_under_the_name_of_glibcs_loader_is_musl(root):
    root.musl('1.2.5', loader=GLIBC_LOADER)
    root.program(needed=['libc.so.6'], symbols=takes('puts'))
    found = answer(root)
    assert (found['libc'], found['libc_version'], found['findings']) == ('musl', '1.2.5', [])


def test_a_loader_of_neither_library_is_of_another(root):
    root.library(GLIBC_LOADER)
    root.program()
    assert answer(root)['libc'] == 'other'


def test_a_loader_of_another_architecture_is_told(root):
    root.glibc(machine=tiny_elf.ARM64)
    root.program()
    found = answer(root)
    assert (found['state'], found['arch'], found['identity']) == ('ok', 'arm64', [183, 64, '<'])


# ---- where libraries are found


def test_a_missing_library_is_told_with_where_it_was_looked_for(root):
    root.glibc()
    root.program(needed=['libx.so.1'])
    finding = answer(root)['findings'][0]
    assert (finding['code'], finding['level'], finding['subject'], finding['looked']) == ('library_missing', 'fatal', 'libx.so.1', ['/lib64', '/usr/lib64'])


def test_what_a_library_needs_is_looked_for_too(root):
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


def test_an_entry_of_the_cache_whose_file_is_gone_is_passed_over(root):
    root.glibc()
    root.library('/lib64/libx.so.1')
    root.put('/etc/ld.so.cache', ld_cache([('libx.so.1', '/opt/x/libx.so.1', None)]))
    root.program(needed=['libx.so.1'])
    assert found_at(root) == '/lib64/libx.so.1'


def test_an_entry_of_the_cache_for_another_architecture_is_passed_over(root):
    root.glibc()
    root.library('/opt/x/libx.so.1')
    root.put('/etc/ld.so.cache', ld_cache([('libx.so.1', '/opt/x/libx.so.1', None)], flags=0x003))
    root.program(needed=['libx.so.1'])
    assert found_at(root) is None


def test_a_program_that_wants_no_default_folders_finds_nothing_there_nor_in_the_cache_of_them(root):
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


def test_a_glibc_before_233_knows_no_folders_for_levels(root):
    root.glibc()
    root.library('/lib64/libx.so.1')
    root.library('/lib64/glibc-hwcaps/x86-64-v2/libx.so.1')
    root.put('/etc/ld.so.cache', ld_cache([('libx.so.1', '/lib64/glibc-hwcaps/x86-64-v2/libx.so.1', 'x86-64-v2'),
                                           ('libx.so.1', '/lib64/libx.so.1', None)], ('x86-64-v2',)))
    root.program(needed=['libx.so.1'])
    assert found_at(root) == '/lib64/libx.so.1'


def test_a_library_that_is_only_for_a_feature_of_old_hwcaps_leaves_it_open(root):
    root.glibc()
    root.library('/lib64/tls/libx.so.1')
    root.program(needed=['libx.so.1'])
    assert findings(root) == [('library_missing', 'doubt', 'libx.so.1', None, None)]


def test_a_cache_that_ldconfig_did_not_write_leaves_open_what_is_not_found(root):
    root.glibc()
    root.put('/etc/ld.so.cache', b'glibc-ld.so.cache1.1' + b'\xff' * 60)
    root.program(needed=['libc.so.6', 'libx.so.1'])
    assert ('library_missing', 'doubt', 'libx.so.1', None, None) in findings(root)


# ---- RPATH, RUNPATH


def test_rpath_comes_before_the_cache(root):
    root.glibc()
    root.library('/lib64/libx.so.1')
    root.library('/opt/own/libx.so.1')
    root.program(needed=['libx.so.1'], rpath='/opt/none:/opt/own')
    assert found_at(root) == '/opt/own/libx.so.1'


@pytest.mark.parametrize(('kind', 'missing'), [('rpath', []), ('runpath', ['liby.so.1'])])
def test_rpath_serves_what_its_libraries_need_too_and_runpath_does_not(root, kind, missing):
    root.glibc()
    root.library('/opt/own/libx.so.1', needed=['liby.so.1'])
    root.library('/opt/own/liby.so.1')
    root.program(needed=['libx.so.1'], **{kind: '/opt/own'})
    assert [subject for dummy, dummy, subject, dummy, dummy in findings(root)] == missing


def test_a_library_with_a_runpath_does_not_look_into_the_rpath_of_who_asked_for_it(root):
    root.glibc()
    root.library('/opt/own/libx.so.1', needed=['liby.so.1'], runpath='/opt/else')
    root.library('/opt/own/liby.so.1')
    root.program(needed=['libx.so.1'], rpath='/opt/own')
    assert [subject for dummy, dummy, subject, dummy, dummy in findings(root)] == ['liby.so.1']


def test_a_rpath_beside_a_runpath_is_of_no_account(root):
    root.glibc()
    root.library('/opt/old/libx.so.1')
    root.program(needed=['libx.so.1'], rpath='/opt/old', runpath='/opt/new')
    assert found_at(root) is None


def test_nor_is_it_for_what_the_libraries_need(root):
    root.glibc()
    root.library('/opt/new/libx.so.1', needed=['liby.so.1'])
    root.library('/opt/old/liby.so.1')
    root.program(needed=['libx.so.1'], rpath='/opt/old', runpath='/opt/new')
    assert [subject for dummy, dummy, subject, dummy, dummy in findings(root)] == ['liby.so.1']


@pytest.mark.parametrize('folder', ['$ORIGIN/../lib', '${ORIGIN}/../lib', '/opt/app/$LIB', '/opt/app/${LIB}/'])
def test_origin_and_lib_stand_for_folders(root, folder):
    root.glibc(folders=('/lib/x86_64-linux-gnu/', '/usr/lib/x86_64-linux-gnu/'))
    root.library('/opt/app/lib/libx.so.1')
    root.library('/opt/app/lib/x86_64-linux-gnu/libx.so.1')
    root.program('/opt/app/bin/program', needed=['libx.so.1'], runpath=folder)
    assert found_at(root, program='/opt/app/bin/program').startswith('/opt/app/')


def test_what_begins_like_origin_is_not_origin(root):
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
def test_a_folder_below_the_one_that_a_program_is_started_in_leaves_it_open(root, entry):
    root.glibc()
    root.program(needed=['libx.so.1'], runpath='/opt:' + entry)
    assert findings(root) == [('library_missing', 'doubt', 'libx.so.1', None, None)]


def test_a_library_that_is_named_by_a_path_is_looked_for_there_alone(root):
    root.glibc()
    root.library('/opt/libx.so.1')
    root.library('/lib64/liby.so.1')
    root.program(needed=['/opt/libx.so.1', '/opt/liby.so.1'])
    assert [subject for dummy, dummy, subject, dummy, dummy in findings(root)] == ['/opt/liby.so.1']


# ---- what is no such library


@pytest.mark.parametrize('other', [{'machine': tiny_elf.I386, 'bits': 32}, {'machine': tiny_elf.ARM64}])
def test_glibc_passes_over_a_library_of_another_architecture(root, other):
    root.glibc()
    root.library('/opt/own/libx.so.1', **other)
    root.library('/lib64/libx.so.1')
    root.program(needed=['libx.so.1'], rpath='/opt/own')
    assert found_at(root) == '/lib64/libx.so.1'


def test_a_library_that_is_there_for_another_architecture_only_is_told_as_that(root):
    root.glibc()
    root.library('/lib64/libx.so.1', machine=tiny_elf.I386, bits=32)
    root.program(needed=['libx.so.1'])
    assert findings(root) == [('library_wrong_class', 'fatal', 'libx.so.1', 'amd64, 64 bit', '/lib64/libx.so.1')]


@pytest.mark.parametrize(('byte', 'value', 'code'), [
    (4, 1, 'library_wrong_class'), (5, 2, 'library_missing'), (6, 2, 'library_missing'), (7, 9, 'library_missing'), (8, 1, 'library_missing'),
    (15, 1, 'library_missing'), (20, 2, 'library_missing'), (7, 3, None)])
def test_glibc_looks_at_all_of_a_librarys_header_and_musl_at_none_of_it(root, byte, value, code):
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
def test_a_file_that_is_no_library_stops_the_loader_though_another_would_come(root, content):
    root.glibc()
    root.put('/opt/own/libx.so.1', content)
    root.library('/lib64/libx.so.1')
    root.program(needed=['libx.so.1'], rpath='/opt/own')
    assert findings(root)[0][:3] == ('library_missing', 'fatal', 'libx.so.1')
    assert findings(root)[0][4] == '/opt/own/libx.so.1'


def test_a_folder_of_a_librarys_name_stops_the_loader(root):
    root.glibc()
    os.makedirs(root.path('/opt/own/libx.so.1'))
    root.program(needed=['libx.so.1'], rpath='/opt/own')
    assert findings(root)[0][4] == '/opt/own/libx.so.1'


@pytest.mark.parametrize(('text', 'expected'), [((b'FATAL: kernel too old',), ['kernel_too_old']), (NEW_TEXT, [])])
def test_a_glibc_that_looks_at_the_kernel_passes_over_a_library_for_a_later_one(root, text, expected):
    root.glibc(text=text)
    root.library('/lib64/libx.so.1', notes=[kernel_tag(6, 1, 0)])
    root.program(needed=['libx.so.1'])
    assert [code for code, dummy, dummy, dummy, dummy in findings(root)] == expected


# ---- versions


def test_a_missing_version_is_told_with_the_latest_that_is_there(root):
    root.glibc()
    root.program(needed=['libc.so.6'], needs=[('libc.so.6', ['GLIBC_2.2.5', 'GLIBC_2.28', 'GLIBC_2.34'])])
    assert findings(root) == [('version_missing', 'fatal', 'libc.so.6', 'GLIBC_2.34', 'GLIBC_2.17'),
                              ('version_missing', 'fatal', 'libc.so.6', 'GLIBC_2.28', 'GLIBC_2.17')]


def test_versions_are_a_set_and_not_a_number(root):
    root.glibc(versions=['GLIBC_2.2.5', 'GLIBC_2.36'])
    root.program(needed=['libc.so.6'], needs=[('libc.so.6', ['GLIBC_2.14'])])
    assert [each[3] for each in findings(root)] == ['GLIBC_2.14']


def test_a_version_counts_only_in_the_very_library_it_is_needed_of(root):
    root.glibc(GLIBC_236)
    root.library('/lib64/libm.so.6', definitions=['GLIBC_2.2.5'])
    root.program(needed=['libm.so.6', 'libc.so.6'], needs=[('libm.so.6', ['GLIBC_2.34'])])
    assert findings(root) == [('version_missing', 'fatal', 'libm.so.6', 'GLIBC_2.34', 'GLIBC_2.2.5')]


def test_a_weak_version_that_is_missing_is_of_no_account(root):
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


def test_a_library_without_versions_passes(root):
    root.glibc()
    root.library('/lib64/libx.so.1', needs=[('libc.so.6', ['GLIBC_2.2.5'])], needed=['libc.so.6'], symbols=gives('x'))
    root.program(needed=['libx.so.1'], needs=[('libx.so.1', ['X_1.0'])], symbols=takes('x', version='X_1.0', library='libx.so.1'))
    assert findings(root) == []


def test_a_version_whose_hash_is_not_that_of_its_name_is_met_by_nobody(root):
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


def test_what_is_not_a_version_of_glibc_does_not_vouch_for_symbols_of_a_library_of_its_name(root):
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


def test_weak_symbols_need_not_be_there(root):
    root.glibc()
    root.program(needed=['libc.so.6'], symbols=takes('__gmon_start__', weak=True))
    assert findings(root) == []


def test_what_a_library_takes_from_the_program_is_there(root):
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
def test_a_missing_symbol_that_is_bound_when_it_is_called_leaves_it_open_on_glibc(root, flags_1, level):
    root.glibc()
    called_only(root, flags_1=flags_1)
    assert findings(root) == [('symbol_missing', level, 'nowhere', None, None)]


def test_musl_binds_all_at_the_start(root):
    root.musl(loader=GLIBC_LOADER)
    called_only(root)
    assert findings(root) == [('symbol_missing', 'fatal', 'nowhere', None, None)]


@pytest.mark.parametrize(('text', 'expected'), [
    ((b'version->filename == NULL || ! _dl_name_match_p',), [('version_missing', 'fatal', 'libx.so.1', 'X_1.0', None)]), ((b'later',), [])])
def test_a_glibc_that_asserts_it_aborts_at_a_versioned_symbol_of_a_library_without_versions(root, text, expected):
    root.glibc(text=text)
    root.library('/lib64/libx.so.1', symbols=gives('x'))
    root.program(needed=['libx.so.1'], needs=[('libx.so.1', ['X_1.0'])], symbols=takes('x', version='X_1.0', library='libx.so.1'))
    assert findings(root) == expected


def test_symbols_of_a_missing_library_are_not_told_besides(root):
    root.glibc()
    root.program(needed=['libx.so.1'], symbols=takes('x', 'y'))
    assert [each[0] for each in findings(root)] == ['library_missing']


def test_private_symbols_are_warned_of(root):
    root.glibc(symbols=gives('_dl_secret', version='GLIBC_PRIVATE'))
    root.program(needed=['libc.so.6'], needs=[('libc.so.6', ['GLIBC_PRIVATE'])],
                 symbols=takes('_dl_secret', version='GLIBC_PRIVATE', library='libc.so.6'))
    assert findings(root) == [('private_symbols', 'warn', 'libc.so.6', 'GLIBC_PRIVATE', None)]


def test_private_symbols_that_are_gone_are_missing(root):
    root.glibc()
    root.program(needed=['libc.so.6'], needs=[('libc.so.6', ['GLIBC_PRIVATE'])],
                 symbols=takes('_dl_secret', version='GLIBC_PRIVATE', library='libc.so.6'))
    assert ('symbol_missing', 'fatal', '_dl_secret', 'GLIBC_PRIVATE', '/lib64/libc.so.6') in findings(root)


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
def test_packed_relocations_need_a_glibc_that_knows_them_and_its_mark(root, glibc, needs, expected):
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


def test_a_bit_that_nobody_knows_is_had_by_no_processor(root):
    root.glibc(GLIBC_236, NEW_TEXT)
    root.library('/lib64/libx.so.1', notes=[(b'GNU', 5, struct.pack('<4I', 0xc0008002, 4, 0x8000, 0))], note_align=8)
    root.program(needed=['libx.so.1'])
    assert [each[:2] for each in findings(root, level='v4')] == [('cpu_level', 'fatal')]


def test_an_empty_segment_leaves_it_open_on_musl_and_is_nothing_to_glibc(root):
    tiny = tiny_elf.build(soname='libx.so.1', stack=6)
    # The last program header becomes a PT_LOAD of nothing.
    tiny.put('program.stack', 'IIQQQQQQ', 1, 4, 0x1000, tiny_elf.BASE + 0x40000, 0, 0, 0, 0x1000)
    root.glibc()
    root.musl()
    for path in ('/lib64/libx.so.1', '/usr/lib/libx.so.1'):
        root.put(path, bytes(tiny.content))
    root.program(needed=['libx.so.1'])
    assert findings(root) == []
    root.program(interp=MUSL_LOADER, needed=['libx.so.1'])
    assert [each[:2] for each in findings(root)] == [('library_missing', 'doubt')]


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


def test_the_mounts_of_a_sysroot_are_of_no_account(root, monkeypatch):
    root.glibc()
    root.program(needed=['libc.so.6'])
    monkeypatch.setattr(sysroot, 'is_noexec', lambda path: True)
    assert (answer(root)['state'], findings(root)) == ('ok', [])


# ---- musl


@pytest.mark.parametrize('name', ['libc.so', 'libc.musl-x86_64.so.1', 'libc.so.6', 'libpthread.so.0', 'libm.so.6', 'libdl.so.2', 'librt.so.1', 'libutil.so.1'])
def test_musl_is_itself_what_has_the_name_of_a_c_library(root, name):
    root.musl()
    root.program(interp=MUSL_LOADER, needed=[name], symbols=takes('puts'))
    assert findings(root) == []


@pytest.mark.parametrize('name', ['libmagic.so.1', 'libcrypt.so.1', 'libdlx.so'])
def test_musl_is_not_what_only_begins_like_that(root, name):
    root.musl()
    root.program(interp=MUSL_LOADER, needed=[name])
    assert [each[:3] for each in findings(root)] == [('library_missing', 'fatal', name)]


def test_a_symbol_that_this_musl_lacks_is_missing(root):
    root.musl(symbols=('puts',))
    root.program(interp=MUSL_LOADER, needed=['libc.so'], symbols=takes('puts', 'preadv2'))
    assert findings(root) == [('symbol_missing', 'fatal', 'preadv2', None, None)]


def test_musl_asks_for_no_versions(root):
    root.musl(symbols=('puts',))
    root.program(interp=MUSL_LOADER, needed=['libc.so.6'], needs=[('libc.so.6', ['GLIBC_2.34'])],
                 symbols=takes('puts', version='GLIBC_2.34', library='libc.so.6'))
    assert findings(root) == []


@pytest.mark.parametrize(('path_file', 'expected'), [
    (None, '/usr/local/lib/libx.so.1'), ('/opt/a:/opt/b\n/opt/c\n', '/opt/c/libx.so.1'), ('', None), ('/opt/none', None)])
def test_musl_searches_the_folders_of_its_path_file_instead_of_its_own(root, path_file, expected):
    root.musl()
    root.library('/usr/local/lib/libx.so.1')
    root.library('/usr/lib/libx.so.1')
    root.library('/opt/c/libx.so.1')
    if path_file is not None:
        root.put('/etc/ld-musl-x86_64.path', path_file.encode('ascii'))
    root.program(interp=MUSL_LOADER, needed=['libx.so.1'])
    assert found_at(root) == expected


@pytest.mark.parametrize('origin', ['$ORIGIN', '${ORIGIN}'])
@pytest.mark.parametrize('kind', ['rpath', 'runpath'])
def test_musl_inherits_runpath_as_rpath(root, kind, origin):
    root.musl()
    root.library('/opt/own/libx.so.1', needed=['liby.so.1'])
    root.library('/opt/own/liby.so.1')
    root.program('/opt/own/bin/program', interp=MUSL_LOADER, needed=['libx.so.1'], **{kind: origin + '/..'})
    assert findings(root, program='/opt/own/bin/program') == []


def test_musl_leaves_out_all_of_a_rpath_with_another_word_than_origin(root):
    root.musl()
    root.library('/opt/own/libx.so.1')
    root.program(interp=MUSL_LOADER, needed=['libx.so.1'], rpath='/opt/own:/opt/$LIB')
    assert findings(root)[0][:3] == ('library_missing', 'fatal', 'libx.so.1')


def test_musl_stops_at_a_library_of_another_architecture(root):
    root.musl()
    root.library('/lib/libx.so.1', machine=tiny_elf.ARM64)
    root.library('/usr/lib/libx.so.1')
    root.program(interp=MUSL_LOADER, needed=['libx.so.1'])
    assert findings(root) == [('library_wrong_class', 'fatal', 'libx.so.1', 'amd64, 64 bit', '/lib/libx.so.1')]


# ---- bounds


def test_a_closure_over_the_bound_is_left_open(root, monkeypatch):
    monkeypatch.setattr(linking, 'LARGEST_CLOSURE', 5)
    root.glibc()
    names = ['lib%d.so.1' % number for number in range(8)]
    for name in names:
        root.library('/lib64/' + name)
    root.program(needed=names)
    assert ('parse_limit', 'doubt') in [each[:2] for each in findings(root)]


def test_each_library_is_read_once_for_many_programs(root, monkeypatch):
    root.glibc(symbols=gives('free'))
    root.program('/usr/bin/a', needed=['libc.so.6'], symbols=takes('free'))
    root.program('/usr/bin/b', needed=['libc.so.6'], symbols=takes('free'))
    inside = Root(str(root.folder))
    linker = linking.Linker(Libraries(inside), (5, 10), 'v3', 4096)
    opened = []
    real = abi_binary.elf.open_file
    monkeypatch.setattr(abi_binary.elf, 'open_file', lambda path: opened.append(path) or real(path))
    for name in ('/usr/bin/a', '/usr/bin/b'):
        with abi_binary.opened(root.path(name)) as binary:
            linker.answer(binary)
        # Once for what it is and once for its symbols, of which most programs need none; the loader's text besides.
        assert (opened.count(root.path('/lib64/libc.so.6')), opened.count(root.path(GLIBC_LOADER))) == (2, 3)
