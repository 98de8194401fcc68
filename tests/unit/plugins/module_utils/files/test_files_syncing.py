# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._files import syncing, system_calls


@pytest.fixture
def calls(monkeypatch):
    """The names of the calls that put things on the disk or rename them, in their order; they still work."""
    made = []

    def watch(owner, name, label):
        real = getattr(owner, name)

        def watched(*arguments):
            made.append(label)
            return real(*arguments)
        monkeypatch.setattr(owner, name, watched)

    watch(os, 'fsync', 'fsync')
    watch(os, 'rename', 'rename')
    watch(os, 'mkdir', 'mkdir')
    watch(os, 'unlink', 'unlink')
    watch(syncing, 'sync_tree', 'sync_tree')
    watch(syncing, 'sync_folder', 'sync_folder')
    return made


def test_a_whole_tree_is_synced_without_ctypes_too(tmpdir, monkeypatch):
    synced = []
    monkeypatch.setattr(system_calls, 'ctypes', None)
    monkeypatch.setattr(os, 'sync', lambda: synced.append(True), raising=False)
    syncing.sync_tree(str(tmpdir))
    assert synced == [True]


def test_each_file_and_folder_is_synced_where_nothing_syncs_more(tmpdir, monkeypatch, calls):
    monkeypatch.setattr(system_calls, 'ctypes', None)
    monkeypatch.delattr(os, 'sync', raising=False)
    tmpdir.mkdir('go').mkdir('src').join('file').write('')
    tmpdir.join('go', 'VERSION').write('')
    os.symlink('nowhere', str(tmpdir.join('go', 'link')))
    del calls[:]
    syncing.sync_tree(str(tmpdir.join('go')))
    assert calls == ['sync_tree'] + ['fsync', 'sync_folder', 'fsync'] * 2


def test_a_tree_that_cannot_be_synced_is_an_error(tmpdir):
    with pytest.raises(OSError):
        syncing.sync_tree(str(tmpdir.join('missing')))
