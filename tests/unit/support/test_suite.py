# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from commands import suite

TESTS = Path(suite.__file__).resolve().parents[1]
HOUR = 60.0
MakePart = Callable[..., suite.Part]
# Two parts that each wait for the other can only end side by side.
MEET = 'import os, sys; os.open(sys.argv[1], os.O_WRONLY) if sys.argv[2] == "w" else os.read(os.open(sys.argv[1], os.O_RDONLY), 1)'


@pytest.fixture(autouse=True)
def no_settings_of_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('GOFLEET_SEED', '1')
    monkeypatch.delenv(suite.BUDGETS, raising=False)


@pytest.fixture
def part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakePart:
    """A part that runs a line of Python."""
    monkeypatch.setattr(suite, 'TESTS', tmp_path)
    (tmp_path / '__main__.py').write_text('import sys\nsys.argv[:] = sys.argv[1:]\nexec(sys.argv[0])\n', encoding='ascii')

    def make(name: str, script: str, *arguments: str, budget: float | None = None) -> suite.Part:
        return suite.Part(name, (script, *arguments), budget)

    return make


def summary(output: str) -> dict[str, str]:
    lines = output.split('==> summary\n')[1].splitlines()
    return {line[:17].strip(): line[18:].partition(' in ')[0] for line in lines[:-1]}


def test_after_a_failure_nothing_more_is_started_and_every_part_is_in_the_summary(part: MakePart, capfd: pytest.CaptureFixture[str]) -> None:
    parts = (part('one', 'print("output of one")'), part('two', 'raise SystemExit(3)'), part('three', ''))
    assert suite.run(suite.Suite(parts)) == 1
    said = capfd.readouterr().out
    assert summary(said) == {'one': 'passed', 'two': 'failed', 'three': 'not run'}
    assert 'output of one\n' in said


def test_two_parts_run_side_by_side_and_what_each_prints_stays_in_one_piece(part: MakePart, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    fifo = tmp_path / 'fifo'
    os.mkfifo(fifo)
    script = f'print("start", flush=True); {MEET}; print("end")'
    assert suite.run(suite.Suite((), (part('reader', script, str(fifo), 'r'), part('writer', script, str(fifo), 'w')))) == 0
    assert capfd.readouterr().out.count('start\nend\n') == 2


def test_parts_that_the_others_need_run_before_them_one_at_a_time(part: MakePart, tmp_path: Path) -> None:
    note = tmp_path / 'note'
    add = 'import sys; open(sys.argv[1], "a").write(sys.argv[2])'
    assert suite.run(suite.Suite((part('a', add, str(note), '1'), part('b', add, str(note), '2')), (part('c', add, str(note), '3'),))) == 0
    assert note.read_text(encoding='ascii') == '123'


@pytest.mark.parametrize(('factor', 'late'), [('1', True), ('1000', False), ('0', False)])
def test_a_part_that_takes_twice_its_budget_fails_unless_budgets_are_raised(
    part: MakePart, factor: str, late: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(suite.BUDGETS, factor)
    result = suite.Result(part('slow', '', budget=1.0), 0, 121.0)
    assert result.failed is late
    assert ('more than twice its budget; if this machine is slow, raise the budgets by GOFLEET_BUDGETS=2' in str(result)) is late


def test_a_part_within_twice_its_budget_passes_and_shows_it(part: MakePart) -> None:
    result = suite.Result(part('fast', '', budget=1.0), 0, 119.0)
    assert not result.failed
    assert str(result).split() == ['fast', 'passed', 'in', '119', 's', '(budget', '60', 's)']


def test_the_seed_is_printed_and_parts_get_a_given_one(part: MakePart, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv('GOFLEET_SEED', '77')
    assert suite.run(suite.Suite((part('one', 'import os; print("got", os.environ["GOFLEET_SEED"])'),))) == 0
    assert 'GOFLEET_SEED=77' in capfd.readouterr().out


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_what_runs_with_all_that_it_started(number: signal.Signals, tmp_path: Path) -> None:
    fifo = tmp_path / 'fifo'
    os.mkfifo(fifo)
    # The part's own child holds the pipe until it is gone.
    held = 'import signal, sys; handle = open(sys.argv[1], "w"); handle.write("there\\n"); handle.flush(); signal.pause()'
    run_child = f'import subprocess, sys; subprocess.run([sys.executable, "-c", {held!r}, sys.argv[1]])'
    (tmp_path / '__main__.py').write_text('import sys\nsys.argv[:] = sys.argv[1:]\nexec(sys.argv[0])\n', encoding='ascii')
    script = (
        'import pathlib, signal, sys; from commands import suite; signal.signal(signal.SIGINT, signal.default_int_handler);'
        f'suite.TESTS = pathlib.Path(sys.argv[1]); sys.exit(suite.run(suite.Suite((suite.Part("held", ({run_child!r}, sys.argv[2])),))))'
    )
    command = [sys.executable, '-c', script, str(tmp_path), str(fifo)]
    running = subprocess.Popen(command, env={**os.environ, 'PYTHONPATH': str(TESTS)}, stdout=subprocess.DEVNULL)
    with fifo.open(encoding='ascii') as pipe:
        assert pipe.readline() == 'there\n'
        running.send_signal(number)
        # The end of the file: nothing has it open any more.
        assert pipe.read() == ''
    assert running.wait() == 130


def test_the_budgets_of_make_test_fit_into_an_hour() -> None:
    parts = suite.SUITES['test'].first + suite.SUITES['test'].others
    assert sum(part.budget or 0 for part in parts) / suite.LINES <= HOUR


def test_make_test_runs_each_kind_of_test_and_each_lane() -> None:
    said = ' '.join(' '.join(part.command) for part in suite.SUITES['test'].first + suite.SUITES['test'].others)
    kinds = [path.name for path in TESTS.iterdir() if path.is_dir() and list(path.glob('test_*.py')) and path.name != 'machine']
    machine = [f'machine/{path.name}' for path in (TESTS / 'machine').glob('test_*.py')]
    assert [kind for kind in (*kinds, *machine) if f'tests/{kind}' not in said] == []
    assert [lane for lane in suite.lanes.LANES if f'--cover --lane {lane}' not in said] == []
