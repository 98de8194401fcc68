# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs ansible-playbook over hosts that are folders of this machine, with the collection of this checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[3]
HERE = CHECKOUT / 'tests/unit/plugins/action'
SUPPORT = CHECKOUT / 'tests' / 'support'


@dataclass(frozen=True)
class Outcome:
    """What one task returned on one host. began: when the task before it ended."""

    result: dict[str, Any]
    failed: bool
    began: float
    ended: float
    round_trips: Counter[str]

    def __getitem__(self, key: str) -> Any:
        # A failure shows as what it is, not as the key that it lacks.
        assert key in self.result, self.result
        return self.result[key]

    @property
    def code(self) -> str | None:
        return self.result.get('code') if self.failed else None


@dataclass
class Site:
    """An inventory of hosts whose toolchains lie below a folder, and what is run on them."""

    root: Path
    hosts: tuple[str, ...] = ('host',)
    outcomes: dict[tuple[str, str], Outcome] = field(default_factory=dict)
    output: str = ''

    def __post_init__(self) -> None:
        collection = self.root / 'collections' / 'ansible_collections' / 'gofleet' / 'golang'
        collection.parent.mkdir(parents=True)
        collection.symlink_to(CHECKOUT)
        # The test's own file, so that no other ansible.cfg applies.
        (self.root / 'ansible.cfg').touch()
        host_variables = {host: {'root': str(self.root / host)} for host in self.hosts}
        variables = {'ansible_connection': 'local', 'ansible_python_interpreter': sys.executable}
        self._write('inventory.json', {'all': {'hosts': host_variables, 'vars': variables}})

    def path(self, *names: str) -> Path:
        """On the first host."""
        return self.root.joinpath(self.hosts[0], *names)

    def run(self, *tasks: dict[str, Any], **options: Any) -> None:
        """Run a play of go_toolchain tasks: {name, option: value…, keywords: {…}}; options are for every task."""
        play = {
            'hosts': 'all', 'gather_facts': False, 'ignore_errors': True,
            'module_defaults': {'gofleet.golang.go_toolchain': self._paths() | options},
            'tasks': [self._task(dict(task)) for task in tasks],
        }  # fmt: skip
        self._write('playbook.json', [play])
        command = [str(Path(sys.executable).with_name('ansible-playbook')), '-i', 'inventory.json', 'playbook.json']
        done = subprocess.run(
            command, cwd=self.root, env=self._environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        self.output += done.stdout
        assert done.returncode == 0, done.stdout
        self._read()

    def __call__(self, task: str, host: str = '') -> Outcome:
        assert (task, host or self.hosts[0]) in self.outcomes, self.output
        return self.outcomes[task, host or self.hosts[0]]

    def _task(self, task: dict[str, Any]) -> dict[str, Any]:
        name, keywords = task.pop('name'), task.pop('keywords', {})
        return {'name': name, 'gofleet.golang.go_toolchain': task, **keywords}

    def _paths(self) -> dict[str, str]:
        return {
            'prefix': '{{ root }}/opt', 'link': '{{ root }}/go', 'bin_dir': '{{ root }}/bin', 'cache_path': str(self.root / 'cache'),
        }  # fmt: skip

    def _environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(('ANSIBLE_', 'PYTHON'))}
        return inherited | {
            'ANSIBLE_HOME': str(self.root / 'ansible'),
            'ANSIBLE_CONFIG': str(self.root / 'ansible.cfg'),
            'ANSIBLE_COLLECTIONS_PATH': str(self.root / 'collections'),
            'ANSIBLE_CALLBACK_PLUGINS': f'{HERE / "callback_plugins"}:{SUPPORT / "round_trips/callback_plugins"}',
            'ANSIBLE_CALLBACKS_ENABLED': 'recorded_results,round_trips',
            'ANSIBLE_PIPELINING': 'true',
            'ANSIBLE_LOCALHOST_WARNING': 'false',
            'GOFLEET_RESULTS_LOG': str(self.root / 'results.jsonl'),
            'GOFLEET_ROUND_TRIPS_LOG': str(self.root / 'round_trips.jsonl'),
            'PYTHONDONTWRITEBYTECODE': '1',
        }

    def _write(self, name: str, content: Any) -> None:
        (self.root / name).write_text(json.dumps(content), encoding='utf-8')

    def _read(self) -> None:
        round_trips: dict[tuple[str, str], Counter[str]] = {}
        for line in self._lines('round_trips.jsonl'):
            if line['event'] == 'operation':
                round_trips.setdefault((line['task'], line['host']), Counter())[line['operation']] += 1
        began = 0.0
        for line in self._lines('results.jsonl'):
            key = line['task'], line['host']
            self.outcomes[key] = Outcome(line['result'], line['failed'], began, line['time'], round_trips.get(key, Counter()))
            began = line['time']

    def _lines(self, name: str) -> list[dict[str, Any]]:
        return [json.loads(text) for text in (self.root / name).read_text(encoding='utf-8').splitlines()]
