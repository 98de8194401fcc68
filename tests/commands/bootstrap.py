# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Have everything slow that several parts of the tests share: programs, environments, a Docker Engine, the platforms' images.

    bootstrap.py [--environment NAME ...] [--platform NAME ... | --all-platforms]

Each part makes what it lacks by itself; made here, it is made once, and its time is not counted as a part's.
Standard library only, Python 3.9 and later: it starts on a bare machine and makes the rest.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from support import gaps, lanes, packages

TESTS = Path(__file__).resolve().parents[1]


def _script(*arguments: str) -> int:
    return subprocess.run([sys.executable, str(TESTS), *arguments], check=False).returncode


def bootstrap(environments: list[str], images: list[str]) -> int:
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
    if _script('hosts.engine', 'ensure'):
        return 1
    if _script('hosts.images', 'ensure', *images):
        missing.add('every platform', 'the lines above name the images that cannot be had here, and why')
    return missing.exit_code()


def main() -> int:
    parser = argparse.ArgumentParser(description='Have everything slow that several parts of the tests share.')
    parser.add_argument('--environment', action='append', default=[], choices=sorted(lanes.ENVIRONMENTS), metavar='NAME')
    parser.add_argument('--platform', action='append', default=[], metavar='NAME')
    parser.add_argument('--all-platforms', action='store_true')
    arguments = parser.parse_args()
    return bootstrap(arguments.environment, ['--all'] if arguments.all_platforms else arguments.platform)


if __name__ == '__main__':
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
