# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The defaults of the go command that environments set: blocks in go.env, which move to each toolchain that becomes active.

    PREFIX/.gofleet/go.env   the blocks of all environments, as last written by env_file
    TREE/go.env              the same blocks, before the defaults that Go ships

Blocks are sorted by the names of their environments: of two lines for one setting the go command uses the first.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import re
import stat
from collections import namedtuple

from ansible.module_utils.common.text.converters import to_native

from ansible_collections.gofleet.golang.plugins.module_utils import _system as system
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import leftovers as files_leftovers
from ansible_collections.gofleet.golang.plugins.module_utils._files import regular as regular_files
from ansible_collections.gofleet.golang.plugins.module_utils._files import transaction
from ansible_collections.gofleet.golang.plugins.module_utils._go import version as goversion
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import observe
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import plan as toolchain_plan

FILE = 'go.env'
MODE = 0o644
# The first release that reads go.env.
SINCE = (1, 21)
# The largest go.env in bytes; Go ships some 500, and a block has a line for each setting of the go command.
_LIMIT = 1 << 20
_CHUNK = 1 << 16
# How each block begins.
MARK = b'# gofleet.golang environment '
_BEGIN = re.compile(br'^' + re.escape(MARK) + br'([A-Za-z0-9][A-Za-z0-9_.-]*): begin\n', re.MULTILINE)

# The changes of the blocks in a run of go_toolchain. blocks: settings (bytes) by environment, after the run; steps: to be added to those of a plan
# before the link changes; warnings: texts; before: settings by environment in the tree that a step writes to.
Move = namedtuple('Move', 'blocks steps warnings before')


def path_of(paths):
    """The file that keeps the blocks of the toolchains at these Paths."""
    return os.path.join(paths.meta, FILE)


def is_read_by(version):
    """Whether this release of Go reads go.env. Raises GofleetError(invalid_version)."""
    return goversion.parse_release(version).line >= SINCE


def _line(name, word):
    return b'# gofleet.golang environment %s: %s\n' % (name, word)


def _parted(content):
    """(settings by environment, everything else) of a go.env (bytes). A block without an end was not written by this collection."""
    blocks, rest, position = {}, [], 0
    endless = set()
    begin = _BEGIN.search(content)
    while begin:
        name, start = begin.group(1), begin.end()
        # From the end of the previous line, because the end marker is a separate line.
        end = -1 if name in endless else content.find(b'\n' + _line(name, b'end'), start - 1)
        if end < 0:
            endless.add(name)
            rest.append(content[position:start])
            position = start
        else:
            blocks[to_native(name)] = content[start:end + 1]
            rest.append(content[position:begin.start()])
            position = end + 1 + len(_line(name, b'end'))
        begin = _BEGIN.search(content, position)
    return blocks, b''.join(rest + [content[position:]])


def blocks_in(content):
    """Settings (bytes) by environment in a go.env (bytes, or None for no file)."""
    return _parted(content or b'')[0]


def with_blocks(content, blocks):
    """A go.env (bytes, or None for no file) with exactly these blocks. All other lines stay unchanged."""
    lines = []
    for name in sorted(blocks):
        encoded = name.encode('ascii')
        lines += [_line(encoded, b'begin'), blocks[name], _line(encoded, b'end')]
    return b''.join(lines) + _parted(content or b'')[1]


def read(path):
    """(content, mode) of a go.env; (None, MODE) if there is none; where a probe answers, only the blocks at its start.

    Raises GofleetError(not_a_file, too_large, file_unreadable, file_changed)."""
    try:
        head = system.head(path, MARK)
        if head is not None:
            return head, stat.S_IMODE(system.lstat(path).st_mode)
        # A link could lead to a file that only root may read, and a diff would show it.
        with regular_files.opened(path, follow=False) as (source, status):
            if status.st_size > _LIMIT:
                raise GofleetError('%s has %d bytes; at most %d are expected. Correct or remove it.' % (path, status.st_size, _LIMIT),
                                   'too_large', path=path, found=status.st_size, wanted=_LIMIT)
            return b''.join(iter(lambda: source.read(_CHUNK), b'')), stat.S_IMODE(status.st_mode)
    except GofleetError as exc:
        if exc.code == 'file_missing':
            return None, MODE
        if exc.code != 'not_a_file':
            raise
        raise GofleetError('%s is %s. It is neither read nor replaced. Put a regular file in its place, or remove it, and run again.'
                           % (path, exc.evidence['kind']), 'not_a_file', path=path, kind=exc.evidence['kind'])


def in_tree(tree, must_be_file):
    """The result of read() for the go.env of a tree. must_be_file: whether anything but a regular file is an error.

    Otherwise such a file counts as absent, because env_file never wrote to it. Raises GofleetError as read() does.
    """
    try:
        return read(os.path.join(tree, FILE))
    except GofleetError as exc:
        if must_be_file or exc.code != 'not_a_file':
            raise
        return None, MODE


def kept(paths):
    """The blocks that are kept for the toolchains at these Paths; None if none were ever kept."""
    content = read(path_of(paths))[0]
    return None if content is None else blocks_in(content)


def planned(steps, observed, paths):
    """The Move for the steps of a plan. It reads files only if another tree becomes active."""
    target = next((os.path.basename(step.detail) for step in steps if step.action == 'link'), None)
    unlinks = any(step.action == 'unlink' and step.subject == paths.link for step in steps)
    # The run removes the last tree, and the blocks with it.
    if (target is None and not unlinks) or any(step.action == 'dissolve' for step in steps):
        return Move({}, [], [], {})
    there = target in observed.trees
    version = next((step.detail for step in steps if step.action in ('install', 'adopt') and step.subject == target), None)
    version = version or (observed.trees[target].version if there else None)
    blocks, is_kept = _known(target if there else None, observed, paths)
    own = [] if is_kept or not blocks else [toolchain_plan.Step('keep_go_env', path_of(paths), _names(blocks), None)]
    if target is None:
        return Move(blocks, own, [], {})
    if not is_read_by(version):
        return Move(blocks, own, [_unread(version, blocks)] if blocks else [], {})
    before = in_tree(paths.tree(target), must_be_file=bool(blocks))[0] if there else None
    if with_blocks(before, blocks) != (before or b''):
        own = own + [toolchain_plan.Step('go_env', target, _names(blocks), None)]
    return Move(blocks, own, [], blocks_in(before))


def _known(target, observed, paths):
    """(blocks, whether they are kept). Earlier versions of this collection wrote them only to the active tree."""
    blocks = kept(paths)
    if blocks is not None:
        return blocks, True
    active = observe.active_tree(observed)
    # If no blocks are kept, a tree keeps those that it has.
    name = active.name if active else target
    return (blocks_in(in_tree(paths.tree(name), must_be_file=False)[0]) if name else {}), False


def _names(blocks):
    return ' '.join(sorted(blocks))


def _unread(version, blocks):
    return ('Go %s does not read go.env, so the defaults of %s do not hold while it is the active toolchain: releases since 1.21 read it. '
            'Set level: enforced for env_file (go_env_level), which puts them into the environment instead.'
            % (version, ' and '.join('environment ' + name for name in sorted(blocks))))


def inserted(steps, move):
    """The steps of a plan, with those of a Move inserted before the first step that changes a link to a toolchain."""
    if not move.steps:
        return steps
    first = next(number for number, step in enumerate(steps) if step.action in ('link', 'unlink'))
    return steps[:first] + move.steps + steps[first:]


def keep(paths, blocks):
    """Write blocks to the file beside the trees. Raises OSError."""
    transaction.write_file(path_of(paths), with_blocks(None, blocks), MODE)


def write(tree, blocks):
    """Write exactly these blocks to the go.env of a tree. Raises GofleetError, OSError."""
    path = os.path.join(tree, FILE)
    for leftover in leftovers(tree):
        transaction.remove_file(leftover)
    content, mode = read(path)
    fresh = with_blocks(content, blocks)
    if fresh != (content or b''):
        transaction.write_file(path, fresh, mode)


def leftovers(folder):
    """Files that a killed run left beside the go.env in a folder, which is a tree or the folder of the kept blocks."""
    return files_leftovers.unfinished_copies(os.path.join(folder, FILE))


def shown(steps, move, paths):
    """(before, after) for --diff: the environments with a block, by the go.env that a step writes to."""
    written = [os.path.join(paths.tree(step.subject), FILE) for step in steps if step.action == 'go_env']
    return [dict((path, sorted(blocks)) for path in written) for blocks in (move.before, move.blocks)]
