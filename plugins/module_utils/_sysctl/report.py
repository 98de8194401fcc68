# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kernel settings: build the module's result."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import boot
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import plan as sysctl_plan
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import profiles as known

# Reasons for which a key need not be restored; they cause no warning.
_NOTHING_TO_RESTORE = (sysctl_plan.AS_BEFORE, sysctl_plan.NEVER_SET)


def result(found, observed, paths, live=None, failed=()):
    """found: the Plan; live: {key: Live} after the run, None if the host was not changed; failed: the restores that the kernel rejected."""
    reports = [_final(each, live) if live else each for each in found.reports]
    failures = dict((each.key, each) for each in failed)
    released = [failures.get(each.key, each) for each in found.restores]
    return {
        'changed': bool(found.steps),
        'path': paths.path,
        'settings': reports,
        'released': [{'key': each.key, 'status': 'left' if each.value is None else 'restored', 'value': each.value, 'reason': each.reason}
                     for each in released],
        'restart': [{'key': each['key'], 'reason': each['restart']} for each in reports if each['restart']],
        'loader': {'name': observed.loader.name, 'enabled': observed.loader.enabled or found.enable},
        'plan': found.steps,
        'diff': _diff(found, observed, paths),
        'warnings': _warnings(reports, released, observed, found),
    }


def _final(report, live):
    now = live[report['key']].value
    if report['status'] == 'applied' and now not in (None, report['value']):
        return dict(report, now=now, status='adjusted', note=sysctl_plan.CHANGED_BY_KERNEL % now)
    return dict(report, now=now)


def _diff(found, observed, paths):
    """The drop-in before (with manual edits) and after, and the kernel's values."""
    diffs = []
    if found.text != observed.text:
        diffs.append({'before_header': paths.path, 'after_header': paths.path, 'before': observed.text or '', 'after': found.text or ''})
    values = found.writes + [(each.key, each.value) for each in found.restores if each.value is not None]
    if values:
        header = 'values in force'
        diffs.append({'before_header': header, 'after_header': header,
                      'before': ''.join('%s = %s\n' % (key, observed.live[key].value) for key, dummy in values),
                      'after': ''.join('%s = %s\n' % each for each in values)})
    return diffs


def _warnings(reports, released, observed, found):
    # One warning for all keys with the same reason; a read-only host would have dozens.
    short = {}
    for each in reports:
        if each['status'] in ('unavailable', 'read_only', 'shadowed', 'adjusted'):
            short.setdefault((each['status'], each['note']), []).append('%s = %s' % (each['key'], each['value']))
    warnings = ['Not in force: %s (%s, because %s).' % (', '.join(keys), status.replace('_', '-'), note) for (status, note), keys in sorted(short.items())]
    warnings += ['`sysctl --system` would set %s to %s (%s), unlike a boot.' % (each['key'], each['reverted_by']['value'], each['reverted_by']['path'])
                 for each in reports if each['reverted_by'] and not each['shadowed_by'] and each['reverted_by']['value'] is not None]
    warnings += ['%s = %s: %s.' % (each['key'], each['value'], known.DISCOURAGED[each['key'], each['value']])
                 for each in reports if (each['key'], each['value']) in known.DISCOURAGED]
    warnings += ['%s was not restored: %s.' % (each.key, each.reason) for each in released if each.value is None and each.reason not in _NOTHING_TO_RESTORE]
    if found.taken and not observed.loader.enabled and not found.enable:
        warnings.append('Nothing on this host reads %s at boot%s: the settings last until the next boot.' % (
            boot.ETC, ' (%s is masked)' % observed.loader.name if observed.loader.name else ''))
    return warnings
