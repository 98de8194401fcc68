# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._go import dirhash
from ansible_collections.gofleet.golang.plugins.module_utils._proof import trees
from support.units import tiny_trees

# h1 of a module of two files, computed with sha256sum, sort, openssl and base64.
MODULE = {'example.com/m@v1.0.0/go.mod': b'module example.com/m\n', 'example.com/m@v1.0.0/m.go': b'package m\n'}

MODULE_H1 = 'h1:fCHMqo5ggHEQvwcrsN81zr5orRk5lClR36KRHpfUjKg='


def test_hash1_is_the_one_of_go():
    named = [(name.encode('ascii'), tiny_trees.sha256(content)) for name, content in MODULE.items()]
    assert dirhash.hash1(named) == MODULE_H1


def test_hash1_does_not_depend_on_the_order():
    named = [(name.encode('ascii'), tiny_trees.sha256(content)) for name, content in MODULE.items()]
    assert dirhash.hash1(reversed(named)) == dirhash.hash1(named)


@pytest.fixture
def toolchain(tmpdir):
    tree = tiny_trees.tree_of('1.30.1', 'amd64')
    tiny_trees.write_tree(tmpdir.mkdir('go'), tree)
    return tmpdir.join('go')


def h1_of(root, goarch='amd64'):
    return dirhash.toolchain_h1(trees.walk_tree(str(root)), '1.30.1', goarch)


def test_an_unpacked_tree_has_the_h1_of_its_module(toolchain):
    files = tiny_trees.module_files(tiny_trees.tree_of('1.30.1', 'amd64'), '1.30.1', 'amd64')
    assert h1_of(toolchain) == tiny_trees.h1_of(files)


@pytest.mark.parametrize('name', ['api/go1.txt', 'doc/asm.html', 'misc/go.mod', 'test/empty.go'])
def test_files_that_the_module_leaves_out_do_not_change_the_h1(toolchain, name):
    expected = h1_of(toolchain)
    toolchain.join(name).write_binary(b'changed')
    assert h1_of(toolchain) == expected


@pytest.mark.parametrize('name', ['VERSION', 'bin/go', 'src/go.mod', 'src/fmt/print.go', 'src/test/more.go', 'testing', 'src/new'])
def test_each_other_file_changes_the_h1(toolchain, name):
    expected = h1_of(toolchain)
    toolchain.join(name).write_binary(b'changed', ensure=True)
    assert h1_of(toolchain) != expected


def test_the_architecture_changes_the_h1(toolchain):
    assert h1_of(toolchain, 'arm64') != h1_of(toolchain)


def test_a_tree_with_a_link_has_no_h1(toolchain):
    os.symlink('VERSION', str(toolchain.join('VERSION.link')))
    assert h1_of(toolchain) is None


@pytest.mark.parametrize(('name', 'inside'), [
    (b'go.mod', b'_go.mod'), (b'src/cmd/go.mod', b'src/cmd/_go.mod'), (b'src/ergo.mod', b'src/ergo.mod'), (b'go.mod/x', b'go.mod/x'),
    (b'src/go.mod.txt', b'src/go.mod.txt'),
])
def test_only_a_file_named_go_mod_has_another_name_in_the_module(name, inside):
    assert dirhash.module_name(name) == inside


def test_the_module_of_a_release_is_the_one_that_go_downloads():
    assert dirhash.toolchain_module('1.26.6', 'arm64') == ('golang.org/toolchain', 'v0.0.1-go1.26.6.linux-arm64')
