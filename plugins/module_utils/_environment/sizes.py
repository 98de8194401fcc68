# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parse sizes in bytes, and render them for each consumer.

Go (GOMEMLIMIT) takes bytes or B, KiB ... TiB and refuses 1G; systemd takes bytes or K, M, G, T and refuses 1GiB; both count in powers of 1024.
Sources: runtime's parseByteCount, systemd.syntax(7), docker's go-units.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError

_POWERS = {'': 0, 'K': 1, 'M': 2, 'G': 3, 'T': 4}
_SIZE = re.compile(r'^([0-9]{1,19}) *(?:([KMGT])(?:iB)?|(B))?\Z')
# runtime/debug.SetMemoryLimit takes an int64; no other reader of sizes accepts more.
_LARGEST = 2 ** 63 - 1
# The units of each reader for powers of 1024; bytes have no unit.
UNITS = {
    'bytes': ('', '', '', '', ''),
    'go': ('', 'KiB', 'MiB', 'GiB', 'TiB'),
    'systemd': ('', 'K', 'M', 'G', 'T'),
    'docker': ('', 'k', 'm', 'g', ''),
}


def parse(value, name):
    """Bytes (int) of a size: a number of bytes, or one with K, M, G, T (KiB ...), powers of 1024.

    name: of the variable, for the message. Raises GofleetError(invalid_size). Decimal units (GB) are refused, because readers interpret them differently.
    """
    found = _SIZE.match('%s' % value) if not isinstance(value, (bool, float)) else None
    size = int(found.group(1)) * 1024 ** _POWERS[found.group(2) or ''] if found else None
    if size is None or size > _LARGEST:
        raise GofleetError(
            'The value of %s is not a valid size. Write whole bytes, or a whole number with KiB, MiB, GiB or TiB (powers of 1024), '
            'at most 8 EiB less one byte.' % name, 'invalid_size', variable=name)
    return size


def render(size, unit):
    """A number of bytes in a reader's largest unit that gives a whole number, because no reader accepts a fraction."""
    words = UNITS[unit]
    best = max(power for power in range(len(words)) if size and size % 1024 ** power == 0 and (power == 0 or words[power])) if size else 0
    return '%d%s' % (size // 1024 ** best, words[best])
