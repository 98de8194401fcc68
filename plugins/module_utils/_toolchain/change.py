# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A change of the toolchains of a host: everything that its plan needs to know, and what a result tells of it."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from collections import namedtuple

from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import adoption, extra_files, go_policy, observe

# before: toolchain.Observed; steps: toolchain.Step list; move: go_policy.Move; kept: trees that are kept aside, of extra_files.described().
Change = namedtuple('Change', 'before steps move kept')


def plan(wanted, before, paths, now):
    """The Change that leads from what is there (toolchain.Observed) to what is wanted. Raises GofleetError, OSError.

    Files beside those that each run reads are read only where a toolchain becomes active or is removed.
    """
    steps = observe.plan(wanted, before, paths, now)
    steps, kept = extra_files.kept_aside(steps, before, paths, now)
    move = go_policy.plan(steps, before, paths)
    return Change(before, go_policy.inserted(steps, move), move, kept)


def _as_it_came(steps, adopted):
    """The steps of a plan where toolchains that were not taken in are installed instead. adopted: as in the result."""
    refused = [each['version'] for each in adopted if not each['taken_in']]
    names = [step.subject for step in steps if step.action == 'adopt' and step.detail in refused]
    kept = [step for step in steps if step.action != 'discard' or step.subject not in names]
    return [step._replace(action='install') if step.action == 'adopt' and step.subject in names else step for step in kept]


def result(change, now, paths, progress, check_mode):
    """The result of a module. now: toolchain.Observed after the run; progress: what it did, or in check mode would have done, as far as that is known."""
    steps = _as_it_came(change.steps, progress.get('adopted', []))
    after = observe.state_after(steps, change.before, paths)
    before = observe.state_of(change.before, paths)
    after['moved_aside'] = progress.get('moved_aside', after['moved_aside'])
    if any(step.action == 'go_env' for step in steps):
        before['go_env'], after['go_env'] = go_policy.shown(steps, change.move, paths)
    told = {
        'changed': bool(steps),
        'diff': {'before': before, 'after': after},
        'plan': [' '.join(str(each) for each in step if each) for step in steps],
        'installed': [step.detail for step in steps if step.action in ('install', 'adopt')],
        'pruned': [step.detail for step in steps if step.action in ('remove', 'set_aside')],
        'bytes_fetched': 0, 'needs': [], 'moved_aside': after['moved_aside'], 'passed_over': [], 'adopted': [],
        'proven': [step.detail for step in steps if step.action == 'prove'],
        'kept': change.kept,
        'damaged': [each for each in observe.listing(change.before, paths) if each['problem']],
        'toolchains': observe.listing(now, paths),
    }
    told.update(progress)
    told['warnings'] = (change.move.warnings + [extra_files.warning(each, check_mode) for each in told['kept']]
                        + adoption.warnings(told['adopted'], steps, check_mode))
    if told['needs']:
        # Only installs were done, if any; the caller comes again with what is missing.
        told['installed'] = progress.get('installed', [])
        told['changed'] = bool(told['installed'])
    return told
