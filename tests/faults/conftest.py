# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

# The support code is scripts beside each other, not a package.
import breaking_settings
import syscalls
from breaking import Bench
from sandbox import Host, scratch
from scenarios import Scenario, Shelf
from settings_host import NoNamespace
from settings_scenarios import Scenario as SettingsScenario
from support import lanes, seed
from support.gaps import skip_test
from support.mirror.certificates import Authority, ServerCertificate
from support.mirror.server import Mirror
from support.module_process import Module, end_unfinished, make_library
from support.toolchains.tiny import VERSIONS, tiny

# The oldest Python that hosts have, where descriptors are inherited and errors have other types, and a present one.
PYTHONS = ('2.7', '3.11')
ALL_PYTHONS = ('2.7', '3.6', '3.8', '3.11', '3.12')
TALLY = pytest.StashKey[list[str]]()

Need = Callable[[bool, str, str], None]
BenchOf = Callable[[Scenario], Bench]
SettingsBenchOf = Callable[[SettingsScenario], breaking_settings.Bench]


def everything() -> bool:
    return os.environ.get('GOFLEET_FAULTS') == 'all'


def sampled(number: int) -> int:
    """The size of a sample: GOFLEET_FAULTS may be a factor."""
    factor = os.environ.get('GOFLEET_FAULTS', '1')
    return number * int(factor) if factor.isdecimal() else number


def pytest_configure(config: pytest.Config) -> None:
    config.stash[TALLY] = [] if everything() else [seed.line()]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if 'module' in metafunc.fixturenames:
        chosen = os.environ.get('GOFLEET_FAULTS_PYTHONS', '').split() or (ALL_PYTHONS if everything() else PYTHONS)
        metafunc.parametrize('module', chosen, indirect=True, ids=[f'py{version}' for version in chosen], scope='session')


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    lines = config.stash[TALLY]
    if lines:
        terminalreporter.section('faults')
        for line in lines:
            terminalreporter.write_line(line)


@pytest.fixture(scope='session')
def tally(pytestconfig: pytest.Config) -> list[str]:
    """Lines for the end of the run: what was broken, and how it came out."""
    return pytestconfig.stash[TALLY]


@pytest.fixture(scope='session')
def need(pytestconfig: pytest.Config) -> Need:
    """Skip a test for want of something, in one visible line; with CI=true that is a failure."""

    def demand(there: bool, what: str, remedy: str) -> None:
        if not there:
            skip_test(f'CANNOT RUN {what}: {remedy}', pytestconfig.stash[TALLY])

    return demand


@pytest.fixture(scope='session')
def library() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix='gofleet-faults-library-') as folder:
        # An ordinary user has to read it.
        Path(folder).chmod(0o755)
        yield make_library(Path(folder))


@pytest.fixture(scope='session')
def module(library: Path, request: pytest.FixtureRequest, need: Need) -> Module:
    version = request.param
    found = lanes.find_python(version)
    need(found is not None, f'faults on Python {version}', f'install python{version}')
    assert found
    staged = Module(library, found.path, version)
    outcome = staged.warm_up()
    assert outcome.changed is False, f'the module does not even start on Python {version}: {outcome}'
    return staged


@pytest.fixture(scope='session')
def archives() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix='gofleet-faults-archives-') as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(scope='session')
def shelf(archives: Path) -> Shelf:
    made = {}
    zips = archives / 'zip'
    zips.mkdir()
    for version in VERSIONS:
        archive = tiny(archives / 'tar', version)
        assert archive.module_path
        made[version] = replace(archive, module_path=archive.module_path.rename(zips / archive.module_path.name))
    return Shelf(made, archives / 'tar', zips)


@pytest.fixture(scope='session')
def bench_of(module: Module, shelf: Shelf, need: Need) -> Iterator[BenchOf]:
    """Scenarios under one interpreter, each set up once."""
    need(syscalls.works(), 'faults at system calls', 'install strace and allow ptrace')
    made: dict[str, Bench] = {}
    with scratch() as name, ExitStack() as stack:

        def find(scenario: Scenario) -> Bench:
            if scenario.name not in made:
                made[scenario.name] = Bench(scenario, module, shelf, Path(name) / scenario.name)
                stack.callback(made[scenario.name].end)
            return made[scenario.name]

        yield find


@pytest.fixture(scope='session')
def settings_bench_of(module: Module, need: Need) -> Iterator[SettingsBenchOf]:
    """Scenarios of an environment and of kernel settings under one interpreter, each set up once."""
    need(syscalls.works(), 'faults at system calls', 'install strace and allow ptrace')
    made: dict[SettingsScenario, breaking_settings.Bench] = {}
    with scratch() as name, ExitStack() as stack:

        def find(scenario: SettingsScenario) -> breaking_settings.Bench:
            if scenario not in made:
                bench = breaking_settings.Bench(scenario, module, Path(name) / f'{scenario.module} {scenario.name}')
                stack.callback(bench.end)
                try:
                    bench.set_up()
                except NoNamespace as error:
                    need(False, 'faults of settings', f'let root make mount and network namespaces ({error})')
                    raise
                made[scenario] = bench
            return made[scenario]

        yield find


@pytest.fixture
def folder() -> Iterator[Path]:
    """A fast folder that everybody may enter."""
    with scratch() as name:
        Path(name).chmod(0o755)
        yield Path(name)
        # Or they would go on in a folder that is being removed.
        end_unfinished()


@pytest.fixture
def host(folder: Path) -> Host:
    return Host(folder / 'host').make()


@pytest.fixture(scope='session')
def tls(archives: Path) -> ServerCertificate:
    return Authority.kept().issue(archives / 'tls')


@pytest.fixture
def mirror(archives: Path, tls: ServerCertificate) -> Iterator[Mirror]:
    made = [tiny(archives / 'served', version, arch) for version in VERSIONS for arch in ('amd64', 'arm64')]
    with Mirror(made, tls) as running:
        yield running
