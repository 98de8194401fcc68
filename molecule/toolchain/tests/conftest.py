# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where things are on a host, what the last step did, and what the host looked like before the first."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from testinfra.host import Host

from expectations import PUSHED, STEPS, Expected
from round_trip_log import PlaybookRun, playbook_runs

RUN = Path(os.environ["GOFLEET_SCENARIO_DIR"])
WALK = (Path(__file__).parent / "walk.py").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Layout:
    """The defaults of the role for this host's user."""

    name: str
    platform: str
    user: str
    python: str
    prefix: str
    link: str
    bin: str

    @property
    def pushed(self) -> bool:
        return self.platform in PUSHED and self.user == "root"

    def tree(self, version: str) -> str:
        return f"{self.prefix}/go{version}"


@dataclass(frozen=True)
class Step:
    """A step as it was applied twice, and what it should have led to."""

    name: str
    expected: Expected
    first: PlaybookRun
    second: PlaybookRun


def facts_of(name: str) -> tuple[str, str]:
    platform, user = json.loads(os.environ["GOFLEET_HOST_FACTS"])[name]
    return platform, user


@pytest.fixture(scope="module")
def layout(host: Host) -> Layout:
    name = host.backend.name
    platform, user = facts_of(name)
    python = "/usr/bin/python" if platform == "centos7" else "/usr/bin/python3"
    if user == "root":
        return Layout(name, platform, user, python, "/opt/go", "/usr/local/go", "/usr/local/bin")
    local = f"/home/{user}/.local"
    return Layout(name, platform, user, python, f"{local}/share/go-toolchains", f"{local}/go", f"{local}/bin")


@pytest.fixture(scope="session")
def step() -> Step:
    """The last two runs in the log, which must be of one and the same playbook."""
    first, second = playbook_runs(Path(os.environ["GOFLEET_ROUND_TRIPS_LOG"]))[-2:]
    assert first.playbook == second.playbook, "a step is applied twice before it is verified"
    name = Path(first.playbook).stem
    return Step(name, STEPS[name], first, second)


@pytest.fixture(scope="session")
def expected(step: Step) -> Expected:
    return step.expected


@pytest.fixture(scope="module")
def walk(host: Host, layout: Layout) -> Callable[[], dict[str, list[object]]]:
    """Every file of the host: its path, and what an untouched file keeps."""

    def files() -> dict[str, list[object]]:
        found: dict[str, list[object]] = json.loads(host.check_output("%s -c %s", layout.python, WALK))
        return found

    return files


@pytest.fixture(scope="module")
def baseline(layout: Layout) -> Path:
    return RUN / f"{layout.name}.before.json"
