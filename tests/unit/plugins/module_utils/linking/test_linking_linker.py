# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._abi import program_facts as abi_binary
from ansible_collections.gofleet.golang.plugins.module_utils._host.sysroot import Root
from ansible_collections.gofleet.golang.plugins.module_utils._linking import linker as linking
from ansible_collections.gofleet.golang.plugins.module_utils._linking.libraries import Libraries
from support.elf import tiny as tiny_elf
from support.hosts.tiny_roots import GLIBC_LOADER, TinyRoot, gives, takes
from support.units.linking_answers import answer


def test_a_program_whose_library_has_its_versions_has_no_findings(root):
    root.glibc()
    root.program(needed=['libc.so.6'], needs=[('libc.so.6', ['GLIBC_2.17'])], symbols=takes('puts', version='GLIBC_2.17', library='libc.so.6'))
    found = answer(root)
    assert (found['state'], found['libc'], found['libc_version'], found['libc_path'], found['findings']) == ('ok', 'glibc', '2.17', '/lib64/libc.so.6', [])


def test_a_loader_is_searched_for_inside_the_sysroot_only(root):
    root.program(needed=['libc.so.6'])
    assert answer(root)['state'] == 'missing'


def test_links_of_a_sysroot_lead_inside_it(root):
    root.glibc(loader='/usr/lib64/ld-2.17.so')
    root.link(GLIBC_LOADER, '/usr/lib64/ld-2.17.so')
    root.program(needed=['libc.so.6'])
    assert (answer(root)['state'], answer(root)['findings']) == ('ok', [])


def test_a_loop_of_links_is_a_missing_loader(root):
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


def test_a_loader_must_be_executable(root):
    root.glibc()
    os.chmod(root.path(GLIBC_LOADER), 0o644)
    root.program()
    assert answer(root)['state'] == 'not_executable'


def test_a_loader_that_is_not_an_elf_file_is_broken(root):
    root.put(GLIBC_LOADER, b'#!/bin/sh\n')
    root.program()
    assert answer(root)['state'] == 'broken'


def test_a_relative_path_of_a_loader_is_reported(root):
    root.program(interp='lib/ld.so')
    assert answer(root)['state'] == 'relative'


def test_musl_under_the_name_of_glibcs_loader_is_musl(root):
    root.musl('1.2.5', loader=GLIBC_LOADER)
    root.program(needed=['libc.so.6'], symbols=takes('puts'))
    found = answer(root)
    assert (found['libc'], found['libc_version'], found['findings']) == ('musl', '1.2.5', [])


def test_a_loader_of_neither_glibc_nor_musl_is_of_another_library(root):
    root.library(GLIBC_LOADER)
    root.program()
    assert answer(root)['libc'] == 'other'


def test_a_loader_for_another_architecture_is_reported(root):
    root.glibc(machine=tiny_elf.ARM64)
    root.program()
    found = answer(root)
    assert (found['state'], found['arch'], found['identity']) == ('ok', 'arm64', [183, 64, '<'])


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
