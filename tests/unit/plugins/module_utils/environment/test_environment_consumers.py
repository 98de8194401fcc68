# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._environment import consumers


def existing(root):
    """The evidence of consumers that exists below a folder."""
    return [path for row in consumers.ALL for path in row.evidence if os.path.exists(os.path.join(str(root), path[1:]))]


def test_fish_and_user_managers_are_served_where_they_are(tmpdir):
    assert consumers.default(existing(tmpdir)) == ['login_shell']
    tmpdir.ensure('etc', 'fish', dir=True)
    tmpdir.ensure('usr', 'lib', 'systemd', 'user-environment-generators', '30-systemd-environment-d-generator')
    assert consumers.default(existing(tmpdir)) == ['login_shell', 'fish', 'user_manager']


@pytest.mark.parametrize('consumer', ['fish', 'user_manager', 'openrc'])
def test_a_consumer_that_is_not_there_is_told(tmpdir, error_of, consumer):
    error = error_of(consumers.check_present, ['login_shell', 'service', 'container', consumer], existing(tmpdir))
    assert (error.code, error.evidence['consumer']) == ('no_such_consumer', consumer)
