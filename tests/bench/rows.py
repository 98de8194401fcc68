# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The measured rows and their budgets (DESIGN.md, Budgets), as data."""

from __future__ import annotations

from dataclasses import dataclass, replace

# Nothing to do, by playbook: times a play with one ping.
TOOLCHAIN, SITE = 'toolchain', 'site'
UNCHANGED_BUDGETS = {TOOLCHAIN: 0.8, 'environment': 0.8, 'settings': 0.8, SITE: 2.0}
# Fresh: what a run may take on top of a ping play, times the floor (fetch, digest and unpack on the same hosts).
FRESH_BUDGET = 1.6
# h1 of the unpacked tree, times unpacking it.
PROOF_BUDGET = 0.4
# The largest fleet against one host: controller CPU of a run with nothing to do, times the one host's.
SCALED_PLATFORM = 'debian12'
SCALED_HOSTS = 16
SCALED_BUDGET = 4
# What vouches for a fresh install.
INDEX = 'index'
LOG = 'log'


@dataclass(frozen=True)
class Row:
    """A platform, and how many hosts of it are managed in one run.

    rounds: fresh installs of each kind; pairs: runs with nothing to do, each beside a ping.
    """

    platform: str
    hosts: int = 1
    rounds: int = 3
    pairs: int = 7

    @classmethod
    def parse(cls, text: str) -> Row:
        """Reads str(row), or written(): PLATFORM:HOSTS[:ROUNDS:PAIRS]. Raises ValueError."""
        platform, dummy, numbers = text.partition(':')
        return cls(platform, *(int(number) for number in numbers.split(':') if number))

    @property
    def proofs(self) -> tuple[str, ...]:
        """One host tells the kinds apart; what many hosts take for an install is their work, not the controller's."""
        return (INDEX, LOG) if self.hosts == 1 else (LOG,)

    @property
    def playbooks(self) -> tuple[str, ...]:
        """Those of which a run with nothing to do is measured."""
        return tuple(UNCHANGED_BUDGETS) if self.hosts == 1 else (TOOLCHAIN,)

    def written(self) -> str:
        return f'{self.platform}:{self.hosts}:{self.rounds}:{self.pairs}'

    def limited(self, rounds: int | None, pairs: int | None) -> Row:
        return replace(self, rounds=self.rounds if rounds is None else rounds, pairs=self.pairs if pairs is None else pairs)

    def __str__(self) -> str:
        return f'{self.platform}:{self.hosts}'


# The oldest and the newest systemd host, the host without glibc and ssl, and one host as a fleet.
ROWS = (
    Row('centos7'),
    Row('alpine'),
    Row('debian13'),
    Row(SCALED_PLATFORM),
    Row(SCALED_PLATFORM, 4, rounds=1, pairs=5),
    Row(SCALED_PLATFORM, SCALED_HOSTS, rounds=1, pairs=3),
)
