# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kernel settings: observe, plan, apply, report."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import os

from ansible_collections.gofleet.golang.plugins.module_utils import _errors as errors
from ansible_collections.gofleet.golang.plugins.module_utils import _system as system
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import folders, locks, owners, preconditions, transaction
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import apply as sysctl_apply
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import observe as sysctl_observe
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import plan as sysctl_plan
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import report as sysctl_report


def converge(wanted, paths, run, check_mode, lock_timeout, ports=(), strict=False):
    """Bring the host to what is wanted; an empty list of wanted keys restores everything. Returns the module's result.

    A host that already has what is wanted is only read: no lock, no write. Raises GofleetError.
    """
    try:
        _check_folders(paths)
        observed = sysctl_observe.observe(wanted, paths)
        found = sysctl_plan.plan(wanted, observed, paths.path, ports, strict)
        _refuse_early(found, observed, paths)
        if not found.steps or check_mode:
            return sysctl_report.result(found, observed, paths)
        made = folders.missing(paths.meta)
        try:
            with locks.lock(paths.lock, lock_timeout):
                return _carry_out(wanted, paths, run, ports, strict, made)
        except (GofleetError, IOError, OSError):
            folders.remove_made(made)
            raise
    except (IOError, OSError) as exc:
        raise errors.from_os_error(exc, paths.path)


def _carry_out(wanted, paths, run, ports, strict, made):
    try:
        observed = sysctl_observe.observe(wanted, paths)
        found = sysctl_plan.plan(wanted, observed, paths.path, ports, strict)
        carried = sysctl_apply.Run(found, observed, paths, run, strict)
        carried.carry_out()
        return sysctl_report.result(found, observed, paths, carried.live(), carried.failed_restores)
    except (GofleetError, IOError, OSError):
        # The folder that was created for the lock. It stays if a state was recorded.
        if made and not os.path.lexists(paths.state):
            _retire(paths)
        raise


def _retire(paths):
    """Remove our folder, as far as possible: the error that ended the run matters more."""
    try:
        if os.path.isdir(paths.meta):
            transaction.retire_folder(paths.meta)
    except (IOError, OSError):
        # The next run removes it.
        return


def _check_folders(paths):
    """Raise GofleetError(unsafe_folder) if root would rely on folders that other users can change."""
    for path in (os.path.dirname(paths.drop_in), paths.meta):
        owners.check_safe(path, 'The folder', 'Make root its owner and only writer (chown root, chmod go-w), and run again.')


def _refuse_early(found, observed, paths):
    """Fail before the first change, and in check mode too, if the run is known to fail."""
    denied = [each['key'] for each in found.reports if each['status'] == 'read_only' and system.geteuid() != 0 and each['note'] == sysctl_observe.NOT_THIS_USER]
    if not denied and not found.steps:
        return
    system.must_be_here()
    folder = preconditions.nearest_folder(os.path.dirname(paths.drop_in))
    if denied or (system.geteuid() != 0 and not os.access(folder, os.W_OK | os.X_OK)):
        raise GofleetError('User %d cannot change %s. Nothing was changed. Run the play with become: only root can change kernel settings.'
                           % (system.geteuid(), ', '.join(denied) or folder), 'not_privileged', uid=system.geteuid(), keys=denied)
    if preconditions.is_mounted_read_only(folder):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), folder)
