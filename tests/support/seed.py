# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The seed of all samples in a run of the tests. It depends on the commit, so that each change gets other samples.

GOFLEET_SEED sets it, to repeat what another run took. Standard library only, Python 3.9 and later.
"""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

VARIABLE = 'GOFLEET_SEED'
# Of a copy that is no checkout, such as an unpacked archive.
WITHOUT_COMMIT = 20261121
_DIGITS = 8
_CHECKOUT = Path(__file__).resolve().parents[2]

_Item = TypeVar('_Item')


def seed() -> int:
    """GOFLEET_SEED, or the first digits of the commit's id."""
    given = os.environ.get(VARIABLE)
    if given:
        return int(given)
    try:
        done = subprocess.run(['git', '-C', str(_CHECKOUT), 'rev-parse', 'HEAD'], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return WITHOUT_COMMIT
    return int(done.stdout[:_DIGITS], 16) if done.returncode == 0 else WITHOUT_COMMIT


def line() -> str:
    """What a run prints, so that it can be repeated."""
    return f'seed {seed()} ({VARIABLE}={seed()} repeats these samples)'


def spread(found: Sequence[_Item], limit: int, salt: str = '') -> list[_Item]:
    """Evenly spread, `limit` of them: one of each of as many equal stretches, chosen by the seed. salt: lets two samples differ."""
    if len(found) <= limit:
        return list(found)
    chosen = random.Random(f'{seed()} {salt}')
    return [found[chosen.randrange(index * len(found) // limit, (index + 1) * len(found) // limit)] for index in range(limit)]
