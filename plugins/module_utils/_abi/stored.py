# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stored facts of a host say of a program's dynamic linking, where the host itself cannot be asked."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ansible.module_utils.common.text.converters import to_native

from ansible_collections.gofleet.golang.plugins.module_utils._elf import dynamic, tables
from ansible_collections.gofleet.golang.plugins.module_utils._host import ports
from ansible_collections.gofleet.golang.plugins.module_utils._linking import loaders

_FROZEN = re.compile(r'(?:GLIBC|GCC|GLIBCXX|CXXABI)_\d')


def from_stored(binary, host):
    """The answer that stored facts of a host give, as that of linking.Linker.answer(); what they do not say is left open.

    Stored: the loaders, and which versions the most usual of glibc's libraries define. That these are found at all where a program
    without folders of its own looks was seen when the facts were gathered.
    """
    file = binary['file']
    if file is None or file['format'] != 'elf' or file['interp'] is None:
        return None
    interp = to_native(file['interp'])
    told = [each for each in host['libcs'] if each['loader'] == interp]
    if not told:
        looked_for = [path for port in ports.PORTS.values() for path in port.glibc + port.musl]
        state, have = ('missing', None) if interp in looked_for else ('unknown', 'facts of a host tell of the usual loaders, not of this one')
        return {'state': state, 'have': have, 'libc': None, 'findings': [], 'libraries': [], 'arch': None}
    told = told[0]
    answer = {'state': told['state'], 'have': None, 'libc': told['libc'], 'libc_version': told['libc_version'], 'libc_path': told['libc_path'],
              'arch': told['arch'], 'identity': told['identity'], 'flags': told['flags'], 'enforces_levels': told['levels'], 'findings': [], 'libraries': []}
    answer['findings'] = list(_stored_findings(binary, file, told))
    if told.get('libraries') is not None:
        answer['findings'] += list(_stored_versions(file, told['libraries'])) + list(_stored_symbols(binary, told['libraries'], told['strict']))
    return answer


def _stored_findings(binary, file, told):
    libraries = told.get('libraries')
    if libraries is None:
        taken = [each[0] for each in binary['symbols'] or () if not each[3]]
        if file['needed'] or taken:
            yield _open('symbol_missing', (file['needed'] + taken)[0], "facts of a host hold no symbols and no libraries of it but glibc's")
        if file['has_relr'] and not told['relr']:
            yield {'code': 'relr_unsupported', 'level': 'fatal', 'subject': binary['path'], 'need': 'DT_RELR', 'have': None, 'by': None}
        return
    for name in file['needed']:
        if name not in libraries:
            yield _open('library_missing', name, 'facts of a host do not say which other libraries it has')
    if file['rpath'] or file['runpath']:
        yield _open('library_missing', (file['runpath'] or file['rpath'])[0], 'the program has folders of its own, which may hold other libraries')
    if file['has_relr'] and (not told['relr'] or loaders.lacks_relr_marker(file)):
        yield {'code': 'relr_unsupported', 'level': 'fatal', 'subject': binary['path'], 'need': loaders.RELR_MARKER, 'have': None, 'by': None}


def _stored_versions(file, libraries):
    for need in file['version_needs']:
        defined = libraries.get(need['library'])
        if not defined:
            # Said above.
            continue
        for version in need['versions']:
            # A hash that is not that of its name is met by nobody.
            if version['name'] not in defined or dynamic.version_hash(version['name']) != version['hash']:
                yield {'code': 'version_missing', 'level': 'info' if version['flags'] & tables.VER_FLG_WEAK else 'fatal', 'subject': need['library'],
                       'need': version['name'], 'have': None, 'by': None}


def _stored_symbols(binary, libraries, strict):
    """A version that is there vouches for its symbols; of all others nothing is known. strict: as of loaders.Loader."""
    loose = []
    for name, version, library, weak in binary['symbols'] or ():
        vouched = version and _FROZEN.match(version) and version in (libraries.get(library) or ())
        if not vouched and (not weak or (strict and version)):
            loose.append(name)
    if loose or binary['symbols'] is None:
        yield _open('symbol_missing', loose[0] if loose else binary['path'], 'facts of a host hold no symbols, and no version vouches for %d' % len(loose))


def _open(code, subject, why):
    return {'code': code, 'level': 'doubt', 'subject': subject, 'need': None, 'have': None, 'by': None, 'why': why}
