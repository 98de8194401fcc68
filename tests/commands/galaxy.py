# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the collection's archive and lets galaxy-importer judge it, as Galaxy does with what is published.

    galaxy.py FOLDER       a folder with galaxy.yml, outside every repository; ansible-galaxy and galaxy_importer are those on PATH

No network is needed. ansible-lint, ansible-doc and flake8 are left out here: `make lint` runs them by itself, in our configuration.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

CONFIGURATION = """\
[galaxy-importer]
log_level_main = INFO
run_ansible_doc = False
run_ansible_lint = False
run_ansible_test = False
run_flake8 = False
check_required_tags = True
"""


def _run(command: list[str], folder: Path, environment: dict[str, str]) -> str:
    """The output of a program. Raises subprocess.CalledProcessError."""
    return subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True).stdout


def judge(collection: Path) -> str:
    """What the importer says of an archive that it accepts. Raises subprocess.CalledProcessError where it refuses it."""
    with tempfile.TemporaryDirectory(prefix='gofleet-galaxy-') as name:
        folder = Path(name)
        (folder / 'importer.cfg').write_text(CONFIGURATION, encoding='utf-8')
        environment = {**os.environ, 'GALAXY_IMPORTER_CONFIG': str(folder / 'importer.cfg'), 'ANSIBLE_LOCAL_TEMP': str(folder / 'tmp')}
        _run(['ansible-galaxy', 'collection', 'build', str(collection), '--output-path', str(folder)], folder, environment)
        (archive,) = folder.glob('*.tar.gz')
        # The importer belongs to the Python whose ansible-galaxy it is.
        python = Path(shutil.which('ansible-galaxy') or '').with_name('python')
        return _run([str(python), '-m', 'galaxy_importer.main', str(archive)], folder, environment)


def main() -> int:
    parser = argparse.ArgumentParser(description='What Galaxy says of the archive.')
    parser.add_argument('folder', type=Path)
    folder = parser.parse_args().folder.resolve()
    try:
        output = judge(folder)
    except subprocess.CalledProcessError as error:
        print(error.stdout)
        return 1
    print(output)
    return 0


if __name__ == '__main__':
    sys.exit(main())
