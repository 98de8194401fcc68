# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures: paths on a host, the result of the last step, and the state of the host before the first step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from testinfra.host import Host

from expectations import EMULATED_STEPS, PUSHED, STEPS, Expected
from scenario_hosts import baseline_of, every_file, facts_of, last_playbook, last_two_runs
from support.round_trips.log import PlaybookRun


@dataclass(frozen=True)
class Layout:
    """The defaults of the role for this host's user."""

    name: str
    platform: str
    user: str
    python: str
    emulated: bool
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

    @property
    def fetched(self) -> str | None:
        """The archive that the step fetches, if any of this run's hosts takes it."""
        taken = any(line["event"] == "result" for line in self.first.lines)
        return self.expected.fetched if taken else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """An emulated host has nothing to say of a step that it does not take (expectations.py)."""
    name = last_playbook()
    if name in STEPS and name not in EMULATED_STEPS:
        untold = [item for item in items if of_emulated_host(item)]
        config.hook.pytest_deselected(items=untold)
        items[:] = [item for item in items if item not in untold]


def of_emulated_host(item: pytest.Item) -> bool:
    host = item.callspec.params.get("_testinfra_host") if isinstance(item, pytest.Function) and hasattr(item, "callspec") else None
    return host is not None and facts_of(host.backend.name)["emulated"]


@pytest.fixture(scope="module")
def layout(host: Host) -> Layout:
    name = host.backend.name
    facts = facts_of(name)
    if facts["user"] == "root":
        return Layout(name, **facts, prefix="/opt/go", link="/usr/local/go", bin="/usr/local/bin")
    local = f"/home/{facts['user']}/.local"
    return Layout(name, **facts, prefix=f"{local}/share/go-toolchains", link=f"{local}/go", bin=f"{local}/bin")


@pytest.fixture(scope="session")
def step() -> Step:
    first, second = last_two_runs()
    name = Path(first.playbook).stem
    return Step(name, STEPS[name], first, second)


@pytest.fixture(scope="module")
def expected(step: Step, layout: Layout) -> Expected:
    return EMULATED_STEPS[step.name] if layout.emulated else step.expected


@pytest.fixture(scope="module")
def walk(host: Host, layout: Layout) -> Callable[[], dict[str, list[object]]]:
    """Every file of the host: its path, and what an untouched file keeps."""
    return lambda: every_file(host, layout.python)


@pytest.fixture(scope="module")
def baseline(layout: Layout) -> Path:
    return baseline_of(layout.name)
