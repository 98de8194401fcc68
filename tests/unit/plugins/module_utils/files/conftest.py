# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._files import syncing


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
