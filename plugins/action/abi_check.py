# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's half of abi_check: reads programs that lie here, so that their facts travel and they do not."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleError

from ansible_collections.gofleet.golang.plugins.module_utils._abi import program_facts, report
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.modules.abi_check import ARGUMENT_SPEC
from ansible_collections.gofleet.golang.plugins.plugin_utils import _actions as actions

MODULE = 'gofleet.golang.abi_check'
_CONTROLLER_ONLY = ('src', 'binaries')
_PROGRAMS = ('path', 'paths', 'src')


class ActionModule(actions.Action):
    """Calls the module once."""

    SPEC = ARGUMENT_SPEC

    def answer(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        named = [option for option in _PROGRAMS if self.options[option]]
        if len(named) > 1:
            raise GofleetError(f'{" and ".join(named)} are both set. Leave one of them, or write two tasks.', 'conflicting_options', options=named)
        arguments = {key: value for key, value in self._task.args.items() if key not in _CONTROLLER_ONLY}
        arguments['binaries'] = [self._facts(name) for name in self.options['src']]
        answer: dict[str, Any] = self._execute_module(module_name=MODULE, module_args=arguments, task_vars=task_vars)
        # They are large, and the result says what of them matters.
        answer.get('invocation', {}).get('module_args', {}).pop('binaries', None)
        return answer

    def _facts(self, name: str) -> dict[str, Any]:
        """Raises GofleetError(no_file, not_a_file, file_unreadable)."""
        try:
            path = self._find_needle('files', name)
        except AnsibleError as exc:
            raise GofleetError(
                f"src names '{name}', which is not on the controller: neither there nor beside the playbook or in files/. Build it, or correct src.",
                'no_file', option='src', path=name) from exc
        facts: dict[str, Any] = report.plain(program_facts.read(path, self.options['checksum']))
        return {**facts, 'path': name}
