# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the log of callback_plugins/round_trips.py, and the mirror's requests of the same time."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Line = dict[str, Any]


@dataclass(frozen=True)
class PlaybookRun:
    """One run of ansible-playbook, from its start to its end."""

    playbook: str
    began: float
    ended: float
    lines: tuple[Line, ...]

    def operations(self, host: str) -> Counter[str]:
        """How often each kind of operation went to a host: exec_command, put_file, fetch_file."""
        return Counter(
            line["operation"] for line in self.lines if line["event"] == "operation" and line["host"] == host
        )

    def results(self, host: str) -> list[Line]:
        return [line for line in self.lines if line["event"] == "result" and line["host"] == host]

    def changed(self, host: str) -> bool:
        return any(result["changed"] for result in self.results(host))


def read_lines(path: Path) -> list[Line]:
    return [json.loads(text) for text in path.read_text(encoding="utf-8").splitlines()]


def playbook_runs(log: Path) -> list[PlaybookRun]:
    """In order. A run without an end was killed and is left out."""
    runs = []
    start: Line | None = None
    lines: list[Line] = []
    for line in read_lines(log):
        if line["event"] == "start":
            start, lines = line, []
        elif line["event"] == "end" and start is not None:
            runs.append(PlaybookRun(start["playbook"], start["time"], line["time"], tuple(lines)))
            start = None
        else:
            lines.append(line)
    return runs


def requests_during(mirror_log: Path, run: PlaybookRun) -> list[Line]:
    """The mirror's requests that began during a run. Both logs carry this machine's clock."""
    return [line for line in read_lines(mirror_log) if run.began <= line["time"] <= run.ended]
