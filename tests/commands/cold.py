# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run commands of `python3 tests` as on a machine that never ran them: with an empty HOME and GOFLEET_CACHE.

    cold.py                              the unit tests that use the cache
    cold.py COMMAND [ARGUMENT ...]       this command instead, such as: cold.py lint, cold.py suite faults

So no part comes to need what another one left behind. What says how the network is reached stays: the configuration of
pip, go and git, and pip's own cache of downloads. So do the lanes' environments, which pip made from pins and no test
writes to. Standard library only, Python 3.9 and later.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support import lanes
from support.stage import CHECKOUT

# tests/conftest.py has root's tests there, for everybody may write to /tmp.
TEMPORARY = Path('/srv/gofleet-tests')
# Configuration below HOME, and no more of it.
CONFIGURATION = ('.config/pip', '.pip', '.config/go', '.gitconfig')
# What makes and reads archives, certificates, environments and checkpoints; all other units are given their folders by fixtures.
# Hostile archives are written to those too, and take a minute.
UNITS = (
    'lanes', 'run', 'main', '-m', 'pytest', '-q', '-p', 'no:cacheprovider', '-k', 'not hostile and not rooms',
    'tests/unit/support', 'tests/unit/plugins/plugin_utils/sumdb', 'tests/unit/plugins/action/test_go_toolchain_round_trips.py',
)  # fmt: skip


@contextmanager
def empty_home() -> Iterator[dict[str, str]]:
    """The environment of a machine without memory."""
    home = Path.home()
    place = None
    if os.geteuid() == 0:
        TEMPORARY.mkdir(mode=0o755, exist_ok=True)
        place = TEMPORARY
    with tempfile.TemporaryDirectory(prefix='gofleet-cold-', dir=place) as name:
        folder = Path(name)
        folder.chmod(0o755)
        for relative in CONFIGURATION:
            if (home / relative).exists():
                link = folder / 'home' / relative
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(home / relative)
        (folder / 'home').mkdir(exist_ok=True)
        yield {
            **os.environ,
            'HOME': str(folder / 'home'),
            'GOFLEET_CACHE': str(folder / 'cache'),
            'GOFLEET_ENVIRONMENTS': str(lanes.environments_root()),
            'PYENV_ROOT': os.environ.get('PYENV_ROOT') or str(home / '.pyenv'),
            # Budgets are for parts that find what the part bootstrap has made. Here each makes it by itself.
            'GOFLEET_BUDGETS': os.environ.get('GOFLEET_BUDGETS') or '0',
            'PIP_CACHE_DIR': os.environ.get('PIP_CACHE_DIR') or str(home / '.cache' / 'pip'),
        }


def main(arguments: list[str]) -> int:
    began = time.monotonic()
    command = [sys.executable, str(CHECKOUT / 'tests'), *(arguments or UNITS)]
    with empty_home() as environment:
        code = subprocess.run(command, cwd=CHECKOUT, env=environment, check=False).returncode
    print(f'cold {" ".join(arguments) or "units"}: {"failed" if code else "passed"} in {time.monotonic() - began:.0f} s', flush=True)
    return code


if __name__ == '__main__':
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
