# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Build the result of a change, and the state of a host as plain values for --diff."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.gofleet.golang.plugins.module_utils._proof import tree_list
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import adoption, extra_files, go_policy, observe

# The number of names of each kind of difference in a result.
_SHOWN = 20


def listing(observed, paths):
    """The trees of this collection for a result, oldest version first."""
    active = observe.active_tree(observed)
    return [{'version': tree.version, 'goarch': tree.goarch, 'path': paths.tree(tree.name), 'active': tree == active,
             'proof': tree.proof, 'source': tree.source, 'problem': tree.problem, 'differences': _shortened(tree.differences)}
            for tree in observe.oldest_first(observed.trees.values())]


def _shortened(differences):
    """Differences for a result, with few names, because in a replaced tree every file differs."""
    if differences is None:
        return None
    return dict(tree_list.shortened(differences, _SHOWN), go_env_edited='go.env' in differences.changed)


def state_after(steps, observed, paths):
    """The state after a plan, in the form of state_of()."""
    state = state_of(observed, paths)
    # A foreign link at LINK stays, and so does the tree elsewhere that it leads to.
    discarded = [step.detail for step in steps if step.action == 'discard' and observed.link.target is None]
    for step in steps:
        if step.action in ('install', 'adopt'):
            state['toolchains'] = sorted(state['toolchains'] + [step.subject])
        elif step.action == 'prove':
            state['toolchains'] = [name + ' (proven as trust asks)' if name == step.subject else name for name in state['toolchains']]
        elif step.action in ('remove', 'set_aside'):
            state['toolchains'] = [name for name in state['toolchains'] if name.split(' ')[0] != step.subject]
        elif step.action in ('link', 'program'):
            state['links'][step.subject] = step.detail
        elif step.action == 'unlink':
            state['links'].pop(step.subject, None)
        elif step.action == 'clean':
            state['leftovers'].remove(step.subject)
        elif step.action == 'forget':
            state['leftovers'].remove(step.subject + ' (manifest)')
        if step.aside and step.aside not in discarded:
            state['moved_aside'].append(step.aside)
    return state


def state_of(observed, paths):
    """The state of a host as plain values, for --diff."""
    links = dict((paths.program(name), found.target or '(not a link)')
                 for name, found in observed.programs.items() if found.kind != 'absent')
    if observed.link.kind != 'absent':
        links[paths.link] = observed.link.target or '(not a link)'
    return {
        'toolchains': sorted(tree.name + (' (damaged: %s)' % tree.problem if tree.problem else '') for tree in observed.trees.values()),
        'links': links,
        'leftovers': observed.garbage + [name + ' (manifest)' for name in observed.orphans],
        'moved_aside': [],
    }


def _as_carried_out(steps, adopted):
    """The steps of a plan, with an installation for each toolchain that could not be adopted. adopted: of the result."""
    refused = [each['version'] for each in adopted if not each['taken_in']]
    names = [step.subject for step in steps if step.action == 'adopt' and step.detail in refused]
    kept = [step for step in steps if step.action != 'discard' or step.subject not in names]
    return [step._replace(action='install') if step.action == 'adopt' and step.subject in names else step for step in kept]


def result(change, now, paths, progress, check_mode):
    """The result of a module.

    now: observe.Observed after the run; progress: what the run did, or what check mode can predict.
    """
    steps = _as_carried_out(change.steps, progress.get('adopted', []))
    after = state_after(steps, change.before, paths)
    before = state_of(change.before, paths)
    after['moved_aside'] = progress.get('moved_aside', after['moved_aside'])
    if any(step.action == 'go_env' for step in steps):
        before['go_env'], after['go_env'] = go_policy.shown(steps, change.move, paths)
    values = {
        'changed': bool(steps),
        'diff': {'before': before, 'after': after},
        'plan': [' '.join(str(each) for each in step if each) for step in steps],
        'installed': [step.detail for step in steps if step.action in ('install', 'adopt')],
        'pruned': [step.detail for step in steps if step.action in ('remove', 'set_aside')],
        'bytes_fetched': 0, 'needs': [], 'moved_aside': after['moved_aside'], 'passed_over': [], 'adopted': [],
        'proven': [step.detail for step in steps if step.action == 'prove'],
        'kept': change.kept,
        'damaged': [each for each in listing(change.before, paths) if each['problem']],
        'toolchains': listing(now, paths),
    }
    values.update(progress)
    values['warnings'] = change.move.warnings + [extra_files.warning(each, check_mode) for each in values['kept']]
    values['warnings'] += adoption.warnings(values['adopted'], steps, check_mode)
    if values['needs']:
        # At most installs were done; the controller calls the module again with the missing archives.
        values['installed'] = progress.get('installed', [])
        values['changed'] = bool(values['installed'])
    return values
