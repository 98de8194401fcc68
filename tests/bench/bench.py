# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure the collection against floors of the same run: `make bench`.

    bench.py [--lane LANE] [--rounds N] [--pairs N] [--row PLATFORM:HOSTS …]

This script brings what measuring needs (an engine, images, a controller); measure.py, which it runs beside the test mirror,
measures and prints. Exits 1 when a budget is missed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from rows import ROWS, Row
from support import lanes
from support.gaps import Gaps
from support.hosts import engine, images
from support.hosts.platforms import PLATFORMS

HERE = Path(__file__).resolve().parent
TESTS = HERE.parent

# A release of today's size that proxies serve; one architecture is enough.
TOOLCHAIN = '1.26.6/amd64'


def available(rows: list[Row], gaps: Gaps) -> list[Row]:
    """The rows whose image can be had; one line for each that cannot."""
    missing = set()
    for name in dict.fromkeys(row.platform for row in rows):
        try:
            images.ensure(PLATFORMS[name])
        except images.ImageUnavailable as error:
            gaps.add(f'the bench on {name}', str(error))
            missing.add(name)
    return [row for row in rows if row.platform not in missing]


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description='Measure the collection against floors of the same run.')
    # The one controller that manages every platform.
    parser.add_argument('--lane', choices=sorted(lanes.LANES), default='el7')
    parser.add_argument('--rounds', type=int, help='fresh installs of each kind on a row (default: by row)')
    parser.add_argument('--pairs', type=int, help='runs with nothing to do on a row, each beside a ping (default: by row)')
    parser.add_argument('--row', action='append', type=Row.parse, metavar='PLATFORM:HOSTS', help=f'default: {" ".join(map(str, ROWS))}')
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    options = parse(arguments)
    gaps = Gaps()
    try:
        engine.ensure()
        python = str(lanes.path(options.lane) / 'bin' / 'python')
    except (engine.EngineError, lanes.LaneError) as error:
        print(f'bench: {error}', file=sys.stderr)
        return 1
    rows = available([row.limited(options.rounds, options.pairs) for row in options.row or ROWS], gaps)
    if not rows:
        print('bench: no image can be had for any row (see above)', file=sys.stderr)
        return 1
    mirror = [python, str(TESTS), 'mirror.with_mirror', TOOLCHAIN, '--']
    measure = [python, str(TESTS), 'bench.measure', '--lane', options.lane, *(row.written() for row in rows)]
    return subprocess.run([*mirror, *measure], check=False).returncode or gaps.exit_code()


if __name__ == '__main__':
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
