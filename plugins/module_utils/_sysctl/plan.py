# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kernel settings: plan the steps from the observed to the wanted settings. Nothing here reads the host."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from collections import namedtuple

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import drop_in
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import paths as sysctl_paths
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import profiles as known
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import state as sysctl_state
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import wanted as sysctl_wanted

# The entry in the state for a boot service that this collection enabled; the other entries are folders.
SERVICE = 'service sysctl'
AS_BEFORE = 'it already has its previous value'
NEVER_SET = 'this file never set it'
CHANGED_BY_KERNEL = 'the kernel changed it to %s'
UNKNOWN_BEFORE = 'the previous value is unknown; reboot to restore it'

# The plan. reports: a dict for each key; writes: [(key, value)]; restores: [Restore]; text: of the drop-in, None for no file;
# taken: {key: (value, entry)} of the drop-in's keys; steps: one line each; enable, disable: whether to enable or disable the boot service.
Plan = namedtuple('Plan', 'reports writes restores text taken steps enable disable')
# A key that the drop-in no longer sets. value: the value to write, or None to leave the present one; reason: why.
Restore = namedtuple('Restore', 'key value reason')


def plan(wanted, observed, path, ports=(), strict=False):
    """The Plan from the observed to the wanted settings. A pure function.

    ports: those on which services of this host listen; strict: whether each key must be in force now and after a boot.
    Raises GofleetError with the code of the first problem, and all problems as its evidence.
    """
    wanted = [sysctl_wanted.as_printed(each, observed.live[each.key].value) for each in wanted]
    _refuse(sysctl_wanted.problems(wanted, observed, ports))
    reports = [_judged(each, observed, path) for each in wanted]
    if strict:
        _refuse([(report['key'], 'not_in_force', '%s (%s)' % (report['status'], report['note'])) for each, report in zip(wanted, reports)
                 if _falls_short(each, report)])
    taken = dict((each['key'], (each['value'], _entry(each, observed))) for each in reports if each['in_file'])
    had = set(sysctl_state.owned(observed.state, path)) | set(drop_in.keys_of(observed.text))
    restores = [_restore(key, observed, path) for key in sorted(had) if key not in taken]
    writes = [(each['key'], each['value']) for each in reports if each['status'] == 'applied']
    text = drop_in.render(wanted, reports) if taken else None
    enable = bool(taken) and observed.loader.name in ('alpine', 'openrc-busybox', 'procps') and not observed.loader.enabled
    last = not _settled(taken, observed, path)['keys']
    # Unless files of others now need it.
    disable = last and SERVICE in observed.state['made'] and observed.loader.enabled and not observed.precedence.others_in_etc
    found = Plan(reports, writes, restores, text, taken, [], enable, disable)
    return found._replace(steps=_steps(found, observed, path))


def _falls_short(each, report):
    """Whether a setting lacks the wanted value now or after a boot. A list that the kernel only prints in another form does not count."""
    if report['status'] == 'unavailable':
        return not each.optional
    return report['status'] in ('read_only', 'shadowed') or (report['status'] == 'adjusted' and sysctl_wanted.numbers(report['value']) is not None)


def _refuse(problems):
    if problems:
        listed = ' '.join('%s: %s%s' % (key, why, '' if why.endswith('?') else '.') for key, dummy, why in problems)
        raise GofleetError('Nothing was changed. %s' % listed, problems[0][1],
                           problems=[{'key': key, 'code': code, 'reason': why} for key, code, why in problems])


def _judged(each, observed, path):
    """The report of one key: its wanted value, its status, and the reason."""
    live = observed.live[each.key]
    entry = observed.state['keys'].get(each.key)
    owner = entry['owners'].get(path) if entry else None
    before = _before(each.key, observed)
    report = {'key': each.key, 'value': each.value, 'before': live.value, 'now': live.value, 'at_least': each.at_least, 'origin': each.origin,
              'reason': each.reason, 'source': each.source, 'shadowed_by': None, 'reverted_by': None, 'restart': None, 'note': None, 'in_file': False}
    if live.kind == 'absent':
        return dict(report, status='unavailable', note=live.why, in_file=owner is not None)
    if each.at_least:
        if sysctl_wanted.reaches(before, each.value) and sysctl_wanted.reaches(live.value, each.value):
            return dict(report, status='already', note='this host already has at least this value')
        report['value'] = sysctl_wanted.most(each.value, observed.precedence.without_ours(each.key))
    value = report['value']
    report['in_file'] = not live.why or owner is not None
    report['shadowed_by'] = _shadow(observed.precedence, each, value)
    report['reverted_by'] = _shadow(observed.manual, each, value) if observed.manual else None
    if report['shadowed_by']:
        return dict(report, status='shadowed', note=_shadowed(report['shadowed_by']))
    if live.value == value or (each.at_least and sysctl_wanted.reaches(live.value, value)):
        return dict(report, status='already')
    if owner and owner['wanted'] == value and owner['found'] == live.value:
        return dict(report, status='adjusted', note=CHANGED_BY_KERNEL % live.value)
    if live.why:
        return dict(report, status='read_only', note=live.why)
    return dict(report, status='applied', restart=_restart(each))


def _before(key, observed):
    """The value before the first of our drop-ins set the key; None if it is unknown."""
    entry = observed.state['keys'].get(key)
    if entry:
        return entry['before']
    # The file is ours but the state is missing, so the current value may also be ours.
    return None if key in drop_in.keys_of(observed.text) else observed.live[key].value


def _shadow(precedence, each, value):
    """The file that overrides our value when a loader reads the files: its path and value, with value None if it hides our file; or None."""
    later = precedence.later(each.key)
    if later is None:
        hidden = precedence.hidden_by
        return {'path': hidden, 'value': None} if hidden else None
    if sysctl_wanted.is_same(later.value, value) or (each.at_least and sysctl_wanted.reaches(later.value, value)):
        return None
    return {'path': later.path, 'value': later.value}


def _shadowed(by):
    if by['value'] is None:
        return '%s has the same name and is read instead of this file' % by['path']
    return '%s is read later and sets it to %s' % (by['path'], by['value'] or 'nothing')


def _restart(each):
    """The reason why processes keep the old value, or None."""
    if each.key in known.READ_ONCE:
        return known.READ_ONCE[each.key]
    if len(each.parts) == 5 and each.parts[3] == 'default' and '.'.join(each.parts[:3]) in known.PER_INTERFACE:
        return 'only interfaces that are created from now on use it'
    return None


def _entry(report, observed):
    key = report['key']
    return {'before': _before(key, observed), 'configured': observed.precedence.without_ours(key), 'kernel': observed.release, 'owners': {}}


def _restore(key, observed, path):
    """The Restore of a key that our drop-in no longer sets."""
    entry, live = observed.state['keys'].get(key), observed.live.get(key)
    if entry is None or path not in entry['owners']:
        return Restore(key, None, UNKNOWN_BEFORE)
    configured = observed.precedence.without_ours(key)
    # If another file has changed since, a boot would set its value. Otherwise the previous value was in force in spite of that file.
    value = configured if configured is not None and configured != entry['configured'] else entry['before']
    if live.kind != 'setting' or live.why:
        return Restore(key, None, live.why or 'it is no longer a setting on this host')
    if sysctl_wanted.is_same(live.value, value):
        return Restore(key, None, AS_BEFORE)
    owner = entry['owners'][path]
    if sysctl_state.is_never_set(owner) and live.value != owner['wanted']:
        return Restore(key, None, NEVER_SET)
    if live.value not in sysctl_state.values_of(owner):
        return Restore(key, None, 'its value is %s, which this file did not set' % live.value)
    if value is None:
        return Restore(key, None, UNKNOWN_BEFORE)
    other_kernel = entry['kernel'] != observed.release and value == entry['before']
    return Restore(key, value, 'its value under Linux %s' % entry['kernel'] if other_kernel else None)


def _settled(taken, observed, path):
    """The recorded state after these keys are set, with the kernel's previous values."""
    owners = sysctl_state.owned(observed.state, path)
    found = dict((key, owners[key]['found'] if key in owners else None) for key in taken)
    return sysctl_state.settled(sysctl_state.taking(observed.state, path, taken), path, found)


def _steps(found, observed, path):
    """The steps of the plan as sentences; empty if nothing must be written."""
    steps = ['remove %s, left by an interrupted run' % each for each in observed.leftovers]
    steps += ['set %s = %s' % each for each in found.writes]
    if found.text != observed.text:
        steps.append('%s %s' % ('remove' if found.text is None else 'write', path))
    steps += ['restore %s = %s' % (each.key, each.value) for each in found.restores if each.value is not None]
    if found.enable:
        steps.append('enable the service sysctl at boot')
    if found.disable:
        steps.append('disable the service sysctl at boot')
    owners = sysctl_state.owned(observed.state, path)
    # While another file overrides a key, no value can be recorded for it.
    shadowed = [each['key'] for each in found.reports if each['status'] == 'shadowed']
    unsettled = any(key not in owners or (owners[key]['found'] is None and key not in shadowed) for key in found.taken)
    if observed.stale and not found.taken:
        steps.append('remove %s, left by an interrupted run' % sysctl_paths.STATE)
    if not steps and (unsettled or _settled(found.taken, observed, path) != observed.state):
        steps.append('record the previous values')
    return steps
