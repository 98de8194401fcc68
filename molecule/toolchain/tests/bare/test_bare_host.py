# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host before the first step: no Go anywhere. Its state is recorded for comparison."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from testinfra.host import Host

from conftest import Layout


def test_there_is_no_go_yet(host: Host, layout: Layout) -> None:
    assert not host.file(layout.link).exists
    assert not host.exists("go")


def test_its_files_are_recorded(walk: Callable[[], dict[str, list[object]]], baseline: Path) -> None:
    baseline.write_text(json.dumps(walk()), encoding="utf-8")
