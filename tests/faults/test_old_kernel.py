# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A kernel that the wanted release does not start on."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from conftest import Need
from sandbox import Host, record
from scenarios import FIRST, Shelf
from support.module_process import Module
from support.toolchains.tiny import tiny

# Go 1.24 and later need Linux 3.2; this personality calls every later kernel 2.6.40 or more.
PERSONALITY = ('setarch', '--uname-2.6')
ACCEPTED = '1.23.99'


@pytest.fixture
def old(module: Module, need: Need) -> Module:
    there = shutil.which('setarch') and not subprocess.run([*PERSONALITY, 'true'], check=False).returncode
    need(bool(there), 'the module on a kernel that says 2.6', 'install util-linux and allow personality()')
    release = subprocess.run([*PERSONALITY, 'uname', '-r'], capture_output=True, text=True, check=True).stdout
    assert release.startswith('2.6.')
    return module.within(*PERSONALITY)


@pytest.mark.parametrize('check', [True, False], ids=['check_mode', 'for_real'])
def test_a_release_that_the_kernel_cannot_run_is_refused(check: bool, old: Module, shelf: Shelf, host: Host) -> None:
    before = host.snapshot()
    outcome = old.run({**shelf.options(FIRST), **host.paths}, check=check)
    assert (outcome.fault(), outcome.code) == (None, 'kernel_too_old'), outcome
    for part in (FIRST, 'needs Linux 3.2', 'runs 2.6.', 'last line for this kernel is 1.23'):
        assert part in outcome.message
    assert host.snapshot() == before


def test_an_older_line_is_installed(old: Module, host: Host, archives: Path) -> None:
    archive = tiny(archives / 'old', ACCEPTED)
    options = {
        'version': ACCEPTED, 'releases': [record(archive)], 'archive': str(archive.path.parent), 'remote_src': True,
        **host.paths,
    }  # fmt: skip
    assert old.run(options, check=True).changed
    outcome = old.run(options)
    assert outcome.changed, outcome
    assert host.answers() == {'link': ACCEPTED, 'bin': ACCEPTED}
