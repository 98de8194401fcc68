# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import hashlib
import os

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._proof import digests, trees
from support.units import tiny_trees

# h1 of a module of two files, computed with sha256sum, sort, openssl and base64.
MODULE = {'example.com/m@v1.0.0/go.mod': b'module example.com/m\n', 'example.com/m@v1.0.0/m.go': b'package m\n'}
MODULE_H1 = 'h1:fCHMqo5ggHEQvwcrsN81zr5orRk5lClR36KRHpfUjKg='


@pytest.fixture
def tree(tmpdir):
    root = tmpdir.mkdir('tree')
    root.join('b.txt').write_binary(b'two')
    root.mkdir('a').join('c.txt').write_binary(b'three')
    os.chmod(str(root.join('b.txt')), 0o640)
    return root


def test_a_file_is_hashed_whole_whatever_the_chunks(tmpdir):
    content = os.urandom(2 * digests.CHUNK + 1)
    tmpdir.join('file').write_binary(content)
    assert digests.sha256_of_file(str(tmpdir.join('file'))) == tiny_trees.sha256(content)


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


# ---- Go's


def test_hash1_is_gos():
    named = [(name.encode('ascii'), tiny_trees.sha256(content)) for name, content in MODULE.items()]
    assert digests.hash1(named) == MODULE_H1


def test_hash1_does_not_depend_on_the_order():
    named = [(name.encode('ascii'), tiny_trees.sha256(content)) for name, content in MODULE.items()]
    assert digests.hash1(reversed(named)) == digests.hash1(named)


@pytest.fixture
def toolchain(tmpdir):
    tree = tiny_trees.tree_of('1.30.1', 'amd64')
    tiny_trees.write_tree(tmpdir.mkdir('go'), tree)
    return tmpdir.join('go')


def h1_of(root, goarch='amd64'):
    return digests.toolchain_h1(trees.walk_tree(str(root)), '1.30.1', goarch)


def test_an_unpacked_tree_has_the_h1_of_its_module(toolchain):
    files = tiny_trees.module_files(tiny_trees.tree_of('1.30.1', 'amd64'), '1.30.1', 'amd64')
    assert h1_of(toolchain) == tiny_trees.h1_of(files)


@pytest.mark.parametrize('name', ['api/go1.txt', 'doc/asm.html', 'misc/go.mod', 'test/empty.go'])
def test_what_the_module_leaves_out_does_not_count(toolchain, name):
    expected = h1_of(toolchain)
    toolchain.join(name).write_binary(b'changed')
    assert h1_of(toolchain) == expected


@pytest.mark.parametrize('name', ['VERSION', 'bin/go', 'src/go.mod', 'src/fmt/print.go', 'src/test/more.go', 'testing', 'src/new'])
def test_every_other_file_counts(toolchain, name):
    expected = h1_of(toolchain)
    toolchain.join(name).write_binary(b'changed', ensure=True)
    assert h1_of(toolchain) != expected


def test_the_architecture_counts(toolchain):
    assert h1_of(toolchain, 'arm64') != h1_of(toolchain)


def test_a_tree_with_a_link_has_no_h1(toolchain):
    os.symlink('VERSION', str(toolchain.join('VERSION.link')))
    assert h1_of(toolchain) is None


@pytest.mark.parametrize(('name', 'inside'), [
    (b'go.mod', b'_go.mod'), (b'src/cmd/go.mod', b'src/cmd/_go.mod'), (b'src/ergo.mod', b'src/ergo.mod'), (b'go.mod/x', b'go.mod/x'),
    (b'src/go.mod.txt', b'src/go.mod.txt'),
])
def test_only_a_file_named_go_mod_has_another_name_in_the_module(name, inside):
    assert digests.module_name(name) == inside


def test_the_module_of_a_release_is_the_one_that_go_downloads():
    assert digests.toolchain_module('1.26.6', 'arm64') == ('golang.org/toolchain', 'v0.0.1-go1.26.6.linux-arm64')
