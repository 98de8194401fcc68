# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Defaults of the go command: a block in $GOROOT/go.env of an installed toolchain, and a copy beside the toolchains (go_policy.py).

Settings by `go env -w` override this file, and the process environment overrides both (go help environment).
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import contextlib
import os
from collections import namedtuple

from ansible_collections.gofleet.golang.plugins.module_utils import _system as system
from ansible_collections.gofleet.golang.plugins.module_utils._environment import consumers
from ansible_collections.gofleet.golang.plugins.module_utils._environment.state import Step, Wanted
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import locks
from ansible_collections.gofleet.golang.plugins.module_utils._files import owners as folder_owners
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import go_policy, manifest
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import paths as toolchain_paths

# go.env of the active toolchain. path: of the file; content: bytes, or None if the file is missing; mode: its permissions;
# version: of the toolchain, or None if this collection did not install it; exists: whether a toolchain exists; leftovers: files that an
# interrupted run left beside the file; obstacle: the GofleetError that prevents every write there, or None; not_a_file: the GofleetError if
# the path is not a file, or None; copy: Copy, or None if no prefix of this collection is known.
GoEnv = namedtuple('GoEnv', 'path content mode version exists leftovers obstacle not_a_file copy')
# The copy beside the toolchains. blocks: settings by environment, or None if the copy is missing; leftovers: as above.
Copy = namedtuple('Copy', 'path blocks leftovers')


# ---- observe


def observe(link, will_be_written=True):
    """The GoEnv of the tree at link, a path or a link to it.

    will_be_written: whether obstacles matter. Raises GofleetError(manifest_newer), those of go_policy.read(), OSError.
    """
    # The tree itself: the link may lead to another one before the file is written.
    tree = system.realpath(link)
    if not system.isdir(tree):
        obstacle = _obstacle(link) if will_be_written else None
        return GoEnv(os.path.join(link, go_policy.FILE), None, go_policy.MODE, None, False, [], obstacle, None, _copy(_prefix_of_no_tree(link)))
    path = os.path.join(tree, go_policy.FILE)
    obstacle = _obstacle(tree)
    # A tree that root cannot rely on is not even read.
    described = None if obstacle else manifest.read(_paths(tree).manifests, os.path.basename(tree))
    if not described:
        return GoEnv(path, None, go_policy.MODE, None, True, [], obstacle, None, None)
    not_a_file, content, mode = None, None, go_policy.MODE
    try:
        content, mode = go_policy.in_tree(tree, must_be_file=True)
    except GofleetError as exc:
        if exc.code != 'not_a_file':
            raise
        # It contains no block, and check() refuses to write one.
        not_a_file = exc
    return GoEnv(path, content, mode, described['version'], True, go_policy.leftovers(tree), None, not_a_file, _copy(_paths(tree)))


def _obstacle(tree):
    return folder_owners.unsafe(tree, 'The toolchain', 'Name a goroot below folders that only root can write to.')


def _paths(tree):
    """The toolchain_paths.Paths of the prefix that contains a tree; link and bin_dir are not used here."""
    return toolchain_paths.Paths(os.path.dirname(tree), None, None)


def _prefix_of_no_tree(link):
    """The same for a link that leads to no tree; None if no prefix of this collection is known."""
    if system.islink(link):
        paths = _paths(os.path.normpath(os.path.join(os.path.dirname(link), system.readlink(link))))
        if system.isdir(paths.meta):
            return paths
    return toolchain_paths.default_paths() if link == toolchain_paths.default_paths().link else None


def _copy(paths):
    return None if paths is None else Copy(go_policy.path_of(paths), go_policy.kept(paths), go_policy.leftovers(paths.meta))


# ---- plan


def kept_steps(seen, name, settings):
    """The Steps that put the block of an environment (settings; None for no block) into the copy, for toolchains that become active later."""
    if seen.copy is None:
        return []
    # Earlier versions of gofleet.golang had no copy: a host whose go.env is right is not changed until something else changes.
    known = go_policy.blocks_in(seen.content) if seen.copy.blocks is None else seen.copy.blocks
    wanted = dict((each, block) for each, block in known.items() if each != name)
    if settings is not None:
        wanted[name] = settings
    steps = [Step('clean', None, each) for each in seen.copy.leftovers]
    if wanted == known:
        return steps
    content = go_policy.with_blocks(None, wanted) if wanted else None
    file = Wanted(consumers.GO_COMMAND, seen.copy.path, content, go_policy.MODE, None, None)
    return steps + [Step('write' if wanted else 'remove', file, file.path)]


def check(seen, check_mode):
    """Raise GofleetError(unsafe_folder, no_toolchain, foreign_toolchain, no_go_env, not_a_file) unless defaults can be written to this tree.

    In check mode an unsuitable toolchain is not an error, because an earlier task would have installed another one; returns a list of warnings.
    """
    if seen.obstacle:
        raise seen.obstacle
    refusal = _refusal(seen)
    if refusal is None:
        if seen.not_a_file:
            raise seen.not_a_file
        return []
    if not check_mode:
        raise refusal
    if not seen.exists:
        # This is so on every fresh host.
        return []
    return ['%s In check mode this is not a failure, because a task before this one may be about to change that.' % refusal.msg]


def _refusal(seen):
    where = os.path.dirname(seen.path)
    advice = ' Nothing was changed. Run go_toolchain first, name another goroot, or set level: enforced, which needs no toolchain.'
    if not seen.exists:
        return GofleetError('There is no toolchain at %s whose go.env could contain the defaults.%s' % (where, advice), 'no_toolchain', path=where)
    if seen.version is None:
        return GofleetError('The toolchain at %s was not installed by gofleet.golang, so its go.env is not changed.%s' % (where, advice),
                            'foreign_toolchain', path=where)
    if not go_policy.is_read_by(seen.version):
        return GofleetError('Go %s at %s does not read go.env; releases since 1.21 do.%s' % (seen.version, where, advice),
                            'no_go_env', path=where, version=seen.version)
    return None


def with_block(content, name, settings):
    """The content of a go.env (bytes) with this environment's block (settings, bytes, a whole rendered file), or without the block for None."""
    blocks = go_policy.blocks_in(content)
    if settings is None:
        blocks.pop(name, None)
    else:
        blocks[name] = settings
    return go_policy.with_blocks(content, blocks)


# ---- apply


@contextlib.contextmanager
def locked(seen, steps, timeout):
    """Hold go_toolchain's lock during steps that concern a toolchain, so that no other toolchain becomes active meanwhile.

    Raises GofleetError(locked).
    """
    paths = _paths(os.path.dirname(seen.path)) if seen.version else None
    if paths is None or not any(step.path.startswith(paths.prefix + os.sep) for step in steps):
        yield
        return
    with locks.lock(paths.lock, timeout):
        yield
