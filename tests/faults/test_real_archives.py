# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What installing a real release takes: bounded memory, whatever an archive holds, and no process that outlives it."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import syscalls
from conftest import Need
from sandbox import Host, record, scratch
from support.mirror.certificates import ServerCertificate
from support.mirror.server import Mirror
from support.module_process import MODULE, Module
from support.toolchains.real import Archive, ToolchainError, ensure
from support.toolchains.tiny import Shape, tiny

REAL = '1.26.6/amd64'
LIMIT = 64 << 20
# What the lists of 12,000 files may add, and what 48 MB more in one file may add.
FOR_FILES = 24 << 20
FOR_BYTES = 3 << 20
BALLAST = 48 << 20

# VmHWM is the peak of this one address space; getrusage() would count tar's, and what was forked from.
LAUNCHER = """
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


@dataclass(frozen=True)
class Served:
    real: Archive
    tiny: Archive
    heavy: Archive
    mirror: Mirror


@pytest.fixture(scope='module')
def served(archives: Path, tls: ServerCertificate, need: Need) -> Iterator[Served]:
    try:
        real = ensure(REAL)
    except ToolchainError as error:
        need(False, 'the installation of a real release', str(error))
        raise
    small = tiny(archives / 'memory', '1.30.1')
    heavy = tiny(archives / 'memory', '1.30.2', shape=Shape(payload=BALLAST))
    with Mirror([real, small, heavy], tls) as running:
        yield Served(real, small, heavy, running)


def peak(module: Module, archive: Archive, mirror: Mirror, zipped: bool) -> int:
    """Bytes of memory that the module has at most while it installs an archive from the mirror."""
    with scratch(room=2 << 30) as name:
        host = Host(Path(name) / 'host').make()
        note = Path(name) / 'peak'
        launcher = Path(name) / 'launcher.py'
        launcher.write_text(LAUNCHER, encoding='ascii')
        source = {'goproxy': f'{mirror.url}/proxy', 'mirrors': []} if zipped else {'mirrors': [f'{mirror.url}/dl']}
        options = {'version': archive.version, 'releases': [record(archive)], **source, **host.paths}
        arguments = [str(launcher), str(note), str(module.library / MODULE)]
        outcome = module.start_command(arguments, options).finish()
        assert outcome.changed, outcome
        assert outcome.result
        assert outcome.result['bytes_fetched'] > 0
        assert host.answers() == {'link': archive.version, 'bin': archive.version}
        return int(note.read_text(encoding='ascii')) << 10


@pytest.mark.parametrize('zipped', [False, True], ids=['tar', 'zip'])
def test_memory_does_not_depend_on_the_archive(zipped: bool, module: Module, served: Served, tally: list[str]) -> None:
    measure = functools.partial(peak, module, mirror=served.mirror, zipped=zipped)
    real, small, heavy = (measure(archive) for archive in (served.real, served.tiny, served.heavy))
    kind = 'zip' if zipped else 'tar.gz'
    tally.append(
        f'memory {kind:<12} Python {module.version:<5} peak {real / 2**20:.1f} MiB for Go {served.real.version},'
        f' {small / 2**20:.1f} for a few KB, {heavy / 2**20:.1f} for {BALLAST >> 20} MB in one file'
    )
    assert real <= LIMIT
    assert real - small <= FOR_FILES
    assert heavy - small <= FOR_BYTES


def test_no_process_outlives_the_run(module: Module, served: Served, need: Need) -> None:
    """Since Go 1.23 `go version` leaves a telemetry process behind, which would write into a stage that is gone."""
    need(syscalls.works(), 'watching what the module starts', 'install strace and allow ptrace')
    with scratch(room=2 << 30) as name:
        host = Host(Path(name) / 'host').make()
        log = Path(name) / 'log'
        options = {'version': served.real.version, 'releases': [record(served.real)], **host.paths}
        watched = module.within('strace', '-f', '--seccomp-bpf', '-s', '200', '-e', 'trace=execve', '-o', str(log))
        outcome = watched.run({**options, 'mirrors': [f'{served.mirror.url}/dl']})
        assert outcome.changed, outcome
        started = [line for line in log.read_text(encoding='utf-8').splitlines() if 'execve(' in line]
        assert any('"version"' in line for line in started), started
        assert not [line for line in started if 'telemetry' in line]
        assert host.snapshot().keys().isdisjoint({'home/.config', 'home/.cache'})
