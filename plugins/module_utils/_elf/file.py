# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A bounded reader of ELF files: the facts that the kernel and a dynamic loader use, without running a program.

    with elf.open_file(path) as source:
        binary = elf.read(source)
        facts = elf.as_facts(binary)
        missing = elf.undefined_symbols(source, binary)

It reads like the loaders: program headers, addresses through PT_LOAD, the dynamic table up to DT_NULL, version chains up to
their end. The section table is only a hint, for facts that no loader needs (whether the file is stripped). Every count, size and string is bounded.

A reader returns a value or raises GofleetError with the evidence offset, what and value:
    not_a_file, file_missing, file_unreadable   open_file()
    malformed      the kernel or the loader would also refuse it (File.malformed lists errors that they ignore)
    truncated      the header or the program headers are incomplete (File.truncated: the content of a segment is)
    parse_limit    a count or size is beyond the bounds of this reader: the verdict is then open
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections

from ansible_collections.gofleet.golang.plugins.module_utils._elf import dynamic as elf_dynamic
from ansible_collections.gofleet.golang.plugins.module_utils._elf import formats, notes, segments, symbols, tables
from ansible_collections.gofleet.golang.plugins.module_utils._elf import header as elf_header
from ansible_collections.gofleet.golang.plugins.module_utils._elf import image as elf_image
from ansible_collections.gofleet.golang.plugins.module_utils._elf import sections as elf_sections
from ansible_collections.gofleet.golang.plugins.module_utils._elf import source as elf_source
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError

open_file = elf_source.open_file
Source = elf_source.Source
version_hash = elf_dynamic.version_hash

# Version(name, hash, flags): of one library. flags: 2 is VER_FLG_WEAK. hash: as stored; the loader compares it with that of the
# definition, so a need whose hash is not version_hash(name) matches no definition.
Version = elf_dynamic.Version
# VersionNeed(library, versions).
VersionNeed = elf_dynamic.VersionNeed
# Symbol(name, version, library, weak): an undefined symbol; version and library are None if it has no version.
Symbol = symbols.Symbol

# format: 'elf', 'script', 'gzip', 'zip', 'html', 'java', 'macho', 'pe', 'wasm', 'xcoff' (AIX), 'plan9', 'text', 'empty', 'other'. Unless it is 'elf', all that
#   follows interpreter_line is None, False or an empty list.
# interpreter_line: formats.InterpreterLine of a script, else None.
# bits: 32 or 64, order: '<' or '>': the layout that the program really has (see malformed). machine: e_machine; machine_name: text.
# Its type is 'EXEC', 'DYN', 'REL', 'CORE' or 'other'. flags: e_flags. osabi: EI_OSABI. phnum: count of program headers.
# interp: text or None. loads: [segments.Load] in the file's order. dynamic: whether there is a PT_DYNAMIC.
# needed, rpath, runpath: [text] in order ($ORIGIN and the like are kept). soname: text or None. flags_1: DT_FLAGS_1.
# has_relr: bool. version_needs: [VersionNeed]. version_definitions: [text] without the base definition (the soname).
# stack_executable: None without a PT_GNU_STACK. build_id: hex of the GNU note or None. go_build_id: text of Go's note or None.
# kernel_tag: (3, 2, 0) of NT_GNU_ABI_TAG or None. foreign_os: 'FreeBSD', 'NetBSD', 'OpenBSD', ... of the notes, else None.
# isa_needed: GNU_PROPERTY_X86_ISA_1_NEEDED, a mask of bits (1 baseline, 2 v2, 4 v3, 8 v4), or None.
# stripped: whether it has no .symtab; None without a section table. static: no interpreter and nothing needed.
# static_pie: PT_DYNAMIC without PT_INTERP, in a program (not a library: DF_1_PIE, or an entry and nothing needed, no soname).
# packed: by UPX; the other facts are then not those of the program inside.
# truncated: None, or a text that names the missing part at the end of the file.
# malformed: [text], errors in the headers that the kernel ignores in a program; glibc refuses a *library* with them.
# limits: [text], parts that exceed a bound or are ambiguous, so that the verdict cannot be 'runs'.
File = collections.namedtuple('File', (
    'format interpreter_line bits order machine machine_name type flags osabi phnum interp loads dynamic needed soname rpath runpath'
    ' flags_1 has_relr version_needs version_definitions stack_executable build_id go_build_id kernel_tag foreign_os isa_needed'
    ' stripped static static_pie packed truncated malformed limits'))

_EMPTY = dict.fromkeys(File._fields)
_EMPTY.update(loads=[], needed=[], rpath=[], runpath=[], version_needs=[], version_definitions=[], malformed=[], limits=[],
              dynamic=False, has_relr=False, static=False, static_pie=False, packed=False)

_RUNNABLE = ('EXEC', 'DYN')


def read(source):
    """The File of a Source. Raises GofleetError(malformed, truncated, parse_limit, file_unreadable)."""
    head = source.read_at(0, min(source.size, tables.MAX_STRING), 'the beginning of the file')
    found = dict(_EMPTY, loads=[], malformed=[], limits=[])
    if head[:4] != tables.MAGIC:
        found['format'] = formats.format_of(head)
        if found['format'] == 'script':
            found['interpreter_line'] = formats.interpreter_line(head, found['limits'])
        return File(**found)
    found['format'] = 'elf'
    layout, header = elf_header.read(source, head, found)
    if found['type'] in _RUNNABLE:
        _read_program(source, layout, header, found)
    return File(**found)


# ---- the program headers


def _read_program(source, layout, header, found):
    headers = segments.read(source, layout, header)
    found['loads'] = segments.loaded(headers)
    found['truncated'] = segments.truncation(source, found['loads'])
    segments.check_loads(source, layout.bits, found['loads'], found['limits'])
    found['interp'] = segments.interpreter(source, headers, found)
    for each in headers:
        if each.type == tables.PT_GNU_STACK:
            found['stack_executable'] = bool(each.flags & tables.PF_X)
    _read_notes(source, layout, headers, found)
    image = elf_image.Image(source, layout, header.machine, found['loads'])
    _unless_truncated(found, _read_dynamic, image, headers)
    found['static_pie'] = _is_static_pie(header, found)
    found['static'] = found['interp'] is None and not found['needed'] and (found['type'] == 'EXEC' or found['static_pie'])
    sections = elf_sections.read(source, layout)
    if found['build_id'] is None:
        _read_build_id(source, layout, sections, found)
    found['stripped'] = None if sections is None else not [each for each in sections if each.type == tables.SHT_SYMTAB]
    found['packed'] = _is_packed(source, layout, header, sections)


def _unless_truncated(found, action, *arguments):
    """Run a function; in a truncated file, ignore the parts that it cannot read, because the truncation is already reported."""
    try:
        action(found, *arguments)
    except GofleetError as exc:
        if found['truncated'] is None or exc.code == 'file_unreadable':
            raise


def _read_notes(source, layout, headers, found):
    values = {}
    # glibc reads PT_GNU_PROPERTY first.
    for kind in (tables.PT_GNU_PROPERTY, tables.PT_NOTE):
        for each in headers:
            if each.type != kind or each.offset + each.filesz > source.size:
                continue
            if each.filesz > tables.MAX_NOTES:
                found['limits'].append('a PT_NOTE of %d bytes was not read' % each.filesz)
                continue
            notes.facts(layout, source.read_at(each.offset, each.filesz, 'PT_NOTE'), each.align, values)
    found.update(values)


def _read_build_id(source, layout, sections, found):
    """Read the GNU build id from its section: Go's linker writes no PT_NOTE for it. No loader reads it."""
    for each in sections or []:
        if each.name == b'.note.gnu.build-id' and each.size <= tables.MAX_STRING and each.offset + each.size <= source.size:
            values = {}
            notes.facts(layout, source.read_at(each.offset, each.size, each.name.decode('ascii')), 4, values)
            found['build_id'] = values.get('build_id')


# ---- the dynamic table


def _read_dynamic(found, image, headers):
    dynamic = _dynamic(image, headers, found)
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


def _dynamic(image, headers, found):
    """The Dynamic, None if there is no dynamic table. Loaders find the table by its address, not by its offset."""
    named = [each for each in headers if each.type == tables.PT_DYNAMIC]
    if not named:
        return None
    found['dynamic'] = True
    # glibc and musl use the last one.
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
# UPX writes one record 4 bytes behind the program headers, and another one at the end of the file.
_UPX_HEAD, _UPX_TAIL = 64, 64


def _is_packed(source, layout, header, sections):
    behind = header.phoff + header.phnum * layout.program.size
    places = [(behind, min(_UPX_HEAD, source.size - behind))]
    if sections is None:
        places.append((max(0, source.size - _UPX_TAIL), min(_UPX_TAIL, source.size)))
    return any(_UPX in source.read_at(offset, length, "a packer's mark") for offset, length in places)


# ---- symbols


def image_of(source, binary):
    """The image.Image of a File of format 'elf'."""
    return elf_image.Image(source, tables.LAYOUTS[binary.bits, binary.order], binary.machine, binary.loads)


def undefined_symbols(source, binary):
    """[Symbol] that this object needs from others. Raises GofleetError(malformed, truncated, parse_limit, file_unreadable)."""
    image, dynamic = linked(source, binary)
    return [] if dynamic is None else symbols.undefined(image, dynamic)


def defined_symbols(source, binary):
    """{name: set of versions} that this object defines for others; '' for a definition without a version.

    Raises GofleetError(malformed, truncated, parse_limit, file_unreadable).
    """
    image, dynamic = linked(source, binary)
    return {} if dynamic is None else symbols.defined(image, dynamic)


def linked(source, binary):
    """(Image, Dynamic) of a File, (None, None) without a dynamic table. Raises GofleetError(malformed, truncated, parse_limit)."""
    if not binary.dynamic:
        return None, None
    layout = tables.LAYOUTS[binary.bits, binary.order]
    header = layout.header.read(source.read_at(0, layout.header_size, 'the ELF header'), tables.IDENT)
    image = image_of(source, binary)
    return image, _dynamic(image, segments.read(source, layout, header), {'malformed': []})


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
