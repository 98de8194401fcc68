# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""System calls that fail while an environment is written or the kernel is set: reported with code and place, and nothing is lost.

GOFLEET_FAULTS=all lets each of them fail, in each way; otherwise a sample that varies with the commit, with the errors in turn.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest

from breaking import summary
from conftest import SettingsBenchOf, everything, sampled
from settings_scenarios import ENVIRONMENT, SYSCTL, Scenario
from support.module_process import Module
from support.seed import seed, spread
from syscalls import Point
from test_failing_calls import ERRORS

# The sample takes one of so many calls.
EACH = 5


def chosen(points: Sequence[Point]) -> list[tuple[Point, str]]:
    if everything():
        return [(point, f'error={error}') for point in points for error in ERRORS]
    some = spread(points, sampled(math.ceil(len(points) / EACH)))
    return [(point, f'error={ERRORS[(index + seed()) % len(ERRORS)]}') for index, point in enumerate(some)]


@pytest.mark.parametrize('scenario', [*ENVIRONMENT, *SYSCTL], ids=lambda scenario: f'{scenario.module}-{scenario.name.replace(" ", "-")}')
def test_failing_call_is_reported_and_the_next_run_and_removal_converge(
    scenario: Scenario, module: Module, settings_bench_of: SettingsBenchOf, tally: list[str]
) -> None:
    bench = settings_bench_of(scenario)
    verdicts = bench.each(chosen(bench.points))
    reported = sum('failed with' in verdict.outcome for verdict in verdicts)
    tally.append(f'errors {scenario.module} {scenario.name:<13} Python {module.version:<5} {summary(verdicts)}; {reported} reported, the rest mended')
    bad = [str(verdict) for verdict in verdicts if verdict.problems or verdict.missed]
    assert not bad, '\n'.join(bad)
