# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The measurements of a row, and their ratios."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import Any

from playbooks import Sample
from rows import Row


@dataclass(frozen=True)
class Spread:
    """The median of some values, the smallest and the largest."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: list[float]) -> Spread:
        return cls(statistics.median(values), min(values), max(values))

    def __str__(self) -> str:
        return f'**{self.median:.2f}** ({self.least:.2f} to {self.most:.2f})'


@dataclass
class Fresh:
    """Fresh installs with one kind of proof, each with the ping and the floor of its round."""

    runs: list[Sample] = field(default_factory=list)
    pings: list[Sample] = field(default_factory=list)
    floors: list[float] = field(default_factory=list)

    def ratio(self) -> Spread:
        """What a run takes on top of a ping play, in floors; round by round."""
        return Spread.of([(run.seconds - ping.seconds) / floor for run, ping, floor in zip(self.runs, self.pings, self.floors, strict=True)])


@dataclass
class Measured:
    row: Row
    # What the host fetched the floor's archive with.
    fetcher: str = ''
    fresh: dict[str, Fresh] = field(default_factory=dict)
    # By playbook, runs with nothing to do, each with the ping of its round.
    pairs: dict[str, list[tuple[Sample, Sample]]] = field(default_factory=dict)
    proof: dict[str, Any] = field(default_factory=dict)

    def unchanged(self, playbook: str) -> list[Sample]:
        return [unchanged for unchanged, _ping in self.pairs[playbook]]

    def unchanged_ratio(self, playbook: str) -> Spread:
        """What a run with nothing to do takes, in ping plays; pair by pair."""
        return Spread.of([unchanged.seconds / ping.seconds for unchanged, ping in self.pairs[playbook]])

    def proof_cost(self) -> float | None:
        """What the log adds to a fresh install, in times of unpacking: the digest of each file is needed for the manifest in any case."""
        if not self.proof or not {'log', 'index'} <= self.fresh.keys():
            return None
        unpacking: float = statistics.median(self.proof['unpack'])
        return (seconds(self.fresh['log'].runs) - seconds(self.fresh['index'].runs)) / unpacking

    def proof_ratio(self) -> Spread:
        """What the h1 of the tree takes, in times of unpacking it."""
        return Spread.of([h1 / unpack for h1, unpack in zip(self.proof['h1'], self.proof['unpack'], strict=True)])


def cpu(samples: list[Sample]) -> float:
    return statistics.median(sample.cpu for sample in samples)


def seconds(samples: list[Sample]) -> float:
    return statistics.median(sample.seconds for sample in samples)
