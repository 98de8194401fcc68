# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Print measured rows as Markdown tables, and the budgets that they exceed."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence

from results import Measured, cpu, seconds
from rows import FRESH_BUDGET, PROOF_BUDGET, SCALED_BUDGET, SCALED_HOSTS, SCALED_PLATFORM, TOOLCHAIN, UNCHANGED_BUDGETS

MEGABYTE = 1_000_000


def written(measured: Sequence[Measured]) -> str:
    tables = (
        ('Nothing to do', UNCHANGED, _unchanged_rows(measured)),
        ('Fresh install, pulled by each host', FRESH, _fresh_rows(measured)),
        ('Verification by the log', PROOF, _proof_rows(measured)),
        ('Controller CPU, nothing to do', SCALE, _scale_rows(measured)),
    )
    return '\n'.join(f'### {title}\n\n{_table(head, rows)}\n' for title, head, rows in tables if rows)


UNCHANGED = ('host', 'hosts', 'playbook', 'ping play', 'run', 'run ÷ ping play', 'budget', 'round trips a host', 'requests', 'controller CPU')
FRESH = (
    'host', 'hosts', 'verified by', 'ping play', 'floor', 'run', f'(run − ping play) ÷ floor (≤ {FRESH_BUDGET})', 'round trips a host',
    'requests', 'MB a host', 'controller CPU',
)  # fmt: skip
PROOF = ('host', 'Python', '`tar -xzf`', f'(run by log − run by index) ÷ tar (≤ {PROOF_BUDGET})', 'h1 of an installed tree', 'h1 ÷ tar')
SCALE = ('host', 'one host', f'{SCALED_HOSTS} hosts', f'ratio (≤ {SCALED_BUDGET})')


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return '\n'.join(f'| {" | ".join(cells)} |' for cells in (head, ['---'] * len(head), *rows))


def _unchanged_rows(measured: Sequence[Measured]) -> list[list[str]]:
    return [
        [
            each.row.platform,
            str(each.row.hosts),
            playbook,
            f'{seconds([ping for _unchanged, ping in pairs]):.2f} s',
            f'{seconds(each.unchanged(playbook)):.2f} s',
            str(each.unchanged_ratio(playbook)),
            f'≤ {UNCHANGED_BUDGETS[playbook]}',
            str(max(sample.round_trips for sample in each.unchanged(playbook))),
            str(max(sample.requests for sample in each.unchanged(playbook))),
            f'{cpu(each.unchanged(playbook)):.2f} s',
        ]
        for each in measured
        for playbook, pairs in each.pairs.items()
    ]


def _fresh_rows(measured: Sequence[Measured]) -> list[list[str]]:
    return [
        [
            each.row.platform,
            str(each.row.hosts),
            kind,
            f'{seconds(fresh.pings):.2f} s',
            f'{statistics.median(fresh.floors):.2f} s ({each.fetcher})',
            f'{seconds(fresh.runs):.2f} s',
            str(fresh.ratio()),
            str(max(sample.round_trips for sample in fresh.runs)),
            str(max(sample.requests for sample in fresh.runs)),
            f'{max(sample.received for sample in fresh.runs) / each.row.hosts / MEGABYTE:.1f}',
            f'{cpu(fresh.runs):.2f} s',
        ]
        for each in measured
        for kind, fresh in each.fresh.items()
    ]


def _proof_rows(measured: Sequence[Measured]) -> list[list[str]]:
    return [
        [
            each.row.platform,
            each.proof['python'],
            f'{statistics.median(each.proof["unpack"]):.2f} s',
            f'**{cost:.2f}**' if (cost := each.proof_cost()) is not None else '–',
            f'{statistics.median(each.proof["h1"]):.2f} s',
            str(each.proof_ratio()),
        ]
        for each in measured
        if each.proof
    ]


def _scale(measured: Sequence[Measured]) -> tuple[float, float] | None:
    """Controller CPU of one host and of the largest fleet, in seconds; None unless both were measured."""
    found = {each.row.hosts: cpu(each.unchanged(TOOLCHAIN)) for each in measured if each.row.platform == SCALED_PLATFORM and each.pairs}
    return (found[1], found[SCALED_HOSTS]) if {1, SCALED_HOSTS} <= found.keys() else None


def _scale_rows(measured: Sequence[Measured]) -> list[list[str]]:
    scale = _scale(measured)
    if scale is None:
        return []
    one, many = scale
    return [[SCALED_PLATFORM, f'{one:.2f} s', f'{many:.2f} s', f'**{many / one:.1f}**']]


def missed(measured: Sequence[Measured]) -> list[str]:
    """One line for each budget that a median misses, with by how much."""
    return [
        f'{what}: {found:.2f}, which is {(found / budget - 1) * 100:.0f} % above the budget of {budget}'
        for what, found, budget in _judged(measured)
        if found > budget
    ]


def _judged(measured: Sequence[Measured]) -> Iterator[tuple[str, float, float]]:
    for each in measured:
        for playbook in each.pairs:
            yield f'{each.row}, {playbook}, nothing to do, in ping plays', each.unchanged_ratio(playbook).median, UNCHANGED_BUDGETS[playbook]
        for kind, fresh in each.fresh.items():
            yield f'{each.row}, fresh install, verified by {kind}, in floors', fresh.ratio().median, FRESH_BUDGET
        cost = each.proof_cost()
        if cost is not None:
            yield f'{each.row}, verification by the log, in times of unpacking', cost, PROOF_BUDGET
    scale = _scale(measured)
    if scale is not None:
        yield f'controller CPU of {SCALED_HOSTS} hosts, in times of one', scale[1] / scale[0], SCALED_BUDGET
