# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the dynamic loader of glibc searches for the libraries in DT_NEEDED, and which files it refuses (elf/dl-load.c)."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re
import struct

from ansible.module_utils.common.text.converters import to_native

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import regular as regular_files
from ansible_collections.gofleet.golang.plugins.module_utils._host import ports
from ansible_collections.gofleet.golang.plugins.module_utils._linking import ld_cache, loaders, search

_NODEFLIB = 0x800
_OSABI_GNU = 3
# 97: libraries for ARM (sysdeps/arm).
_OSABIS = (0, _OSABI_GNU, 97)
_TOKEN = re.compile(r'\$(?:(ORIGIN|LIB|PLATFORM)(?![A-Za-z0-9_])|\{(ORIGIN|LIB|PLATFORM)\})')
# The best first. The names of these folders are known only for amd64.
_LEVELS = ('v4', 'v3', 'v2')
# Subfolders for processors with certain features, which glibc before 2.37 also searches (elf/dl-hwcaps.c).
_OLD_SUBFOLDERS = ('tls', 'x86_64', 'tls/x86_64', 'haswell', 'xeon_phi', 'i686', 'sse2', 'i686/sse2', 'neon', 'vfp', 'v7l', 'power8', 'power9')


def _header_error(library, ident):
    """The field in the header of a library that glibc refuses, or None; the kernel and musl do not check these fields."""
    found = library.ident
    if found[5] != ident[1]:
        return 'EI_DATA gives the other byte order'
    if found[6] != 1 or struct.unpack_from(str(library.facts['order'] + 'I'), library.head, 20)[0] != 1:
        return 'its ELF version is not 1'
    if found[7] not in _OSABIS or (found[8] and found[7] != _OSABI_GNU):
        return 'EI_OSABI is %d and EI_ABIVERSION %d' % (found[7], found[8])
    return 'the rest of e_ident is not zero' if any(found[9:16]) else None


class Glibc(search.Search):

    def __init__(self, libraries, loader, kernel, level):
        super(Glibc, self).__init__(libraries, loader, kernel, level)
        # EI_CLASS and EI_DATA of the libraries that the loader accepts.
        self._ident = 1 if loader.identity[1] == 32 else 2, 1 if loader.identity[2] == '<' else 2
        self._cache = None
        self._cache_doubt = None
        self._folders = loader.folders or loaders.DEFAULT_FOLDERS[loader.identity[1]]

    def find(self, name, asker):
        """The Outcome of the search for a name that a node needs."""
        outcome = search.Outcome()
        if '/' in name:
            self._find_path(name, asker, outcome)
            return outcome
        self.try_folders(self._own_folders(asker, outcome), name, outcome)
        if not outcome.ended:
            self._ask_cache(name, asker, outcome)
        if not outcome.ended and not asker.facts['flags_1'] & _NODEFLIB:
            self.try_folders(self._folders, name, outcome)
        if not outcome.ended:
            self._doubt_old_subfolders(name, outcome)
        return outcome

    def _find_path(self, name, asker, outcome):
        path = self._expanded(name, asker, outcome)
        if path is None:
            return
        if not path.startswith('/'):
            outcome.doubts.append("it is searched for in the program's working directory")
            return
        self.try_path(path, outcome)

    def _own_folders(self, asker, outcome):
        """The folders of the node's RUNPATH, which applies only to its own needs; without one, those of RPATH of the whole chain of nodes above it."""
        if asker.facts['runpath']:
            return self._listed(asker.facts['runpath'], asker, outcome)
        folders = []
        for node in asker.chain():
            if not node.facts['runpath']:
                folders += self._listed(node.facts['rpath'], node, outcome)
        return folders

    def _listed(self, entries, node, outcome):
        folders = []
        for entry in entries:
            folder = self._expanded(to_native(entry), node, outcome)
            if folder is None:
                continue
            if folder.startswith('/'):
                folders.append(folder.rstrip('/') or '/')
            else:
                outcome.doubts.append("its RPATH or RUNPATH has '%s', which is relative to the program's working directory" % folder)
        return folders

    def _expanded(self, text, node, outcome):
        values = {'ORIGIN': node.origin, 'LIB': self.loader.lib, 'PLATFORM': None}
        unknown = []

        def value(match):
            name = match.group(1) or match.group(2)
            if values[name] is None:
                unknown.append(name)
            return values[name] or ''

        expanded = _TOKEN.sub(value, text)
        if unknown:
            outcome.doubts.append('the value of $%s in its %s is unknown' % (unknown[0], text))
            return None
        return expanded

    def _levels(self):
        """The levels of glibc-hwcaps that this processor supports, the best first."""
        if not self.loader.levels or self.loader.arch != 'amd64' or self.level is None:
            return []
        return ['x86-64-' + each for each in _LEVELS if each <= self.level]

    def try_folder(self, folder, name, outcome):
        for below in ['glibc-hwcaps/' + each for each in self._levels()] + ['']:
            self.try_path('/'.join([folder.rstrip('/')] + [part for part in (below, name) if part]), outcome)
            if outcome.ended:
                return

    def accept(self, path, library, outcome):
        """Source: open_verify() and _dl_map_object_from_fd() of elf/dl-load.c."""
        why = search.why_no_library(library)
        if why is None and (library.identity != self.loader.identity or library.ident[4] != self._ident[0]):
            outcome.other.append(path)
            return
        why = why or _header_error(library, self._ident)
        if why is None and self.loader.tags and tuple(library.facts['kernel_tag'] or ()) > tuple(self.kernel):
            outcome.late.append(path)
        elif why is None and library.facts['type'] == 'DYN':
            self.take(path, library, outcome)
        else:
            outcome.broken = path, why or 'it is a program, not a library'

    def _ask_cache(self, name, asker, outcome):
        cache = self._read_cache()
        if self._cache_doubt:
            outcome.doubts.append(self._cache_doubt)
        path = self._cached(cache.get(name, []), outcome)
        if path is None:
            return
        if asker.facts['flags_1'] & _NODEFLIB and any(path.startswith(folder + '/') for folder in self._folders):
            return
        outcome.looked.append('ld.so.cache')
        self.try_path(path, outcome)

    def _cached(self, entries, outcome):
        port = ports.PORTS.get(self.loader.arch)
        entries = [each for each in entries if port is None or each.flags in port.cache_ids]
        for level in self._levels():
            for each in entries:
                if each.folder == level:
                    return each.path
        plain = [each.path for each in entries if not each.hwcap]
        if entries and not plain:
            outcome.doubts.append('ld.so.cache lists it only for processors with a certain feature: %s' % entries[0].path)
        return plain[0] if plain else None

    def _read_cache(self):
        if self._cache is None:
            self._cache = {}
            real = self.libraries.root.real('/etc/ld.so.cache')
            try:
                if real is not None:
                    self._cache = ld_cache.read(regular_files.read_start(real, ld_cache.LARGEST), self.loader.identity[2])
            except GofleetError as exc:
                self._cache_doubt = exc.msg
        return self._cache

    def _doubt_old_subfolders(self, name, outcome):
        for folder in outcome.looked:
            for below in _OLD_SUBFOLDERS:
                path = '%s/%s/%s' % (folder, below, name)
                if folder != 'ld.so.cache' and self.libraries.root.real(path):
                    outcome.doubts.append('%s exists, for processors with a certain feature' % path)
