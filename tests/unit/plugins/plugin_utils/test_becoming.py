# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.gofleet.golang.plugins.plugin_utils import _becoming as becoming


@pytest.mark.parametrize(('user', 'connection', 'needed'), [
    ('root', '', False), ('root', 'ssh', False), ('0', 'docker', False), ('deploy', 'ssh', True), ('deploy', 'community.docker.docker', True),
    ('', '', True), ('', 'ssh', True), ('', 'ansible.builtin.ssh', True), ('', 'docker', False), ('', 'community.docker.docker_api', False),
    ('', 'containers.podman.podman', False), ('', 'kubernetes.core.kubectl', True),
])  # fmt: skip
def test_root_is_become_unless_the_connection_is_known_to_be_root(user: str, connection: str, needed: bool) -> None:
    assert becoming.needs_become(user, connection) is needed


@pytest.mark.parametrize('answer', [
    {'module_stderr': '/bin/sh: 1: sudo: not found\n', 'msg': 'MODULE FAILURE'}, {'module_stderr': '/bin/sh: sudo: command not found', 'msg': ''},
    {'module_stdout': '/bin/sh: line 1: /usr/bin/sudo: not found', 'msg': ''}, {'msg': 'Premature end of stream.\n>>> Standard Error\nsh: doas: not found'},
])
def test_a_host_without_sudo_is_named_with_what_to_set(answer: dict[str, Any]) -> None:
    failure = becoming.failure(answer | {'failed': True})
    assert failure is not None
    assert failure.code == 'no_become_program'
    assert 'gofleet_become: false' in failure.msg


@pytest.mark.parametrize('answer', [
    {'failed': True, 'msg': 'python: not found'}, {'failed': True, 'code': 'x', 'msg': 'sudo: not found'}, {'msg': 'sudo: not found'},
    {'failed': True, 'msg': 'pseudo: not found'}, {'failed': True},
])  # fmt: skip
def test_other_results_stay_what_they_are(answer: dict[str, Any]) -> None:
    assert becoming.failure(answer) is None
