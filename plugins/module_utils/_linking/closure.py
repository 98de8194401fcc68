# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A program with all libraries that it needs, directly or through others, and the faults that its loader would find in them."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import re

from ansible.module_utils.common.text.converters import to_native

from ansible_collections.gofleet.golang.plugins.module_utils._elf import dynamic, tables
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._host import processors
from ansible_collections.gofleet.golang.plugins.module_utils._linking import loaders
from ansible_collections.gofleet.golang.plugins.module_utils._linking import node as nodes

# The most objects in one closure; large desktop programs have some three hundred.
LARGEST_CLOSURE = 1000
# Versions of glibc's own libraries that are complete from their first release on: a library that defines such a version has all of its symbols. That is
# not true of other libraries, of versions that are private to one build (GLIBC_PRIVATE), and of mere markers (GLIBC_ABI_*).
_CLOSED = re.compile(r'GLIBC_\d')


class Closure:
    """A program and all objects that it needs. nodes: the program, the loader, and the libraries in the order of loading."""

    def __init__(self, search, binary, page_size, level):
        self.search = search
        self.is_glibc = search.loader.libc == 'glibc'
        self.findings = []
        self.taken = 0
        self._page_size = page_size
        self._level = level
        self._exports_known = binary.get('exports') is not None
        self._missing = set()
        self._libraries = []
        loader = search.loader
        self.main = nodes.Node(None, binary['file'], binary['path'], origin=binary['origin'], taken=binary['symbols'], given=_exports(binary),
                               late=binary.get('late') or ())
        self.loader = nodes.Node(loader.path, loader.library.facts, loader.path, self.main, loader.library, os.path.dirname(loader.path))
        self.nodes = [self.main, self.loader]

    def _find(self, code, subject, need, have, by, **more):
        """Add a finding. subject: the library or symbol; by: the Node that needs it; level: 'fatal', 'warn', 'info' or 'doubt'."""
        finding = {'code': code, 'level': 'fatal', 'subject': to_native(subject), 'need': need, 'have': have,
                   'by': None if by is self.main else to_native(by.path)}
        finding.update(more)
        if finding not in self.findings:
            self.findings.append(finding)

    def named(self, name):
        for node in self.nodes:
            if name in node.names:
                return node
        return None

    def listed(self):
        return [{'name': to_native(name), 'path': path} for name, path in self._libraries]

    # ---- gathering

    def gather(self):
        """Gather the nodes breadth first, as both loaders do."""
        place = 0
        while place < len(self.nodes):
            node = self.nodes[place]
            place += 1
            if node is self.loader:
                continue
            for name in node.facts['needed']:
                self._load(to_native(name), node)
            if len(self.nodes) > LARGEST_CLOSURE:
                self._find('parse_limit', 'libraries', None, len(self.nodes), node, level='doubt',
                           why='more than %d libraries would be loaded' % LARGEST_CLOSURE)
                return

    def _load(self, name, asker):
        node = self.named(name)
        if node is None and name not in self._missing:
            outcome = self.search.find(name, asker)
            if outcome.library is None or outcome.broken:
                self._missing.add(name)
                self._report_missing(name, asker, outcome)
                return
            node = self._adopt(name, asker, outcome)
        if node is not None and asker is self.main:
            self._libraries.append((name, node.path))

    def _adopt(self, name, asker, outcome):
        for node in self.nodes[1:]:
            if node.library.key == outcome.library.key:
                node.names.add(name)
                return node
        node = nodes.Node(name, outcome.library.facts, outcome.path, asker, outcome.library, os.path.dirname(outcome.path))
        self.nodes.append(node)
        if outcome.doubts:
            # The loader may find another file before this one, or refuse this one.
            self._find('undetermined', name, None, outcome.path, asker, level='doubt', why='; '.join(outcome.doubts))
        return node

    def _report_missing(self, name, asker, outcome):
        doubt = {'level': 'doubt', 'why': '; '.join(outcome.doubts)} if outcome.doubts and not outcome.broken else {}
        if outcome.other:
            self._find('library_wrong_class', name, _identity_text(self.main.facts), outcome.other[0], asker, **doubt)
        elif outcome.broken:
            self._find('library_missing', name, None, outcome.broken[0], asker, why=outcome.broken[1])
        elif outcome.late:
            tag = self.search.libraries.at(outcome.late[0]).facts['kernel_tag']
            self._find('kernel_too_old', outcome.late[0], '.'.join(str(each) for each in tag), None, asker)
        else:
            self._find('library_missing', name, None, None, asker, **dict({'looked': outcome.looked[:20]}, **doubt))

    # ---- checking

    def check(self):
        for node in self.nodes:
            if self.is_glibc:
                self._check_versions(node)
            self._check_relr(node)
            if node.library is not None and node is not self.loader:
                self._check_library(node)
        self._check_symbols()

    def _check_versions(self, node):
        """Source: _dl_check_map_versions() and match_symbol() of elf/dl-version.c."""
        for need in node.facts['version_needs']:
            provider = self.named(need['library'])
            if provider is None:
                if need['library'] not in self._missing:
                    self._find('version_missing', need['library'], ', '.join(each['name'] for each in need['versions']), None, node,
                               why='it needs versions of %s, but does not name that library as needed (DT_NEEDED): the loader aborts' % need['library'])
                continue
            # The latest first, because a host that has it also has the others.
            for version in sorted(need['versions'], key=lambda each: _series(each['name']), reverse=True):
                self._check_version(node, provider, need['library'], version)

    def _check_version(self, node, provider, library, version):
        if not provider.definitions:
            return
        is_known = version['name'] in provider.definitions or version['name'] == provider.facts['soname']
        if is_known and dynamic.version_hash(version['name']) == version['hash']:
            return
        weak = bool(version['flags'] & tables.VER_FLG_WEAK)
        self._find('version_missing', library, version['name'], _nearest(version['name'], provider.definitions), node,
                   path=to_native(provider.path), level='info' if weak else 'fatal')

    def _check_relr(self, node):
        """Source: elf/dl-version.c since glibc 2.36; musl 1.2.4."""
        if not node.facts['has_relr'] or node is self.loader:
            return
        relr = self.search.loader.relr
        if relr is None:
            self._find('relr_unsupported', node.path, 'DT_RELR', None, node, level='doubt', why='the loader does not say which version of musl it is')
        elif not relr:
            self._find('relr_unsupported', node.path, 'DT_RELR', None, node)
        elif self.is_glibc and loaders.lacks_relr_marker(node.facts):
            self._find('relr_unsupported', node.path, loaders.RELR_MARKER, None, node,
                       why='it uses DT_RELR, but does not need the version %s' % loaders.RELR_MARKER)

    def _check_library(self, node):
        if self.search.libraries.root.whole and node.library.is_on_noexec():
            self._find('noexec_mount', node.path, None, node.library.real, node)
        if any((load['vaddr'] - load['offset']) % self._page_size for load in node.facts['loads'] if load['memsz']):
            self._find('page_size', node.path, None, self._page_size, node)
        unmet = processors.unmet_isa(node.facts['isa_needed'], self._level)
        if self.search.loader.levels and unmet:
            self._find('cpu_level', node.path, unmet, self._level, node, level='fatal' if self._level else 'doubt')
        if not self.is_glibc:
            self._check_hollow(node)

    def _check_hollow(self, node):
        """An empty segment: musl maps each segment, and up to 1.2.2 (observed) an empty mapping fails; mmap(2) begins at a whole page."""
        loads = node.facts['loads']
        first = min(load['vaddr'] // self._page_size for load in loads)
        if any(not load['memsz'] and not load['vaddr'] % self._page_size and load['vaddr'] // self._page_size != first for load in loads):
            self._find('library_missing', node.path, None, node.path, node, level='doubt',
                       why='it has an empty segment, which some versions of musl cannot map')

    # ---- symbols

    def _check_symbols(self):
        for node in self.nodes:
            if node is self.loader or (self.is_glibc and node.is_of_glibc and node is not self.main):
                continue
            try:
                symbols = node.taken()
                if symbols is None:
                    raise GofleetError('its symbols were not read', 'parse_limit')
                for symbol in symbols:
                    dummy, version, library, weak = symbol
                    if not weak or (self.search.loader.strict and version and self.named(library)):
                        self._check_symbol(node, symbol)
            except GofleetError as exc:
                self._find('parse_limit', node.path, None, None, node, level='doubt', why=exc.msg)

    def _check_symbol(self, node, symbol):
        name, version, library, dummy = symbol
        self.taken += node is self.main
        hinted = self.named(library) if library else None
        if self.is_glibc:
            if version and version.endswith('_PRIVATE'):
                self._find('private_symbols', library, version, None, node, level='warn')
            elif version and _CLOSED.match(version) and hinted is not None and hinted.is_of_glibc and version in hinted.definitions:
                return
        rest = [each for each in self.nodes if each is not hinted]
        for each in ([hinted] if hinted else []) + rest:
            if self._gives(each, name, version):
                self._check_assertion(node, each, hinted, symbol)
                return
        if library in self._missing or (self._missing and not library):
            # A missing library may define the symbol; that it is missing is already a finding.
            return
        more = {}
        if node is not self.main and not self._exports_known:
            more = {'level': 'doubt', 'why': 'the program itself may define it, but has too many symbols to list'}
        elif self.is_glibc and name in node.late():
            more = {'level': 'warn', 'late': True}
        self._find('symbol_missing', name, version, hinted.path if hinted else None, node, **more)

    def _check_assertion(self, node, provider, hinted, symbol):
        """Source: check_match() of elf/dl-lookup.c: old loaders abort if the library that a version belongs to has no versions."""
        if self.is_glibc and symbol[1] and provider is hinted and not provider.is_versioned and self.search.loader.asserts:
            self._find('version_missing', symbol[2], symbol[1], None, node,
                       why='%s defines no versions, which makes the loader of this glibc abort' % provider.path)

    def _gives(self, node, name, version):
        """Source: check_match() of elf/dl-lookup.c; musl ignores versions."""
        versions = node.given().get(name)
        if versions is None:
            return False
        return not self.is_glibc or version is None or not node.is_versioned or version in versions or '' in versions


def _exports(binary):
    exports = binary.get('exports')
    return exports if callable(exports) else dict((name, {''}) for name in exports or ())


def _identity_text(facts):
    return '%s, %d bit' % (facts['machine_name'], facts['bits'])


def _series(version):
    """('GLIBC_', (2, 34)) for GLIBC_2.34, (name, ()) for a version without a number."""
    found = re.match(r'(.*_)([0-9]{1,9}(?:\.[0-9]{1,9})*)\Z', version)
    return (found.group(1), tuple(int(part) for part in found.group(2).split('.'))) if found else (version, ())


def _nearest(name, definitions):
    """The latest definition in the series of a version, for display."""
    alike = [(_series(each)[1], each) for each in definitions if _series(each)[0] == _series(name)[0]]
    return max(alike)[1] if alike else None
