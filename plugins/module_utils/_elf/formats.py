# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Recognise the format of a file that is not ELF by its first bytes, and read the interpreter line of a script."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import re

from ansible_collections.gofleet.golang.plugins.module_utils._elf import image

# The first line of a script. program: text ('' if there is none); argument: text or None; bom, crlf: bool (either stops the kernel).
InterpreterLine = collections.namedtuple('InterpreterLine', 'program argument bom crlf')

# (first bytes, name of the format), in the order of comparison.
_MAGICS = (
    (b'\x1f\x8b', 'gzip'), (b'PK\x03\x04', 'zip'), (b'PK\x05\x06', 'zip'), (b'MZ', 'pe'), (b'\xfe\xed\xfa\xce', 'macho'), (b'\xfe\xed\xfa\xcf', 'macho'),
    (b'\xce\xfa\xed\xfe', 'macho'), (b'\xcf\xfa\xed\xfe', 'macho'), (b'\0asm', 'wasm'), (b'\x01\xdf\0', 'xcoff'), (b'\x01\xf7\0', 'xcoff'),
    (b'\0\0\x8a\x97', 'plan9'), (b'\0\0\x01\xeb', 'plan9'), (b'\0\0\x06\x47', 'plan9'),
)
# Java classes and Mach-O archives begin with the same bytes: a class continues with a version of at least 45, an archive with a small count.
_JAVA_OR_MACHO = b'\xca\xfe\xba\xbe'
_FIRST_JAVA = 45
_HTML = re.compile(br'\s*(<!doctype\s+html|<html|<head|<\?xml[^>]*>\s*<(!doctype\s+)?html)', re.IGNORECASE)
_BOM = b'\xef\xbb\xbf'
_NO_TEXT = re.compile(br'[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]')
# How many bytes of a script's first line a kernel reads (BINPRM_BUF_SIZE: 256 since Linux 5.1, 128 before).
_LINE, _OLD_LINE = 256, 128


def format_of(head):
    """The name of the format (file.File.format) of a file that begins with head (bytes)."""
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


def interpreter_line(head, limits):
    """The InterpreterLine of a script that begins with head (bytes); appends to limits [text] what differs between kernels.

    Source: fs/binfmt_script.c of Linux.
    """
    bom = head.startswith(_BOM)
    line, end, dummy = head[len(_BOM) if bom else 0:][2:].partition(b'\n')
    if len(line) + 2 >= _OLD_LINE:
        limits.append("the script's first line has more than %d bytes: kernels before 5.1 truncate it" % (_OLD_LINE - 1))
    # The kernel's strings end at a NUL.
    line = line[:_LINE - 2].partition(b'\0')[0]
    crlf = bool(end) and line.endswith(b'\r')
    program, dummy, argument = line.rstrip(b'\r' if crlf else b' \t').strip(b' \t').replace(b'\t', b' ').partition(b' ')
    return InterpreterLine(image.text_of(program), image.text_of(argument.strip(b' \t')) or None, bom, crlf)
