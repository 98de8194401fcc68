# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the two runs of a step sent over the connection."""

from __future__ import annotations

from conftest import Layout, Step


def test_the_first_run_changed_the_host(step: Step, layout: Layout) -> None:
    assert step.first.changed(layout.name)


def test_each_run_took_a_module_call_and_a_probe_at_most(step: Step, layout: Layout) -> None:
    # The second run takes both as well: files of the first step are left for consumers that later steps do not name, and only the module reads those.
    for run in (step.first, step.second):
        operations = run.operations(layout.name)
        assert set(operations) == {"exec_command"}
        assert operations.total() <= 2, operations


def test_the_second_run_changed_nothing(step: Step, layout: Layout) -> None:
    assert step.second.results(layout.name)
    assert not step.second.changed(layout.name)
