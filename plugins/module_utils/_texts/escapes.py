# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Decode backslash escapes in the lines of GNU's checksum files and of manifests."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

_ESCAPE = re.compile(br'\\(.?)', re.DOTALL)


def unescaped(line, characters):
    """Bytes with escapes decoded; None if a backslash precedes a byte that is not in characters.

    characters: {the byte after the backslash: the decoded byte}.
    """
    if any(found.group(1) not in characters for found in _ESCAPE.finditer(line)):
        return None
    return _ESCAPE.sub(lambda found: characters[found.group(1)], line)
