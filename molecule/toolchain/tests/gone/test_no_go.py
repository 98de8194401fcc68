# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host after Go was removed."""

from __future__ import annotations

from testinfra.host import Host

from conftest import Layout


def test_no_link_is_left(host: Host, layout: Layout) -> None:
    # `ls` sees a link that leads nowhere.
    assert host.run("ls -d %s %s %s", layout.link, f"{layout.bin}/go", f"{layout.bin}/gofmt").stdout == ""
