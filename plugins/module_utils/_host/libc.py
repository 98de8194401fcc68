# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find out which C library the programs of this host use."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

from ansible_collections.gofleet.golang.plugins.module_utils import _system as system

# musl's dynamic loader, below the root of a host.
MUSL_LOADERS = 'lib/ld-musl-*.so.1'
# glibc's, on every architecture. A host without any runs no program with glibc.
GLIBC_LOADERS = ('lib*/ld-linux*.so.*', 'lib*/ld64.so.*', 'lib*/ld.so.*')


def runs_musl(root='/'):
    """Whether the programs of this host use musl: its loader is present, and this Python does not run on glibc."""
    if not system.glob(os.path.join(root, MUSL_LOADERS)):
        return False
    try:
        # A glibc host may have musl's loader installed too.
        return not (system.confstr('CS_GNU_LIBC_VERSION') or '').startswith('glibc')
    except (ValueError, OSError):
        # glibc defines these names; musl does not.
        return True
