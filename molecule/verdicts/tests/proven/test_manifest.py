# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The release is verified and its tree recorded; the second run changed nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from testinfra.host import Host

from conftest import Said
from support.round_trips.log import PlaybookRun

Runs = tuple[PlaybookRun, PlaybookRun]


def test_only_the_first_run_changed_something(host: Host, last_two: Runs) -> None:
    assert [run.changed(host.backend.name) for run in last_two] == [True, False]


def test_each_run_took_one_round_trip(host: Host, last_two: Runs) -> None:
    assert [run.operations(host.backend.name) for run in last_two] == [{"exec_command": 1}] * 2


def test_manifest_equals_the_one_that_check_mode_reported(host: Host, result_of: Callable[[str], Said]) -> None:
    tree = result_of("promised")["tree"]
    content = host.file(tree["manifest"]).content_string
    assert hashlib.sha256(content.encode()).hexdigest() == tree["sha256"]
    names = {line.split()[-1] for line in content.splitlines() if not line.startswith("#")}
    assert {"README", "bin/tool", "etc/settings", "empty"} <= names
    assert tree["count"] == 5
