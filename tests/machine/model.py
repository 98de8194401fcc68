# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The wanted state of the machine as variables of the roles, and the expected environment of its processes."""

from __future__ import annotations

from typing import Any

SESSIONS = ('login_shell', 'fish', 'user_manager')
CONSUMERS = (*SESSIONS, 'service', 'container')
_BUT_USER_MANAGER = ['login_shell', 'fish', 'service', 'container']
# Values that a parser could take for something else, each as it is to be seen.
HARD = {
    'M_SPACES': '  two  words ',
    'M_DOLLAR': '$HOME ${HOME} $$ $(id) `id` ${A:-b}',
    'M_QUOTES': '"double" \'single\' \'\' ""',
    'M_HASH': '# a # b ; c',
    'M_PERCENT': '%h %% %n 100%',
    'M_BACKSLASH': 'a\\b\\n\\\\c\\',
    'M_GLOB': '* ? [a-z] {a,b} ~ ! & | < > ( )',
    'M_UTF8': 'žluťoučký kůň €, 中文, 😀',
    'M_LONG': '4 KB "of" $it \\ ' * 256,
}
# Those that not every consumer can have: (value, consumers).
PARTIAL: dict[str, tuple[str, list[str]]] = {
    'M_EMPTY': ('', _BUT_USER_MANAGER),
    'M_TAB': ('a\tb', _BUT_USER_MANAGER),
    'M_NEWLINES': ('first\n\nlast\n', ['login_shell', 'fish']),
}
SECRET = ('hush-"hush"-hush', ['service', 'container'])
# What the typed options of the role come to.
GO = {
    'GODEBUG': 'netdns=go,http2client=0',
    'GOFLAGS': "-mod=mod '-ldflags=-s -w'",
    'GOMEMLIMIT': '1GiB',
    'GOPRIVATE': 'git.example.com,*.corp.example.com',
    'GOPROXY': 'https://proxy.example.com|direct',
    'GOTOOLCHAIN': 'local',
    'CGO_ENABLED': '0',
}
FOLDER = '/opt/some where/bin'
FILES = {
    'login_shell': '/etc/profile.d/gofleet.sh',
    'fish': '/etc/fish/conf.d/gofleet.fish',
    'user_manager': '/etc/environment.d/90-gofleet.conf',
    'service': '/etc/gofleet/gofleet.env',
    'container': '/etc/gofleet/gofleet.container.env',
}
DROP_IN = '/etc/sysctl.d/90-gofleet.conf'
STATE = '/var/lib/gofleet'

# Beside the profiles: settings of the host itself, which no container could set, and one that this kernel may lack.
SETTINGS = {
    'fs.inotify.max_user_watches': '131072',
    'fs.pipe-max-size': '2097152',
    'fs.protected_fifos': '2',
    'kernel.panic': '10',
    'kernel.panic_on_oops': '1',
    'kernel.sysrq': '0',
    'kernel.yama.ptrace_scope': '1',
    'vm.max_map_count': '262145',
    'vm.swappiness': '10',
    '-net.netfilter.nf_conntrack_tcp_loose': '0',
}
PROFILES = ['http_server', 'quic', 'many_connections', 'hardening']


def wanted() -> dict[str, Any]:
    partial = {name: {'value': value, 'consumers': consumers} for name, (value, consumers) in PARTIAL.items()}
    return {
        'go_env_level': 'enforced',
        'go_env_consumers': list(CONSUMERS),
        'go_env_presets': ['go_path'],
        'go_env_path': [FOLDER],
        'go_env_godebug': ['netdns=go', 'http2client=0'],
        'go_env_goflags': ['-mod=mod', '-ldflags=-s -w'],
        'go_env_gomemlimit': '1G',
        'go_env_goprivate': ['git.example.com', '*.corp.example.com'],
        'go_env_goproxy': GO['GOPROXY'],
        'go_env_cgo_enabled': False,
        'go_env_variables': HARD | partial,
        'go_env_secrets': {'M_SECRET': {'value': SECRET[0], 'consumers': SECRET[1]}},
        'go_sysctl_profiles': PROFILES,
        'go_sysctl_settings': SETTINGS,
    }


def removed() -> dict[str, Any]:
    return {'go_env_state': 'absent', 'go_sysctl_state': 'absent'}


def expected(consumer: str) -> dict[str, str]:
    """What a process of this consumer sees, PATH apart."""
    some = PARTIAL | {'M_SECRET': SECRET}
    return HARD | GO | {name: value for name, (value, consumers) in some.items() if consumer in consumers}


def names() -> set[str]:
    return {*HARD, *PARTIAL, 'M_SECRET', *GO}
