# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compute Go's h1 digest of a tree or module, and name the module that contains a release in the transparency log."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import base64
import hashlib

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._proof import trees

# Top folders of the archive that the toolchain module leaves out (cmd/distpack).
_NOT_IN_MODULE = (b'api/', b'doc/', b'misc/', b'test/')


def hash1(named_digests):
    """Go's dirhash Hash1 ("h1:...") of (name as bytes, hex SHA-256) pairs.

    Source: golang.org/x/mod/sumdb/dirhash: base64 of the SHA-256 over the lines
    "hex  name" sorted by name.
    """
    total = hashlib.sha256()
    for name, digest in sorted(named_digests):
        total.update(digest.encode('ascii') + b'  ' + name + b'\n')
    return 'h1:' + base64.b64encode(total.digest()).decode('ascii')


def toolchain_module(version, goarch):
    """(path, version) of the module that contains a release: golang.org/toolchain, v0.0.1-go1.26.6.linux-amd64."""
    return 'golang.org/toolchain', 'v0.0.1-go%s.linux-%s' % (version, goarch)


def toolchain_h1(entries, version, goarch):
    """The h1 of an unpacked tree as in the transparency log; it does not depend on the type of the archive.

    The module contains the archive's files without the folders api, doc, misc and test, and with every go.mod
    renamed to _go.mod (cmd/distpack). entries: of walk_tree(). Returns None for a tree with links or special
    files, which no release contains.
    """
    prefix = ('%s@%s/' % toolchain_module(version, goarch)).encode('ascii')
    named = []
    for entry in entries:
        if entry.kind != trees.FILE:
            return None
        if not entry.path.startswith(_NOT_IN_MODULE):
            named.append((prefix + module_name(entry.path), entry.sha256))
    return hash1(named)


def prove_h1(entries, version, goarch, record, origin, consequence=''):
    """The h1 of a tree. Raises GofleetError(h1_mismatch) if the h1 of the release is known and differs.

    record: {h1, vouched}; origin: the archive's URL or path; consequence: a sentence on what happens to the tree.
    """
    h1 = toolchain_h1(entries, version, goarch)
    if record.get('h1') and h1 != record['h1']:
        text = '%s is not the release: the h1 of its tree is %s, %s says %s. %s' % (
            origin, h1, ' and '.join(sorted(record['vouched'].get('h1', ()))), record['h1'], consequence)
        raise GofleetError(text.rstrip(), 'h1_mismatch', found=h1, wanted=record['h1'], origin=origin)
    return h1


def module_name(path):
    """A file's name inside the module: go.mod becomes _go.mod, because a module cannot contain another module's go.mod."""
    folder, slash, name = path.rpartition(b'/')
    return folder + slash + (b'_go.mod' if name == b'go.mod' else name)
