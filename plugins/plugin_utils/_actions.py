# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The base of this collection's action plugins: options, failures as results, files of the controller."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure, AnsibleError
from ansible.plugins.action import ActionBase

from ansible_collections.gofleet.golang.plugins.module_utils import _errors as errors
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._texts import addresses, shown

_HINTS = {'lock': 'Write it with the playbook gofleet.golang.lock.'}


class Action(ActionBase):  # type: ignore[misc]
    """An action whose answer() gives the result, and whose GofleetError or OSError becomes one. What it returns is as shown.py says."""

    _supports_check_mode = True
    _supports_diff = True
    # The module's ARGUMENT_SPEC.
    SPEC: dict[str, Any]
    # Advice for removed options, by name.
    REMOVED: Mapping[str, str] = {}

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        refusal = self.refusal()
        if refusal:
            return refusal
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
            result.update(errors.from_os_error(exc, 'the controller').as_result(), failed=True)
        return dict(shown.result(result, hidden))

    def refusal(self) -> dict[str, Any] | None:
        """The failed result of a task that cannot run in this form, for example with async, independent of its options."""
        removed = [option for option in self.REMOVED if option in self._task.args]
        if self._task.async_val:
            error = _no_async(self._task.action)
        elif removed:
            error = _removed(self._task.action, removed[0], self.REMOVED[removed[0]])
        else:
            return None
        return {**error.as_result(), 'failed': True}

    def answer(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        """The result. Raises GofleetError, OSError."""
        raise NotImplementedError

    def _fixup_perms2(self, remote_paths: Any, remote_user: str | None = None, execute: bool = True) -> Any:
        """As in Ansible, for modules and archives. Raises GofleetError(become_unprivileged) if Ansible cannot do it."""
        try:
            return super()._fixup_perms2(remote_paths, remote_user, execute)
        except AnsibleConnectionFailure:
            raise
        except AnsibleError as exc:
            raise _unreadable(str(self.get_become_option('become_user')), exc) from exc

    def file(self, option: str) -> Path:
        """Where Ansible finds a file or folder for a task: absolute, or beside the playbook or role, or in files/ there.

        Raises GofleetError(no_file).
        """
        name = self.options[option]
        try:
            return Path(self._find_needle('files', name))
        except AnsibleError as exc:
            hint = _HINTS.get(option, f'Correct {option}.')
            raise GofleetError(f"{option} names '{name}', which is not on the controller: neither at that path, nor beside the playbook, nor in files/. {hint}",
                               'no_file', option=option, path=str(name)) from exc


def _removed(action: str, option: str, hint: str) -> GofleetError:
    return GofleetError(f'{action} has no option {option}. {hint}', 'removed_option', option=option)


def _no_async(action: str) -> GofleetError:
    return GofleetError(
        f'{action} cannot run with async, because the controller does its half of the work while the host does the other. Nothing was changed. Leave out '
        'async and poll. To let no host wait for a slower one, give the play strategy: free; for a task that takes longer than a connection lives, '
        'set ServerAliveInterval in ssh_args.', 'async_unsupported', action=action)


def _unreadable(user: str, exc: AnsibleError) -> GofleetError:
    return GofleetError(
        f"Files for {user}, which the task becomes, cannot be made readable for that user on the host: neither user is root, and setfacl does not work there. "
        f'Install the package acl on the host, or become root, or let the connection be the one of {user}. Without any of these, '
        'set pipelining, which needs no files for modules, and let the host fetch archives (transfer: pull); or set '
        'allow_world_readable_tmpfiles, by which every user of the host can read what Ansible puts there. '
        f'Ansible says: {exc}', 'become_unprivileged', user=user)
