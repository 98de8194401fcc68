# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The roots that programs are started in: file systems of real distributions, with their own loaders and Pythons."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.abi.agreement import Start
from support.abi.design import NOEXEC, PLACE
from support.hosts import engine, images, runs
from support.hosts.platforms import PLATFORMS
from support.module_process import COLLECTION, make_library, parse

ROOTS = ('centos7', 'debian11', 'debian12', 'debian13', 'alpine', 'debian12-arm64')
# How a container of this file is found by what takes back what the tests left (tests/commands/clean.py).
RUN = runs.run_name('judge')
LIBRARY = '/opt/gofleet-library'
MODULE = f'{LIBRARY}/{COLLECTION}/plugins/modules/abi_check.py'
STARTER = Path(__file__).with_name('start_programs.py')
PATIENCE = 900
# Older processors are QEMU's, which starts a program without the kernel's help.
EMULATOR = 'qemu-x86_64-static'


class Unavailable(Exception):
    """A root cannot be had here; the message says why."""


@dataclass(frozen=True)
class Processor:
    """model: QEMU's name of it; flags: what /proc/cpuinfo has of it besides those of the levels below (x86-64 psABI)."""

    model: str
    flags: tuple[str, ...]


PROCESSORS = {
    'v1': Processor('qemu64', ('fpu', 'cx8', 'cmov', 'mmx', 'fxsr', 'sse', 'sse2', 'syscall', 'nx', 'lm')),
    'v2': Processor('Nehalem', ('cx16', 'lahf_lm', 'popcnt', 'pni', 'ssse3', 'sse4_1', 'sse4_2')),
    'v3': Processor('Haswell', ('avx', 'avx2', 'bmi1', 'bmi2', 'f16c', 'fma', 'abm', 'movbe', 'xsave')),
}


@dataclass(frozen=True)
class Root:
    name: str
    container: str
    python: str

    @property
    def architecture(self) -> str:
        return PLATFORMS[self.name].architecture or 'amd64'

    def start(self, paths: Sequence[str], emulator: Sequence[str] = ()) -> list[Start]:
        output = self._run([self.python, f'{LIBRARY}/{STARTER.name}', *emulator], json.dumps(list(paths)))
        return [Start(**each) for each in json.loads(output)]

    def module(self, options: dict[str, Any]) -> dict[str, Any]:
        """The result of abi_check as this root's own Python has it."""
        output = self._run(
            ['env', f'PYTHONPATH={LIBRARY}', 'PYTHONDONTWRITEBYTECODE=1', 'LANG=C.UTF-8', self.python, MODULE],
            json.dumps({'ANSIBLE_MODULE_ARGS': {**options, '_ansible_remote_tmp': '/tmp'}}),
        )
        found = parse(output)
        assert found is not None, f'the module prints no JSON on {self.name}: {output[-2000:]}'
        return found

    def copy(self, source: str, target: str) -> None:
        self._run(['cp', source, target])

    def show_emulators(self) -> None:
        """Have the kernel's register of formats where a whole host has it; containers are not shown it."""
        self._run(['mount', '-t', 'binfmt_misc', 'binfmt_misc', '/proc/sys/fs/binfmt_misc'])

    def _run(self, command: Sequence[str], content: str = '') -> str:
        done = subprocess.run(
            ['docker', 'exec', '--interactive', self.container, *command], input=content, capture_output=True, text=True, check=False, timeout=PATIENCE
        )
        # A module that fails says so in JSON.
        assert done.returncode == 0 or done.stdout.startswith('{'), f'{command} exits with {done.returncode} on {self.name}: {done.stderr[-2000:]}'
        return done.stdout


def make_host_library(folder: Path) -> Path:
    library = make_library(folder)
    shutil.copy(STARTER, library)
    for level, processor in PROCESSORS.items():
        flags = [flag for reached in list(PROCESSORS)[: list(PROCESSORS).index(level) + 1] for flag in PROCESSORS[reached].flags]
        (library / f'cpuinfo-{level}').write_text(f'processor\t: 0\nmodel name\t: {processor.model}\nflags\t\t: {" ".join(flags)}\n', encoding='ascii')
    emulator = shutil.which(EMULATOR)
    if emulator:
        shutil.copy(emulator, library)
    return library


@contextlib.contextmanager
def opened(name: str, fixtures: Path, library: Path, *options: str) -> Iterator[Root]:
    """A container of a root, with options of `docker run`. Raises Unavailable."""
    try:
        engine.ensure()
        image = images.ensure(PLATFORMS[name])
    except (engine.EngineError, images.ImageUnavailable) as error:
        raise Unavailable(str(error)) from error
    # By this file clean.py knows of the run.
    runs.runs_directory().mkdir(parents=True, exist_ok=True)
    (runs.runs_directory() / f'{RUN}.lock').touch()
    command = [
        'docker', 'run', '--detach', '--rm', '--network=none', f'--label={runs.RUN_LABEL}={RUN}', f'--volume={fixtures}:{PLACE}:ro',
        f'--volume={library}:{LIBRARY}:ro', f'--tmpfs={NOEXEC}:noexec', *options, image, 'sleep', 'infinity',
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unavailable(f'`docker run` of {image} exits with {done.returncode}: {done.stderr.strip()}')
    container = done.stdout.strip()
    try:
        yield Root(name, container, PLATFORMS[name].python)
    finally:
        subprocess.run(['docker', 'rm', '--force', container], capture_output=True, check=True)
