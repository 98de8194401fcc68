# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bring the toolchains of a host to what is wanted: observe, plan, check, apply, report."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import time

from ansible_collections.gofleet.golang.plugins.module_utils import _errors as errors
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import folders, locks, transaction
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import adoption, observe, refusals, report
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import change as toolchain_change


def converge(wanted, paths, records, offered, run, check_mode, lock_timeout, deep=False):
    """Bring the host to what is wanted. Returns the module's result.

    wanted: plan.Wanted; paths: toolchain_paths.Paths; records: records.Records; offered: sources.Sources; run: _frame.runner().
    A host that has what is wanted is only read: no lock, no write. Raises GofleetError.
    """
    try:
        return _converge(wanted, paths, records, offered, run, check_mode, lock_timeout, deep)
    except (IOError, OSError) as exc:
        raise errors.from_os_error(exc, paths.prefix)
    finally:
        _drop_uploads(offered, paths)


def _converge(wanted, paths, records, offered, run, check_mode, lock_timeout, deep):
    change = _planned(wanted, paths, deep)
    if not change.steps:
        return _as_it_is(change, paths, check_mode)
    refusals.check_host(change.steps, paths, wanted, records)
    missing = refusals.needs(change.steps, wanted, records)
    if not missing:
        refusals.check_sources(change.steps, wanted, records, offered)
    if check_mode and not missing:
        foreseen = [adoption.foreseen(paths.link, records.release(step.detail, wanted.goarch), wanted.trust)
                    for step in change.steps if step.action == 'adopt']
        return report.result(change, change.before, paths, {'adopted': foreseen}, check_mode)
    if missing:
        return report.result(change, change.before, paths, {'needs': missing}, check_mode)
    made = folders.missing(paths.meta)
    try:
        with locks.lock(paths.lock, lock_timeout):
            return _carry_out(wanted, paths, records, offered, run, deep, change.before)
    except (GofleetError, IOError, OSError):
        folders.remove_made(made)
        raise


def unchanged(wanted, paths, check_mode):
    """The result of converge() for a host that has what is wanted, or None; for a controller that has a snapshot of the host. Raises GofleetError."""
    change = _planned(wanted, paths, False)
    return None if change.steps else _as_it_is(change, paths, check_mode)


def _planned(wanted, paths, deep):
    refusals.check_folders(paths)
    return toolchain_change.planned(wanted, observe.observe(paths, deep), paths, time.time())


def _as_it_is(change, paths, check_mode):
    return report.result(change, change.before, paths, {}, check_mode)


def _carry_out(wanted, paths, records, offered, run, deep, before):
    # Here, not above: a run without change does without them.
    from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import apply as toolchain_apply
    from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import obtain

    try:
        change = toolchain_change.planned(wanted, observe.observe(paths, deep), paths, time.time())
        before = change.before
        archives = obtain.Archives(paths, offered, wanted.trust, run)
        progress = toolchain_apply.apply(change.steps, paths, wanted, records, archives, change.move.blocks)
    except (GofleetError, IOError, OSError):
        _drop_uploads(offered, paths)
        _leave_as_found(before, paths)
        raise
    if progress['needs'] and not progress['installed']:
        # The controller may never bring the archive; a folder that was made for it stays.
        _leave_as_found(before, paths)
    return report.result(change, observe.observe(paths), paths, progress, check_mode=False)


def _drop_uploads(offered, paths):
    """Delete the archives that the controller put into incoming for this run. offered: sources.Sources."""
    for given in offered.files.values():
        if os.path.dirname(os.path.dirname(given.path)) == paths.incoming:
            transaction.delete_tree(os.path.dirname(given.path))


def _leave_as_found(before, paths):
    """Remove the lock and the folders that a failed run made on a host without toolchains of this collection.

    A tree that was published, uploads of other controllers, and a prefix that somebody else made stay.
    """
    try:
        if before.trees or not observe.names_in(paths.prefix) <= before.taken | {os.path.basename(paths.meta)} \
                or observe.names_in(paths.incoming):
            return
        transaction.retire_folder(paths.meta)
        if transaction.is_plain_folder(paths.prefix):
            folders.persistently(folders.remove_if_empty, paths.prefix)
    except (IOError, OSError):
        # The error of the run matters more than a folder that stays.
        return
