# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import paths as sysctl_paths


@pytest.mark.parametrize('path', ['/etc/sysctl.conf', '/etc/sysctl.d/99-sysctl.conf', '/etc/sysctl.d/x', '/run/sysctl.d/90-x.conf', '90-x.conf',
                                  '/etc/sysctl.d/../x.conf', '/etc/sysctl.d/.x.conf', '/etc/sysctl.d/a b.conf'])
def test_a_path_other_than_a_conf_file_in_etc_sysctl_d_is_refused(path, error_of):
    assert error_of(sysctl_paths.chosen_paths, path).code == 'bad_path'
