# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Decide from its variables whether a connection must become root, and explain what to do if the host has no sudo."""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError

ROOT = ('root', '0')
# Connections into a container or another root folder, which start as root unless a user is named. Not pods, because many run as another user.
AS_ROOT = ('buildah', 'chroot', 'docker', 'docker_api', 'incus', 'jail', 'lxc', 'lxd', 'podman')
# The messages of dash, bash and BusyBox ash, in results of Ansible 2.16 and in errors of 2.19 and later.
_NOT_THERE = re.compile(r'(?:^|[\s/])(sudo|doas|su|dzdo|ksu|pbrun|pfexec): (?:command )?not found')
_LONGEST = 4096


def needs_become(user: str, connection: str) -> bool:
    """Whether the connecting user is not root. user: of ansible_user, '' if it is not set; connection: of ansible_connection."""
    return user not in ROOT if user else connection.rpartition('.')[2] not in AS_ROOT


def failure(answer: dict[str, Any]) -> GofleetError | None:
    """The GofleetError for a module's result that shows that the program to become root is missing."""
    if not answer.get('failed') or 'code' in answer:
        return None
    return _failure('\n'.join(str(answer.get(key, ''))[-_LONGEST:] for key in ('module_stderr', 'module_stdout', 'msg')))


def failure_of(exc: Exception) -> GofleetError | None:
    return _failure(str(exc)[-_LONGEST:])


def _failure(text: str) -> GofleetError | None:
    found = _NOT_THERE.search(text)
    if not found:
        return None
    program = found.group(1)
    return GofleetError(
        f'The host has no {program}, which this play uses to become root. Nothing was changed. If the connection is root already, '
        f'set ansible_user: root for the host, or gofleet_become: false for the playbook gofleet.golang.site (become: false in a play of your own). '
        f'Otherwise install {program}, or choose another way with ansible_become_method.', 'no_become_program', program=program)
