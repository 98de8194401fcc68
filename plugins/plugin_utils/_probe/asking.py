# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ask a host by a probe whether it has what a task wants, before a module is sent to it.

A module costs a host the start of Python and of all that it imports, some ten times what these few reads cost. The probe brings what the
module's own code would read, and that code decides here. It never decides more than that nothing is to be done: whatever else comes out,
what is not known, and every error, sends the module, which then says it by itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ansible import constants as C
from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase
from ansible.plugins.action.normal import ActionModule as NormalAction
from ansible.utils.display import Display

from ansible_collections.gofleet.golang.plugins.module_utils import _frame, _system
from ansible_collections.gofleet.golang.plugins.module_utils._texts import foreign
from ansible_collections.gofleet.golang.plugins.plugin_utils._probe import answer as answers
from ansible_collections.gofleet.golang.plugins.plugin_utils._probe import path_info, script, snapshot

# Shells that the script is tested with; another one may be set as ansible_shell_executable.
_SHELLS = ('sh', 'dash', 'bash', 'ash')
# Values of ansible_python_interpreter by which Ansible looks for one.
_DISCOVERED = ('auto', 'auto_legacy', 'auto_silent', 'auto_legacy_silent')
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


def unchanged(action: ActionBase, state: State, arguments: Options, task_vars: Options) -> Options | None:
    """The result of the module with these arguments (as the task has them), if a probe shows that there is nothing to do; otherwise None.

    Raises AnsibleConnectionFailure if the host cannot be reached.
    """
    try:
        reason = obstacle(action, task_vars)
        if reason:
            raise snapshot.Unknown(reason)
        result = _asked(action, state, arguments)
        if result is not None and not _shows_invocation(task_vars):
            result.pop('invocation', None)
    except AnsibleConnectionFailure:
        raise
    except Exception as exc:  # noqa: BLE001 - whatever is wrong with a probe, the module reports it better
        # Any other message may have a secret of the options or of the host in it.
        result, reason = None, str(exc) if isinstance(exc, snapshot.Unknown) else type(exc).__name__
    else:
        reason = 'there is something to do'
    said = 'nothing to do' if result is not None else f'the module is sent ({reason})'
    Display().vvv(f'gofleet.golang: probe: {said}', host=task_vars.get('inventory_hostname'))
    return result


def _asked(action: ActionBase, state: State, arguments: Options) -> Options | None:
    options = validated(arguments, state.spec)
    wanted = state.reads(options)
    if not wanted:
        raise snapshot.Unknown('no probe can tell for these options')
    text = script.rendered(wanted)
    if len(text) > script.LIMIT:
        raise snapshot.Unknown(f'the script has {len(text)} characters')
    answer = action._low_level_execute_command(text, in_data=script.standard_input(wanted))
    if answer['rc'] != 0:
        raise snapshot.Unknown(f"the script ends with {answer['rc']}")
    seen = answers.parsed(answer['stdout'], wanted)
    with _system.seen_by(seen):
        result = state.result(options)
    if result is None or result['changed']:
        return None
    shown: Options = _frame.shown_result(result, options, state.spec, state.masked, seen.kernel.host)
    return {**shown, **path_info.added(shown['path'], seen)} if 'path' in shown else shown


def validated(arguments: Options, spec: Options) -> Options:
    """The options that the module would have. Raises Unknown for arguments that only the host can resolve, or that it warns of or refuses."""
    # As the module receives them: JSON has no other types, and its dicts no other keys than strings.
    arguments = foreign.from_json(json.dumps(arguments))
    for name, option in spec.items():
        given = arguments.get(name)
        if given is not None and not _is_plain(given, option):
            raise snapshot.Unknown(f'the option {name}')
    found = ArgumentSpecValidator(spec).validate(arguments)
    if found.error_messages:
        raise snapshot.Unknown('the options are invalid')
    options: Options = found.validated_parameters
    return options


def _is_plain(value: Any, option: Options) -> bool:
    """Whether a value needs no conversion that warns, and is no path with ~ or a variable in it."""
    kind = option.get('type', 'str')
    if kind in ('str', 'path'):
        return isinstance(value, str) and not (kind == 'path' and set(value) & set('~$'))
    if kind == 'list':
        return isinstance(value, list) and all(_is_plain(each, dict(option, type=option.get('elements', 'raw'))) for each in value)
    if kind == 'dict' and 'options' in option:
        return isinstance(value, dict) and all(value.get(name) is None or _is_plain(value[name], each) for name, each in option['options'].items())
    return True


def obstacle(action: ActionBase, task_vars: Options) -> str | None:
    """Why this connection does not run a command as it runs a module: at once, as the same user, in the same environment. None if it does.

    A host whose Python Ansible has yet to find is sent a module, whose result brings what was found.
    """
    task = action._task
    shell = (action._play_context.executable or '').rpartition('/')[2]
    if task.async_val:
        return 'the task is asynchronous'
    if any(task.environment or []):
        return 'the task has an environment'
    if not _is_pipelined(action):
        return 'there is no pipelining'
    if shell not in _SHELLS or not action._connection.allow_executable:
        return 'no known shell runs commands'
    python = interpreter(action, task_vars)
    if not python:
        return "the host's Python is not known yet"
    # A command with arguments may lead elsewhere: "chroot /mnt python3".
    return None if len(python.split()) == 1 else 'the interpreter has arguments'


def _is_pipelined(action: ActionBase) -> bool:
    try:
        return bool(action._is_pipelining_enabled('new'))
    except AssertionError:
        # Mitogen runs modules in its own way, and does not expect the question.
        return False


def _shows_invocation(task_vars: Options) -> bool:
    """Whether results show a task's options: ansible-core from 2.20 on leaves them out by default."""
    try:
        return bool(C.config.get_config_value('INJECT_INVOCATION', variables=task_vars))
    except AnsibleError:
        # Without that setting, they are always there.
        return True


def interpreter(action: ActionBase, task_vars: Options) -> str | None:
    """The Python that runs modules on the host, as it is configured or was found; None if Ansible has yet to find it."""
    delegate = action._task.delegate_to
    variables = task_vars['ansible_delegated_vars'][delegate] if delegate else task_vars
    configured = C.config.get_config_value('INTERPRETER_PYTHON', variables=variables)
    if '{{' in str(configured):
        # ansible_playbook_python, most of the time.
        configured = action._templar.template(configured)
    if configured in _DISCOVERED:
        configured = (variables.get('ansible_facts') or {}).get('discovered_interpreter_python')
    return str(configured) if configured else None


class ProbedAction(NormalAction):  # type: ignore[misc]
    """Runs the module of this name, unless a probe shows that nothing is to be done."""

    STATE: State

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = unchanged(self, self.STATE, self._task.args, task_vars or {})
        if result is None:
            ran: dict[str, Any] = super().run(tmp, task_vars)
            return ran
        return {**ActionBase.run(self, tmp, task_vars), **result}
