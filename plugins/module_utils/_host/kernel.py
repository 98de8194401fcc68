# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kernel of this host."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ansible_collections.gofleet.golang.plugins.module_utils import _system as system


def version(release=None):
    """A kernel's version as a tuple of two or three numbers: (3, 10, 0). None if the release does not begin with one.

    release: as uname -r prints it; None: the release of the running kernel.
    """
    numbers = re.match(r'(\d+)\.(\d+)(?:\.(\d+))?', system.release() if release is None else release)
    return tuple(int(each) for each in numbers.groups() if each is not None) if numbers else None
