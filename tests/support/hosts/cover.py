# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The smallest assignment of hosts to lanes in which each host and each lane runs each scenario.

The whole grid runs a platform in each lane that manages it. Here each host runs each scenario once, in one of its lanes,
and each lane gets a host whose user is root. Where several lanes would do, the seed chooses, for each scenario anew.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from support.hosts.platforms import LANES, ROOTLESS, Platform

# Scenario: lane: names of hosts.
Cover = dict[str, dict[str, list[str]]]


def choices(platforms: Sequence[Platform]) -> dict[str, tuple[str, ...]]:
    """The lanes that may take each host."""
    return {**{platform.name: platform.lanes for platform in platforms}, ROOTLESS: LANES}


def cover(scenarios: Sequence[str], hosts: Mapping[str, Sequence[str]], seed: int) -> Cover:
    return {scenario: _seats(hosts, random.Random(f"{seed} {scenario}")) for scenario in scenarios}


def _seats(hosts: Mapping[str, Sequence[str]], chance: random.Random) -> dict[str, list[str]]:
    seats: dict[str, list[str]] = {lane: [] for lane in LANES}
    shuffled = chance.sample(sorted(hosts), len(hosts))
    # The least movable first, and an ordinary user last: a lane needs a host whose user is root.
    for name in sorted(shuffled, key=lambda each: (each == ROOTLESS, len(hosts[each]))):
        empty = [lane for lane in hosts[name] if not seats[lane]]
        seats[chance.choice(empty or list(hosts[name]))].append(name)
    return seats


def table(seats: Cover) -> str:
    """One line for each scenario."""
    lanes = {scenario: "; ".join(f"{lane}: {', '.join(names)}" for lane, names in of.items() if names) for scenario, of in seats.items()}
    width = max(map(len, lanes), default=0)
    return "\n".join(f"    {scenario:<{width}}  {line}" for scenario, line in lanes.items())
