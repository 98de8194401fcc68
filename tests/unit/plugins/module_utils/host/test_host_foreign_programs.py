# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import gzip

import pytest

from support.hosts.tiny_roots import cpuinfo
from support.units import observed_host
from support.units.observed_host import ARM64_HANDLER


@pytest.fixture
def machine(tmpdir, monkeypatch):
    return observed_host.Machine(tmpdir, monkeypatch)


def test_a_kernel_that_shows_the_sysctl_of_ia32_runs_i386_programs(machine):
    assert machine.facts()['runs'] == {'amd64': 'native'}
    machine.say('sys/abi/vsyscall32', '1\n')
    assert machine.facts()['runs'] == {'amd64': 'native', '386': 'compatible'}


@pytest.mark.parametrize(('command_line', 'configuration', 'said'), [
    ('quiet', None, 'unknown'), ('ia32_emulation=0 quiet', None, None), ('quiet ia32_emulation=on', None, 'compatible'),
    ('quiet', 'CONFIG_IA32_EMULATION=y\n# CONFIG_IA32_EMULATION_DEFAULT_DISABLED is not set\n', 'compatible'),
    ('quiet', 'CONFIG_IA32_EMULATION=y\nCONFIG_IA32_EMULATION_DEFAULT_DISABLED=y\n', None)])
def test_ia32_emulation_may_be_switched_off_since_linux_67(machine, command_line, configuration, said):
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


def test_with_a_personality_the_64_bit_kernel_of_a_32_bit_userland_is_unknown(machine):
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


def test_registered_handlers_count_for_the_architectures_whose_headers_they_match(machine):
    machine.handler()
    facts = machine.facts()
    assert (facts['runs']['arm64'], 'arm' in facts['runs'], facts['others']) == ('binfmt_misc', False, 'refused')


def test_a_handler_without_a_mask_matches_its_exact_magic_only(machine):
    machine.handler('enabled\ninterpreter /usr/bin/wine\nflags: \noffset 0\nmagic 4d5a\n')
    assert machine.facts()['runs']['pe'] == 'binfmt_misc'


@pytest.mark.parametrize(('text', 'status'), [
    (ARM64_HANDLER.replace('enabled', 'disabled'), 'enabled'), (ARM64_HANDLER, 'disabled'),
    ('enabled\ninterpreter /usr/bin/x\nflags: \nextension .py\n', 'enabled'), ('', 'enabled')])
def test_disabled_handlers_and_handlers_by_suffix_are_ignored(machine, text, status):
    machine.handler(text, status)
    facts = machine.facts()
    assert (facts['runs'], facts['others']) == ({'amd64': 'native'}, 'refused')


def test_handlers_that_are_not_visible_leave_other_architectures_open(machine):
    machine.say('filesystems', 'nodev\tsysfs\nnodev\tbinfmt_misc\n')
    assert machine.facts()['others'] == 'unknown'
    machine.proc.join('filesystems').remove()
    assert machine.facts()['others'] == 'unknown'
