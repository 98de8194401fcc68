# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host after a restart with a file that sets one of the keys later."""

from __future__ import annotations

from collections.abc import Callable

from testinfra.host import Host

from conftest import CONTESTED, DROP_IN, OWN, Report, Values


def test_report_names_the_file_that_overrides_the_setting(result_of: Callable[[str], Report]) -> None:
    report = next(each for each in result_of("conflict")["settings"] if each["key"] == CONTESTED)
    assert (report["status"], report["shadowed_by"]) == ("shadowed", {"path": "/etc/sysctl.d/99-other.conf", "value": "1"})
    assert any("99-other.conf sets 1" in warning for warning in result_of("conflict")["warnings"])


def test_value_of_the_later_file_is_in_force(in_force: Callable[[], Values]) -> None:
    assert in_force()[CONTESTED] == "1"


def test_every_other_setting_has_the_wanted_value(host: Host, in_force: Callable[[], Values], result_of: Callable[[str], Report]) -> None:
    assert host.file(DROP_IN).exists
    values = in_force()
    wanted = {each["key"]: each["value"] for each in result_of("apply")["settings"] if each["key"] in OWN and each["key"] != CONTESTED}
    assert {key: values[key] for key in wanted} == wanted
