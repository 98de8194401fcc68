# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import random
import shutil
import struct
import zipfile

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._archive import tree as archive_tree
from ansible_collections.gofleet.golang.plugins.module_utils._archive import zip as archive_zip
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._proof import digests, trees
from support.units import tiny_trees
from support.units.odd_archives import code_of, everything_in, modes
from support.units.tiny_trees import zip_with

TREE = tiny_trees.tree_of('1.30.1', 'amd64')

PREFIX = tiny_trees.module_of('1.30.1', 'amd64')


def in_module(files):
    return [(PREFIX + name, content) for name, content in files]


def test_a_module_zip_becomes_the_tree_of_the_archive(unzip, module, folder):
    unzip(module)
    expected = dict((name, content) for name, content in TREE.items() if not name.startswith(tiny_trees.ARCHIVE_ONLY))
    assert tiny_trees.read_tree(os.path.join(folder, 'go')) == expected


def test_a_module_zip_gets_the_modes_of_the_archive(unzip, module, folder):
    unzip(module)
    root = os.path.join(folder, 'go')
    assert modes(root) == dict((name, tiny_trees.mode_of(name)) for name in tiny_trees.read_tree(root))


def test_the_entries_of_a_module_zip_are_those_of_its_tree(unzip, module, folder):
    assert unzip(module) == trees.walk_tree(os.path.join(folder, 'go'))


@pytest.mark.parametrize(('path', 'executable'), [
    (b'bin/go', True), (b'bin/gofmt', True), (b'pkg/tool/linux_amd64/compile', True), (b'src/make.bash', True), (b'src/a.sh', True),
    (b'src/syscall/mksyscall.pl', True), (b'src/all.rc', True), (b'lib/wasm/go_js_wasm_exec', True), (b'VERSION', False), (b'src/bin/go', False),
    (b'pkg/include/textflag.h', False), (b'src/cmd/go/main.go', False), (b'lib/wasm/wasm_exec.js', False), (b'src/sh', False),
    (b'bin.go', False), (b'pkg/toolbox/x', False),
])
def test_programs_are_recognised_by_folder_and_suffix(path, executable):
    assert archive_zip.is_program(path) is executable


def test_a_stored_member_is_unpacked_as_a_deflated_one(unzip, tmpdir, folder):
    unzip(zip_with(tmpdir.join('m.zip'), in_module([('VERSION', b'go1.30.1')]), zipfile.ZIP_STORED))
    assert tiny_trees.read_tree(folder) == {'go/VERSION': b'go1.30.1'}


@pytest.mark.parametrize('name', [
    'VERSION', 'golang.org/toolchain@v0.0.1-go1.30.2.linux-amd64/VERSION', '/' + PREFIX + 'VERSION', PREFIX + 'folder/', PREFIX,
    PREFIX + '../evil', PREFIX + 'a/../../evil', PREFIX + '/evil', PREFIX + '..',
])
def test_a_name_outside_of_the_module_is_refused(unzip, tmpdir, name):
    path = zip_with(tmpdir.join('m.zip'), [(name, b'evil')])
    before = everything_in(tmpdir)
    assert code_of(unzip, path) == 'archive_unsafe'
    assert [each for each in everything_in(tmpdir) if os.path.isfile(each)] == [each for each in before if os.path.isfile(each)]


@pytest.mark.filterwarnings('ignore:Duplicate name')
def test_two_members_of_one_name_are_refused(unzip, tmpdir):
    assert code_of(unzip, zip_with(tmpdir.join('m.zip'), in_module([('a', b'one'), ('a', b'two')]))) == 'archive_unsafe'


def test_a_go_mod_beside_its_name_in_modules_is_refused(unzip, tmpdir):
    assert code_of(unzip, zip_with(tmpdir.join('m.zip'), in_module([('_go.mod', b'one'), ('go.mod', b'two')]))) == 'archive_unsafe'


@pytest.mark.parametrize('names', [('a', 'a/b'), ('a/b', 'a')])
def test_a_name_that_is_file_and_folder_is_refused(unzip, tmpdir, names):
    assert code_of(unzip, zip_with(tmpdir.join('m.zip'), in_module([(name, b'') for name in names]))) == 'archive_unsafe'


def test_a_zip_that_claims_too_large_a_size_is_refused_before_it_is_unpacked(unzip, tmpdir, folder, monkeypatch):
    monkeypatch.setattr(archive_zip, '_LIMIT', 1000)
    assert code_of(unzip, zip_with(tmpdir.join('m.zip'), in_module([('a', b'\0' * 600), ('b', b'\0' * 600)]))) == 'archive_unsafe'
    assert everything_in(folder) == []


def test_a_zip_of_exactly_the_limit_is_accepted(unzip, tmpdir, monkeypatch):
    # As a file system counts: a block for the folder, and one for each file.
    monkeypatch.setattr(archive_zip, '_LIMIT', 12288)
    assert [entry.size for entry in unzip(zip_with(tmpdir.join('m.zip'), in_module([('a', b'\0' * 400), ('b', b'\0' * 600)])))] == [400, 600]


def test_a_zip_that_unpacks_to_too_much_for_its_size_is_refused(unzip, tmpdir, small_bounds):
    assert code_of(unzip, zip_with(tmpdir.join('m.zip'), in_module([('a', b'\0' * 600), ('b', b'\0' * 60000)]))) == 'archive_unsafe'


@pytest.mark.parametrize(('first', 'second'), [(u'a', u'A'), (u'src/a', u'Src/b'), (u'\xe9', u'e\u0301')])
def test_two_names_in_a_zip_that_are_the_same_on_some_file_systems_are_refused(unzip, tmpdir, first, second):
    assert code_of(unzip, zip_with(tmpdir.join('m.zip'), in_module([(first, b'one'), (second, b'two')]))) == 'archive_unsafe'


def test_a_zip_of_too_many_members_is_refused_with_any_claimed_number(unzip, tmpdir, folder, monkeypatch):
    monkeypatch.setattr(archive_tree, 'MEMBERS', 20)
    path = zip_with(tmpdir.join('m.zip'), in_module([('%d' % number, b'') for number in range(21)]))
    assert code_of(unzip, path) == 'archive_unsafe'
    with open(path, 'rb') as source:
        content = source.read()
    with open(path, 'wb') as target:
        target.write(content[:-14] + struct.pack('<HH', 1, 1) + content[-10:])
    assert code_of(unzip, path) == 'archive_unsafe'
    assert everything_in(folder) == []


@pytest.mark.parametrize(('at', 'content'), [
    (-6, b'\xff\xff\xff\xff'), (-6, b'\0\0\0\0'), (-6, b'\1\0\0\0'), (-10, b'\xff\xff\0\0'), (-12, b'\xff\xff'),
    # The offset of a member, and one of 64 bits.
    (-22 - 4 - 6, b'\xff\xff\xff\x7f'), (-22 - 4 - 6, b'\xff\xff\xff\xff'),
])
def test_a_zip_with_offsets_outside_of_the_file_is_reported_as_damaged(unzip, tmpdir, at, content):
    path = zip_with(tmpdir.join('m.zip'), in_module([('a', b'x')]))
    with open(path, 'rb') as source:
        spoilt = bytearray(source.read())
    spoilt[len(spoilt) + at:len(spoilt) + at + len(content)] = content
    with open(path, 'wb') as target:
        target.write(spoilt)
    for read in (unzip, archive_zip.zip_h1):
        with pytest.raises(GofleetError) as caught:
            read(path)
        assert caught.value.code in ('archive_damaged', 'archive_unsafe')


def test_a_zip_with_a_huge_directory_is_refused_unread(unzip, tmpdir, monkeypatch):
    monkeypatch.setattr(archive_zip, '_DIRECTORY', 50)
    assert code_of(unzip, zip_with(tmpdir.join('m.zip'), in_module([('a', b'')]))) == 'archive_damaged'


@pytest.mark.parametrize('tail', [
    lambda end: end[:-2] + b'\1\0x', lambda end: end[:-2] + b'\1\0', lambda end: b'PK\6\7' + b'\0' * 16 + end, lambda end: end + b'x', lambda end: end[:12],
], ids=['comment', 'no comment where one is said to be', '64 bit', 'tail', 'cut'])
def test_a_zip_must_end_as_go_ends_it(unzip, tmpdir, tail):
    path = zip_with(tmpdir.join('m.zip'), in_module([('a', b'')]))
    with open(path, 'rb') as source:
        content = source.read()
    with open(path, 'wb') as target:
        target.write(content[:-22] + tail(content[-22:]))
    with pytest.raises(GofleetError) as caught:
        unzip(path)
    assert caught.value.code == 'archive_damaged'
    assert 'it does not end as Go ends a zip' in caught.value.msg


def test_a_zip_with_more_content_than_it_claims_is_refused(unzip, tmpdir, folder):
    path = zip_with(tmpdir.join('m.zip'), in_module([('bomb', b'\0' * 1000000)]))
    _claim_size(path, 1000)
    assert code_of(unzip, path) in ('archive_unsafe', 'archive_damaged')
    assert sum(os.path.getsize(each) for each in everything_in(folder) if os.path.isfile(each)) <= 2 * digests.CHUNK


def _claim_size(path, size):
    """Write another uncompressed size into the zip's central directory."""
    with open(path, 'rb') as source:
        content = bytearray(source.read())
    at = bytes(content).index(b'PK\x01\x02') + 24
    content[at:at + 4] = struct.pack('<I', size)
    with open(path, 'wb') as target:
        target.write(content)


@pytest.mark.parametrize('damage', ['empty', 'html', 'half', 'flipped'])
def test_a_damaged_zip_is_refused(unzip, tmpdir, damage):
    path = zip_with(tmpdir.join('m.zip'), in_module([('a', os.urandom(5000))]))
    with open(path, 'rb') as source:
        content = source.read()
    damaged = {
        'empty': b'', 'html': b'<!DOCTYPE html>', 'half': content[:len(content) // 2],
        'flipped': content[:1000] + b'\xff' * 500 + content[1500:],
    }[damage]
    with open(path, 'wb') as target:
        target.write(damaged)
    assert code_of(unzip, path) == 'archive_damaged'


@pytest.mark.parametrize('method', [1, 6, 9, 12, 14, 93, 95, 98, 99])
def test_a_member_with_another_compression_is_refused(unzip, tmpdir, method):
    path = zip_with(tmpdir.join('m.zip'), in_module([('a', b'abc' * 100)]))
    with open(path, 'rb') as source:
        content = bytearray(source.read())
    for at in (8, bytes(content).index(b'PK\x01\x02') + 10):
        content[at:at + 2] = struct.pack('<H', method)
    with open(path, 'wb') as target:
        target.write(content)
    assert code_of(unzip, path) in ('archive_unsafe', 'archive_damaged')


# Python 2.7 knows neither.
if hasattr(zipfile, 'ZIP_LZMA'):
    @pytest.mark.parametrize('method', [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    def test_a_method_that_go_does_not_use_is_refused_before_it_takes_memory(unzip, tmpdir, method):
        # The dictionary of an LZMA member may have gigabytes.
        path = zip_with(tmpdir.join('m.zip'), in_module([('a', b'abc' * 100)]), method)
        assert code_of(unzip, path) in ('archive_unsafe', 'archive_damaged')


def test_an_encrypted_member_is_refused(unzip, tmpdir):
    path = zip_with(tmpdir.join('m.zip'), in_module([('a', b'secret')]))
    with open(path, 'rb') as source:
        content = bytearray(source.read())
    for at in (6, bytes(content).index(b'PK\x01\x02') + 8):
        content[at] |= 1
    with open(path, 'wb') as target:
        target.write(content)
    assert code_of(unzip, path) == 'archive_damaged'


def test_a_name_in_a_zip_that_claims_utf_8_must_be_utf_8(unzip, tmpdir):
    path = zip_with(tmpdir.join('m.zip'), in_module([(u'\xe4', b'')]))
    with open(path, 'rb') as source:
        content = source.read()
    with open(path, 'wb') as target:
        target.write(content.replace(u'\xe4'.encode('utf-8'), b'\xff\xff'))
    assert code_of(unzip, path) in ('archive_unsafe', 'archive_damaged')


def test_a_damaged_zip_ends_in_a_tree_or_a_refusal(module, tmpdir):
    with open(module, 'rb') as source:
        content = source.read()
    directory = content.index(b'PK\x01\x02')
    chance = random.Random(5)
    path = str(tmpdir.join('fuzz.zip'))
    for _round in range(400):
        spoilt = bytearray(content)
        for _each in range(chance.randint(1, 3)):
            at = chance.randrange(directory, len(spoilt)) if chance.random() < 0.8 else chance.randrange(len(spoilt))
            spoilt[at] = chance.choice((0, 1, 0x7f, 0x80, 0xff, chance.randrange(256)))
        if chance.random() < 0.1:
            del spoilt[chance.randrange(len(spoilt)):]
        with open(path, 'wb') as target:
            target.write(spoilt)
        stage = str(tmpdir.join('fuzz'))
        try:
            archive_zip.unpack_zip(path, stage, PREFIX)
        except GofleetError:
            pass
        shutil.rmtree(stage, ignore_errors=True)
