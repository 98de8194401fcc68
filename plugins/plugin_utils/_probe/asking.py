# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ask a host by a probe whether it has what a task wants, before a module is sent to it.

A module costs a host the start of Python and of all that it imports, some ten times what these few reads cost. The probe brings what the
module's own code would read, and that code decides here. It never decides more than that nothing is to be done: whatever else comes out,
what is not known, and every error, sends the module, which then says it by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ansible.errors import AnsibleConnectionFailure
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase
from ansible.plugins.action.normal import ActionModule as NormalAction
from ansible.utils.display import Display

from ansible_collections.gofleet.golang.plugins.module_utils import _frame, _system
from ansible_collections.gofleet.golang.plugins.plugin_utils._probe import script, snapshot

# Shells that the script is tested with; another one may be set as ansible_shell_executable.
_SHELLS = ('sh', 'dash', 'bash', 'ash')
Options = dict[str, Any]


@dataclass(frozen=True)
class State:
    """How a module's state is observed.

    spec: the module's ARGUMENT_SPEC; masked: as _frame.Module has it.
    reads: what has to be read of a host to know that it has what these options want, or None where a probe
    cannot tell; result: what the module returns on a host that has it, or None. Both may raise anything.
    """

    spec: Options
    masked: dict[str, Any]
    reads: Callable[[Options], script.Wanted | None]
    result: Callable[[Options], dict[str, Any] | None]


def unchanged(action: ActionBase, state: State, arguments: Options) -> dict[str, Any] | None:
    """The result of the module with these arguments (as the task has them), if a probe shows that nothing is to be done; otherwise None.

    Raises AnsibleConnectionFailure where the host cannot be reached.
    """
    if not _can_ask(action) or _has_path_of_host(arguments, state.spec):
        return None
    try:
        return _asked(action, state, arguments)
    except AnsibleConnectionFailure:
        raise
    except Exception as exc:  # noqa: BLE001 - whatever is wrong with a probe, the module says it better
        Display().vvv(f'gofleet.golang: the probe does not know ({type(exc).__name__}: {exc}); the module is sent')
        return None


def _asked(action: ActionBase, state: State, arguments: Options) -> dict[str, Any] | None:
    options = ArgumentSpecValidator(state.spec).validate(arguments)
    if options.error_messages:
        return None
    options = options.validated_parameters
    wanted = state.reads(options)
    text = script.rendered(wanted) if wanted else ''
    if not wanted or len(text) > script.LIMIT:
        return None
    answer = action._low_level_execute_command(text)
    if answer['rc'] != 0:
        return None
    with _system.seen_by(snapshot.parsed(answer['stdout'], wanted)):
        result = state.result(options)
    # A warning begins with the host's name, which only the host knows.
    if result is None or result['changed'] or result.get('warnings'):
        return None
    result.pop('warnings', None)
    shown: dict[str, Any] = _frame.shown_result(result, options, state.spec, state.masked)
    return shown


def _can_ask(action: ActionBase) -> bool:
    """Whether this connection runs a command as it runs a module: at once, as the same user, with the same environment."""
    task = action._task
    shell = (action._play_context.executable or '').rpartition('/')[2]
    return bool(not task.async_val and not any(task.environment or []) and shell in _SHELLS and action._is_pipelining_enabled('new'))


def _has_path_of_host(arguments: Any, spec: Options) -> bool:
    """Whether an option of type path is written with ~ or a variable, which only the host can resolve."""
    for name, option in spec.items():
        values = arguments.get(name)
        kind = option.get('elements', option.get('type'))
        for value in values if isinstance(values, list) else [values]:
            if kind == 'path' and isinstance(value, str) and set(value) & set('~$'):
                return True
    return False


class ProbedAction(NormalAction):  # type: ignore[misc]
    """Runs the module of this name, unless a probe shows that nothing is to be done."""

    STATE: State

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = unchanged(self, self.STATE, self._task.args)
        if result is None:
            ran: dict[str, Any] = super().run(tmp, task_vars)
            return ran
        return {**ActionBase.run(self, tmp, task_vars), **result}
