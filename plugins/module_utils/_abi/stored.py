# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Judge a program's dynamic linking by stored facts of a host, without access to the host."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ansible.module_utils.common.text.converters import to_native

from ansible_collections.gofleet.golang.plugins.module_utils._elf import dynamic, tables
from ansible_collections.gofleet.golang.plugins.module_utils._host import ports
from ansible_collections.gofleet.golang.plugins.module_utils._linking import loaders

_CLOSED = re.compile(r'(?:GLIBC|GCC|GLIBCXX|CXXABI)_\d')


def from_stored(binary, host):
    """The answer of linker.Linker.answer() from stored facts of a host; whatever they do not include becomes a doubt.

    Stored facts include the loaders, and the versions that the most common libraries of glibc define, as a program without RPATH and RUNPATH
    finds them.
    """
    file = binary['file']
    if file is None or file['format'] != 'elf' or file['interp'] is None:
        return None
    interp = to_native(file['interp'])
    known = [each for each in host['libcs'] if each['loader'] == interp]
    if not known:
        usual = [path for port in ports.PORTS.values() for path in port.glibc + port.musl]
        state, have = ('missing', None) if interp in usual else ('unknown', 'the stored facts of the host do not include this loader')
        return {'state': state, 'have': have, 'libc': None, 'findings': [], 'libraries': [], 'arch': None}
    loader = known[0]
    answer = dict((key, loader[key]) for key in ('state', 'libc', 'libc_version', 'libc_path', 'arch', 'identity', 'flags'))
    answer.update(have=None, enforces_levels=loader['levels'], findings=list(_findings(binary, file, loader)), libraries=[])
    if loader.get('libraries') is not None:
        answer['findings'] += list(_versions(file, loader['libraries'])) + list(_symbols(binary, loader['libraries'], loader['strict']))
    return answer


def _findings(binary, file, loader):
    libraries = loader.get('libraries')
    if libraries is None:
        taken = [each[0] for each in binary['symbols'] or () if not each[3]]
        if file['needed'] or taken:
            yield _doubt('symbol_missing', (file['needed'] + taken)[0], "the stored facts of the host include no symbols, and no libraries other than glibc's")
        if file['has_relr'] and not loader['relr']:
            yield {'code': 'relr_unsupported', 'level': 'fatal', 'subject': binary['path'], 'need': 'DT_RELR', 'have': None, 'by': None}
        return
    for name in file['needed']:
        if name not in libraries:
            yield _doubt('library_missing', name, 'the stored facts of the host do not list its other libraries')
    if file['rpath'] or file['runpath']:
        yield _doubt('library_missing', (file['runpath'] or file['rpath'])[0],
                     'the program has library folders of its own (RPATH, RUNPATH), which may hold other libraries')
    if file['has_relr'] and (not loader['relr'] or loaders.lacks_relr_marker(file)):
        yield {'code': 'relr_unsupported', 'level': 'fatal', 'subject': binary['path'], 'need': loaders.RELR_MARKER, 'have': None, 'by': None}


def _versions(file, libraries):
    for need in file['version_needs']:
        defined = libraries.get(need['library'])
        if not defined:
            # The facts do not include this library, which is already a doubt.
            continue
        for version in need['versions']:
            # A need whose hash is not that of its name matches no definition.
            if version['name'] not in defined or dynamic.version_hash(version['name']) != version['hash']:
                yield {'code': 'version_missing', 'level': 'info' if version['flags'] & tables.VER_FLG_WEAK else 'fatal', 'subject': need['library'],
                       'need': version['name'], 'have': None, 'by': None}


def _symbols(binary, libraries, strict):
    """A version that the host has proves its symbols; other symbols are unknown. strict: as in loaders.Loader."""
    loose = []
    for name, version, library, weak in binary['symbols'] or ():
        proven = version and _CLOSED.match(version) and version in (libraries.get(library) or ())
        if not proven and (not weak or (strict and version)):
            loose.append(name)
    if loose or binary['symbols'] is None:
        yield _doubt('symbol_missing', loose[0] if loose else binary['path'],
                     'the stored facts of the host include no symbols, and no library version proves %d of those that the program needs' % len(loose))


def _doubt(code, subject, why):
    return {'code': code, 'level': 'doubt', 'subject': subject, 'need': None, 'have': None, 'by': None, 'why': why}
