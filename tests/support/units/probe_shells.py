# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shells that a probe's script has to run on, each with the tools that its platforms have; and a controller that must not be read."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

from ansible_collections.gofleet.golang.plugins.plugin_utils._probe import script

BUSYBOX = 'busybox'
# Those of the platforms.
NAMES = ('dash', 'bash', BUSYBOX)
# Others, by what they are called with.
_COMMANDS = {'bash as sh': ['bash', '--posix']}
# BusyBox brings its own tools.
_APPLETS = ('ash', 'stat', 'readlink', 'grep', 'sed', 'head', 'sha256sum', 'id', 'uname', 'od', 'sh')


def answer(wanted: script.Wanted, shell: str, folder: Path, **environment: str) -> str:
    """What a script answers; arguments as of run(). Raises CalledProcessError."""
    done = run(script.rendered(wanted), script.standard_input(wanted), shell, folder, **environment)
    done.check_returncode()
    return done.stdout.decode('utf-8', 'surrogateescape')


def run(text: str, given: bytes | None, shell: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """A script in a shell: one of NAMES, or another one of this machine.

    given: its standard input; folder: for the names of BusyBox' tools, which must not be among what is asked for; environment: more variables.
    """
    command, path = _COMMANDS.get(shell, [shell]), os.environ['PATH']
    if shell == BUSYBOX:
        command, path = [str(_tools(folder) / 'ash')], str(_tools(folder))
    return subprocess.run([*command, '-c', text], input=given or b'', capture_output=True, check=False, env={'PATH': path, 'HOME': '/root', **environment})


def _tools(folder: Path) -> Path:
    tools, program = folder / 'busybox', shutil.which('busybox')
    assert program, 'no busybox; bootstrap installs it'
    if not tools.exists():
        tools.mkdir()
        for name in _APPLETS:
            (tools / name).symlink_to(program)
    return tools


_READS = ('lstat', 'stat', 'listdir', 'scandir', 'readlink', 'open', 'access', 'geteuid', 'getuid', 'uname', 'confstr', 'statvfs')


class ReadsController(BaseException):
    """No Exception, so that nothing takes it for an error of the probe."""


@contextlib.contextmanager
def nothing_of_the_controller() -> Iterator[None]:
    """A block that fails if anything is read of this machine: what is decided for a host must come from the host. Raises ReadsController."""
    def refused(*arguments: object, **dummy: object) -> None:
        raise ReadsController(arguments)
    with contextlib.ExitStack() as stack:
        for name in _READS:
            stack.enter_context(mock.patch.object(os, name, refused))
        stack.enter_context(mock.patch.object(io, 'open', refused))
        yield
