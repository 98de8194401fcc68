# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The recorded previous values of kernel settings, from which they are restored: one file for all drop-ins of this collection.

    {"format": 1,
     "made": ["/etc/sysctl.d"],  removed with the last key: created folders, and "service sysctl" if it was enabled
     "keys": {"net.core.somaxconn": {
        "before": "128",         the value before the first of our drop-ins set the key; null: unknown
        "configured": null,      the value that other files set at boot at that time; null: none
        "kernel": "5.3.0-1",     the kernel at that time
        "owners": {"/etc/sysctl.d/90-gofleet.conf": {
            "wanted": "4096",
            "found": "4096",     the value that the kernel had afterwards; null: not written yet, for example while another file overrides it
            "earlier": []}}}}}   earlier values that may still be in force after an interrupted run

It is written before a value changes, so that an interruption at any moment loses no record, and again afterwards.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import copy
import os

from ansible.module_utils.common.text.converters import to_native

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import jsonfile, transaction

FORMAT = 1


def empty():
    return {'format': FORMAT, 'made': [], 'keys': {}}


def read(path):
    """The state as a dict; empty() if the file is missing. Raises GofleetError(state_unreadable, state_newer), IOError, OSError."""
    try:
        content = jsonfile.read(path, FORMAT, 'state_newer', empty())
    except ValueError as exc:
        raise _unreadable(path, to_native(exc))
    if not _is_ours(content):
        raise _unreadable(path, 'it has an unexpected structure')
    return content


def _unreadable(path, why):
    return GofleetError('%s is damaged (%s), so the previous values of the settings are unknown. Nothing was changed. Restore the file from '
                        'a backup, or remove it; the previous values cannot be restored then.' % (path, why), 'state_unreadable', path=path)


def _is_ours(content):
    try:
        return content['format'] == FORMAT and _are_texts(content['made']) and all(map(_is_entry, content['keys'].values()))
    except (KeyError, TypeError, AttributeError):
        return False


def _is_entry(entry):
    return _are_texts([entry['kernel']]) and _are_texts([entry[name] for name in ('before', 'configured') if entry[name] is not None]) and all(
        _are_texts([owner['wanted']] + [each for each in [owner['found']] if each is not None]) and isinstance(owner['earlier'], list)
        and _are_texts(owner['earlier']) for owner in entry['owners'].values())


def _are_texts(values):
    # Neither values of the kernel nor paths contain a zero byte.
    return isinstance(values, list) and all(isinstance(each, str) and '\0' not in each for each in values)


def write(path, content):
    """Replace the state. Raises OSError."""
    transaction.make_folder(os.path.dirname(path))
    jsonfile.write(path, content)


def owned(content, path):
    """{key: owner} of the keys that the drop-in at path sets."""
    return dict((key, entry['owners'][path]) for key, entry in content['keys'].items() if path in entry['owners'])


def taking(content, path, taken):
    """The state that is written before the kernel's values change.

    taken: {key: (value, entry)}; entry is used for a key that no drop-in has set before.
    """
    after = copy.deepcopy(content)
    for key, (value, fresh) in taken.items():
        entry = after['keys'].setdefault(key, copy.deepcopy(fresh))
        owner = entry['owners'].setdefault(path, {'wanted': value, 'found': None, 'earlier': []})
        if owner['wanted'] != value:
            values = set(owner['earlier']) | {owner['wanted'], owner['found'] or owner['wanted']}
            owner.update(wanted=value, found=None, earlier=sorted(values))
    return after


def settled(content, path, found):
    """The state after the kernel has its values. found: {key: value in force, None if it was not written} of the keys that the drop-in sets."""
    after = copy.deepcopy(content)
    for key, entry in list(after['keys'].items()):
        if key in found:
            # If the value was not written, one of an earlier run may still be in force.
            entry['owners'][path].update({'found': found[key], 'earlier': []} if found[key] is not None else {})
        else:
            entry['owners'].pop(path, None)
        if not entry['owners']:
            del after['keys'][key]
    return after


def is_never_set(owner):
    """Whether this owner has no record of writing its value; an interrupted run may have written it."""
    return owner['found'] is None and not owner['earlier']


def values_of(owner):
    """Every value that may be in force because of this owner."""
    return set([owner['wanted'], owner['found'] or owner['wanted']] + owner['earlier'])
