# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._files import syncing, system_calls


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
