# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access to a host for the verifications of all scenarios (tests/commands/molecule.py sets the environment)."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from testinfra.host import Host

from support.round_trips.log import PlaybookRun, playbook_runs

# Where a scenario keeps what one step has to tell a later one.
RUN = Path(os.environ["GOFLEET_SCENARIO_DIR"])
_WALK = Path(__file__).with_name("walk.py").read_text(encoding="utf-8")


def facts_of(name: str) -> dict[str, Any]:
    """What tests/commands/molecule.py knows of a host: platform, user, python, emulated."""
    facts: dict[str, Any] = json.loads(os.environ["GOFLEET_HOST_FACTS"])[name]
    return facts


def last_playbook() -> str | None:
    """The name of the last playbook in the log, without its suffix; None before the first one."""
    log = Path(os.environ["GOFLEET_ROUND_TRIPS_LOG"])
    return Path(playbook_runs(log)[-1].playbook).stem if log.exists() else None


def last_two_runs() -> tuple[PlaybookRun, PlaybookRun]:
    """The last two runs in the log, which must be of one and the same playbook."""
    first, second = playbook_runs(Path(os.environ["GOFLEET_ROUND_TRIPS_LOG"]))[-2:]
    assert first.playbook == second.playbook, "a step is applied twice before it is verified"
    return first, second


def every_file(host: Host, python: str) -> dict[str, list[object]]:
    """Every file of a host: its path, and what an untouched file keeps."""
    found: dict[str, list[object]] = json.loads(host.check_output("%s -c %s", python, _WALK))
    return found


def result_of_step(step: str, name: str) -> dict[str, Any]:
    """A module's result on a host in a step."""
    said: dict[str, Any] = json.loads((RUN / f"{name}.{step}.json").read_text(encoding="utf-8"))
    return said


def baseline_of(name: str) -> Path:
    """The file for what a host looked like before the first step."""
    return RUN / f"{name}.before.json"
