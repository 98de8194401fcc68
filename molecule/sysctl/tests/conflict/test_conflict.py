# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host after a restart with a file that sets one of the keys later."""

from __future__ import annotations

from collections.abc import Callable

from testinfra.host import Host

from conftest import CONTESTED, DROP_IN, OWN, Report, Values


def test_it_was_told_which_file_wins(told: Callable[[str], Report]) -> None:
    report = next(each for each in told("conflict")["settings"] if each["key"] == CONTESTED)
    assert (report["status"], report["shadowed_by"]) == ("shadowed", {"path": "/etc/sysctl.d/99-somebody.conf", "value": "1"})
    assert any("99-somebody.conf sets 1" in warning for warning in told("conflict")["warnings"])


def test_and_it_does(in_force: Callable[[], Values]) -> None:
    assert in_force()[CONTESTED] == "1"


def test_every_other_setting_is_ours(host: Host, in_force: Callable[[], Values], told: Callable[[str], Report]) -> None:
    assert host.file(DROP_IN).exists
    values = in_force()
    wanted = {each["key"]: each["value"] for each in told("apply")["settings"] if each["key"] in OWN and each["key"] != CONTESTED}
    assert {key: values[key] for key in wanted} == wanted
