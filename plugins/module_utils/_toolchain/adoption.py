# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Adopt an existing toolchain: verify that it is an unmodified release, copy it, and report the outcome."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import io
import os
import stat

from ansible.module_utils.common.text.converters import to_bytes, to_native

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import regular as regular_files
from ansible_collections.gofleet.golang.plugins.module_utils._files import syncing
from ansible_collections.gofleet.golang.plugins.module_utils._proof import trees
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import source_types


def outcome(path, version, reason=None):
    """The entry in a result for the tree at path: that it was adopted, or the reason why it was not."""
    return {'path': path, 'version': version, 'taken_in': reason is None, 'reason': reason}


def check_verifiable(release, policy):
    """Raise GofleetError(unverifiable) unless the h1 of the tree is known and its proof satisfies trust. policy: trust.Policy."""
    if not release.h1 or not policy.holds(source_types.ADOPTED.kinds(release)):
        raise GofleetError('The tree of Go %s cannot be verified: the transparency log is not known to have it.' % release.version, 'unverifiable')


def foreseen(path, release, policy):
    """The outcome() that check mode predicts for the tree at path, without copying it or running its go. policy: trust.Policy. Raises OSError."""
    original = os.path.realpath(path)
    try:
        check_verifiable(release, policy)
        entries = trees.walk_tree(original)
        for entry in entries:
            if entry.kind != trees.FILE:
                raise _not_of_a_release(os.path.join(to_bytes(original), entry.path))
        release.check_tree(entries, original)
    except GofleetError as exc:
        return outcome(path, release.version, exc.msg)
    return outcome(path, release.version)


def warnings(outcomes, steps, check_mode):
    """Warnings for trees that were not adopted. steps: of the plan; its link step has the path where such a tree is kept."""
    asides = dict((step.subject, step.aside) for step in steps if step.action == 'link')
    texts = ('cannot be adopted', 'It would be moved aside whole to %s, and Go %s would be installed.') if check_mode else (
        'was not adopted', 'It is moved aside whole to %s, and Go %s is installed in its place.')
    return ['The toolchain at %s %s: %s %s' % (each['path'], texts[0], each['reason'], texts[1] % (asides.get(each['path']), each['version']))
            for each in outcomes if not each['taken_in']]


def with_reason(exc, outcomes):
    """The GofleetError of a failed installation, with the reasons why existing toolchains could not be adopted instead."""
    reasons = ' '.join('The toolchain at %s was not adopted: %s' % (each['path'], each['reason']) for each in outcomes if not each['taken_in'])
    return GofleetError('%s %s' % (exc.msg, reasons) if reasons else exc.msg, exc.code, **dict(exc.evidence, adopted=outcomes))


def copy_tree(source, target):
    """Copy files and folders below source to target, which must not exist, with the modes of an unpacked archive.

    A copy, not a rename or hard links, so that users who may write to the original cannot change the copy after it was verified.
    Raises GofleetError(not_the_release) for anything other than files and folders, OSError.
    """
    source, target = to_bytes(source), to_bytes(target)
    os.mkdir(target, 0o755)
    for folder, folders, names in os.walk(source, onerror=trees.raise_error):
        below = os.path.join(target, os.path.relpath(folder, source))
        for name in folders + names:
            path = os.path.join(folder, name)
            status = os.lstat(path)
            if stat.S_ISDIR(status.st_mode):
                os.mkdir(os.path.join(below, name), 0o755)
            elif stat.S_ISREG(status.st_mode):
                _copy_file(path, os.path.join(below, name), status.st_mode)
            else:
                raise _not_of_a_release(path)


def _not_of_a_release(path):
    return GofleetError('%s is neither a file nor a folder, and a release holds nothing else.' % to_native(path), 'not_the_release')


def _copy_file(path, target, mode):
    # Another user owns the original and may have replaced the file by a link, a pipe or an endless file meanwhile.
    with syncing.naming(target), io.open(target, 'wb') as output:
        regular_files.feed(path, output.write, follow=False)
    os.chmod(target, 0o755 if mode & stat.S_IXUSR else 0o644)
