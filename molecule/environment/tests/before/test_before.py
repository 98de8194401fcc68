# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host before the first step: its state is recorded for comparison."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path


def test_its_files_are_recorded(walk: Callable[[], dict[str, list[object]]], baseline: Path) -> None:
    baseline.write_text(json.dumps(walk()), encoding="utf-8")
