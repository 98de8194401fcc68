# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The last two runs of the role, on a host that already has the settings."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from testinfra.host import Host

from support.round_trips.log import PlaybookRun, playbook_runs


@pytest.fixture
def runs() -> list[PlaybookRun]:
    last = playbook_runs(Path(os.environ["GOFLEET_ROUND_TRIPS_LOG"]))[-2:]
    assert [run.playbook for run in last] == ["keep.yml", "keep.yml"]
    return last


def test_nothing_was_changed(host: Host, runs: list[PlaybookRun]) -> None:
    assert all(run.results(host.backend.name) for run in runs)
    assert [run.changed(host.backend.name) for run in runs] == [False, False]


def test_each_took_a_module_call_and_a_probe_at_most(host: Host, runs: list[PlaybookRun]) -> None:
    # Settings that are mounted read-only here are still wanted: only the module finds out that they cannot be written.
    for run in runs:
        operations = run.operations(host.backend.name)
        assert set(operations) == {"exec_command"}
        assert operations.total() <= 2, operations
