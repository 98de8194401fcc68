# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The list of folders that were created for files of environments, so that a later run can remove them once they are empty."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

from ansible_collections.gofleet.golang.plugins.module_utils._files import folders, jsonfile, leftovers, transaction

FORMAT = 1
# A folder with this name always belongs to this collection, so it is not listed.
_OWN = 'gofleet'


def remember(path, made):
    """Add folders to the list at path, before they are created. made: paths. Raises OSError."""
    _clean(path)
    known = _read(path)
    new = sorted(set(each for each in made if os.path.basename(each) != _OWN) - set(known))
    if new:
        transaction.make_folder(os.path.dirname(path))
        jsonfile.write(path, {'format': FORMAT, 'folders': known + new})


def remove_empty(path, lock):
    """Remove the listed folders that are now empty, and take them off the list. A folder that cannot be removed stays listed. Raises OSError.

    lock: name of the lock beside path. Returns the folders around both, which the caller must remove, if empty, after it has released the lock.
    """
    own = os.path.dirname(path)
    _clean(path)
    known = _read(path)
    above = [each for each in known if (own + os.sep).startswith(each + os.sep)]
    others = sorted(set(known) - set(above), key=len, reverse=True)
    for each in others:
        folders.remove_made([each])
    left = [each for each in others if os.path.isdir(each)]
    if not left and os.path.isdir(own) and set(os.listdir(own)) <= {os.path.basename(path), lock}:
        transaction.remove_file(path)
        return sorted([own] + above, key=len, reverse=True)
    if len(left) != len(others):
        jsonfile.write(path, {'format': FORMAT, 'folders': sorted(left + above)})
    return []


def is_needed(path):
    """Whether any listed folder is not empty."""
    own = os.path.dirname(path)
    others = [each for each in _read(path) if not (own + os.sep).startswith(each + os.sep)]
    return any(os.path.isdir(each) and os.listdir(each) for each in others)


def _clean(path):
    """Remove the files that interrupted runs left."""
    for each in leftovers.unfinished_copies(path):
        transaction.remove_file(each)


def _read(path):
    try:
        content = jsonfile.read(path, FORMAT, 'state_newer', {})
        known = content['folders'] if content else []
        return [each for each in known if isinstance(each, str) and os.path.isabs(each)]
    except (ValueError, KeyError, TypeError):
        # The file was damaged. Empty folders that stay do no harm.
        return []
