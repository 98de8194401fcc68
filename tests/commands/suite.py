# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What make runs: the parts of a suite, three at a time so that two processors are busy, each within its budget.

    suite.py test     every platform, lane, scenario and kind of test once (make test)
    suite.py all      the whole grid: each scenario on each platform in each lane, each Python, larger samples
    suite.py quick    the inner loop: linters, units on two Pythons, one platform
    suite.py PART     one part alone, with its output as it comes; suite.py --list names them

What a part prints is shown in one piece when the part ends. After a failure nothing more is started; what runs then may
finish. Ctrl-C ends everything. A part that takes more than twice its budget fails: GOFLEET_BUDGETS=2 doubles the budgets
on a slower machine, and 0 lifts them.

Standard library only, Python 3.9 and later: it starts on a bare machine.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from support import lanes, seed
from support.stage import CHECKOUT

TESTS = Path(__file__).resolve().parents[1]
# One more than the processors of a common machine: a part waits for a fifth of its time, such as for a server that stays silent.
LINES = 3
BUDGETS = 'GOFLEET_BUDGETS'
# What is told to end may take its containers away first.
_PATIENCE = 90
_TERMINATION = 10


@dataclass(frozen=True)
class Part:
    """A command of `python3 tests`. budget: minutes on two processors beside two other parts; None where the network decides."""

    name: str
    command: tuple[str, ...]
    budget: float | None = None
    variables: tuple[tuple[str, str], ...] = ()

    @property
    def seconds(self) -> float | None:
        factor = float(os.environ.get(BUDGETS, '1'))
        return self.budget * 60 * factor if self.budget and factor else None


@dataclass(frozen=True)
class Suite:
    """first: parts that the others build on, one after the other; then the others, the long ones first, in LINES lines."""

    first: tuple[Part, ...]
    others: tuple[Part, ...] = ()


@dataclass(frozen=True)
class Result:
    part: Part
    code: int
    seconds: float

    @property
    def late(self) -> bool:
        return self.part.seconds is not None and self.seconds > 2 * self.part.seconds

    @property
    def failed(self) -> bool:
        return self.code != 0 or self.late

    def __str__(self) -> str:
        budget = f' (budget {self.part.seconds:.0f} s)' if self.part.seconds is not None else ''
        line = f'{self.part.name:<17} {"failed" if self.failed else "passed"} in {self.seconds:.0f} s{budget}'
        if self.late:
            line += f': more than twice its budget; if this machine is slow, raise the budgets by {BUDGETS}=2'
        return line


def _pytest(lane: str, *paths: str) -> tuple[str, ...]:
    """Folders or files of tests, by the Python of a lane."""
    return ('lanes', 'run', lane, '-m', 'pytest', '-q', *paths)


def _bootstrap(environments: Sequence[str], *platforms: str) -> Part:
    return Part('bootstrap', ('bootstrap', *(word for name in environments for word in ('--environment', name)), *platforms))


# The budgets are for three lines on two processors. Their sum, in three lines, stays within the hour that make test may take.
_LINT = Part('lint', ('lint',), 2)
_SANITY = Part('sanity', ('sanity', '--representative'), 8)
_UNITS = Part('units', ('units', '--representative'), 20)
# What is rendered, read back by the parsers of those that it is for: shells, systemd's, docker's.
_PROPERTIES = Part('properties', _pytest('main', 'tests/properties'), 4)
# Altered programs, by the thousand, given to the reader that has to cope with them.
_FUZZ = Part('fuzz', _pytest('el7', 'tests/fuzz'), 4)
# Runs that are killed, and calls that fail: on this machine, in folders and mounts of the tests' own.
_FAULTS = Part('faults', _pytest('el7', 'tests/faults'), 18)
# Verdicts beside what the loaders of real hosts do.
_JUDGE = Part('judge', _pytest('el7', 'tests/judge'), 3)
# Machines with kernels of their own: settings that a container cannot have and real reboots, and labels where SELinux enforces.
_SETTINGS = Part('machine settings', _pytest('main', 'tests/machine/test_settings_on_a_machine.py'), 12)
_LABELS = Part('machine labels', _pytest('main', 'tests/machine/test_labels_on_a_machine.py'), 9)
# Real hosts: each platform and each lane once for each scenario.
_COVER = tuple(Part(f'molecule {lane}', ('molecule', '--cover', '--lane', lane), budget) for lane, budget in (('el7', 22), ('main', 14), ('newest', 8)))
# No part may need what another one left on the machine: HOME and the cache are empty here.
_COLD_LINT = Part('lint', ('cold', 'lint'), 5)
_COLD = Part('cold', ('cold',), 6)

_EVERYTHING = _bootstrap((*lanes.LANES, 'dev'), '--everything')

_COMMON = (_SETTINGS, _LABELS, _JUDGE, _COLD, _PROPERTIES)
# Without budgets: the time depends on how many Pythons and platforms there are.
_LARGE = (
    Part('molecule', ('molecule', '--all')),
    Part('sanity', ('sanity',)),
    Part('units', ('units',)),
    Part('faults', _FAULTS.command, variables=(('GOFLEET_FAULTS', '5'),)),
    Part('fuzz', _FUZZ.command, variables=(('GOFLEET_FUZZ', '100000'),)),
)
_QUICK = (
    Part('lint', ('lint', '--quick'), 1),
    Part('units', ('units', '--quick'), 2),
    # It installs a toolchain first. The scenario of the toolchain itself takes twice as long.
    Part('molecule', ('molecule', '--lane', 'main', '--platform', 'debian12', '--scenario', 'environment'), 2),
)
_ALONE = (_LINT, _SANITY, _PROPERTIES, _FUZZ, _FAULTS, _JUDGE, _SETTINGS, _LABELS, *_COVER, _EVERYTHING)

# The linters go first: what they find is found soon. Then the long parts, and the short ones fill all lines to the end.
_LONG = (_UNITS, _FAULTS, _COVER[0], _SETTINGS, _COVER[1], _LABELS, _COVER[2], _SANITY)
SUITES = {
    'test': Suite((_EVERYTHING,), (_COLD_LINT, *_LONG, _COLD, _FUZZ, _PROPERTIES, _JUDGE)),
    'all': Suite((_EVERYTHING,), (_COLD_LINT, *_LARGE, *_COMMON)),
    'quick': Suite((_bootstrap(('main', 'dev'), '--platform', 'debian12'),), _QUICK),
    'machine': Suite((), (_SETTINGS, _LABELS)),
    'cold': Suite((_COLD_LINT, _COLD)),
    **{part.name: Suite((part,)) for part in _ALONE},
}


class Runner:
    """Runs parts as processes, each in a group of its own, so that it can be ended with all that it started."""

    def __init__(self, piecewise: bool) -> None:
        """piecewise: show what a part prints in one piece when it ends, and not as it comes."""
        self._piecewise = piecewise
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._stopped = False
        self.results: list[Result] = []

    def run(self, parts: Sequence[Part], lines: int) -> None:
        """Each part, as many at a time as there are lines, until one fails or stop() is called."""
        waiting = list(reversed(parts))
        threads = [threading.Thread(target=self._line, args=(waiting,), daemon=True) for _number in range(lines)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    @property
    def failed(self) -> bool:
        return self._stopped or any(result.failed for result in self.results)

    def _line(self, waiting: list[Part]) -> None:
        while True:
            with self._lock:
                if not waiting or self.failed:
                    return
                part = waiting.pop()
                began = time.monotonic()
                # Closed by _show, in another turn of the lock.
                output: IO[bytes] | None = tempfile.TemporaryFile() if self._piecewise else None  # noqa: SIM115
                budget = f' (budget {part.seconds:.0f} s)' if part.seconds is not None else ''
                print(f'==> {part.name}: started{budget}', flush=True)
                process = subprocess.Popen(
                    [sys.executable, str(TESTS), *part.command], cwd=CHECKOUT, env={**os.environ, **dict(part.variables)},
                    stdin=subprocess.DEVNULL, stdout=output, stderr=output and subprocess.STDOUT, start_new_session=True,
                )  # fmt: skip
                self._running.add(process)
            code = process.wait()
            result = Result(part, code, time.monotonic() - began)
            with self._lock:
                self._running.discard(process)
                self.results.append(result)
                self._show(result, output)

    def _show(self, result: Result, output: IO[bytes] | None) -> None:
        print(f'==> {result}', flush=True)
        if output:
            with output:
                output.seek(0)
                shutil.copyfileobj(output, sys.stdout.buffer)
            print(f'==> {result.part.name}: end of its output', flush=True)

    def stop(self) -> None:
        """End what runs, with all that it started: asked as by Ctrl-C, then by SIGTERM, then killed."""
        with self._lock:
            self._stopped = True
            left = list(self._running)
        for number, patience in ((signal.SIGINT, _PATIENCE), (signal.SIGTERM, _TERMINATION), (signal.SIGKILL, _TERMINATION)):
            for process in left:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, number)
            deadline = time.monotonic() + patience
            for process in left:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(max(0.0, deadline - time.monotonic()))
            left = [process for process in left if process.poll() is None]


@contextlib.contextmanager
def _termination_as_interrupt() -> Iterator[None]:
    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def run(suite: Suite) -> int:
    began = time.monotonic()
    parts = (*suite.first, *suite.others)
    runner = Runner(piecewise=len(parts) > 1)
    print(f'==> {seed.line()}', flush=True)
    try:
        with _termination_as_interrupt():
            runner.run(suite.first, 1)
            runner.run(suite.others, LINES)
    except KeyboardInterrupt:
        print('==> interrupted: ending what runs', flush=True)
        runner.stop()
        return 130
    ended = {result.part.name: str(result) for result in runner.results}
    lines = [ended.get(part.name, f'{part.name:<17} not run') for part in parts]
    print('\n'.join(['==> summary', *lines, f'{"the whole":<17} took {time.monotonic() - began:.0f} s']), flush=True)
    return int(runner.failed)


def main() -> int:
    parser = argparse.ArgumentParser(description='The parts of make test, some at a time.')
    parser.add_argument('suite', nargs='?', default='test', help='test, all, quick, machine, or one part')
    parser.add_argument('--list', action='store_true', help='print the names of all suites and parts')
    arguments = parser.parse_args()
    if arguments.list:
        print('\n'.join(SUITES))
        return 0
    if arguments.suite not in SUITES:
        parser.error(f'no suite is named {arguments.suite!r}; there are {", ".join(SUITES)}')
    return run(SUITES[arguments.suite])


if __name__ == '__main__':
    sys.exit(main())
