# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read the program headers: the segments that the kernel maps, and the loader that it starts."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections

from ansible_collections.gofleet.golang.plugins.module_utils._elf import image, tables

# One PT_LOAD; bytes and addresses, flags: 1 execute, 2 write, 4 read.
Load = collections.namedtuple('Load', 'offset vaddr filesz memsz flags align')
# The end of user space (56 bits with amd64's 5-level page tables).
_END_OF_MEMORY = {32: 1 << 32, 64: 1 << 56}


def read(source, layout, header):
    """[program header] of a file. Raises GofleetError(malformed, truncated, file_unreadable)."""
    size = layout.program.size
    # The last six fields of two bytes each: ehsize, phentsize, phnum, shentsize, shnum, shstrndx.
    at = layout.header_size - 10
    if header.phentsize != size:
        raise source.refusal('malformed', 'e_phentsize', at, header.phentsize, 'kernels take only %d' % size)
    if not header.phnum:
        raise source.refusal('malformed', 'e_phnum', at + 2, 0, 'a program without program headers has nothing to load')
    if header.phnum * size > tables.MAX_PROGRAM_BYTES:
        raise source.refusal('malformed', 'e_phnum', at + 2, header.phnum, 'kernels take no more than %d bytes of program headers'
                             % tables.MAX_PROGRAM_BYTES)
    content = source.read_at(header.phoff, header.phnum * size, 'the program headers')
    return [layout.program.read(content, number * size) for number in range(header.phnum)]


def loaded(headers):
    """[Load] in the order of the program headers."""
    return [Load(each.offset, each.vaddr, each.filesz, each.memsz, each.flags, each.align) for each in headers if each.type == tables.PT_LOAD]


def truncation(source, mapped):
    """A text that names the PT_LOAD that ends beyond the end of the file; None if the file is complete."""
    past = [(number, each) for number, each in enumerate(mapped) if each.filesz and each.offset + each.filesz > source.size]
    if not past:
        return None
    return 'PT_LOAD %d ends at byte %d, the file at %d' % (past[0][0], past[0][1].offset + past[0][1].filesz, source.size)


def check_loads(source, bits, mapped, limits):
    """Raise GofleetError(malformed) for [Load] that kernels refuse; append to limits [text] what differs between kernels.

    Source: fs/binfmt_elf.c, load_elf_binary.
    """
    if not mapped:
        raise source.refusal('malformed', 'the program headers', 0, 0, 'it has no PT_LOAD, so there is nothing to run')
    for load in mapped:
        if load.filesz > load.memsz:
            raise source.refusal('malformed', 'a PT_LOAD', load.offset, load.filesz, 'p_filesz is larger than p_memsz, %d' % load.memsz)
        if load.vaddr + load.memsz > _END_OF_MEMORY[bits]:
            raise source.refusal('malformed', 'a PT_LOAD', load.offset, load.vaddr, 'it ends past the end of memory')
    ordered = sorted((load.vaddr, load.vaddr + load.memsz) for load in mapped if load.memsz)
    if any(first[1] > second[0] for first, second in zip(ordered, ordered[1:])):
        limits.append('the segments overlap: what is where in memory depends on the order of mapping')


def interpreter(source, headers, found):
    """The text of PT_INTERP, None if there is no such header. Appends to malformed of found, the dictionary of a File."""
    named = [each for each in headers if each.type == tables.PT_INTERP]
    if not named:
        return None
    if len(named) > 1:
        found['malformed'].append('there are %d PT_INTERP; kernels take the first' % len(named))
    first = named[0]
    if not 2 <= first.filesz <= tables.MAX_INTERP:
        raise source.refusal('malformed', 'PT_INTERP', first.offset, first.filesz, 'kernels take 2 to %d bytes' % tables.MAX_INTERP)
    if found['truncated'] and first.offset + first.filesz > source.size:
        return None
    raw = source.read_at(first.offset, first.filesz, 'PT_INTERP')
    if raw[-1:] != b'\0':
        raise source.refusal('malformed', 'PT_INTERP', first.offset, first.filesz, 'it does not end with a NUL')
    return image.text_of(raw.split(b'\0')[0])
