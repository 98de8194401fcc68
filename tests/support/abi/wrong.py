# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""ABI fixtures with one fault each, and files that are not programs."""

from __future__ import annotations

from support.abi import spoiled
from support.abi.design import ANY, GLIBC, MUSL, PLACE, WORD, Design
from support.abi.spoiled import PT_INTERP, PT_LOAD, Edit
from support.toolchains.tiny import tiny_elf

# ---- one thing wrong


def _edited(name: str, what: str, base: str, *edits: Edit, mode: int = 0o755, arch: str = 'amd64') -> Design:
    return Design(f'spoiled/{name}', what, base=base, edits=edits, mode=mode, arch=arch)


_DYNAMIC, _STATIC_BASE, _ARM64 = 'c/glibc-2.17', 'c/musl-static', 'c/arm64-glibc-2.17'


def _each(name: str, what: str, *edits: Edit, emulated: bool = True) -> tuple[Design, ...]:
    """emulated: whether an emulator of another architecture goes about it as that architecture's kernel would."""
    return tuple(
        _edited(f'{name}-{kind}', f'{what} ({kind})', base, *edits, arch=arch)
        for kind, base, arch in (
            ('dynamic', _DYNAMIC, 'amd64'), ('static', _STATIC_BASE, 'amd64'), ('musl', 'c/musl-dynamic', 'amd64'), ('arm64', _ARM64, 'arm64'),
        )
        if emulated or arch == 'amd64'
    )  # fmt: skip


SPOILED = (
    *_each('cut', 'ends in the middle of what is loaded', spoiled.cut_in_segment),
    *_each('cut-last-byte', 'lacks one byte of its last page', spoiled.cut_last_byte),
    *_each('cut-sections', 'lost the section table', spoiled.cut_sections),
    *_each('cut-header', 'ends in the ELF header', spoiled.cut(40)),
    *_each('cut-programs', 'ends in the program headers', spoiled.cut(100)),
    # binfmt_misc knows programs for an emulator by just these bytes.
    *_each('class', 'says that it is 32-bit', spoiled.header(**{'class': 1}), emulated=False),
    *_each('order', 'says that it is big-endian', spoiled.header(data=2), emulated=False),
    *_each('osabi', 'says that it is for FreeBSD', spoiled.header(osabi=9)),
    *_each('nonsense', 'has invalid values in unused fields', spoiled.header(ident_version=9, version=9, ehsize=1, abi_version=77), emulated=False),
    *_each('sections', 'says nonsense of its sections', spoiled.header(shoff=1 << 60, shentsize=0, shnum=65535, shstrndx=65535)),
    *_each('machine', 'is for no machine', spoiled.header(machine=0)),
    *_each('object', 'is an object file', spoiled.header(type=1)),
    *_each('core', 'is a core dump', spoiled.header(type=4)),
    *_each('phentsize', 'has program headers of another size', spoiled.header(phentsize=32)),
    *_each('no-segments', 'has no program headers', spoiled.header(phnum=0)),
    *_each('many-segments', 'has more program headers than the kernel takes', spoiled.header(phnum=2000)),
    *_each('entry', 'starts where nothing is', spoiled.header(entry=16)),
    *_each('misaligned', 'has a segment off its page', spoiled.segment(PT_LOAD, 1, vaddr=16)),
    *_each('longer-in-file', 'has a segment longer in the file than in memory', spoiled.segment(PT_LOAD, 1, filesz=1 << 20), emulated=False),
    _edited('interp-missing', 'no such interpreter', _DYNAMIC, spoiled.interpreter('/lib64/ld-nowhere.so.2')),
    _edited('interp-debian', "glibc's loader at Debian's place", _DYNAMIC, spoiled.interpreter('/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2')),
    _edited('interp-other-libc', "a glibc program with musl's loader", _DYNAMIC, spoiled.interpreter(MUSL)),
    _edited('interp-other-libc-musl', "a musl program with glibc's loader", 'c/musl-dynamic', spoiled.interpreter(GLIBC)),
    _edited('interp-foreign', 'an interpreter of another architecture', _DYNAMIC, spoiled.interpreter(f'{PLACE}/c/arm64-static')),
    _edited('interp-32', 'a 32-bit interpreter', _DYNAMIC, spoiled.interpreter(f'{PLACE}/c/386-static')),
    _edited('interp-text', 'an interpreter that is text', _DYNAMIC, spoiled.interpreter(f'{PLACE}/file/text')),
    _edited('interp-script', 'an interpreter that is a script', _DYNAMIC, spoiled.interpreter(f'{PLACE}/script/sh')),
    _edited('interp-closed', 'an interpreter without an x bit', _DYNAMIC, spoiled.interpreter(f'{PLACE}/spoiled/no-x-bit')),
    _edited('interp-folder', 'an interpreter that is a folder', _DYNAMIC, spoiled.interpreter('/usr/lib')),
    _edited('interp-relative', 'an interpreter below the current folder', _DYNAMIC, spoiled.interpreter('no-such-folder/ld.so')),
    _edited('interp-empty', 'an empty interpreter', _DYNAMIC, spoiled.interpreter('')),
    _edited('interp-unterminated', 'an interpreter whose name does not end', _DYNAMIC, spoiled.interpreter(GLIBC, terminated=False)),
    _edited('interp-long', 'an interpreter longer than a path can be', _DYNAMIC, spoiled.interpreter('/' * 5000 + GLIBC)),
    _edited('interp-cut', 'an interpreter behind the end of the file', _DYNAMIC, spoiled.segment(PT_INTERP, 0, offset=1 << 30)),
    _edited('version-unheard-of', 'a version that no glibc has', 'c/glibc-2.38', spoiled.another_version('GLIBC_2.38', 'GLIBC_2.99')),
    _edited('version-hash', 'the right version with a wrong hash', _DYNAMIC, spoiled.rehash('GLIBC_2.2.5')),
    _edited('version-weak', 'a weak version, and a weak symbol of it', 'bare/version-weak-symbol', spoiled.weaken('GLIBC_2.38')),
    _edited('version-weak-strong', 'a weak version, and a strong symbol of it', 'bare/version-strong-symbol', spoiled.weaken('GLIBC_2.38')),
    _edited('version-weak-strong-now', 'a weak version, a strong symbol of it, bound at once', 'bare/version-strong-symbol-now', spoiled.weaken('GLIBC_2.38')),
    _edited('relr-weak', 'RELR whose marker is weak', 'bare/relr-glibc', spoiled.weaken('GLIBC_ABI_DT_RELR')),
    _edited('relr-unmarked', 'RELR without its marker', 'bare/relr-glibc', spoiled.another_version('GLIBC_ABI_DT_RELR', 'GLIBC_2.2.5')),
    _edited('isa-unheard-of', 'a level that no processor has', 'bare/isa-v4', spoiled.isa_needed(0x8000)),
    _edited('isa-unheard-of-musl', 'a level that no processor has, for musl', 'bare/isa-v3-musl', spoiled.isa_needed(0x8000)),
    _edited('no-x-bit', 'no x bit', _DYNAMIC, mode=0o644),
    _edited('x-for-others', 'an x bit for others only', _DYNAMIC, mode=0o601),
    _edited('bom', 'a byte order mark before the program', _DYNAMIC, spoiled.stuff(b'\xef\xbb\xbf')),
)  # fmt: skip

# ---- packed: what is inside is known to the packer alone

# Where UPX puts its mark behind three program headers.
PACKER_MARK = 236


def _packed(status: int) -> bytes:
    """No section, and the mark: it may unpack a program that cannot run here, so it runs or it does not."""
    program = tiny_elf('amd64', f'{WORD}\n', status)
    return program + bytes(PACKER_MARK - len(program)) + b'UPX!'


PACKED = (
    Design('packed/works', 'packed, and works', content=_packed(0)),
    Design('packed/fails', 'packed, and what is inside fails', content=_packed(127)),
)

# ---- scripts, and what is no program


def _script(name: str, what: str, content: str | bytes) -> Design:
    packed = content.encode() if isinstance(content, str) else content
    return Design(f'script/{name}', what, content=packed, arch='amd64' if PLACE.encode() in packed else ANY)


_ECHO = f'\necho {WORD}\n'
SCRIPTS = (
    _script('sh', 'a script', f'#!/bin/sh{_ECHO}'),
    _script('sh-blank', 'blanks before the interpreter', f'#! \t/bin/sh{_ECHO}'),
    _script('sh-argument', 'an argument for the interpreter', f'#!/bin/sh -e{_ECHO}'),
    _script('env', 'the interpreter by way of env', f'#!/usr/bin/env sh{_ECHO}'),
    _script('env-missing', 'env finds no such interpreter', f'#!/usr/bin/env no-such-interpreter{_ECHO}'),
    _script('bash', 'bash, which not every host has', f'#!/bin/bash{_ECHO}'),
    _script('missing', 'no such interpreter', f'#!/opt/nowhere/sh{_ECHO}'),
    _script('relative', 'an interpreter below the current folder', f'#!no-such-folder/sh{_ECHO}'),
    _script('crlf', 'line ends of another system', f'#!/bin/sh\r\necho {WORD}\r\n'),
    _script('crlf-argument', 'line ends of another system, behind an argument', f'#!/bin/sh -\r\necho {WORD}\n'),
    _script('bom', 'a byte order mark', b'\xef\xbb\xbf' + f'#!/bin/sh{_ECHO}'.encode()),
    _script('no-interpreter', 'no interpreter, so only a shell starts it', f'echo {WORD}\n'),
    _script('empty-interpreter', 'an empty interpreter', f'#!{_ECHO}'),
    _script('blank-interpreter', 'an interpreter of blanks', f'#!  \t{_ECHO}'),
    _script('folder', 'an interpreter that is a folder', f'#!/usr/lib{_ECHO}'),
    _script('closed', 'an interpreter without an x bit', f'#!{PLACE}/spoiled/no-x-bit{_ECHO}'),
    _script('foreign', 'an interpreter of another architecture', f'#!{PLACE}/c/s390x-glibc{_ECHO}'),
    _script('glibc', 'an interpreter that needs glibc', f'#!{PLACE}/c/glibc-2.17{_ECHO}'),
    _script('glibc-2.38', 'an interpreter that needs glibc 2.38', f'#!{PLACE}/c/glibc-2.38{_ECHO}'),
    _script('html', 'an interpreter that is a web page', f'#!{PLACE}/file/html{_ECHO}'),
    _script('script', 'an interpreter that is a script', f'#!{PLACE}/script/sh{_ECHO}'),
    _script('script-crlf', 'an interpreter that is a script that cannot run', f'#!{PLACE}/script/crlf{_ECHO}'),
    _script('itself', 'itself as its interpreter', f'#!{PLACE}/script/itself{_ECHO}'),
    _script('long', 'an interpreter longer than the kernel reads', f'#!{"/" * 300}bin/sh{_ECHO}'),
    _script('long-argument', 'an argument longer than the kernel reads', f'#!/bin/sh -{"e" * 300}{_ECHO}'),
    _script('unfinished', 'an interpreter and no line end', f'#!/bin/echo {WORD}'),
    _script('nul', 'a NUL behind the interpreter', f'#!/bin/cat\0{_ECHO}'),
)

FILES = (
    *(Design(f'file/{name}', f'{name} in place of a program', content=content, arch=ANY) for name, content in spoiled.FOREIGN_FILES.items()),
    *(Design(f'file/{name}', what, base='c/musl-static', edits=(edit,)) for name, what, edit in (
        ('gzip', 'a program, compressed', spoiled.gzip_file), ('zip', 'a program in a zip', spoiled.zip_file), ('tar', 'a program in a tar', spoiled.tar_file),
    )),
)  # fmt: skip
