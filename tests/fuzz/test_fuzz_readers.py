# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""All readers of untrusted input on corrupted inputs: GOFLEET_FUZZ sets their number, the commit or GOFLEET_SEED selects them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

import controller_readers
import fuzz_host_readers
import fuzz_readers
from support import lanes, seed, stage
from support.gaps import skip_test

# Of 5,000 bent programs in make test, a reader of a small text gets some 150.
COUNT = max(50, int(os.environ.get('GOFLEET_FUZZ', '5000')) // 33)
SEED = seed.seed()
READERS = {**fuzz_host_readers.host_readers(), **controller_readers.controller_readers()}


@pytest.mark.parametrize('name', sorted(READERS))
def test_each_reading_ends_in_a_result_or_a_refusal_within_its_memory_and_processor_time(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    outcome = fuzz_readers.run(name, READERS[name], SEED, COUNT)
    with capsys.disabled():
        print()
        fuzz_readers.report({name: outcome}, SEED)
    assert outcome.failures == []
    # Or the bending would prove nothing.
    assert sum(outcome.counts.values()) >= COUNT * READERS[name].share - 1


def test_each_seed_is_read_whole() -> None:
    """Or bent ones would be refused for what was wrong before."""
    for name, each in READERS.items():
        whole = each._replace(seeds=[], hostile=each.seeds, share=0)
        outcome = fuzz_readers.run(name, whole._replace(seeds=each.seeds), SEED, 0)
        assert (name, outcome.failures) == (name, [])
        assert (name, outcome.counts['result'] > 0 or name in ('signature', 'http_answer', 'log', 'tree_head')) == (name, True)


def test_the_host_s_readers_hold_on_the_python_of_the_oldest_hosts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    python = lanes.find_python('2.7')
    if python is None:
        skip_test('no python2.7 on PATH nor under ~/.pyenv/versions: install it')
    # Nothing of the lane but Ansible, whose module_utils run on 2.7.
    package = next(lanes.path('el7').glob('lib/python3*/site-packages/ansible'))
    (tmp_path / 'ansible').symlink_to(package)
    command = [str(python.path), str(stage.CHECKOUT / 'tests'), 'fuzz.fuzz_host_readers', '--count', str(COUNT), '--seed', str(SEED)]
    environment = {'PATH': os.environ.get('PATH', os.defpath), 'PYTHONPATH': str(tmp_path), 'PYTHONDONTWRITEBYTECODE': '1'}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    with capsys.disabled():
        print('\n' + done.stdout.rstrip())
    assert done.returncode == 0, done.stdout + done.stderr


def broken(content: bytes, folder: str) -> None:
    raise IndexError('a reader without bounds')


def greedy(content: bytes, folder: str) -> None:
    bytearray(1 << 30)


def endless(content: bytes, folder: str) -> None:
    while True:
        pass


def test_a_reader_that_is_wrong_or_greedy_or_never_ends_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def whys(read: object) -> list[str]:
        return [each.why for each in fuzz_readers.run('x', fuzz_readers.reader([b'x'], read), SEED, 2).failures]

    assert whys(broken) == ['IndexError: a reader without bounds'] * 2
    assert whys(greedy) == ['MemoryError: '] * 2
    monkeypatch.setattr(fuzz_readers, 'START', 0)
    assert whys(endless) == ['was ended by signal 24: it takes too much processor time']
