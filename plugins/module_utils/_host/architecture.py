# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The architecture of this host's userland, read from its own programs."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import io
import os
import re
import struct
import sys

from ansible_collections.gofleet.golang.plugins.module_utils import _system as system
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._host import ports

_BITS = {1: 32, 2: 64}
_ORDER = {1: '<', 2: '>'}
# The size of the ELF header, and the offset of e_flags in it, by class.
_HEADER = {32: 52, 64: 64}
_FLAGS_AT = {32: 36, 64: 48}
HEADER_LENGTH = max(_HEADER.values())
# e_machine -> (mask, value, name) of those e_flags (elf.h) under which Go's programs for that architecture do not run, or may not.
# Other flags, such as how floats are passed, do not matter: Go's programs link nothing of the userland.
_OTHER_ABIS = {
    # The kernel of an n32 userland is a 64-bit one that may not support o32, the ABI of Go's mips; release 6 removed instructions.
    8: ((0x20, 0x20, 'n32'), (0xf0000000, 0x90000000, 'MIPS32 release 6'), (0xf0000000, 0xa0000000, 'MIPS64 release 6')),
    # The old ABI, before EABI, has another convention for system calls.
    40: ((0xff000000, 0, 'the ABI before EABI'),),
}
# Go's one archive for 32-bit ARM, armv6l, is compiled with GOARM=6: for ARMv6, and floats in hardware (VFP) whether or not the
# userland uses it (go.dev/wiki/GoArm). The kernel reports a VFP by a bit in the auxiliary vector (asm/hwcap.h, getauxval(3)).
_ARM_TOO_OLD = re.compile(r'armv[2-5]')
_HWCAP_VFP = 1 << 6
_AT_HWCAP = 16


def goarch(program=None):
    """Go's name for the architecture of this host's userland.

    Read from the ELF header of the running interpreter: uname -m is about the kernel, which may be a 64-bit
    one under a 32-bit userland. program: the interpreter, where it is not this one. Raises GofleetError(unknown_architecture, processor_too_old).
    """
    program = program or _interpreter()
    found = goarch_of(system.header(program, HEADER_LENGTH), program)
    if found == 'arm':
        system.must_be_here()
        check_arm(os.uname()[4], hwcap())
    return found


def _interpreter():
    # sys.executable is empty if another program embeds Python; the kernel always knows the program.
    return os.path.realpath(sys.executable) if sys.executable else '/proc/self/exe'


def goarch_of(header, program='the program'):
    """Go's name for the architecture of a program, from its ELF header: the first 64 bytes, or the whole file if it is shorter.

    Raises GofleetError(unknown_architecture).
    """
    machine, bits, order, flags = _identity(header)
    other = [name for mask, value, name in _OTHER_ABIS.get(machine, ()) if flags & mask == value]
    found = ports.GOARCH_OF_HEADER.get((machine, bits, order))
    if found and not other:
        return found
    said = 'nothing that is ELF'
    if machine is not None:
        said = 'machine %d, %d bit, %s endian%s' % (machine, bits, 'little' if order == '<' else 'big', ', '.join([''] + other))
    raise GofleetError(
        "The architecture of this host is unknown to Go: the ELF header of %s says %s (uname: %s). Go's Linux ports are %s."
        % (program, said, os.uname()[4], ', '.join(sorted(ports.GOARCH_OF_HEADER.values()))),
        'unknown_architecture', machine=machine, uname=os.uname()[4])


def _identity(header):
    """(e_machine, bits, byte order, e_flags), each None if the header is incomplete."""
    if len(header) >= 6 and header[:4] == b'\x7fELF':
        kind, data = struct.unpack('BB', header[4:6])
        bits, order = _BITS.get(kind), _ORDER.get(data)
        if bits and order and len(header) >= _HEADER[bits]:
            machine = struct.unpack_from(order + 'H', header, 18)[0]
            return machine, bits, order, struct.unpack_from(order + 'I', header, _FLAGS_AT[bits])[0]
    return None, None, None, None


def check_arm(machine, features):
    """Raise GofleetError(processor_too_old) for an ARM processor on which Go's archive for 32-bit ARM cannot run.

    machine: as uname -m prints it; features: AT_HWCAP, or None if unknown; in that case the trial of the staged go decides.
    """
    lacks = []
    if _ARM_TOO_OLD.match(machine):
        lacks.append('is older than ARMv6')
    if features is not None and not features & _HWCAP_VFP:
        lacks.append('has no floating point unit (VFP)')
    if lacks:
        raise GofleetError(
            "Go's archives for 32-bit ARM (armv6l) need ARMv6 with a floating point unit; this processor (%s) %s. Nothing was changed. "
            'Build Go from its source with GOARM=5 for such hosts.' % (machine, ' and '.join(lacks)),
            'processor_too_old', uname=machine, hwcap=features)


def hwcap(vector='/proc/self/auxv'):
    """The processor features that the kernel reports to this process (AT_HWCAP), as an int; None if it reports none. vector: the file."""
    pair = struct.Struct('LL')
    try:
        with io.open(vector, 'rb') as source:
            content = source.read()
    except (IOError, OSError):
        # Without /proc the features are unknown; that must not fail the run.
        return None
    for offset in range(0, len(content) - pair.size + 1, pair.size):
        kind, value = pair.unpack_from(content, offset)
        if kind == _AT_HWCAP:
            return value
    return None
