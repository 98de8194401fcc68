# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import hashlib
import io
import os
import subprocess
import sys

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._proof import digests
from support.units import tiny_trees


@pytest.fixture
def tree(tmpdir):
    root = tmpdir.mkdir('tree')
    root.join('b.txt').write_binary(b'two')
    root.mkdir('a').join('c.txt').write_binary(b'three')
    os.chmod(str(root.join('b.txt')), 0o640)
    return root


def paths(entries):
    return [entry.path for entry in entries]


def test_a_file_is_hashed_whole_whatever_the_chunks(tmpdir):
    content = os.urandom(2 * digests.CHUNK + 1)
    tmpdir.join('file').write_binary(content)
    assert digests.sha256_of_file(str(tmpdir.join('file'))) == tiny_trees.sha256(content)


def test_an_entry_has_mode_size_and_digest_of_its_file(tree):
    entry = digests.walk_tree(str(tree))[-1]
    assert entry == digests.Entry(b'b.txt', digests.FILE, 0o640, 3, tiny_trees.sha256(b'two'))


def test_entries_are_sorted_by_path_and_folders_are_none(tree):
    tree.mkdir('empty')
    tree.join('a.txt').write_binary(b'')
    # '/' sorts after '.': the order is that of whole paths, not folder by folder.
    assert paths(digests.walk_tree(str(tree))) == [b'a.txt', b'a/c.txt', b'b.txt']


def test_the_root_may_be_bytes(tree):
    assert digests.walk_tree(str(tree).encode('ascii')) == digests.walk_tree(str(tree))


def test_a_link_is_recorded_by_its_target_and_never_followed(tree, tmpdir):
    outside = tmpdir.mkdir('outside')
    outside.join('secret').write_binary(b'secret')
    os.symlink(str(outside), str(tree.join('folder')))
    os.symlink('nowhere', str(tree.join('dangling')))
    links = [entry for entry in digests.walk_tree(str(tree)) if entry.kind == digests.LINK]
    assert [(entry.path, entry.sha256) for entry in links] == [
        (b'dangling', tiny_trees.sha256(b'nowhere')), (b'folder', tiny_trees.sha256(str(outside).encode('ascii')))]
    assert b'folder/secret' not in paths(digests.walk_tree(str(tree)))


def test_a_pipe_is_neither_file_nor_link(tree):
    os.mkfifo(str(tree.join('pipe')))
    assert [entry.kind for entry in digests.walk_tree(str(tree)) if entry.path == b'pipe'] == ['?']


@pytest.mark.parametrize('name', [b'\xff\xfe', b'a\nb', b'a\\b', u'\xc4'.encode('utf-8'), b' '])
def test_a_name_may_be_any_bytes(tree, name):
    with io.open(os.path.join(str(tree).encode('ascii'), name), 'wb') as target:
        target.write(b'odd')
    assert [entry.sha256 for entry in digests.walk_tree(str(tree)) if entry.path == name] == [tiny_trees.sha256(b'odd')]


def test_a_tree_that_is_not_there_is_an_error(tmpdir):
    with pytest.raises(OSError):
        digests.walk_tree(str(tmpdir.join('missing')))


@pytest.fixture
def bottomless(tmpdir):
    """A tree that is deeper than Python's stack."""
    root = tmpdir.mkdir('deep')
    here = os.getcwd()
    try:
        os.chdir(str(root))
        for dummy in range(sys.getrecursionlimit() + 500):
            os.mkdir('d')
            os.chdir('d')
        root.join('top').write('')
        with io.open('bottom', 'wb') as target:
            target.write(b'deep')
        os.chdir(here)
        yield root
    finally:
        os.chdir(here)
        # Python's own removal, which pytest calls later, would end at the same depth.
        subprocess.check_call(['rm', '-rf', str(root)])


def test_a_tree_may_be_deeper_than_pythons_stack(bottomless):
    depth = sys.getrecursionlimit() + 500
    assert [len(path) for path in paths(digests.walk_tree(str(bottomless)))] == [2 * depth + len('bottom'), len('top')]


def test_who_walks_may_read_files_in_another_way(tree):
    asked = []

    def read(path, status):
        asked.append((path, status.st_size))
        return 'read'

    entries = digests.walk_tree(str(tree), read)
    assert [entry.sha256 for entry in entries] == ['read', 'read']
    assert sorted(asked) == [(str(tree.join('a/c.txt')).encode('ascii'), 5), (str(tree.join('b.txt')).encode('ascii'), 3)]


def test_a_file_of_a_tree_must_be_what_it_was_seen_to_be(tree):
    path = str(tree.join('b.txt'))
    seen = os.lstat(path)
    assert digests.sha256_of_entry(path, seen) == tiny_trees.sha256(b'two')
    tree.join('b.txt').write_binary(b'three')
    with pytest.raises(GofleetError) as refused:
        digests.sha256_of_entry(path, seen)
    assert refused.value.code == 'file_changed'


def test_a_link_in_the_place_of_a_file_of_a_tree_is_not_followed(tree, tmpdir):
    path = str(tree.join('b.txt'))
    seen = os.lstat(path)
    os.rename(path, str(tmpdir.join('outside')))
    os.symlink(str(tmpdir.join('outside')), path)
    with pytest.raises(GofleetError) as refused:
        digests.sha256_of_entry(path, seen)
    assert refused.value.code == 'not_a_file'


# ---- algorithms


def test_one_reading_gives_several_digests(tmpdir):
    content = os.urandom(600000)
    tmpdir.join('file').write_binary(content)
    status, found = digests.of_regular_file(str(tmpdir.join('file')), ['sha256', 'sha512', 'sha224', 'sha384'])
    assert status.st_size == len(content)
    assert found == dict((name, hashlib.new(name, content).hexdigest()) for name in ('sha256', 'sha512', 'sha224', 'sha384'))


def test_every_algorithm_has_digests_of_its_length():
    # hashlib of Python 2.7 and old OpenSSL lack some.
    there = [name for name in digests.LENGTHS if name in getattr(hashlib, 'algorithms_guaranteed', ('sha224', 'sha256', 'sha384', 'sha512'))]
    assert [len(digests.new(name).hexdigest()) for name in there] == [digests.LENGTHS[name] for name in there]
    assert set(there) >= {'sha224', 'sha256', 'sha384', 'sha512'}


def test_an_algorithm_that_this_python_lacks_is_told(tmpdir):
    tmpdir.join('file').write('')
    with pytest.raises(GofleetError) as refused:
        digests.of_regular_file(str(tmpdir.join('file')), ['sha256', 'whirlpool-9'])
    assert refused.value.code == 'unsupported_algorithm'
    assert 'sha256' in refused.value.msg


def test_weak_algorithms_are_not_among_those_that_prove():
    assert set(digests.WEAK) == {'md5', 'sha1'}
    assert not set(digests.WEAK) & set(digests.LENGTHS)
