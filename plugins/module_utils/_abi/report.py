# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Build the result of abi_check for one program, from plain values."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.gofleet.golang.plugins.module_utils._abi import verdict
from ansible_collections.gofleet.golang.plugins.module_utils._elf import tables as elf_tables
from ansible_collections.gofleet.golang.plugins.module_utils._linking import loaders
from ansible_collections.gofleet.golang.plugins.module_utils._texts import shown

# The most entries of a list in a result.
LARGEST_LIST = 100
# The longest text in a result, in bytes: as long as the longest name that is read, because a shortened name is another name.
LARGEST_TEXT = elf_tables.MAX_STRING


def result(binary, host, judged):
    """The result of abi_check for one program, without its path."""
    reasons = judged['reasons']
    return {
        'verdict': judged['verdict'],
        'reasons': reasons[:LARGEST_LIST],
        'file': _file(binary),
        'needs': _needs(binary, host, reasons),
        'go': _go(binary['go']),
        'host': _host(host),
    }


def _file(binary):
    file = binary['file'] or {}
    known = {'sha256': binary['sha256'], 'size': binary['size'], 'format': file.get('format')}
    if file.get('format') == 'elf':
        known['class'] = file['bits']
        known['endian'] = 'little' if file['order'] == '<' else 'big'
        known.update((key, file[name]) for key, name in (('machine', 'machine_name'), ('type', 'type'), ('e_flags', 'flags')))
        known.update((name, file[name]) for name in ('interp', 'static', 'static_pie', 'packed', 'truncated', 'stripped', 'build_id'))
    return known


def _needs(binary, host, reasons):
    file = binary['file']
    if file is None or file['format'] != 'elf':
        return None
    strong, weak = {}, {}
    for need in file['version_needs']:
        for version in need['versions']:
            (weak if version['flags'] & elf_tables.VER_FLG_WEAK else strong).setdefault(need['library'], []).append(version['name'])
    kernel = verdict.needed_kernel(binary)
    return {
        'libs': file['needed'][:LARGEST_LIST], 'versions': strong, 'weak_versions': weak,
        'symbols_missing': [each['subject'] for each in reasons if each['code'] == 'symbol_missing'][:LARGEST_LIST],
        'min_glibc': loaders.glibc_version([name for names in strong.values() for name in names]),
        'cpu_level': verdict.needed_level(binary), 'kernel_min': '.'.join(str(each) for each in kernel) if kernel else None,
    }


def _go(build):
    if build is None:
        return {'version': None, 'source': 'none'}
    return dict((key, build[key]) for key in ('version', 'path', 'main', 'cgo', 'vcs_revision', 'trimpath', 'settings', 'source'))


def _host(host):
    """The host's facts, with the C library that this program would use, if any."""
    link = host['linking'] or {}
    known = dict((key, host[key]) for key in ('arch', 'kernel', 'cpu_level', 'page_size', 'libc', 'libc_version', 'libc_path', 'evidence'))
    if link.get('libc'):
        known.update((key, link.get(key)) for key in ('libc', 'libc_version', 'libc_path'))
    return known


def plain(value):
    """The value with printable texts of bounded size, because names in hostile files may contain any bytes."""
    if isinstance(value, dict):
        return dict((plain(key), plain(each)) for key, each in value.items())
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    return shown.text(value, LARGEST_TEXT) if isinstance(value, (type(u''), bytes)) else value
