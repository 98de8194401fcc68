# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs for other processors where the kernel's register of formats can be seen, as on a whole host: little is left open then."""

from __future__ import annotations

from pathlib import Path

import pytest

import roots
from conftest import cannot_run
from support.abi.agreement import UNKNOWN, Row, summary
from support.abi.fixtures import Fixtures
from support.hosts import emulation

FOREIGN = ('c/riscv64-glibc', 'c/s390x-glibc', 'c/ppc64le-glibc', 'c/armhf-glibc', 'c/armel-glibc', 'go/arm-5', 'go/arm-7', 'script/foreign')
# This machine's kernel may know of an emulator for these.
ARM64 = ('c/arm64-static', 'c/arm64-glibc-2.17', 'c/arm64-musl-dynamic', 'go/arm64', 'go/arm64-pie')
# Of another size, yet for this processor: the kernel runs them or does not.
HALVES = ('c/386-static', 'c/i386-glibc', 'go/386')
REGISTER = Path('/proc/sys/fs/binfmt_misc')


@pytest.mark.parametrize('name', ['centos7', 'debian12', 'alpine'])
def test_foreign_program_without_an_emulator_is_incompatible(name: str, made: Fixtures, library: Path, tally: list[str], pytestconfig: pytest.Config) -> None:
    asked = (*FOREIGN, *ARM64, *HALVES)
    fixtures = [fixture for fixture in made.fixtures if fixture.name in asked or fixture.name.startswith('file/')]
    paths = [fixture.path for fixture in fixtures]
    try:
        # It makes the register visible too.
        emulation.ensure('arm64')
        with roots.opened(name, made.folder, library, '--cap-add=SYS_ADMIN', '--security-opt=seccomp=unconfined') as root:
            root.show_emulators()
            answer = root.module({'paths': paths, 'fail_on': 'never'})
            rows = [Row(*each) for each in zip(fixtures, root.start(paths), answer['results'], strict=True)]
    except (emulation.EmulationUnavailable, roots.Unavailable) as error:
        cannot_run(pytestconfig, f'verdicts on {name}', str(error))
    tally.append(summary(f'{name}, emulators seen', rows))
    assert [str(row) for row in rows if row.false_runs or row.false_incompatible or row.needlessly_open] == []
    registered = {path.name.removeprefix('qemu-') for path in REGISTER.iterdir()} - {'register', 'status'}
    if registered <= {'aarch64'}:
        assert {row.fixture.name for row in rows if row.verdict == UNKNOWN} <= set(ARM64)
    if 'aarch64' in registered:
        assert {row.verdict for row in rows if row.fixture.name in ARM64} == {UNKNOWN}
