# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures: queries of a host, the expected answers, and the result of its last step."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from testinfra.host import Host

from consumers import Environment, Reader, reader_of
from scenario_hosts import baseline_of, every_file, facts_of, last_two_runs
from support.round_trips.log import PlaybookRun

SCENARIO = Path(__file__).resolve().parents[1]
MODEL = json.loads((SCENARIO / "model.json").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Layout:
    """The defaults of env_file for this host's user."""

    name: str
    platform: str
    user: str
    python: str
    emulated: bool

    @property
    def rootless(self) -> bool:
        return self.user != "root"

    @property
    def home(self) -> str:
        return f"/home/{self.user}" if self.rootless else "/root"

    @property
    def consumers(self) -> list[str]:
        """Those of the step that renders the model (molecule.yml)."""
        special = {"centos7": ["login_shell", "service", "container"], "alpine": ["login_shell", "openrc", "container"]}
        return special.get(self.platform, ["login_shell", "user_manager", "service", "container"])

    @property
    def sessions(self) -> list[str]:
        return [consumer for consumer in self.consumers if consumer in ("login_shell", "user_manager")]

    def path(self, consumer: str) -> str:
        names = {
            "login_shell": ("/etc/profile.d/gofleet.sh", "gofleet/gofleet.sh"),
            "user_manager": ("/etc/environment.d/90-gofleet.conf", "environment.d/90-gofleet.conf"),
            "service": ("/etc/gofleet/gofleet.env", "gofleet/gofleet.env"),
            "container": ("/etc/gofleet/gofleet.container.env", "gofleet/gofleet.container.env"),
            "openrc": ("/etc/conf.d/gofleet", ""),
        }
        system, own = names[consumer]
        # OpenRC has no services of an ordinary user.
        return f"{self.home}/.config/{own}" if self.rootless and own else system

    @property
    def go(self) -> str:
        return f"{self.home}/.local/bin/go" if self.rootless else "/usr/local/bin/go"

    @property
    def go_env(self) -> str:
        return f"{self.home}/.local/go/go.env" if self.rootless else "/usr/local/go/go.env"


@dataclass(frozen=True)
class Step:
    """A step as it was applied twice."""

    first: PlaybookRun
    second: PlaybookRun


@pytest.fixture(scope="module")
def layout(host: Host) -> Layout:
    name = host.backend.name
    return Layout(name, **facts_of(name))


@pytest.fixture(scope="session")
def step() -> Step:
    return Step(*last_two_runs())


@pytest.fixture(scope="module")
def read(layout: Layout) -> Callable[[str], Environment]:
    """What a process gets that a consumer starts, by the consumer's name."""

    def read(consumer: str) -> Environment:
        reader: Reader = reader_of(consumer)
        return reader(layout)

    return read


@pytest.fixture(scope="module")
def walk(host: Host, layout: Layout) -> Callable[[], dict[str, list[object]]]:
    """Every file of the host: its path, and what an untouched file keeps."""
    return lambda: every_file(host, layout.python)


@pytest.fixture(scope="module")
def baseline(layout: Layout) -> Path:
    return baseline_of(layout.name)
