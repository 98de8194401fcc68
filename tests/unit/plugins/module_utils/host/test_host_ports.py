# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type


import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._host import ports


@pytest.mark.parametrize(('uname', 'name'), [('x86_64', 'amd64'), ('i686', '386'), ('armv7l', 'arm'), ('armv8l', 'arm'), ('aarch64', 'arm64'),
                                             ('ppc64le', 'ppc64le'), ('riscv64', 'riscv64'), ('sparc64', None)])
def test_the_names_that_uname_gives_are_known(uname, name):
    assert ports.of_kernel(uname) == name
