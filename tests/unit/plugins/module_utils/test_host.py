# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import struct
import sys

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils import host
from ansible_collections.gofleet.golang.plugins.module_utils.errors import GofleetError

LITTLE, BIG = 1, 2
# e_machine (elf.h), bits, byte order of every Linux port that `go tool dist list` names.
PORTS = [
    ('386', 3, 32, LITTLE), ('amd64', 62, 64, LITTLE), ('arm', 40, 32, LITTLE), ('arm64', 183, 64, LITTLE), ('loong64', 258, 64, LITTLE),
    ('mips', 8, 32, BIG), ('mips64', 8, 64, BIG), ('mips64le', 8, 64, LITTLE), ('mipsle', 8, 32, LITTLE), ('ppc64', 21, 64, BIG),
    ('ppc64le', 21, 64, LITTLE), ('riscv64', 243, 64, LITTLE), ('s390x', 22, 64, BIG),
]


def elf(machine, bits, order):
    """The first 20 bytes of an executable."""
    ident = b'\x7fELF' + struct.pack('BBB', bits // 32, order, 1) + b'\0' * 9
    return ident + struct.pack('<HH' if order == LITTLE else '>HH', 2, machine)


@pytest.mark.parametrize(('name', 'machine', 'bits', 'order'), PORTS)
def test_each_port_of_go_is_told_from_an_elf_header(name, machine, bits, order):
    assert host.goarch_of(elf(machine, bits, order)) == name


@pytest.mark.parametrize('header', [
    pytest.param(elf(62, 32, LITTLE), id='x32'),
    pytest.param(elf(40, 32, BIG), id='big-endian arm'),
    pytest.param(elf(183, 64, BIG), id='big-endian arm64'),
    pytest.param(elf(243, 32, LITTLE), id='riscv32'),
    pytest.param(elf(2, 32, BIG), id='sparc'),
    pytest.param(b'\x7fELF' + struct.pack('BBB', 3, LITTLE, 1) + b'\0' * 9 + struct.pack('<HH', 2, 62), id='class 3'),
    pytest.param(b'\x7fELF' + struct.pack('BBB', 2, 3, 1) + b'\0' * 9 + struct.pack('<HH', 2, 62), id='byte order 3'),
    pytest.param(elf(62, 64, LITTLE)[:19], id='cut header'),
    pytest.param(b'#!/bin/sh\nexec python', id='script'),
    pytest.param(b'', id='empty'),
])
def test_anything_else_is_refused(header):
    with pytest.raises(GofleetError) as caught:
        host.goarch_of(header)
    assert caught.value.code == 'unknown_architecture'


def test_the_refusal_names_machine_bits_order_and_the_ports_of_go():
    with pytest.raises(GofleetError) as caught:
        host.goarch_of(elf(2, 32, BIG), '/usr/bin/python')
    assert 'the ELF header of /usr/bin/python says machine 2, 32 bit, big endian' in caught.value.msg
    assert 'amd64, arm, arm64' in caught.value.msg
    assert caught.value.evidence == {'machine': 2, 'uname': os.uname()[4]}


def test_the_userland_decides_not_the_kernel(tmpdir):
    # A 32-bit userland under a 64-bit kernel: uname says x86_64, its python says 386.
    python = tmpdir.join('python')
    python.write_binary(elf(3, 32, LITTLE) + b'more')
    assert host.goarch(str(python)) == '386'


def test_the_running_interpreter_is_asked_by_default():
    assert host.goarch() == host.goarch(os.path.realpath(sys.executable))


def test_an_embedded_interpreter_is_asked_too(monkeypatch):
    expected = host.goarch()
    monkeypatch.setattr(sys, 'executable', '')
    assert host.goarch() == expected


@pytest.mark.parametrize(('release', 'version'), [
    ('3.10.0-1160.el7.x86_64', (3, 10, 0)), ('6.18.44-fc', (6, 18, 44)), ('5.15', (5, 15)), ('2.6.32-754.el6', (2, 6, 32)),
    ('6.12.0+deb13-amd64', (6, 12, 0)), ('4.4-custom.7', (4, 4)),
])
def test_the_kernel_version_is_what_its_release_begins_with(monkeypatch, release, version):
    monkeypatch.setattr(os, 'uname', lambda: ('Linux', 'host', release, '#1', 'x86_64'))
    assert host.kernel_version() == version
