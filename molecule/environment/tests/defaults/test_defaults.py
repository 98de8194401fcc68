# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Level default: the go command has the settings as its defaults, sessions have the rest, and a user's own choice wins."""

from __future__ import annotations

from collections.abc import Callable

from testinfra.host import Host

from conftest import Layout
from consumers import Environment, as_user, read_by_shell, shells
from expectations import SETTINGS, process_settings


def go_env(layout: Layout, *names: str, before: str = "") -> list[str]:
    # A new home each time, because two tests use one host at once, and one of them writes. It is not removed, because go's telemetry outlives go.
    script = f"HOME=$(mktemp -d); export HOME; {before} {layout.go} env {' '.join(names)}"
    return as_user(layout, ["sh", "-c", script]).decode().splitlines()


def test_go_env_agrees(layout: Layout) -> None:
    assert dict(zip(SETTINGS, go_env(layout, *SETTINGS), strict=True)) == SETTINGS


def test_goroot_is_the_go_commands_own(layout: Layout) -> None:
    assert "GOROOT" not in read_by_shell(layout, "sh")
    assert go_env(layout, "GOROOT")[0].endswith("/go1.26.8")


def test_a_users_own_choice_wins(layout: Layout) -> None:
    write = f"{layout.go} env -w GOPROXY=off;"
    undo = f"{write} {layout.go} env -u GOPROXY;"
    assert go_env(layout, "GOPROXY", before=write) == ["off"]
    assert go_env(layout, "GOPROXY", before=undo) == [SETTINGS["GOPROXY"]]


def test_sessions_have_what_go_env_cannot_have(layout: Layout, read: Callable[[str], Environment]) -> None:
    for shell in shells(layout):
        environment = read_by_shell(layout, shell)
        assert {name: environment.get(name) for name in (*process_settings(layout.platform), *SETTINGS)} == {
            **process_settings(layout.platform), **dict.fromkeys(SETTINGS)
        }  # fmt: skip
        own = f"{layout.home}/own programs".encode()
        assert environment["PATH"].split(b":")[:2] == [own, layout.go.rpartition("/")[0].encode()]
    if "user_manager" in layout.sessions:
        environment = read("user_manager")
        assert {name: environment.get(name) for name in SETTINGS} == dict.fromkeys(SETTINGS)
        assert environment["GODEBUG"] == process_settings(layout.platform)["GODEBUG"]


def test_the_shipped_defaults_are_still_in_the_file(host: Host, layout: Layout) -> None:
    assert "GOSUMDB=sum.golang.org" in host.file(layout.go_env).content_string
