# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Break one system call of a run, then look at the host, run again, and look again."""

from __future__ import annotations

import os
import queue
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

import syscalls
from sandbox import Host, Snapshot, differences
from scenarios import Scenario, Shelf
from support.module_process import Module, Options, Outcome
from syscalls import Point
from warm import WarmModule

PREFIX = 'opt/go'
# In names of what has not got its own yet.
_UNNAMED = '.gofleet-new'
# Lines of a difference that are reported.
SHOWN = 6
# Hosts that are broken side by side. Each is set up first, and make test has another part for the other processor.
HOSTS = (os.cpu_count() or 1) if os.environ.get('GOFLEET_FAULTS') else 1


@dataclass
class Verdict:
    point: Point
    what: str
    outcome: str
    problems: list[str] = field(default_factory=list)
    # The call that was broken was another one, so nothing was tested.
    missed: bool = False

    def __str__(self) -> str:
        return '\n    '.join([f'{self.what} at {self.point} -> {self.outcome}', *self.problems])


@dataclass(frozen=True)
class Slot:
    """A host at a path of its own, so that several can be broken side by side, with its first state saved."""

    host: Host
    folder: Path
    # The user's files in the first state, and the whole host in the first and the last.
    users: Snapshot
    first: Snapshot
    last: Snapshot
    module: WarmModule

    def restore(self) -> None:
        self.host.restore(self.folder / 'first')

    @property
    def log(self) -> Path:
        return self.folder / 'strace.log'


class Bench:
    """A scenario under one interpreter. To be ended by end().

    What leads to the first state, and a first change, are runs as Ansible starts them; all others are forks of a process that has
    imported everything before, and have to lead to the same.
    """

    def __init__(self, scenario: Scenario, module: Module, shelf: Shelf, folder: Path) -> None:
        self.scenario = scenario
        self.shelf = shelf
        self.folder = folder
        self.module = module
        self.options = scenario.change(shelf)
        self.points: list[Point] = []
        self._warm: list[WarmModule] = []
        self._slots: queue.SimpleQueue[Slot] = queue.SimpleQueue()
        for number in range(HOSTS):
            slot = self._make_slot(folder / f'slot{number}')
            self._slots.put(slot)
            self.points = self.points or self._record(slot)

    def end(self) -> None:
        for warm in self._warm:
            warm.end()

    def _make_slot(self, folder: Path) -> Slot:
        host = Host(folder / 'host')
        self.scenario.set_up(host, self.module, self.shelf)
        host.save(folder / 'first')
        users = host.snapshot()
        outcome = self.module.run(self._wanted(host))
        assert outcome.changed, outcome
        assert self.module.run(self._wanted(host)).changed is False
        assert set(host.answers().values()) == {self.scenario.after}
        last = host.snapshot()
        self._warm.append(WarmModule(self.module, folder))
        # What an unbroken run leaves as it was: the user's own files are among it.
        return Slot(host, folder, {path: entry for path, entry in users.items() if last.get(path) == entry}, users, last, self._warm[-1])

    def _wanted(self, host: Host) -> Options:
        return {**self.options, **host.paths}

    def _run(self, slot: Slot, tracer: Sequence[str] = ()) -> Outcome:
        return slot.module.run(self._wanted(slot.host), tracer)

    def _record(self, slot: Slot) -> list[Point]:
        slot.restore()
        assert self._run(slot, syscalls.recorder(slot.log, self.scenario.lacks)).succeeded
        return syscalls.points(slot.log, slot.host.root)

    def broken(self, slot: Slot, point: Point, what: str) -> Outcome:
        """Run the change with one call broken."""
        slot.log.unlink(missing_ok=True)
        return self._run(slot, syscalls.injector(slot.log, point, what, self.scenario.lacks))

    def each(self, work: Sequence[tuple[Point, str]], judge: Callable[[Slot, Point, str], Verdict]) -> list[Verdict]:
        return side_by_side(self._slots, work, judge)

    # ---- what is looked at

    def judge_kill(self, slot: Slot, point: Point, what: str) -> Verdict:
        outcome = self.broken(slot, point, what)
        verdict = Verdict(point, what, str(outcome))
        if not outcome.killed or not syscalls.struck(slot.log, point, slot.host.root):
            verdict.missed = True
            return verdict
        verdict.problems += [*self._state(slot), *self._convergence(slot)]
        return verdict

    def judge_error(self, slot: Slot, point: Point, what: str) -> Verdict:
        outcome = self.broken(slot, point, what)
        verdict = Verdict(point, what, str(outcome))
        if not syscalls.struck(slot.log, point, slot.host.root):
            verdict.missed = True
            return verdict
        fault = outcome.fault()
        verdict.problems += [fault] if fault else []
        verdict.problems += [*self._state(slot), *self._rest(slot, outcome), *self._convergence(slot)]
        return verdict

    def _state(self, slot: Slot) -> Iterator[str]:
        for name, answer in slot.host.answers().items():
            allowed = {self.scenario.before, self.scenario.after, *([None] if self.scenario.lacks else [])}
            if answer not in allowed:
                yield f'go under {name} says {answer}, not {self.scenario.before} or {self.scenario.after}'
        wrong = self.scenario.wrong(slot.host)
        if wrong:
            yield wrong
        yield from self._users(slot)

    def _users(self, slot: Slot) -> Iterator[str]:
        found = slot.host.snapshot()
        for path, entry in slot.users.items():
            if found.get(path) != entry:
                yield f'{path} was {entry} and is {found.get(path)}'
        if self.scenario.name.startswith('adopt'):
            yield from self._foreign(found)

    def _foreign(self, found: Snapshot) -> Iterator[str]:
        """What was in the way is whole, under its own name or the one it was moved to."""
        places = ('usr/local/go', 'usr/local/go.before-gofleet-TIME')
        if not any({'VERSION', 'bin/go', 'bin/gofmt'} <= below(found, place) for place in places):
            yield 'the foreign tree is nowhere whole'
        programs = [found.get(f'usr/local/bin/go{suffix}') for suffix in ('', '.before-gofleet-TIME')]
        if not any(entry and entry[0] == 'file' for entry in programs):
            yield 'the foreign program is gone'

    def _rest(self, slot: Slot, outcome: Outcome) -> Iterator[str]:
        """A run that could end by itself cleans up, though cleaning up may be what was broken: nothing is left but finished trees."""
        yield from (f'{name} is left in the stage after: {outcome}' for name in slot.host.staged())
        found = slot.host.snapshot()
        yield from (f'{path} is left after: {outcome}' for path in found if _UNNAMED in path)
        if not outcome.succeeded and not slot.first.keys() & {PREFIX} and not _trees(found):
            # On a fresh host that is everything.
            yield from (f'after {outcome}, {line}' for line in differences(slot.first, found)[:SHOWN])

    def _convergence(self, slot: Slot) -> Iterator[str]:
        again = self._run(slot)
        if not again.succeeded:
            yield f'the next run does not converge: {again}'
            return
        third = self._run(slot)
        if third.changed is not False:
            yield f'a third run is not without change: {third}'
        wrong = {name: answer for name, answer in slot.host.answers().items() if answer != self.scenario.after}
        if wrong:
            yield f'after the next run go says {wrong}'
        left = slot.host.snapshot()
        if not below(left, PREFIX):
            # A removal that was killed just before its last call leaves the empty folder, which may as well be its user's.
            left.pop(PREFIX, None)
        lines = differences(slot.last, left)
        yield from (f'after the next run {line}' for line in lines[:SHOWN])
        if len(lines) > SHOWN:
            yield f'… and {len(lines) - SHOWN} more paths'


def _trees(found: Snapshot) -> list[str]:
    return [path for path in found if path.rpartition('/')[0] == PREFIX and path.startswith(f'{PREFIX}/go')]


class Restorable(Protocol):
    def restore(self) -> None:
        """Put the host back into the state from which the change begins."""


_Slot = TypeVar('_Slot', bound=Restorable)


def side_by_side(slots: queue.SimpleQueue[_Slot], work: Sequence[tuple[Point, str]], judge: Callable[[_Slot, Point, str], Verdict]) -> list[Verdict]:
    """What comes of each point, with as many at once as there are slots."""

    def one(item: tuple[Point, str]) -> Verdict:
        slot = slots.get()
        try:
            slot.restore()
            return judge(slot, *item)
        finally:
            slots.put(slot)

    with ThreadPoolExecutor(HOSTS) as pool:
        return list(pool.map(one, work))


def below(found: Snapshot, folder: str) -> set[str]:
    return {path.removeprefix(f'{folder}/') for path in found if path.startswith(f'{folder}/')}


def summary(verdicts: Sequence[Verdict]) -> str:
    """`41 points: 38 ok, 2 failed, 1 missed; rename 6, mkdir 7, …`"""
    missed = sum(verdict.missed for verdict in verdicts)
    failed = sum(bool(verdict.problems) for verdict in verdicts)
    kinds = Counter(verdict.point.name for verdict in verdicts)
    listed = ', '.join(f'{name} {count}' for name, count in kinds.most_common())
    return f'{len(verdicts)} points: {len(verdicts) - failed - missed} ok, {failed} failed, {missed} missed ({listed})'
