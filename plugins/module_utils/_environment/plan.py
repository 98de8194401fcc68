# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plan the steps from the observed to the wanted environment. Nothing here reads or changes a file."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

from ansible_collections.gofleet.golang.plugins.module_utils._environment import consumers, login_shells, paths
from ansible_collections.gofleet.golang.plugins.module_utils._environment import go_env as environment_go_env
from ansible_collections.gofleet.golang.plugins.module_utils._environment.state import FilePlan, Plan, Seen, Step, Wanted
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError


def plan(target, observed, account, check_mode):
    """The Plan that brings a host from this Observed to this Target.

    Raises GofleetError(occupied, unsafe_folder, no_toolchain, foreign_toolchain, no_go_env, not_a_file).
    """
    files = [FilePlan(wanted, observed.files[wanted.consumer], file_steps(wanted, observed.files[wanted.consumer])) for wanted in target.files]
    steps = [step for each in files for step in each.steps]
    go_env = observed.go_env
    steps += [Step('clean', None, leftover) for leftover in go_env.leftovers]
    steps += environment_go_env.kept_steps(go_env, target.name, target.settings)
    warnings = [] if target.settings is None else environment_go_env.check(go_env, check_mode)
    own = _go_env(go_env, target)
    if own:
        steps += own.steps
        files.append(own)
    if target.state == 'absent' and not steps:
        steps += [Step('clean', None, folder) for folder in _abandoned(observed, account)]
    return Plan(steps, files, warnings + _login_warnings(target.files, observed.login), observed)


def file_steps(wanted, seen):
    """The Steps for one file. Raises GofleetError(occupied, unsafe_folder)."""
    steps = [Step('clean', wanted, leftover) for leftover in seen.leftovers]
    if wanted.content is None:
        # A foreign file stays and is not an error, because the environment is not in it.
        return steps + ([Step('remove', wanted, wanted.path)] if seen.kind == 'ours' else [])
    if seen.kind == 'foreign':
        raise GofleetError(
            '%s exists, and gofleet.golang did not write it, or wrote it for another environment (see its first line). Nothing was changed. '
            'Move it away, choose another name, or set another path for %s.' % (wanted.path, wanted.consumer),
            'occupied', path=wanted.path, consumer=wanted.consumer)
    if seen.weak and wanted.uid is None and wanted.gid is None:
        raise GofleetError(
            '%s is not safe for a file of root: %s. Nothing was changed. Set "owner" or "group" to the user that the file is for, or choose a path '
            'below folders that only root can write to.' % (wanted.path, seen.weak), 'unsafe_folder', path=wanted.path, consumer=wanted.consumer)
    if seen.kind == 'absent' or seen.content != wanted.content:
        # The new file replaces the old one and keeps its owner, unless the options name another.
        return steps + [Step('write', wanted._replace(uid=_first(wanted.uid, seen.uid), gid=_first(wanted.gid, seen.gid)), wanted.path)]
    fits = seen.mode == wanted.mode and wanted.uid in (None, seen.uid) and wanted.gid in (None, seen.gid)
    return steps + ([] if fits else [Step('adjust', wanted, wanted.path)])


def _first(asked, found):
    return found if asked is None else asked


def _go_env(seen, target):
    """The FilePlan of the active toolchain's go.env; None if it has no settings of ours and should not get any."""
    if target.settings is None and (seen.content is None or seen.version is None):
        return None
    content = environment_go_env.with_block(seen.content, target.name, target.settings)
    if target.settings is None and content == seen.content:
        return None
    wanted = Wanted(consumers.GO_COMMAND, seen.path, content, seen.mode, None, None)
    before = Seen(seen.path, 'ours' if seen.exists else 'absent', seen.content, seen.mode, None, None, [], None)
    return FilePlan(wanted, before, [Step('write', wanted, wanted.path)] if content != seen.content else [])


def _abandoned(observed, account):
    """Folders of this collection that contain only the leftovers of an interrupted run."""
    if observed.has_needed_folders:
        return []
    lock, made = os.path.basename(paths.lock(account)), os.path.basename(paths.made_folders(account))
    return [folder for folder, names in sorted(observed.folders.items())
            if names is not None and all(name == lock or name.startswith(made) for name in names)]


def _login_warnings(files, login):
    if login is None:
        return []
    serves_fish = any(wanted.consumer == 'fish' and wanted.content is not None for wanted in files)
    warnings = [login_shells.warning(login, wanted.path, wanted.content is not None, serves_fish) for wanted in files if wanted.consumer == 'login_shell']
    return [warning for warning in warnings if warning]
