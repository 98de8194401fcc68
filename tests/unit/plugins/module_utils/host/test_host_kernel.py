# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._host import kernel as host_kernel


@pytest.mark.parametrize(('release', 'version'), [
    ('3.10.0-1160.el7.x86_64', (3, 10, 0)), ('6.18.44-fc', (6, 18, 44)), ('5.15', (5, 15)), ('2.6.32-754.el6', (2, 6, 32)),
    ('6.12.0+deb13-amd64', (6, 12, 0)), ('4.4-custom.7', (4, 4)),
])
def test_the_kernel_version_is_what_its_release_begins_with(monkeypatch, release, version):
    monkeypatch.setattr(os, 'uname', lambda: ('Linux', 'host', release, '#1', 'x86_64'))
    assert host_kernel.version() == version
