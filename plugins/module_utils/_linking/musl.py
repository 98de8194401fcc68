# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the dynamic loader of musl searches for the libraries in DT_NEEDED (ldso/dynlink.c)."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ansible.module_utils.common.text.converters import to_native

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import regular as regular_files
from ansible_collections.gofleet.golang.plugins.module_utils._linking import search

_RESERVED = ('c', 'pthread', 'rt', 'm', 'dl', 'util', 'xnet')
_FOLDERS = '/lib:/usr/local/lib:/usr/lib'


class Musl(search.Search):

    def __init__(self, libraries, loader, kernel, level):
        super(Musl, self).__init__(libraries, loader, kernel, level)
        self._folders = None

    def is_reserved(self, name):
        """Whether musl itself provides the library of this name and ignores files of that name."""
        return name.startswith('lib') and name[3:].split('.')[0] in _RESERVED and '.' in name

    def find(self, name, asker):
        outcome = search.Outcome()
        if self.is_reserved(name):
            outcome.path, outcome.library = self.loader.path, self.loader.library
        elif '/' in name and name.startswith('/'):
            self.try_path(name, outcome)
        elif '/' in name:
            outcome.doubts.append("it is searched for in the program's working directory")
        else:
            for node in asker.chain():
                self.try_folders(self._own_folders(node, outcome), name, outcome)
                if outcome.ended:
                    return outcome
            self.try_folders(self._system_folders(), name, outcome)
        return outcome

    def _own_folders(self, node, outcome):
        """The folders of RUNPATH, or of RPATH without one. Both also apply to the needs of the node's libraries."""
        text = ':'.join(node.facts['runpath'] or node.facts['rpath'])
        if '$' in text:
            left = text.replace('${ORIGIN}', '').replace('$ORIGIN', '')
            if '$' in left:
                # musl supports no other variable, and ignores the whole path if it contains one.
                return []
            if node.origin is None:
                outcome.doubts.append('the value of $ORIGIN in its %s is unknown' % text)
                return []
            text = text.replace('${ORIGIN}', node.origin).replace('$ORIGIN', node.origin)
        folders = [each for each in re.split('[:\n]', text) if each]
        if any(not each.startswith('/') for each in folders):
            outcome.doubts.append("its RPATH or RUNPATH has folders relative to the program's working directory")
        return [each for each in folders if each.startswith('/')]

    def _system_folders(self):
        if self._folders is None:
            text = _FOLDERS
            # Beside the folder of the loader: /etc for /lib/ld-musl-x86_64.so.1.
            prefix = '/'.join(to_native(self.loader.path).split('/')[:-2])
            real = self.libraries.root.real('%s/etc/ld-musl-%s.path' % (prefix, self.loader.musl_arch))
            if real is not None:
                text = self._path_file(real)
            self._folders = [each for each in re.split('[:\n]', text) if each.startswith('/')]
        return self._folders

    def _path_file(self, real):
        try:
            return to_native(regular_files.read_start(real, 1 << 16), errors='surrogate_or_replace')
        except GofleetError as exc:
            # If musl cannot read the path file, it searches no folders at all.
            return _FOLDERS if exc.code == 'file_missing' else ''

    def try_folder(self, folder, name, outcome):
        self.try_path('%s/%s' % (folder.rstrip('/'), name), outcome)

    def accept(self, path, library, outcome):
        """Source: path_open() takes the first file that can be opened, and map_library() ends the search if that is not a library."""
        why = search.why_no_library(library)
        if why is None and library.identity != self.loader.identity:
            why = 'it is for another architecture, and musl searches no further'
            outcome.other.append(path)
        if why is None and library.facts['type'] in ('DYN', 'EXEC'):
            self.take(path, library, outcome)
        else:
            outcome.broken = path, why or 'it is not a library'
