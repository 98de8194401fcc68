# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read files and links below /proc that a kernel, a container or another user's process may not have."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import io
import os

from ansible.module_utils.common.text.converters import to_native

PROC = '/proc'
# The most bytes that are read of a file.
LARGEST_TEXT = 1 << 22


def path(name):
    """The path of a file below /proc."""
    return os.path.join(PROC, name)


def read(name):
    """The text of a file below /proc; None if it is missing or cannot be read, as is common in containers."""
    try:
        with io.open(path(name), 'rb') as source:
            return to_native(source.read(LARGEST_TEXT), errors='surrogate_or_replace')
    except (IOError, OSError):
        # The content is unknown to the caller.
        return None


def link(name):
    """The last part of the target of a link below /proc; '' if it cannot be read, for example for another user's process."""
    try:
        return os.path.basename(os.readlink(path(name)))
    except OSError:
        return ''
