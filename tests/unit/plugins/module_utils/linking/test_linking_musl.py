# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type


import pytest

from support.elf import tiny as tiny_elf
from support.hosts.tiny_roots import MUSL_LOADER, takes
from support.units.linking_answers import findings, found_at


@pytest.mark.parametrize('name', ['libc.so', 'libc.musl-x86_64.so.1', 'libc.so.6', 'libpthread.so.0', 'libm.so.6', 'libdl.so.2', 'librt.so.1', 'libutil.so.1'])
def test_musl_itself_provides_the_libraries_with_names_of_a_c_library(root, name):
    root.musl()
    root.program(interp=MUSL_LOADER, needed=[name], symbols=takes('puts'))
    assert findings(root) == []


@pytest.mark.parametrize('name', ['libmagic.so.1', 'libcrypt.so.1', 'libdlx.so'])
def test_musl_does_not_provide_a_library_whose_name_only_begins_so(root, name):
    root.musl()
    root.program(interp=MUSL_LOADER, needed=[name])
    assert [each[:3] for each in findings(root)] == [('library_missing', 'fatal', name)]


def test_a_symbol_that_this_musl_lacks_is_missing(root):
    root.musl(symbols=('puts',))
    root.program(interp=MUSL_LOADER, needed=['libc.so'], symbols=takes('puts', 'preadv2'))
    assert findings(root) == [('symbol_missing', 'fatal', 'preadv2', None, None)]


def test_musl_ignores_versions(root):
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


def test_musl_ignores_a_rpath_with_another_variable_than_origin(root):
    root.musl()
    root.library('/opt/own/libx.so.1')
    root.program(interp=MUSL_LOADER, needed=['libx.so.1'], rpath='/opt/own:/opt/$LIB')
    assert findings(root)[0][:3] == ('library_missing', 'fatal', 'libx.so.1')


def test_musl_ends_the_search_at_a_library_for_another_architecture(root):
    root.musl()
    root.library('/lib/libx.so.1', machine=tiny_elf.ARM64)
    root.library('/usr/lib/libx.so.1')
    root.program(interp=MUSL_LOADER, needed=['libx.so.1'])
    assert findings(root) == [('library_wrong_class', 'fatal', 'libx.so.1', 'amd64, 64 bit', '/lib/libx.so.1')]


def test_an_empty_segment_leaves_the_verdict_open_on_musl_and_not_on_glibc(root):
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
