# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of both sides share: how tiny toolchains are made, and a web server on the loopback."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import shutil
import tempfile

import py
import pytest

# The tests are no packages.
from support.units.web_server import WebServer

PROXIES = ('http_proxy', 'https_proxy', 'all_proxy', 'no_proxy')


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch):
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(scope='session')
def _running_server():
    with WebServer() as server:
        yield server


@pytest.fixture
def web(_running_server):
    """A web server that has nothing but what the test puts there."""
    _running_server.forget()
    return _running_server


@pytest.fixture
def open_folder():
    """A folder that every user can reach; pytest's folders are below a private one of the user who runs the tests."""
    path = tempfile.mkdtemp(prefix='gofleet-unit-')
    os.chmod(path, 0o755)
    yield py.path.local(path)
    shutil.rmtree(path, ignore_errors=True)
