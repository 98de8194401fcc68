# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Take in a tree that somebody else made: prove that it is the release, copy it, and tell what came of it."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import io
import os
import stat

from ansible.module_utils.common.text.converters import to_bytes, to_native

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import regular as regular_files
from ansible_collections.gofleet.golang.plugins.module_utils._files import syncing
from ansible_collections.gofleet.golang.plugins.module_utils._go import dirhash
from ansible_collections.gofleet.golang.plugins.module_utils._proof import trees
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import trust


def outcome(path, version, reason=None):
    """What a result tells of a tree at path: that it was taken in, or the reason why it was not."""
    return {'path': path, 'version': version, 'taken_in': reason is None, 'reason': reason}


def check_provable(version, record, policy):
    """Raise GofleetError(unverifiable) unless something says what the tree has to be. policy: trust.Policy."""
    if not record.get('h1') or not policy.holds(trust.kinds_for_tree(record)):
        raise GofleetError('Nothing says what the tree of Go %s has to be: the transparency log is not known to have it.' % version, 'unverifiable')


def foreseen(path, version, record, wanted):
    """The outcome() that a run would have for the tree at path, without copying it or running its go. wanted: toolchain.Wanted. Raises OSError."""
    source = os.path.realpath(path)
    try:
        check_provable(version, record, wanted.trust)
        entries = trees.walk_tree(source)
        for entry in entries:
            if entry.kind != trees.FILE:
                raise _not_of_a_release(os.path.join(to_bytes(source), entry.path))
        dirhash.prove_h1(entries, version, wanted.goarch, record, source)
    except GofleetError as exc:
        return outcome(path, version, exc.msg)
    return outcome(path, version)


def warnings(outcomes, steps, check_mode):
    """Texts for trees that were not taken in. steps: of the plan, whose link step says where such a tree is kept."""
    asides = dict((step.subject, step.aside) for step in steps if step.action == 'link')
    texts = ('is not taken in', 'It would be moved aside whole to %s, and Go %s would be installed.') if check_mode else (
        'was not taken in', 'It is moved aside whole to %s, and Go %s is installed in its place.')
    return ['The toolchain at %s %s: %s %s' % (each['path'], texts[0], each['reason'], texts[1] % (asides.get(each['path']), each['version']))
            for each in outcomes if not each['taken_in']]


def with_reason(exc, outcomes):
    """The GofleetError of an installation that failed, with why the trees that were there could not take its place."""
    reasons = ' '.join('The toolchain at %s was not taken in: %s' % (each['path'], each['reason']) for each in outcomes if not each['taken_in'])
    return GofleetError('%s %s' % (exc.msg, reasons) if reasons else exc.msg, exc.code, **dict(exc.evidence, adopted=outcomes))


def copy_tree(source, target):
    """Copy files and folders below source to target, which must not exist, as an archive of them would be unpacked.

    A copy, not a rename or hard links: nobody who may write to the original can change it after it was proven.
    Raises GofleetError(not_the_release) for anything that no release holds, OSError.
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
    # What was a file a moment ago may be a link, a pipe or endless by now: it is somebody else's.
    with syncing.naming(target), io.open(target, 'wb') as output:
        regular_files.feed(path, output.write, follow=False)
    os.chmod(target, 0o755 if mode & stat.S_IXUSR else 0o644)
