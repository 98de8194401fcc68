# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's half of sysctl_profile: asks by a probe whether the host has its settings, before the module is sent."""

from __future__ import annotations

from typing import Any

from ansible_collections.gofleet.golang.plugins.plugin_utils import _importing as importing

importing.prepare('module_utils._sysctl')

from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import boot, converge, observe
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import paths as sysctl_paths
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import wanted as sysctl_wanted
from ansible_collections.gofleet.golang.plugins.modules.sysctl_profile import ARGUMENT_SPEC
from ansible_collections.gofleet.golang.plugins.plugin_utils._probe import asking, path_info, script

importing.read_now(asking, converge)


def _reads(options: dict[str, Any]) -> script.Wanted | None:
    if options['state'] != 'present':
        return None
    return read_of(*_wanted(options))


def _wanted(options: dict[str, Any]) -> tuple[list[Any], sysctl_paths.Paths]:
    return sysctl_wanted.wanted_settings(options['profiles'], options['settings']), sysctl_paths.chosen_paths(options['path'])


def read_of(wanted: list[Any], paths: sysctl_paths.Paths) -> script.Wanted:
    """What has to be read of a host to know whether it has the wanted settings."""
    read = observe.sources(wanted, paths)
    text = {*read.text, *read.values.values()}
    ways = {folder for path in (paths.real(boot.ETC), paths.meta) for folder in script.way(path)}
    status = {*read.status, *ways, path_info.SELINUX} - text
    return script.Wanted(status=tuple(sorted(status)), text=tuple(sorted(text)), links=read.links, names=read.names, labels=(paths.drop_in,))


def _result(options: dict[str, Any]) -> dict[str, Any]:
    wanted, paths = _wanted(options)
    # In check mode nothing is changed, whatever the plan is.
    result: dict[str, Any] = converge.converge(wanted, paths, None, True, 0, options['ports'], options['strict'])
    return result


class ActionModule(asking.ProbedAction):
    """Runs the module, unless the settings are in force and in the file."""

    STATE = asking.State(ARGUMENT_SPEC, {}, _reads, _result)
