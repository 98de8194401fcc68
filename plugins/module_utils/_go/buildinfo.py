# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read Go's build info from a program: the version of Go that built it, its modules, and the settings of the build.

Format: debug/buildinfo of Go's standard library. A header of 32 bytes that begins with a magic stands, 16-aligned, in the data
segment: since Go 1.18 the two strings follow it inline; before, it holds two addresses of Go string headers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import re

from ansible_collections.gofleet.golang.plugins.module_utils._elf import file as elf
from ansible_collections.gofleet.golang.plugins.module_utils._elf import image as elf_image
from ansible_collections.gofleet.golang.plugins.module_utils._elf import sections as elf_sections
from ansible_collections.gofleet.golang.plugins.module_utils._elf import tables as elf_tables
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._go import startup
from ansible_collections.gofleet.golang.plugins.module_utils._texts import foreign as foreign_values

# version: as Go writes it ('go1.26.6', 'devel go1.27-abc ...'). path: the main package's import path or None; main: its module,
# 'path@version', or None. settings: {key: value} of 'go version -m' (GOAMD64, CGO_ENABLED, -trimpath, vcs.revision ...), {} before
# Go 1.18. cgo: whether it was enabled, None if unsaid. vcs_revision: str or None. trimpath: bool, None if there are no settings.
# source: 'section' or 'segment', the place where the magic was found.
# cpu_level_text: GOAMD64 according to Go's start-up code: 'v1' to 'v4', 'unknown' if the bounded search does not decide it, None if
# it was not needed (the settings have it, or the program is not for amd64).
Build = collections.namedtuple('Build', 'version path main settings cgo vcs_revision trimpath source cpu_level_text')

MAGIC = b'\xff Go buildinf:'
_ALIGN, _HEADER = 16, 32
_BIG_ENDIAN, _INLINE = 1, 2
# The longest version and module text that are read; the largest known programs list their modules in less than 100 KB.
_MAX_VERSION, _MAX_MODULES = 4096, 1 << 22
# The part of the data that is searched if the section table does not have the header.
_CHUNK, _MAX_SEARCH = 1 << 20, 1 << 25
# Bytes of the marks at the beginning and at the end of runtime.modinfo (cmd/go/internal/modload, infoStart and infoEnd).
_FRAME = 16


def as_facts(build):
    """The plain, JSON-safe dictionary of a Build; None for None."""
    return None if build is None else dict(build._asdict(), settings=dict(build.settings))


def read(source, binary):
    """The Build of a program, None if it contains no build info.

    source: source.Source; binary: the result of file.read(source) in _elf. Raises GofleetError(malformed, truncated, parse_limit, file_unreadable).
    """
    if binary.format != 'elf' or not binary.loads:
        return None
    image = elf.image_of(source, binary)
    sections = elf_sections.read(source, image.layout) or []
    address, where = _find(image, binary, sections)
    if address is None:
        return None
    version, modules, is_inline = _strings(image, address)
    if not version:
        return None
    contents = _contents(modules)
    # Before Go 1.18, which uses the other form, there was no GOAMD64.
    level = startup.level(image, sections) if is_inline and 'GOAMD64' not in contents[2] else None
    return _build(elf_image.text_of(version), contents, where, level)


# ---- finding it


def _find(image, binary, sections):
    """(address of the header, 'section' or 'segment'), (None, None) without one."""
    for section in sections:
        if section.name == b'.go.buildinfo' and _is_header(image, section):
            return section.addr, 'section'
    left = _MAX_SEARCH
    for load in [each for each in binary.loads if each.flags & elf_tables.PF_W]:
        address, left = _search(image, load, left)
        if address is not None:
            return address, 'segment'
    return None, None


def _is_header(image, section):
    # A section table with a wrong address is ignored.
    try:
        return not section.addr % _ALIGN and image.read(section.addr, len(MAGIC), "Go's build info") == MAGIC
    except GofleetError as exc:
        if exc.code == 'file_unreadable':
            raise
        return False


def _search(image, load, left):
    """(address of the magic or None, number of bytes that may still be searched)."""
    source = image.source
    size = max(0, min(load.filesz, source.size - load.offset))
    done = 0
    while done + _HEADER <= size:
        if left <= 0:
            raise source.refusal('parse_limit', "Go's build info", load.offset + done, size, 'it is not in the first %d bytes of the data' % _MAX_SEARCH)
        part = source.read_at(load.offset + done, min(_CHUNK, size - done), "Go's build info")
        left -= len(part)
        at = part.find(MAGIC)
        while at >= 0:
            address = load.vaddr + done + at
            if not address % _ALIGN:
                return address, left
            at = part.find(MAGIC, at + 1)
        # The magic may cross the end of a part.
        done += len(part) if done + len(part) >= size else len(part) - _HEADER
    return None, left


# ---- its contents


def _strings(image, address):
    """(version, modules, whether they are inline); the first two as bytes, the version empty if it is missing."""
    header = image.read(address, _HEADER, "Go's build info")
    width, flags = bytearray(header)[14:16]
    if flags & _INLINE:
        version, behind = _inline(image, address + _HEADER, _MAX_VERSION)
        modules, dummy = _inline(image, behind, _MAX_MODULES)
        return version, modules, True
    if width not in (4, 8):
        raise image.source.refusal('malformed', "Go's build info", address, width, 'the size of a pointer is neither 4 nor 8')
    layout = elf_tables.LAYOUTS[8 * width, '>' if flags & _BIG_ENDIAN else '<']
    pointers = layout.numbers(header[16:16 + 2 * width], layout.word_letter)
    return _pointed(image, layout, pointers[0], _MAX_VERSION), _pointed(image, layout, pointers[1], _MAX_MODULES), False


def _inline(image, address, most):
    """(bytes, the address behind them) of a string with its length as a varint in front."""
    length = shift = 0
    at = address
    while True:
        byte = bytearray(image.read(at, 1, "the length of a text of Go's build info"))[0]
        at += 1
        length |= (byte & 0x7f) << shift
        shift += 7
        if not byte & 0x80:
            break
        if shift > 63:
            raise image.source.refusal('malformed', "the length of a text of Go's build info", address, length, 'it has more than 64 bits')
    return _text(image, at, length, most), at + length


def _pointed(image, layout, address, most):
    if not address:
        return b''
    pointer, length = layout.numbers(image.read(address, 2 * layout.word, "a text of Go's build info"), layout.word_letter)
    return _text(image, pointer, length, most) if length else b''


def _text(image, address, length, most):
    if length > most:
        raise image.source.refusal('parse_limit', "a text of Go's build info", address, length, 'more than %d bytes' % most)
    return image.table(address, length, "a text of Go's build info") if length else b''


def _contents(modules):
    """(path, main, settings) of the module text."""
    path = main = None
    settings = {}
    for kind, value in _lines(modules):
        if kind == 'path':
            path = value
        elif kind == 'mod' and main is None:
            main = '@'.join(value.split('\t')[:2])
        elif kind == 'build':
            key, text = _setting(value)
            settings[key] = text
    return path, main, settings


def _build(version, contents, where, level):
    path, main, settings = contents
    return Build(
        version=version, path=path, main=main, settings=settings, cgo=settings['CGO_ENABLED'] == '1' if 'CGO_ENABLED' in settings else None,
        vcs_revision=settings.get('vcs.revision'), trimpath=settings.get('-trimpath') == 'true' if settings else None, source=where, cpu_level_text=level)


def _lines(modules):
    """(kind, rest) of each line of the module text, as 'go version -m' prints them."""
    # A text without the marks is not module text (debug/buildinfo of Go).
    if len(modules) < 2 * _FRAME + 1 or modules[-_FRAME - 1:-_FRAME] != b'\n':
        return []
    lines = elf_image.text_of(modules[_FRAME:-_FRAME]).split('\n')
    return [line.split('\t', 1) for line in lines if '\t' in line]


def _setting(text):
    """(key, value), which Go quotes if they contain a space or the like. Source: runtime/debug.ParseBuildInfo."""
    found = re.match(r'("(?:[^"\\]|\\.)*"|`[^`]*`|[^=]*)=?(.*)\Z', text, re.DOTALL)
    return _unquoted(found.group(1)), _unquoted(found.group(2))


def _unquoted(text):
    if len(text) >= 2 and text[0] == text[-1] == '`':
        return text[1:-1]
    if len(text) >= 2 and text[0] == text[-1] == '"':
        try:
            return foreign_values.from_json(text)
        except ValueError:
            # Go has more escapes than JSON; a value with one of them stays quoted.
            return text
    return text
