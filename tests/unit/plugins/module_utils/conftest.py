# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import signal

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import syncing
from support.units import tiny_trees
from support.units.tiny_host import VERSIONS, Host


@pytest.fixture
def no_disk(monkeypatch):
    """Skip syncs, because the disk of a shared machine is slow; test_files_transaction.py checks them."""
    monkeypatch.setattr(syncing, 'sync_tree', lambda path: None)
    monkeypatch.setattr(os, 'fsync', lambda handle: None)


@pytest.fixture(scope='session')
def releases(tmpdir_factory):
    """Tiny releases for amd64 by version."""
    folder = tmpdir_factory.mktemp('releases')
    return dict((version, tiny_trees.Release(folder, version, 'amd64')) for version in VERSIONS)


@pytest.fixture
def host(tmpdir, releases):
    return Host(tmpdir.mkdir('host'), releases)


@pytest.fixture
def other(tmpdir):
    """Make another release under the name of 1.30.1, with its own digests."""
    def other(**changes):
        return tiny_trees.Release(tmpdir.mkdir('other'), '1.30.1', 'amd64', **changes)
    return other


@pytest.fixture
def error_of():
    def error_of(function, *arguments, **options):
        with pytest.raises(GofleetError) as caught:
            function(*arguments, **options)
        return caught.value
    return error_of


@pytest.fixture
def no_waiting():
    """A test that waits for another process ends as a failure, long after it would have ended by itself."""
    def end(dummy_signal, dummy_frame):
        raise AssertionError('it waits, most likely for somebody to write into a named pipe')
    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)
