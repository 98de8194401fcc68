# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One machine that gets its settings, is rebooted, loses them, is rebooted again; its state is read after each step."""

from __future__ import annotations

import json
import shlex
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import model
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import profiles as sysctl_profiles
from controller import Controller, Play
from recipes import WITH_SHELLS
from support.gaps import skip_test
from support.hosts import machine

HERE = Path(__file__).resolve().parent

TALLY = pytest.StashKey[list[str]]()
# Every shell that Debian has and the file is written for, by the program that runs a login's command.
SHELLS = {
    'sh': '/bin/sh', 'dash': '/bin/dash', 'bash': '/bin/bash', 'ash': '/usr/bin/ash', 'ksh93': '/usr/bin/ksh93', 'mksh': '/usr/bin/mksh',
    'zsh': '/usr/bin/zsh', 'fish': '/usr/bin/fish',
}  # fmt: skip


@dataclass(frozen=True)
class Seen:
    """What on_machine.py says: the boot's id, kernel settings, and the environments of processes."""

    boot: str
    values: dict[str, str | None]
    shells: dict[str, dict[str, str]]
    service: dict[str, str]
    user_manager: dict[str, str]
    files: dict[str, str | None]
    boot_service: list[str]
    complaints: str


@dataclass(frozen=True)
class Story:
    """before: as it was delivered; applied, again: the runs that bring the settings; there, booted: after them, and after a
    reboot; removed: the run that takes them away; gone, booted_without: after it, and after another reboot."""

    before: Seen
    applied: Play
    again: Play
    there: Seen
    booted: Seen
    again_booted: Play
    removed: Play
    gone: Seen
    booted_without: Seen


def pytest_configure(config: pytest.Config) -> None:
    config.stash[TALLY] = []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.stash[TALLY]:
        terminalreporter.section('machine')
        for line in config.stash[TALLY]:
            terminalreporter.write_line(line)


@pytest.fixture(scope='session')
def tally(pytestconfig: pytest.Config) -> list[str]:
    """Lines for the end of the run: how long it took, and which settings came to what."""
    return pytestconfig.stash[TALLY]


@pytest.fixture(scope='session')
def image(tally: list[str]) -> machine.Image:
    return whole_machine(WITH_SHELLS, tally)


def whole_machine(recipe: machine.Recipe, tally: list[str]) -> machine.Image:
    began = time.monotonic()
    try:
        made = machine.ensure(recipe)
    except machine.MachineUnavailable as error:
        skip_test(f'CANNOT RUN a whole machine: {error}', tally)
    tally.append(f'disk of a Debian {recipe.suite} ready in {time.monotonic() - began:.0f} s')
    return made


@pytest.fixture(scope='session')
def story(image: machine.Image, tally: list[str]) -> Iterator[Story]:
    with tempfile.TemporaryDirectory(prefix='gofleet-machine-plays-') as folder:
        controller = Controller(Path(folder))
        began = time.monotonic()
        with machine.booted(image) as host:
            tally.append(f'booted in {time.monotonic() - began:.0f} s')
            reported = _tell(controller, host)
            tally.append(f'three boots, four plays, and five times asked, in {time.monotonic() - began:.0f} s')
        yield reported


def _tell(controller: Controller, host: machine.Machine) -> Story:
    def play(variables: dict[str, Any]) -> Play:
        return controller.play(host, HERE / 'settings.yml', variables)

    keys = _keys()
    before = look(host, keys)
    applied, again = play(model.wanted()), play(model.wanted())
    there = look(host, keys, SHELLS)
    host.reboot()
    booted, again_booted = look(host, keys, SHELLS), play(model.wanted())
    removed = play(model.removed())
    gone = look(host, keys)
    host.reboot()
    return Story(before, applied, again, there, booted, again_booted, removed, gone, look(host, keys))


def _keys() -> list[str]:
    """All requested settings."""
    profiles = {setting.key for name in model.PROFILES for setting in sysctl_profiles.PROFILES[name]}
    return sorted(profiles | {key.removeprefix('-') for key in model.SETTINGS})


def look(host: machine.Machine, keys: list[str], shells: Mapping[str, str] | None = None) -> Seen:
    """shells: whose environments are asked for. Each takes an emulated machine seconds, and only the model's own are compared."""
    asked = json.dumps({'keys': keys, 'shells': {**(shells or {})}, 'files': [*model.FILES.values(), model.DROP_IN, model.STATE]})
    said = host.run(f'python3 - {shlex.quote(asked)}', (HERE / 'on_machine.py').read_bytes())
    return Seen(**json.loads(said))
