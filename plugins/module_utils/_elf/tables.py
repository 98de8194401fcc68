# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ELF formats as data: layouts, numbers and bounds. Sources: the gABI, elf.h, the processors' supplements."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import struct

from ansible_collections.gofleet.golang.plugins.module_utils._host import ports

MAGIC = b'\x7fELF'

# For each word size: the size of a word, the struct formats, and the names of their fields in the order of the file.
_HEADER_FIELDS = 'type machine version entry phoff shoff flags ehsize phentsize phnum shentsize shnum shstrndx'
_FIELDS = {
    'header': {32: ('HHIIIIIHHHHHH', _HEADER_FIELDS), 64: ('HHIQQQIHHHHHH', _HEADER_FIELDS)},
    'program': {32: ('IIIIIIII', 'type offset vaddr paddr filesz memsz flags align'), 64: ('IIQQQQQQ', 'type flags offset vaddr paddr filesz memsz align')},
    'section': {32: ('IIIIIIIIII', 'name type flags addr offset size link info addralign entsize'),
                64: ('IIQQQQIIQQ', 'name type flags addr offset size link info addralign entsize')},
    'dynamic': {32: ('II', 'tag value'), 64: ('QQ', 'tag value')},
    'symbol': {32: ('IIIBBH', 'name value size info other shndx'), 64: ('IBBHQQ', 'name info other shndx value size')},
    'need': {32: ('HHIII', 'version count file aux next'), 64: ('HHIII', 'version count file aux next')},
    'need_version': {32: ('IHHII', 'hash flags other name next'), 64: ('IHHII', 'hash flags other name next')},
    'definition': {32: ('HHHHIII', 'version flags index count hash aux next'), 64: ('HHHHIII', 'version flags index count hash aux next')},
    'definition_name': {32: ('II', 'name next'), 64: ('II', 'name next')},
    'note': {32: ('III', 'namesz descsz type'), 64: ('III', 'namesz descsz type')},
    'property': {32: ('II', 'type size'), 64: ('II', 'type size')},
    'gnu_hash': {32: ('IIII', 'buckets offset bloom shift'), 64: ('IIII', 'buckets offset bloom shift')},
}
# Offset of the header's first field: the size of e_ident.
IDENT = 16


class Record:
    """One structure of the format in one word size and byte order: its size in bytes, and its reader."""

    def __init__(self, name, bits, order):
        letters, fields = _FIELDS[name][bits]
        # Python 2.7.5's struct takes no unicode format.
        packed = struct.Struct(str(order + letters))
        self.size = packed.size
        self.unpack_from = packed.unpack_from
        self._make = collections.namedtuple(str(name), fields)._make

    def read(self, content, offset=0):
        return self._make(self.unpack_from(content, offset))


class Layout:
    """All structures of one word size and byte order, by name: layout.header, layout.program ..."""

    def __init__(self, bits, order):
        self.bits = bits
        self.order = order
        self.word = bits // 8
        self.word_letter = 'I' if bits == 32 else 'Q'
        for name in _FIELDS:
            setattr(self, name, Record(name, bits, order))
        self.header_size = IDENT + self.header.size

    def numbers(self, content, letter):
        """The whole content as numbers of one size. letter: of struct."""
        size = struct.calcsize(str('=' + letter))
        return struct.unpack(str('%s%d%s' % (self.order, len(content) // size, letter)), content[:len(content) // size * size])


LAYOUTS = dict(((bits, order), Layout(bits, order)) for bits in (64, 32) for order in '<>')
BITS = {1: 32, 2: 64}
ORDERS = {1: '<', 2: '>'}

# (e_machine, bits, byte order) -> Go's name of the architecture (go tool dist list), or the common name if Go has none.
MACHINES = {
    (62, 32, '<'): 'x32', (40, 32, '>'): 'armeb', (183, 64, '>'): 'arm64be', (183, 32, '<'): 'arm64ilp32', (183, 32, '>'): 'arm64beilp32',
    (258, 32, '<'): 'loong32', (20, 32, '>'): 'ppc', (20, 32, '<'): 'ppcle', (243, 32, '<'): 'riscv', (22, 32, '>'): 's390',
    (2, 32, '>'): 'sparc', (18, 32, '>'): 'sparc32plus', (43, 64, '>'): 'sparc64', (50, 64, '<'): 'ia64', (15, 32, '>'): 'hppa', (15, 64, '>'): 'hppa64',
    (42, 32, '<'): 'sh', (42, 32, '>'): 'sheb', (4, 32, '>'): 'm68k', (0x9026, 64, '<'): 'alpha', (247, 64, '<'): 'bpf', (247, 64, '>'): 'bpf',
    (252, 32, '<'): 'csky', (94, 32, '<'): 'xtensa', (94, 32, '>'): 'xtensaeb',
}
MACHINES.update(ports.GOARCH_OF_HEADER)
# Machines whose kernels also check EI_CLASS (elf_check_arch in arch/*/include/asm/elf.h of Linux; included if unsure).
CLASS_MATTERS = frozenset((8, 22, 243, 258))
# Machines whose kernels try the 64-bit layout first and ignore EI_CLASS.
WIDE_FIRST = frozenset((62,))
# Machines whose DT_HASH has 64-bit entries in 64-bit files.
WIDE_HASH = frozenset((22, 0x9026))
EM_AMD64 = 62

TYPES = {1: 'REL', 2: 'EXEC', 3: 'DYN', 4: 'CORE'}
# The values that glibc accepts in a library: System V, GNU, and ARM's.
OSABIS = frozenset((0, 3, 97))

PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_NOTE, PT_GNU_STACK, PT_GNU_PROPERTY = 1, 2, 3, 4, 0x6474e551, 0x6474e553
PF_X, PF_W = 1, 2
SHT_SYMTAB, SHT_NOBITS = 2, 8

DT_NULL = 0
# d_tag -> name.
TAGS = {
    1: 'NEEDED', 2: 'PLTRELSZ', 4: 'HASH', 5: 'STRTAB', 6: 'SYMTAB', 7: 'RELA', 8: 'RELASZ', 9: 'RELAENT', 10: 'STRSZ', 11: 'SYMENT', 14: 'SONAME',
    15: 'RPATH', 17: 'REL', 18: 'RELSZ', 19: 'RELENT', 20: 'PLTREL', 23: 'JMPREL', 24: 'BIND_NOW', 29: 'RUNPATH', 30: 'FLAGS', 35: 'RELRSZ', 36: 'RELR',
    0x6ffffef5: 'GNU_HASH', 0x6ffffff0: 'VERSYM', 0x6ffffff9: 'RELACOUNT', 0x6ffffffa: 'RELCOUNT', 0x6ffffffb: 'FLAGS_1', 0x6ffffffc: 'VERDEF',
    0x6ffffffd: 'VERDEFNUM', 0x6ffffffe: 'VERNEED', 0x6fffffff: 'VERNEEDNUM', 0x70000011: 'MIPS_SYMTABNO',
}
DF_1_PIE = 0x08000000

VER_FLG_BASE, VER_FLG_WEAK = 1, 2
VERSYM_HIDDEN = 0x8000

NT_GNU_ABI_TAG, NT_GNU_BUILD_ID, NT_GNU_PROPERTY, NT_GO_BUILD_ID = 1, 3, 5, 4
GNU_PROPERTY_X86_ISA_1_NEEDED = 0xc0008002
# The systems in the first word of NT_GNU_ABI_TAG, and owners of notes that no Linux tool writes.
ABI_TAG_SYSTEMS = {0: None, 1: 'Hurd', 2: 'Solaris', 3: 'FreeBSD', 4: 'NetBSD', 5: 'Syllable', 6: 'NaCl'}
FOREIGN_OWNERS = {b'FreeBSD': 'FreeBSD', b'NetBSD': 'NetBSD', b'OpenBSD': 'OpenBSD', b'DragonFly': 'DragonFly'}

SHN_UNDEF, SHN_ABS = 0, 0xfff1
STB_GLOBAL, STB_WEAK, STB_GNU_UNIQUE = 1, 2, 10
STT_TLS = 6
# Types of symbols that a loader accepts as definitions: none, object, function, common, TLS, indirect function.
STT_LINKED = frozenset((0, 1, 2, 5, 6, 10))
STV_DEFAULT, STV_PROTECTED = 0, 3

# Bounds. Program headers: the limit of Linux (fs/binfmt_elf.c: 64 KB). The others are many times as high as in real programs.
MAX_PROGRAM_BYTES = 65536
MAX_INTERP = 4096
MAX_NOTES = 65536
MAX_DYNAMIC = 2048
MAX_VERSIONS = 1024
MAX_VERSION_WINDOW = 1 << 20
MAX_STRING = 4096
MAX_SECTIONS = 4096
MAX_SYMBOLS = 1 << 18
MAX_STRINGS = 1 << 24
MAX_RELOCATIONS = 1 << 18
