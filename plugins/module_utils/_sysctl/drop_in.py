# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The text of a drop-in. A change of it changes a file on every host that has one, and is reported there as a change."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import keys
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import paths as sysctl_paths

MARK = '# Written by gofleet.golang.sysctl_profile: its next run takes back what is changed here.'


def render(wanted, reports):
    """The text: each key below its reason, and commented out if this host already has the value or does not have the key."""
    lines = [MARK, '# What the settings were before is in %s.' % sysctl_paths.STATE]
    for each, report in zip(wanted, reports):
        assignment = '%s = %s' % (keys.spell_in_file(each.parts), report['value'])
        lines += ['', '# %s: %s' % (each.origin, each.reason) if each.reason else '# %s' % each.origin]
        if report['in_file']:
            lines.append(assignment)
        else:
            # The run reports the reason. It may change, and would change the file each time if it was written here.
            lines.append('# Not set here: %s' % assignment)
    return '\n'.join(lines) + '\n'


def keys_of(text):
    """The keys that a drop-in sets. text: None for no file."""
    return [each.key for each in keys.assignments(None, text or '')]
