# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check mode: everything is proven, and nothing is written."""

from __future__ import annotations

from collections.abc import Callable

from testinfra.host import Host

from conftest import Said


def test_the_files_were_proven(told: Callable[[str], Said]) -> None:
    assert [each["code"] for each in told("promised")["files"] if not each["proven"]] == []


def test_the_manifest_was_promised_and_not_written(host: Host, told: Callable[[str], Said]) -> None:
    said = told("promised")
    assert said["changed"]
    assert said["diff"]
    assert not host.file(said["tree"]["manifest"]).exists
