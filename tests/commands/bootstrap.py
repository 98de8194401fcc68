# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Have everything slow that the tests keep: programs, environments, a Docker Engine, images, and what single parts make once.

    bootstrap.py [--environment NAME ...] [--platform NAME ... | --everything]

Each part makes what it lacks by itself; made here, it is made once, with both processors, and its time is not counted as a part's.
Standard library only, Python 3.9 and later: it starts on a bare machine and makes the rest.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import os
import subprocess
import sys
import time
from pathlib import Path

from commands import molecule
from support import gaps, lanes, packages
from support.hosts.platforms import PLATFORMS

TESTS = Path(__file__).resolve().parents[1]
_ARCHIVES = molecule.toolchains(PLATFORMS.values())
_IN_LANE = ('lanes', 'run', 'main', str(TESTS))
# Commands that make what a later run finds. What cannot be made is reported again by the part that needs it, and fails there.
_KEPT = (
    (*_IN_LANE, 'abi.fixtures'),
    (*_IN_LANE, 'toolchains.real', 'ensure', *_ARCHIVES),
    (*_IN_LANE, 'machine.recipes'),
    ('sanity', '--prime'),
)
# After images and archives.
_KEPT_LAST = ((*_IN_LANE, 'hosts.go_build_cache', *_ARCHIVES),)


def _script(*arguments: str) -> int:
    return subprocess.run([sys.executable, str(TESTS), *arguments], stdin=subprocess.DEVNULL, check=False).returncode


def _keep(*command: str) -> None:
    began = time.monotonic()
    code = _script(*command)
    name = ' '.join(command).replace(' '.join(_IN_LANE), '').strip()
    print(f'bootstrap: {name[:60]}: {f"failed (exit {code})" if code else "ready"} in {time.monotonic() - began:.0f} s', flush=True)


def _images(*names: str) -> int:
    return _script('hosts.images', 'ensure', *names)


def _make(platforms: list[str], everything: bool) -> int:
    """The exit code of the images; as many commands at a time as there are processors."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        images = pool.submit(_images, *(['--all'] if everything else platforms))
        kept = [pool.submit(_keep, *command) for command in (_KEPT if everything else ())]
        concurrent.futures.wait(kept)
        code = images.result()
    for command in _KEPT_LAST if everything else ():
        _keep(*command)
    return code


def bootstrap(environments: list[str], platforms: list[str], everything: bool) -> int:
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
    if _make(platforms, everything):
        missing.add('every platform', 'the lines above name the images that cannot be had here, and why')
    return missing.exit_code()


def main() -> int:
    parser = argparse.ArgumentParser(description='Have everything slow that several parts of the tests share.')
    parser.add_argument('--environment', action='append', default=[], choices=sorted(lanes.ENVIRONMENTS), metavar='NAME')
    parser.add_argument('--platform', action='append', default=[], metavar='NAME')
    parser.add_argument('--everything', action='store_true', help='every image, and what single parts make once')
    arguments = parser.parse_args()
    return bootstrap(arguments.environment, arguments.platform, arguments.everything)


if __name__ == '__main__':
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
