# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""This host, asked directly: architecture of its userland and version of its kernel."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import io
import os
import re
import struct
import sys

from ansible_collections.gofleet.golang.plugins.module_utils.errors import GofleetError

# (e_machine, ELF class in bits, byte order) of a program -> Go's name of the architecture.
# Numbers: elf.h; names: go tool dist list.
_GOARCH = {
    (3, 32, '<'): '386',
    (62, 64, '<'): 'amd64',
    (40, 32, '<'): 'arm',
    (183, 64, '<'): 'arm64',
    (258, 64, '<'): 'loong64',
    (8, 32, '>'): 'mips',
    (8, 32, '<'): 'mipsle',
    (8, 64, '>'): 'mips64',
    (8, 64, '<'): 'mips64le',
    (21, 64, '>'): 'ppc64',
    (21, 64, '<'): 'ppc64le',
    (243, 64, '<'): 'riscv64',
    (22, 64, '>'): 's390x',
}
_BITS = {1: 32, 2: 64}
_ORDER = {1: '<', 2: '>'}


def goarch(program=None):
    """Go's name for the architecture of this host's userland.

    Read from the ELF header of the running interpreter: uname -m speaks of the kernel, which may be a 64-bit
    one under a 32-bit userland. Raises GofleetError(unknown_architecture).
    """
    program = program or _interpreter()
    with io.open(program, 'rb') as source:
        header = source.read(20)
    return goarch_of(header, program)


def _interpreter():
    # Empty when an embedding program runs Python; the kernel knows the program in any case.
    return os.path.realpath(sys.executable) if sys.executable else '/proc/self/exe'


def goarch_of(header, program='the program'):
    """Go's name for the architecture of a program from the first 20 bytes of its ELF header.

    Raises GofleetError(unknown_architecture).
    """
    key = None
    if len(header) >= 20 and header[:4] == b'\x7fELF':
        bits, order = struct.unpack('BB', header[4:6])
        if bits in _BITS and order in _ORDER:
            machine = struct.unpack(_ORDER[order] + 'H', header[18:20])[0]
            key = (machine, _BITS[bits], _ORDER[order])
    if key in _GOARCH:
        return _GOARCH[key]
    raise GofleetError(
        "The architecture of this host is unknown to Go: the ELF header of %s says %s (uname: %s). Go's Linux ports are %s."
        % (program, 'machine %d, %d bit, %s endian' % (key[0], key[1], 'little' if key[2] == '<' else 'big') if key else 'nothing that is ELF',
           os.uname()[4], ', '.join(sorted(_GOARCH.values()))),
        'unknown_architecture', machine=key[0] if key else None, uname=os.uname()[4])


def kernel_version():
    """The running kernel's version as a tuple of up to three numbers: (3, 10, 0)."""
    numbers = re.match(r'(\d+)\.(\d+)(?:\.(\d+))?', os.uname()[2])
    return tuple(int(each) for each in numbers.groups() if each is not None)
