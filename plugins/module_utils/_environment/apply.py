# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carry out the steps of a plan: all of them or none."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

from ansible_collections.gofleet.golang.plugins.module_utils import _system as system
from ansible_collections.gofleet.golang.plugins.module_utils._environment import made
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import changes as file_changes
from ansible_collections.gofleet.golang.plugins.module_utils._files import folders, preconditions, transaction


def check_writable(steps):
    """Raise GofleetError(not_writable, not_privileged) or OSError before anything is changed if a step cannot be carried out."""
    for step in steps:
        system.must_be_here()
        preconditions.check_writable(os.path.dirname(step.path), 'another path than %s' % step.path)
        if step.action in ('write', 'adjust') and os.geteuid() != 0:
            _check_owner(step.wanted)


def _check_owner(wanted):
    """Only root can give files to other users; other users can choose among their own groups."""
    if wanted.uid not in (None, os.geteuid()) or (wanted.gid is not None and wanted.gid not in [os.getegid()] + os.getgroups()):
        raise GofleetError(
            'User %d cannot make %s a file of user %s and group %s. Nothing was changed. Run the play with become, or leave owner and group out.'
            % (os.geteuid(), wanted.path, _shown_id(wanted.uid), _shown_id(wanted.gid)), 'not_privileged', path=wanted.path, uid=os.geteuid())


def _shown_id(number):
    return '(unchanged)' if number is None else number


def apply(steps, folders_file, missing=()):
    """Carry out the steps: all or none. At no time can more users read a file than in the end.

    folders_file: the file that lists the created folders, among them those in missing. Raises OSError, GofleetError(partly_changed).
    """
    for step in steps:
        # Folders are removed at the very end.
        if step.action == 'clean' and not os.path.isdir(step.path):
            transaction.remove_file(step.path)
    changes = [_change(step) for step in steps if step.action != 'clean']
    needed = [each for change in changes if change.content is not None for each in folders.missing(os.path.dirname(change.path))]
    made.remember(folders_file, needed + list(missing))
    file_changes.apply(changes)


def _change(step):
    wanted = step.wanted
    if step.action == 'remove':
        return file_changes.Change(step.path, None, None, None, None)
    # The file is replaced to change its mode or owner: a change in place could hit another file that has taken its place.
    return file_changes.Change(step.path, wanted.content, wanted.mode, wanted.uid, wanted.gid)
