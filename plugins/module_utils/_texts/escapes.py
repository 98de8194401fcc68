# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backslash escapes in the lines of GNU's digest files and of manifests."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

_ESCAPE = re.compile(br'\\(.?)', re.DOTALL)


def unescaped(line, characters):
    """Bytes without their escapes; None if a backslash stands before anything else than what characters has.

    characters: {the byte after the backslash: the byte that both stand for}.
    """
    if any(found.group(1) not in characters for found in _ESCAPE.finditer(line)):
        return None
    return _ESCAPE.sub(lambda found: characters[found.group(1)], line)
