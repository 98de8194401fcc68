# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""One environment on this host: from options to the result of a run."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

from ansible_collections.gofleet.golang.plugins.module_utils import _errors as errors
from ansible_collections.gofleet.golang.plugins.module_utils._environment import apply, go_env, made, observe, paths, report, wanted, words
from ansible_collections.gofleet.golang.plugins.module_utils._environment import plan as environment_plan
from ansible_collections.gofleet.golang.plugins.module_utils._files import folders, locks
from ansible_collections.gofleet.golang.plugins.module_utils._host import init

_LOCK_SECONDS = 60


def settled(options):
    """The options as every function of this room takes them. Raises GofleetError(ambiguous_value)."""
    return words.settled(dict(options, paths=options['paths'] or {}))


def converge(options, run, check_mode):
    """The result of a module with these options. run: _frame.runner(). Raises GofleetError, OSError."""
    options = settled(options)
    paths.check_name(options['name'])
    host = observe.host(options)
    target = wanted.target(options, host, lambda: init.takes_control_characters(run))
    sources = observe.sources(target, options, host)
    plan = _planned(target, sources, host.account, check_mode)
    if plan.steps and not check_mode:
        plan = _carry_out(target, sources, host.account, plan)
    return report.result(target, plan)


def _planned(target, sources, account, check_mode):
    plan = environment_plan.plan(target, observe.observe(sources), account, check_mode)
    # In check mode too: it fails where the run would.
    apply.check_writable(plan.steps)
    return plan


def _carry_out(target, sources, account, plan):
    """The Plan that was carried out. plan: the one from before the locks were held."""
    lock, made_folders = paths.lock(account), paths.made_folders(account)
    missing = folders.missing(os.path.dirname(lock))
    own = paths.own_folders(target.files, account)
    changed = []
    try:
        with locks.lock(lock, _LOCK_SECONDS, passing=True), go_env.locked(plan.observed.go_env, plan.steps, _LOCK_SECONDS):
            try:
                # Another run may have changed something until now.
                plan = _planned(target, sources, account, False)
                apply.apply(plan.steps, made_folders, missing)
                changed = sorted(step.path for step in plan.steps)
            finally:
                own += _remove_empty_folders(made_folders, os.path.basename(lock), changed)
    finally:
        for folder in sorted(set(own), key=len, reverse=True):
            folders.remove_made([folder])
    return plan


def _remove_empty_folders(made_folders, lock, changed):
    """made.remove_empty(), whose failure names the paths that the run changed before."""
    try:
        return made.remove_empty(made_folders, lock)
    except (IOError, OSError) as exc:
        if not changed:
            raise
        raise errors.from_os_error(exc, made_folders, 'All files are as wanted; only the clean-up after them failed.', changed=changed)
