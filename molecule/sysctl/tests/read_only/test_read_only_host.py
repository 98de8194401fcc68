# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host whose /proc/sys is read-only, as containers have it."""

from __future__ import annotations

from collections.abc import Callable

from testinfra.host import Host

from conftest import DROP_IN, OWN, STATE, Report


def test_no_setting_is_reported_as_applied(result_of: Callable[[str], Report]) -> None:
    statuses = {each["key"]: each["status"] for each in result_of("read_only")["settings"]}
    assert set(statuses.values()) <= {"read_only", "unavailable", "already"}
    assert {statuses[key] for key in OWN} == {"read_only"}
    assert statuses["net.ipv4.no_kernel_has_this"] == "unavailable"


def test_read_only_setting_is_reported_with_a_reason(result_of: Callable[[str], Report]) -> None:
    report = next(each for each in result_of("read_only")["settings"] if each["key"] == OWN[0])
    assert report["note"] == "it is mounted read-only here"


def test_nothing_was_written(host: Host, result_of: Callable[[str], Report]) -> None:
    assert not result_of("read_only")["changed"]
    assert not host.file(DROP_IN).exists
    assert not host.file(STATE).exists
