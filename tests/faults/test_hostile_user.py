# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Root's runs beside a local user who swaps names in their own folder: that user gains the file that is for them, and nothing else.

GOFLEET_FAULTS=all takes many more runs.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import hostile_user
from conftest import Need, everything
from hostile_user import SECRET, USER
from sandbox import snapshot
from scenarios import FIRST, Shelf
from support.module_process import Module, Options, Outcome

RUNS = 300 if everything() else 12


@dataclass(frozen=True)
class Scene:
    """theirs: the hostile user's folder; file, victims: of root's, which they must not gain."""

    theirs: Path
    file: Path
    victims: Path

    def state(self) -> object:
        """Everything of root's that links may lead to."""
        paths = [self.file, self.victims, *sorted(self.victims.rglob('*'))]
        return [(str(path), path.lstat().st_uid, path.lstat().st_mode, path.lstat().st_nlink) for path in paths], snapshot(self.victims)

    def runs(self, module: Module, options: Options) -> list[Outcome]:
        """What came of runs beside the hostile user, after whom nothing of root's is other than before."""
        before = self.state()
        command = [sys.executable, hostile_user.__file__, str(self.theirs), str(self.file), str(self.victims)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as hostile:
            try:
                outcomes = [module.run(options) for _number in range(RUNS)]
                output = hostile.communicate()[0]
            finally:
                hostile.kill()
        seen = json.loads(output)
        assert self.state() == before
        assert seen['leaks'] == 0, seen
        assert seen['rounds'], 'the hostile user did nothing'
        for outcome in outcomes:
            assert outcome.fault() is None, outcome
        return outcomes


@pytest.fixture
def scene(folder: Path, need: Need) -> Iterator[Scene]:
    need(os.geteuid() == 0, 'runs of root beside another user', 'run the tests as root')
    theirs, roots = folder / 'theirs', folder / 'roots'
    for place in (theirs, theirs / 'config', roots, roots / 'victims'):
        place.mkdir()
    for place in (theirs, theirs / 'config'):
        os.chown(place, USER, USER)
    # By every name that a link could lead to it.
    for name in ('file', 'victims/app.env', 'victims/tree.manifest', 'victims/stage', 'victims/lock'):
        (roots / name).write_bytes(SECRET)
        (roots / name).chmod(0o600)
    yield Scene(theirs, roots / 'file', roots / 'victims')
    shutil.rmtree(theirs, ignore_errors=True)


def environment(path: Path, **options: object) -> Options:
    return {'name': 'app', 'consumers': ['service'], 'paths': {'service': str(path)}, 'variables': {'LISTEN': ':8080'}, **options}


@pytest.mark.parametrize('place', ['app.env', 'config/app.env'])
def test_user_gets_access_only_to_the_file_with_its_owner(module: Module, scene: Scene, place: str) -> None:
    scene.runs(module.other('env_file'), environment(scene.theirs / place, owner=str(USER), mode='0600'))


@pytest.mark.parametrize('place', ['app.env', 'config/app.env'])
def test_owner_of_a_folder_cannot_read_secrets_that_root_writes_there(module: Module, scene: Scene, place: str) -> None:
    scene.runs(module.other('env_file'), environment(scene.theirs / place, group='0', mode='0640', secrets={'TOKEN': SECRET.decode()}))


def test_file_is_written_if_the_folders_owner_does_not_interfere(module: Module, scene: Scene) -> None:
    path = scene.theirs / 'new/folder/app.env'
    outcome = module.other('env_file').run(environment(path, owner=str(USER), mode='0600', secrets={'TOKEN': 'hush'}))
    assert outcome.changed, outcome
    assert [(each.lstat().st_uid, oct(each.lstat().st_mode & 0o777)) for each in (path, path.parent, path.parent.parent)] == [
        (USER, '0o600'), (USER, '0o755'), (USER, '0o755')]  # fmt: skip


@pytest.mark.parametrize('option', ['prefix', 'link', 'bin_dir'])
def test_root_does_not_install_below_a_folder_of_another_user(module: Module, scene: Scene, shelf: Shelf, option: str) -> None:
    safe = scene.victims.parent / 'safe'
    paths = {'prefix': safe / 'go', 'link': safe / 'link', 'bin_dir': safe / 'bin', option: scene.theirs / 'go'}
    outcomes = scene.runs(module, {**shelf.options(FIRST), **{name: str(path) for name, path in paths.items()}})
    assert {outcome.code for outcome in outcomes} <= {'unsafe_folder', 'bad_path'}
    assert not safe.exists()


def test_stage_that_is_a_symbolic_link_deletes_no_foreign_files(module: Module, scene: Scene, shelf: Shelf) -> None:
    """Planted while the folder was the user's, and still there when it is root's."""
    prefix = scene.victims.parent / 'go'
    (prefix / '.gofleet').mkdir(parents=True)
    (prefix / '.gofleet/stage').symlink_to(scene.victims)
    before = scene.state()
    paths = {'prefix': str(prefix), 'link': str(prefix.with_name('link')), 'bin_dir': str(prefix.with_name('bin'))}
    outcome = module.run({**shelf.options(FIRST), **paths})
    assert (outcome.code, scene.state()) == ('unsafe_folder', before)


def test_root_does_not_record_a_manifest_that_another_user_can_change(module: Module, scene: Scene) -> None:
    options = {'tree': str(scene.victims), 'manifest': str(scene.theirs / 'tree.manifest'), 'state': 'recorded'}
    assert {outcome.code for outcome in scene.runs(module.other('artifact_verify'), options)} == {'unsafe_folder'}
