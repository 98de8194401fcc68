# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module's result in each step, and the values in force on a host."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from testinfra.host import Host

from scenario_hosts import baseline_of, result_of_step

DROP_IN = "/etc/sysctl.d/90-gofleet.conf"
STATE = "/var/lib/gofleet"
# Set by the module's step, and by the file that is read later.
CONTESTED = "net.ipv4.tcp_slow_start_after_idle"
# Settings of a network namespace with every kernel, never those of this machine.
OWN = ("net.core.somaxconn", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_max_syn_backlog", "net.ipv4.tcp_rmem", CONTESTED)

Report = dict[str, Any]
Values = dict[str, str | None]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """An ordinary user has no settings: the step itself fails or passes."""
    facts = json.loads(os.environ["GOFLEET_HOST_FACTS"])
    rootless = {name for name, each in facts.items() if each["user"] != "root"}
    rootless_items = [item for item in items if isinstance(item, pytest.Function) and host_of(item) in rootless]
    config.hook.pytest_deselected(items=rootless_items)
    items[:] = [item for item in items if item not in rootless_items]


def host_of(item: pytest.Function) -> str | None:
    host = item.callspec.params.get("_testinfra_host") if hasattr(item, "callspec") else None
    return host.backend.name if host is not None else None


@pytest.fixture(scope="module")
def result_of(host: Host) -> Callable[[str], Report]:
    """The module's result in a step."""
    return lambda step: result_of_step(step, host.backend.name)


@pytest.fixture(scope="module")
def in_force(host: Host, result_of: Callable[[str], Report]) -> Callable[[], Values]:
    """The values of all wanted keys; None if a value cannot be read."""

    def read() -> Values:
        paths = {each["key"]: path_of(each["key"]) for each in result_of("read_only")["settings"]}
        # One process for all of them, since an emulated processor is slow to start one. It also says which it cannot read, and exits with 2.
        said = host.run(f"grep -H '' {' '.join(paths.values())}").stdout
        found = {path: " ".join(value.split()) for path, _colon, value in (line.partition(":") for line in said.splitlines())}
        return {key: found.get(path) for key, path in paths.items()}

    return read


def path_of(key: str) -> str:
    return "/proc/sys/" + key.translate(str.maketrans("./", "/."))


@pytest.fixture(scope="module")
def baseline(host: Host) -> Path:
    return baseline_of(host.backend.name)
