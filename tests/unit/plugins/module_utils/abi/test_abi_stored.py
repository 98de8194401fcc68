# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type


import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._abi import stored
from ansible_collections.gofleet.golang.plugins.module_utils._abi import verdict as abi
from ansible_collections.gofleet.golang.plugins.module_utils._elf import file as elf
from support.units.abi_facts import LOADER, binary, dynamic, host

STORED = {'loader': LOADER, 'state': 'ok', 'arch': 'amd64', 'libc': 'glibc', 'libc_version': '2.17', 'libc_path': '/lib64/libc.so.6', 'identity': [62, 64, '<'],
          'flags': 0, 'relr': False, 'strict': False, 'levels': False,
          'libraries': {'libc.so.6': ['GLIBC_2.2.5', 'GLIBC_2.17', 'GLIBC_PRIVATE'], 'libpthread.so.0': ['GLIBC_2.2.5']}}

MUSL = {'loader': '/lib/ld-musl-x86_64.so.1', 'state': 'ok', 'arch': 'amd64', 'libc': 'musl', 'libc_version': '1.2.2', 'libc_path': None,
        'identity': [62, 64, '<'], 'flags': 0, 'relr': False, 'strict': False, 'levels': False}

NEWER = dict(STORED, relr=True, levels=True)


def by_stored(facts, *libcs):
    on = host(libcs=list(libcs))
    on['linking'] = stored.from_stored(facts, on)
    return abi.verdict(facts, on)


def needs(*names, **more):
    versions = [{'name': each, 'hash': elf.version_hash(each), 'flags': more.get('flags', 0)} for each in names]
    return [{'library': more.get('library', 'libc.so.6'), 'versions': versions}]


def symbol(version='GLIBC_2.17', library='libc.so.6', weak=False):
    return [['puts', version, library, weak]]


@pytest.mark.parametrize(('facts', 'libcs', 'verdict', 'code'), [
    (binary(), STORED, 'runs', None),
    (binary(dynamic(version_needs=needs('GLIBC_2.17')), symbols=symbol()), STORED, 'runs', None),
    (binary(dynamic(version_needs=needs('GLIBC_2.34', flags=2))), STORED, 'runs', 'version_missing'),
    (binary(dynamic(version_needs=needs('GLIBC_2.34')), symbols=symbol('GLIBC_2.34')), STORED, 'incompatible', 'version_missing'),
    (binary(dynamic(has_relr=True, version_needs=needs('GLIBC_2.17'))), NEWER, 'incompatible', 'relr_unsupported'),
    (binary(dynamic(has_relr=True)), NEWER, 'runs', None),
    (binary(dynamic(isa_needed=0x8001)), NEWER, 'incompatible', 'cpu_level'),
    (binary(dynamic(has_relr=True)), STORED, 'incompatible', 'relr_unsupported'),
    (binary(dynamic(interp=MUSL['loader'])), STORED, 'incompatible', 'interpreter_missing'),
    (binary(dynamic(interp='/opt/own/ld.so')), STORED, 'unknown', 'undetermined'),
    (binary(dynamic(needed=['libz.so.1'])), STORED, 'unknown', 'undetermined'),
    (binary(dynamic(rpath=['/opt'])), STORED, 'unknown', 'undetermined'),
    (binary(dynamic(), symbols=symbol(None, None)), STORED, 'unknown', 'undetermined'),
    (binary(dynamic(), symbols=symbol(None, None, True)), STORED, 'runs', None),
    (binary(dynamic(version_needs=needs('GLIBC_PRIVATE')), symbols=symbol('GLIBC_PRIVATE')), STORED, 'unknown', 'undetermined'),
    (binary(dynamic(), symbols=symbol('GLIBC_2.34', weak=True)), STORED, 'runs', None),
    (binary(dynamic(), symbols=symbol('GLIBC_2.34', weak=True)), dict(STORED, strict=True), 'unknown', 'undetermined'),
    (binary(dynamic(version_needs=[{'library': 'libc.so.6', 'versions': [{'name': 'GLIBC_2.17', 'hash': 1, 'flags': 0}]}])), STORED, 'incompatible',
     'version_missing'),
    (binary(dynamic(), symbols=None), STORED, 'unknown', 'undetermined'),
    (binary(dynamic(interp=MUSL['loader'])), MUSL, 'unknown', 'undetermined'),
    (binary(dynamic(interp=MUSL['loader'], needed=[])), MUSL, 'runs', None),
    (binary(dynamic(interp=MUSL['loader'], needed=[]), symbols=symbol(None, None)), MUSL, 'unknown', 'undetermined'),
    (binary(dynamic()), dict(STORED, libraries=None), 'unknown', 'undetermined'),
])
def test_stored_facts_give_a_verdict_only_where_they_suffice(facts, libcs, verdict, code):
    said = by_stored(facts, libcs)
    assert (said['verdict'], said['reasons'][0]['code'] if said['reasons'] else None) == (verdict, code)
