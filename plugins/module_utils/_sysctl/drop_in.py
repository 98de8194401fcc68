# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Render and parse a drop-in. A new wording changes the file on every host that has one, and is reported there as a change."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import keys
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import paths as sysctl_paths

MARK = '# Written by gofleet.golang.sysctl_profile: its next run takes back what is changed here.'


def render(wanted, reports):
    """The text: each key below its reason, commented out if this host already has the value or lacks the key."""
    lines = [MARK, '# What the settings were before is in %s.' % sysctl_paths.STATE]
    for each, report in zip(wanted, reports):
        assignment = '%s = %s' % (keys.spell_in_file(each.parts), report['value'])
        lines += ['', '# %s: %s' % (each.origin, each.reason) if each.reason else '# %s' % each.origin]
        if report['in_file']:
            lines.append(assignment)
        else:
            # The run reports the reason. It is not written here, because it may change and would then change the file.
            lines.append('# Not set here: %s' % assignment)
    return '\n'.join(lines) + '\n'


def keys_of(text):
    """The keys that a drop-in sets. text: None for no file."""
    return [each.key for each in keys.assignments(None, text or '')]
