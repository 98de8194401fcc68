# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the two runs of a step sent over the connection, and what they asked the mirror for."""

from __future__ import annotations

import os
from http import HTTPStatus
from pathlib import Path

from testinfra.host import Host

from conftest import Layout, Step
from expectations import PULL_ROUND_TRIPS, PUSH_ROUND_TRIPS
from support.round_trips.log import Line, PlaybookRun, requests_during


def requests(run: PlaybookRun) -> list[Line]:
    return requests_during(Path(os.environ["GOFLEET_MIRROR_LOG"]), run)


def asked_for(run: PlaybookRun) -> list[str]:
    return [line["path"] for line in requests(run)]


def test_the_first_run_changed_the_host(step: Step, layout: Layout) -> None:
    assert step.first.changed(layout.name)


def test_the_first_run_took_few_round_trips(step: Step, layout: Layout) -> None:
    pushed = layout.pushed and step.fetched is not None
    operations = step.first.operations(layout.name)
    assert operations.total() <= (PUSH_ROUND_TRIPS if pushed else PULL_ROUND_TRIPS), operations


def test_only_missing_archives_were_downloaded(step: Step) -> None:
    archives = {path for path in asked_for(step.first) if path.endswith((".tar.gz", ".zip"))}
    fetched = step.fetched
    assert bool(archives) == (fetched is not None)
    assert all(f"go{fetched}.linux-" in path for path in archives)


def test_host_downloads_unless_the_controller_pushes(host: Host, step: Step, layout: Layout) -> None:
    address = host.check_output("hostname -i").strip()
    own = [line for line in requests(step.first) if line["client"] == address and line["status"] == HTTPStatus.OK]
    assert len(own) == (0 if layout.pushed or step.fetched is None else 1), own


def test_the_second_run_changed_nothing(step: Step, layout: Layout) -> None:
    assert step.second.results(layout.name)
    assert not step.second.changed(layout.name)


def test_the_second_run_took_one_round_trip(step: Step, layout: Layout) -> None:
    assert step.second.operations(layout.name) == {"exec_command": 1}


def test_the_second_run_asked_the_mirror_for_nothing(step: Step) -> None:
    assert asked_for(step.second) == []
