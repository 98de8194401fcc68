# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Break one system call of a run that sets an environment or the kernel, then look at the host, run again, and take everything back.

Runs depend on the host alone. So a host that is, file by file and value by value, what an unbroken run had made of it
needs no further runs to be judged: the next one changes nothing, and the removal gives everything back, as was seen there.
For the same reason two breaks that leave the same host are judged once.
"""

from __future__ import annotations

import json
import os
import queue
import tempfile
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import syscalls
from breaking import SHOWN, Verdict, side_by_side
from module_process import Module, Outcome
from sandbox import differences
from settings_host import CHANGED, SettingsHost, State, Values
from settings_scenarios import Scenario
from syscalls import Point

_REMEMBERED = 'var/lib/gofleet/sysctl/state.json'
# What is the collection's own beside the files that are asked for: locks, what it remembers, what it has not given a name yet.
_OURS = ('var/lib/gofleet', 'run/gofleet')
_UNNAMED = '.gofleet-new'
# What a removal leaves: folders that others may use by now, and a lock that the next boot clears away.
_KEPT = ('etc/fish/conf.d', 'etc/gofleet', 'run/gofleet', 'run/gofleet/environment.lock', 'var/go/.gofleet/lock')


@dataclass(frozen=True)
class Slot:
    """A host of its own. pristine: before everything; first: where the change begins; last: what it leads to."""

    host: SettingsHost
    folder: Path
    pristine: State
    first: State
    last: State
    values: Values

    def restore(self) -> None:
        self.host.restore(self.folder / 'first', self.values)

    @property
    def log(self) -> Path:
        return self.folder / 'strace.log'


class Bench:
    """A scenario under one interpreter, on as many hosts as there are processors. To be ended by end()."""

    def __init__(self, scenario: Scenario, module: Module, folder: Path) -> None:
        self.scenario = scenario
        self.module = module.other(scenario.module)
        self.folder = folder
        self.points: list[Point] = []
        self._hosts: list[SettingsHost] = []
        # What is wrong with a host in this state.
        self._judged: dict[Hashable, list[str]] = {}
        self._slots: queue.SimpleQueue[Slot] = queue.SimpleQueue()

    def set_up(self) -> None:
        """Raises NoNamespace."""
        self.module.warm_up({'state': 'absent'})
        for number in range(os.cpu_count() or 1):
            slot = self._make_slot(self.folder / f'slot{number}')
            self._slots.put(slot)
            self.points = self.points or self._record(slot)

    def end(self) -> None:
        for host in self._hosts:
            host.end()

    def _make_slot(self, folder: Path) -> Slot:
        host = SettingsHost(folder / 'host', self.scenario.openrc)
        self._hosts.append(host)
        pristine = host.state()
        for options in self.scenario.history:
            assert self._run(host, options).changed
        values, first = host.save(folder / 'first'), host.state()
        outcome = self._run(host, self.scenario.change)
        assert outcome.changed, outcome
        last = host.state()
        assert self._run(host, self.scenario.change).changed is False
        assert host.state() == last
        slot = Slot(host, folder, pristine, first, last, values)
        wrong = list(self._removal(slot))
        assert not wrong, wrong
        return slot

    def _run(self, host: SettingsHost, options: dict[str, object], wrapper: Sequence[str] = ()) -> Outcome:
        return self.module.within(*host.wrapper, *wrapper, PATH='/usr/sbin:/usr/bin:/sbin:/bin').run(options)

    def _record(self, slot: Slot) -> list[Point]:
        slot.restore()
        assert self._run(slot.host, self.scenario.change, syscalls.recorder(slot.log)).changed
        return syscalls.points(slot.log, *CHANGED)

    def each(self, work: Sequence[tuple[Point, str]]) -> list[Verdict]:
        return side_by_side(self._slots, work, self._judge)

    # ---- what is looked at

    def _judge(self, slot: Slot, point: Point, what: str) -> Verdict:
        slot.log.unlink(missing_ok=True)
        outcome = self._run(slot.host, self.scenario.change, syscalls.injector(slot.log, point, what))
        verdict = Verdict(point, what, str(outcome))
        killing = what == 'signal=KILL'
        if outcome.killed != killing or not syscalls.struck(slot.log, point, *CHANGED):
            return replace(verdict, missed=True)
        fault = None if killing else outcome.fault()
        verdict.problems += [fault] if fault else []
        broken = slot.host.state()
        if not killing and point.name != 'unlink':
            verdict.problems += [f'{path} is left after: {outcome}' for path in broken.files if path.endswith(_UNNAMED)]
        key = (frozenset(broken.files.items()), frozenset(broken.values.items()))
        if key not in self._judged:
            self._judged[key] = [*self._whole(slot, broken), *self._remembered(slot, broken), *self._afterwards(slot)]
        verdict.problems += self._judged[key]
        return verdict

    def _afterwards(self, slot: Slot) -> Iterator[str]:
        """What is wrong with the next run, and with the removal in its stead."""
        with tempfile.TemporaryDirectory(dir=slot.folder) as name:
            values = slot.host.save(Path(name))
            yield from self._convergence(slot)
            slot.host.restore(Path(name), values)
        yield from self._removal(slot)

    def _whole(self, slot: Slot, broken: State) -> Iterator[str]:
        """Each file and each value is the old one or the new one."""
        for path in sorted({*slot.first.files, *slot.last.files, *broken.files}):
            found, allowed = broken.files.get(path), (slot.first.files.get(path), slot.last.files.get(path))
            if found not in allowed and not path.startswith(_OURS) and not path.endswith(_UNNAMED) and not _half_owned(found, allowed):
                yield f'{path} is {found}, not {allowed[0]} or {allowed[1]}'
        for key, value in broken.values.items():
            if value not in (slot.first.values[key], slot.last.values[key]):
                yield f'{key} is {value}, not {slot.first.values[key]} or {slot.last.values[key]}'

    def _remembered(self, slot: Slot, broken: State) -> Iterator[str]:
        """Whatever is not as it was before everything is in the state with the value of before."""
        changed = {key: value for key, value in slot.pristine.values.items() if broken.values[key] != value}
        path = slot.host.root / _REMEMBERED
        try:
            keys = json.loads(path.read_text(encoding='ascii'))['keys'] if path.exists() else {}
        except json.JSONDecodeError as error:
            yield f'{_REMEMBERED} is not whole: {error}'
            return
        for key, value in changed.items():
            if keys.get(key, {}).get('before') != value:
                yield f'{key} is {broken.values[key]} and was {value}, but what is remembered is {keys.get(key)}'

    def _convergence(self, slot: Slot) -> Iterator[str]:
        again = self._run(slot.host, self.scenario.change)
        if not again.succeeded:
            yield f'the next run does not converge: {again}'
            return
        yield from _other('after the next run', slot.last, slot.host.state())

    def _removal(self, slot: Slot) -> Iterator[str]:
        for options in self.scenario.removal:
            outcome = self._run(slot.host, options)
            if not outcome.succeeded:
                yield f'the removal fails: {outcome}'
                return
        yield from _other('after the removal', _without_kept(slot.pristine), _without_kept(slot.host.state()))


def _half_owned(found: tuple[str, int, str] | None, allowed: tuple[tuple[str, int, str] | None, ...]) -> bool:
    """Its content is new, its owner still to come, who may not see less than others until then."""
    if found is None or found[0] != 'file':
        return False
    return any(found[:2] == each[:2] and found[2].split()[0] == each[2].split()[0] for each in allowed if each)


def _other(when: str, expected: State, found: State) -> Iterator[str]:
    lines = differences(expected.files, found.files)
    yield from (f'{when} {line}' for line in lines[:SHOWN])
    for key, value in expected.values.items():
        if found.values[key] != value:
            yield f'{when} {key} is {found.values[key]}, not {value}'


def _without_kept(state: State) -> State:
    return replace(state, files={path: entry for path, entry in state.files.items() if path not in _KEPT})
