# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import os
import shutil
import tarfile

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._archive import tar
from ansible_collections.gofleet.golang.plugins.module_utils._archive import tree as archive_tree
from support.units import tiny_trees
from support.units.odd_archives import code_of, everything_in, gzipped, tar_bytes
from support.units.tiny_trees import member, tar_with

TREE = tiny_trees.tree_of('1.30.1', 'amd64')

PREFIX = tiny_trees.module_of('1.30.1', 'amd64')


@pytest.mark.parametrize('name', ['../evil', 'go/../../evil', '/evil', 'go/..', '..', 'go/x/../../../evil', '/go/evil', 'go//evil', 'go/./evil', './go/evil',
                                  'go/line\nbreak', 'go/\x1b[2J', 'go/' + 'x' * 256, 'go/' + 'x/' * 40 + 'x', 'go/' + ('x' * 200 + '/') * 6 + 'x'])
def test_a_name_that_points_outside_or_is_unusual_is_refused_before_anything_is_written(unpack, tmpdir, name):
    path = tar_with(tmpdir.join('a.tar.gz'), [member(name, b'evil')])
    before = everything_in(tmpdir)
    assert code_of(unpack, path) == 'archive_unsafe'
    assert everything_in(tmpdir) == before


def test_a_link_cannot_be_written_through(unpack, tmpdir):
    tmpdir.join('victim').write('kept')
    members = [member('go/link', kind=tarfile.SYMTYPE, target=str(tmpdir.join('victim'))), member('go/link', b'evil')]
    assert code_of(unpack, tar_with(tmpdir.join('a.tar.gz'), members)) == 'archive_unsafe'
    assert tmpdir.join('victim').read() == 'kept'


@pytest.mark.parametrize(('first', 'second'), [
    (u'go/file', u'go/file'), (u'go/File', u'go/file'), (u'go/src/a', u'go/Src/b'), (u'go/\xe9', u'go/e\u0301'), (u'go/\xc9', u'go/e\u0301'),
    (u'go/a', u'go/a/b'), (u'go/a/b', u'go/a'), (u'go/a', u'go/A/b'),
])
def test_two_names_that_are_the_same_on_some_file_systems_are_refused(unpack, tmpdir, first, second):
    members = [member('go/x', content) for content in (b'first', b'last')]
    for (header, _content), name in zip(members, (first, second)):
        header.name = name
    path = tar_with(tmpdir.join('a.tar.gz'), members, format=tarfile.PAX_FORMAT, encoding='utf-8')
    assert code_of(unpack, path) == 'archive_unsafe'


def test_a_name_that_is_not_utf_8_is_refused(unpack, tmpdir):
    path = gzipped(tmpdir.join('a.tar.gz'), tar_bytes(member('go/\xff' if str is bytes else 'go/\udcff'), format=tarfile.GNU_FORMAT, encoding='utf-8'))
    assert code_of(unpack, path) == 'archive_damaged'


def test_a_tar_that_unpacks_to_too_much_is_refused_before_it_is_written(unpack, tmpdir, folder, small_bounds):
    path = tar_with(tmpdir.join('a.tar.gz'), [member('go/a', b'\0' * 30000), member('go/b', b'\0' * 30000)])
    assert code_of(unpack, path) == 'archive_unsafe'
    assert tiny_trees.read_tree(folder) == {'go/a': b'\0' * 30000}


def test_an_empty_file_counts_as_a_block(unpack, tmpdir, folder, small_bounds):
    assert unpack(tar_with(tmpdir.join('a.tar.gz'), [member('go/%d' % number) for number in range(9)]))
    shutil.rmtree(os.path.join(folder, 'go'))
    assert code_of(unpack, tar_with(tmpdir.join('b.tar.gz'), [member('go/%d' % number) for number in range(10)])) == 'archive_unsafe'


def test_folders_that_are_not_members_count_too(unpack, tmpdir, folder, small_bounds):
    assert code_of(unpack, tar_with(tmpdir.join('a.tar.gz'), [member('go/' + 'd/' * 20 + 'f')])) == 'archive_unsafe'


def test_the_limit_grows_with_the_size_of_the_archive(unpack, tmpdir, folder, monkeypatch):
    monkeypatch.setattr(archive_tree, '_ALLOWANCE', 16384)
    unpack(tar_with(tmpdir.join('a.tar.gz'), [member('go/a', os.urandom(50000))]))
    assert os.path.getsize(os.path.join(folder, 'go/a')) == 50000


@pytest.mark.parametrize('kind', [tarfile.REGTYPE, tarfile.DIRTYPE])
def test_too_many_members_are_refused(unpack, tmpdir, monkeypatch, kind):
    monkeypatch.setattr(archive_tree, 'MEMBERS', 20)
    assert code_of(unpack, tar_with(tmpdir.join('a.tar.gz'), [member('go/%d' % number, kind=kind) for number in range(21)])) == 'archive_unsafe'


@pytest.mark.parametrize('name', ['go/', 'go/src/'])
def test_a_folder_that_comes_twice_is_refused(unpack, tmpdir, name):
    assert code_of(unpack, tar_with(tmpdir.join('a.tar.gz'), [member(name, kind=tarfile.DIRTYPE)] * 2)) == 'archive_unsafe'


def test_a_full_disk_is_not_reported_as_damage(tmpdir, folder, monkeypatch):
    def full(handle, content):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    monkeypatch.setattr(archive_tree, '_write', full)
    with pytest.raises(OSError) as caught:
        tar.unpack_tar(tiny_trees.tar_of(tmpdir.join('a.tar.gz'), TREE), folder)
    assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, folder)


def test_short_writes_are_continued(tmpdir, folder, monkeypatch):
    write = os.write
    monkeypatch.setattr(os, 'write', lambda handle, content: write(handle, content[:1000]))
    tar.unpack_tar(tar_with(tmpdir.join('a.tar.gz'), [member('go/a', b'abc' * 5000)]), folder)
    monkeypatch.undo()
    assert tiny_trees.read_tree(folder) == {'go/a': b'abc' * 5000}
