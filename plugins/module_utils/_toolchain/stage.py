# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Build a tree in the stage: unpack an archive or copy an existing toolchain, verify it against the release, and run its go."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import time
from collections import namedtuple

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._proof import trees
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import adoption, manifest, source_types, trial

# The source of a tree. path: of a file in the stage, None for an adopted toolchain; source: of source_types; origin: URL or path
# of the original; sha256, size: of the file.
Obtained = namedtuple('Obtained', 'path source origin sha256 size')
# A tree in the stage. entries: like trees.walk_tree(); h1: of the tree.
Staged = namedtuple('Staged', 'path entries h1')


def unpack(obtained, release, folder, run):
    """The Staged tree of an archive, verified against the release (records.Release), in folder; the archive is removed.

    run: _frame.runner(). Raises GofleetError, OSError.
    """
    tree = os.path.join(folder, 'go')
    entries = obtained.source.unpack(obtained.path, folder, release)
    if not os.path.isfile(os.path.join(tree, 'VERSION')):
        raise GofleetError('%s is not an archive of Go: it does not have go/VERSION.' % obtained.origin, 'not_a_toolchain', origin=obtained.origin)
    h1 = release.check_tree(entries, obtained.origin, 'It was not installed.')
    trial.check_version(tree, release.version, release.goarch, folder, run)
    os.unlink(obtained.path)
    return Staged(tree, entries, h1)


def copy_existing(path, release, policy, folder, run):
    """(Obtained, Staged) of a verified copy of the tree at path, in folder. Raises GofleetError if it is not the release, OSError."""
    original = os.path.realpath(path)
    adoption.check_verifiable(release, policy)
    tree = os.path.join(folder, 'go')
    adoption.copy_tree(original, tree)
    entries = trees.walk_tree(tree)
    h1 = release.check_tree(entries, original)
    trial.check_version(tree, release.version, release.goarch, folder, run)
    return Obtained(None, source_types.ADOPTED, original, None, None), Staged(tree, entries, h1)


def description(release, obtained, staged):
    """The content of the manifest of a staged tree."""
    return dict(
        manifest.describe(staged.path, staged.entries), version=release.version, goarch=release.goarch, h1=staged.h1,
        proof=release.proofs(obtained.source.compares),
        source={'kind': obtained.source.kind, 'origin': obtained.origin, 'sha256': obtained.sha256, 'size': obtained.size},
        installed_at=time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime()))
