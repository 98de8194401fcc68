# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Copy a tree that somebody else made, so that it can be proven and be ours."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import io
import os
import stat

from ansible.module_utils.common.text.converters import to_bytes, to_native

from ansible_collections.gofleet.golang.plugins.module_utils import transaction
from ansible_collections.gofleet.golang.plugins.module_utils.digests import CHUNK, raise_error
from ansible_collections.gofleet.golang.plugins.module_utils.errors import GofleetError


def copy_tree(source, target):
    """Copy files and folders below source to target, which must not exist, as an archive of them would be unpacked.

    A copy, not a rename or hard links: nobody who may write to the original can change it after it was proven.
    Raises GofleetError(not_the_release) for anything that no release holds, OSError.
    """
    source, target = to_bytes(source), to_bytes(target)
    os.mkdir(target, 0o755)
    for folder, folders, names in os.walk(source, onerror=raise_error):
        below = os.path.join(target, os.path.relpath(folder, source))
        for name in folders + names:
            path = os.path.join(folder, name)
            status = os.lstat(path)
            if stat.S_ISDIR(status.st_mode):
                os.mkdir(os.path.join(below, name), 0o755)
            elif stat.S_ISREG(status.st_mode):
                _copy_file(path, os.path.join(below, name), status.st_mode)
            else:
                raise GofleetError('%s is neither a file nor a folder; a release holds nothing else' % to_native(path), 'not_the_release')


def _copy_file(path, target, mode):
    # O_NOFOLLOW: what was a file a moment ago may be a link by now.
    with io.open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), 'rb') as source, transaction.naming(target), io.open(target, 'wb') as output:
        for chunk in iter(lambda: source.read(CHUNK), b''):
            output.write(chunk)
    os.chmod(target, 0o755 if mode & stat.S_IXUSR else 0o644)
