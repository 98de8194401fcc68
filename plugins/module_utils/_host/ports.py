# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tables of Go's Linux ports: their names and numbers in the kernel, ELF and the C libraries."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import sys

# (e_machine, ELF class in bits, byte order) of a program -> Go's name of the architecture.
# Numbers: elf.h; names: go tool dist list.
GOARCH_OF_HEADER = {
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

# machine: e_machine (elf.h); bits, order: its ELF class and byte order. uname: the names that uname -m may print for such a kernel.
# glibc, musl: the paths of the loaders (SYSDEP_INTERPRETER of glibc's ports; LDSO_ARCH of musl's).
# cache_ids: the flags of its libraries in ld.so.cache (sysdeps/*/dl-cache.h, ldconfig.h).
Port = collections.namedtuple('Port', 'machine bits order uname glibc musl cache_ids')

# The fields of a Port besides those of its header: uname, glibc, musl, cache_ids.
_KNOWN = {
    '386': (('i386', 'i486', 'i586', 'i686'), ('/lib/ld-linux.so.2',), ('/lib/ld-musl-i386.so.1',), (0x003,)),
    'amd64': (('x86_64', 'amd64'), ('/lib64/ld-linux-x86-64.so.2',), ('/lib/ld-musl-x86_64.so.1',), (0x303,)),
    'arm': (('armv5tel', 'armv5tejl', 'armv6l', 'armv7l', 'armv8l', 'arm'), ('/lib/ld-linux-armhf.so.3', '/lib/ld-linux.so.3'),
            ('/lib/ld-musl-armhf.so.1', '/lib/ld-musl-arm.so.1'), (0x903, 0xb03, 0x003)),
    'arm64': (('aarch64', 'arm64'), ('/lib/ld-linux-aarch64.so.1',), ('/lib/ld-musl-aarch64.so.1',), (0xa03,)),
    'loong64': (('loongarch64',), ('/lib64/ld-linux-loongarch-lp64d.so.1',), ('/lib/ld-musl-loongarch64.so.1',), (0x1203, 0x003)),
    'mips': (('mips',), ('/lib/ld.so.1', '/lib/ld-linux-mipsn8.so.1'), ('/lib/ld-musl-mips.so.1', '/lib/ld-musl-mips-sf.so.1'), (0x003, 0xc03)),
    'mips64': (('mips64',), ('/lib64/ld.so.1', '/lib64/ld-linux-mipsn8.so.1'), ('/lib/ld-musl-mips64.so.1', '/lib/ld-musl-mips64-sf.so.1'), (0x703, 0xe03)),
    'mips64le': (('mips64',), ('/lib64/ld.so.1', '/lib64/ld-linux-mipsn8.so.1'),
                 ('/lib/ld-musl-mips64el.so.1', '/lib/ld-musl-mips64el-sf.so.1'), (0x703, 0xe03)),
    'mipsle': (('mips',), ('/lib/ld.so.1', '/lib/ld-linux-mipsn8.so.1'), ('/lib/ld-musl-mipsel.so.1', '/lib/ld-musl-mipsel-sf.so.1'), (0x003, 0xc03)),
    'ppc64': (('ppc64',), ('/lib64/ld64.so.1', '/lib64/ld64.so.2'), ('/lib/ld-musl-powerpc64.so.1',), (0x503,)),
    'ppc64le': (('ppc64le',), ('/lib64/ld64.so.2',), ('/lib/ld-musl-powerpc64le.so.1',), (0x503,)),
    'riscv64': (('riscv64',), ('/lib/ld-linux-riscv64-lp64d.so.1',), ('/lib/ld-musl-riscv64.so.1',), (0x1003, 0x003)),
    's390x': (('s390x',), ('/lib/ld64.so.1',), ('/lib/ld-musl-s390x.so.1',), (0x403,)),
}
PORTS = dict((name, Port(*(header + _KNOWN[name]))) for header, name in GOARCH_OF_HEADER.items())
# Kernels of the ports on the left may also run programs of the ports on the right, if they were built so.
COMPATIBLE = {'amd64': ('386',), 'arm64': ('arm',), 'mips64': ('mips',), 'mips64le': ('mipsle',)}


def name_of(machine, bits, order):
    """Go's name for the architecture in an ELF header, or None. machine: e_machine; order: '<' or '>'."""
    return GOARCH_OF_HEADER.get((machine, bits, order))


def of_kernel(machine):
    """Go's name for a kernel's architecture in the words of uname -m, or None; mips and mips64 do not tell the byte order."""
    order = '<' if sys.byteorder == 'little' else '>'
    for name in sorted(PORTS):
        port = PORTS[name]
        if machine in port.uname and (port.machine != 8 or port.order == order):
            return name
    return 'arm' if machine.startswith('armv') and machine.endswith('l') else None
