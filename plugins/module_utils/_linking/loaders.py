# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read from a dynamic loader's bytes to which C library it belongs, and how it searches and checks libraries.

Its name is no evidence: Alpine has musl under the name of glibc's loader (gcompat, libc6-compat). And the folders that glibc
searches are compiled into its loader.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import re

from ansible.module_utils.common.text.converters import to_native

from ansible_collections.gofleet.golang.plugins.module_utils._host import ports

# path: as programs name it. libc: 'glibc', 'musl' or 'other'. version: of musl, as '1.2.5'; None if the loader does not contain it.
# arch: Go's name, or None. identity: (e_machine, bits, order). folders: the compiled-in ones of glibc, in order; None if not found.
# lib: the value of $LIB. levels: whether it searches glibc-hwcaps (since 2.33). tags: whether it skips libraries that
# were built for a later kernel (up to 2.36). asserts: whether it aborts if a symbol with a version is found in the library that the
# version belongs to, but that defines no versions (elf/dl-lookup.c, check_match(); later loaders accept it). strict: whether
# even a weak symbol with a version must be in that library (do_lookup_x() of CentOS 7's 2.17). relr: whether it supports DT_RELR.
# musl_arch: the architecture in the name of its path file.
Loader = collections.namedtuple('Loader', (
    'path library libc version arch identity folders lib levels tags asserts strict relr musl_arch'))

# Loaders have 0.2 to 2 MB.
_LARGEST = 1 << 23
_MUSL = re.compile(br'musl libc \(([\w.-]{1,40})\)\nVersion %s')
_MUSL_VERSION = re.compile(br'\0(\d{1,2}\.\d{1,3}\.\d{1,3}(?:-git-\d{1,6}-g[0-9a-f]{1,40})?)\0')
# SYSTEM_DIRS: consecutive strings, each with a slash at its end (elf/dl-load.c).
_NEXT_FOLDER = b'/\0/'
_FOLDER = re.compile(br'/[^\0\s:]{0,200}lib[^\0\s:/]{0,40}(?:/[^\0\s:/]{1,40})?/\0')
# An object with DT_RELR must need this version of glibc, so that loaders without support for DT_RELR refuse it.
RELR_MARKER = 'GLIBC_ABI_DT_RELR'
_RELR_SINCE_MUSL = (1, 2, 4)
DEFAULT_FOLDERS = {64: ['/lib64', '/usr/lib64', '/lib', '/usr/lib'], 32: ['/lib', '/usr/lib']}


def identify(path, library):
    """The Loader of a Library. Raises GofleetError if its bytes cannot be read."""
    content = library.content(_LARGEST)
    facts = library.facts
    common = {'path': path, 'library': library, 'arch': ports.name_of(*library.identity), 'identity': library.identity}
    musl = _MUSL.search(content)
    if musl:
        version = _MUSL_VERSION.search(content)
        version = to_native(version.group(1)) if version else None
        return _loader(common, libc='musl', version=version, relr=_musl_knows_relr(version), musl_arch=to_native(musl.group(1)))
    if any(each.startswith('GLIBC_') for each in facts['version_definitions']):
        folders = _folders(content)
        return _loader(
            common, libc='glibc', folders=folders, lib=_lib(folders), levels=b'glibc-hwcaps' in content, tags=b'FATAL: kernel too old' in content,
            asserts=b'version->filename == NULL' in content, strict=b' with link time reference' in content,
            relr=RELR_MARKER.encode('ascii') in content)
    return _loader(common, libc='other')


def _loader(common, **known):
    values = dict.fromkeys(Loader._fields)
    values.update(common, **known)
    return Loader(**values)


def _folders(content):
    """The list of folders, if it has at least two. The search is quick, because it looks for the rare bytes between two folders."""
    end = content.find(_NEXT_FOLDER)
    while end >= 0:
        at = content.rfind(b'\0', 0, end) + 1
        folders = []
        found = _FOLDER.match(content, at)
        while found:
            folders.append(to_native(found.group()[:-2]))
            found = _FOLDER.match(content, found.end())
        if len(folders) > 1:
            return folders
        end = content.find(_NEXT_FOLDER, end + 1)
    return None


def _lib(folders):
    """The value of $LIB (DL_DST_LIB): the last part of the C library's folder, or the last two with multiarch, from the first of SYSTEM_DIRS."""
    if not folders:
        return None
    first = folders[0]
    found = re.search(r'/(lib[^/]*(?:/[^/]+)?)\Z', first)
    return found.group(1) if found else None


def _musl_knows_relr(version):
    numbers = re.match(r'(\d+)\.(\d+)\.(\d+)', version or '')
    return tuple(int(each) for each in numbers.groups()) >= _RELR_SINCE_MUSL if numbers else None


def glibc_version(names):
    """The latest of glibc's version definitions, as '2.36', or None. Only for display; verdicts compare the definitions."""
    matches = [re.match(r'GLIBC_([0-9]{1,9}(?:\.[0-9]{1,9})+)\Z', each) for each in names]
    numbers = [tuple(int(part) for part in found.group(1).split('.')) for found in matches if found]
    return '.'.join(str(part) for part in max(numbers)) if numbers else None


def lacks_relr_marker(file):
    """Whether glibc 2.36 and later refuse an object with DT_RELR because it does not need RELR_MARKER (elf/dl-version.c). file: its facts."""
    of_libc = [each for each in file['version_needs'] if each['library'].startswith('libc.so.')]
    return file['has_relr'] and bool(of_libc) and not any(version['name'] == RELR_MARKER for each in of_libc for version in each['versions'])
