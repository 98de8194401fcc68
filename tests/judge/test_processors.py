# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Older processors than this machine's: the verdict has their cpuinfo, and the programs are started under QEMU's emulation of them."""

from __future__ import annotations

import shutil

import pytest

import roots
from conftest import cannot_run
from roots import LIBRARY, PROCESSORS, Root
from support.abi.agreement import Row, summary
from support.abi.fixtures import Fixtures

GO = ('go/pure', 'go/stripped', 'go/pie', 'go/amd64-v2', 'go/amd64-v3', 'go/amd64-v4', 'go/old', 'go/old-amd64-v3')
# Loaders look at these since glibc 2.33.
NOTES = ('bare/isa-v2', 'bare/isa-v3', 'bare/isa-v4', 'bare/say-glibc', 'bare/lib-isa-v4-glibc', 'bare/runpath-hwcaps-glibc')
PROGRAMS = {'centos7': GO, 'alpine': GO, 'debian12': GO + NOTES, 'debian13': GO + NOTES}


@pytest.mark.parametrize('level', PROCESSORS)
def test_verdicts_for_an_older_processor_match_the_starts(root: Root, level: str, made: Fixtures, tally: list[str], pytestconfig: pytest.Config) -> None:
    if root.name not in PROGRAMS:
        return
    if not shutil.which(roots.EMULATOR):
        cannot_run(pytestconfig, f'verdicts on a processor of level {level}', f'{roots.EMULATOR} is not installed: install the package qemu-user-static')
    fixtures = [fixture for fixture in made.fixtures if fixture.name in PROGRAMS[root.name]]
    paths = [fixture.path for fixture in fixtures]
    answer = root.module({'paths': paths, 'fail_on': 'never', 'cpuinfo': f'{LIBRARY}/cpuinfo-{level}'})
    starts = root.start(paths, [f'{LIBRARY}/{roots.EMULATOR}', '-cpu', PROCESSORS[level].model])
    rows = [Row(*each) for each in zip(fixtures, starts, answer['results'], strict=True)]
    tally.append(summary(f'{root.name}, x86-64-{level}', rows))
    # Go's own program for v1 runs everywhere, that for v4 nowhere here.
    assert {row.fixture.name: row.ran for row in rows if row.fixture.name in ('go/pure', 'go/amd64-v4')} == {'go/pure': True, 'go/amd64-v4': False}
    assert [str(row) for row in rows if row.false_runs or row.false_incompatible or row.needlessly_open] == []
