# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure how much of a large binary is read for a verdict, compared with tools that print the same facts.

    verdicts.py [--rounds N]

Run by the Python of a lane. Exits 1 when a budget is missed: 2 ms in process, 1 % of the bytes, one open.
"""

from __future__ import annotations

import argparse
import importlib
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# It makes the checkout importable as the collection.
importlib.import_module('conftest')

from ansible_collections.gofleet.golang.plugins.module_utils._elf import file as elf
from ansible_collections.gofleet.golang.plugins.module_utils._go import buildinfo as gobuild
from support.abi.compilers import Unavailable, zig
from support.lanes import cache_root
from support.toolchains import real as toolchains

HERE = Path(__file__).resolve().parent
TESTS = HERE.parent

TIME_BUDGET = 0.002
SHARE_BUDGET = 0.01
SIZE = 100_000_000
# Compilers take minutes for as much code; what is read does not depend on what the rest of the file is.
BALLAST = 95_000_000
VERSION = '1.26.6'
# Goes into the name of the kept program: raise it when it would be built into something else.
RECIPE = 2
SOURCE = """package main

// #include <stdio.h>
// static void say(void) { puts("started"); fflush(stdout); }
import "C"

import (
\t_ "embed"
\t"net/http"
\t"os/user"
)

//go:embed ballast
var ballast []byte

func main() {
\tC.say()
\t_, _ = user.Current()
\t_ = http.ListenAndServe("127.0.0.1:0", nil)
\tprintln(len(ballast))
}
"""


@dataclass(frozen=True)
class Built:
    program: Path
    go: Path


def ensure() -> Built:
    """The program, and the go that built it, made at the first call. Raises Unavailable, ToolchainError."""
    folder = cache_root() / 'bench' / f'verdicts-go{VERSION}-r{RECIPE}'
    if not folder.is_dir():
        with toolchains.locked(folder.with_name(f'.{folder.name}.lock')):
            if not folder.is_dir():
                _make(folder)
    return Built(folder / 'program', folder / 'go')


def _make(folder: Path) -> None:
    compiler = shutil.which('gcc') or f'{zig()} cc'
    print(f'building a cgo program of {SIZE // 1_000_000} MB with Go {VERSION} and {compiler}', file=sys.stderr, flush=True)
    archive = toolchains.ensure(VERSION)
    with tempfile.TemporaryDirectory(prefix='.new-', dir=folder.parent) as name:
        stage = Path(name)
        made = stage / 'made'
        made.mkdir()
        subprocess.run(['tar', '-xzf', str(archive.path), '-C', name], check=True)
        (stage / 'go.mod').write_text('module example.com/large\n\ngo 1.21\n', encoding='ascii')
        (stage / 'main.go').write_text(SOURCE, encoding='ascii')
        (stage / 'ballast').write_bytes(random.Random(1).randbytes(BALLAST))
        environment = {
            'PATH': '/usr/bin:/bin', 'HOME': name, 'GOCACHE': f'{name}/cache', 'GOPATH': f'{name}/path', 'GOENV': 'off', 'GOTOOLCHAIN': 'local',
            'GOPROXY': 'off', 'GOTELEMETRY': 'off', 'CGO_ENABLED': '1', 'CC': compiler,
        }  # fmt: skip
        command = [f'{name}/go/bin/go', 'build', '-buildvcs=false', '-o', str(made / 'program'), '.']
        done = subprocess.run(command, cwd=stage, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Unavailable(f'`{" ".join(command)}` exits with {done.returncode}:\n{done.stderr[-2000:]}')
        # Later only its verdicts on programs are used.
        (stage / 'go/bin/go').rename(made / 'go')
        made.rename(folder)


# ---- measuring


def read_once(path: str) -> tuple[Any, Any, int]:
    with elf.open_file(path) as source:
        binary = elf.read(source)
        return binary, gobuild.read(source, binary), source.bytes_read


def opens(path: str) -> int:
    """How often the file is opened for one reading of it."""
    seen = []
    watching = [True]

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if watching and event == 'open' and arguments[0] == path:
            seen.append(path)

    sys.addaudithook(hook)
    read_once(path)
    # A hook cannot be taken off.
    watching.clear()
    return len(seen)


def timed(action: Callable[[], object], rounds: int) -> list[float]:
    taken = []
    for _dummy in range(rounds):
        began = time.perf_counter()
        action()
        taken.append(time.perf_counter() - began)
    return taken


def process(folder: Path, *command: str) -> Callable[[], object]:
    # go wants a GOROOT, though it reads nothing there for this.
    environment = {**os.environ, 'GOROOT': str(folder), 'GOENV': 'off', 'GOTOOLCHAIN': 'local'}
    return lambda: subprocess.run(command, stdout=subprocess.DEVNULL, env=environment, check=True)


def row(name: str, taken: list[float], more: str = '') -> str:
    figures = ' | '.join(f'{value * 1000:.3f} ms' for value in (statistics.median(taken), min(taken), max(taken)))
    return f'| {name} | {figures} | {more} |'


def measure(built: Built, rounds: int) -> list[str]:
    """Prints the table; one line for each budget that is missed."""
    path = str(built.program)
    size = built.program.stat().st_size
    binary, build, read = read_once(path)
    if size < SIZE or not binary.version_needs or build is None or not build.cgo:
        raise Unavailable(f'{path} is no cgo program of {SIZE} bytes: remove its folder')
    inside = timed(lambda: read_once(path), rounds)
    count = opens(path)
    print(f'### Verdict on a binary of {size / 1e6:.0f} MB\n')
    print(f'cgo, {build.version}, {BALLAST // 1_000_000} MB of it an embedded file; Python {sys.version.split()[0]}; page cache warm\n')
    print('| what | median | least | most | read |\n| --- | --- | --- | --- | --- |')
    print(row('elf.read and gobuild.read, in process', inside, f'{read} bytes, {read / size:.5%}, {count} open'))
    commands = {'`readelf -VW`': ('readelf', '-VW', path), '`go version -m`': (str(built.go), 'version', '-m', path), '`true`': ('true',)}
    for name, command in commands.items():
        if shutil.which(command[0]):
            print(row(f'{name}, as a process', timed(process(built.go.parent, *command), max(10, rounds // 10))))
        else:
            print(f'| {name} | not on this machine | | | |')
    return missed(statistics.median(inside), read / size, count)


def missed(median: float, share: float, count: int) -> list[str]:
    judged = (
        ('milliseconds in process', median * 1000, TIME_BUDGET * 1000), ('of the bytes read', share, SHARE_BUDGET), ('opens', count, 1),
    )  # fmt: skip
    return [f'{what}: {found:.4g}, above the budget of {budget:.4g}' for what, found, budget in judged if found > budget]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description='Measure what is read of a large binary for a verdict.')
    parser.add_argument('--rounds', type=int, default=200)
    options = parser.parse_args(arguments)
    try:
        over = measure(ensure(), options.rounds)
    except (Unavailable, toolchains.ToolchainError) as error:
        print(f'bench: verdicts: {error}', file=sys.stderr)
        return 1
    for line in over:
        print(f'bench: verdicts: {line}', file=sys.stderr)
    return 1 if over else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
