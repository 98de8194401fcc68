# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find files in a toolchain that its release does not contain. A user added them, so the tree is moved aside instead of being removed.

Only names are compared with the list of files (NAME.sums), and only in a run that removes a tree.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import io
import os
import re
import stat

from ansible.module_utils.common.text.converters import to_bytes, to_native, to_text

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import leftovers
from ansible_collections.gofleet.golang.plugins.module_utils._proof import tree_list
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import go_policy
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import plan as toolchain_plan

# Files that the go command writes into its tree (precompiled packages before 1.20; the build cache of make.bash, whose
# successors are in GOCACHE), and files that Python writes when a debugger loads the runtime's script.
_MADE_BY_TOOLS = re.compile(br'pkg/obj/|pkg/[a-z0-9]+_[a-z0-9]+(?:_[A-Za-z0-9_]+)?/.+\.a\Z|(?:.*/)?__pycache__/|.*\.pyc\Z', re.DOTALL)
_CONTROL = re.compile(u'[\x00-\x1f\x7f-\x9f]')
# The number of names that are shown for a tree, and of characters of each.
_SHOWN, _LENGTH = 20, 120


def found(paths, name):
    """Sorted names (bytes) below a tree that its release does not contain; None if the list of its files cannot be read. Raises OSError.

    An unreadable folder counts as such a name.
    """
    listed = _listed(os.path.join(paths.manifests, name + '.sums'))
    if listed is None:
        return None
    root = to_bytes(paths.tree(name))
    own = set(to_bytes(os.path.basename(each)) for each in go_policy.leftovers(paths.tree(name)))
    return sorted(each for each in _names_below(root) if each not in listed and each not in own and not _MADE_BY_TOOLS.match(each))


def _names_below(root):
    """Names below a folder (bytes) of everything except folders; links are not followed. Not os.walk(), which recurses: a tree may be deep."""
    folders = [root + b'/']
    while folders:
        folder = folders.pop()
        try:
            listed = os.listdir(folder)
        except OSError as exc:
            if exc.errno != errno.EACCES:
                raise
            yield folder[len(root) + 1:]
            continue
        for name in listed:
            path = folder + name
            if stat.S_ISDIR(os.lstat(path).st_mode):
                folders.append(path + b'/')
            else:
                yield path[len(root) + 1:]


def _listed(path):
    try:
        with io.open(path, 'rb') as source:
            return tree_list.parse(source.read())
    except (IOError, OSError, GofleetError):
        return None


def aside_name(paths, name, now, taken):
    """The path for a tree that is kept aside. taken: the names in the prefix; now: seconds since the epoch."""
    first = fresh = leftovers.aside_name(paths.tree(name), now)
    number = 1
    while os.path.basename(fresh) in taken:
        number += 1
        fresh = '%s-%d' % (first, number)
    return fresh


def kept_aside(steps, observed, paths, now):
    """The steps of a plan, with set_aside in place of the removal of each tree that contains more files than its release; and descriptions of those trees."""
    changed, kept = [], []
    for step in steps:
        names = found(paths, step.subject) if step.action == 'remove' else []
        if names == []:
            changed.append(step)
            continue
        aside = aside_name(paths, step.subject, now, observed.taken)
        changed.append(toolchain_plan.Step('set_aside', step.subject, step.detail, aside))
        kept.append(described(paths, step.subject, step.detail, names, aside))
    return changed, kept


def described(paths, name, version, names, aside):
    """The entry in a result for a tree that is kept. names: of found()."""
    return {'tree': paths.tree(name), 'version': version, 'path': aside, 'count': None if names is None else len(names),
            'extra': [_shown(each) for each in (names or ())[:_SHOWN]]}


def _shown(name):
    text = _CONTROL.sub(u'?', to_text(name, errors='replace'))
    return to_native(text if len(text) <= _LENGTH else text[:_LENGTH] + u'...')


def warning(kept, check_mode):
    """The warning about a tree that is kept. kept: of described()."""
    if kept['count'] is None:
        reason = 'the list of its files cannot be read, so it is unknown whether its release has them all'
    else:
        shown = kept['extra'][:3]
        more = kept['count'] - len(shown)
        reason = 'it holds %d file%s that its release does not have: %s%s' % (
            kept['count'], '' if kept['count'] == 1 else 's', ', '.join(shown), ' and %d more' % more if more else '')
    return ('%s %s kept whole as %s instead of being removed, because %s. Delete it when it is no longer needed.'
            % (kept['tree'], 'would be' if check_mode else 'was', kept['path'], reason))
