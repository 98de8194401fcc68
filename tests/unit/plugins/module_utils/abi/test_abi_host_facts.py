# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import gzip
import json
import os
import subprocess

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._abi import host_facts as abi_host
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._host import architecture as host
from ansible_collections.gofleet.golang.plugins.module_utils._host import ports
from support.elf import tiny as tiny_elf
from support.hosts.tiny_roots import GLIBC_236, GLIBC_LOADER, MUSL_LOADER, NEW_TEXT, V3, V4, TinyRoot, cpuinfo

Uname = collections.namedtuple('Uname', 'sysname nodename release version machine')
ARM64_HANDLER = """enabled
interpreter /usr/bin/qemu-aarch64-static
flags: F
offset 0
magic 7f454c460201010000000000000000000200b700
mask ffffffffffffff00fffffffffffffffffeffffff
"""


class Machine(object):
    """What a host's kernel and files say, as the test wants it."""

    def __init__(self, folder, monkeypatch):
        self.monkeypatch = monkeypatch
        self.root = TinyRoot(folder.mkdir('root'))
        self.proc = folder.mkdir('proc')
        self.proc.join('sys/kernel').ensure(dir=True)
        self.say('filesystems', 'nodev\tsysfs\n')
        self.say('cpuinfo', cpuinfo(V3))
        monkeypatch.setattr(abi_host, 'PROC', str(self.proc))
        self.kernel('x86_64')
        self.userland('amd64')

    def say(self, name, text):
        self.proc.join(name).write(text, ensure=True)

    def kernel(self, machine, release='5.10.0-9'):
        # A plain tuple is what Python 2.7 gives.
        self.monkeypatch.setattr(os, 'uname', lambda: Uname('Linux', 'host', release, '', machine))

    def userland(self, name):
        self.monkeypatch.setattr(host, 'goarch', lambda: name)

    def handler(self, text=ARM64_HANDLER, status='enabled'):
        self.say('sys/fs/binfmt_misc/status', status + '\n')
        self.say('sys/fs/binfmt_misc/qemu', text)

    def observed(self, **options):
        return abi_host.Observed(str(self.root.folder), **options)

    def facts(self, **options):
        return self.observed(**options).facts()


@pytest.fixture
def machine(tmpdir, monkeypatch):
    return Machine(tmpdir, monkeypatch)


# ---- architectures


def test_a_kernel_that_shows_the_sysctl_of_ia32_runs_i386_programs(machine):
    assert machine.facts()['runs'] == {'amd64': 'native'}
    machine.say('sys/abi/vsyscall32', '1\n')
    assert machine.facts()['runs'] == {'amd64': 'native', '386': 'compatible'}


@pytest.mark.parametrize(('command_line', 'configuration', 'said'), [
    ('quiet', None, 'unknown'), ('ia32_emulation=0 quiet', None, None), ('quiet ia32_emulation=on', None, 'compatible'),
    ('quiet', 'CONFIG_IA32_EMULATION=y\n# CONFIG_IA32_EMULATION_DEFAULT_DISABLED is not set\n', 'compatible'),
    ('quiet', 'CONFIG_IA32_EMULATION=y\nCONFIG_IA32_EMULATION_DEFAULT_DISABLED=y\n', None)])
def test_a_kernel_since_67_may_have_it_switched_off(machine, command_line, configuration, said):
    machine.kernel('x86_64', '6.12.0-none-such')
    machine.say('sys/abi/vsyscall32', '1\n')
    machine.say('cmdline', command_line + '\n')
    if configuration:
        with gzip.open(str(machine.proc.join('config.gz')), 'wb') as target:
            target.write(configuration.encode('ascii'))
    assert machine.facts()['runs'].get('386') == said


def test_a_32_bit_userland_on_a_64_bit_kernel_runs_programs_of_both(machine):
    machine.userland('386')
    assert machine.facts()['runs'] == {'386': 'native', 'amd64': 'native'}


def test_a_personality_hides_a_64_bit_kernel_from_a_32_bit_userland(machine):
    machine.userland('386')
    machine.kernel('i686')
    assert machine.facts()['runs'] == {'386': 'native'}
    machine.say('cpuinfo', cpuinfo('fpu lm'))
    assert machine.facts()['runs'] == {'386': 'native', 'amd64': 'unknown'}


def test_whether_a_64_bit_arm_kernel_runs_32_bit_programs_is_unknown(machine):
    machine.userland('arm64')
    machine.kernel('aarch64')
    machine.say('cpuinfo', cpuinfo('fp asimd atomics', field='Features'))
    facts = machine.facts()
    assert (facts['runs'], facts['cpu_features'], facts['cpu_level']) == ({'arm64': 'native', 'arm': 'unknown'}, ['atomics'], None)


def test_a_kernel_under_an_emulator_may_run_anything(machine):
    machine.userland('arm64')
    machine.kernel('aarch64')
    machine.say('cpuinfo', cpuinfo(V3))
    assert machine.facts()['others'] == 'unknown'


def test_registered_handlers_are_told_by_what_they_are_for(machine):
    machine.handler()
    facts = machine.facts()
    assert (facts['runs']['arm64'], 'arm' in facts['runs'], facts['others']) == ('binfmt_misc', False, 'refused')


def test_a_handler_without_a_mask_is_for_its_magic_alone(machine):
    machine.handler('enabled\ninterpreter /usr/bin/wine\nflags: \noffset 0\nmagic 4d5a\n')
    assert machine.facts()['runs']['pe'] == 'binfmt_misc'


@pytest.mark.parametrize(('text', 'status'), [
    (ARM64_HANDLER.replace('enabled', 'disabled'), 'enabled'), (ARM64_HANDLER, 'disabled'),
    ('enabled\ninterpreter /usr/bin/x\nflags: \nextension .py\n', 'enabled'), ('', 'enabled')])
def test_handlers_that_are_switched_off_or_go_by_a_name_are_none(machine, text, status):
    machine.handler(text, status)
    facts = machine.facts()
    assert (facts['runs'], facts['others']) == ({'amd64': 'native'}, 'refused')


def test_handlers_that_nobody_here_can_see_leave_other_architectures_open(machine):
    machine.say('filesystems', 'nodev\tsysfs\nnodev\tbinfmt_misc\n')
    assert machine.facts()['others'] == 'unknown'
    machine.proc.join('filesystems').remove()
    assert machine.facts()['others'] == 'unknown'


@pytest.mark.parametrize(('uname', 'name'), [('x86_64', 'amd64'), ('i686', '386'), ('armv7l', 'arm'), ('armv8l', 'arm'), ('aarch64', 'arm64'),
                                             ('ppc64le', 'ppc64le'), ('riscv64', 'riscv64'), ('sparc64', None)])
def test_kernels_are_known_by_their_own_names(uname, name):
    assert ports.of_kernel(uname) == name


def test_a_processor_too_old_for_gos_archive_is_still_an_arm(machine, monkeypatch):
    def goarch():
        raise GofleetError('too old', 'processor_too_old')
    monkeypatch.setattr(host, 'goarch', goarch)
    assert 'arm' in machine.facts()['runs']


# ---- the C library


def test_glibcs_version_is_what_its_c_library_defines(machine):
    machine.root.glibc(GLIBC_236, NEW_TEXT)
    facts = machine.facts()
    assert (facts['libc'], facts['libc_version'], facts['libc_path']) == ('glibc', '2.36', '/lib64/libc.so.6')
    assert facts['evidence']['libc'] == GLIBC_LOADER


def test_musls_version_stands_in_its_loader(machine):
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


# ---- what is given instead of the host's own


def test_kernel_and_processors_may_be_given(machine):
    facts = machine.facts(kernel='3.10.0-1160.el7.x86_64', cpuinfo=cpuinfo(V4, V4))
    assert (facts['kernel'], facts['cpu_level']) == ('3.10.0', 'v4')
    assert machine.facts()['cpu_level'] == 'v3'


@pytest.mark.parametrize('kernel', ['', 'linux', 'v6.1', '6'])
def test_a_kernel_that_is_none_is_refused(kernel):
    with pytest.raises(GofleetError) as caught:
        abi_host.parsed_kernel(kernel)
    assert caught.value.code == 'invalid_kernel'


def test_a_sysroot_that_is_none_is_refused(machine):
    with pytest.raises(GofleetError) as caught:
        abi_host.Observed(str(machine.root.folder.join('none')))
    assert caught.value.code == 'no_sysroot'


# ---- what travels


def many(prefix, count):
    return ['%s_%d.%d' % (prefix, number // 10, number) for number in range(count)]


def test_facts_to_be_kept_hold_the_versions_of_the_usual_libraries_in_4_kb(machine):
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
