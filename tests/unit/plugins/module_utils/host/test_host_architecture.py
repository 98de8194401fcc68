# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import struct
import sys

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._host import architecture as host

LITTLE, BIG = 1, 2
VFP = 1 << 6
# e_machine, bits, byte order, and e_flags as compilers set them (elf.h) of every Linux port that `go tool dist list` names.
PORTS = [
    ('386', 3, 32, LITTLE, 0), ('amd64', 62, 64, LITTLE, 0), ('arm', 40, 32, LITTLE, 0x05000400), ('arm64', 183, 64, LITTLE, 0),
    # Double floats, object ABI version 1; as riscv64 with compressed instructions and double floats.
    ('loong64', 258, 64, LITTLE, 0x43), ('riscv64', 243, 64, LITTLE, 0x5),
    # MIPS32 release 2 and MIPS64 release 2, o32 and n64, position-independent.
    ('mips', 8, 32, BIG, 0x70001007), ('mipsle', 8, 32, LITTLE, 0x70001007), ('mips64', 8, 64, BIG, 0x80000007), ('mips64le', 8, 64, LITTLE, 0x80000007),
    # ELFv1 and ELFv2.
    ('ppc64', 21, 64, BIG, 1), ('ppc64le', 21, 64, LITTLE, 2), ('s390x', 22, 64, BIG, 0),
]
# What else a userland of one and the same port may say of itself.
VARIANTS = [
    ('arm', 40, 32, LITTLE, 0x05000200, 'armel, EABI 5, soft float'), ('arm', 40, 32, LITTLE, 0x05000000, 'EABI 5 of old compilers'),
    ('arm', 40, 32, LITTLE, 0x04000000, 'EABI 4'), ('mips', 8, 32, BIG, 0x50001005, 'MIPS32 release 1'),
    ('mipsle', 8, 32, LITTLE, 0x70001405, 'other NaNs'), ('mips64le', 8, 64, LITTLE, 0x60000007, 'MIPS64 release 1'),
    ('mips64', 8, 64, BIG, 0x20000007, 'MIPS III'),
    ('ppc64', 21, 64, BIG, 2, 'ELFv2 on big endian, as musl has it'), ('ppc64le', 21, 64, LITTLE, 0, 'no ABI named'),
    ('riscv64', 243, 64, LITTLE, 0x0, 'soft float'), ('loong64', 258, 64, LITTLE, 0x3, 'object ABI version 0'),
]


def elf(machine, bits, order, flags=0):
    """The ELF header of an executable."""
    ident = b'\x7fELF' + struct.pack('BBB', bits // 32, order, 1) + b'\0' * 9
    layout = ('<' if order == LITTLE else '>') + 'HHI3' + ('I' if bits == 32 else 'Q') + 'I6H'
    return ident + struct.pack(layout, 2, machine, 1, 0x10000, 64, 0, flags, struct.calcsize(layout) + 16, 0, 0, 0, 0, 0)


@pytest.mark.parametrize(('name', 'machine', 'bits', 'order', 'flags'), PORTS)
def test_each_port_of_go_is_recognised_by_an_elf_header(name, machine, bits, order, flags):
    assert host.goarch_of(elf(machine, bits, order, flags)) == name


@pytest.mark.parametrize(('name', 'machine', 'bits', 'order', 'flags'), [pytest.param(*each[:-1], id=each[-1]) for each in VARIANTS])
def test_the_ways_to_pass_floats_and_other_variants_are_one_port(name, machine, bits, order, flags):
    assert host.goarch_of(elf(machine, bits, order, flags)) == name


def test_the_ports_are_those_of_go():
    # `go tool dist list` of 1.27, those that begin with linux/.
    assert sorted(each[0] for each in PORTS) == [
        '386', 'amd64', 'arm', 'arm64', 'loong64', 'mips', 'mips64', 'mips64le', 'mipsle', 'ppc64', 'ppc64le', 'riscv64', 's390x']


@pytest.mark.parametrize('header', [
    pytest.param(elf(62, 32, LITTLE), id='x32'),
    pytest.param(elf(40, 32, BIG, 0x05000000), id='big-endian arm'),
    pytest.param(elf(40, 32, LITTLE, 0x2), id='arm before EABI'),
    pytest.param(elf(183, 64, BIG), id='big-endian arm64'),
    pytest.param(elf(183, 32, LITTLE), id='arm64 with 32-bit pointers'),
    pytest.param(elf(8, 32, BIG, 0x80000027), id='mips n32'),
    pytest.param(elf(8, 32, LITTLE, 0x80000027), id='mipsle n32'),
    pytest.param(elf(8, 32, LITTLE, 0x90001407), id='mips release 6'),
    pytest.param(elf(8, 64, LITTLE, 0xa0000407), id='mips64 release 6'),
    pytest.param(elf(20, 32, BIG), id='32-bit PowerPC'),
    pytest.param(elf(22, 32, BIG), id='31-bit s390'),
    pytest.param(elf(243, 32, LITTLE), id='riscv32'),
    pytest.param(elf(258, 32, LITTLE), id='loong32'),
    pytest.param(elf(2, 32, BIG), id='sparc'),
    pytest.param(elf(62, 64, LITTLE)[:4] + struct.pack('B', 3) + elf(62, 64, LITTLE)[5:], id='class 3'),
    pytest.param(elf(62, 64, LITTLE)[:5] + struct.pack('B', 3) + elf(62, 64, LITTLE)[6:], id='byte order 3'),
    pytest.param(b'\x7fELF' + b'\xff' * 60, id='garbage'),
    pytest.param(b'\0' * 64, id='zeros'),
    pytest.param(b'MZ' + elf(62, 64, LITTLE)[2:], id='another format'),
    pytest.param(b'#!/bin/sh\nexec python3 "$@"  # the interpreter is elsewhere, and what runs is a shell\n', id='script'),
])
def test_anything_else_is_refused(header):
    with pytest.raises(GofleetError) as caught:
        host.goarch_of(header)
    assert caught.value.code == 'unknown_architecture'


@pytest.mark.parametrize('header', [elf(62, 64, LITTLE), elf(40, 32, LITTLE, 0x05000400)], ids=['64 bit', '32 bit'])
def test_a_header_that_is_cut_anywhere_is_refused(header):
    for size in range(len(header)):
        with pytest.raises(GofleetError, match='nothing that is ELF') as caught:
            host.goarch_of(header[:size])
        assert caught.value.code == 'unknown_architecture'


def test_what_follows_the_header_is_of_no_account():
    assert host.goarch_of(elf(40, 32, LITTLE, 0x05000400) + b'\xff' * 12) == 'arm'


def reported(header):
    try:
        return host.goarch_of(header)
    except GofleetError as exc:
        return exc.code


@pytest.mark.parametrize(('place', 'value'), [(place, value) for place in range(20) for value in (0, 1, 0x7f, 0xff)])
def test_a_header_with_any_byte_changed_gives_a_port_or_a_refusal(place, value):
    header = bytearray(elf(62, 64, LITTLE))
    header[place] = value
    assert reported(bytes(header)) in ('amd64', 'unknown_architecture')


def test_the_refusal_names_machine_bits_order_and_the_ports_of_go():
    with pytest.raises(GofleetError) as caught:
        host.goarch_of(elf(2, 32, BIG), '/usr/bin/python')
    assert 'the ELF header of /usr/bin/python says machine 2, 32 bit, big endian (uname' in caught.value.msg
    assert 'amd64, arm, arm64' in caught.value.msg
    assert caught.value.evidence == {'machine': 2, 'uname': os.uname()[4]}


def test_the_refusal_of_another_abi_names_it():
    with pytest.raises(GofleetError, match='machine 8, 32 bit, little endian, n32 '):
        host.goarch_of(elf(8, 32, LITTLE, 0x80000027))


@pytest.mark.parametrize('machine', ['armv6l', 'armv7l', 'armv8l', 'aarch64'])
def test_go_runs_on_arm_from_version_6_on_with_a_floating_point_unit(machine):
    host.check_arm(machine, VFP)


@pytest.mark.parametrize(('machine', 'features', 'reason'), [
    ('armv5tel', VFP, r'\(armv5tel\) is older than ARMv6\.'),
    ('armv5tejl', 0, r'\(armv5tejl\) is older than ARMv6 and has no floating point unit'),
    ('armv4tl', None, r'\(armv4tl\) is older than ARMv6\.'),
    ('armv6l', ~VFP & 0xffff, r'\(armv6l\) has no floating point unit \(VFP\)\.'),
    ('armv7l', 0, r'\(armv7l\) has no floating point unit \(VFP\)\.'),
])
def test_an_arm_that_go_was_not_built_for_is_refused_with_the_way_out(machine, features, reason):
    with pytest.raises(GofleetError, match=reason) as caught:
        host.check_arm(machine, features)
    assert caught.value.code == 'processor_too_old'
    assert 'GOARM=5' in caught.value.msg
    assert caught.value.evidence == {'uname': machine, 'hwcap': features}


def test_an_arm_of_unknown_features_is_left_to_the_staged_go():
    host.check_arm('armv7l', None)


@pytest.mark.parametrize(('machine', 'hwcap', 'code'), [
    ('armv7l', VFP, None), ('aarch64', VFP, None), ('armv5tel', 0, 'processor_too_old'), ('armv6l', 0, 'processor_too_old'),
])
def test_the_processor_of_an_arm_userland_is_checked(tmpdir, monkeypatch, machine, hwcap, code):
    python = tmpdir.join('python')
    python.write_binary(elf(40, 32, LITTLE, 0x05000200))
    monkeypatch.setattr(os, 'uname', lambda: ('Linux', 'host', '5.10.0', '#1', machine))
    monkeypatch.setattr(host, 'hwcap', lambda: hwcap)
    if code is None:
        assert host.goarch(str(python)) == 'arm'
    else:
        with pytest.raises(GofleetError) as caught:
            host.goarch(str(python))
        assert caught.value.code == code


def test_the_features_are_found_in_the_auxiliary_vector(tmpdir):
    vector = tmpdir.join('auxv')
    vector.write_binary(struct.pack('6L', 6, 4096, 16, 0x1234, 0, 0))
    assert host.hwcap(str(vector)) == 0x1234


@pytest.mark.parametrize('content', [b'', struct.pack('L', 16), struct.pack('4L', 6, 4096, 0, 0), struct.pack('3L', 6, 4096, 16)],
                         ids=['empty', 'cut', 'without it', 'cut behind its name'])
def test_a_vector_without_features_says_nothing_of_them(tmpdir, content):
    vector = tmpdir.join('auxv')
    vector.write_binary(content)
    assert host.hwcap(str(vector)) is None


def test_without_proc_nothing_is_said_of_features(tmpdir):
    assert host.hwcap(str(tmpdir.join('missing'))) is None


def test_this_kernel_tells_features_of_its_processor():
    assert host.hwcap() > 0


@pytest.mark.parametrize(('kernel', 'name', 'machine', 'bits', 'order', 'flags'), [
    ('x86_64', '386', 3, 32, LITTLE, 0), ('aarch64', 'arm', 40, 32, LITTLE, 0x05000400), ('mips64', 'mips', 8, 32, BIG, 0x70001007),
    ('mips64', 'mipsle', 8, 32, LITTLE, 0x70001007), ('i686', '386', 3, 32, LITTLE, 0),
    # An emulated userland on another kernel.
    ('x86_64', 'arm64', 183, 64, LITTLE, 0), ('x86_64', 's390x', 22, 64, BIG, 0),
])
def test_the_userland_decides_not_the_kernel(tmpdir, monkeypatch, kernel, name, machine, bits, order, flags):
    python = tmpdir.join('python')
    python.write_binary(elf(machine, bits, order, flags) + b'more')
    monkeypatch.setattr(os, 'uname', lambda: ('Linux', 'host', '6.1.0', '#1', kernel))
    monkeypatch.setattr(host, 'hwcap', lambda: VFP)
    assert host.goarch(str(python)) == name


def test_the_running_interpreter_is_read_by_default():
    assert host.goarch() == host.goarch(os.path.realpath(sys.executable))


def test_an_embedded_interpreter_is_read_for_the_architecture(monkeypatch):
    expected = host.goarch()
    monkeypatch.setattr(sys, 'executable', '')
    assert host.goarch() == expected
