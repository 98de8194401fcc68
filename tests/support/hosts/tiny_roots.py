# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build file systems for tests: a loader, a C library and other libraries of a program, each a tiny ELF file."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import struct

from support.elf import tiny as tiny_elf

GLIBC_LOADER = '/lib64/ld-linux-x86-64.so.2'
MUSL_LOADER = '/lib/ld-musl-x86_64.so.1'
GLIBC_217 = ['GLIBC_2.2.5', 'GLIBC_2.3', 'GLIBC_2.14', 'GLIBC_2.17', 'GLIBC_PRIVATE']
GLIBC_236 = GLIBC_217[:-1] + ['GLIBC_2.28', 'GLIBC_2.34', 'GLIBC_2.36', 'GLIBC_ABI_DT_RELR', 'GLIBC_PRIVATE']
OLD_TEXT = (b'FATAL: kernel too old\n',)
NEW_TEXT = (b'--glibc-hwcaps-prepend', b'DT_RELR without GLIBC_ABI_DT_RELR dependency')

# Features of processors of an x86-64 level.
V2 = 'cx16 lahf_lm popcnt pni ssse3 sse4_1 sse4_2'
V3 = V2 + ' avx avx2 bmi1 bmi2 f16c fma abm movbe'
V4 = V3 + ' avx512f avx512bw avx512cd avx512dq avx512vl'


def cpuinfo(*flags, **more):
    field = more.get('field', 'flags')
    return ''.join('processor\t: %d\n%s\t\t: %s\nbogomips\t: 5000\n\n' % (number, field, each) for number, each in enumerate(flags))


def note(text):
    """Bytes that lie in a read-only segment, as the text of a program does."""
    return b'text', 99, text


def gives(*names, **more):
    """Symbols that an object defines, of a version if one is given."""
    return [tiny_elf.Symbol(name, version=more.get('version'), value=tiny_elf.BASE) for name in names]


def takes(*names, **more):
    """Symbols that an object needs: version, library, weak."""
    return [tiny_elf.Symbol(name, **more) for name in names]


class TinyRoot(object):
    """folder: a py.path.local. What is put into it is for amd64, unless more (of tiny_elf.build()) says otherwise."""

    def __init__(self, folder):
        self.folder = folder

    def path(self, inside):
        return str(self.folder.join(inside.lstrip('/')))

    def put(self, inside, content, mode=0o755):
        path = self.path(inside)
        if not os.path.isdir(os.path.dirname(path)):
            os.makedirs(os.path.dirname(path))
        with open(path, 'wb') as target:
            target.write(content)
        os.chmod(path, mode)
        return path

    def elf(self, inside, mode=0o755, **given):
        return self.put(inside, bytes(tiny_elf.build(**given).content), mode)

    def library(self, inside, **given):
        return self.elf(inside, **dict({'soname': os.path.basename(inside), 'hashes': 'gnu sysv'}, **given))

    def program(self, inside='/usr/bin/program', **given):
        return self.elf(inside, **dict({'interp': GLIBC_LOADER, 'entry': tiny_elf.BASE + 64, 'hashes': 'gnu sysv'}, **given))

    def link(self, inside, target):
        path = self.path(inside)
        if not os.path.isdir(os.path.dirname(path)):
            os.makedirs(os.path.dirname(path))
        os.symlink(target, path)

    def glibc(self, versions=tuple(GLIBC_217), text=OLD_TEXT, folders=('/lib64/', '/usr/lib64/'), loader=GLIBC_LOADER, symbols=(), libc=None, **more):
        """A loader that was compiled with these folders, and a libc.so.6 in the first of them."""
        rodata = b'\0'.join((b'',) + tuple(text) + (b'',)) + b''.join(each.encode('ascii') + b'\0' for each in folders)
        self.library(loader, definitions=['GLIBC_2.2.5', 'GLIBC_PRIVATE'], notes=[note(rodata)], **more)
        self.library(libc or folders[0] + 'libc.so.6', definitions=list(versions), symbols=list(symbols), **more)
        return self

    def musl(self, version='1.2.2', loader=MUSL_LOADER, symbols=('puts',), arch=b'x86_64', **more):
        text = b'\0' + version.encode('ascii') + b'\0musl libc (' + arch + b')\nVersion %s\nDynamic Program Loader\n\0'
        self.library(loader, notes=[note(text)], symbols=gives(*symbols), **dict({'soname': 'libc.musl-x86_64.so.1'}, **more))
        return self


def kernel_tag(*version):
    """NT_GNU_ABI_TAG of Linux."""
    return b'GNU', 1, struct.pack('<4I', 0, *version)


def ld_cache(entries, folders=(), flags=0x303, old=False):
    """An /etc/ld.so.cache. entries: [(soname, path, glibc-hwcaps folder, None or bits)]; old: behind the block of before glibc 2.2."""
    strings = bytearray()
    places = {}

    def place(text):
        if text not in places:
            places[text] = len(strings)
            strings.extend(text.encode('ascii') + b'\0')
        return places[text]

    rows = []
    for name, path, folder in entries:
        hwcap = (1 << 62) + folders.index(folder) if folder in folders else folder or 0
        rows.append((place(name), place(path), hwcap))
    named = [place(each) for each in folders]
    start = 48 + 24 * len(rows)
    extension = (start + len(strings) + 3) & ~3
    content = b'glibc-ld.so.cache1.1' + struct.pack('<2IB3xI3I', len(rows), len(strings), 2, extension if folders else 0, 0, 0, 0)
    for name, path, hwcap in rows:
        content += struct.pack('<4IQ', flags, start + name, start + path, 0, hwcap)
    content = (content + bytes(strings)).ljust(extension, b'\0')
    if folders:
        content += struct.pack('<6I', 0xeaa42174, 1, 1, 0, extension + 24, 4 * len(named)) + struct.pack('<%dI' % len(named), *[start + each for each in named])
    if not old:
        return content
    head = b'ld.so-1.7.0\0' + struct.pack('<I', 1) + struct.pack('<3I', 1, 0, 0)
    return head.ljust((len(head) + 7) & ~7, b'\0') + content
