# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The go command's own defaults: a block of ours in $GOROOT/go.env of a toolchain of ours.

What `go env -w` writes for a user wins over this file, and the process environment over both (go help environment).
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import io
import os
import re
import stat
from collections import namedtuple

from ansible_collections.gofleet.golang.plugins.module_utils import goversion, manifest, toolchain, transaction
from ansible_collections.gofleet.golang.plugins.module_utils.errors import GofleetError

_FILE = 'go.env'
# The release that began to read go.env.
_SINCE = (1, 21)
_MODE = 0o644

# go.env of the active toolchain. path: of the file; content: bytes, or None where there is none; mode: its permissions;
# version: of the toolchain, or None where it is no toolchain of ours; exists: whether there is any tree; leftovers: what a
# killed run left beside the file in a tree of ours.
GoEnv = namedtuple('GoEnv', 'path content mode version exists leftovers')


def observe(goroot):
    """The GoEnv of the tree at goroot, a path or a link; None stands for the link of go_toolchain. Raises GofleetError(manifest_newer), OSError."""
    link = goroot or toolchain.default_paths().link
    # The tree itself: the link may name another one before the file is written.
    tree = os.path.realpath(link)
    if not os.path.isdir(tree):
        return GoEnv(os.path.join(link, _FILE), None, _MODE, None, False, [])
    paths = toolchain.Paths(os.path.dirname(tree), link, None)
    described = manifest.read(paths.manifests, os.path.basename(tree))
    path = os.path.join(tree, _FILE)
    content, mode = _read(path)
    leftovers = transaction.unfinished_copies(path) if described else []
    return GoEnv(path, content, mode, described['version'] if described else None, True, leftovers)


def _read(path):
    try:
        with io.open(path, 'rb') as source:
            return source.read(), stat.S_IMODE(os.fstat(source.fileno()).st_mode)
    except (IOError, OSError) as exc:
        if exc.errno != errno.ENOENT:
            raise
        return None, _MODE


def check(seen, check_mode):
    """Raise GofleetError(no_toolchain, foreign_toolchain, no_go_env) unless defaults can be written to this tree.

    In check mode a tree may be missing: a task before this one would have brought it.
    """
    where = os.path.dirname(seen.path)
    advice = ' Nothing was changed. Run go_toolchain before, name another goroot, or set level: enforced, which needs no toolchain.'
    if not seen.exists:
        if check_mode:
            return
        raise GofleetError('There is no toolchain at %s whose go.env could hold the defaults.%s' % (where, advice), 'no_toolchain', path=where)
    if seen.version is None:
        raise GofleetError('The toolchain at %s was not installed by gofleet.golang, so its go.env is not touched.%s' % (where, advice),
                           'foreign_toolchain', path=where)
    if goversion.parse_release(seen.version).line < _SINCE:
        raise GofleetError('Go %s at %s does not read go.env; releases since 1.21 do.%s' % (seen.version, where, advice),
                           'no_go_env', path=where, version=seen.version)


def with_block(content, name, settings):
    """The content of a go.env (bytes) with this environment's block (settings, bytes, a whole file of ours); without it if that is None.

    The block comes first: of two lines for one setting the go command takes the first. Everything else stays as it is.
    """
    begin, end = [b'# gofleet.golang environment %s: %s\n' % (name.encode('ascii'), word) for word in (b'begin', b'end')]
    content = re.sub(re.escape(begin) + b'.*?' + re.escape(end), b'', content or b'', flags=re.DOTALL)
    return content if settings is None else begin + settings + end + content
