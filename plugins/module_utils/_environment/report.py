# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Build the result of a run: files and steps, differences and warnings."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ansible.module_utils.common.text.converters import to_bytes, to_native, to_text

from ansible_collections.gofleet.golang.plugins.module_utils._environment import render
from ansible_collections.gofleet.golang.plugins.module_utils._texts import shown


def result(target, plan):
    """The module's result for a state.Plan, which was carried out or, in check mode, is only shown."""
    unasked = plan.observed.unasked
    diffs = [diff(each.wanted, each.seen, target.secrets) for each in plan.files if any(step.action != 'clean' for step in each.steps)]
    return {'changed': bool(plan.steps), 'files': [_file(each, target.names.get(each.wanted.consumer, [])) for each in plan.files], 'unasked': unasked,
            'plan': [line(step) for step in plan.steps], 'presets': target.presets, 'diff': diffs,
            'warnings': plan.warnings + [_unasked_warning(each, target.name) for each in unasked]}


def _file(planned, names):
    wanted = planned.wanted
    actions = [step.action for step in planned.steps if step.action != 'clean']
    return {'consumer': wanted.consumer, 'path': wanted.path, 'state': 'absent' if wanted.content is None else 'present',
            'action': actions[0] if actions else 'none', 'mode': None if wanted.content is None else '%04o' % wanted.mode, 'variables': names}


def _unasked_warning(unasked, name):
    consumer = unasked['consumer']
    return ("%s still contains the environment '%s' from a time when %s was among its consumers, and is not updated any more. Name %s in "
            '"consumers" again, remove the file with state: absent and consumers: [%s], or give environments of different tasks different names.'
            % (unasked['path'], name, consumer, consumer, consumer))


def line(step):
    """A step as a readable line."""
    return {
        'clean': 'remove %s, which a killed run left',
        'write': 'write %s',
        'adjust': 'set mode and owner of %s',
        'remove': 'remove %s',
    }[step.action] % step.path


# ---- differences


def diff(wanted, seen, secrets):
    """The diff of a file. secrets: names of variables that are secret now, although an older file may contain them openly."""
    before, after = (seen.content if seen.kind == 'ours' else None), wanted.content
    found = {'before_header': wanted.path, 'after_header': wanted.path,
             'before': _shown(before, secrets, None), 'after': _shown(after, secrets, before)}
    if before is not None and after is not None and seen.mode != wanted.mode:
        found['before_header'] += ' (mode %04o)' % seen.mode
        found['after_header'] += ' (mode %04o)' % wanted.mode
    return found


def _parted(content):
    """(the public part of a file, the part after SECRETS)."""
    public, dummy, secret = (content or b'').partition(b'\n' + render.SECRETS.encode('ascii'))
    return public, secret


def _shown(content, names, other):
    if content is None:
        return ''
    public, secret = _parted(content)
    if any(re.search(br'\b' + to_bytes(name) + br'\b', public) for name in names):
        return '(not shown: it contains a variable that is a secret now)\n'
    text = to_text(shown.text(public, shown.LONGEST_DIFF))
    if secret:
        changed = other is not None and _parted(other)[1] != secret
        text += u'\n%s(not shown%s)\n' % (render.SECRETS, u'; it changes' if changed else u'')
    return to_native(text)
