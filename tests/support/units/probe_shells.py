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

# BusyBox brings its own stat, grep, sha256sum and so on.
NAMES = ('dash', 'bash', 'busybox')
_APPLETS = ('ash', 'stat', 'readlink', 'grep', 'sed', 'sha256sum', 'id', 'uname', 'od', 'sh')


def answer(wanted: script.Wanted, shell: str, folder: Path) -> str:
    """What a script answers. folder: for the names of BusyBox' tools, which must not be among what is asked for."""
    command, path = [shell], os.environ['PATH']
    if shell == 'busybox':
        command, path = [str(_tools(folder) / 'ash')], str(_tools(folder))
    done = subprocess.run([*command, '-c', script.rendered(wanted)], input=script.standard_input(wanted), capture_output=True, check=True,
                          env={'PATH': path, 'HOME': '/root'})
    return done.stdout.decode('utf-8', 'surrogateescape')


def _tools(folder: Path) -> Path:
    tools, program = folder / 'busybox', shutil.which('busybox')
    assert program, 'no busybox; bootstrap installs it'
    if not tools.exists():
        tools.mkdir()
        for name in _APPLETS:
            (tools / name).symlink_to(program)
    return tools


_READS = ('lstat', 'stat', 'listdir', 'scandir', 'readlink', 'open', 'access', 'geteuid', 'getuid', 'uname', 'confstr', 'statvfs')


@contextlib.contextmanager
def nothing_of_the_controller() -> Iterator[None]:
    """A block that fails if anything is read of this machine: what is decided for a host must come from the host."""
    def refused(*arguments: object, **dummy: object) -> None:
        raise AssertionError(f'reads {arguments!r} of the controller')
    with contextlib.ExitStack() as stack:
        for name in _READS:
            stack.enter_context(mock.patch.object(os, name, refused))
        stack.enter_context(mock.patch.object(io, 'open', refused))
        yield
