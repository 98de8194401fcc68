# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is remembered of kernel settings, so that they can be given back: one file for all drop-ins of this collection.

    {"format": 1,
     "made": ["/etc/sysctl.d"],  what goes when the last key goes: folders, and "service sysctl" that was enabled
     "keys": {"net.core.somaxconn": {
        "before": "128",         the value before the first of our drop-ins took the key; null: not known
        "configured": null,      what other files set at boot then; null: none did
        "kernel": "5.3.0-1",     under which kernel that was
        "owners": {"/etc/sysctl.d/90-gofleet.conf": {
            "wanted": "4096",
            "found": "4096",     what the kernel made of it; null: not written yet, as while another file wins
            "earlier": []}}}}}   values that may still be in force, if a run was killed

It is written before a value changes, so that a kill at any moment loses none of this; and once more afterwards.
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
    """The state as a dict; empty() if there is none. Raises GofleetError(state_unreadable, state_newer), IOError, OSError."""
    try:
        content = jsonfile.read(path, FORMAT, 'state_newer', empty())
    except ValueError as exc:
        raise _unreadable(path, to_native(exc))
    if not _is_ours(content):
        raise _unreadable(path, 'it has another form')
    return content


def _unreadable(path, why):
    return GofleetError('%s is not what was written there (%s), so it is not known what settings were before. Nothing was changed. Mend it from '
                        'a backup, or remove it: settings of before cannot be restored then.' % (path, why), 'state_unreadable', path=path)


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
    # A zero byte is in no value of the kernel, and in no path.
    return isinstance(values, list) and all(isinstance(each, str) and '\0' not in each for each in values)


def write(path, content):
    """Replace the state. Raises OSError."""
    transaction.make_folder(os.path.dirname(path))
    jsonfile.write(path, content)


def owned(content, path):
    """{key: owner} of the keys that the drop-in at path has taken."""
    return dict((key, entry['owners'][path]) for key, entry in content['keys'].items() if path in entry['owners'])


def taking(content, path, taken):
    """The state to be written before the kernel's values change.

    taken: {key: (value, entry)}, entry for a key that nobody has taken before.
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
    """The state once the kernel has its values. found: {key: what it made of each that is still taken, None if it was not written}."""
    after = copy.deepcopy(content)
    for key, entry in list(after['keys'].items()):
        if key in found:
            # What was not written leaves in force what may be of an earlier run.
            entry['owners'][path].update({'found': found[key], 'earlier': []} if found[key] is not None else {})
        else:
            entry['owners'].pop(path, None)
        if not entry['owners']:
            del after['keys'][key]
    return after


def is_never_set(owner):
    """Whether this owner has not written its value as far as is known: a run that was killed may have."""
    return owner['found'] is None and not owner['earlier']


def values_of(owner):
    """Every value that may be in force because of this owner."""
    return set([owner['wanted'], owner['found'] or owner['wanted']] + owner['earlier'])
