# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""When an action asks a host by a probe, and when it sends the module: an action of Ansible's own over a local connection."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible import constants as C
from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play_context import PlayContext
from ansible.playbook.task import Task
from ansible.plugins.action.normal import ActionModule as NormalAction
from ansible.plugins.loader import become_loader, connection_loader
from ansible.template import Templar
from ansible.utils.display import Display

from ansible_collections.gofleet.golang.plugins.module_utils import _system as system
from ansible_collections.gofleet.golang.plugins.plugin_utils._probe import asking, script

SENT = {'sent': True}
SPEC = {
    'file': {'type': 'path', 'required': True}, 'text': {'type': 'str', 'default': 'x'}, 'number': {'type': 'int'}, 'flag': {'type': 'bool', 'default': False},
    'each': {'type': 'list', 'elements': 'str', 'default': []}, 'numbers': {'type': 'list', 'elements': 'int'}, 'any': {'type': 'dict'},
    'known': {'type': 'dict', 'options': {'name': {'type': 'str'}}}, 'secret': {'type': 'str', 'no_log': True}, 'choice': {'choices': ['a', 'b']},
}  # fmt: skip
MASKED = {'secret': lambda value: (value and 'hidden', {value} - {None})}
WHOLE = 'u 0\nh /root\nk Linux here 6.1.0 x86_64\ns 81a4 0 0 1 1 1 root root /file\ne\n'


def result(options: dict[str, Any]) -> dict[str, Any] | None:
    return {'changed': not system.lexists(options['file']), 'warnings': [], 'text': options['text']}


class Action(asking.ProbedAction):
    STATE = asking.State(SPEC, MASKED, lambda options: script.Wanted(status=(options['file'],)), result)


class Asked:
    """One task on this host, with what it is to meet."""

    def __init__(self, folder: Path) -> None:
        (folder / 'there').touch()
        self.messages: list[str] = []
        self.arguments: dict[str, Any] = {'file': str(folder / 'there')}
        self.variables: dict[str, Any] = {'ansible_python_interpreter': sys.executable, 'inventory_hostname': 'here', 'ansible_facts': {}}
        self.play = PlayContext()
        self.connection = connection_loader.get('local', self.play)
        self.set_options({'ansible_pipelining': True})
        self.task = Task()
        self.state = Action.STATE
        self.answer: Callable[..., Any] | None = None
        self.commands = 0

    def set_options(self, variables: dict[str, Any]) -> None:
        self.connection.set_options(var_options=variables)

    def run(self) -> dict[str, Any]:
        self.task.args = self.arguments
        action = Action(self.task, self.connection, self.play, DataLoader(), Templar(DataLoader(), variables=self.variables), None)
        action.STATE = self.state
        real = self.answer or action._low_level_execute_command

        def counted(*arguments: Any, **keywords: Any) -> Any:
            self.commands += 1
            return real(*arguments, **keywords)

        action._low_level_execute_command = counted
        ran: dict[str, Any] = action.run(None, self.variables)
        return ran

    def says(self, text: str, code: int = 0) -> None:
        self.answer = lambda *arguments, **keywords: {'rc': code, 'stdout': text, 'stderr': '', 'stdout_lines': text.splitlines(), 'stderr_lines': []}

    def is_sent(self) -> bool:
        return self.run() == SENT


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Asked:
    asked = Asked(tmp_path)
    monkeypatch.setattr(NormalAction, 'run', lambda self, tmp, task_vars: dict(SENT))
    monkeypatch.setattr(Display, 'vvv', lambda self, message, host=None: asked.messages.append(message))
    return asked


def test_a_host_with_nothing_to_do_is_sent_no_module(asked: Asked) -> None:
    asked.variables['ansible_inject_invocation'] = True
    options = {**dict.fromkeys(SPEC), **asked.arguments, 'text': 'x', 'flag': False, 'each': []}
    assert asked.run() == {'changed': False, 'text': 'x', 'invocation': {'module_args': options}}
    assert (asked.commands, asked.messages[-1]) == (1, 'gofleet.golang: probe: nothing to do')


@pytest.mark.parametrize('shown', [True, False])
def test_the_options_are_in_the_result_where_ansible_has_them_there(asked: Asked, shown: bool) -> None:
    asked.variables['ansible_inject_invocation'] = shown
    try:
        C.config.get_config_value('INJECT_INVOCATION')
    except AnsibleError:
        # Before ansible-core 2.20 there is no choice.
        shown = True
    assert ('invocation' in asked.run()) == shown


def test_a_secret_is_as_hidden_in_the_options_as_the_module_hides_it(asked: Asked) -> None:
    asked.variables['ansible_inject_invocation'] = True
    asked.arguments |= {'secret': 'sw0rdfish', 'text': 'x sw0rdfish'}
    ran = asked.run()
    assert ran['invocation']['module_args']['secret'] == 'hidden'
    assert 'sw0rdfish' not in str(asked.messages)


def test_a_host_with_something_to_do_is_sent_the_module(asked: Asked) -> None:
    asked.arguments['file'] += ' not'
    assert (asked.is_sent(), asked.commands) == (True, 1)


def use_async(asked: Asked) -> None:
    asked.task.async_val = 10


def use_environment(asked: Asked) -> None:
    asked.task.environment = [{'HTTP_PROXY': 'x'}]


def use_no_pipelining(asked: Asked) -> None:
    asked.set_options({'ansible_pipelining': False})


def use_su(asked: Asked) -> None:
    asked.set_options({'ansible_pipelining': True})
    asked.connection.set_become_plugin(become_loader.get('su'))


def use_fish(asked: Asked) -> None:
    asked.play.executable = '/usr/bin/fish'


def use_no_shell(asked: Asked) -> None:
    asked.play.executable = None


def use_raw_commands(asked: Asked) -> None:
    asked.connection.allow_executable = False


def use_auto(asked: Asked) -> None:
    asked.variables['ansible_python_interpreter'] = 'auto_silent'


def use_template_of_auto(asked: Asked) -> None:
    asked.variables |= {'ansible_python_interpreter': trusted('{{ chosen }}'), 'chosen': 'auto'}


def use_empty(asked: Asked) -> None:
    asked.variables['ansible_python_interpreter'] = ''


def use_chroot(asked: Asked) -> None:
    asked.variables['ansible_python_interpreter'] = 'chroot /mnt python3'


def use_unknown_delegate(asked: Asked) -> None:
    asked.task.delegate_to = 'other'


def use_delegate_on_auto(asked: Asked) -> None:
    asked.task.delegate_to = 'other'
    asked.variables['ansible_delegated_vars'] = {'other': {'ansible_python_interpreter': 'auto', 'ansible_facts': {}}}
    asked.variables['ansible_facts'] = {'discovered_interpreter_python': sys.executable}


def trusted(text: str) -> str:
    """A template, as ansible-core from 2.19 on knows one of a file that the user wrote."""
    try:
        from ansible.template import trust_as_template
    except ImportError:
        return text
    marked: str = trust_as_template(text)
    return marked


@pytest.mark.parametrize(('use', 'reason'), [
    (use_async, 'the task is asynchronous'), (use_environment, 'the task has an environment'), (use_no_pipelining, 'there is no pipelining'),
    (use_fish, 'no known shell runs commands'), (use_no_shell, 'no known shell runs commands'), (use_raw_commands, 'no known shell runs commands'),
    (use_auto, "the host's Python is not known yet"), (use_template_of_auto, "the host's Python is not known yet"),
    (use_empty, "the host's Python is not known yet"), (use_chroot, 'the interpreter has arguments'), (use_unknown_delegate, 'KeyError'),
    (use_delegate_on_auto, "the host's Python is not known yet")])  # fmt: skip
def test_a_task_whose_module_would_run_in_another_way_is_not_asked_for(asked: Asked, use: Callable[[Asked], None], reason: str) -> None:
    use(asked)
    assert (asked.is_sent(), asked.commands) == (True, 0)
    assert asked.messages == [f'gofleet.golang: probe: the module is sent ({reason})']


def test_mitogen_which_runs_modules_in_its_own_way_is_sent_the_module(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*dummy_arguments: Any) -> None:
        raise AssertionError('_is_pipelining_enabled() should never be called.')

    monkeypatch.setattr(Action, '_is_pipelining_enabled', fail)
    assert (asked.is_sent(), asked.commands) == (True, 0)
    assert asked.messages == ['gofleet.golang: probe: the module is sent (there is no pipelining)']


def test_su_is_asked_for_where_ansible_pipelines_through_it(asked: Asked) -> None:
    use_su(asked)
    asked.says(WHOLE.replace('/file', asked.arguments['file']))
    pipelined = getattr(become_loader.get('su'), 'pipelining', False)
    assert (asked.is_sent(), asked.commands) == (not pipelined, int(pipelined))


# What sudo does with Ansible's options, for the same user: asks for a password, and runs a command in an environment of its own.
SUDO = r"""#!/bin/sh
prompt=
while [ "$1" != -u ]; do
    if [ "$1" = -p ]; then prompt=$2; shift; fi
    shift
done
shift 2
if [ "$prompt" ]; then
    printf %s "$prompt" >&2
    read -r given
    if [ "$given" != sw0rdfish ]; then echo 'Sorry, try again.' >&2; exit 1; fi
fi
exec env -i HOME="$HOME" PATH="$PATH" "$@"
"""


@pytest.mark.parametrize('password', ['', 'sw0rdfish'])
def test_a_host_is_asked_through_sudo(asked: Asked, tmp_path: Path, password: str) -> None:
    program = tmp_path / 'sudo'
    program.write_text(SUDO, encoding='utf-8')
    program.chmod(0o755)
    become = become_loader.get('sudo')
    become.set_options(direct={'become_exe': str(program), 'become_pass': password, 'become_user': 'another'})
    asked.connection.set_become_plugin(become)
    assert not asked.is_sent()
    assert (asked.commands, asked.messages[-1]) == (1, 'gofleet.golang: probe: nothing to do')
    assert f'{program} -H -S' in str(asked.messages)


@pytest.mark.parametrize('variables', [
    {'ansible_python_interpreter': 'auto', 'ansible_facts': {'discovered_interpreter_python': '/usr/bin/python3'}},
    {'ansible_python_interpreter': trusted('{{ chosen }}'), 'chosen': '/usr/bin/python3'},
])
def test_a_host_whose_python_is_known_is_asked(asked: Asked, variables: dict[str, Any]) -> None:
    asked.variables |= variables
    assert not asked.is_sent()


def test_the_variables_of_the_host_that_a_task_is_delegated_to_count(asked: Asked) -> None:
    use_delegate_on_auto(asked)
    asked.variables['ansible_delegated_vars']['other']['ansible_facts'] = {'discovered_interpreter_python': sys.executable}
    asked.variables |= {'ansible_python_interpreter': 'auto', 'ansible_facts': {}}
    assert not asked.is_sent()


@pytest.mark.parametrize('arguments', [
    {'text': 5}, {'text': True}, {'text': ['x']}, {'file': '~/there'}, {'file': '$HOME/there'}, {'file': 'there'}, {'file': None}, {'each': 'a,b'},
    {'each': [5]}, {'known': {'name': 5}}, {'known': 'name=x'}, {'number': 'many'}, {'numbers': ['many']}, {'unknown': 1}, {'choice': 'c'},
    {'any': {'date': object()}}, {'text': b'bytes'}, {'any': {'set': {1}}},
])  # fmt: skip
def test_options_that_a_module_converts_with_a_warning_or_refuses_are_left_to_it(asked: Asked, arguments: dict[str, Any]) -> None:
    asked.arguments |= arguments
    assert asked.is_sent()


@pytest.mark.parametrize(('arguments', 'shown'), [
    ({'number': '5'}, 5), ({'flag': 'yes'}, True), ({'numbers': ['5']}, [5]), ({'any': {1: 2}}, {'1': 2}), ({'known': {'name': 'x'}}, {'name': 'x'}),
    ({'each': []}, []),
])  # fmt: skip
def test_other_options_are_converted_as_a_module_converts_them(asked: Asked, arguments: dict[str, Any], shown: Any) -> None:
    asked.variables['ansible_inject_invocation'] = True
    asked.arguments |= arguments
    ((name, dummy),) = arguments.items()
    assert asked.run()['invocation']['module_args'][name] == shown


@pytest.mark.parametrize('before', ['', 'Last login: today\n', '\r\n', 'BECOME-SUCCESS-x\n'])
@pytest.mark.parametrize('after', ['', 'logout\n', '\r\n', 'e\n'])
def test_an_answer_with_other_lines_around_it_is_no_answer(asked: Asked, before: str, after: str) -> None:
    asked.arguments['file'] = '/file'
    asked.says(before + WHOLE + after)
    assert asked.is_sent() == bool(before + after)


@pytest.mark.parametrize('code', [1, 127, 255])
def test_a_script_that_fails_is_no_answer(asked: Asked, code: int) -> None:
    asked.arguments['file'] = '/file'
    asked.says(WHOLE, code)
    assert asked.is_sent()


@pytest.mark.parametrize('text', ['', 'e\n', WHOLE[:-2], WHOLE.replace('\n', '\r\n'), WHOLE + WHOLE, WHOLE.replace('s 81a4', 's \ufffd'),
                                  WHOLE.replace('s 81a4 0 0 1 1 1 root root /file\n', ''), WHOLE.replace('k Linux here 6.1.0 x86_64', 'k Linux')])  # fmt: skip
def test_an_answer_that_is_not_whole_is_no_answer(asked: Asked, text: str) -> None:
    asked.arguments['file'] = '/file'
    asked.says(text)
    assert asked.is_sent()


def test_a_script_that_is_too_long_is_not_run(asked: Asked) -> None:
    asked.arguments['file'] += 'x' * script.LIMIT
    assert (asked.is_sent(), asked.commands) == (True, 0)


def broken(options: dict[str, Any]) -> dict[str, Any]:
    raise ValueError(options)


@pytest.mark.parametrize('state', [
    asking.State(SPEC, {}, broken, result), asking.State(SPEC, {}, Action.STATE.reads, broken),
    asking.State(SPEC, {}, lambda options: None, result), asking.State(SPEC, {}, Action.STATE.reads, lambda options: None),
    asking.State(SPEC, {}, Action.STATE.reads, lambda options: {'changed': True}),
    asking.State(SPEC, {}, Action.STATE.reads, lambda options: {'changed': bool(system.lexists('/never/asked/for'))}),
], ids=['reads fails', 'result fails', 'not by a probe', 'no result', 'changed', 'unknown'])  # fmt: skip
def test_whatever_is_not_nothing_to_do_is_the_modules(asked: Asked, state: asking.State) -> None:
    asked.state = state
    asked.arguments['secret'] = 'sw0rdfish'
    assert asked.is_sent()
    assert 'sw0rdfish' not in str(asked.messages)
    # The host itself answers again.
    assert system.lexists('/')


def test_warnings_begin_with_the_name_of_the_host_and_hide_secrets_as_those_of_a_module_do(asked: Asked) -> None:
    asked.state = asking.State(SPEC, MASKED, Action.STATE.reads, lambda options: {'changed': False, 'warnings': ['beware of sw0rdfish']})
    asked.arguments['secret'] = 'sw0rdfish'
    [warning] = asked.run()['warnings']
    assert warning.startswith(f'{os.uname().nodename}: beware of ')
    assert 'sw0rdfish' not in warning


def test_a_host_that_cannot_be_reached_is_reported_as_that(asked: Asked) -> None:
    def fail(*dummy_arguments: Any, **dummy_keywords: Any) -> None:
        raise AnsibleConnectionFailure('gone')

    asked.answer = fail
    with pytest.raises(AnsibleConnectionFailure, match='gone'):
        asked.run()


def test_another_error_of_the_connection_is_left_to_the_module(asked: Asked) -> None:
    def fail(*dummy_arguments: Any, **dummy_keywords: Any) -> None:
        raise AnsibleError('a wrong password of sudo')

    asked.answer = fail
    assert asked.is_sent()


def test_a_script_always_gets_input_because_ssh_gives_a_terminal_to_a_command_without(asked: Asked) -> None:
    given: list[Any] = []

    def answer(_text: str, in_data: bytes | None = None) -> dict[str, Any]:
        given.append(in_data)
        return {'rc': 0, 'stdout': WHOLE.replace('/file', asked.arguments['file'])}

    asked.answer = answer
    asked.run()
    assert all(given)
    assert given
