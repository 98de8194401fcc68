# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

import pytest


@pytest.fixture
def tree(tmpdir):
    root = tmpdir.mkdir('tree')
    root.join('b.txt').write_binary(b'two')
    root.mkdir('a').join('c.txt').write_binary(b'three')
    os.chmod(str(root.join('b.txt')), 0o640)
    return root
