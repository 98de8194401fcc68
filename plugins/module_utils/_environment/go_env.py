# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The go command's own defaults: a block of ours in $GOROOT/go.env of a toolchain of ours, kept beside the toolchains too (go_policy.py).

What `go env -w` writes for a user wins over this file, and the process environment over both (go help environment).
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import contextlib
import os
from collections import namedtuple

from ansible_collections.gofleet.golang.plugins.module_utils._environment import files
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import locks
from ansible_collections.gofleet.golang.plugins.module_utils._files import owners as folder_owners
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import go_policy, manifest
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import paths as toolchain_paths

CONSUMER = 'go_command'

# go.env of the active toolchain. path: of the file; content: bytes, or None where there is none; mode: its permissions;
# version: of the toolchain, or None where it is no toolchain of ours; exists: whether there is any tree; leftovers: what a
# killed run left beside the file in a tree of ours.
GoEnv = namedtuple('GoEnv', 'path content mode version exists leftovers')


def observe(goroot):
    """The GoEnv of the tree at goroot, a path or a link; None stands for the link of go_toolchain.

    Raises GofleetError(manifest_newer), those of go_policy.read(), OSError.
    """
    link = goroot or toolchain_paths.default_paths().link
    # The tree itself: the link may name another one before the file is written.
    tree = os.path.realpath(link)
    if not os.path.isdir(tree):
        return GoEnv(os.path.join(link, go_policy.FILE), None, go_policy.MODE, None, False, [])
    path = os.path.join(tree, go_policy.FILE)
    # What root cannot rely on is not even read; check() refuses it.
    described = None if folder_owners.first_weak(tree) else manifest.read(_paths(tree).manifests, os.path.basename(tree))
    if not described:
        return GoEnv(path, None, go_policy.MODE, None, True, [])
    # What is no file holds no block; check() refuses to write one.
    content, mode = go_policy.in_tree(tree, must_be_file=False)
    return GoEnv(path, content, mode, described['version'], True, go_policy.leftovers(tree))


def _paths(tree):
    """The toolchain_paths.Paths of the prefix that a tree is in, as far as they matter here."""
    return toolchain_paths.Paths(os.path.dirname(tree), None, None)


def _paths_of(seen, goroot):
    """The same for a GoEnv; None where no prefix of ours is known."""
    if seen.version:
        return _paths(os.path.dirname(seen.path))
    link = goroot or toolchain_paths.default_paths().link
    if seen.exists:
        return None
    if os.path.islink(link):
        paths = _paths(os.path.normpath(os.path.join(os.path.dirname(link), os.readlink(link))))
        if os.path.isdir(paths.meta):
            return paths
    return toolchain_paths.default_paths() if link == toolchain_paths.default_paths().link else None


def kept_steps(seen, goroot, name, settings):
    """The Steps by which an environment's block (settings; None for none) is kept for whichever toolchain becomes active."""
    paths = _paths_of(seen, goroot)
    if paths is None:
        return []
    kept = go_policy.kept(paths)
    # A former gofleet.golang kept nothing: a host on which go.env is right is left as it is until something changes.
    known = go_policy.blocks_in(seen.content) if kept is None else kept
    wanted = dict((each, block) for each, block in known.items() if each != name)
    if settings is not None:
        wanted[name] = settings
    steps = [files.Step('clean', None, each) for each in go_policy.leftovers(paths.meta)]
    if wanted == known:
        return steps
    content = go_policy.with_blocks(None, wanted) if wanted else None
    file = files.Wanted(CONSUMER, go_policy.path_of(paths), content, go_policy.MODE, None, None)
    return steps + [files.Step('write' if wanted else 'remove', file, file.path)]


@contextlib.contextmanager
def locked(seen, steps, timeout):
    """Hold go_toolchain's lock while steps that concern a toolchain are taken, so that no other one becomes active meanwhile.

    Raises GofleetError(locked).
    """
    paths = _paths(os.path.dirname(seen.path)) if seen.version else None
    if paths is None or not any(step.path.startswith(paths.prefix + os.sep) for step in steps):
        yield
        return
    with locks.lock(paths.lock, timeout):
        yield


def check(seen, check_mode):
    """Raise GofleetError(no_toolchain, foreign_toolchain, no_go_env) unless defaults can be written to this tree.

    Not in check mode, for a task before this one would have brought another tree; the texts are returned as a list then.
    """
    folder_owners.check_safe(os.path.dirname(seen.path), 'The toolchain', 'Name a goroot below folders that only root can write to.')
    refusal = _refusal(seen)
    if refusal is None:
        go_policy.in_tree(os.path.dirname(seen.path), must_be_file=True)
        return []
    if not check_mode:
        raise refusal
    if not seen.exists:
        # What every fresh host is like.
        return []
    return ['%s In check mode this is no failure, because a task before this one may be about to change that.' % refusal.msg]


def _refusal(seen):
    where = os.path.dirname(seen.path)
    advice = ' Nothing was changed. Run go_toolchain before, name another goroot, or set level: enforced, which needs no toolchain.'
    if not seen.exists:
        return GofleetError('There is no toolchain at %s whose go.env could hold the defaults.%s' % (where, advice), 'no_toolchain', path=where)
    if seen.version is None:
        return GofleetError('The toolchain at %s was not installed by gofleet.golang, so its go.env is not touched.%s' % (where, advice),
                            'foreign_toolchain', path=where)
    if not go_policy.is_read_by(seen.version):
        return GofleetError('Go %s at %s does not read go.env; releases since 1.21 do.%s' % (seen.version, where, advice),
                            'no_go_env', path=where, version=seen.version)
    return None


def with_block(content, name, settings):
    """The content of a go.env (bytes) with this environment's block (settings, bytes, a whole file of ours); without it if that is None."""
    blocks = go_policy.blocks_in(content)
    if settings is None:
        blocks.pop(name, None)
    else:
        blocks[name] = settings
    return go_policy.with_blocks(content, blocks)
