# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type


import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._elf import file as elf
from ansible_collections.gofleet.golang.plugins.module_utils._host import architecture as host
from support.elf import tiny as tiny_elf
from support.elf.hostile import program
from support.elf.reading import UNDEFINED, refusal
from support.elf.tiny import KINDS, build


@pytest.mark.parametrize(('machine', 'bits', 'order'), KINDS)
def test_each_port_of_go_has_its_name(reading, machine, bits, order):
    # ARM's e_flags name its ABI: EABI 5, hard float.
    tiny = build(machine, bits, order, e_flags=0x05000400 if machine == tiny_elf.ARM else 0)
    found = reading(tiny)[1]
    header = bytes(tiny.content[:64])
    assert found.machine_name == host.goarch_of(header)
    assert (found.bits, found.order, found.malformed) == (bits, order, [])


@pytest.mark.parametrize(('at', 'value', 'name'), [(4, 1, 'EI_CLASS'), (4, 0, 'EI_CLASS'), (5, 2, 'EI_DATA'), (5, 77, 'EI_DATA'), (6, 9, 'EI_VERSION'),
                                                   (7, 9, 'EI_OSABI'), (20, 3, 'e_version')])
def test_header_errors_that_the_kernel_ignores_are_reported_but_no_failure(reading, at, value, name):
    tiny = program()
    tiny.content[at] = value
    source, found = reading(tiny)
    assert [each.split()[0] for each in found.malformed] == [name]
    assert (found.bits, found.order, found.machine, found.needed) == (64, '<', 62, ['libc.so.6', 'libm.so.6'])
    assert elf.undefined_symbols(source, found) == UNDEFINED


def test_a_wrong_class_is_malformed_for_machines_whose_kernel_checks_it(reading):
    tiny = program((64, '>'))
    tiny.content[4] = 1
    assert refusal(reading, tiny).code == 'malformed'


def test_an_x32_header_is_not_malformed(reading):
    found = reading(build(62, 32, '<'))[1]
    assert (found.bits, found.machine_name, found.malformed) == (32, 'x32', [])


def test_an_amd64_header_that_makes_sense_as_x32_too_is_read_as_64_bit_as_kernels_do(reading):
    tiny = build(kind=tiny_elf.EXEC, entry=64 << 32).put(('header', 4), 'B', 1)
    tiny.put(('header', 42), 'HH', 32, 1)
    found = reading(tiny)[1]
    assert (found.bits, found.machine_name, len(found.malformed)) == (64, 'amd64', 1)


def test_an_unknown_machine_is_read_all_the_same(reading):
    found = reading(build(999, 64, '<', needed=['a']))[1]
    assert (found.machine_name, found.needed) == ('machine 999', ['a'])


def test_of_objects_and_cores_only_the_header_is_read(reading):
    for kind, name in ((1, 'REL'), (4, 'CORE'), (0xfe00, 'other')):
        tiny = build(kind=kind)
        tiny.put(('header', 56), 'H', 0)
        assert reading(tiny)[1].type == name
