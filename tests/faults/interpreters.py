# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The oldest and the newest Python of hosts, and how much memory a module takes under them.

CentOS 7's own Python 2.7.5 runs in that system's root, by way of a container: with its libraries, on this machine's
network, and with those folders of this machine that it is given.
"""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from support import lanes

# What makes the platforms' images, which lies with the scenarios.
from support.hosts import engine, images, runs
from support.hosts.platforms import PLATFORMS
from support.module_process import MODULE, Module, Options, Running

PLATFORM = PLATFORMS['centos7']
# How a container of this file is found by what takes back what the tests left (tests/commands/clean.py).
RUN = runs.run_name('faults')

# VmHWM is the peak of this one address space; getrusage() would count what it was forked from, and children.
_LAUNCHER = """
import atexit, runpy, sys
note, module = sys.argv[1:]
# The module would take a first argument for its own.
sys.argv[:] = [module]
def write_peak():
    with open('/proc/self/status') as status, open(note, 'w') as target:
        target.write([line.split()[1] for line in status if line.startswith('VmHWM')][0])
atexit.register(write_peak)
runpy.run_path(module, run_name='__main__')
"""


class Unavailable(Exception):
    """An interpreter cannot be had here; the message says why."""


@contextlib.contextmanager
def centos7(library: Path, folders: Sequence[Path]) -> Iterator[Module]:
    """The module under CentOS 7's Python, which sees these folders under their own names. Raises Unavailable."""
    try:
        engine.ensure()
        image = images.ensure(PLATFORM)
    except (engine.EngineError, images.ImageUnavailable) as error:
        raise Unavailable(str(error)) from error
    # By this file clean.py knows of the run.
    runs.runs_directory().mkdir(parents=True, exist_ok=True)
    (runs.runs_directory() / f'{RUN}.lock').touch()
    volumes = [f'--volume={folder}:{folder}' for folder in folders]
    # --pid: or /proc would speak of other processes than those that enter from outside.
    command = ('docker', 'run', '--detach', '--rm', '--pid=host', '--network=host', f'--label={runs.RUN_LABEL}={RUN}', *volumes)
    container = _output(*command, image, 'sleep', 'infinity')
    try:
        process = _output('docker', 'inspect', '--format', '{{.State.Pid}}', container)
        wrapper = ('nsenter', f'--target={process}', '--mount', '--root', '--')
        python = Path(PLATFORM.python)
        yield Module(library, python, _version((*wrapper, str(python))), wrapper)
    finally:
        _output('docker', 'rm', '--force', container)


@contextlib.contextmanager
def folder_for_all() -> Iterator[str]:
    """A temporary folder that every user may enter, where something can be mounted before a container is started."""
    with tempfile.TemporaryDirectory(prefix='gofleet-faults-disk-') as name:
        Path(name).chmod(0o755)
        yield name


def newest(library: Path) -> Module:
    """The module under the newest Python of this machine. Raises Unavailable."""
    for version in reversed(lanes.HOST_PYTHONS):
        found = lanes.find_python(version)
        if found:
            return Module(library, found.path, _version((str(found.path),)))
    raise Unavailable(f'none of Python {", ".join(lanes.HOST_PYTHONS)} is on this machine')


def _output(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unavailable(f'`{" ".join(command[:3])} …` exited with {done.returncode}: {done.stderr.strip()}')
    return done.stdout.strip()


def _version(python: Sequence[str]) -> str:
    return _output(*python, '-c', 'import platform; print(platform.python_version())')


def start_measured(module: Module, options: Options, scratch: Path) -> Running:
    """Start a run whose peak of memory peak_of() tells once it is over. scratch: a folder that the interpreter sees."""
    launcher = scratch / 'launcher.py'
    launcher.write_text(_LAUNCHER, encoding='ascii')
    return module.start_command([str(launcher), str(scratch / 'peak'), str(module.library / MODULE)], options)


def peak_of(scratch: Path) -> int:
    """Bytes."""
    return int((scratch / 'peak').read_text(encoding='ascii')) << 10
