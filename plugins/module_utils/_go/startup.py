# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find the processor level (GOAMD64) that a Go program's start-up code checks, if its build info does not have it, for example because it was
not linked by the go command.

A program for v2 or later exits with a text, "... processors with v3 microarchitecture support.", on an older processor
(runtime/asm_amd64.s). A program for v1 has no such text, and searching all read-only data of a large program for a text that may be
missing would take too long. So this follows a few hundred bytes of start-up code instead: from the entry to runtime.rt0_go, which is recognised
by its comparison with the name of Intel's processors, and which refers to the text if the program has it.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re
import struct

from ansible_collections.gofleet.golang.plugins.module_utils._elf import tables as elf_tables
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError

_TEXT = re.compile(br'This program can only be run on AMD64 processors with (v[2-4]) microarchitecture support\.')
_TEXT_SIZE = 84
# The part of the end of .rodata, where the linker puts large values, that is searched if the code does not lead to the text.
_SEARCHED = 1 << 19

# The instruction with which the C library's _start loads the address of main: lea main(%rip),%rdi; or mov $main,%rdi.
_MAIN = re.compile(br'(?P<relative>\x48\x8d\x3d)(?P<distance>.{4})|\x48\xc7\xc7(?P<address>.{4})', re.DOTALL)
_START = 64
# jmp, behind the code of _rt0_amd64: mov (%rsp),%rdi; lea 8(%rsp),%rsi. An endbr64 may precede either.
_JUMP = re.compile(br'(?:\xf3\x0f\x1e\xfa)?(?:\x48\x8b\x3c\x24\x48\x8d\x74\x24\x08)?\xe9(?P<distance>.{4})', re.DOTALL)
_JUMP_SIZE = 20
_MOST_JUMPS = 4
# cmp $"Genu",%ebx, in the first bytes of runtime.rt0_go; and lea ...(%rip), any register: its references. Its size is about 500.
_INTEL = b'\x81\xfbGenu'
_INTEL_WITHIN = 256
_REFERENCE = re.compile(br'[\x48\x4c]\x8d[\x05\x0d\x15\x1d\x25\x2d\x35\x3d]', re.DOTALL)
_CODE = 1024
_WHAT = "Go's start-up code"


def level(image, sections):
    """'v1' to 'v4', 'unknown' if the bounded search does not decide it, or None for architectures without levels.

    Raises GofleetError(file_unreadable).
    """
    if image.machine != elf_tables.EM_AMD64 or image.layout.bits != 64:
        return None
    try:
        return _by_code(image) or _by_search(image, sections) or 'unknown'
    except GofleetError as exc:
        # A jump out of the program shows that this is not Go's start-up code.
        if exc.code == 'file_unreadable':
            raise
        return 'unknown'


def _by_code(image):
    layout = image.layout
    entry = layout.header.read(image.source.read_at(0, layout.header_size, 'the ELF header'), elf_tables.IDENT).entry
    for address in [entry] + _mains(image, entry):
        code = _startup(image, address)
        if code:
            return _checked(image, *code)
    return None


def _mains(image, entry):
    content = _code(image, entry, _START)
    found = []
    for match in _MAIN.finditer(content):
        if match.group('relative'):
            found.append(entry + match.end() + _signed(match.group('distance')))
        else:
            found.append(_signed(match.group('address')))
    return found


def _signed(raw):
    return struct.unpack(str('<i'), raw)[0]


def _startup(image, address):
    """(address, bytes) of runtime.rt0_go if the jumps from an address lead there, else None."""
    for dummy in range(_MOST_JUMPS):
        content = _code(image, address, _JUMP_SIZE)
        jump = _JUMP.match(content)
        if jump is None:
            break
        address += jump.end() + _signed(jump.group('distance'))
    content = _code(image, address, _CODE)
    return (address, content) if _INTEL in content[:_INTEL_WITHIN] else None


def _code(image, address, length):
    """Up to length bytes; empty if no segment contains the address."""
    try:
        return image.table(address, min(length, image.place(address, _WHAT)[1]), _WHAT)
    except GofleetError as exc:
        if exc.code == 'file_unreadable':
            raise
        return b''


def _checked(image, address, content):
    for match in _REFERENCE.finditer(content):
        distance = content[match.end():match.end() + 4]
        if len(distance) == 4:
            found = _TEXT.match(_code(image, address + match.end() + 4 + _signed(distance), _TEXT_SIZE))
            if found:
                return found.group(1).decode('ascii')
    # The whole function was read, and it does not refer to the text.
    return u'v1' if len(content) == _CODE else None


def _by_search(image, sections):
    for section in sections:
        if section.name == b'.rodata':
            size = min(section.size, _SEARCHED)
            found = _TEXT.search(image.table(section.addr + section.size - size, size, "Go's read-only data"))
            if found:
                return found.group(1).decode('ascii')
            return u'v1' if size == section.size else None
    return None
