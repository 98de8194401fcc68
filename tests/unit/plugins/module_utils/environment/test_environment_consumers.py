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
def test_a_named_consumer_that_the_host_lacks_is_an_error(tmpdir, error_of, consumer):
    error = error_of(consumers.check_present, ['login_shell', 'service', 'container', consumer], existing(tmpdir))
    assert (error.code, error.evidence['consumer']) == ('no_such_consumer', consumer)


@pytest.mark.parametrize('consumer', consumers.NAMES)
def test_every_consumer_but_the_go_command_has_a_file_named_after_the_environment(consumer):
    row = consumers.BY_NAME[consumer]
    assert (row.system_path is None) == (consumer == consumers.GO_COMMAND)
    assert all('{0}' in path for path in (row.system_path, row.user_path) if path)


def test_every_consumer_of_sessions_has_a_file_for_ordinary_users():
    assert [consumer for consumer in consumers.SESSIONS if consumers.BY_NAME[consumer].user_path is None] == []
