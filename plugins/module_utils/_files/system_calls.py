# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""System calls for which some or all versions of Python have no function. Each has a fallback for a Python without ctypes."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import os

from ansible.module_utils.common.text.converters import to_bytes

try:
    import ctypes
except ImportError:
    # A statically linked Python (as on some Alpine hosts) has no ctypes.
    ctypes = None

# linux/fcntl.h and linux/fs.h.
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
# Errors that show that a kernel or file system cannot exchange two names.
_NO_EXCHANGE = (errno.ENOSYS, errno.EINVAL, errno.EPERM)
_ACCESS_LIST = 'system.posix_acl_access'
# The folder has no access list, its file system does not support them, or the folder does not exist.
_NO_ACCESS_LIST = (errno.ENODATA, errno.EOPNOTSUPP, errno.ENOENT)


def exchange(one, other):
    """Exchange two names in one step (renameat2(2), Linux 3.15). Returns False if this host cannot do that. Raises OSError for other failures."""
    if ctypes is None:
        return False
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), 'renameat2', None)
    if renameat2 is None:
        return False
    names = [to_bytes(name, errors='surrogate_or_strict') for name in (one, other)]
    if renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE) == 0:
        return True
    code = ctypes.get_errno()
    if code in _NO_EXCHANGE:
        return False
    raise OSError(code, os.strerror(code), one)


def sync_file_system(path):
    """Sync the whole file system of a path (syncfs(2), Linux 2.6.39). Returns False if Python cannot call it. Raises OSError."""
    if ctypes is None or not hasattr(ctypes.CDLL(None), 'syncfs'):
        return False
    handle = os.open(path, os.O_RDONLY)
    try:
        if ctypes.CDLL(None, use_errno=True).syncfs(handle) != 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), path)
    finally:
        os.close(handle)
    return True


def may_have_access_list(path):
    """Whether an access list may grant more users access to a folder than its mode shows; True if that is unknown."""
    if hasattr(os, 'getxattr'):
        try:
            os.getxattr(path, _ACCESS_LIST)
        except OSError as exc:
            return exc.errno not in _NO_ACCESS_LIST
        return True
    if ctypes is None:
        return True
    # Python 2.7 has no function for getxattr(2).
    found = ctypes.CDLL(None, use_errno=True).getxattr(to_bytes(path, errors='surrogate_or_strict'), _ACCESS_LIST.encode('ascii'), None, 0)
    return found >= 0 or ctypes.get_errno() not in _NO_ACCESS_LIST
