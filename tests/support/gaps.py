# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Report tools that a test needs and the machine lacks: one visible line each, and a failure with CI=true."""

from __future__ import annotations

import os
import sys
from typing import NoReturn


def in_ci() -> bool:
    return os.environ.get('CI', '').lower() == 'true'


def skip_test(line: str, tally: list[str] | None = None) -> NoReturn:
    """Skip a test for want of something, in one visible line; with CI=true that is a failure. tally: printed at the end, each line once."""
    # Here, for a bare machine has none.
    import pytest

    if tally is not None and line not in tally:
        tally.append(line)
    if in_ci():
        pytest.fail(line, pytrace=False)
    pytest.skip(line)


class Gaps:
    """Collects what could not run, so that one run names every missing piece at once."""

    def __init__(self) -> None:
        self._count = 0

    def add(self, what: str, why: str) -> None:
        """Print the one line. ``why`` ends with what to do about it."""
        self._count += 1
        print(f'CANNOT RUN {what}: {why}', file=sys.stderr, flush=True)

    def exit_code(self) -> int:
        """1 in CI if anything is missing: a suite that is green because it skipped proves nothing."""
        if not self._count or not in_ci():
            return 0
        print(f'{self._count} part(s) could not run, and CI=true: that is a failure', file=sys.stderr, flush=True)
        return 1
