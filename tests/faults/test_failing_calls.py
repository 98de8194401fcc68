# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""System calls that fail: the module says what it ran into, what was active stays so, and the next run converges."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pytest

from breaking import Bench, Slot, Verdict, summary
from conftest import BenchOf, everything, sampled
from scenarios import BY_NAME, SCENARIOS, Scenario
from support.module_process import Module
from support.seed import seed, spread
from syscalls import Point

ERRORS = ('ENOSPC', 'EIO', 'EROFS', 'EACCES')
CODES = {'ENOSPC': 'disk_full', 'EIO': 'io_error', 'EROFS': 'not_writable', 'EACCES': 'not_writable'}
# What a run does one way or another: with a name, on a descriptor, with two names.
NAMED_CALLS = ('openat', 'write', 'fsync', 'syncfs', 'mkdir', 'symlink', 'rename')
# Calls taken of those that change a name, and of the others.
NAMING, OTHERS = 4, 2


def chosen(points: Sequence[Point]) -> list[tuple[Point, str]]:
    """Points with what happens there: one error each, in turn, at all of them or a sample that varies with the seed."""
    naming = [point for point in points if point.naming and not point.bulk]
    others = [point for point in points if point not in naming]
    some = points if everything() else spread(naming, sampled(NAMING)) + spread(others, sampled(OTHERS))
    return [(point, f'error={ERRORS[(index + seed()) % len(ERRORS)]}') for index, point in enumerate(some)]


@pytest.mark.parametrize('scenario', SCENARIOS, ids=lambda scenario: scenario.name)
def test_a_failing_call_is_reported_and_the_next_run_converges(scenario: Scenario, module: Module, bench_of: BenchOf, tally: list[str]) -> None:
    bench = bench_of(scenario)
    verdicts = bench.each(chosen(bench.points), bench.judge_error)
    reported = sum('failed with' in verdict.outcome for verdict in verdicts)
    tally.append(f'errors {scenario.name:<12} Python {module.version:<5} {summary(verdicts)}; {reported} reported, the rest mended')
    bad = [str(verdict) for verdict in verdicts if verdict.problems or verdict.missed]
    assert not bad, '\n'.join(bad)


def test_an_error_says_where_it_happened_and_has_the_code_of_its_kind(module: Module, bench_of: BenchOf, tally: list[str]) -> None:
    """Also from calls to which Python gives no file name, because they are made on descriptors."""
    bench = bench_of(BY_NAME['upgrade'])
    firsts = {point.name: point for point in reversed(bench.points)}
    work = [(firsts[call], f'error={error}') for call in NAMED_CALLS for error in ('ENOSPC', 'EACCES')]
    verdicts = bench.each(work, partial(judge_message, bench))
    tally.append(f'messages             Python {module.version:<5} {summary(verdicts)}')
    bad = [str(verdict) for verdict in verdicts if verdict.problems]
    assert not bad, '\n'.join(bad)


def judge_message(bench: Bench, slot: Slot, point: Point, what: str) -> Verdict:
    outcome = bench.broken(slot, point, what)
    verdict = Verdict(point, what, str(outcome))
    expected = CODES[what.removeprefix('error=')]
    if outcome.code != expected:
        verdict.problems.append(f'its code is {outcome.code}, not {expected}')
    if str(slot.host.root) not in outcome.message:
        verdict.problems.append('its message does not say where')
    return verdict


def test_trouble_of_the_host_while_unpacking_is_not_blamed_on_the_archive(module: Module, bench_of: BenchOf, tally: list[str]) -> None:
    """Its digest was right: what cannot be unpacked then is the host's fault, and another source would not help."""
    bench = bench_of(BY_NAME['upgrade'])
    point = next(point for point in bench.points if point.bulk and point.name == 'openat')
    troubles = ('error=EIO', 'error=EACCES', 'error=EROFS')
    verdicts = bench.each([(point, trouble) for trouble in troubles], partial(judge_blame, bench))
    tally.append(f'unpacking            Python {module.version:<5} {summary(verdicts)}')
    bad = [str(verdict) for verdict in verdicts if verdict.problems or verdict.missed]
    assert not bad, '\n'.join(bad)


def judge_blame(bench: Bench, slot: Slot, point: Point, what: str) -> Verdict:
    verdict = bench.judge_error(slot, point, what)
    if 'archive_damaged' in verdict.outcome:
        verdict.problems.append('the archive is blamed')
    return verdict
