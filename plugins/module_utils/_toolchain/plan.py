# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plan the steps from the observed to the wanted toolchains. Pure: nothing is read, so that it can also run on the controller."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
from collections import namedtuple

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import leftovers
from ansible_collections.gofleet.golang.plugins.module_utils._go import version as goversion
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import observe
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import paths as toolchain_paths

# The wanted toolchains. active: version or None; keep: versions to install besides it;
# remove: goversion.Spec list, used when state is absent ([] means all), otherwise None;
# prune: remove our other trees; adopt: adopt foreign files at LINK and BIN, or move them aside; trust: trust.Policy.
Wanted = namedtuple('Wanted', 'active keep remove prune adopt goarch trust')


def wanted(state, version, also, prune, adopt, goarch, policy):
    """The Wanted for a module's options. Raises GofleetError(invalid_version)."""
    if state == 'absent':
        return Wanted(None, [], [goversion.parse_spec(each) for each in also + [version] if each], False, False, goarch, policy)
    if not version:
        raise GofleetError('Neither version nor version_from says which Go is wanted.', 'invalid_version', version=version)
    exact = [str(goversion.parse_release(each)) for each in [version] + also]
    return Wanted(exact[0], exact[1:], None, prune, adopt, goarch, policy)


# One step of a plan. action: clean, forget, install, adopt, prove, keep_go_env, go_env (go_policy.py), link, program, discard, unlink, remove,
# set_aside (extra_files.py), dissolve.
# subject: path, tree or program; detail: depends on action; aside: the new path of a foreign file or folder, or None.
Step = namedtuple('Step', 'action subject detail aside')


def plan(wanted, observed, paths, now):
    """The Steps from observed to wanted, in an order that keeps a working toolchain active throughout.

    now: seconds since the epoch, for the names of files and folders that are moved aside.
    Raises GofleetError(occupied) if a foreign file or folder is at one of the paths.
    """
    steps = [Step('clean', path, None, None) for path in observed.garbage]
    steps += [Step('forget', name, None, None) for name in observed.orphans]
    if wanted.remove is not None:
        return steps + _plan_removal(wanted, observed, paths)
    names = {}
    for version in [wanted.active] + list(wanted.keep):
        if version not in names:
            names[version], more = _plan_tree(version, wanted, observed)
            steps += more
    steps += _plan_names(wanted, observed, paths, names[wanted.active], now)
    steps += _plan_twins(observed, steps)
    doomed = [tree for tree in observed.trees.values() if tree.name not in names.values()
              and (wanted.prune or tree.version in names)]
    return steps + [Step('remove', tree.name, tree.version, None) for tree in observe.oldest_first(doomed)]


def _plan_tree(version, wanted, observed):
    # Prefer a tree that already satisfies trust.
    fitting = sorted((not _is_proven(tree, wanted.trust), tree.name) for tree in observed.trees.values()
                     if tree.version == version and tree.goarch == wanted.goarch and tree.problem is None)
    if fitting:
        unproven, name = fitting[0]
        return name, [Step('prove', name, version, None)] if unproven else []
    # A damaged tree stays until its successor has been verified under another name.
    name = 'go' + version
    number = 1
    while name in observed.taken:
        number += 1
        name = 'go%s-%d' % (version, number)
    adopts = wanted.adopt and observed.link.kind == 'foreign' and observed.link.version == version
    return name, [Step('adopt' if adopts else 'install', name, version, None)]


def _twins(observed):
    return [(tree.name, tree.twin) for tree in observed.trees.values() if tree.twin]


def _plan_twins(observed, steps):
    """Remove the originals of adopted trees once the copy is active: those of this plan, and those that a killed run left."""
    found = _twins(observed)
    asides = [step.aside for step in steps if step.action == 'link' and step.aside]
    found += [(step.subject, aside) for step in steps if step.action == 'adopt' for aside in asides]
    return [Step('discard', name, twin, None) for name, twin in sorted(found)]


def _is_proven(tree, policy):
    return not policy.kinds or policy.holds([proof.get('kind') for proof in tree.proof])


def _plan_names(wanted, observed, paths, name, now):
    steps = []
    target = paths.tree(name)
    if observed.link.kind != 'link' or os.path.normpath(observed.link.target) != os.path.normpath(target):
        aside = _aside(observed.link, paths.link, wanted, now)
        # A killed run wrote this name into the manifest of the copy before it could use it.
        promised = [twin for dummy, twin in _twins(observed)]
        steps.append(Step('link', paths.link, target, promised[0] if aside and promised else aside))
    for program in toolchain_paths.PROGRAMS:
        found = observed.programs[program]
        if found.kind != 'link' or found.target != paths.program_target(program):
            path = paths.program(program)
            steps.append(Step('program', path, paths.program_target(program), _aside(found, path, wanted, now)))
    return steps


def _aside(found, path, wanted, now):
    if found.kind != 'foreign':
        return None
    if not wanted.adopt:
        raise GofleetError(
            '%s is in the way: %s that gofleet.golang did not make. Nothing was changed. Move it away yourself, choose another '
            'path, or set adopt: true to keep it whole under another name beside it.'
            % (path, 'a link to %s' % found.target if found.target else 'a file or folder'),
            'occupied', path=path, target=found.target)
    return leftovers.aside_name(path, now)


def _plan_removal(wanted, observed, paths):
    doomed = [tree for tree in observed.trees.values() if _matches(tree, wanted.remove)]
    active = observe.active_tree(observed)
    steps = []
    # Without specs everything is removed, including our links whose targets no longer exist.
    if active in doomed or not wanted.remove:
        steps += [Step('unlink', paths.program(name), None, None) for name in toolchain_paths.PROGRAMS if observed.programs[name].kind == 'link']
        steps += [Step('unlink', paths.link, None, None)] if observed.link.kind == 'link' else []
    steps += [Step('remove', tree.name, tree.version, None) for tree in observe.oldest_first(doomed)]
    if toolchain_paths.META in observed.taken and len(doomed) == len(observed.trees):
        steps.append(Step('dissolve', paths.prefix, None, None))
    return steps


def _matches(tree, specs):
    if not specs:
        return True
    if tree.version is None:
        return False
    version = goversion.parse_release(tree.version)
    return any(spec.version == version if spec.kind == 'exact' else spec.line == version.line for spec in specs)
