# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find out which C library the programs of this host use."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import glob
import os

# musl's dynamic loader, below the root of a host.
MUSL_LOADERS = 'lib/ld-musl-*.so.1'


def runs_musl(root='/'):
    """Whether the programs of this host use musl: its loader exists, and this Python does not use glibc."""
    if not glob.glob(os.path.join(root, MUSL_LOADERS)):
        return False
    try:
        # musl's loader may also be installed on a glibc host.
        return not (os.confstr('CS_GNU_LIBC_VERSION') or '').startswith('glibc')
    except (ValueError, OSError):
        # glibc defines these names; musl does not.
        return True
