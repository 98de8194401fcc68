# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sent to a root: start each program with execve(2) only, and report the outcome.

    start_programs.py [EMULATOR ARGUMENT...] < [PATH, ...] > [{"path", "errno", "status", "output"}, ...]

With an emulator, that starts the programs instead. errno: of execve itself, as a name; status: of the process, below 0 for a signal. Python 2.7 to 3.13.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import json
import os
import resource
import subprocess
import sys
import threading

TIMEOUT = 60
# Nothing that would let a loader find more than a service's would.
ENVIRONMENT = {'PATH': '/usr/local/bin:/usr/bin:/bin'}


def start(path, emulator):
    outcome = {'path': path, 'errno': None, 'status': None, 'output': ''}
    try:
        with open(os.devnull, 'rb') as nothing:
            process = subprocess.Popen(
                emulator + [path], env=ENVIRONMENT, cwd='/', stdin=nothing, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, close_fds=True)
    except OSError as exc:
        outcome['errno'] = errno.errorcode.get(exc.errno, str(exc.errno))
        return outcome
    timer = threading.Timer(TIMEOUT, process.kill)
    timer.start()
    output = process.communicate()[0]
    timer.cancel()
    outcome['status'] = process.returncode
    # An emulator says at first what it cannot do.
    outcome['output'] = output[-1000:].decode('utf-8', 'replace')
    return outcome


if __name__ == '__main__':
    # Many of them are to crash.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    print(json.dumps([start(path, sys.argv[1:]) for path in json.load(sys.stdin)]))
