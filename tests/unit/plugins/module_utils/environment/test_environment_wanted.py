# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._environment import wanted


@pytest.mark.parametrize(('given', 'secrets', 'uid', 'mode'), [
    (None, False, 0, 0o644), (None, True, 0, 0o640), (None, True, 1000, 0o600), ('0600', False, 0, 0o600), ('440', True, 0, 0o440),
])
def test_files_with_secrets_are_not_readable_by_all_users(given, secrets, uid, mode):
    assert wanted.file_mode(given, secrets, uid) == mode


@pytest.mark.parametrize(('given', 'secrets'), [
    (640, False), ('0o640', False), ('u=rw', False), ('4755', False), ('0644', True), ('641', True), ('888', False),
])
def test_an_invalid_or_too_open_mode_is_refused(error_of, given, secrets):
    assert error_of(wanted.file_mode, given, secrets, 0).code == 'bad_mode'
