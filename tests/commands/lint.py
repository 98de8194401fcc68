# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every linter, over a staged copy, whose paths read like the checkout's.

    lint.py [NAME ...]    only these: see CHECKS
    lint.py --quick       make test-quick: all but ansible-lint, which takes longer than all others together
"""

from __future__ import annotations

import argparse
import concurrent.futures
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from support import lanes, stage

TYPED = ('plugins/action', 'plugins/plugin_utils', 'tests/commands', 'tests/support', 'tests/bench', 'tests/machine')
# Folders whose modules import each other by their bare names.
SEARCHED = ('tests', 'tests/bench', 'tests/faults', 'tests/machine', 'tests/properties')
# The slow ones first: they run side by side.
CHECKS = {
    'ansible-lint': ('ansible-lint', '--nocolor', '-q'),
    'mypy': ('mypy', '--config-file', f'{stage.COLLECTION}/pyproject.toml', *(f'{stage.COLLECTION}/{path}' for path in TYPED)),
    'docs': ('antsibull-docs', 'lint-collection-docs', '--plugin-docs', '--validate-collection-refs', 'all', '.'),
    'changelog': ('antsibull-changelog', 'lint'),
    'yamllint': ('yamllint', '--strict', '.'),
    'galaxy': (sys.executable, str(Path(__file__).with_name('galaxy.py')), '.'),
    'ruff': ('ruff', 'check', '--quiet', '--output-format', 'concise', '.'),
}
# It starts an ansible-playbook for each playbook.
SLOW = 'ansible-lint'


@dataclass(frozen=True)
class Outcome:
    name: str
    code: int
    output: str
    seconds: float


def _environment(tools: Path, root: Path) -> dict[str, str]:
    cache = lanes.cache_root() / 'lint'
    return {
        **os.environ,
        'PATH': os.pathsep.join([str(tools), os.environ.get('PATH', os.defpath)]),
        'ANSIBLE_COLLECTIONS_PATH': str(root),
        'ANSIBLE_HOME': str(cache / 'ansible'),
        'MYPYPATH': os.pathsep.join([str(root), *(str(root / stage.COLLECTION / path) for path in SEARCHED)]),
        'MYPY_CACHE_DIR': str(cache / 'mypy'),
        'RUFF_CACHE_DIR': str(cache / 'ruff'),
    }


def _run(name: str, root: Path, environment: dict[str, str]) -> Outcome:
    started = time.monotonic()
    # mypy names a module by its path from where it runs, and here that has to be the whole one.
    folder = root if name == 'mypy' else root / stage.COLLECTION
    done = subprocess.run(
        CHECKS[name], cwd=folder, env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    output = done.stdout.replace(f'{stage.COLLECTION}/', '')
    return Outcome(name, done.returncode, output, time.monotonic() - started)


def _lint(names: list[str]) -> int:
    tools = lanes.path('dev') / 'bin'
    failed = []
    with tempfile.TemporaryDirectory(prefix='gofleet-lint-') as folder:
        root = Path(folder).resolve()
        stage.stage(root)
        environment = _environment(tools, root)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            runs = [pool.submit(_run, name, root, environment) for name in names]
            for run in concurrent.futures.as_completed(runs):
                outcome = run.result()
                if outcome.code:
                    failed.append(outcome.name)
                    print(outcome.output)
                verdict = f'failed (exit {outcome.code})' if outcome.code else 'passed'
                print(f'lint {outcome.name:<13} {verdict} in {outcome.seconds:.1f} s', flush=True)
    return int(bool(failed))


def main() -> int:
    parser = argparse.ArgumentParser(description='Every linter, or those named.')
    parser.add_argument('names', nargs='*', metavar='NAME', help=', '.join(CHECKS))
    parser.add_argument('--quick', action='store_true', help=f'all but {SLOW}')
    arguments = parser.parse_args()
    names = arguments.names or [name for name in CHECKS if not (arguments.quick and name == SLOW)]
    unknown = set(names) - set(CHECKS)
    if unknown:
        parser.error(f'no check is named {", ".join(sorted(unknown))}; there are {", ".join(CHECKS)}')
    try:
        return _lint(names)
    except (lanes.LaneError, stage.StageError) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == '__main__':
    sys.exit(main())
