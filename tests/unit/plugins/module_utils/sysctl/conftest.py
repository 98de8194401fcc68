# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._host import kernel
from support.units.sysctl_host import Host


@pytest.fixture
def host(tmpdir, monkeypatch, no_disk):
    monkeypatch.setattr(kernel, 'version', lambda: (6, 1, 0))
    # The folder of the tests is root's in some places and a user's in others.
    monkeypatch.setattr(os, 'geteuid', lambda: 0)
    return Host(tmpdir, monkeypatch)


@pytest.fixture
def openrc(host):
    host.root.join('run/systemd').remove()
    host.write('/etc/init.d/sysctl', 'sysctl -p')
    host.write('/sbin/openrc-run', '')
    return host
