# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the real module in a separate process, as Ansible does on a host: interpreter, module file, arguments as JSON."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from support import lanes, stage

COLLECTION = Path('ansible_collections/gofleet/golang')
MODULE = COLLECTION / 'plugins/modules/go_toolchain.py'
# Whose ansible.module_utils run on every interpreter from 2.7 to 3.12.
LANE = 'el7'
# Far longer than any run here takes; a run that reaches it hangs.
PATIENCE = 120

Options = dict[str, Any]

NOWHERE: Options = {'state': 'absent', 'prefix': '/nonexistent/prefix', 'link': '/nonexistent/go', 'bin_dir': '/nonexistent/bin'}


def make_library(folder: Path) -> Path:
    """A folder with what Ansible ships to a host, and nothing else: ansible.module_utils and this collection's host side.

    Copies, so that the byte code of old interpreters does not land beside the sources.
    """
    package = next(lanes.path(LANE).glob('lib/python3*/site-packages/ansible'))
    shutil.copytree(package / 'module_utils', folder / 'ansible/module_utils', ignore=shutil.ignore_patterns('__pycache__', '*.ps*'))
    shutil.copy(package / 'release.py', folder / 'ansible')
    # What the shipped package has there; the controller's own imports what a host lacks.
    (folder / 'ansible/__init__.py').write_text("__version__ = '2.16'\n__author__ = ''\n", encoding='ascii')
    for kind in ('modules', 'module_utils'):
        source = stage.CHECKOUT / 'plugins' / kind
        shutil.copytree(source, folder / COLLECTION / 'plugins' / kind, ignore=shutil.ignore_patterns('__pycache__'))
        # Python 2.7 has no namespace packages.
        for place in (COLLECTION / 'plugins' / kind, *(COLLECTION / 'plugins' / kind).parents[:-1]):
            (folder / place / '__init__.py').touch()
    return folder


@dataclass(frozen=True, repr=False)
class Outcome:
    """How a run ended. result: the JSON that the module printed, None if it printed none."""

    status: int
    result: dict[str, Any] | None
    output: str
    errors: str

    @property
    def killed(self) -> bool:
        return self.status in (-signal.SIGKILL, 128 + signal.SIGKILL)

    @property
    def succeeded(self) -> bool:
        return self.status == 0 and self.result is not None and not self.result.get('failed')

    @property
    def changed(self) -> bool | None:
        return self.result['changed'] if self.result and self.succeeded else None

    @property
    def code(self) -> str | None:
        return self.result.get('code') if self.result else None

    @property
    def message(self) -> str:
        return str(self.result.get('msg', '')) if self.result else ''

    @property
    def changed_all_the_same(self) -> list[str]:
        """What a run that failed says that it changed, a line each."""
        said: list[str] = (self.result or {}).get('evidence', {}).get('changed', [])
        return said if not self.succeeded and self.result and self.result.get('changed') else []

    def __str__(self) -> str:
        if self.killed:
            return 'killed'
        if self.result is None:
            return f'exit {self.status} without a result: {(self.errors or self.output).strip()[-1500:]}'
        if self.succeeded:
            return f'changed={self.changed} plan={self.result.get("plan")}'
        return f'failed with {self.code}: {self.message}'

    __repr__ = __str__

    def fault(self) -> str | None:
        """What is wrong with the way a run that was not killed ended; failing with a code and a message is right."""
        if self.result is None:
            return f'no JSON: {self}'
        if 'Traceback' in self.output + self.errors:
            return f'a traceback: {self.output}{self.errors}'
        if not self.succeeded and (not self.code or not self.message or not self.result.get('failed')):
            return f'a failure without code or message: {self.output}'
        if self.succeeded != (self.status == 0):
            return f'exit {self.status} with {self}'
        return None


# What was started and not waited for: a test that fails may leave some.
_unfinished: list[Running] = []


def end_unfinished() -> None:
    """Kill what is left of a test, waiting or stopped as it may be."""
    for running in list(_unfinished):
        running.kill_group()
        running.finish()


@dataclass(eq=False)
class Running:
    process: subprocess.Popen[str]

    def finish(self, timeout: float = PATIENCE) -> Outcome:
        if self in _unfinished:
            _unfinished.remove(self)
        try:
            output, errors = self.process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            self.kill_group()
            output, errors = self.process.communicate()
            raise AssertionError(f'the module hangs: no end within {timeout} s; so far: {output}{errors}') from None
        return Outcome(self.process.returncode, parse(output), output, errors)

    def kill(self) -> None:
        """Kill the module alone, as the kernel does when memory runs out."""
        self.process.kill()

    def kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)


def parse(output: str) -> dict[str, Any] | None:
    for line in output.splitlines():
        if line.startswith('{'):
            found = json.loads(line)
            return found if isinstance(found, dict) else None
    return None


@dataclass(frozen=True)
class Module:
    """The staged module under one interpreter.

    wrapper: a command that runs the interpreter's command line; variables: added to a bare environment; file: in the library.
    """

    library: Path
    python: Path
    version: str
    wrapper: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    file: Path = MODULE

    def within(self, *wrapper: str, **variables: str) -> Module:
        return replace(self, wrapper=wrapper, variables={**self.variables, **variables})

    def other(self, name: str) -> Module:
        """Another module of the collection under the same interpreter."""
        return replace(self, file=MODULE.with_name(f'{name}.py'))

    def run(self, options: Options, check: bool = False) -> Outcome:
        return self.start(options, check).finish()

    def start(self, options: Options, check: bool = False) -> Running:
        return self.start_command([str(self.library / self.file)], options, check)

    def start_command(self, arguments: Sequence[str], options: Options, check: bool = False) -> Running:
        """Start the interpreter with a program that finally runs the module."""
        process = subprocess.Popen(
            [*self.wrapper, str(self.python), *arguments], env=self.environment(), cwd='/', text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        settings = {'_ansible_check_mode': check, '_ansible_diff': True, '_ansible_remote_tmp': '/nonexistent'}
        assert process.stdin
        # Smaller than a pipe's buffer, so the write does not block; the module reads it to its end.
        process.stdin.write(json.dumps({'ANSIBLE_MODULE_ARGS': {**options, **settings}}))
        process.stdin.close()
        process.stdin = None
        running = Running(process)
        _unfinished.append(running)
        return running

    def environment(self) -> dict[str, str]:
        return {
            'PATH': os.environ.get('PATH', os.defpath),
            'LANG': 'C.UTF-8',
            'HOME': '/nonexistent',
            'PYTHONPATH': str(self.library),
            'PYTHONNOUSERSITE': '1',
            'PYTHONDONTWRITEBYTECODE': '1',
            # So that two runs make the same system calls in the same order.
            'PYTHONHASHSEED': '0',
            **self.variables,
        }

    def warm_up(self, nowhere: Options | None = None) -> Outcome:
        """Compile what a run may import, once: then runs are quick, and equal in their system calls.

        nowhere: options of a removal that finds nothing on this machine; NOWHERE for go_toolchain.
        """
        nowhere = NOWHERE if nowhere is None else nowhere
        compiling = replace(self, variables={'PYTHONDONTWRITEBYTECODE': ''})
        compiling.run(nowhere, check=True)
        # Also what only some runs import: without byte code each of them would compile it again.
        places = [str(self.library / place) for place in (COLLECTION, 'ansible/module_utils/urls.py', 'ansible/module_utils/compat')]
        subprocess.run([*self.wrapper, str(self.python), '-m', 'compileall', '-q', *places], env=compiling.environment(), cwd='/', check=False)
        return self.run(nowhere, check=True)
