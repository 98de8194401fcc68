# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the steps were told by the modules, and what becomes of programs on a host."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from testinfra.host import Host

RUN = Path(os.environ["GOFLEET_SCENARIO_DIR"])
JUDGE = Path(os.environ["GOFLEET_CHECKOUT"]) / "tests" / "judge"
# How verdicts are compared with starts is the same here as beside the loaders of bare roots.
sys.path.append(str(JUDGE))

from abi_fixtures import Fixture  # noqa: E402
from agreement import Row, Start  # noqa: E402
from round_trip_log import PlaybookRun, playbook_runs  # noqa: E402

STARTER = (JUDGE / "start_programs.py").read_text(encoding="utf-8")
Said = dict[str, Any]


@pytest.fixture(scope="module")
def facts(host: Host) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(os.environ["GOFLEET_HOST_FACTS"])[host.backend.name]
    return found


@pytest.fixture(scope="module")
def told(host: Host) -> Callable[[str], Said]:
    """A module's result in a step."""

    def read(step: str) -> Said:
        said: Said = json.loads((RUN / f"{host.backend.name}.{step}.json").read_text(encoding="utf-8"))
        return said

    return read


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
def rows(told: Callable[[str], Said], fixtures: dict[str, Fixture], started: Callable[[list[str]], list[Start]]) -> list[Row]:
    said = told("judged")["results"]
    starts = started([each["path"] for each in said])
    return [Row(fixtures[each["path"]], start, each) for each, start in zip(said, starts, strict=True)]


@pytest.fixture(scope="session")
def last_two() -> tuple[PlaybookRun, PlaybookRun]:
    """The last two runs in the log, which must be of one and the same playbook."""
    first, second = playbook_runs(Path(os.environ["GOFLEET_ROUND_TRIPS_LOG"]))[-2:]
    assert first.playbook == second.playbook, "a step is applied twice before it is verified"
    return first, second
