# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module under an interpreter that has started and imported everything before: each run is a fork of it.

Thousands of runs need not start an interpreter each. From the fork on a run is a process of its own, with its own input, outputs, session
and end; what comes before changes nothing on a host. A run that is to be traced stops itself until the tracer has attached.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

from support.module_process import COLLECTION, PATIENCE, Module, Options, Outcome, parse

_ROOMS = COLLECTION / 'plugins/module_utils'

# Runs on the host's Python, from 2.7 on. It answers each request, a line of JSON, by the process's id and then by its status.
_SERVER = r"""
import atexit, gc, json, os, random, signal, sys, traceback
module, library, rooms, requests = sys.argv[1], sys.argv[2], sys.argv[3], sys.stdin
sys.argv[:] = [module]
with open(module) as source:
    code = compile(source.read(), module, 'exec', 0, True)
exec(code, {'__name__': 'imports_alone', '__file__': module})
# Also what only some runs import.
for folder, dummy, names in os.walk(os.path.join(library, rooms)):
    for name in names:
        if name.endswith('.py') and name != '__init__.py':
            __import__(os.path.relpath(os.path.join(folder, name), library)[:-3].replace(os.sep, '.'))
# Or each fork would copy all that its first collection of garbage looks at.
getattr(gc, 'freeze', gc.disable)()
while True:
    line = requests.readline()
    if not line:
        os._exit(0)
    asked = json.loads(line)
    pid = os.fork()
    if not pid:
        break
    if asked['stop']:
        os.waitpid(pid, os.WUNTRACED)
    os.write(1, ('%d\n' % pid).encode('ascii'))
    status = os.waitpid(pid, 0)[1]
    os.write(1, ('%d\n' % (-os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status))).encode('ascii'))
os.setsid()
random.seed()
writing = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
for number, path, flags in ((0, asked['input'], os.O_RDONLY), (1, asked['output'], writing), (2, asked['errors'], writing)):
    opened = os.open(path, flags, 0o600)
    os.dup2(opened, number)
    os.close(opened)
sys.stdin = os.fdopen(0)
if asked['stop']:
    os.kill(os.getpid(), signal.SIGSTOP)
status = 0
try:
    exec(code, {'__name__': '__main__', '__file__': module})
except SystemExit as error:
    status = error.code or 0
except BaseException:
    traceback.print_exc()
    status = 1
# All of an interpreter's end but to give back what it holds, which the kernel does.
atexit._run_exitfuncs()
sys.stdout.flush()
sys.stderr.flush()
os._exit(status)
"""


class WarmModule:
    """A module whose runs are forks of one process. folder: where their inputs and outputs lie. To be ended by end()."""

    def __init__(self, module: Module, folder: Path) -> None:
        self._files = {name: folder / f'run.{name}' for name in ('input', 'output', 'errors')}
        self._wrapper = module.wrapper
        self._server = subprocess.Popen(
            [*module.wrapper, str(module.python), '-c', _SERVER, str(module.library / module.file), str(module.library), str(_ROOMS)],
            env=module.environment(), cwd='/', bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip

    def end(self) -> None:
        self._server.communicate()

    def run(self, options: Options, tracer: Sequence[str] = ()) -> Outcome:
        """How a run ends. tracer: the command of strace that is attached to it before it begins, without -p."""
        settings = {'_ansible_check_mode': False, '_ansible_diff': True, '_ansible_remote_tmp': '/nonexistent'}
        self._files['input'].write_text(json.dumps({'ANSIBLE_MODULE_ARGS': {**options, **settings}}), encoding='ascii')
        asked = {'stop': bool(tracer), **{name: str(path) for name, path in self._files.items()}}
        assert self._server.stdin
        self._server.stdin.write(json.dumps(asked).encode('ascii') + b'\n')
        process = self._answer()
        if tracer:
            self._trace(process, tracer)
        try:
            status = self._answer()
        except AssertionError:
            os.kill(process, signal.SIGKILL)
            raise
        output, errors = (self._files[name].read_text(encoding='utf-8', errors='replace') for name in ('output', 'errors'))
        return Outcome(status, parse(output), output, errors)

    def _trace(self, process: int, tracer: Sequence[str]) -> None:
        """Attach a tracer to a process that has stopped itself, let it go on, and wait for the tracer, whose log is whole then."""
        with subprocess.Popen([*self._wrapper, *tracer, '-p', str(process)], stderr=subprocess.PIPE, text=True) as tracing:
            assert tracing.stderr
            said = tracing.stderr.readline()
            os.kill(process, signal.SIGCONT)
            assert 'attached' in said, said
            tracing.communicate(timeout=PATIENCE)

    def _answer(self) -> int:
        assert self._server.stdout
        ready, _writers, _errors = select.select([self._server.stdout], [], [], PATIENCE)
        assert ready, f'the module hangs: no end within {PATIENCE} s'
        return int(self._server.stdout.readline())
