# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read and write the manifest of a toolchain: its release, the proof it was verified with, and the digest of every file.

It is beside the tree, not inside, so that the tree stays identical to Go's release:
NAME.json contains the part that every run reads, NAME.sums has one line for each file.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import hashlib
import io
import os
import stat
from collections import namedtuple

from ansible.module_utils.common.text.converters import to_bytes, to_native

from ansible_collections.gofleet.golang.plugins.module_utils import _system as system
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import jsonfile, transaction
from ansible_collections.gofleet.golang.plugins.module_utils._go import version as goversion
from ansible_collections.gofleet.golang.plugins.module_utils._proof import tree_list

FORMAT = 1
# Each run looks at these files, and at those in folders below them, where no release has any: a probe does not look there.
_KEY_FILES = ('VERSION', 'bin/*', 'pkg/tool/*/*')
# As names and beginnings, computed once: each file of a release is compared with them.
_KEY_NAMES = frozenset(to_bytes(each) for each in _KEY_FILES if '*' not in each)
_KEY_FOLDERS = tuple(to_bytes(each.partition('*')[0]) for each in _KEY_FILES if '*' in each)
# Each run checks that folders down to this depth exist; deeper ones are checked only when the tree is verified file by file.
_DEPTH = 2

# The facts that an ordinary run reads from a tree. files: [size, time in seconds] by path, without missing ones; folders: paths that exist.
Evidence = namedtuple('Evidence', 'files folders')


def describe(root, entries):
    """The part of a manifest that comes from the tree: digests, and the evidence that each run checks.

    entries: of trees.walk_tree(root), or equal ones.
    """
    return {
        'files': dict((to_native(entry.path), _evidence(root, to_native(entry.path)))
                      for entry in entries if _is_key_file(entry.path)),
        'folders': sorted(_folders(root, '', _DEPTH)),
        'count': len(entries),
        'bytes': sum(entry.size for entry in entries),
        'sums_sha256': hashlib.sha256(tree_list.sums(entries)).hexdigest(),
    }


def evidence_patterns():
    """(files, folders): where an ordinary run finds what it reads of a tree, as patterns of the shell below its root."""
    return _KEY_FILES, tuple('/'.join('*' * depth) for depth in range(1, _DEPTH + 1))


def _is_key_file(path):
    return path in _KEY_NAMES or path.startswith(_KEY_FOLDERS)


def _evidence(root, path):
    status = system.lstat(os.path.join(root, path))
    # Whole seconds: image layers and backups drop the rest.
    return [status.st_size, int(status.st_mtime)]


def _folders(root, below, depth):
    found = []
    for name in os.listdir(os.path.join(root, below)):
        path = os.path.join(below, name)
        if stat.S_ISDIR(os.lstat(os.path.join(root, path)).st_mode):
            found.append(path)
            if depth > 1:
                found += _folders(root, path, depth - 1)
    return found


def write(folder, name, content, entries):
    """Write both files of a manifest, the sums first: a tree counts as verified when NAME.json exists. Raises OSError."""
    transaction.write_file(os.path.join(folder, name + '.sums'), tree_list.sums(entries))
    rewrite(folder, name, content)


def rewrite(folder, name, content):
    """Write NAME.json again for a tree whose files have not changed. Raises OSError."""
    jsonfile.write(os.path.join(folder, name + '.json'), dict(content, format=FORMAT))


def read(folder, name):
    """The manifest of a tree as a dict, or None if it does not exist or was not written by this collection.

    Raises GofleetError(manifest_newer) for one that a later collection wrote, OSError.
    """
    try:
        content = jsonfile.read(os.path.join(folder, name + '.json'), FORMAT, 'manifest_newer')
    except ValueError:
        return None
    return content if _is_complete(content) else None


def _is_complete(content):
    try:
        goversion.parse_release(content['version'])
        return (isinstance(content['format'], int)
                and all(isinstance(evidence, list) for evidence in content['files'].values())
                and all(map(_is_path, list(content['files']) + list(content['folders'])))
                and isinstance(content['goarch'], str) and isinstance(content['proof'], list) and all(isinstance(each, dict) for each in content['proof'])
                and isinstance(content.get('source') or {}, dict))
    except (KeyError, TypeError, AttributeError, GofleetError):
        return False


def _is_path(path):
    """Whether a value can be a path below a root. Names that are not UTF-8 contain Python 3's surrogates."""
    if not isinstance(path, str) or '\0' in path:
        return False
    try:
        to_bytes(path, errors='surrogate_or_strict')
    except UnicodeError:
        return False
    return True


def evidence(root, files, folders):
    """The Evidence of a tree, for the files and folders in its manifest. Raises OSError."""
    found = {}
    for path in files:
        try:
            found[path] = _evidence(root, path)
        except OSError as exc:
            if exc.errno not in (errno.ENOENT, errno.ENOTDIR):
                raise
    return Evidence(found, set(path for path in folders if system.isdir(os.path.join(root, path))))


def problem(content, found):
    """The problem with a tree that an ordinary run finds, or None: it compares programs, tools and folders with the manifest. found: Evidence."""
    for path, expected in sorted(content['files'].items()):
        if path not in found.files:
            return '%s is missing' % path
        if found.files[path] != expected:
            return '%s is not the file that was installed' % path
    return next(('%s is missing' % path for path in content['folders'] if path not in found.folders), None)


def differences(entries, folder, name, content):
    """Compare a tree with its manifest, file by file. Returns tree_list.Differences, or None if the list of its files was changed.

    entries: of trees.walk_tree(); content: of read(). Raises OSError.
    """
    wanted = _read_sums(os.path.join(folder, name + '.sums'), content.get('sums_sha256'))
    return None if wanted is None else tree_list.differences(wanted, entries)


def summary(differences):
    """A short text on the differences; None if only go.env differs, which users may edit (go help environment)."""
    return tree_list.in_words(differences, ignored=[('changed', 'go.env')])


def as_shipped(entries, folder, name, content):
    """The entries of a tree, of trees.walk_tree(), with go.env as it was installed, even if it has changed. Raises OSError."""
    wanted = _read_sums(os.path.join(folder, name + '.sums'), content.get('sums_sha256')) or {}
    return [wanted.get(entry.path, entry) if entry.path == b'go.env' else entry for entry in entries]


def _read_sums(path, sha256):
    """{path: Entry} of a file from write(), or None if it does not exist or its digest differs."""
    try:
        with io.open(path, 'rb') as source:
            text = source.read()
    except (IOError, OSError) as exc:
        if exc.errno != errno.ENOENT:
            raise
        return None
    return tree_list.parse(text) if hashlib.sha256(text).hexdigest() == sha256 else None


def names(folder):
    """The names of the trees with a manifest."""
    try:
        listed = system.listdir(folder)
    except OSError as exc:
        if exc.errno != errno.ENOENT:
            raise
        return []
    return sorted(set(os.path.splitext(each)[0] for each in listed if each.endswith(('.json', '.sums'))))


def remove(folder, name):
    """Remove a manifest, NAME.json first. Raises OSError."""
    transaction.remove_file(os.path.join(folder, name + '.json'))
    transaction.remove_file(os.path.join(folder, name + '.sums'))
