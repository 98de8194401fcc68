# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host after the settings were given back, and after one more restart."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from testinfra.host import Host

from conftest import DROP_IN, STATE, Values


def test_every_previous_value_is_restored(in_force: Callable[[], Values], baseline: Path) -> None:
    assert in_force() == json.loads(baseline.read_text(encoding="utf-8"))


def test_no_file_is_left(host: Host) -> None:
    assert not host.file(DROP_IN).exists
    assert not host.file(STATE).exists
