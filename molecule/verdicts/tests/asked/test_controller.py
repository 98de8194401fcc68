# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that were judged before they were copied: by the host, and by its stored facts."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

from testinfra.host import Host

from conftest import Said
from support.abi.agreement import Start
from support.abi.design import PLACE, WORD
from support.round_trips.log import playbook_runs

Started = Callable[[list[str]], list[Start]]


def disagreements(said: Said, verdicts: list[Said], started: Started) -> list[str]:
    starts = started([f"{PLACE}/{name}" for name in said["names"]])
    wrong = {True: "incompatible", False: "runs"}
    triples = zip(said["names"], starts, verdicts, strict=True)
    return [f"{name}: {start}; said: {judged['verdict']} {judged['reasons']}" for name, start, judged in triples if judged["verdict"] == wrong[start.ran(WORD)]]


def test_verdicts_on_controller_programs_match_their_starts(result_of: Callable[[str], Said], started: Started) -> None:
    said = result_of("asked")
    assert disagreements(said, said["sent"]["results"], started) == []


def test_verdicts_by_stored_facts_match_the_starts(result_of: Callable[[str], Said], started: Started) -> None:
    said = result_of("asked")
    assert disagreements(said, said["stored"], started) == []


def test_stored_facts_decide_most_verdicts(result_of: Callable[[str], Said], facts: Said) -> None:
    said = result_of("asked")
    # Verdicts on programs for another architecture are unknown.
    own = [each["verdict"] for name, each in zip(said["names"], said["stored"], strict=True) if ("arm64" in name) == facts["emulated"]]
    assert {"runs", "incompatible"} <= set(own)
    assert own.count("unknown") <= len(own) // 2


def test_facts_of_a_host_are_small(result_of: Callable[[str], Said]) -> None:
    assert len(json.dumps(result_of("asked")["host"])) < 4096


def test_programs_on_the_controller_took_one_round_trip(host: Host) -> None:
    run = next(run for run in reversed(playbook_runs(Path(os.environ["GOFLEET_ROUND_TRIPS_LOG"]))) if run.playbook == "ask.yml")
    lines = [line for line in run.lines if line.get("task") == "Check the programs against the host" and line["host"] == host.backend.name]
    assert [line["operation"] for line in lines if line["event"] == "operation"] == ["exec_command"]
    assert [line["changed"] for line in lines if line["event"] == "result"] == [False]
