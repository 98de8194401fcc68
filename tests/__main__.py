# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs one script of the tests, so that the scripts need not extend sys.path.

    python3 tests                          list the commands
    python3 tests units --python 2.7       tests/commands/units.py
    python3 tests lanes path main          tests/support/lanes.py
    python3 tests hosts.engine ensure      tests/support/hosts/engine.py
    python3 tests bench.bench              tests/bench/bench.py

A script imports `support.*` and `commands.*`, and what lies beside it by its bare name. pytest gives tests the same
two places: it puts the folder of each conftest.py on sys.path, this one's first. Python 2.7 and later.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import runpy
import sys

TESTS = os.path.dirname(os.path.abspath(__file__))
# Where a name is looked for, in this order.
ROOMS = ('commands', 'support', '')


def _found(name):
    for room in ROOMS:
        path = os.path.join(TESTS, room, *name.split('.')) + '.py'
        if os.path.isfile(path):
            return path
    return None


def _commands():
    return sorted(file[:-3] for file in os.listdir(os.path.join(TESTS, 'commands')) if file.endswith('.py'))


def main(arguments):
    path = _found(arguments[0]) if arguments else None
    if path is None:
        sys.stderr.write('Usage: python3 tests COMMAND [ARGUMENT ...]. Commands: %s.\n' % ', '.join(_commands()))
        return 2
    sys.argv[:] = [path] + arguments[1:]
    # The only change of sys.path: Python has put only this file's own folder there, as a path relative to where it was started.
    sys.path[:1] = [os.path.dirname(path), TESTS]
    runpy.run_path(path, run_name='__main__')
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
