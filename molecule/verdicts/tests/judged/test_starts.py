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


def test_fixtures_include_programs_that_run_and_that_do_not(rows: list[Row], facts: dict[str, Any]) -> None:
    ran = sum(row.ran for row in rows)
    assert min(ran, len(rows) - ran) >= AT_LEAST[facts["emulated"]]


def test_programs_with_the_verdict_runs_start(rows: list[Row]) -> None:
    assert [str(row) for row in rows if row.false_runs] == []


def test_incompatible_programs_do_not_start(rows: list[Row]) -> None:
    assert [str(row) for row in rows if row.false_incompatible] == []


def test_only_undecidable_programs_are_unknown(rows: list[Row]) -> None:
    assert [str(row) for row in rows if row.needlessly_open] == []


def test_nothing_was_changed(result_of: Callable[[str], Said]) -> None:
    assert result_of("judged")["changed"] is False
