# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._archive import tar
from ansible_collections.gofleet.golang.plugins.module_utils._archive import tree as archive_tree
from ansible_collections.gofleet.golang.plugins.module_utils._archive import zip as archive_zip
from support.units import tiny_trees

TREE = tiny_trees.tree_of('1.30.1', 'amd64')

PREFIX = tiny_trees.module_of('1.30.1', 'amd64')


@pytest.fixture
def folder(tmpdir):
    return str(tmpdir.mkdir('stage'))


@pytest.fixture
def unpack(folder):
    return lambda path: tar.unpack_tar(path, folder)


@pytest.fixture
def small_bounds(monkeypatch):
    monkeypatch.setattr(archive_tree, '_ALLOWANCE', 40960)
    monkeypatch.setattr(archive_tree, '_UNPACKS_TO', 0)


@pytest.fixture
def unzip(folder):
    return lambda path: archive_zip.unpack_zip(path, os.path.join(folder, 'go'), PREFIX)


@pytest.fixture
def module(tmpdir):
    return tiny_trees.zip_of(tmpdir.join('m.zip'), TREE, '1.30.1', 'amd64')
