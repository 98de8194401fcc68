# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files of the controller that an option of an action names."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from ansible.errors import AnsibleError

from ansible_collections.gofleet.golang.plugins.module_utils.errors import GofleetError

_HINTS = {'lock': 'Write it with the playbook gofleet.golang.lock.'}


class Action(Protocol):
    """An action plugin whose options were read."""

    options: dict[str, Any]

    def _find_needle(self, dirname: str, needle: str) -> str:
        ...


def on_controller(action: Action, option: str) -> Path:
    """Where Ansible finds a file or folder for a task: absolute, or beside the playbook or role, or in files/ there.

    Raises GofleetError(no_file).
    """
    name = action.options[option]
    try:
        return Path(action._find_needle('files', name))
    except AnsibleError as exc:
        hint = _HINTS.get(option, f'Correct {option}.')
        raise GofleetError(f"{option} names '{name}', which is not on the controller: neither there nor beside the playbook or in files/. {hint}",
                           'no_file', option=option, path=str(name)) from exc
