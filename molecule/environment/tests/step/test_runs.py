# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the two runs of a step sent over the connection."""

from __future__ import annotations

from conftest import Layout, Step


def test_the_first_run_changed_the_host(step: Step, layout: Layout) -> None:
    assert step.first.changed(layout.name)


def test_each_run_took_one_round_trip(step: Step, layout: Layout) -> None:
    assert [run.operations(layout.name) for run in (step.first, step.second)] == [{"exec_command": 1}] * 2


def test_the_second_run_changed_nothing(step: Step, layout: Layout) -> None:
    assert step.second.results(layout.name)
    assert not step.second.changed(layout.name)
