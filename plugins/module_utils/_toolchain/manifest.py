# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The manifest of a toolchain tree: what it is, what proved it, and every file's digest.

It lies beside the tree, never inside, so that the tree stays what Go released:
NAME.json holds what every run reads, NAME.sums one line a file.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import hashlib
import io
import os
import stat

from ansible.module_utils.common.text.converters import to_bytes, to_native

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import jsonfile, transaction
from ansible_collections.gofleet.golang.plugins.module_utils._go import version as goversion
from ansible_collections.gofleet.golang.plugins.module_utils._proof import tree_list

FORMAT = 1
# Folders down to this depth are looked for in each run; deeper ones only when the tree is verified file by file.
_DEPTH = 2


def describe(root, entries):
    """The part of a manifest that the tree itself yields: digests, and the evidence that each run checks.

    entries: of digests.walk_tree(root), or equal ones.
    """
    return {
        'files': dict((to_native(entry.path), _evidence(root, to_native(entry.path)))
                      for entry in entries if _is_key_file(entry.path)),
        'folders': sorted(_folders(root, '', _DEPTH)),
        'count': len(entries),
        'bytes': sum(entry.size for entry in entries),
        'sums_sha256': hashlib.sha256(tree_list.sums(entries)).hexdigest(),
    }


def _is_key_file(path):
    return path == b'VERSION' or path.startswith((b'bin/', b'pkg/tool/'))


def _evidence(root, path):
    status = os.lstat(os.path.join(root, path))
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
    """Write both files of a manifest, the sums first: NAME.json is what makes a tree proven. Raises OSError."""
    transaction.write_file(os.path.join(folder, name + '.sums'), tree_list.sums(entries))
    rewrite(folder, name, content)


def rewrite(folder, name, content):
    """Write what is said of a tree whose files are the same as before. Raises OSError."""
    jsonfile.write(os.path.join(folder, name + '.json'), dict(content, format=FORMAT))


def read(folder, name):
    """The manifest of a tree as a dict, or None where there is none or it cannot be what we wrote.

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
    """Whether a value can be a path below a root. Names that are no UTF-8 were written as Python 3 stands for them."""
    if not isinstance(path, str) or '\0' in path:
        return False
    try:
        to_bytes(path, errors='surrogate_or_strict')
    except UnicodeError:
        return False
    return True


def problem(root, content):
    """What is wrong with a tree at first sight, or None: its programs, tools and folders against the manifest."""
    for path, evidence in sorted(content['files'].items()):
        try:
            if _evidence(root, path) != evidence:
                return '%s is not the file that was installed' % path
        except OSError as exc:
            if exc.errno not in (errno.ENOENT, errno.ENOTDIR):
                raise
            return '%s is missing' % path
    for path in content['folders']:
        if not os.path.isdir(os.path.join(root, path)):
            return '%s is missing' % path
    return None


def differences(entries, folder, name, content):
    """Compare a tree with its manifest, file by file. Returns tree_manifest.Differences, or None if the list of its files is not what was written.

    entries: of digests.walk_tree(); content: of read(). Raises OSError.
    """
    wanted = _read_sums(os.path.join(folder, name + '.sums'), content.get('sums_sha256'))
    return None if wanted is None else tree_list.differences(wanted, entries)


def told(differences):
    """What differs, in few words; None if nothing does, or only go.env, which is there to be edited (go help environment)."""
    return tree_list.in_words(differences, ignored=[('changed', 'go.env')])


def as_shipped(entries, folder, name, content):
    """The entries of a tree, of digests.walk_tree(), with go.env as it was installed, whatever was written to it since. Raises OSError."""
    wanted = _read_sums(os.path.join(folder, name + '.sums'), content.get('sums_sha256')) or {}
    return [wanted.get(entry.path, entry) if entry.path == b'go.env' else entry for entry in entries]


def _read_sums(path, sha256):
    """{path: Entry} of a file that write() wrote, or None if it is not the one with this digest."""
    try:
        with io.open(path, 'rb') as source:
            text = source.read()
    except (IOError, OSError) as exc:
        if exc.errno != errno.ENOENT:
            raise
        return None
    return tree_list.parse(text) if hashlib.sha256(text).hexdigest() == sha256 else None


def names(folder):
    """The names of the trees that have a manifest."""
    try:
        listed = os.listdir(folder)
    except OSError as exc:
        if exc.errno != errno.ENOENT:
            raise
        return []
    return sorted(set(os.path.splitext(each)[0] for each in listed if each.endswith(('.json', '.sums'))))


def remove(folder, name):
    """Remove a manifest: what proves first, then the sums. Raises OSError."""
    transaction.remove_file(os.path.join(folder, name + '.json'))
    transaction.remove_file(os.path.join(folder, name + '.sums'))
