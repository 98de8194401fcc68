# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

# The support code is scripts beside each other, not a package; module_process.py is how the fault tests start modules.
import roots
from ansible_collections.gofleet.golang.plugins.module_utils._abi import judge as abi_judge
from ansible_collections.gofleet.golang.plugins.module_utils._abi import program_facts, report
from roots import ROOTS, Root
from support.abi import fixtures as abi_fixtures
from support.abi.agreement import Row, summary
from support.abi.compilers import Unavailable
from support.abi.design import ANY, NOEXEC, PLACE
from support.abi.fixtures import Fixture, Fixtures
from support.gaps import skip_test

TESTS = Path(__file__).resolve().parents[1]

TALLY = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[TALLY] = []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.stash[TALLY]:
        terminalreporter.section('verdicts beside what the loaders did')
        for line in config.stash[TALLY]:
            terminalreporter.write_line(line)


# Whether they run depends on how they are placed, which is unknown for programs that are not on the host.
PLACED = ('noexec', 'spoiled/no-x-bit')


@dataclass(frozen=True)
class Judged:
    """A root, and everything that was started and judged there.

    sent: the same starts beside what was said of the programs' facts alone, as abi_check has it with src; stored: beside what the
    filter abi_verdict says by stored facts of the host.
    """

    root: Root
    rows: tuple[Row, ...]
    sent: tuple[Row, ...]
    stored: tuple[Row, ...]
    host: dict[str, Any]


def cannot_run(config: pytest.Config, what: str, why: str) -> None:
    """Skip for want of something, in one visible line; with CI=true that is a failure."""
    skip_test(f'CANNOT RUN {what}: {why}', config.stash[TALLY])


@pytest.fixture(scope='session')
def tally(pytestconfig: pytest.Config) -> list[str]:
    """Lines for the end of the run."""
    return pytestconfig.stash[TALLY]


@pytest.fixture(scope='session')
def made(pytestconfig: pytest.Config) -> Fixtures:
    try:
        return abi_fixtures.ensure()
    except Unavailable as error:
        cannot_run(pytestconfig, 'verdicts beside real loaders', str(error))
        raise AssertionError from error


@pytest.fixture(scope='session')
def library() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix='gofleet-judge-') as folder:
        yield roots.make_host_library(Path(folder))


@pytest.fixture(scope='session')
def root(request: pytest.FixtureRequest, made: Fixtures, library: Path, pytestconfig: pytest.Config) -> Iterator[Root]:
    with contextlib.ExitStack() as stack:
        try:
            found = stack.enter_context(roots.opened(request.param, made.folder, library))
        except roots.Unavailable as error:
            cannot_run(pytestconfig, f'verdicts on {request.param}', str(error))
        yield found


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if 'root' in metafunc.fixturenames:
        # One after the other, so that one container is there at a time.
        metafunc.parametrize('root', ROOTS, indirect=True, scope='session')


@pytest.fixture(scope='session')
def judged(root: Root, made: Fixtures, tally: list[str]) -> Judged:
    fixtures = made.of(root.architecture, ANY) + [_on_noexec(root, made)]
    if root.architecture == 'amd64':
        # Foreign ones too, which an emulator may start.
        fixtures += made.of('arm64')
    return judge(root, fixtures, tally)


def judge(root: Root, fixtures: list[Fixture], tally: list[str]) -> Judged:
    paths = [fixture.path for fixture in fixtures]
    answer = root.module({'paths': paths, 'fail_on': 'never', 'gather': True})
    rows = tuple(Row(*each) for each in zip(fixtures, root.start(paths), _results(root, answer, paths), strict=True))
    elsewhere = [row for row in rows if row.fixture.name not in PLACED]
    facts = [report.plain(program_facts.read(str(row.fixture.source), False)) for row in elsewhere]
    sent = _results(root, root.module({'binaries': facts, 'fail_on': 'never'}), [str(row.fixture.source) for row in elsewhere])
    stored = [abi_judge.judge_by_facts(each, answer['host']) for each in facts]
    judged = Judged(root, rows, _with(elsewhere, sent), _with(elsewhere, stored), answer['host'])
    for what, found in (('', judged.rows), (', src', judged.sent), (', stored', judged.stored)):
        tally.append(summary(root.name + what, list(found)))
        tally.extend(f'    false: {row}' for row in found if row.false_runs or row.false_incompatible)
    tally.extend(f'    open:  {row}' for row in rows if row.needlessly_open)
    return judged


def _results(root: Root, answer: dict[str, Any], paths: list[str]) -> list[dict[str, Any]]:
    assert not answer.get('failed'), f'{root.name}: {answer.get("msg")} {answer.get("exception", "")}'
    results: list[dict[str, Any]] = answer['results']
    assert [each['path'] for each in results] == paths
    return results


def _with(rows: list[Row], said: list[dict[str, Any]]) -> tuple[Row, ...]:
    return tuple(replace(row, said=each) for row, each in zip(rows, said, strict=True))


def _on_noexec(root: Root, made: Fixtures) -> Fixture:
    """A static program, which runs from elsewhere."""
    name = 'c/arm64-static' if root.architecture == 'arm64' else 'c/amd64-static'
    found = next(fixture for fixture in made.fixtures if fixture.name == name)
    path = f'{NOEXEC}/program'
    root.copy(found.path, path)
    # What bare/lib-noexec-* look for.
    root.copy(f'{PLACE}/lib/libword.so', f'{NOEXEC}/libword.so')
    return replace(found, name='noexec', path=path, what='a program on a file system mounted noexec')
