# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host before the first change, with a network whose settings can be written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from testinfra.host import Host

from conftest import Values


def test_only_the_settings_of_the_network_can_be_written(host: Host) -> None:
    mounts = {line.split()[1]: line.split()[3].split(",")[0] for line in host.check_output("cat /proc/mounts").splitlines()}
    assert (mounts["/proc/sys"], mounts["/proc/sys/net"]) == ("ro", "rw")


def test_the_values_are_recorded(in_force: Callable[[], Values], baseline: Path) -> None:
    baseline.write_text(json.dumps(in_force()), encoding="utf-8")
