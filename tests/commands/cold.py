# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The linters, and the unit tests that use the cache, as on a machine that never ran them: with an empty HOME and GOFLEET_CACHE.

    cold.py [COMMAND ARGUMENT ...]    run this command of `python3 tests` instead, such as: cold.py suite faults

So no part comes to need what another one left behind. What says how the network is reached stays: the configuration of
pip, go and git, and pip's own cache of downloads. Standard library only, Python 3.9 and later.
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

from support.stage import CHECKOUT

# tests/conftest.py has root's tests there, for everybody may write to /tmp.
TEMPORARY = Path('/srv/gofleet-tests')
# Configuration below HOME, and no more of it.
CONFIGURATION = ('.config/pip', '.pip', '.config/go', '.gitconfig')
# What makes archives, certificates and mirrors; the rest of the units is given its folders by fixtures.
USE_THE_CACHE = 'support or archive or signatures'
COMMANDS = (
    ('lint',),
    ('units', '--python', '3.11', '--python', 'main', '--', '-k', USE_THE_CACHE),
)


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
            'PYENV_ROOT': os.environ.get('PYENV_ROOT') or str(home / '.pyenv'),
            'PIP_CACHE_DIR': os.environ.get('PIP_CACHE_DIR') or str(home / '.cache' / 'pip'),
        }


def main(arguments: list[str]) -> int:
    with empty_home() as environment:
        for command in [tuple(arguments)] if arguments else COMMANDS:
            began = time.monotonic()
            code = subprocess.run([sys.executable, str(CHECKOUT / 'tests'), *command], cwd=CHECKOUT, env=environment, check=False).returncode
            print(f'cold {command[0]}: {"failed" if code else "passed"} in {time.monotonic() - began:.0f} s', flush=True)
            if code:
                return code
    return 0


if __name__ == '__main__':
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
