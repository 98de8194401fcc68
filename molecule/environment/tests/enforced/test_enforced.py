# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Level enforced: every session has the settings, which win over a user's own, and go.env is as it was shipped."""

from __future__ import annotations

from collections.abc import Callable

from testinfra.host import Host

from conftest import Layout
from consumers import Environment, as_user, read_by_shell, shells
from expectations import SETTINGS, process_settings

WHOLE = {name: value.encode() for name, value in SETTINGS.items()}


def test_shells_have_every_setting(layout: Layout) -> None:
    for shell in shells(layout):
        environment = read_by_shell(layout, shell)
        wanted = WHOLE | process_settings(layout.platform)
        assert (shell, {name: environment.get(name) for name in wanted}) == (shell, wanted)


def test_a_user_manager_has_every_setting(layout: Layout, read: Callable[[str], Environment]) -> None:
    if "user_manager" not in layout.sessions:
        return
    environment = read("user_manager")
    wanted = WHOLE | process_settings(layout.platform)
    assert {name: environment.get(name) for name in wanted} == wanted


def test_a_users_own_choice_does_not_win(layout: Layout) -> None:
    sourced = f". {layout.path('login_shell')};" if layout.rootless else ""
    script = f"{sourced} export HOME=/tmp/gofleet-check; {layout.go} env -w GOPROXY=off 2>/dev/null; {layout.go} env GOPROXY; {layout.go} env -u GOPROXY"
    said = as_user(layout, ["sh", "-l", "-c", script]).decode().splitlines()
    assert said == [SETTINGS["GOPROXY"]]


def test_go_env_is_as_it_was_shipped(host: Host, layout: Layout) -> None:
    content = host.file(layout.go_env).content_string
    assert content.startswith("# This file contains the initial defaults for go command configuration.")
    assert "gofleet" not in content
