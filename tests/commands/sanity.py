# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-test sanity, over a staged copy, with the oldest and the newest supported ansible-core.

    sanity.py [--lane LANE] [--prime] [-- ARGUMENTS OF ansible-test sanity]
    sanity.py --representative    make test: what takes minutes and says the same in both, by the newest only

The package index is the only server it needs: ansible-test's own download of pip is answered from there.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from support import gaps, lanes, stage


@dataclass(frozen=True)
class Check:
    """One ansible-core, and the interpreters that `compile` and `import` ask under it."""

    lane: str
    pythons: tuple[str, ...]
    # Tests that make test leaves to the other one.
    repeated: tuple[str, ...] = ()


CHECKS = (
    # 2.16 holds 3.10 for a controller's Python and would want the controller side, which starts at 3.11, to compile
    # there; for 2.21 it is a managed host's, so that is who asks it. No version is asked twice.
    Check('el7', ('2.7', '3.6', '3.7', '3.8', '3.11'), repeated=('pylint',)),
    Check('newest', ('3.9', '3.10', '3.12', '3.13')),
)
# A line that says a test was left out. What is disabled by default is ansible-core's choice, not a lack of ours.
LEFT_OUT = re.compile(r'skipp(?:ing|ed)', re.IGNORECASE)
BY_DEFAULT = 'Skipping tests disabled by default'


@dataclass(frozen=True)
class Outcome:
    check: Check
    code: int
    output: str
    seconds: float

    @property
    def left_out(self) -> list[str]:
        lines = self.output.splitlines()
        return sorted({line.strip() for line in lines if LEFT_OUT.search(line) and BY_DEFAULT not in line})


# ---- what ansible-test finds on this machine


def _interpreters(check: Check, missing: gaps.Gaps) -> dict[str, Path]:
    found = {}
    for version in check.pythons:
        python = lanes.find_python(version)
        if python:
            # `import` makes its environments for 2.7 with the virtualenv that it finds inside that 2.7.
            found[version] = lanes.path('py2.7') / 'bin' / 'python' if version == '2.7' else python.path
    absent = [version for version in check.pythons if version not in found]
    if '2.7' in absent:
        missing.add('compile and import on Python 2.7', 'no python2.7 on PATH nor under ~/.pyenv/versions; install it')
    if absent:
        print(f'sanity {check.lane}: not on this machine, so not asked: Python {", ".join(absent)}', flush=True)
    return found


def _write_pip_settings(home: Path, lane: Path) -> None:
    """ansible-test hands neither PIP_* nor proxy variables on to pip, so what they say is put into its configuration."""
    listed = lanes.run([str(lane / 'bin' / 'python'), '-m', 'pip', 'config', 'list'], 'reading the settings of pip')
    # ":env:.cert='…'" or "global.cert='…'"; variables win over files, as they do for pip.
    found = re.findall(r"^(:env:|global|install)\.([a-z-]+)='(.*)'$", listed, re.MULTILINE)
    settings = {key: value for wanted in ('install', 'global', ':env:') for kind, key, value in found if kind == wanted}
    proxy = os.environ.get('HTTPS_PROXY') or os.environ.get('https_proxy')
    if proxy:
        settings.setdefault('proxy', proxy)
    settings.setdefault('cache-dir', str(Path.home() / '.cache' / 'pip'))
    # ansible-test prints all that pip says, and a failure would drown in it.
    settings['quiet'] = '1'
    lines = ['[global]', *(f'{key} = {value}' for key, value in sorted(settings.items())), '']
    target = home / '.config' / 'pip' / 'pip.conf'
    target.parent.mkdir(parents=True, exist_ok=True)
    target.touch(mode=0o600)
    target.write_text('\n'.join(lines), encoding='utf-8')


GET_PIP = """\
import sys
sys.path.insert(0, {wheel!r})
from pip._internal.cli.main import main
sys.exit(main(['install'] + [a for a in sys.argv[1:] if a not in ('--no-setuptools', '--no-wheel')]))
"""


def _place_get_pip(home: Path, lane: Path, python: str) -> None:
    """Answer ansible-test's download of get-pip.py beforehand, with the pip that this ansible-core wants."""
    script = (
        'import types, ansible_test._internal.python_requirements as r; '
        f'print(r.get_venv_packages(types.SimpleNamespace(version={python!r}))["pip"])'
    )
    version = lanes.run([str(lane / 'bin' / 'python'), '-c', script], 'asking ansible-test for its pip').strip()
    folder = home / '.ansible' / 'test' / 'cache'
    target = folder / f'get_pip_{version.replace(".", "_")}.py'
    if target.exists():
        return
    wheels = folder / 'wheels'
    pip = [str(lane / 'bin' / 'python'), '-m', 'pip', 'download', '--quiet', '--no-deps', '--dest', str(wheels)]
    lanes.run([*pip, f'pip=={version}'], f'fetching pip {version}')
    temporary = target.with_suffix('.new')
    temporary.write_text(GET_PIP.format(wheel=str(next(wheels.glob(f'pip-{version}-*.whl')))), encoding='utf-8')
    temporary.replace(target)


def _link_interpreters(folder: Path, interpreters: dict[str, Path]) -> None:
    folder.mkdir()
    for version, python in interpreters.items():
        (folder / f'python{version}').symlink_to(python)


# ---- the run


def _command(check: Check, lane: Path, interpreters: dict[str, Path], extra: list[str]) -> list[str]:
    targets = [argument for version in interpreters for argument in ('--target-python', version)]
    return [str(lane / 'bin' / 'ansible-test'), 'sanity', '--truncate', '0', *targets, *extra]


def _run(check: Check, lane: Path, interpreters: dict[str, Path], extra: list[str]) -> Outcome:
    started = time.monotonic()
    # A home of its own: ansible-test keeps its environments there, and two at once must not make the same one.
    home = lanes.cache_root() / 'sanity' / lane.name
    home.mkdir(parents=True, exist_ok=True)
    _write_pip_settings(home, lane)
    _place_get_pip(home, lane, next(lane.glob('lib/python3*')).name.removeprefix('python'))
    with tempfile.TemporaryDirectory(prefix='gofleet-sanity-') as folder:
        _link_interpreters(Path(folder) / 'bin', interpreters)
        tree = stage.stage(Path(folder))
        search = [str(lane / 'bin'), str(Path(folder) / 'bin'), '/usr/local/bin', '/usr/bin', '/bin']
        environment = {**os.environ, 'HOME': str(home), 'PATH': os.pathsep.join(search)}
        done = subprocess.run(
            _command(check, lane, interpreters, extra),
            cwd=tree, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
    return Outcome(check, done.returncode, done.stdout, time.monotonic() - started)


def _report(outcome: Outcome, missing: gaps.Gaps) -> None:
    if outcome.code:
        print(outcome.output)
    tests = outcome.output.count('Running sanity test')
    verdict = f'failed (exit {outcome.code})' if outcome.code else 'passed'
    print(f'sanity {outcome.check.lane}: {verdict}, {tests} tests in {outcome.seconds:.0f} s', flush=True)
    for line in outcome.left_out:
        missing.add(f'sanity {outcome.check.lane}', line)


def _prepare(wanted: str | None, missing: gaps.Gaps) -> Iterator[tuple[Check, Path, dict[str, Path]]]:
    for check in CHECKS:
        if wanted not in (None, check.lane):
            continue
        try:
            yield check, lanes.path(check.lane), _interpreters(check, missing)
        except lanes.MissingPython as error:
            missing.add(f'sanity {check.lane}', str(error))


def skipped(check: Check, representative: bool) -> list[str]:
    """Arguments that leave out the tests of a check that another one runs too."""
    return [argument for test in check.repeated if representative for argument in ('--skip-test', test)]


def _check(wanted: str | None, extra: list[str], representative: bool = False) -> int:
    missing = gaps.Gaps()
    runs = list(_prepare(wanted, missing))
    failed = False
    with concurrent.futures.ThreadPoolExecutor(len(CHECKS)) as pool:
        futures = [pool.submit(_run, *run, [*extra, *skipped(run[0], representative)]) for run in runs]
        for future in concurrent.futures.as_completed(futures):
            outcome = future.result()
            _report(outcome, missing)
            failed = failed or outcome.code != 0
    return int(failed) or missing.exit_code()


def main() -> int:
    parser = argparse.ArgumentParser(description='ansible-test sanity with the oldest and the newest ansible-core.')
    parser.add_argument('--lane', choices=[check.lane for check in CHECKS], help='only this one')
    parser.add_argument('--prime', action='store_true', help='only make the virtual environments of ansible-test')
    parser.add_argument('--representative', action='store_true', help='leave out what another check repeats: pylint of the oldest')
    parser.add_argument('extra', nargs='*', help='arguments for ansible-test sanity, after --')
    arguments = parser.parse_args()
    try:
        return _check(arguments.lane, ['--prime-venvs'] if arguments.prime else arguments.extra, arguments.representative)
    except (lanes.LaneError, stage.StageError) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == '__main__':
    sys.exit(main())
