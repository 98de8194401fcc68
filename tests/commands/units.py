# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Unit tests under every interpreter that their code must run on.

    units.py                                             everything
    units.py --representative                            make test: host side on 2.7, 3.6 and the newest Python; long tests in one lane
    units.py --quick                                     make test-quick: host side on 2.7, controller side in one lane, without plays and long tests
    units.py [--python X.Y|LANE ...] [-- ARGUMENTS OF pytest]

Host side (module_utils, modules): every Python from 2.7 on that this machine has. Controller side (plugin_utils,
action, roles): the controllers' lanes. What depends on no ansible-core, the tests' own support, runs in one lane.
With --representative each file of SHARED runs in one lane, and in another one after the next commit.
A skipped test is printed, and fails with CI=true.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from support import gaps, lanes, seed, stage

UNIT = stage.CHECKOUT / 'tests' / 'unit'
HOST_SIDE = ('plugins/module_utils', 'plugins/modules')
CONTROLLER_SIDE = ('plugins/plugin_utils', 'plugins/action', 'roles')
# The tests' own support, which knows no ansible-core.
SUPPORT, SUPPORT_LANE = 'support', 'main'
# No plays: each starts an ansible-playbook.
QUICK_CONTROLLER_SIDE = ('plugins/plugin_utils',)
QUICK = ('2.7', 'main')
# Files that take 5 to 40 seconds of processor time each, in shares of about the same time: those that start ansible-playbook, and those
# whose code knows no ansible-core. What depends most on ansible-core (results, connections, what is printed) runs in every lane.
SHARED = (
    (
        'plugins/action/test_abi_check_plays.py', 'plugins/plugin_utils/probe/test_probe_environment.py',
        'plugins/plugin_utils/sumdb/test_sumdb_heads_kept.py', 'roles/test_go_env_words.py',
    ),
    (
        'plugins/action/test_go_release_lock_plays.py', 'plugins/action/test_site_become.py', 'plugins/action/test_untrusted_controller_files.py',
        'plugins/plugin_utils/probe/test_probe_sysctl.py', 'plugins/plugin_utils/resolution/test_resolution_resolver.py',
        'plugins/plugin_utils/sumdb/test_sumdb_log_sources.py',
    ),
    (
        'plugins/action/test_go_toolchain_plays.py', 'plugins/plugin_utils/probe/test_probe_toolchain.py',
        'plugins/plugin_utils/releases/test_releases_memory.py', 'plugins/plugin_utils/releases/test_releases_newest_seen.py',
        'plugins/plugin_utils/resolution/test_forged_cache.py',
    ),
)  # fmt: skip
# Each takes 6 to 8 seconds of processor time on 2.7: every module as a process of its own, with one hostile text after the other.
LONG_OF_HOSTS = ('plugins/modules/test_hostile_texts.py', 'plugins/modules/test_secrets_in_results.py')
LONG_OF_CONTROLLERS = tuple(name for names in SHARED for name in names)
PLAYS_OF_EVERY_LANE = ('plugins/action/test_go_toolchain_pushes.py', 'plugins/action/test_go_toolchain_round_trips.py', 'plugins/action/test_shown_plays.py')
# Whose ansible.module_utils the host side imports: 2.16's run on 2.7 to 3.12.
HOST_LANE = 'el7'
NEWER_HOST_LANES = {'3.13': ('newest', 'main')}
NOTHING_COLLECTED = 5
# A skip that is reported but does not fail with CI=true, because its requirement is not available everywhere.
_NOT_REQUIRED = ': not required: '


@dataclass(frozen=True)
class Suite:
    """Tests of one side, under one interpreter."""

    name: str
    folders: tuple[str, ...]
    python: Path
    # Put on PYTHONPATH: a folder that holds nothing but Ansible.
    library: Path | None = None
    # Files that run in another lane.
    left_out: tuple[str, ...] = ()

    @property
    def paths(self) -> list[str]:
        return [str(UNIT / folder) for folder in self.folders if (UNIT / folder).is_dir()]


@dataclass(frozen=True)
class Outcome:
    suite: Suite
    code: int
    output: str
    seconds: float
    passed: int = 0
    failed: int = 0
    skipped: tuple[str, ...] = ()


# ---- which suites this machine can run


def _ansible_alone(lane: str, folder: Path) -> Path:
    """A folder with Ansible and nothing else of the lane: what a host lacks, its code must not find."""
    library = folder / f'library-{lane}'
    if not library.exists():
        package = next(lanes.path(lane).glob('lib/python3*/site-packages/ansible'))
        library.mkdir()
        (library / 'ansible').symlink_to(package)
    return library


def _library(version: str, folder: Path) -> Path:
    for lane in NEWER_HOST_LANES.get(version, (HOST_LANE,)):
        try:
            return _ansible_alone(lane, folder)
        except lanes.MissingPython:
            continue
    raise lanes.MissingPython(f'no lane can be made whose ansible.module_utils run on Python {version}; see lanes.py list')


def _host_suites(wanted: list[str], folder: Path, missing: gaps.Gaps, quick: bool = False) -> Iterator[Suite]:
    absent = []
    for version in lanes.HOST_PYTHONS:
        if wanted and version not in wanted:
            continue
        if not lanes.find_python(version):
            absent.append(version)
            continue
        try:
            python = lanes.path(f'py{version}') / 'bin' / 'python'
            yield Suite(f'host {version}', HOST_SIDE, python, _library(version, folder), LONG_OF_HOSTS if quick else ())
        except lanes.MissingPython as error:
            missing.add(f'host-side unit tests on Python {version}', str(error))
    if '2.7' in absent:
        missing.add('host-side unit tests on Python 2.7', 'no python2.7 on PATH nor under ~/.pyenv/versions; install it')
    if absent:
        print(f'not on this machine, so not run: host-side unit tests on Python {", ".join(absent)}', flush=True)


def representative(versions: Sequence[str]) -> list[str]:
    """Where host-side code differs most: the oldest Pythons of supported hosts, and the newest one there is; and every lane."""
    newest = max(versions, key=lambda version: [int(part) for part in version.split('.')], default='2.7')
    return [*dict.fromkeys(('2.7', '3.6', newest)), *lanes.LANES]


def controller_folders(lane: str, quick: bool) -> tuple[str, ...]:
    if quick:
        return QUICK_CONTROLLER_SIDE
    return (*CONTROLLER_SIDE, SUPPORT) if lane == SUPPORT_LANE else CONTROLLER_SIDE


def shares_of_others(lane: str, number: int) -> tuple[str, ...]:
    """The files of SHARED that run in another lane. number: the seed; each change of it by one moves the shares by one lane."""
    own = (list(lanes.LANES).index(lane) + number) % len(SHARED)
    return tuple(name for share, names in enumerate(SHARED) if share != own for name in names)


def _controller_suites(wanted: list[str], quick: bool, missing: gaps.Gaps, shared: bool = False) -> Iterator[Suite]:
    # The one with the most tests first, so that it does not run on alone at the end.
    for lane in sorted(lanes.LANES, key=lambda name: name != SUPPORT_LANE):
        if wanted and lane not in wanted:
            continue
        try:
            left_out = shares_of_others(lane, seed.seed()) if shared else ()
            python = lanes.path(lane) / 'bin' / 'python'
            yield Suite(f'controller {lane}', controller_folders(lane, quick), python, left_out=LONG_OF_CONTROLLERS if quick else left_out)
        except lanes.MissingPython as error:
            missing.add(f'controller-side unit tests of lane {lane}', str(error))


# ---- one run


def _environment(suite: Suite) -> dict[str, str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(('PYTHON', 'PYTEST'))}
    # Byte code of twelve interpreters does not belong beside the sources.
    environment['PYTHONDONTWRITEBYTECODE'] = '1'
    environment['PATH'] = os.pathsep.join([str(suite.python.parent), environment.get('PATH', os.defpath)])
    if suite.library:
        environment['PYTHONPATH'] = str(suite.library)
    return environment


def _read(report: Path) -> tuple[int, int, tuple[str, ...]]:
    """Passed, failed, and the skipped ones with their reasons, from a JUnit file."""
    passed = failed = 0
    skipped = []
    for case in xml.etree.ElementTree.parse(report).iter('testcase'):
        skip = case.find('skipped')
        if case.find('failure') is not None or case.find('error') is not None:
            failed += 1
        elif skip is not None and skip.get('type') != 'pytest.xfail':
            skipped.append(f'{case.get("classname")}.{case.get("name")}: {skip.get("message")}')
        else:
            passed += 1
    return passed, failed, tuple(skipped)


def _run(suite: Suite, extra: list[str], folder: Path) -> Outcome:
    report = folder / f'{suite.name.replace(" ", "-")}.xml'
    options = ['-q', '-p', 'no:cacheprovider', '--rootdir', str(stage.CHECKOUT), '--junitxml', str(report)]
    options += [f'--ignore={UNIT / name}' for name in suite.left_out]
    started = time.monotonic()
    done = subprocess.run(
        [str(suite.python), '-m', 'pytest', *options, *extra, *suite.paths],
        cwd=stage.CHECKOUT, env=_environment(suite),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    seconds = time.monotonic() - started
    # A selection may leave nothing of one side; without one, a side without tests proves nothing.
    code = 0 if extra and done.returncode == NOTHING_COLLECTED else done.returncode
    counts = _read(report) if report.exists() else (0, 0, ())
    return Outcome(suite, code, done.stdout, seconds, *counts)


def _report(outcome: Outcome, missing: gaps.Gaps) -> None:
    if outcome.code:
        print(outcome.output)
    verdict = f'{outcome.passed} passed, {outcome.failed} failed, {len(outcome.skipped)} skipped'
    broken = f' (pytest exit {outcome.code})' if outcome.code else ''
    print(f'unit {outcome.suite.name:<17} {verdict} in {outcome.seconds:.1f} s{broken}', flush=True)
    for test in outcome.skipped:
        if _NOT_REQUIRED in test:
            print(f'not run: unit {outcome.suite.name}, {test}', flush=True)
            continue
        missing.add(f'unit {outcome.suite.name}', f'skipped {test}')


def _test(wanted: list[str], extra: list[str], quick: bool = False, shared: bool = False) -> int:
    missing = gaps.Gaps()
    if shared:
        print(f'{seed.line()}: it says which plays and long tests run in which lane', flush=True)
    passed = failed = broken = 0
    with tempfile.TemporaryDirectory(prefix='gofleet-unit-') as name:
        folder = Path(name)
        # The long ones first.
        suites = [*_controller_suites(wanted, quick, missing, shared), *_host_suites(wanted, folder, missing, quick)]
        for suite in suites:
            if not suite.paths:
                missing.add(f'unit {suite.name}', f'tests/unit has none of {", ".join(suite.folders)}; write tests there')
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            runs = [pool.submit(_run, suite, extra, folder) for suite in suites if suite.paths]
            for run in concurrent.futures.as_completed(runs):
                outcome = run.result()
                _report(outcome, missing)
                passed, failed, broken = passed + outcome.passed, failed + outcome.failed, broken or outcome.code
    print(f'{passed} passed, {failed} failed', flush=True)
    return int(bool(broken or failed)) or missing.exit_code()


def main() -> int:
    parser = argparse.ArgumentParser(description='Unit tests under every interpreter that their code must run on.')
    choices = [*lanes.HOST_PYTHONS, *lanes.LANES]
    parser.add_argument('--python', action='append', default=[], choices=choices, help='only these: X.Y, or a lane')
    parser.add_argument('--representative', action='store_true', help='host side on 2.7, 3.6 and the newest Python, every lane, long tests in one')
    parser.add_argument('--quick', action='store_true', help='host side on 2.7, controller side in one lane, without plays and long tests')
    parser.add_argument('extra', nargs='*', help='arguments for pytest, after --')
    arguments = parser.parse_args()
    if sum(map(bool, (arguments.python, arguments.representative, arguments.quick))) > 1:
        parser.error('--python, --representative and --quick exclude each other')
    wanted = arguments.python
    if arguments.representative:
        wanted = representative([version for version in lanes.HOST_PYTHONS if lanes.find_python(version)])
    elif arguments.quick:
        wanted = list(QUICK)
    try:
        return _test(wanted, arguments.extra, arguments.quick, arguments.representative)
    except lanes.LaneError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == '__main__':
    sys.exit(main())
