# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several runs on one host at once."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

import syscalls
from conftest import Need
from sandbox import Host, Snapshot, ask
from scenarios import FIRST, SECOND, Shelf
from standstill import Gate, start_stopped
from support.module_process import Module, Options, Outcome
from syscalls import Point


@pytest.fixture
def gate() -> Iterator[Gate]:
    with contextlib.closing(Gate()) as opened:
        yield opened


def gated(gate: Gate, shelf: Shelf, host: Host) -> Options:
    return {**shelf.options(FIRST), **host.paths, **gate.options}


def installers(outcomes: list[Outcome]) -> list[Outcome]:
    for outcome in outcomes:
        assert outcome.succeeded, outcome
    return [outcome for outcome in outcomes if outcome.result and outcome.result['installed']]


@pytest.mark.parametrize('count', [2, 4])
def test_one_of_several_concurrent_runs_installs_and_the_others_change_nothing(count: int, module: Module, shelf: Shelf, host: Host) -> None:
    options = {**shelf.options(FIRST), **host.paths}
    outcomes = [running.finish() for running in [module.start(options) for _number in range(count)]]
    assert len(installers(outcomes)) == 1
    assert [outcome.changed for outcome in outcomes].count(True) == 1, [str(outcome) for outcome in outcomes]
    assert host.answers() == {'link': FIRST, 'bin': FIRST}
    assert host.staged() == []


@pytest.mark.parametrize('count', [2, 4])
def test_runs_wait_for_the_one_that_holds_the_lock(count: int, module: Module, shelf: Shelf, host: Host, gate: Gate) -> None:
    first = module.start(gated(gate, shelf, host))
    pipe = gate.wait()
    others = [module.start({**shelf.options(FIRST), **host.paths}) for _number in range(count - 1)]
    gate.feed(pipe, shelf.archives[FIRST].path.read_bytes())
    outcomes = [running.finish() for running in (first, *others)]
    assert installers(outcomes) == outcomes[:1]
    assert [outcome.changed for outcome in outcomes] == [True] + [False] * (count - 1)


def test_lock_timeout_names_the_process_that_holds_the_lock(module: Module, shelf: Shelf, host: Host, gate: Gate) -> None:
    first = module.start(gated(gate, shelf, host))
    pipe = gate.wait()
    before = outside_the_stage(host)
    second = module.run({**shelf.options(FIRST), **host.paths, 'lock_timeout': 1})
    assert (second.fault(), second.code) == (None, 'locked'), second
    for part in (str(host.lock), '1 s', 'fuser', 'lock_timeout'):
        assert part in second.message
    assert outside_the_stage(host) == before
    gate.feed(pipe, shelf.archives[FIRST].path.read_bytes())
    assert first.finish().changed


def test_lock_is_released_when_its_holder_is_killed(module: Module, shelf: Shelf, host: Host, gate: Gate) -> None:
    first = module.start(gated(gate, shelf, host))
    pipe = gate.wait()
    second = module.start({**shelf.options(FIRST), **host.paths})
    first.kill()
    os.close(pipe)
    assert first.finish().killed
    outcome = second.finish()
    assert outcome.changed, outcome
    assert host.answers() == {'link': FIRST, 'bin': FIRST}
    assert host.staged() == []


# ---- against a run that removes everything


def test_installation_after_a_concurrent_removal_installs_again(module: Module, shelf: Shelf, host: Host, folder: Path, need: Need) -> None:
    need(syscalls.works(), 'stopping runs at system calls', 'install strace and allow ptrace')
    assert module.run({**shelf.options(FIRST), **host.paths}).changed
    removal = {'state': 'absent', **host.paths}
    point = recorded(module, removal, host, folder, 'unlink', f'{FIRST}.json')
    assert point
    stopped = start_stopped(module, removal, point, folder / 'pipe')
    installation = module.start({**shelf.options(SECOND), **host.paths})
    assert stopped.release().changed
    outcome = installation.finish()
    assert outcome.changed, outcome
    proven(module, shelf, host, SECOND)


def test_a_removal_that_waits_for_an_installation_removes_it(module: Module, shelf: Shelf, host: Host, gate: Gate) -> None:
    before = host.snapshot()
    installation = module.start(gated(gate, shelf, host))
    pipe = gate.wait()
    removal = module.start({'state': 'absent', **host.paths})
    gate.feed(pipe, shelf.archives[FIRST].path.read_bytes())
    assert installation.finish().changed
    outcome = removal.finish()
    assert outcome.changed, outcome
    assert host.answers() == {'link': None, 'bin': None}
    left = {path for path in host.snapshot() if path not in before}
    assert left <= {'opt', 'usr/local/bin'}


@pytest.mark.parametrize('fails', [False, True], ids=['removal', 'failed_installation'])
def test_removal_keeps_what_is_installed_after_it_removed_the_lock(
    fails: bool, module: Module, shelf: Shelf, host: Host, folder: Path, need: Need
) -> None:
    """The lock's file goes with its folder: once its name is gone, another process may hold a new one."""
    need(syscalls.works(), 'stopping runs at system calls', 'install strace and allow ptrace')
    leaving = {'state': 'absent', **host.paths}
    if fails:
        leaving = {**shelf.options(FIRST), **host.paths}
        leaving['releases'][0]['archives']['amd64']['sha256'] = 'a' * 64
    else:
        assert module.run({**shelf.options(FIRST), **host.paths}).changed
    point = recorded(module, leaving, host, folder, 'unlink', 'lock"', '.gofleet"')
    if point is None:
        # The file remains, so no other process can lock a new one.
        assert fails
        return
    stopped = start_stopped(module, leaving, point, folder / 'pipe')
    installation = module.run({**shelf.options(SECOND), **host.paths, 'lock_timeout': 5})
    ended = stopped.release()
    assert ended.fault() is None, ended
    assert ended.code == ('sha256_mismatch' if fails else None), ended
    if installation.code == 'locked':
        # One of the runs waits.
        installation = module.run({**shelf.options(SECOND), **host.paths})
    assert installation.changed, installation
    proven(module, shelf, host, SECOND)


def test_an_installation_whose_folder_is_removed_while_it_opens_the_lock_goes_on(module: Module, shelf: Shelf, host: Host, folder: Path, need: Need) -> None:
    need(syscalls.works(), 'stopping runs at system calls', 'install strace and allow ptrace')
    assert module.run({**shelf.options(FIRST), **host.paths}).changed
    options = {**shelf.options(SECOND), **host.paths}
    stopped = start_stopped(module, options, before_lock(module, options, host, folder), folder / 'pipe')
    assert module.run({'state': 'absent', **host.paths}).changed
    outcome = stopped.release()
    assert outcome.changed, outcome
    proven(module, shelf, host, SECOND)


def recorded(module: Module, options: Options, host: Host, folder: Path, name: str, *parts: str) -> Point | None:
    """The call of that name that a run makes with those parts in its arguments; the host is as before afterwards.

    Later parts stand for what it may be instead: the whole folder may be taken away at once.
    """
    host.save(folder / 'saved')
    outcome = module.within(*syscalls.recorder(folder / 'log')).run(options)
    assert outcome.fault() is None, outcome
    found = syscalls.points(folder / 'log', host.root)
    host.restore(folder / 'saved')
    for part in parts:
        for point in found:
            if point.name.startswith((name, 'rename')) and part in point.arguments:
                return point
    return None


def before_lock(module: Module, options: Options, host: Host, folder: Path) -> Point:
    """The last call of a run before it opens the lock's file."""
    host.save(folder / 'saved')
    log = folder / 'log'
    assert module.within('strace', '-o', str(log), '-s', '1000').run(options).succeeded
    host.restore(folder / 'saved')
    names: list[str] = []
    for line in log.read_text(encoding='utf-8', errors='replace').splitlines():
        if str(host.lock) in line and 'O_CREAT' in line:
            return Point(names[-1], names.count(names[-1]), 'the call before the lock is opened')
        names.append(line.partition('(')[0])
    raise AssertionError(f'{host.lock} is not opened')


def outside_the_stage(host: Host) -> Snapshot:
    return {path: entry for path, entry in host.snapshot().items() if '/.gofleet/stage/' not in path}


def proven(module: Module, shelf: Shelf, host: Host, version: str) -> None:
    """What is on the host is what a run left there, complete."""
    assert host.answers() == {'link': version, 'bin': version}
    again = module.run({**shelf.options(version), **host.paths})
    assert again.changed is False, again
    assert ask(host.prefix / f'go{version}/bin/go') == version


def test_runs_with_a_closed_connection_end_and_leave_no_files(module: Module, shelf: Shelf, host: Host, gate: Gate) -> None:
    """A connection that dies takes the run's processes with SIGHUP or SIGTERM; the next run converges."""
    first = module.start(gated(gate, shelf, host))
    pipe = gate.wait()
    first.process.send_signal(signal.SIGTERM)
    os.close(pipe)
    first.finish()
    outcome = module.run({**shelf.options(FIRST), **host.paths})
    assert outcome.changed, outcome
    assert host.staged() == []
