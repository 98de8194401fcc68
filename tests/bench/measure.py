# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure rows beside the test mirror, and print the tables (run by bench.py).

Every measured run stands beside its floors in time, and a ratio is taken within each round: a load that comes and goes
lies on both alike. What is printed is the median of the rounds, with the smallest and the largest.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import disks
import report
from fleet import Fleet, HostFailed, started
from playbooks import Controller, PlayFailed, Sample
from results import Fresh, Measured
from rows import INDEX, LOG, Row
from support import stage
from support.hosts import runs
from support.module_process import make_library
from support.toolchains.real import Archive, ensure

RUN = 'bench'
VERSION, GOARCH = '1.26.6', 'amd64'
MIRROR = os.environ.get('GOFLEET_MIRROR_HTTP', '')

# What has to vouch for a fresh install (rows.py), as the role's variables; its manifest then has to say so.
PROOFS: dict[str, dict[str, Any]] = {
    INDEX: {'go_toolchain_trust': [INDEX]},
    LOG: {'go_toolchain_trust': [LOG], 'go_toolchain_goproxy': f'{MIRROR}/proxy'},
}


class Bench:
    def __init__(self, controller: Controller, library: Path, caches: Path, archive: Archive) -> None:
        self._controller = controller
        self._library = library
        self._caches = caches
        self._archive = archive
        self._url = f'{MIRROR}/plain/{archive.filename}'

    def measure(self, row: Row, fleet: Fleet) -> Measured:
        measured = Measured(row)
        # Each host's first contact compiles and caches what no later one has to.
        self._ping(fleet)
        variables: dict[str, Any] = {}
        for dummy in range(row.rounds):
            variables = self._fresh_round(fleet, measured)
        if not variables:
            variables = self._variables(LOG, self._new_cache())
            self._install(fleet, LOG, variables)
        self._measure_unchanged(fleet, variables, measured)
        if row.hosts == 1 and row.rounds:
            fleet.take_library(self._library)
            [measured.proof] = fleet.ask_each('proof', self._url, VERSION, GOARCH, str(row.rounds))
            if self._archive.h1 and measured.proof['digest'] != self._archive.h1:
                raise HostFailed(f"{fleet.names[0]} takes {measured.proof['digest']} for the tree's h1, which is {self._archive.h1}")
        return measured

    def _fresh_round(self, fleet: Fleet, measured: Measured) -> dict[str, Any]:
        """The variables of the last install, which stays."""
        ping = self._ping(fleet)
        floor = self._floor(fleet, measured)
        variables: dict[str, Any] = {}
        for kind in measured.row.proofs:
            fleet.remove_go()
            variables = self._variables(kind, self._new_cache())
            fresh = measured.fresh.setdefault(kind, Fresh())
            fresh.pings.append(ping)
            fresh.floors.append(floor)
            fresh.runs.append(self._install(fleet, kind, variables))
        return variables

    def _ping(self, fleet: Fleet) -> Sample:
        return self._controller.play('ping', fleet, {})

    def _floor(self, fleet: Fleet, measured: Measured) -> float:
        _settle()
        answers = fleet.ask_each('floor', self._url, self._archive.sha256)
        measured.fetcher = answers[0]['fetcher']
        took: float = max(answer['ended'] for answer in answers) - min(answer['began'] for answer in answers)
        return took

    def _install(self, fleet: Fleet, kind: str, variables: dict[str, Any]) -> Sample:
        _settle()
        sample = self._controller.play('toolchain', fleet, variables)
        proven = sorted({proof['kind'] for proof in fleet.manifest(VERSION)['proof']})
        if sample.changed != set(fleet.names) or (LOG in proven) != (kind == LOG):
            raise PlayFailed(f'a fresh install that {kind} was to vouch for changed {len(sample.changed)} of {len(fleet.names)} hosts; proven by {proven}')
        return sample

    def _measure_unchanged(self, fleet: Fleet, variables: dict[str, Any], measured: Measured) -> None:
        for playbook in measured.row.playbooks:
            self._controller.play(playbook, fleet, variables)
        for number in range(measured.row.pairs):
            # What comes first in one round comes last in the next.
            names = ['ping', *measured.row.playbooks][:: 1 if number % 2 == 0 else -1]
            samples = {name: self._controller.play(name, fleet, variables) for name in names}
            for playbook in measured.row.playbooks:
                if samples[playbook].changed:
                    raise PlayFailed(f'{playbook}: a run with nothing to do changed {sorted(samples[playbook].changed)}')
                measured.pairs.setdefault(playbook, []).append((samples[playbook], samples['ping']))

    def _new_cache(self) -> Path:
        """A controller that knows nothing: it asks for the index, and for the log's record."""
        return Path(tempfile.mkdtemp(dir=self._caches))

    def _variables(self, kind: str, cache: Path) -> dict[str, Any]:
        return {
            # A line, not a release: resolving it is part of every run.
            'go_toolchain_version': VERSION.rpartition('.')[0],
            'go_toolchain_mirrors': [f'{MIRROR}/dl'],
            'go_toolchain_index_url': f'{MIRROR}/dl/?mode=json&include=all',
            'go_toolchain_transfer': 'pull',
            'go_toolchain_cache_path': str(cache),
            'go_env_goproxy': 'https://proxy.example.com',
            'go_env_presets': ['go_path'],
            'go_sysctl_profiles': ['http_server'],
        } | PROOFS[kind]


def _settle() -> None:
    """Write out what earlier runs left in memory, so that no run pays for another."""
    os.sync()


def measure_each(rows: list[Row], lane: str, run: str) -> list[Measured]:
    folder = runs.run_folder(run)
    folder.mkdir(parents=True)
    staged = stage.stage(folder / 'collections')
    controller = Controller(folder, staged.parents[2], Path(os.environ['GOFLEET_MIRROR_LOG']))
    bench = Bench(controller, make_library(folder / 'library'), folder, ensure(f'{VERSION}/{GOARCH}'))
    reason = disks.why_none()
    if reason:
        print(f"bench: hosts have no disks of their own ({reason}), and the engine's storage decides over times: trust no ratio", file=sys.stderr)
    measured = []
    for row in rows:
        began = time.monotonic()
        with started(row, run, folder) as fleet:
            measured.append(bench.measure(row, fleet))
        print(f'bench: {row} on lane {lane}: measured in {time.monotonic() - began:.0f} s', file=sys.stderr, flush=True)
    return measured


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description='Measure rows beside the test mirror.')
    parser.add_argument('--lane', required=True)
    parser.add_argument('rows', nargs='+', type=Row.parse)
    options = parser.parse_args(arguments)
    run = runs.run_name(RUN)
    load = os.getloadavg()[0]
    try:
        with runs.exclusive(run):
            runs.remove_remains(run)
            try:
                measured = measure_each(options.rows, options.lane, run)
            finally:
                runs.remove_remains(run)
    except (runs.RunBusy, PlayFailed, HostFailed, disks.DiskFailed, stage.StageError) as error:
        print(f'bench: {error}', file=sys.stderr)
        return 1
    missed = report.missed(measured)
    print(report.written(measured))
    print(f'{os.cpu_count()} processors; load average before: {load:.1f}')
    for line in missed:
        print(f'bench: {line}', file=sys.stderr)
    return 1 if missed else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
