# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The consumers of an environment: one table with one row for each.

A new consumer is a row here and a renderer (shells.py, systemd.py, lines.py).
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from collections import namedtuple

from ansible_collections.gofleet.golang.plugins.module_utils._environment import lines, names, shells, systemd
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._host import init

# The go command, which reads the go.env of its tree. It is the only consumer that has no separate file.
GO_COMMAND = 'go_command'

# One consumer.
# render, refuse: functions as described in lines.py.
# system_path: the file of root, {0} stands for the environment's name; sessions read it from there without further configuration.
# user_path: the file of another user, below XDG_CONFIG_HOME; None if only root has such a file.
# evidence: paths of which at least one exists on a host that has the consumer; empty if every host may have it.
# reserved: the programs that reserve names of variables, from names.py.
# is_session: whether it serves the sessions of all users: it is enabled by default, users' own settings must win, and an empty file is not needed.
# is_static: whether its file cannot refer to the home folder of the user who reads it.
# has_presets: whether presets of this host apply to it. They do not apply to a container, which has another file system and another libc.
# asks_systemd: whether its valid values depend on the version of systemd.
Consumer = namedtuple('Consumer', 'name render refuse system_path user_path evidence reserved is_session is_static has_presets asks_systemd')

_DEFAULTS = {'system_path': None, 'user_path': None, 'evidence': (), 'reserved': (), 'is_session': False, 'is_static': False, 'has_presets': True,
             'asks_systemd': False}


def _consumer(name, render, refuse, **differing):
    return Consumer(name, render, refuse, **dict(_DEFAULTS, **differing))


# Messages list consumers in this order.
ALL = (
    _consumer('login_shell', shells.for_shell, shells.refused_by_shell, system_path='/etc/profile.d/{0}.sh',
              # Login shells do not read a folder of the user without further configuration.
              user_path='gofleet/{0}.sh', reserved=(names.BY_SHELLS,), is_session=True),
    _consumer('fish', shells.for_fish, shells.refused_by_fish, system_path='/etc/fish/conf.d/{0}.fish', user_path='fish/conf.d/{0}.fish',
              evidence=('/etc/fish', '/usr/bin/fish', '/usr/local/bin/fish', '/bin/fish'), reserved=(names.BY_FISH,), is_session=True),
    _consumer('user_manager', systemd.for_user_manager, systemd.refused_by_user_manager, system_path='/etc/environment.d/90-{0}.conf',
              user_path='environment.d/90-{0}.conf', is_session=True,
              # Since systemd 233.
              evidence=('/usr/lib/systemd/user-environment-generators/30-systemd-environment-d-generator',
                        '/lib/systemd/user-environment-generators/30-systemd-environment-d-generator')),
    _consumer('service', systemd.for_service, systemd.refused_by_service, system_path='/etc/gofleet/{0}.env', user_path='gofleet/{0}.env',
              is_static=True, asks_systemd=True),
    _consumer('openrc', shells.for_shell, shells.refused_by_shell, system_path='/etc/conf.d/{0}',
              evidence=init.OPENRC_PROGRAMS, reserved=(names.BY_SHELLS, names.BY_OPENRC), is_static=True),
    _consumer('container', lines.line, lines.refused_by_docker, system_path='/etc/gofleet/{0}.container.env', user_path='gofleet/{0}.container.env',
              is_static=True, has_presets=False),
    _consumer(GO_COMMAND, lines.line, lines.refused_by_go_env, is_static=True, has_presets=False),
)
BY_NAME = dict((consumer.name, consumer) for consumer in ALL)
NAMES = tuple(consumer.name for consumer in ALL)
WITH_FILES = tuple(consumer.name for consumer in ALL if consumer.system_path)
SESSIONS = tuple(consumer.name for consumer in ALL if consumer.is_session)


def is_present(consumer, existing):
    """Whether a host has a consumer. existing: the paths in the evidence of all consumers that exist on the host."""
    evidence = BY_NAME[consumer].evidence
    return not evidence or any(path in existing for path in evidence)


def default(existing):
    """The consumers if the options name none: those for sessions that this host has."""
    return [consumer for consumer in SESSIONS if is_present(consumer, existing)]


def check_present(consumers, existing):
    """Raise GofleetError(no_such_consumer) for a consumer that was named but that this host does not have."""
    for consumer in consumers:
        if not is_present(consumer, existing):
            evidence = list(BY_NAME[consumer].evidence)
            raise GofleetError(
                'This host has no %s that could read an environment: none of %s exists. Nothing was changed. Leave it out of "consumers" for this '
                'host, or leave "consumers" empty to serve what each host has.' % (consumer, ', '.join(evidence)),
                'no_such_consumer', consumer=consumer, looked_for=evidence)
