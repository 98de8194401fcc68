# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json
import os
import subprocess

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._abi import host_facts as abi_host
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._host import architecture as host
from support.elf import tiny as tiny_elf
from support.hosts.tiny_roots import GLIBC_236, GLIBC_LOADER, MUSL_LOADER, NEW_TEXT, V3, V4, cpuinfo
from support.units import observed_host


@pytest.fixture
def machine(tmpdir, monkeypatch):
    return observed_host.Machine(tmpdir, monkeypatch)


def test_a_kernel_under_an_emulator_may_run_anything(machine):
    machine.userland('arm64')
    machine.kernel('aarch64')
    machine.say('cpuinfo', cpuinfo(V3))
    assert machine.facts()['others'] == 'unknown'


def test_a_processor_too_old_for_gos_archive_is_still_an_arm(machine, monkeypatch):
    def goarch():
        raise GofleetError('too old', 'processor_too_old')
    monkeypatch.setattr(host, 'goarch', goarch)
    assert 'arm' in machine.facts()['runs']


def test_the_version_of_glibc_is_the_latest_one_that_its_c_library_defines(machine):
    machine.root.glibc(GLIBC_236, NEW_TEXT)
    facts = machine.facts()
    assert (facts['libc'], facts['libc_version'], facts['libc_path']) == ('glibc', '2.36', '/lib64/libc.so.6')
    assert facts['evidence']['libc'] == GLIBC_LOADER


def test_the_version_of_musl_is_read_from_its_loader(machine):
    machine.root.musl('1.2.5-git-17-gabcdef')
    facts = machine.facts()
    assert (facts['libc'], facts['libc_version'], facts['libc_path']) == ('musl', '1.2.5-git-17-gabcdef', MUSL_LOADER)


def test_a_host_may_have_both(machine):
    machine.root.glibc()
    machine.root.musl()
    facts = machine.facts()
    assert (facts['libc'], [each['libc'] for each in facts['libcs']]) == ('glibc', ['glibc', 'musl'])


def test_a_sysroot_of_another_architecture_is_of_that(machine):
    machine.root.glibc(machine=tiny_elf.ARM64, loader='/lib/ld-linux-aarch64.so.1', folders=('/lib/aarch64-linux-gnu/', '/usr/lib/aarch64-linux-gnu/'))
    facts = machine.facts()
    assert (facts['arch'], facts['libc_version']) == ('arm64', '2.17')
    assert facts['runs'] == {'amd64': 'native'}


def test_a_host_without_a_loader_has_no_c_library(machine):
    facts = machine.facts()
    assert (facts['libc'], facts['libcs']) == (None, [])


def test_options_replace_the_kernel_and_the_processors_of_the_host(machine):
    facts = machine.facts(kernel='3.10.0-1160.el7.x86_64', cpuinfo=cpuinfo(V4, V4))
    assert (facts['kernel'], facts['cpu_level']) == ('3.10.0', 'v4')
    assert machine.facts()['cpu_level'] == 'v3'


@pytest.mark.parametrize('kernel', ['', 'linux', 'v6.1', '6'])
def test_an_invalid_kernel_release_is_refused(kernel):
    with pytest.raises(GofleetError) as caught:
        abi_host.parsed_kernel(kernel)
    assert caught.value.code == 'invalid_kernel'


def test_a_sysroot_that_is_not_a_folder_is_refused(machine):
    with pytest.raises(GofleetError) as caught:
        abi_host.Observed(str(machine.root.folder.join('none')))
    assert caught.value.code == 'no_sysroot'


def many(prefix, count):
    return ['%s_%d.%d' % (prefix, number // 10, number) for number in range(count)]


def test_stored_facts_have_the_versions_of_common_libraries_in_4_kb(machine):
    machine.root.glibc(many('GLIBC', 60), NEW_TEXT)
    for name, definitions in (('libm.so.6', many('GLIBC', 20)), ('libgcc_s.so.1', many('GCC', 20)), ('libstdc++.so.6', many('GLIBCXX', 200))):
        machine.root.library('/lib64/' + name, definitions=definitions)
    facts = machine.observed().portable_facts()
    libraries = facts['libcs'][0]['libraries']
    assert len(json.dumps(facts)) < 4096
    assert libraries['libc.so.6'] == many('GLIBC', 60)
    assert libraries['libm.so.6'] == many('GLIBC', 20)
    # The last goes first.
    assert ('libgcc_s.so.1' in libraries, 'libstdc++.so.6' in libraries) == (True, False)


def test_facts_of_this_host_are_below_4_kb_and_name_its_libc():
    facts = abi_host.Observed().portable_facts()
    assert len(json.dumps(facts)) < 4096
    assert facts['libc'] in ('glibc', 'musl')


def test_nothing_is_run(machine, monkeypatch):
    def run(*dummy, **dummy2):
        raise AssertionError('a program was started')
    for name in ('Popen', 'call', 'check_output'):
        monkeypatch.setattr(subprocess, name, run)
    for name in ('system', 'popen', 'execv', 'execve', 'fork'):
        monkeypatch.setattr(os, name, run)
    machine.root.glibc()
    machine.root.program(needed=['libc.so.6'])
    assert machine.observed().portable_facts()['libc'] == 'glibc'
