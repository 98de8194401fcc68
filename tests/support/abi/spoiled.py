# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Corrupt programs byte by byte: from a little-endian 64-bit ELF to the same file with one change.

Layouts and constants: elf(5) and the System V gABI; version tables: the Linux Standard Base, "Symbol Versioning".
"""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass

Edit = Callable[[bytes], bytes]

# By name: offset and format.
HEADER = {
    'class': (4, 'B'), 'data': (5, 'B'), 'ident_version': (6, 'B'), 'osabi': (7, 'B'), 'abi_version': (8, 'B'),
    'type': (16, 'H'), 'machine': (18, 'H'), 'version': (20, 'I'), 'entry': (24, 'Q'), 'phoff': (32, 'Q'),
    'shoff': (40, 'Q'), 'flags': (48, 'I'), 'ehsize': (52, 'H'), 'phentsize': (54, 'H'), 'phnum': (56, 'H'),
    'shentsize': (58, 'H'), 'shnum': (60, 'H'), 'shstrndx': (62, 'H'),
}  # fmt: skip
SEGMENT = {
    'type': (0, 'I'), 'flags': (4, 'I'), 'offset': (8, 'Q'), 'vaddr': (16, 'Q'), 'filesz': (32, 'Q'), 'memsz': (40, 'Q'), 'align': (48, 'Q'),
}  # fmt: skip
SEGMENT_SIZE = 56
PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_NOTE = 1, 2, 3, 4
DT_STRTAB, DT_VERNEED, DT_VERNEEDNUM = 5, 0x6FFFFFFE, 0x6FFFFFFF
VER_FLG_WEAK = 2
GNU_ABI_TAG = struct.pack('<III4s', 4, 16, 1, b'GNU\0')
# The property X86_ISA_1_NEEDED: its type, and the size of its value.
ISA_NEEDED = struct.pack('<II', 0xC0008002, 4)


@dataclass(frozen=True)
class Segment:
    at: int
    kind: int
    offset: int
    vaddr: int
    filesz: int


def _get(content: bytes | bytearray, at: int, form: str) -> int:
    found: int = struct.unpack_from('<' + form, content, at)[0]
    return found


def segments(content: bytes | bytearray) -> Iterator[Segment]:
    first, count = _get(content, *HEADER['phoff']), _get(content, *HEADER['phnum'])
    for at in range(first, first + count * SEGMENT_SIZE, SEGMENT_SIZE):
        values = {name: _get(content, at + offset, form) for name, (offset, form) in SEGMENT.items()}
        yield Segment(at, values['type'], values['offset'], values['vaddr'], values['filesz'])


def _segment(content: bytes | bytearray, kind: int, which: int = 0) -> Segment:
    return [segment for segment in segments(content) if segment.kind == kind][which]


def _offset(content: bytes | bytearray, address: int) -> int:
    return next(
        address - load.vaddr + load.offset
        for load in segments(content)
        if load.kind == PT_LOAD and load.vaddr <= address < load.vaddr + load.filesz
    )


def _dynamic(content: bytes | bytearray, tag: int) -> int:
    table = _segment(content, PT_DYNAMIC)
    for at in range(table.offset, table.offset + table.filesz, 16):
        if _get(content, at, 'Q') == tag:
            return _get(content, at + 8, 'Q')
    raise KeyError(f'the dynamic table has no tag {tag:#x}')


def _text(content: bytes | bytearray, at: int) -> str:
    return bytes(content[at : content.index(b'\0', at)]).decode('ascii')


def _needed_versions(content: bytes | bytearray) -> Iterator[tuple[int, str]]:
    """(offset of the Vernaux, name of the version)."""
    strings = _offset(content, _dynamic(content, DT_STRTAB))
    at = _offset(content, _dynamic(content, DT_VERNEED))
    for _library in range(_dynamic(content, DT_VERNEEDNUM)):
        auxiliary = at + _get(content, at + 8, 'I')
        for _version in range(_get(content, at + 2, 'H')):
            yield auxiliary, _text(content, strings + _get(content, auxiliary + 8, 'I'))
            auxiliary += _get(content, auxiliary + 12, 'I')
        at += _get(content, at + 12, 'I')


# ---- edits of ELF


def header(**values: int) -> Edit:
    def edit(content: bytes) -> bytes:
        changed = bytearray(content)
        for name, value in values.items():
            offset, form = HEADER[name]
            struct.pack_into('<' + form, changed, offset, value)
        return bytes(changed)

    return edit


def segment(kind: int, which: int = 0, **changes: int) -> Edit:
    """Add to the fields of the which-th program header of a kind."""

    def edit(content: bytes) -> bytes:
        changed = bytearray(content)
        place = _segment(content, kind, which).at
        for name, change in changes.items():
            offset, form = SEGMENT[name]
            struct.pack_into('<' + form, changed, place + offset, _get(content, place + offset, form) + change)
        return bytes(changed)

    return edit


def interpreter(path: str, terminated: bool = True) -> Edit:
    """Another PT_INTERP, which lies behind everything else."""

    def edit(content: bytes) -> bytes:
        text = path.encode() + (b'\0' if terminated else b'')
        changed = bytearray(content + text)
        place = _segment(content, PT_INTERP).at
        struct.pack_into('<Q', changed, place + SEGMENT['offset'][0], len(content))
        for name in ('filesz', 'memsz'):
            struct.pack_into('<Q', changed, place + SEGMENT[name][0], len(text))
        return bytes(changed)

    return edit


def weaken(version: str) -> Edit:
    """Let the loader go on without this version (VER_FLG_WEAK)."""

    def edit(content: bytes) -> bytes:
        changed = bytearray(content)
        for at in [at for at, name in _needed_versions(content) if name == version]:
            struct.pack_into('<H', changed, at + 4, _get(content, at + 4, 'H') | VER_FLG_WEAK)
        return _really(content, changed)

    return edit


def rehash(version: str) -> Edit:
    """Another hash for the right name of a needed version."""

    def edit(content: bytes) -> bytes:
        changed = bytearray(content)
        for at in [at for at, name in _needed_versions(content) if name == version]:
            struct.pack_into('<I', changed, at, _get(content, at, 'I') ^ 1)
        return _really(content, changed)

    return edit


def kernel_tag(major: int) -> Edit:
    """Another oldest kernel in NT_GNU_ABI_TAG."""

    def edit(content: bytes) -> bytes:
        changed = bytearray(content)
        struct.pack_into('<I', changed, content.index(GNU_ABI_TAG) + len(GNU_ABI_TAG) + 4, major)
        return _really(content, changed)

    return edit


def isa_needed(bits: int) -> Edit:
    """Another set of levels of the processor in the GNU property."""

    def edit(content: bytes) -> bytes:
        changed = bytearray(content)
        struct.pack_into('<I', changed, content.index(ISA_NEEDED) + len(ISA_NEEDED), bits)
        return _really(content, changed)

    return edit


def another_version(version: str, other: str) -> Edit:
    """Need another version: one that is needed already, or one of the same length."""

    def edit(content: bytes) -> bytes:
        changed = bytearray(content)
        needed = {name: at for at, name in _needed_versions(content)}
        if other in needed:
            struct.pack_into('<I', changed, needed[version] + 8, _get(content, needed[other] + 8, 'I'))
        else:
            strings = _offset(content, _dynamic(content, DT_STRTAB)) + _get(content, needed[version] + 8, 'I')
            changed[strings : strings + len(version)] = other.encode()
        struct.pack_into('<I', changed, needed[version], elf_hash(other))
        if len(changed) != len(content):
            raise ValueError(f'{version} and {other} differ in length')
        return bytes(changed)

    return edit


def elf_hash(name: str) -> int:
    value = 0
    for byte in name.encode():
        value = (value << 4) + byte
        high = value & 0xF0000000
        value = (value ^ high >> 24) & ~high
    return value


def _really(before: bytes, after: bytes | bytearray) -> bytes:
    if bytes(after) == before:
        raise ValueError('the edit found nothing to change')
    return bytes(after)


def cut(size: int) -> Edit:
    return lambda content: content[:size]


def cut_sections(content: bytes) -> bytes:
    """Without what lies behind the last loaded byte: the section table, and sections that are not loaded."""
    end = max(load.offset + load.filesz for load in segments(content) if load.kind == PT_LOAD)
    return content[: max(end, _get(content, *HEADER['phoff']) + SEGMENT_SIZE * _get(content, *HEADER['phnum']))]


def cut_in_segment(content: bytes) -> bytes:
    """Truncated within the loaded segments, at any byte."""
    end = max(load.offset + load.filesz for load in segments(content) if load.kind == PT_LOAD)
    return content[: end // 2 + 1]


def cut_last_byte(content: bytes) -> bytes:
    """One byte of the last page that is loaded: the kernel maps that page all the same."""
    end = max(load.offset + load.filesz for load in segments(content) if load.kind == PT_LOAD)
    return content[: end - 1]


def stuff(prefix: bytes) -> Edit:
    return lambda content: prefix + content


# ---- what is no ELF at all


def zip_file(content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, 'w') as target:
        target.writestr(zipfile.ZipInfo('program'), content)
    return packed.getvalue()


def tar_file(content: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode='w') as target:
        member = tarfile.TarInfo('program')
        member.size, member.mode = len(content), 0o755
        target.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def gzip_file(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


FOREIGN_FILES = {
    'html': b'<!DOCTYPE html>\n<html><title>404 Not Found</title></html>\n',
    'java-class': b'\xca\xfe\xba\xbe\0\0\0\x3d' + bytes(64),
    'mach-o': b'\xcf\xfa\xed\xfe\x07\0\0\x01' + bytes(64),
    'pe': b'MZ' + bytes(58) + struct.pack('<I', 64) + b'PE\0\0\x64\x86' + bytes(64),
    'ar': b'!<arch>\nprogram/        0           0     0     644     4         `\nwork',
    'text': b'works\n',
    'empty': b'',
    'one-byte': b'\x7f',
    'magic-only': b'\x7fELF',
    'zeros': bytes(4096),
    'elf-header-of-zeros': b'\x7fELF' + bytes(60),
}
