# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values to render and read back: every class that has ever caused a failure, and mixtures of them by a seeded generator."""

from __future__ import annotations

import random
import string
from typing import Any

from support import seed

SEED = seed.seed()
MIXTURES = 150

# What a grammar may take for something else, alone and between letters.
_PIECES = [
    *string.punctuation, ' ', '\t', '\n', '\r', '\r\n', '\\n', '\\', '\\\\', "'", "''", '"', '""', "'\\''", '\\"', '$', '$$', '$HOME', '${HOME}', '$(echo x)',
    '`echo x`', '${A:-b}', '%h', '%%', '#', ' # ', ';', '~', '*', '[a-z]', '{a,b}', '!', '!!', '=', '==', '&', '|', '<', '>', '(', ')', '\x01', '\x1b[31m',
    '\x7f', '\x85', 'ž', 'ß', '€', '中', '😀', '\u0301', '\u2028', '\ufeff', 'export', 'A=b', 'x' * 60, '-', '--', '-n', '/', ':', ',', '@',
]  # fmt: skip


def _single_classes() -> dict[str, str]:
    found: dict[str, str] = {'EMPTY': '', 'LONG': 'x"y ' * 1024, 'LONGER': 'a' * 60000, 'NUMBER': '0123', 'WORD': 'true'}
    for number, piece in enumerate(_PIECES):
        found |= {f'ALONE_{number}': piece, f'INNER_{number}': f'a{piece}b', f'FIRST_{number}': f'{piece}b', f'LAST_{number}': f'a{piece}'}
    return found


def _mixtures(source: random.Random) -> dict[str, str]:
    return {f'MIXED_{number}': ''.join(source.choices(_PIECES, k=source.randint(1, 12))) for number in range(MIXTURES)}


def strings() -> dict[str, str]:
    """Values by the names of their variables; the same in every run of one commit."""
    return _single_classes() | _mixtures(random.Random(SEED))


def _entries(source: random.Random, separator: str, first: str) -> list[str]:
    pieces = [piece for piece in _PIECES if separator not in piece and ',' not in piece and ':' not in piece and '\0' not in piece]
    made = [first + ''.join(source.choices(pieces, k=source.randint(1, 5))) for dummy in range(source.randint(1, 5))]
    return list(dict.fromkeys(entry.strip() for entry in made))


def lists() -> dict[str, Any]:
    """Options of list variables by name."""
    source = random.Random(SEED + 1)
    options: dict[str, Any] = {}
    for number in range(30):
        options[f'FOLDERS_{number}'] = {'type': 'path_list', 'value': _entries(source, ':', '/')}
        options[f'PARTS_{number}'] = {'type': 'comma_list', 'value': _entries(source, ',', 'k')}
        flags = [entry for entry in _entries(source, '\0', '-f=') if not ("'" in entry and '"' in entry)]
        options[f'FLAGS_{number}'] = {'type': 'flag_list', 'value': flags or ['-x=1 2']}
    # A name that fish takes for a list by its end.
    options |= {'MANY_PATH': {'type': 'path_list', 'value': ['/a b', '/c']}, 'PATH': ['/opt/some where/bin', '/opt/second']}
    return options | {'GODEBUG': ['netdns=go', 'http2client=0'], 'GOFLAGS': ['-mod=mod', '-ldflags=-s -w']}
