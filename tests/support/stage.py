# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A copy of the checkout under the path that Ansible's tools require of a collection.

    stage.py DIR    copies what git tracks or would track to DIR/ansible_collections/gofleet/golang, prints that path

ansible-test wants this very path for real: it does not follow a symlink, and it takes a folder that git ignores for
an empty collection, so DIR lies outside every repository.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent.parent
COLLECTION = Path('ansible_collections/gofleet/golang')


class StageError(Exception):
    """The copy cannot be made; the message says why and what to do."""


def _listed() -> list[str]:
    command = ['git', '-C', str(CHECKOUT), 'ls-files', '-z', '--cached', '--others', '--exclude-standard']
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except FileNotFoundError as error:
        raise StageError('git is not installed: install it (it lists the files of the collection)') from error
    except subprocess.CalledProcessError as error:
        raise StageError(f'git cannot list the files of {CHECKOUT}: {error.stderr.strip()}') from error
    return [name for name in done.stdout.split('\0') if name]


def _refuse_repository(directory: Path) -> None:
    for folder in (directory, *directory.parents):
        if (folder / '.git').exists():
            raise StageError(f'{directory} lies in the repository {folder}: choose a folder outside, such as /tmp/stage')


def stage(directory: Path) -> Path:
    """Copy the checkout into ``directory``, replacing an earlier copy; returns the collection's folder."""
    directory = directory.resolve()
    _refuse_repository(directory)
    names = _listed()
    target = directory / COLLECTION
    if target.exists():
        shutil.rmtree(target)
    target.mkdir(parents=True)
    for name in names:
        source = CHECKOUT / name
        # A tracked file that was deleted is still listed.
        if source.is_symlink() or source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name, follow_symlinks=False)
    return target


def main() -> int:
    parser = argparse.ArgumentParser(description='Copy the collection to DIR/ansible_collections/gofleet/golang.')
    parser.add_argument('directory', type=Path, metavar='DIR')
    try:
        print(stage(parser.parse_args().directory))
    except StageError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
