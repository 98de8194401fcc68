# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check mode on a host that nothing was done to."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from testinfra.host import Host

from conftest import DROP_IN, OWN, STATE, Report, Values


def test_nothing_was_changed(host: Host, in_force: Callable[[], Values], baseline: Path) -> None:
    assert not host.file(DROP_IN).exists
    assert not host.file(STATE).exists
    assert in_force() == json.loads(baseline.read_text(encoding="utf-8"))


def test_check_mode_reports_the_planned_changes(result_of: Callable[[str], Report]) -> None:
    report = result_of("check")
    assert report["changed"]
    assert {each["status"] for each in report["settings"] if each["key"] in OWN} == {"applied"}
    assert report["diff"][0]["after_header"] == DROP_IN
