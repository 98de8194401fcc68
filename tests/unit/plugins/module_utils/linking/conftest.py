# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from support.hosts.tiny_roots import TinyRoot


@pytest.fixture
def root(tmpdir):
    return TinyRoot(tmpdir.mkdir('root'))
