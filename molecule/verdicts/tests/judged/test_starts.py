# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every program was judged by the host's own Python, and is started now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conftest import Said
from support.abi.agreement import Row

# Of amd64, and of arm64 under emulation.
AT_LEAST = {False: 60, True: 12}


def test_some_run_and_some_do_not(rows: list[Row], facts: dict[str, Any]) -> None:
    ran = sum(row.ran for row in rows)
    assert min(ran, len(rows) - ran) >= AT_LEAST[facts["emulated"]]


def test_what_is_said_to_run_runs(rows: list[Row]) -> None:
    assert [str(row) for row in rows if row.false_runs] == []


def test_what_is_said_to_be_incompatible_does_not_run(rows: list[Row]) -> None:
    assert [str(row) for row in rows if row.false_incompatible] == []


def test_only_what_nobody_can_know_is_left_open(rows: list[Row]) -> None:
    assert [str(row) for row in rows if row.needlessly_open] == []


def test_nothing_was_changed(told: Callable[[str], Said]) -> None:
    assert told("judged")["changed"] is False
