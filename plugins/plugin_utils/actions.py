# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the action plugins of this collection share: options, failures as results, files of the controller."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.plugins.action import ActionBase

from ansible_collections.gofleet.golang.plugins.module_utils import addresses, shown
from ansible_collections.gofleet.golang.plugins.module_utils.errors import GofleetError, from_os_error

_HINTS = {'lock': 'Write it with the playbook gofleet.golang.lock.'}


class Action(ActionBase):  # type: ignore[misc]
    """An action whose answer() gives the result, and whose GofleetError or OSError becomes one. What it returns is as shown.py says."""

    _supports_check_mode = True
    _supports_diff = True
    # The module's ARGUMENT_SPEC.
    SPEC: dict[str, Any]

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        hidden = shown.words_worth_hiding(addresses.secrets_in(self._task.args))
        try:
            dummy, self.options = self.validate_argument_spec(self.SPEC)
        except AnsibleActionFail as exc:
            raise AnsibleActionFail(shown.message(exc.message, hidden)) from None
        try:
            result.update(self.answer(task_vars or {}))
        except GofleetError as exc:
            result.update(exc.as_result(), failed=True)
        except OSError as exc:
            result.update(from_os_error(exc, 'the controller').as_result(), failed=True)
        return dict(shown.result(result, hidden))

    def answer(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        """The result. Raises GofleetError, OSError."""
        raise NotImplementedError

    def file(self, option: str) -> Path:
        """Where Ansible finds a file or folder for a task: absolute, or beside the playbook or role, or in files/ there.

        Raises GofleetError(no_file).
        """
        name = self.options[option]
        try:
            return Path(self._find_needle('files', name))
        except AnsibleError as exc:
            hint = _HINTS.get(option, f'Correct {option}.')
            raise GofleetError(f"{option} names '{name}', which is not on the controller: neither there nor beside the playbook or in files/. {hint}",
                               'no_file', option=option, path=str(name)) from exc
