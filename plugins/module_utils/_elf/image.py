# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The memory of a program as its PT_LOADs define it: bounded reads of the file by address."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.gofleet.golang.plugins.module_utils._elf import tables

_FIRST_LOOK = 128


def text_of(raw):
    """Bytes of a file as a unique text that JSON can hold: bytes that are not UTF-8 become \\xNN."""
    try:
        return raw.decode('utf-8')
    except UnicodeDecodeError:
        return u''.join([u'%c' % each if 32 <= each < 127 else u'\\x%02x' % each for each in bytearray(raw)])


class Image:
    """source: Source; layout: tables.Layout; machine: e_machine; loads: [Load] in the order in which they are mapped."""

    def __init__(self, source, layout, machine, loads):
        self.source = source
        self.layout = layout
        self.machine = machine
        # Where segments overlap, the program sees the one that is mapped last.
        self._loads = [load for load in reversed(loads) if load.memsz]
        self._strings = {}

    def place(self, address, what):
        """(offset in the file, bytes of the file from there to the end of its segment, zeros behind them). Raises GofleetError(malformed)."""
        for load in self._loads:
            inner = address - load.vaddr
            if 0 <= inner < load.memsz:
                return load.offset + inner, max(0, load.filesz - inner), load.memsz - max(load.filesz, inner)
        raise self.source.refusal('malformed', what, address, address, 'the address is in no segment that is loaded')

    def read(self, address, length, what):
        """Exactly length bytes from an address. Raises GofleetError(malformed, truncated, parse_limit)."""
        offset, in_file, zeros = self.place(address, what)
        if length <= in_file:
            return self.source.read_at(offset, length, what)
        if length > in_file + zeros:
            raise self.source.refusal('malformed', what, address, length, 'it ends %d bytes past its segment' % (length - in_file - zeros))
        if length > tables.MAX_STRINGS:
            raise self.source.refusal('parse_limit', what, address, length, 'more than %d bytes' % tables.MAX_STRINGS)
        content = self.source.read_at(offset, in_file, what) if in_file else b''
        return content + b'\0' * (length - in_file)

    def table(self, address, length, what):
        """Like read(), but all bytes must be in the file: a header can claim a table of any size in the zeros behind a segment's content."""
        in_file = self.place(address, what)[1]
        if length > in_file:
            raise self.source.refusal('malformed', what, address, length, 'only %d bytes of its segment are in the file' % in_file)
        return self.read(address, length, what)

    def record(self, name, address, what):
        """One structure of the format at an address."""
        kind = getattr(self.layout, name)
        return kind.read(self.read(address, kind.size, what))

    def string(self, address, what):
        """The text up to the next NUL, as text_of(). Raises GofleetError(malformed, truncated, parse_limit)."""
        if address not in self._strings:
            self._strings[address] = text_of(self._raw_string(address, what))
        return self._strings[address]

    def _raw_string(self, address, what):
        offset, in_file, zeros = self.place(address, what)
        for look in (_FIRST_LOOK, tables.MAX_STRING):
            content = self.source.read_at(offset, min(look, in_file), what)
            end = content.find(b'\0')
            if end >= 0:
                return content[:end]
            if in_file <= look:
                # A loader maps whole pages; the rest of a page behind the last bytes of a segment is zero only if the segment has memory there.
                if zeros:
                    return content
                raise self.source.refusal('malformed', what, address, in_file, 'the text has no end within its segment')
        raise self.source.refusal('parse_limit', what, address, tables.MAX_STRING, 'the text is longer than %d bytes' % tables.MAX_STRING)
