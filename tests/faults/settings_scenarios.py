# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The changes that runs make to an environment and to kernel settings: what was done before, what is broken, what takes it all back."""

from __future__ import annotations

from dataclasses import dataclass

from support.module_process import Options


@dataclass(frozen=True, eq=False)
class Scenario:
    """history: runs that lead to the first state; change: the run that is broken; removal: runs that take everything back."""

    name: str
    module: str
    change: Options
    history: tuple[Options, ...] = ()
    removal: tuple[Options, ...] = ({'state': 'absent'},)
    openrc: bool = False


_ENVIRONMENT: Options = {
    'consumers': ['login_shell', 'fish', 'user_manager', 'service', 'openrc', 'container'],
    'variables': {'GOPROXY': 'https://proxy.example.com', 'PATH': ['/opt/own/bin'], 'LISTEN': ':8080', 'GODEBUG': ['netdns=go']},
    'secrets': {'TOKEN': {'value': 'hush', 'consumers': ['service', 'container']}},
    'level': 'default',
    'goroot': '/var/go/go1.30.1',
}
_OTHER_ENVIRONMENT: Options = {
    **_ENVIRONMENT,
    'variables': {'GOPROXY': 'https://other.example.com', 'GOPRIVATE': ['git.example.com'], 'LISTEN': ':9090'},
    'secrets': {'TOKEN': {'value': 'hush-hush', 'consumers': ['service', 'openrc']}},
    # An owner without a user name on this host.
    'owner': '12345',
    'group': '12345',
}
_NO_ENVIRONMENT: Options = {'state': 'absent', 'goroot': '/var/go/go1.30.1'}

_SETTINGS: Options = {
    'settings': {'net.core.somaxconn': 1000, 'net.ipv4.tcp_slow_start_after_idle': 0, 'net.ipv4.ip_local_port_range': [20000, 50000]},
}
# One other value, one that goes, one that stays, one that is new.
_OTHER_SETTINGS: Options = {
    'settings': {'net.core.somaxconn': 2000, 'net.ipv4.ip_local_port_range': [20000, 50000], 'net.ipv4.tcp_tw_reuse': 1},
}
_NO_SETTINGS: Options = {'state': 'absent'}
_SECOND = '/etc/sysctl.d/80-other.conf'
_SECOND_SETTINGS: Options = {'path': _SECOND, 'settings': {'net.core.somaxconn': 3000, 'net.ipv4.tcp_max_syn_backlog': 1234}}
_NO_SECOND: Options = {'path': _SECOND, 'state': 'absent'}

ENVIRONMENT = (
    Scenario('write', 'env_file', _ENVIRONMENT, removal=(_NO_ENVIRONMENT,)),
    Scenario('change', 'env_file', _OTHER_ENVIRONMENT, history=(_ENVIRONMENT,), removal=(_NO_ENVIRONMENT,)),
    Scenario('remove', 'env_file', _NO_ENVIRONMENT, history=(_ENVIRONMENT,), removal=(_NO_ENVIRONMENT,)),
)
SYSCTL = (
    Scenario('apply', 'sysctl_profile', _SETTINGS),
    Scenario('change', 'sysctl_profile', _OTHER_SETTINGS, history=(_SETTINGS,)),
    Scenario('remove', 'sysctl_profile', _NO_SETTINGS, history=(_SETTINGS,)),
    # Of two files that set a key: whatever goes first, in the end the kernel has what it had before both.
    Scenario('apply second', 'sysctl_profile', _SETTINGS, history=(_SECOND_SETTINGS,), removal=(_NO_SECOND, _NO_SETTINGS)),
    Scenario('remove first', 'sysctl_profile', _NO_SECOND, history=(_SECOND_SETTINGS, _SETTINGS), removal=(_NO_SETTINGS, _NO_SECOND)),
    Scenario('apply openrc', 'sysctl_profile', _SETTINGS, openrc=True),
    Scenario('remove openrc', 'sysctl_profile', _NO_SETTINGS, history=(_SETTINGS,), openrc=True),
)
