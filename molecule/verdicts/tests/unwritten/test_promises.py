# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check mode: everything is verified, and nothing is written."""

from __future__ import annotations

from collections.abc import Callable

from testinfra.host import Host

from conftest import Said


def test_check_mode_verified_the_files(result_of: Callable[[str], Said]) -> None:
    assert [each["code"] for each in result_of("promised")["files"] if not each["proven"]] == []


def test_check_mode_reports_the_manifest_and_does_not_write_it(host: Host, result_of: Callable[[str], Said]) -> None:
    said = result_of("promised")
    assert said["changed"]
    assert said["diff"]
    assert not host.file(said["tree"]["manifest"]).exists
