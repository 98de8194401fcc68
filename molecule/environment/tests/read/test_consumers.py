# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every consumer's process sees the model, byte for byte."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from testinfra.host import Host

from conftest import MODEL, Layout
from consumers import Environment, as_root, read_by_shell, shells

GIB = 1024**3
# What the typed values of model.json come to.
TYPED = {
    "M_NUMBER": "8080",
    "M_BYTES": str(3 * GIB),
    "M_SYSTEMD_SIZE": "1536M",
    "GOMEMLIMIT": "1GiB",
    "GODEBUG": "netdns=go,http2client=0",
    "GOFLAGS": "-mod=mod '-ldflags=-s -w'",
    "M_FOLDERS": "/srv/with space/$x:/srv/b",
}


def expected(consumer: str) -> Environment:
    wanted = {}
    for name, option in (MODEL["variables"] | MODEL["secrets"]).items():
        only: list[str] | None = option.get("consumers") if isinstance(option, dict) else None
        if name != "PATH" and (only is None or consumer in only):
            value: Any = TYPED.get(name) or (option.get("value") if isinstance(option, dict) else option)
            wanted[name] = value.encode()
    return wanted


def seen(environment: Environment, consumer: str) -> Environment:
    names = MODEL["variables"].keys() | MODEL["secrets"].keys()
    return {name: value for name, value in environment.items() if name in names and name != "PATH"}


def test_login_shells_see_the_model(layout: Layout) -> None:
    found = shells(layout)
    assert "sh" in found
    for shell in found:
        environment = read_by_shell(layout, shell)
        assert (shell, seen(environment, "login_shell")) == (shell, expected("login_shell"))
        assert (shell, environment["PATH"].split(b":")[0]) == (shell, b"/opt/some where/bin")


@pytest.mark.parametrize("consumer", ["service", "user_manager", "openrc", "container"])
def test_a_process_sees_the_model(layout: Layout, read: Callable[[str], Environment], consumer: str) -> None:
    if consumer not in layout.consumers:
        assert not as_root(layout, f"ls {layout.path(consumer)} 2>/dev/null || :")
        return
    environment = read(consumer)
    assert seen(environment, consumer) == expected(consumer)
    folders = environment["PATH"].split(b":")
    assert folders[0] == b"/opt/some where/bin"
    assert folders.count(folders[0]) == 1
    assert b"/usr/bin" in folders
    assert b"" not in folders


def test_lists_come_once_however_often_a_shell_reads_them(layout: Layout) -> None:
    path = layout.path("login_shell")
    for shell in shells(layout):
        once = read_by_shell(layout, shell)
        often = read_by_shell(layout, shell, f". {path}; . {path}; exec cat /proc/self/environ")
        assert {name: often[name] for name in expected("login_shell")} == {name: once[name] for name in expected("login_shell")}
        assert often["PATH"] == once["PATH"]


def test_files_with_a_secret_are_closed(layout: Layout) -> None:
    for consumer in layout.consumers:
        mode = as_root(layout, f"stat -c %a {layout.path(consumer)}").decode().strip()
        closed = "600" if layout.rootless else "640"
        assert (consumer, mode) == (consumer, closed if consumer in ("service", "container", "openrc") else "644")


def test_no_log_of_the_host_has_the_secret(layout: Layout, host: Host) -> None:
    words = as_root(layout, "journalctl --no-pager 2>/dev/null | grep -c gofleet.golang.env_file; grep -rls 'hush-' /var/log /tmp; :").decode().split()
    assert [word for word in words if word.startswith("/") and not word.endswith(".out")] == []
    assert as_root(layout, "journalctl --no-pager 2>/dev/null | grep -c 'hush-'; :").decode().strip() in ("", "0")


def test_foreign_files_are_unchanged(layout: Layout) -> None:
    assert not as_root(layout, "cat /etc/environment 2>/dev/null; :")
