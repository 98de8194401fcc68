# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._host import init


@pytest.mark.parametrize(('said', 'taken'), [
    ('systemd 219\n+PAM', False), ('systemd 246 (246.1)', False), ('systemd 247 (247.3-7)', True), ('systemd 257', True), ('something else', False),
])
def test_systemd_is_asked_for_its_version(said, taken):
    assert init.takes_control_characters(lambda argv, variables, folder: (0, said)) is taken


def test_a_host_without_systemd_counts_as_an_old_one():
    def run(argv, variables, folder):
        raise OSError(errno.ENOENT, 'missing')
    assert init.takes_control_characters(run) is False
