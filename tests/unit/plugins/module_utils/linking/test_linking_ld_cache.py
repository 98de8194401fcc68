# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import random
import struct

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._linking import ld_cache
from support.hosts.tiny_roots import ld_cache as made

ENTRIES = [('libx.so.1', '/lib64/libx.so.1', None), ('libx.so.1', '/opt/libx.so.1', None), ('liby.so.2', '/lib64/liby.so.2', None)]


def paths(content, name='libx.so.1', order='<'):
    return [each.path for each in ld_cache.read(content, order).get(name, [])]


@pytest.mark.parametrize('old', [False, True])
def test_entries_are_read_in_their_order(old):
    content = made(ENTRIES, old=old)
    assert paths(content) == ['/lib64/libx.so.1', '/opt/libx.so.1']
    assert paths(content, 'liby.so.2') == ['/lib64/liby.so.2']
    assert paths(content, 'libz.so.3') == []


def test_an_entry_says_what_architecture_and_folder_it_is_of():
    content = made([('libx.so.1', '/lib64/glibc-hwcaps/x86-64-v3/libx.so.1', 'x86-64-v3'), ('libx.so.1', '/lib64/libx.so.1', 4)],
                   ('x86-64-v2', 'x86-64-v3'), flags=0x303)
    first, second = ld_cache.read(content, '<')['libx.so.1']
    assert (first.flags, first.folder, second.folder, second.hwcap) == (0x303, 'x86-64-v3', None, 4)


def test_a_folder_without_a_name_is_of_no_processor():
    content = made([('libx.so.1', '/lib64/libx.so.1', (1 << 62) + 7)], ())
    assert ld_cache.read(content, '<')['libx.so.1'][0].folder == '?'


def test_a_cache_of_before_glibc_22_is_read():
    strings = b'libx.so.1\0/lib/libx.so.1\0'
    content = b'ld.so-1.7.0\0' + struct.pack('<I', 1) + struct.pack('<3I', 1, 0, 10) + strings
    assert paths(content) == ['/lib/libx.so.1']


@pytest.mark.parametrize('content', [
    b'', b'\x7fELF', b'ld.so-1.7.0', b'ld.so-1.7.0\0' + b'\xff' * 20, b'glibc-ld.so.cache1.1', b'glibc-ld.so.cache1.1' + b'\xff' * 100,
    made(ENTRIES)[:60], made(ENTRIES)[:150]])
def test_a_cache_that_ldconfig_cannot_have_written_is_refused(content):
    with pytest.raises(GofleetError) as caught:
        ld_cache.read(content, '<')
    assert caught.value.code == 'malformed'


def test_many_entries_that_share_one_long_string_take_no_more_memory_than_the_file_has_room_for():
    # 4,000 entries with a path of 2,000 bytes each: 16 MB from 100 KB.
    content = bytearray(made([('libx.so.1', '/' + 'x' * 2000, None)] * 4000))
    start = bytes(content).index(b'/xxx')
    for number in range(4000):
        content[48 + number * 24 + 4:48 + number * 24 + 12] = struct.pack('<2I', start, start)
    with pytest.raises(GofleetError) as caught:
        ld_cache.read(bytes(content[:start + 2002]), '<')
    assert (caught.value.code, 'longer than its size allows' in caught.value.msg) == ('malformed', True)


def test_a_string_longer_than_a_path_is_refused():
    with pytest.raises(GofleetError):
        ld_cache.read(made([('libx.so.1', '/' + 'x' * 5000, None)]), '<')


def test_the_other_byte_order_is_refused():
    with pytest.raises(GofleetError):
        ld_cache.read(made(ENTRIES), '>')


@pytest.mark.parametrize('seed', range(20))
def test_a_bent_cache_is_read_or_refused_and_nothing_else(seed):
    generator = random.Random(seed)
    for dummy in range(50):
        content = bytearray(made(ENTRIES + [('libx.so.1', '/x', 'x86-64-v2')], ('x86-64-v2',), old=bool(seed % 2)))
        for dummy2 in range(generator.randrange(1, 8)):
            content[generator.randrange(12, len(content))] = generator.choice((0, 1, 0x7f, 0x80, 0xff))
        outcome = None
        try:
            found = ld_cache.read(bytes(content), '<')
        except GofleetError as exc:
            outcome = exc.code
        else:
            assert all(isinstance(each.path, str) for entries in found.values() for each in entries)
        assert outcome in (None, 'malformed')
