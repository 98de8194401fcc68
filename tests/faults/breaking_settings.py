# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Break one system call of a run that sets an environment or the kernel, then look at the host, run again, and take everything back.

Runs depend on the host alone. So a host that is, file by file and value by value, what an unbroken run had made of it
needs no further runs to be judged: the next one changes nothing, and the removal gives everything back, as was seen there.
For the same reason two breaks that leave the same host are judged once.
"""

from __future__ import annotations

import json
import queue
import tempfile
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import syscalls
from breaking import HOSTS, SHOWN, Verdict, side_by_side
from sandbox import differences
from settings_host import CHANGED, SettingsHost, State, Values
from settings_scenarios import Scenario
from support.module_process import Module, Outcome
from syscalls import Point
from warm import WarmModule

_REMEMBERED = 'var/lib/gofleet/sysctl/state.json'
# What is the collection's own beside the files that are asked for: locks, what it remembers, what it has not given a name yet.
_OURS = ('var/lib/gofleet', 'run/gofleet')
_UNNAMED = '.gofleet-new'
# What a run needs while it lasts; a killed one may leave it until the removal.
_PASSING = ('etc/gofleet', 'run/gofleet', 'run/gofleet/environment.lock', 'var/lib/gofleet', 'var/lib/gofleet/environment', 'etc/fish/conf.d',
            'var/lib/gofleet/environment/made.json')


@dataclass(frozen=True)
class Slot:
    """A host of its own. pristine: before everything; first: where the change begins; last: what it leads to."""

    host: SettingsHost
    folder: Path
    pristine: State
    first: State
    last: State
    values: Values
    module: WarmModule

    def restore(self) -> None:
        self.host.restore(self.folder / 'first', self.values)

    @property
    def log(self) -> Path:
        return self.folder / 'strace.log'


class Bench:
    """A scenario under one interpreter, on HOSTS hosts. To be ended by end()."""

    def __init__(self, scenario: Scenario, module: Module, folder: Path) -> None:
        self.scenario = scenario
        self.module = module.other(scenario.module)
        self.folder = folder
        self.points: list[Point] = []
        self._hosts: list[SettingsHost] = []
        self._warm: list[WarmModule] = []
        # What is wrong with a host in this state.
        self._judged: dict[Hashable, list[str]] = {}
        self._slots: queue.SimpleQueue[Slot] = queue.SimpleQueue()

    def set_up(self) -> None:
        """Raises NoNamespace."""
        self.module.warm_up({'state': 'absent'})
        for number in range(HOSTS):
            slot = self._make_slot(self.folder / f'slot{number}')
            self._slots.put(slot)
            self.points = self.points or self._record(slot)

    def end(self) -> None:
        for warm in self._warm:
            warm.end()
        for host in self._hosts:
            host.end()

    def _make_slot(self, folder: Path) -> Slot:
        host = SettingsHost(folder / 'host', self.scenario.openrc)
        self._hosts.append(host)
        pristine = host.state()
        # As Ansible starts it; all other runs are forks of a process that has imported everything before, and have to lead to the same.
        module = self.module.within(*host.wrapper, PATH='/usr/sbin:/usr/bin:/sbin:/bin')
        for options in self.scenario.history:
            assert module.run(options).changed
        values, first = host.save(folder / 'first'), host.state()
        outcome = module.run(self.scenario.change)
        assert outcome.changed, outcome
        last = host.state()
        assert module.run(self.scenario.change).changed is False
        assert host.state() == last
        self._warm.append(WarmModule(module, folder))
        slot = Slot(host, folder, pristine, first, last, values, self._warm[-1])
        wrong = list(self._removal(slot))
        assert not wrong, wrong
        return slot

    def _record(self, slot: Slot) -> list[Point]:
        slot.restore()
        assert slot.module.run(self.scenario.change, syscalls.recorder(slot.log)).changed
        return syscalls.points(slot.log, *CHANGED)

    def each(self, work: Sequence[tuple[Point, str]]) -> list[Verdict]:
        return side_by_side(self._slots, work, self._judge)

    # ---- what is looked at

    def _judge(self, slot: Slot, point: Point, what: str) -> Verdict:
        slot.log.unlink(missing_ok=True)
        outcome = slot.module.run(self.scenario.change, syscalls.injector(slot.log, point, what))
        verdict = Verdict(point, what, str(outcome))
        killing = what == 'signal=KILL'
        if outcome.killed != killing or not syscalls.struck(slot.log, point, *CHANGED):
            return replace(verdict, missed=True)
        fault = None if killing else outcome.fault()
        verdict.problems += [fault] if fault else []
        broken = slot.host.state()
        if not killing:
            # Where it may not be removed, an empty folder stays.
            stays = _PASSING if point.name == 'rmdir' else ()
            verdict.problems += [line for line in self._all_or_nothing(slot, broken, outcome) if not line.endswith('is left behind') or not stays]
        key = (frozenset(broken.files.items()), frozenset(broken.values.items()))
        if key not in self._judged:
            self._judged[key] = [*self._whole(slot, broken), *self._remembered(slot, broken), *self._afterwards(slot)]
        verdict.problems += self._judged[key]
        return verdict

    def _all_or_nothing(self, slot: Slot, broken: State, outcome: Outcome) -> list[str]:
        """A run that could end by itself leaves each file as it was, or has done all; and it leaves nothing of its own."""
        expected = slot.last if outcome.succeeded or broken.files == slot.last.files else slot.first
        lines = differences(expected.files, broken.files)
        said = ' '.join(outcome.changed_all_the_same)
        if said:
            # Or it says what it changed before it failed; what it remembers of that is its own. The path of a service is not its name.
            lines = [line for line in lines if not line.startswith(_OURS) and line.split(' ')[0].rpartition('runlevels/boot/')[2] not in said]
        return [f'after {outcome}, {line}' for line in lines[:SHOWN]]

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
            if found not in allowed and not path.startswith(_OURS) and _UNNAMED not in path:
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
        again = slot.module.run(self.scenario.change)
        if not again.succeeded:
            yield f'the next run does not converge: {again}'
            return
        found = slot.host.state()
        passing = {path: entry for path, entry in found.files.items() if path in _PASSING and path not in slot.last.files}
        yield from _other('after the next run', slot.last, replace(found, files={path: found.files[path] for path in found.files.keys() - passing.keys()}))

    def _removal(self, slot: Slot) -> Iterator[str]:
        for options in self.scenario.removal:
            outcome = slot.module.run(options)
            if not outcome.succeeded:
                yield f'the removal fails: {outcome}'
                return
        yield from _other('after the removal', slot.pristine, slot.host.state())


def _other(when: str, expected: State, found: State) -> Iterator[str]:
    lines = differences(expected.files, found.files)
    yield from (f'{when} {line}' for line in lines[:SHOWN])
    for key, value in expected.values.items():
        if found.values[key] != value:
            yield f'{when} {key} is {found.values[key]}, not {value}'
