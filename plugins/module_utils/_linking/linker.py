# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Resolve a program as this host's dynamic loader would: the loader, the needed libraries, versions and symbols.

The answer is a dictionary of plain values, which can be stored; _abi/links.py turns it into reasons.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

from ansible.module_utils.common.text.converters import to_native

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._linking import closure as closures
from ansible_collections.gofleet.golang.plugins.module_utils._linking import glibc, loaders, musl
from ansible_collections.gofleet.golang.plugins.module_utils._linking import node as nodes


class Linker:
    """Answers for all programs of one call; libraries and loaders are read once. kernel: a tuple; level: 'v1' to 'v4' or None."""

    def __init__(self, libraries, kernel, level, page_size):
        self.libraries = libraries
        self._kernel = kernel
        self._level = level
        self._page_size = page_size
        self._searches = {}

    def loader(self, path):
        """(state, loaders.Loader or None, evidence for any other state than 'ok', or None) for a loader's path.

        state: 'ok', 'missing', 'relative', 'not_executable', 'broken', 'noexec' or 'unknown'.
        """
        path = to_native(path)
        if not path.startswith('/'):
            return 'relative', None, path
        library = self.libraries.at(path)
        if library is None:
            return 'missing', None, None
        if library.error is not None:
            return 'unknown' if library.error.code in ('file_unreadable', 'parse_limit') else 'broken', None, library.error.msg
        if library.facts['format'] != 'elf':
            return 'broken', None, library.facts['format']
        if not os.stat(library.real).st_mode & 0o111:
            return 'not_executable', None, library.real
        if self.libraries.root.whole and library.is_on_noexec():
            return 'noexec', None, library.real
        try:
            return 'ok', self._search(path, library)[0], None
        except GofleetError as exc:
            return 'unknown', None, exc.msg

    def _search(self, path, library):
        if path not in self._searches:
            loader = loaders.identify(path, library)
            self._searches[path] = loader, for_loader(self.libraries, loader, self._kernel, self._level)
        return self._searches[path]

    def answer(self, binary):
        """The answer for a program with an interpreter, as plain values. binary: its facts, of _abi/program_facts.py."""
        interp = binary['file']['interp']
        state, loader, have = self.loader(interp)
        answer = {'loader': to_native(interp), 'state': state, 'have': have, 'libc': None, 'arch': None, 'libraries': [], 'findings': [], 'taken': 0}
        if loader is None:
            return answer
        answer.update(libc=loader.libc, libc_version=loader.version, arch=loader.arch, flags=loader.library.facts['flags'],
                      identity=list(loader.identity), relr=loader.relr, enforces_levels=bool(loader.levels))
        search = self._searches[to_native(interp)][1]
        file = binary['file']
        if search is None or loader.identity != (file['machine'], file['bits'], file['order']):
            return answer
        closure = closures.Closure(search, binary, self._page_size, self._level)
        closure.gather()
        closure.check()
        answer.update(libraries=closure.listed(), findings=closure.findings, taken=closure.taken)
        self._say_libc(answer, closure)
        return answer

    def _say_libc(self, answer, closure):
        node = closure.named('libc.so.6') if answer['libc'] == 'glibc' else closure.nodes[1]
        if node is not None:
            answer['libc_path'] = node.path
        if answer['libc'] == 'glibc':
            path, definitions = (node.path, node.definitions) if node else self.libc(answer['loader'])
            answer.update(libc_path=path, libc_version=loaders.glibc_version(definitions))

    def libc(self, interp):
        """(path, version definitions) of the libc.so.6 that a loader of glibc would load; (None, set()) if it does not find one."""
        dummy, loader, dummy2 = self.loader(interp)
        outcome = self.find(interp, 'libc.so.6') if loader is not None and loader.libc == 'glibc' else None
        if outcome is None or outcome.library is None:
            return None, set()
        return outcome.path, set(outcome.library.facts['version_definitions'])

    def find(self, interp, name):
        """The search.Outcome for a library that a program without RPATH and RUNPATH needs. interp: a path for which loader() returned a Loader."""
        loader, search = self._searches[to_native(interp)]
        return search.find(name, nodes.Node('', dict(loader.library.facts, rpath=[], runpath=[], flags_1=0), '/'))


def for_loader(libraries, loader, kernel, level):
    """The Search for a loader of glibc or musl, or None for any other loader."""
    kind = {'glibc': glibc.Glibc, 'musl': musl.Musl}.get(loader.libc)
    return kind(libraries, loader, kernel, level) if kind else None
