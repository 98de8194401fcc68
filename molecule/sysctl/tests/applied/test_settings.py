# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host with its settings: just applied, and after a restart in which its own boot service set them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from testinfra.host import Host

from conftest import DROP_IN, OWN, Report, Values

# The kernel lets a network namespace other than the first read these, and no more; some it does not show.
READ_ONLY = ("net.core.rmem_max", "net.core.wmem_max")
ABSENT = ("net.core.netdev_max_backlog", "net.ipv4.no_kernel_has_this", "net.ipv4.conf.veth0/5.log_martians")


def test_check_mode_reported_the_same_changes_as_the_run(result_of: Callable[[str], Report]) -> None:
    promised, done = result_of("check"), result_of("apply")
    assert (promised["plan"], promised["diff"]) == (done["plan"], done["diff"])
    assert [each["status"] for each in promised["settings"]] == [each["status"] for each in done["settings"]]


def test_applied_settings_are_in_force(in_force: Callable[[], Values], result_of: Callable[[str], Report]) -> None:
    values = in_force()
    wanted = {each["key"]: each["value"] for each in result_of("apply")["settings"] if each["status"] == "applied"}
    assert set(OWN) <= wanted.keys()
    assert {key: values[key] for key in wanted} == wanted


def test_settings_reported_as_already_set_are_in_force(in_force: Callable[[], Values], result_of: Callable[[str], Report]) -> None:
    values = in_force()
    exact = {each["key"]: each["value"] for each in result_of("apply")["settings"] if each["status"] == "already" and not each["at_least"]}
    assert {key: values[key] for key in exact} == exact


def test_unavailable_settings_are_reported(result_of: Callable[[str], Report]) -> None:
    statuses = {each["key"]: each["status"] for each in result_of("apply")["settings"]}
    assert {key: statuses[key] for key in ABSENT} == dict.fromkeys(ABSENT, "unavailable")
    # This machine may grant as much by itself.
    assert {statuses[key] for key in READ_ONLY} <= {"read_only", "already"}


def test_settings_of_the_machine_are_unchanged(in_force: Callable[[], Values], result_of: Callable[[str], Report], baseline: Path) -> None:
    before, after = json.loads(baseline.read_text(encoding="utf-8")), in_force()
    machine = [key for key in before if not key.startswith("net.")]
    assert {key: after[key] for key in machine} == {key: before[key] for key in machine}
    assert not {each["status"] for each in result_of("apply")["settings"] if each["key"] in machine} & {"applied", "adjusted"}


def test_network_settings_of_the_machine_are_unchanged(in_force: Callable[[], Values]) -> None:
    here = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split()
    assert in_force()["net.ipv4.ip_local_port_range"] == "16384 60999"
    assert " ".join(here) != "16384 60999"


def test_file_contains_only_settings_that_can_be_set(host: Host, result_of: Callable[[str], Report]) -> None:
    lines = host.file(DROP_IN).content_string.splitlines()
    keys = {line.split("=")[0].strip() for line in lines if line and not line.startswith("#")}
    assert keys == {each["key"] for each in result_of("apply")["settings"] if each["in_file"]}
    assert not keys & {*READ_ONLY, *ABSENT}


def test_report_names_the_service_that_applies_the_file_at_boot(host: Host, result_of: Callable[[str], Report]) -> None:
    name = "alpine" if host.file("/sbin/openrc-run").exists else "systemd-sysctl"
    assert result_of("apply")["loader"] == {"name": name, "enabled": True}


def test_settings_that_need_a_restart_are_reported(result_of: Callable[[str], Report]) -> None:
    assert "net.core.somaxconn" in [each["key"] for each in result_of("apply")["restart"]]
