# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `make test` and `make test-quick` run: parts in order, each timed, until the first that fails.

    suite.py test     everything
    suite.py quick    the inner loop: linters, units on two Pythons, one platform
    suite.py faults   broken runs alone
    suite.py judge    verdicts beside real loaders alone
    suite.py machine  the whole machine alone

Standard library only, Python 3.9 and later: it starts on a bare machine and makes the rest.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from support import gaps, lanes, packages
from support.stage import CHECKOUT


@dataclass(frozen=True)
class Part:
    name: str
    run: Callable[[], int]


def _script(name: str, *arguments: str) -> Callable[[], int]:
    def run() -> int:
        return subprocess.run([sys.executable, str(CHECKOUT / 'tests'), name, *arguments], cwd=CHECKOUT, check=False).returncode

    return run


def _pytest(lane: str, folder: str) -> Callable[[], int]:
    """A folder of tests, by the Python of a lane."""

    def run() -> int:
        python = lanes.path(lane) / 'bin' / 'python'
        return subprocess.run([str(python), '-m', 'pytest', '-q', folder], cwd=CHECKOUT, check=False).returncode

    return run


# What is rendered, read back by the parsers of those that it is for: shells, systemd's, docker's.
_PROPERTIES = Part('properties', _pytest('main', 'tests/properties'))
# Bent programs, by the thousand, given to the reader that has to bear them.
_FUZZ = Part('fuzz', _pytest('el7', 'tests/fuzz'))
# Runs that are killed, and calls that fail: on this machine, in folders and mounts of the tests' own.
_FAULTS = Part('faults', _pytest('el7', 'tests/faults'))
# Verdicts beside what the loaders of real hosts do.
_JUDGE = Part('judge', _pytest('el7', 'tests/judge'))
# A machine with a kernel of its own: settings that a container cannot have, and real reboots.
_MACHINE = Part('machine', _pytest('main', 'tests/machine'))


def _bootstrap(environments: tuple[str, ...], images: tuple[str, ...]) -> Callable[[], int]:
    """Everything slow that later parts share: environments, a Docker Engine, the platforms' images."""

    def run() -> int:
        missing = gaps.Gaps()
        packages.ensure(missing)
        for name in environments:
            try:
                lanes.path(name)
            except lanes.MissingPython as error:
                missing.add(f'lane {name}', str(error))
            except lanes.LaneError as error:
                print(error, file=sys.stderr)
                return 1
        if _script('hosts.engine', 'ensure')():
            return 1
        if _script('hosts.images', 'ensure', *images)():
            missing.add('every platform', 'the lines above name the images that cannot be had here, and why')
        return missing.exit_code()

    return run


SUITES = {
    'test': (
        Part('bootstrap', _bootstrap((*lanes.LANES, 'dev'), ('--all',))),
        Part('lint', _script('lint')),
        Part('sanity', _script('sanity')),
        Part('unit', _script('units')),
        _PROPERTIES,
        _FUZZ,
        _FAULTS,
        _JUDGE,
        _MACHINE,
        Part('molecule', _script('molecule', '--all')),
    ),
    'faults': (_FAULTS,),
    'judge': (_JUDGE,),
    'machine': (_MACHINE,),
    'quick': (
        Part('bootstrap', _bootstrap(('main', 'dev'), ('debian12',))),
        Part('lint', _script('lint')),
        Part('unit', _script('units', '--python', '2.7', '--python', '3.11', '--python', 'main')),
        Part('molecule', _script('molecule', '--lane', 'main', '--platform', 'debian12', '--scenario', 'toolchain')),
    ),
}


def _run(suite: tuple[Part, ...]) -> int:
    lines = []
    code = 0
    for part in suite:
        if code:
            lines.append(f'{part.name:<10} not run')
            continue
        print(f'==> {part.name}', flush=True)
        started = time.monotonic()
        code = part.run()
        lines.append(f'{part.name:<10} {"failed" if code else "passed"} in {time.monotonic() - started:.0f} s')
    print('\n'.join(['==> summary', *lines]), flush=True)
    return code


def main() -> int:
    parser = argparse.ArgumentParser(description='The parts of make test, in order.')
    parser.add_argument('suite', choices=sorted(SUITES))
    return _run(SUITES[parser.parse_args().suite])


if __name__ == '__main__':
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
