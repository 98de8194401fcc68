# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks before the first change, also in check mode, and requests to the controller that come before it."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

from ansible_collections.gofleet.golang.plugins.module_utils import _system as system
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import owners as folder_owners
from ansible_collections.gofleet.golang.plugins.module_utils._files import preconditions
from ansible_collections.gofleet.golang.plugins.module_utils._go import kernels
from ansible_collections.gofleet.golang.plugins.module_utils._host import kernel
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import offers, trust

# The smallest size of an unpacked release archive, as a multiple of the archive's size (measured: 3.4 to 4.2).
_UNPACKS_TO = 3.3


def check_folders(paths):
    """Raise GofleetError(unsafe_folder) if root would rely on folders that other users can change."""
    advice = ('Choose %s below folders that belong to root and that only root can write to, or run the play without become, as the user that the '
              'toolchain is for.')
    for option, path in relied_on(paths):
        folder_owners.check_safe(path, 'The folder of %s,' % option, advice % option)
    for path in own_folders(paths):
        if system.geteuid() == 0 and system.lexists(path):
            folder_owners.check_own(path)


def own_folders(paths):
    """The folders that only this collection may write to."""
    return paths.meta, paths.manifests, paths.stage, paths.incoming


def relied_on(paths):
    """(option, folder) for the folders that root relies on, and on all above them."""
    return ('prefix', paths.prefix), ('link', os.path.dirname(paths.link)), ('bin_dir', paths.bin_dir)


def check_host(steps, paths, wanted, records):
    """Raise GofleetError or OSError if folders, kernel or disk space do not allow the steps of a plan."""
    if not steps:
        return
    for path in (paths.prefix, os.path.dirname(paths.link), paths.bin_dir):
        preconditions.check_writable(path, 'prefix, link and bin_dir below a folder of this user (the default without become)')
    versions = [step.detail for step in steps if step.action in ('install', 'adopt')]
    for version in versions:
        kernels.check(version, wanted.goarch, kernel.version())
    releases = [records.release(version, wanted.goarch) for version in versions]
    check_room(preconditions.nearest_folder(paths.prefix), sum(release.size or 0 for release in releases if release))


def check_room(folder, size):
    """Raise GofleetError(disk_full) if archives of size bytes in total certainly do not fit on the disk once they are unpacked."""
    status = os.statvfs(folder)
    free = status.f_bavail * status.f_frsize
    needed = int(size * (1 + _UNPACKS_TO))
    if free < needed:
        raise GofleetError(
            'About %d MB are needed in %s, where %d MB are free. Nothing was changed. Free some space or choose another prefix.'
            % (needed >> 20, folder, free >> 20), 'disk_full', needed=needed, free=free, path=folder)


def check_sources(steps, wanted, records, offered):
    """Raise GofleetError(no_source) if no source can have a release. A tree that may be adopted is not fetched."""
    for step in steps:
        if step.action == 'install':
            offers.check(offered, records.release(step.detail, wanted.goarch), wanted.trust)


def needs(steps, wanted, records):
    """The requests to the controller for these steps, for the result.

    Raises GofleetError(untrusted) if the controller has found all proof that it can, and trust requires more.
    """
    found = []
    for step in steps:
        if step.action not in ('install', 'adopt', 'prove'):
            continue
        release = records.release(step.detail, wanted.goarch)
        if release is None:
            found.append({'kind': 'record', 'version': step.detail, 'goarch': wanted.goarch})
            continue
        kinds = release.kinds()
        if wanted.trust.asks_for_more(kinds) and not release.exhausted:
            found.append({'kind': 'proof', 'version': step.detail, 'goarch': wanted.goarch})
        elif not wanted.trust.holds(kinds):
            raise trust.untrusted(step.detail, wanted.goarch, wanted.trust, kinds, 'No source has enough proof')
    return found
