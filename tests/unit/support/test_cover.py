# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence

import pytest

from support.hosts.cover import choices, cover, table
from support.hosts.platforms import LANES, PLATFORMS, ROOTLESS, Platform
from support.stage import CHECKOUT

SCENARIOS = sorted(path.parent.name for path in (CHECKOUT / 'molecule').glob('*/molecule.yml'))
ALL = list(PLATFORMS.values())
# What a closed network has.
CLOSED = [platform for platform in ALL if not platform.pull_only]


@pytest.mark.parametrize('platforms', [ALL, CLOSED], ids=['all', 'closed-network'])
def test_each_host_and_each_lane_runs_each_scenario_and_no_host_twice(platforms: Sequence[Platform]) -> None:
    hosts = choices(platforms)
    found = [cover(SCENARIOS, hosts, seed) for seed in range(200)]
    assert [seats for seats in found if sorted(seats) != SCENARIOS] == []
    for by_lane in itertools.chain.from_iterable(seats.values() for seats in found):
        placed = Counter(name for names in by_lane.values() for name in names)
        assert placed == Counter(dict.fromkeys(hosts, 1))
        # Each by a host whose user is root.
        assert [lane for lane in LANES if not set(by_lane[lane]) - {ROOTLESS}] == []


def test_no_lane_gets_a_host_that_it_does_not_manage() -> None:
    hosts = choices(ALL)
    assert set(hosts) == {*PLATFORMS, ROOTLESS}
    seats = cover(SCENARIOS, hosts, 1)
    for by_lane, lane in itertools.product(seats.values(), LANES):
        assert [name for name in by_lane[lane] if lane not in hosts[name]] == []


def test_a_seed_gives_one_assignment_and_other_seeds_give_others() -> None:
    hosts = choices(CLOSED)
    assert cover(SCENARIOS, hosts, 7) == cover(SCENARIOS, dict(reversed(hosts.items())), 7)
    found = {table(cover(SCENARIOS, hosts, seed)) for seed in range(20)}
    assert len(found) > 10


def test_with_time_each_lane_runs_each_scenario_on_each_host_of_two_lanes() -> None:
    hosts = choices(CLOSED)
    seen = {(scenario, lane, name) for seed in range(100) for scenario, of in cover(SCENARIOS, hosts, seed).items() for lane in of for name in of[lane]}
    movable = [name for name in hosts if len(hosts[name]) == 2 or name == ROOTLESS]
    assert {(scenario, lane, name) for scenario in SCENARIOS for name in movable for lane in hosts[name]} <= seen
