# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real go as judge: whether it rejects the value of one of its variables, tested by cheap commands that read the variable."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from parsers import Missing
from support.toolchains import real as toolchains

# Nothing listens there, so a command that accepts a value ends as soon as it would use it.
NOBODY = 'http://127.0.0.1:9'
MODULE, VERSION = 'example.com/module', 'v1.0.0'
LEAST = (1, 26)

_DOWNLOAD = ('mod', 'download', f'{MODULE}@{VERSION}')
_LIST = ('list', 'unsafe')
# What go says of a value that it refuses, where the commands fail for want of a network too.
_SAYINGS = {
    'GOPROXY': r'invalid proxy URL|invalid file:// proxy|contains no entries|: parse "',
    'GOSUMDB': r'invalid GOSUMDB|missing GOSUMDB|invalid sumdb name|malformed verifier|invalid verifier',
    'GOTOOLCHAIN': r'invalid GOTOOLCHAIN',
    'GOVCS': r'(malformed|empty)[^\n]* in GOVCS|(relative|unreachable) pattern[^\n]* GOVCS',
    'GOAUTH': r'GOAUTH encountered an empty|cannot be combined|requires an absolute path',
}
# What it says where -toolexec names a program that is not here, which is no reason to refuse the value.
_WITHOUT_PROGRAM = 'error obtaining buildID'
_COMMANDS: dict[str, tuple[tuple[str, ...], ...]] = {
    'GOPROXY': (_DOWNLOAD,), 'GOSUMDB': (_DOWNLOAD,), 'GOAUTH': (_DOWNLOAD,), 'GOTOOLCHAIN': (('version',),),
    'GOVCS': (('mod', 'download', f'{MODULE}.git@{VERSION}'),),
    'GOBIN': (('install', '-n', 'unsafe'),), 'GOFLAGS': (('version',), _LIST, ('build', '-n', 'unsafe'), ('test', '-n', '.')),
    'GOCACHE': (('build', 'unsafe'),),
}
# Commands with flags that none of those above has: only what they say of the flags counts.
_MORE_FLAGS = (('get',), ('mod', 'edit', '-json'), ('clean', '-n'), ('vet', '-n'))
# GOAUTH is for https alone.
_OWN = {'GOVCS': {'GOPROXY': 'direct'}, 'GOAUTH': {'GOPROXY': NOBODY.replace('http:', 'https:')}}
# `go env -w` judges these alone, or earlier than the commands that need them.
_WRITTEN = ('CC', 'CXX', 'GO111MODULE', 'GOARCH', 'GOMODCACHE', 'GOOS', 'GOPATH', 'GOTMPDIR')  # fmt: skip


@dataclass(frozen=True)
class Go:
    """A go command with a separate home."""

    program: Path
    root: Path

    def refuses(self, name: str, value: str) -> bool:
        if name in _WRITTEN and self._refuses_to_write(name, value):
            return True
        if name == 'GOFLAGS' and any('(from $GOFLAGS)' in self._run(command, {name: value}).stderr for command in _MORE_FLAGS):
            return True
        own = {'GOPROXY': self._folder_proxy()} if name == 'GOSUMDB' else _OWN.get(name, {})
        runs = [self._run(command, own | {name: value}) for command in _COMMANDS.get(name, (_LIST,))]
        if name in _SAYINGS:
            return any(re.search(_SAYINGS[name], run.stderr) for run in runs)
        return any(run.returncode and _WITHOUT_PROGRAM not in run.stderr for run in runs)

    def _refuses_to_write(self, name: str, value: str) -> bool:
        # A file for each: what was written once is read by the next.
        with tempfile.TemporaryDirectory(dir=self.root) as folder:
            return self._run(('env', '-w', f'{name}={value}'), {'GOENV': f'{folder}/env'}).returncode != 0

    def knows_flag(self, name: str) -> bool:
        return f'unknown flag -{name}' not in self._run(('version',), {'GOFLAGS': f'-{name}=1'}).stderr

    def _run(self, command: tuple[str, ...], variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
        environment = {
            'PATH': os.environ['PATH'], 'HOME': str(self.root / 'home'), 'GOENV': 'off', 'GOTOOLCHAIN': 'local', 'GOPROXY': f'{NOBODY}/proxy',
            'GOSUMDB': 'off', 'HTTPS_PROXY': NOBODY, 'HTTP_PROXY': NOBODY, 'GIT_TERMINAL_PROMPT': '0', 'LC_ALL': 'C',
        } | variables  # fmt: skip
        return subprocess.run(
            [str(self.program), *command], cwd=self.root / 'work', env=environment, capture_output=True, text=True, errors='replace', check=False
        )

    def _folder_proxy(self) -> str:
        return f'file://{self.root / "proxy"}'


def prepared(root: Path) -> Go:
    """A Go in an empty folder: with a module to ask for, and without telemetry, which would write behind our back."""
    for folder in ('home/.config/go/telemetry', 'work', f'proxy/{MODULE}/@v'):
        (root / folder).mkdir(parents=True)
    (root / 'home/.config/go/telemetry/mode').write_text('off', encoding='utf-8')
    (root / 'work/go.mod').write_text('module example.com/work\n\ngo 1.21\n', encoding='utf-8')
    (root / 'work/work.go').write_text('package work\n', encoding='utf-8')
    shelf = root / f'proxy/{MODULE}/@v'
    (shelf / f'{VERSION}.info').write_text(f'{{"Version": "{VERSION}", "Time": "2026-01-01T00:00:00Z"}}', encoding='utf-8')
    (shelf / f'{VERSION}.mod').write_text(f'module {MODULE}\n', encoding='utf-8')
    return Go(_program(root), root)


def _program(root: Path) -> Path:
    """The go of this machine, if it is new enough, or one that is brought."""
    found = shutil.which('go')
    if found:
        said = subprocess.run([found, 'version'], capture_output=True, text=True, check=False, cwd=root).stdout
        version = re.search(r'go(\d+)\.(\d+)', said)
        if version and tuple(int(part) for part in version.groups()) >= LEAST:
            return Path(found)
    try:
        archive = toolchains.ensure('newest/amd64')
    except toolchains.ToolchainError as error:
        raise Missing(f'no Go since {LEAST} is here, and none can be brought: {error}') from error
    with tarfile.open(archive.path) as source:
        source.extractall(root, filter='data')
    return root / 'go' / 'bin' / 'go'
