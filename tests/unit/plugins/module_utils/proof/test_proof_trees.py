# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import io
import os
import subprocess
import sys

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._proof import trees
from support.units import tiny_trees


def paths(entries):
    return [entry.path for entry in entries]


def test_an_entry_has_mode_size_and_digest_of_its_file(tree):
    entry = trees.walk_tree(str(tree))[-1]
    assert entry == trees.Entry(b'b.txt', trees.FILE, 0o640, 3, tiny_trees.sha256(b'two'))


def test_entries_are_sorted_by_path_and_contain_no_folders(tree):
    tree.mkdir('empty')
    tree.join('a.txt').write_binary(b'')
    # '/' sorts after '.': the order is that of whole paths, not folder by folder.
    assert paths(trees.walk_tree(str(tree))) == [b'a.txt', b'a/c.txt', b'b.txt']


def test_the_root_may_be_bytes(tree):
    assert trees.walk_tree(str(tree).encode('ascii')) == trees.walk_tree(str(tree))


def test_a_link_is_recorded_by_its_target_and_never_followed(tree, tmpdir):
    outside = tmpdir.mkdir('outside')
    outside.join('secret').write_binary(b'secret')
    os.symlink(str(outside), str(tree.join('folder')))
    os.symlink('nowhere', str(tree.join('dangling')))
    links = [entry for entry in trees.walk_tree(str(tree)) if entry.kind == trees.LINK]
    assert [(entry.path, entry.sha256) for entry in links] == [
        (b'dangling', tiny_trees.sha256(b'nowhere')), (b'folder', tiny_trees.sha256(str(outside).encode('ascii')))]
    assert b'folder/secret' not in paths(trees.walk_tree(str(tree)))


def test_a_pipe_is_neither_file_nor_link(tree):
    os.mkfifo(str(tree.join('pipe')))
    assert [entry.kind for entry in trees.walk_tree(str(tree)) if entry.path == b'pipe'] == ['?']


@pytest.mark.parametrize('name', [b'\xff\xfe', b'a\nb', b'a\\b', u'\xc4'.encode('utf-8'), b' '])
def test_a_name_may_be_any_bytes(tree, name):
    with io.open(os.path.join(str(tree).encode('ascii'), name), 'wb') as target:
        target.write(b'odd')
    assert [entry.sha256 for entry in trees.walk_tree(str(tree)) if entry.path == name] == [tiny_trees.sha256(b'odd')]


def test_a_missing_tree_is_an_error(tmpdir):
    with pytest.raises(OSError):
        trees.walk_tree(str(tmpdir.join('missing')))


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
    assert [len(path) for path in paths(trees.walk_tree(str(bottomless)))] == [2 * depth + len('bottom'), len('top')]


def test_who_walks_may_read_files_in_another_way(tree):
    asked = []

    def read(path, status):
        asked.append((path, status.st_size))
        return 'read'

    entries = trees.walk_tree(str(tree), read)
    assert [entry.sha256 for entry in entries] == ['read', 'read']
    assert sorted(asked) == [(str(tree.join('a/c.txt')).encode('ascii'), 5), (str(tree.join('b.txt')).encode('ascii'), 3)]


def test_a_file_of_a_tree_must_not_change_after_it_was_listed(tree):
    path = str(tree.join('b.txt'))
    seen = os.lstat(path)
    assert trees.sha256_of_entry(path, seen) == tiny_trees.sha256(b'two')
    tree.join('b.txt').write_binary(b'three')
    with pytest.raises(GofleetError) as refused:
        trees.sha256_of_entry(path, seen)
    assert refused.value.code == 'file_changed'


def test_a_link_in_the_place_of_a_file_of_a_tree_is_not_followed(tree, tmpdir):
    path = str(tree.join('b.txt'))
    seen = os.lstat(path)
    os.rename(path, str(tmpdir.join('outside')))
    os.symlink(str(tmpdir.join('outside')), path)
    with pytest.raises(GofleetError) as refused:
        trees.sha256_of_entry(path, seen)
    assert refused.value.code == 'not_a_file'
