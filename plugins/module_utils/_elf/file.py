# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A bounded reader of ELF files: what the kernel and a dynamic loader would take from them, without running anything.

    with elf.open_file(path) as source:
        binary = elf.read(source)
        facts = elf.as_facts(binary)
        missing = elf.undefined_symbols(source, binary)

It goes where the loaders go: program headers, addresses through PT_LOAD, the dynamic table to its DT_NULL, version chains to
their end. The section table is a hint for what no loader needs (is it stripped). Every count, size and string has a bound.

Exits: a value, or GofleetError with the evidence offset, what and value:
    not_a_file, file_missing, file_unreadable   open_file()
    malformed      the kernel or the loader would refuse it too (File.malformed lists what they ignore)
    truncated      the header or its program headers are not all there (File.truncated: a segment's content is not)
    parse_limit    more of something than this reader takes: nothing can be said, which is not 'it runs'
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import re

from ansible_collections.gofleet.golang.plugins.module_utils._elf import dynamic as elf_dynamic
from ansible_collections.gofleet.golang.plugins.module_utils._elf import notes, symbols, tables
from ansible_collections.gofleet.golang.plugins.module_utils._elf import sections as elf_sections
from ansible_collections.gofleet.golang.plugins.module_utils._elf import source as elf_source
from ansible_collections.gofleet.golang.plugins.module_utils._elf.image import Image, text_of
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError

open_file = elf_source.open_file
Source = elf_source.Source
version_hash = elf_dynamic.version_hash

# One PT_LOAD; bytes and addresses, flags: 1 execute, 2 write, 4 read.
Load = collections.namedtuple('Load', 'offset vaddr filesz memsz flags align')
# Version(name, hash, flags): of one library. flags: 2 is VER_FLG_WEAK. hash: as stored; the loader compares it with that of the
# definition, so a need whose hash is not version_hash(name) is met by no library.
Version = elf_dynamic.Version
# VersionNeed(library, versions).
VersionNeed = elf_dynamic.VersionNeed
# Symbol(name, version, library, weak): an undefined one; version and library are None where it has none.
Symbol = symbols.Symbol
# The first line of a script. program: text ('' if there is none); argument: text or None; bom, crlf: bool (either stops the kernel).
InterpreterLine = collections.namedtuple('InterpreterLine', 'program argument bom crlf')

# format: 'elf', 'script', 'gzip', 'zip', 'html', 'java', 'macho', 'pe', 'wasm', 'xcoff' (AIX), 'plan9', 'text', 'empty', 'other'. Unless it is 'elf', all that
#   follows interpreter_line is None, False or an empty list.
# interpreter_line: InterpreterLine of a script, else None.
# bits: 32 or 64, order: '<' or '>': as the program is really laid out (see malformed). machine: e_machine; machine_name: text.
# Its type is 'EXEC', 'DYN', 'REL', 'CORE' or 'other'. flags: e_flags. osabi: EI_OSABI. phnum: count of program headers.
# interp: text or None. loads: [Load] in the file's order. dynamic: whether there is a PT_DYNAMIC.
# needed, rpath, runpath: [text] in order ($ORIGIN and the like are kept). soname: text or None. flags_1: DT_FLAGS_1.
# has_relr: bool. version_needs: [VersionNeed]. version_definitions: [text] without the base definition (the soname).
# stack_executable: None if no PT_GNU_STACK says. build_id: hex of the GNU note or None. go_build_id: text of Go's note or None.
# kernel_tag: (3, 2, 0) of NT_GNU_ABI_TAG or None. foreign_os: 'FreeBSD', 'NetBSD', 'OpenBSD', ... of the notes, else None.
# isa_needed: GNU_PROPERTY_X86_ISA_1_NEEDED, an int (1 baseline, 2 v2, 4 v3, 8 v4), or None.
# stripped: whether it has no .symtab; None without a section table. static: no interpreter and nothing needed.
# static_pie: PT_DYNAMIC without PT_INTERP, in a program (not a library: DF_1_PIE, or an entry and nothing needed, no soname).
# packed: by UPX; nothing else that is said of it is then true of the program inside.
# truncated: None, or a text that says what lies past the end of the file.
# malformed: [text], what the headers say in spite of the truth and the kernel ignores in a main program; glibc refuses a *library* with it.
# limits: [text], what was over a bound or ambiguous and so not read: no verdict 'runs' can stand on it.
File = collections.namedtuple('File', (
    'format interpreter_line bits order machine machine_name type flags osabi phnum interp loads dynamic needed soname rpath runpath'
    ' flags_1 has_relr version_needs version_definitions stack_executable build_id go_build_id kernel_tag foreign_os isa_needed'
    ' stripped static static_pie packed truncated malformed limits'))


# What tells a file that is no ELF file, in this order: the first bytes, and a name.
_MAGICS = (
    (b'\x1f\x8b', 'gzip'), (b'PK\x03\x04', 'zip'), (b'PK\x05\x06', 'zip'), (b'MZ', 'pe'), (b'\xfe\xed\xfa\xce', 'macho'), (b'\xfe\xed\xfa\xcf', 'macho'),
    (b'\xce\xfa\xed\xfe', 'macho'), (b'\xcf\xfa\xed\xfe', 'macho'), (b'\0asm', 'wasm'), (b'\x01\xdf\0', 'xcoff'), (b'\x01\xf7\0', 'xcoff'),
    (b'\0\0\x8a\x97', 'plan9'), (b'\0\0\x01\xeb', 'plan9'), (b'\0\0\x06\x47', 'plan9'),
)
# Java's classes and Mach-O's archives share a magic; what follows is a version of at least 45 there, a count of few here.
_JAVA_OR_MACHO = b'\xca\xfe\xba\xbe'
_FIRST_JAVA = 45
_HTML = re.compile(br'\s*(<!doctype\s+html|<html|<head|<\?xml[^>]*>\s*<(!doctype\s+)?html)', re.IGNORECASE)
_BOM = b'\xef\xbb\xbf'
_NO_TEXT = re.compile(br'[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]')
# What a kernel takes of a script's first line (BINPRM_BUF_SIZE: 256 since Linux 5.1, 128 before).
_LINE, _OLD_LINE = 256, 128

_EMPTY = dict.fromkeys(File._fields)
_EMPTY.update(loads=[], needed=[], rpath=[], runpath=[], version_needs=[], version_definitions=[], malformed=[], limits=[],
              dynamic=False, has_relr=False, static=False, static_pie=False, packed=False)

# No pointer of user space is larger (5-level page tables of amd64 have 56 bits for it).
_END_OF_MEMORY = {32: 1 << 32, 64: 1 << 56}
_RUNNABLE = ('EXEC', 'DYN')


def read(source):
    """The File of a Source. Raises GofleetError(malformed, truncated, parse_limit, file_unreadable)."""
    head = source.read_at(0, min(source.size, tables.MAX_STRING), 'the beginning of the file')
    found = dict(_EMPTY, loads=[], malformed=[], limits=[])
    if head[:4] != tables.MAGIC:
        found['format'] = _format(head)
        if found['format'] == 'script':
            found['interpreter_line'] = _interpreter_line(head, found['limits'])
        return File(**found)
    found['format'] = 'elf'
    layout, header = _header(source, head, found)
    if found['type'] in _RUNNABLE:
        _read_program(source, layout, header, found)
    return File(**found)


def _format(head):
    if not head:
        return 'empty'
    if head.startswith((b'#!', _BOM + b'#!')):
        return 'script'
    if head.startswith(_JAVA_OR_MACHO) and len(head) >= 8:
        return 'java' if head[6:8] >= bytes(bytearray((0, _FIRST_JAVA))) else 'macho'
    for magic, name in _MAGICS:
        if head.startswith(magic):
            return name
    if _HTML.match(head):
        return 'html'
    return 'other' if _NO_TEXT.search(head) else 'text'


def _interpreter_line(head, limits):
    """Source: fs/binfmt_script.c of Linux."""
    bom = head.startswith(_BOM)
    line, end, dummy = head[len(_BOM) if bom else 0:][2:].partition(b'\n')
    if len(line) + 2 >= _OLD_LINE:
        limits.append("the script's first line has more than %d bytes: kernels before 5.1 cut it" % (_OLD_LINE - 1))
    # The kernel's strings end at a NUL.
    line = line[:_LINE - 2].partition(b'\0')[0]
    crlf = bool(end) and line.endswith(b'\r')
    program, dummy, argument = line.rstrip(b'\r' if crlf else b' \t').strip(b' \t').replace(b'\t', b' ').partition(b' ')
    return InterpreterLine(text_of(program), text_of(argument.strip(b' \t')) or None, bom, crlf)


# ---- the header


def _header(source, head, found):
    """(Layout, header), with what the header says put into found."""
    layout = _layout(source, head, found)
    header = layout.header.read(source.read_at(0, layout.header_size, 'the ELF header'), tables.IDENT)
    ident = bytearray(head[:tables.IDENT])
    found.update(
        bits=layout.bits, order=layout.order, machine=header.machine, flags=header.flags, phnum=header.phnum, osabi=ident[7],
        type=tables.TYPES.get(header.type, 'other'),
        machine_name=tables.MACHINES.get((header.machine, layout.bits, layout.order), 'machine %d' % header.machine))
    for name, value in (('EI_VERSION', ident[6]), ('e_version', header.version)):
        if value != 1:
            found['malformed'].append('%s is %d; the only one is 1' % (name, value))
    if ident[7] not in tables.OSABIS:
        found['malformed'].append('EI_OSABI is %d, which is not that of a Linux program' % ident[7])
    return layout, header


def _layout(source, head, found):
    """The Layout that the file has, which is not always the one it claims: kernels go by e_machine."""
    source.read_at(0, tables.LAYOUTS[32, '<'].header_size, 'the ELF header')
    claimed = (tables.BITS.get(_byte(head, 4)), tables.ORDERS.get(_byte(head, 5)))
    possible = [each for each, layout in tables.LAYOUTS.items() if _is_laid_out(source, head, layout)]
    wide = [each for each in possible if each[0] == 64 and _machine(head, each[1]) in tables.WIDE_FIRST]
    if wide:
        real = wide[0]
    elif claimed in possible or (not possible and claimed in tables.LAYOUTS):
        real = claimed
    elif possible:
        real = sorted(possible, reverse=True)[0]
    else:
        raise source.refusal('malformed', 'the ELF header', 4, repr(claimed), 'EI_CLASS and EI_DATA are of no known format, nor is the rest')
    layout = tables.LAYOUTS[real]
    for name, at, claim, truth in (('EI_CLASS', 4, claimed[0], real[0]), ('EI_DATA', 5, claimed[1], real[1])):
        if claim != truth:
            if _machine(head, real[1]) in tables.CLASS_MATTERS:
                raise source.refusal('malformed', 'the ELF header', at, _byte(head, at), '%s is not that of its machine, whose kernels look at it' % name)
            found['malformed'].append('%s is %d, but the file is laid out as %d bit, %s endian'
                                      % (name, _byte(head, at), real[0], 'little' if real[1] == '<' else 'big'))
    return layout


def _byte(head, at):
    return bytearray(head[at:at + 1] or b'\0')[0]


def _machine(head, order):
    return tables.LAYOUTS[32, order].numbers(head[18:20], 'H')[0]


def _is_laid_out(source, head, layout):
    """Whether the header makes sense in this word size and byte order, as that of a program."""
    if len(head) < layout.header_size or (_machine(head, layout.order), layout.bits, layout.order) not in tables.MACHINES:
        return False
    header = layout.header.read(head, tables.IDENT)
    return header.phentsize == layout.program.size and layout.header_size <= header.phoff < source.size and header.phnum > 0


# ---- the program headers


def _read_program(source, layout, header, found):
    segments = _segments(source, layout, header)
    found['loads'] = [Load(each.offset, each.vaddr, each.filesz, each.memsz, each.flags, each.align) for each in segments if each.type == tables.PT_LOAD]
    found['truncated'] = _truncation(source, found['loads'])
    _check_loads(source, found)
    found['interp'] = _interpreter(source, segments, found)
    for each in segments:
        if each.type == tables.PT_GNU_STACK:
            found['stack_executable'] = bool(each.flags & tables.PF_X)
    _read_notes(source, layout, segments, found)
    image = Image(source, layout, header.machine, found['loads'])
    _unless_truncated(found, _read_dynamic, image, segments)
    found['static_pie'] = _is_static_pie(header, found)
    found['static'] = found['interp'] is None and not found['needed'] and (found['type'] == 'EXEC' or found['static_pie'])
    sections = elf_sections.read(source, layout)
    if found['build_id'] is None:
        _read_build_id(source, layout, sections, found)
    found['stripped'] = None if sections is None else not [each for each in sections if each.type == tables.SHT_SYMTAB]
    found['packed'] = _is_packed(source, layout, header, sections)


def _unless_truncated(found, action, *arguments):
    """What cannot be read of a file that was cut short is no further finding."""
    try:
        action(found, *arguments)
    except GofleetError as exc:
        if found['truncated'] is None or exc.code == 'file_unreadable':
            raise


def _segments(source, layout, header):
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


def _truncation(source, loads):
    past = [(number, each) for number, each in enumerate(loads) if each.filesz and each.offset + each.filesz > source.size]
    if not past:
        return None
    return 'PT_LOAD %d ends at byte %d, the file at %d' % (past[0][0], past[0][1].offset + past[0][1].filesz, source.size)


def _check_loads(source, found):
    """Source: fs/binfmt_elf.c, load_elf_binary."""
    if not found['loads']:
        raise source.refusal('malformed', 'the program headers', 0, 0, 'there is no PT_LOAD, so nothing to run')
    for load in found['loads']:
        if load.filesz > load.memsz:
            raise source.refusal('malformed', 'a PT_LOAD', load.offset, load.filesz, 'p_filesz is larger than p_memsz, %d' % load.memsz)
        if load.vaddr + load.memsz > _END_OF_MEMORY[found['bits']]:
            raise source.refusal('malformed', 'a PT_LOAD', load.offset, load.vaddr, 'it ends past the end of memory')
    ordered = sorted((load.vaddr, load.vaddr + load.memsz) for load in found['loads'] if load.memsz)
    if any(first[1] > second[0] for first, second in zip(ordered, ordered[1:])):
        found['limits'].append('the segments overlap: what is where in memory depends on the order of mapping')


def _interpreter(source, segments, found):
    named = [each for each in segments if each.type == tables.PT_INTERP]
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
    return text_of(raw.split(b'\0')[0])


def _read_notes(source, layout, segments, found):
    said = {}
    # glibc asks PT_GNU_PROPERTY first.
    for kind in (tables.PT_GNU_PROPERTY, tables.PT_NOTE):
        for each in segments:
            if each.type != kind or each.offset + each.filesz > source.size:
                continue
            if each.filesz > tables.MAX_NOTES:
                found['limits'].append('a PT_NOTE of %d bytes was not read' % each.filesz)
                continue
            notes.facts(layout, source.read_at(each.offset, each.filesz, 'PT_NOTE'), each.align, said)
    found.update(said)


def _read_build_id(source, layout, sections, found):
    """Go's own linker gives the GNU build id a section, but no PT_NOTE. It is for people: no loader reads it."""
    for each in sections or []:
        if each.name == b'.note.gnu.build-id' and each.size <= tables.MAX_STRING and each.offset + each.size <= source.size:
            said = {}
            notes.facts(layout, source.read_at(each.offset, each.size, each.name.decode('ascii')), 4, said)
            found['build_id'] = said.get('build_id')


# ---- the dynamic table


def _read_dynamic(found, image, segments):
    dynamic = _dynamic(image, segments, found)
    if dynamic is None:
        return
    found.update(
        needed=dynamic.needed(), soname=dynamic.text('SONAME'), rpath=_folders(dynamic.text('RPATH')), runpath=_folders(dynamic.text('RUNPATH')),
        flags_1=dynamic.get('FLAGS_1', 0), has_relr=bool(dynamic.get('RELR') is not None or dynamic.get('RELRSZ')),
        version_needs=elf_dynamic.grouped(elf_dynamic.numbered_needs(image, dynamic, found['malformed'])),
        version_definitions=[each.name for each in elf_dynamic.definitions(image, dynamic, found['malformed'])
                             if not each.flags & tables.VER_FLG_BASE])


def _folders(text):
    return text.split(':') if text else []


def _dynamic(image, segments, found):
    """The Dynamic, None without one. Loaders find it by its address, not by its offset."""
    named = [each for each in segments if each.type == tables.PT_DYNAMIC]
    if not named:
        return None
    found['dynamic'] = True
    # The last one stands, in glibc as in musl.
    last = named[-1]
    dynamic = elf_dynamic.Dynamic(image, last.vaddr)
    offset = image.place(last.vaddr, 'the dynamic table')[0]
    if offset != last.offset:
        found['malformed'].append('p_offset of PT_DYNAMIC is %d, its address is at %d' % (last.offset, offset))
    if (dynamic.count + 1) * image.layout.dynamic.size > last.filesz:
        found['malformed'].append('p_filesz of PT_DYNAMIC is %d, but its table has %d entries' % (last.filesz, dynamic.count))
    return dynamic


def _is_static_pie(header, found):
    if not found['dynamic'] or found['interp'] is not None or found['type'] != 'DYN' or found['needed'] or not header.entry:
        return False
    return bool((found['flags_1'] or 0) & tables.DF_1_PIE) or found['soname'] is None


# ---- packers

_UPX = b'UPX!'
# Its first record stands behind the program headers, 4 bytes in; a second one ends the file.
_UPX_HEAD, _UPX_TAIL = 64, 64


def _is_packed(source, layout, header, sections):
    behind = header.phoff + header.phnum * layout.program.size
    places = [(behind, min(_UPX_HEAD, source.size - behind))]
    if sections is None:
        places.append((max(0, source.size - _UPX_TAIL), min(_UPX_TAIL, source.size)))
    return any(_UPX in source.read_at(offset, length, "a packer's mark") for offset, length in places)


# ---- symbols


def image_of(source, binary):
    """The elf_image.Image of a File of format 'elf'."""
    return Image(source, tables.LAYOUTS[binary.bits, binary.order], binary.machine, binary.loads)


def undefined_symbols(source, binary):
    """[Symbol] that this object's dynamic table takes from others. Raises GofleetError(malformed, truncated, parse_limit, file_unreadable)."""
    image, dynamic = linked(source, binary)
    return [] if dynamic is None else symbols.undefined(image, dynamic)


def defined_symbols(source, binary):
    """{name: set of versions} that this object gives to others; '' stands for a definition without a version.

    Raises GofleetError(malformed, truncated, parse_limit, file_unreadable).
    """
    image, dynamic = linked(source, binary)
    return {} if dynamic is None else symbols.defined(image, dynamic)


def linked(source, binary):
    if not binary.dynamic:
        return None, None
    layout = tables.LAYOUTS[binary.bits, binary.order]
    header = layout.header.read(source.read_at(0, layout.header_size, 'the ELF header'), tables.IDENT)
    image = image_of(source, binary)
    return image, _dynamic(image, _segments(source, layout, header), {'malformed': []})


# ---- facts


def as_facts(binary):
    """The plain, JSON-safe dictionary of a File: named tuples within it are dictionaries too, tuples lists."""
    return _plain(binary)


def _plain(value):
    if hasattr(value, '_asdict'):
        return dict((name, _plain(each)) for name, each in value._asdict().items())
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value
