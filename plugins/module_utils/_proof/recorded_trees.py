# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Verify trees by manifests, and record the manifests of trees."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import hashlib
import os
from collections import namedtuple

from ansible.module_utils.common.text.converters import to_native

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import locks, transaction
from ansible_collections.gofleet.golang.plugins.module_utils._files import regular as regular_files
from ansible_collections.gofleet.golang.plugins.module_utils._proof import tree_list, trees

# The largest manifest in bytes: some 2,000,000 files.
MANIFEST_LIMIT = 256 << 20
# The number of names of each kind of difference in a result, and of lines on each side of a diff.
_NAMES = 100
_DIFF = 100


def observe_tree(root):
    """[trees.Entry] of a tree. Raises GofleetError: tree_missing, not_a_folder, file_changed, file_unreadable."""
    if not os.path.lexists(root):
        raise GofleetError('The folder %s does not exist on this host.' % root, 'tree_missing', path=root)
    if not os.path.isdir(root):
        raise GofleetError('%s is not a folder. Name the root of the tree.' % root, 'not_a_folder', path=root)
    try:
        return trees.walk_tree(root, trees.sha256_of_entry)
    except (IOError, OSError) as exc:
        path = to_native(exc.filename or root)
        # The file was removed after its folder had been listed.
        if exc.errno in (errno.ENOENT, errno.ENOTDIR):
            raise regular_files.changed(path)
        raise GofleetError('%s cannot be read: %s. Let this user (uid %d) read the whole tree, or run the task with become.'
                           % (path, exc.strerror or exc, os.geteuid()), 'file_unreadable', path=path, errno=errno.errorcode.get(exc.errno))


def read_manifest(path):
    """(text, {path: trees.Entry}) of a manifest. Raises GofleetError(bad_manifest), and as regular_files does."""
    text = regular_files.read(path, MANIFEST_LIMIT)
    try:
        return text, tree_list.parse(text)
    except GofleetError as exc:
        raise GofleetError('%s is not a manifest of this collection: %s. Record the tree under another name, or restore the manifest.'
                           % (path, exc.msg), exc.code, **dict(exc.evidence, path=path))


def check_paths(root, manifest):
    """Raise GofleetError(manifest_in_tree) for a manifest inside the tree that it lists, because writing it would change the tree."""
    if (os.path.realpath(manifest) + os.sep).startswith(os.path.realpath(root).rstrip(os.sep) + os.sep):
        raise GofleetError('manifest (%s) is inside tree (%s) and would be one of the files that it lists. Put it beside the tree.'
                           % (manifest, root), 'manifest_in_tree', path=manifest)


def verify_tree(root, manifest):
    """(result for a tree, GofleetError or None)."""
    result = _tree_result(root, manifest)
    try:
        if not os.path.lexists(manifest):
            raise GofleetError('The manifest %s of %s does not exist on this host. Record the tree first, with state: recorded, or copy the manifest there.'
                               % (manifest, root), 'manifest_missing', path=manifest)
        text, listed = read_manifest(manifest)
        entries = observe_tree(root)
        differences = tree_list.differences(listed, entries)
        result.update(_measured(entries, text), differences=tree_list.shortened(differences, _NAMES))
        if any(differences):
            raise GofleetError('%s differs from its manifest %s: %s. Find out who changed it; if the change is right, record it again with state: recorded.'
                               % (root, manifest, tree_list.in_words(differences)), 'tree_differs', path=root, manifest=manifest)
    except GofleetError as exc:
        result.update(proven=False, code=exc.code, reason=exc.msg)
        return result, exc
    return dict(result, proven=True), None


def _tree_result(root, manifest):
    return {'path': root, 'manifest': manifest, 'proven': None, 'sha256': None, 'count': None, 'bytes': None, 'differences': None, 'code': None,
            'reason': None}


def _measured(entries, text):
    return {'sha256': hashlib.sha256(text).hexdigest(), 'count': len(entries), 'bytes': sum(entry.size for entry in entries if entry.kind == trees.FILE)}


# A manifest to write. text: bytes, or None if it is up to date; result: for the tree; diff: for Ansible.
Record = namedtuple('Record', 'text result diff')


def plan_record(root, manifest, entries, old):
    """The Record of a tree. entries: of observe_tree(); old: read_manifest() of the present manifest, or None. Raises GofleetError(not_a_file)."""
    special = [to_native(entry.path) for entry in entries if entry.kind == '?']
    if special:
        raise GofleetError('%s holds %s, which is neither a file nor a symbolic link and has no digest%s. No manifest was written. '
                           'Remove pipes, sockets and devices from the tree.'
                           % (root, special[0], ' (there are %d more)' % (len(special) - 1) if len(special) > 1 else ''), 'not_a_file',
                           path=root, special=special[:_NAMES])
    text = tree_list.sums(entries)
    then, listed = old or (b'', {})
    differences = tree_list.shortened(tree_list.differences(listed, entries), _NAMES) if old else None
    result = dict(_tree_result(root, manifest), differences=differences, **_measured(entries, text))
    if old and text == then:
        return Record(None, result, None)
    before, after = _lines(then), _lines(text)
    return Record(text, result, {
        'before_header': manifest, 'after_header': manifest,
        'before': _shown(before, set(after)), 'after': _shown(after, set(before))})


def _lines(text):
    return [line + '\n' for line in to_native(text, errors='surrogate_or_replace').split('\n')[:-1]]


def _shown(lines, others):
    different = [line for line in lines if line not in others]
    more = len(different) - _DIFF
    return ''.join(different[:_DIFF]) + ('... and %d more\n' % more if more > 0 else '')


def record_tree(root, manifest):
    """The Record of the tree as it is now. Raises GofleetError."""
    old = read_manifest(manifest) if os.path.lexists(manifest) else None
    return plan_record(root, manifest, observe_tree(root), old)


def write(record, manifest, lock_timeout):
    """Write the manifest of a Record. Raises GofleetError(locked, unsafe_folder), OSError."""
    with locks.lock(manifest + '.lock', lock_timeout, passing=True):
        transaction.write_file(manifest, record.text)
