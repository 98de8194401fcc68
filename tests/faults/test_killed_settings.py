# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An environment and kernel settings, killed at each system call that changes a file or the kernel: nothing half, nothing forgotten.

Every call of a run that sets the kernel is one to be killed at. Files of an environment are seven times the same six
calls: there, each that changes a name and a sample of the others; GOFLEET_FAULTS=all takes each.
"""

from __future__ import annotations

import pytest

import syscalls
from breaking import summary
from conftest import SettingsBenchOf, everything, sampled
from settings_scenarios import ENVIRONMENT, SYSCTL, Scenario
from support.module_process import Module

# Calls that write, sync, or set modes and owners, of a run that writes an environment.
OTHERS = 4


@pytest.mark.parametrize('scenario', [*ENVIRONMENT, *SYSCTL], ids=lambda scenario: f'{scenario.module}-{scenario.name.replace(" ", "-")}')
def test_kill_leaves_the_old_or_new_state_and_the_next_run_and_removal_converge(
    scenario: Scenario, module: Module, settings_bench_of: SettingsBenchOf, tally: list[str]
) -> None:
    bench = settings_bench_of(scenario)
    assert len(bench.points) > 3, bench.points
    whole = scenario in SYSCTL or everything()
    chosen = bench.points if whole else syscalls.sample(bench.points, sampled(OTHERS))
    verdicts = bench.each([(point, 'signal=KILL') for point in chosen])
    tally.append(f'killed {scenario.module} {scenario.name:<13} Python {module.version:<5} {summary(verdicts)} of {len(bench.points)}')
    bad = [str(verdict) for verdict in verdicts if verdict.problems or verdict.missed]
    assert not bad, '\n'.join(bad)
