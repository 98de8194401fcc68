# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Render, read back by the consumer's own parser, compare with the model: for every value that is not refused.

One file holds all variables, so a value that ends too early or too late shows in its neighbours too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._environment import consumers as environment_consumers
from ansible_collections.gofleet.golang.plugins.module_utils._environment import lines as environment_lines
from ansible_collections.gofleet.golang.plugins.module_utils._environment import model as environment
from ansible_collections.gofleet.golang.plugins.module_utils._environment import render as environment_render
from ansible_collections.gofleet.golang.plugins.module_utils._environment.render import Setting
from parsers import (
    BARE,
    FISH,
    SHELLS,
    Environment,
    Host,
    Reader,
    Shell,
    read_by_docker,
    read_by_openrc,
    read_by_openrc_supervised,
    read_by_service,
    read_by_user_manager,
    run,
)
from values import lists, strings

MODERN = Setting(home=None, control_characters=True)
EL7 = Setting(home=None, control_characters=False)
SYSTEMD = [('centos7', EL7), ('debian11', MODERN), ('debian12', MODERN), ('debian13', MODERN)]
USER_MANAGERS = ['debian11', 'debian12', 'debian13']
# Fewer than these and the generator, or the refusals, lost a class.
FEWEST_STRINGS = 150
FEWEST_LISTS = 40

HostOf = Callable[[str], Host]


def representable(options: dict[str, Any], consumer: str, setting: Setting) -> list[Any]:
    variables = environment.variables_of([options], {})
    return [variable for variable in variables if environment_render.refused(variable, consumer, setting) is None]


def differences(variables: list[Any], found: Environment, expected: Callable[[Any], str]) -> dict[str, tuple[bytes, bytes | None]]:
    wanted = {variable.name: expected(variable).encode() for variable in variables}
    return {name: (value, found.get(name)) for name, value in wanted.items() if found.get(name) != value}


def read_back(options: dict[str, Any], consumer: str, setting: Setting, read: Reader, fewest: int) -> dict[str, tuple[bytes, bytes | None]]:
    variables = representable(options, consumer, setting)
    assert len(variables) >= fewest
    found = read(environment_render.rendered('proof', variables, consumer, setting))
    return differences(variables, found, partial(whole, setting=setting, consumer=consumer))


def whole(variable: Any, setting: Setting, consumer: str) -> str:
    """What a process gets that had nothing of the variable before, but for PATH."""
    if consumer in ('service', 'container'):
        text: str = environment_lines.static_text(variable, setting)
        return text
    return str(variable.text)


# ---- strings


@pytest.mark.parametrize('shell', SHELLS.values(), ids=SHELLS)
def test_a_login_shell_gets_each_string(shell: Shell) -> None:
    assert read_back(strings(), 'login_shell', MODERN, shell.read, FEWEST_STRINGS) == {}


def test_fish_gets_each_string() -> None:
    assert read_back(strings(), 'fish', MODERN, FISH.read, FEWEST_STRINGS) == {}


@pytest.mark.parametrize(('platform', 'setting'), SYSTEMD)
def test_a_service_gets_each_string(host_of: HostOf, platform: str, setting: Setting) -> None:
    assert read_back(strings(), 'service', setting, partial(read_by_service, host_of(platform)), FEWEST_STRINGS) == {}


@pytest.mark.parametrize('name', ['dash', 'bash', 'busybox', 'mksh', 'ksh93', 'zsh'])
def test_a_shell_can_source_the_file_of_a_service_too(name: str) -> None:
    shell = replace(SHELLS[name], source='set -a; . "$1"')
    assert read_back(strings(), 'service', MODERN, shell.read, FEWEST_STRINGS) == {}


@pytest.mark.parametrize('platform', USER_MANAGERS)
def test_a_user_manager_gets_each_string(host_of: HostOf, platform: str) -> None:
    assert read_back(strings(), 'user_manager', MODERN, partial(read_by_user_manager, host_of(platform)), FEWEST_STRINGS) == {}


@pytest.mark.parametrize('read', [read_by_openrc, read_by_openrc_supervised])
def test_an_openrc_service_gets_each_string(host_of: HostOf, read: Callable[[Host, bytes], Environment]) -> None:
    assert read_back(strings(), 'openrc', MODERN, partial(read, host_of('alpine')), FEWEST_STRINGS) == {}


def test_a_container_gets_each_string() -> None:
    assert read_back(strings(), 'container', MODERN, read_by_docker, FEWEST_STRINGS) == {}


# ---- lists


def in_front(variable: Any, given: dict[str, str]) -> str:
    before = given.get(variable.name)
    return str(variable.separator.join([*variable.entries, *([before] if before else [])]))


@pytest.mark.parametrize('times', [1, 3])
@pytest.mark.parametrize('shell', [*SHELLS.values(), FISH], ids=[*SHELLS, 'fish'])
def test_lists_stand_in_front_once_however_often_a_shell_sources_them(shell: Shell, times: int) -> None:
    consumer = 'fish' if shell is FISH else 'login_shell'
    variables = representable(lists(), consumer, MODERN)
    assert len(variables) >= FEWEST_LISTS
    found = shell.read(environment_render.rendered('proof', variables, consumer, MODERN), times)
    assert differences(variables, found, partial(in_front, given=BARE)) == {}


@pytest.mark.parametrize('shell', [*SHELLS.values(), FISH], ids=[*SHELLS, 'fish'])
def test_lists_keep_what_was_there_and_move_what_is_theirs(shell: Shell) -> None:
    consumer = 'fish' if shell is FISH else 'login_shell'
    given = {'PATH': '/usr/bin:/opt/second:/bin:/opt/second', 'GODEBUG': 'gctrace=1,netdns=go', 'GOFLAGS': "-v '-ldflags=-s -w'"}
    variables = [variable for variable in representable(lists(), consumer, MODERN) if variable.name in given]
    found = shell.read(environment_render.rendered('proof', variables, consumer, MODERN), 2, given)
    assert {name: found[name].decode() for name in given} == {
        'PATH': '/opt/some where/bin:/opt/second:/usr/bin:/bin',
        'GODEBUG': 'netdns=go,http2client=0,gctrace=1',
        'GOFLAGS': "-mod=mod '-ldflags=-s -w' -v",
    }


@pytest.mark.parametrize('shell', [*SHELLS.values(), FISH], ids=[*SHELLS, 'fish'])
def test_each_user_has_a_separate_home(shell: Shell) -> None:
    consumer = 'fish' if shell is FISH else 'login_shell'
    variables = environment.variables_of([{'GOPATH': ['~/a b', '/srv/go']}], {})
    found = shell.read(environment_render.rendered('proof', variables, consumer, MODERN), 2, {'HOME': '/home/some one'})
    assert found['GOPATH'] == b'/home/some one/a b:/srv/go'


@pytest.mark.parametrize('shell', [*SHELLS.values(), FISH], ids=[*SHELLS, 'fish'])
def test_nothing_else_is_left_in_the_environment(shell: Shell) -> None:
    consumer = 'fish' if shell is FISH else 'login_shell'
    variables = representable(lists(), consumer, MODERN)
    found = shell.read(environment_render.rendered('proof', variables, consumer, MODERN))
    assert set(found) - set(shell.read(b'\n')) == {variable.name for variable in variables} - set(BARE)


@pytest.mark.parametrize(('platform', 'setting'), SYSTEMD)
def test_a_service_gets_each_list_whole(host_of: HostOf, platform: str, setting: Setting) -> None:
    assert read_back(lists(), 'service', setting, partial(read_by_service, host_of(platform)), FEWEST_LISTS) == {}


@pytest.mark.parametrize('reloads', [0, 2])
@pytest.mark.parametrize('platform', USER_MANAGERS)
def test_lists_stand_in_front_once_however_often_a_user_manager_reads_them(host_of: HostOf, platform: str, reloads: int) -> None:
    options = lists() | {'HOMELY': {'type': 'path_list', 'value': ['~/$x']}}
    variables = representable(options, 'user_manager', MODERN)
    found = read_by_user_manager(host_of(platform), environment_render.rendered('proof', variables, 'user_manager', MODERN), reloads)
    default = {'PATH': read_by_user_manager(host_of(platform), b'\n')['PATH'].decode()}

    def expected(variable: Any) -> str:
        return in_front(variable, default).replace('~/', '/home/gopher/')

    assert differences(variables, found, expected) == {}


def test_an_openrc_service_gets_each_list(host_of: HostOf) -> None:
    options = {name: option for name, option in lists().items() if name != 'PATH'}
    assert read_back(options, 'openrc', MODERN, partial(read_by_openrc, host_of('alpine')), FEWEST_LISTS) == {}


def test_a_container_gets_each_list_whole() -> None:
    assert read_back(lists(), 'container', MODERN, read_by_docker, 30) == {}


# ---- refusals: each one of a value that really does not arrive


@pytest.mark.parametrize(('consumer', 'value', 'read'), [
    ('container', 'a\nB=c', read_by_docker),
    ('container', 'a\r', read_by_docker),
])  # fmt: skip
def test_what_is_refused_would_not_arrive(consumer: str, value: str, read: Reader) -> None:
    [variable] = environment.variables_of([{'A': value}], {})
    assert environment_render.refused(variable, consumer, MODERN)
    rendered = environment_consumers.BY_NAME[consumer].render(variable, MODERN).encode()
    assert read(rendered).get('A') != value.encode()


@pytest.mark.parametrize('value', ['', 'a\tb', 'a\nb'])
@pytest.mark.parametrize('platform', ['debian12', 'debian13'])
def test_what_a_user_manager_is_refused_would_not_arrive(host_of: HostOf, platform: str, value: str) -> None:
    [variable] = environment.variables_of([{'A': value}], {})
    assert environment_render.refused(variable, 'user_manager', MODERN)
    rendered = environment_consumers.BY_NAME['user_manager'].render(variable, MODERN).encode()
    assert read_by_user_manager(host_of(platform), rendered).get('A') != value.encode()


@pytest.mark.parametrize('value', ['a\nb', 'a\x1bb'])
def test_an_old_systemd_is_refused_what_it_would_drop(host_of: HostOf, value: str) -> None:
    [variable] = environment.variables_of([{'A': value}], {})
    assert environment_render.refused(variable, 'service', EL7)
    rendered = environment_consumers.BY_NAME['service'].render(variable, EL7).encode()
    assert 'A' not in read_by_service(host_of('centos7'), rendered)


NAMES_OF = {
    'bash': 'compgen -v',
    'zsh': 'zmodload zsh/parameter; print -l ${(k)parameters}',
    'mksh': 'typeset +',
    'ksh93': 'typeset + | sed "s/.* //"',
    'dash': 'set | sed "s/=.*//"',
}


@pytest.mark.parametrize('name', NAMES_OF)
def test_every_name_that_a_shell_keeps_for_itself_is_refused(name: str) -> None:
    shell = SHELLS[name]
    shell.read(b'\n')
    known = {word for word in run([*shell.command[:1], '-c', NAMES_OF[name]], env=BARE).decode().split() if word.isidentifier()}
    options = dict.fromkeys(known - {'PATH', 'HOME'}, 'a value')
    refused_or_kept = {}
    for variable in environment.variables_of([options], {}):
        if environment_render.refused(variable, 'login_shell', MODERN):
            continue
        content = environment_render.rendered('proof', [variable], 'login_shell', MODERN)
        try:
            found = shell.read(content).get(variable.name)
        except AssertionError as error:
            found = str(error).encode()
        if found != b'a value':
            refused_or_kept[variable.name] = found
    assert sorted(refused_or_kept) == []
