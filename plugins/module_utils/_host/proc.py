# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What /proc says, where it says it."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import io
import os

from ansible.module_utils.common.text.converters import to_native

PROC = '/proc'
# Bytes of a file that are read at most.
LARGEST_TEXT = 1 << 22


def path(name):
    """The path of a file below /proc."""
    return os.path.join(PROC, name)


def read(name):
    """The text of a file below /proc; None where it is missing or cannot be read, as some are in containers."""
    try:
        with io.open(path(name), 'rb') as source:
            return to_native(source.read(LARGEST_TEXT), errors='surrogate_or_replace')
    except (IOError, OSError):
        # The caller then does not know what the file would have said.
        return None


def link(name):
    """The last part of the target of a link below /proc; '' where it cannot be read, as of another user's process."""
    try:
        return os.path.basename(os.readlink(path(name)))
    except OSError:
        return ''
