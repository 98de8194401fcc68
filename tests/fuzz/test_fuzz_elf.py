# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ELF reader on corrupted programs: GOFLEET_FUZZ sets their number, the commit or GOFLEET_SEED selects them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

import fuzz_elf
from support import lanes, seed, stage
from support.gaps import skip_test

COUNT = int(os.environ.get('GOFLEET_FUZZ', '5000'))
SEED = seed.seed()


@pytest.fixture(name='real_go', scope='session')
def name_what_is_missing() -> None:
    if not any(path.endswith('/gofmt') for path in fuzz_elf.real_paths()):
        print('no gofmt on PATH: the programs of Go that are bent are tiny ones')


@pytest.mark.usefixtures('real_go')
def test_each_reading_of_a_bent_program_ends_soon_in_a_result_or_a_refusal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outcome = fuzz_elf.fuzz(COUNT, SEED, str(tmp_path))
    with capsys.disabled():
        print()
        fuzz_elf.report(outcome, COUNT, SEED)
    assert outcome.failures == []
    # Or the bending would prove nothing: it leaves too little whole, or changes nothing that is read.
    assert min(outcome.codes['read'], outcome.codes['malformed'], outcome.codes['truncated'], outcome.codes['parse_limit']) > COUNT / 100


def test_the_same_holds_for_the_python_of_the_oldest_hosts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    python = lanes.find_python('2.7')
    if python is None:
        skip_test('no python2.7 on PATH nor under ~/.pyenv/versions: install it')
    # Nothing of the lane but Ansible, whose module_utils run on 2.7.
    package = next(lanes.path('el7').glob('lib/python3*/site-packages/ansible'))
    (tmp_path / 'ansible').symlink_to(package)
    command = [str(python.path), str(stage.CHECKOUT / 'tests'), 'fuzz.fuzz_elf', '--count', str(COUNT), '--seed', str(SEED)]
    environment = {'PATH': os.environ.get('PATH', os.defpath), 'PYTHONPATH': str(tmp_path), 'PYTHONDONTWRITEBYTECODE': '1'}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    with capsys.disabled():
        print('\n' + done.stdout.rstrip())
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_reader_that_is_wrong_or_slow_or_never_ends_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def whys(count: int) -> set[str]:
        return {failure.why for failure in fuzz_elf.fuzz(count, SEED, str(tmp_path), seeds).failures}

    def broken(source: object, binary: object) -> None:
        raise IndexError('a reader without bounds')

    def endless(source: object, binary: object) -> None:
        while True:
            pass

    seeds = fuzz_elf.seeds()[:10]
    monkeypatch.setattr(fuzz_elf.gobuild, 'read', broken)
    assert whys(20) == {'IndexError: a reader without bounds'}
    monkeypatch.setattr(fuzz_elf.gobuild, 'read', endless)
    monkeypatch.setattr(fuzz_elf, 'END', 0.2)
    assert whys(2) == {'AssertionError: it does not end'}
    monkeypatch.undo()
    monkeypatch.setattr(fuzz_elf, 'LIMIT', -1)
    assert all('it takes' in why for why in whys(20))
    assert len(fuzz_elf.fuzz(20, SEED, str(tmp_path), seeds).failures) == 20
