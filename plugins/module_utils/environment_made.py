# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Folders that files of an environment needed and a host did not have: remembered, so that they go when nothing is in them any more."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

from ansible_collections.gofleet.golang.plugins.module_utils import folders, jsonfile, transaction

FORMAT = 1
# A folder of this name is ours whoever made it, and need not be remembered.
_OWN = 'gofleet'


def remember(path, made):
    """Add to what is remembered at path, before the folders are made. made: paths. Raises OSError."""
    known = _read(path)
    new = sorted(set(each for each in made if os.path.basename(each) != _OWN) - set(known))
    if new:
        transaction.make_folder(os.path.dirname(path))
        jsonfile.write(path, {'format': FORMAT, 'folders': known + new})


def remove_empty(path):
    """Remove the folders that are empty now, and forget them. What cannot be removed stays remembered. Raises OSError."""
    known = _read(path)
    # The deepest first.
    for each in sorted(known, key=len, reverse=True):
        folders.remove_made([each])
    left = [each for each in known if os.path.isdir(each)]
    if left != known and left:
        jsonfile.write(path, {'format': FORMAT, 'folders': left})
    elif known and not left:
        transaction.remove_file(path)
    folders.remove_made([os.path.dirname(path)])


def _read(path):
    try:
        content = jsonfile.read(path, FORMAT, 'state_newer', {})
        known = content['folders'] if content else []
        return [each for each in known if isinstance(each, str) and os.path.isabs(each)]
    except (ValueError, KeyError, TypeError):
        # Not what was written. Empty folders that stay do no harm.
        return []
