# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The libraries of a root, each opened and read once, even if many programs need it."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

from ansible.module_utils.common.text.converters import to_native

from ansible_collections.gofleet.golang.plugins.module_utils._elf import file as elf
from ansible_collections.gofleet.golang.plugins.module_utils._elf import lazy_binding, tables
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._host import sysroot


class Library:
    """One file. path: inside the root; real: the path on this host; facts: elf.as_facts(), or None with the error (a GofleetError).

    head: its first 24 bytes, with the fields that only a loader checks.
    """

    def __init__(self, path, real, key):
        self.path = path
        self.real = real
        self.key = key
        self.error = None
        self.facts = None
        self.head = b''
        self._file = None
        self._given = None
        self._taken = None
        try:
            with elf.open_file(real) as source:
                self.head = source.read_at(0, min(24, source.size), 'the header')
                self._file = elf.read(source)
            self.facts = elf.as_facts(self._file)
        except GofleetError as exc:
            self.error = exc

    @property
    def identity(self):
        """(e_machine, bits, byte order); None for a file that is not ELF."""
        if self.facts is None or self.facts['format'] != 'elf':
            return None
        return self.facts['machine'], self.facts['bits'], self.facts['order']

    @property
    def ident(self):
        """e_ident, as numbers."""
        return bytearray(self.head[:16])

    def given(self):
        """{symbol: set of versions} that it defines. Raises GofleetError."""
        if self._given is None:
            with elf.open_file(self.real) as source:
                self._given = elf.defined_symbols(source, self._file)
        return self._given

    def taken(self):
        """[symbols.Symbol] that it needs from others. Raises GofleetError."""
        if self._taken is None:
            with elf.open_file(self.real) as source:
                self._taken = elf.undefined_symbols(source, self._file)
        return self._taken

    def late(self):
        """The names of functions that the loader resolves only at their first call. Raises GofleetError."""
        with elf.open_file(self.real) as source:
            return lazy_binding.late_names(source, self._file)

    def content(self, limit):
        """The content of its read-only segments, at most limit bytes. Raises GofleetError."""
        parts, left = [], limit
        with elf.open_file(self.real) as source:
            for load in self._file.loads:
                length = min(load.filesz, left, max(0, source.size - load.offset))
                if not load.flags & tables.PF_W and length:
                    parts.append(source.read_at(load.offset, length, 'a segment'))
                    left -= length
        return b'\0'.join(parts)

    def is_on_noexec(self):
        return sysroot.is_noexec(self.real)


class Libraries:
    """The libraries of a Root, by path and by file."""

    def __init__(self, root):
        self.root = root
        self._by_path = {}
        self._by_key = {}

    def at(self, path):
        """The Library at a path inside the root, or None if the file does not exist."""
        path = os.path.normpath(to_native(path))
        if path not in self._by_path:
            self._by_path[path] = self._look(path)
        return self._by_path[path]

    def _look(self, path):
        real = self.root.real(path)
        if real is None:
            return None
        try:
            status = os.stat(real)
        except OSError:
            # The file was removed meanwhile.
            return None
        key = status.st_dev, status.st_ino
        if key not in self._by_key:
            self._by_key[key] = Library(path, real, key)
        return self._by_key[key]
