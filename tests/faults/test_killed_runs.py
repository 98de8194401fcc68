# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module, killed at each system call that changes the file system: the old state or the new, and the next run converges.

GOFLEET_FAULTS=all kills at every one of them; otherwise at every one that changes a name, and at a sample of the others that
varies with the commit. GOFLEET_FAULTS=5 makes the sample five times as large.
"""

from __future__ import annotations

import pytest

import syscalls
from breaking import summary
from conftest import BenchOf, everything, sampled
from scenarios import SCENARIOS, Scenario
from support.module_process import Module

# How many calls are taken among those that write, sync or set modes, and those that unpack and delete trees.
OTHERS = 3


@pytest.mark.parametrize('scenario', SCENARIOS, ids=lambda scenario: scenario.name)
def test_a_kill_leaves_the_old_state_or_the_new_and_the_next_run_converges(scenario: Scenario, module: Module, bench_of: BenchOf, tally: list[str]) -> None:
    bench = bench_of(scenario)
    assert len(bench.points) > 3, bench.points
    chosen = bench.points if everything() else syscalls.sample(bench.points, sampled(OTHERS))
    verdicts = bench.each([(point, 'signal=KILL') for point in chosen], bench.judge_kill)
    tally.append(f'killed {scenario.name:<12} Python {module.version:<5} {summary(verdicts)} of {len(bench.points)}')
    bad = [str(verdict) for verdict in verdicts if verdict.problems or verdict.missed]
    assert not bad, '\n'.join(bad)
