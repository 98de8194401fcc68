# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file system that a program will see: this host's, or one below a folder, inside which links are resolved."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import stat

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError

# The kernel's limit (include/linux/namei.h, MAXSYMLINKS).
_LINKS = 40
# sys/statvfs.h; Python 2 has no name for it.
_ST_NOEXEC = 8


class Root:
    """folder: '/' or the folder that represents it. A path inside is the one that a program in that root uses; a real path is the one on this host.

    Raises GofleetError(no_sysroot) if the folder does not exist.
    """

    def __init__(self, folder='/'):
        if not os.path.isdir(folder):
            raise GofleetError("sysroot '%s' is not a folder on this host. Give the folder that holds the etc, lib and usr of the system to check." % folder,
                               'no_sysroot', path=folder)
        self.folder = os.path.realpath(folder)
        self.whole = self.folder == '/'

    def real(self, path):
        """The real path of a path inside; None if it does not exist."""
        if '\0' in path:
            # A path with a NUL cannot exist, and Python 2 raises TypeError for it.
            return None
        if self.whole:
            return path if os.path.exists(path) else None
        inside = self.resolved(path)
        return None if inside is None else self._outside(inside)

    def resolved(self, path):
        """A path inside, with all links resolved inside the root; None if it does not exist."""
        if '\0' in path:
            return None
        if self.whole:
            return os.path.realpath(path) if os.path.exists(path) else None
        links, done, left = 0, [], path.split('/')[::-1]
        while left:
            part = left.pop()
            if part in ('', '.'):
                continue
            if part == '..':
                del done[-1:]
                continue
            here = self._outside('/'.join([''] + done + [part]))
            try:
                status = os.lstat(here)
            except OSError:
                return None
            if not stat.S_ISLNK(status.st_mode):
                done.append(part)
                continue
            links += 1
            if links > _LINKS:
                return None
            target = os.readlink(here)
            done = [] if target.startswith('/') else done
            left += target.split('/')[::-1]
        return '/' + '/'.join(done)

    def inside(self, real):
        """The path inside of a file on this host, with all links resolved; None if the file is outside."""
        real = os.path.realpath(real)
        if self.whole:
            return real
        return real[len(self.folder):] if real.startswith(self.folder + '/') else None

    def _outside(self, inside):
        return self.folder + inside if not self.whole else inside


def is_noexec(path):
    """Whether the file system of a path is mounted noexec; False if that is unknown."""
    try:
        return bool(os.statvfs(path).f_flag & _ST_NOEXEC)
    except (OSError, AttributeError):
        return False
