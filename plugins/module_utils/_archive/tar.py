# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Unpack a Go archive in one pass: each member is checked before it is written, and hashed while it is written.

Python unpacks it itself: that is faster than the system's tar followed by hashing its tree (docs/performance.md), and the
system's tar would need supervision.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import io
import os
import stat

from ansible_collections.gofleet.golang.plugins.module_utils._archive import gzipped_tar
from ansible_collections.gofleet.golang.plugins.module_utils._archive import tree as archive_tree
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import syncing

# No archive may unpack to more bytes than this.
_LIMIT = 2 << 30

# The setuid, setgid and sticky bits. In tars of Go 1.8 and earlier the mode also contains the
# type of the file, which is ignored.
_SPECIAL = stat.S_ISUID | stat.S_ISGID | stat.S_ISVTX


def unpack_tar(path, folder):
    """Unpack a gzipped tar, whose members are all below the folder go, into folder.

    Files belong to the user of this process; modes and times come from the archive. Returns the Entries of the tree folder/go,
    with digests computed while writing. Raises GofleetError(archive_damaged, archive_unsafe, not_a_toolchain), OSError.
    """
    with archive_tree.refusals(path), syncing.naming(folder), io.open(path, 'rb') as source:
        stream = gzipped_tar.Inflated(source)
        tree = archive_tree.Tree(os.path.join(folder, 'go'), path, _LIMIT)
        entries = [_unpack_tar_member(member, stream, tree) for member in gzipped_tar.members(stream)]
        stream.finish()
        tree.set_times()
        return sorted(entry for entry in entries if entry)


def _unpack_tar_member(member, stream, tree):
    """The Entry of a file; None for a folder."""
    archive_tree.check_name(member.name)
    top, dummy, name = member.name.partition(b'/')
    if top != b'go' or (not name and member.kind == gzipped_tar.FILE):
        raise GofleetError("The archive holds '%s'; a Go archive holds the folder go and nothing else." % archive_tree.shown(member.name),
                           'not_a_toolchain', member=archive_tree.shown(member.name))
    if member.mode & _SPECIAL:
        raise archive_tree.unsafe_member(member.name, 'which has the setuid, setgid or sticky bit')
    if member.kind == gzipped_tar.FOLDER:
        return tree.add_folder(name, member.mtime)
    return tree.add_file(name, member.mode & 0o755, member.size, stream.pieces(member.size), member.mtime)
