# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The results of the steps, and whether programs start on a host."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from testinfra.host import Host

from scenario_hosts import RUN, facts_of, last_two_runs, result_of_step
from support.abi.agreement import Row, Start
from support.abi.fixtures import Fixture
from support.round_trips.log import PlaybookRun

JUDGE = Path(os.environ["GOFLEET_CHECKOUT"]) / "tests" / "judge"

STARTER = (JUDGE / "start_programs.py").read_text(encoding="utf-8")
Said = dict[str, Any]


@pytest.fixture(scope="module")
def facts(host: Host) -> dict[str, Any]:
    return facts_of(host.backend.name)


@pytest.fixture(scope="module")
def result_of(host: Host) -> Callable[[str], Said]:
    """A module's result in a step."""
    return lambda step: result_of_step(step, host.backend.name)


@pytest.fixture(scope="session")
def fixtures() -> dict[str, Fixture]:
    """By their paths on the hosts."""
    made = json.loads((RUN / "fixtures.json").read_text(encoding="utf-8"))
    return {each["path"]: Fixture(**{**each, "source": Path(each["source"])}) for each in made["fixtures"]}


@pytest.fixture(scope="module")
def started(host: Host, facts: dict[str, Any]) -> Callable[[list[str]], list[Start]]:
    """Starts programs on the host, as the scenario's user there."""

    def start(paths: list[str]) -> list[Start]:
        command = ["docker", "exec", "--interactive", "--user", facts["user"], host.backend.name, facts["python"], "-c", STARTER]
        done = subprocess.run(command, input=json.dumps(paths), capture_output=True, text=True, check=True)
        return [Start(**each) for each in json.loads(done.stdout)]

    return start


@pytest.fixture(scope="module")
def rows(result_of: Callable[[str], Said], fixtures: dict[str, Fixture], started: Callable[[list[str]], list[Start]]) -> list[Row]:
    said = result_of("judged")["results"]
    starts = started([each["path"] for each in said])
    return [Row(fixtures[each["path"]], start, each) for each, start in zip(said, starts, strict=True)]


@pytest.fixture(scope="session")
def last_two() -> tuple[PlaybookRun, PlaybookRun]:
    return last_two_runs()
