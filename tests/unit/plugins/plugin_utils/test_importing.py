# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the files of an action plugin that asks by a probe are imported, as Ansible loads it in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from ansible_collections.gofleet.golang.plugins.plugin_utils import _importing as importing
from support.stage import CHECKOUT, COLLECTION

PROBED = ('env_file', 'go_toolchain', 'sysctl_profile')
PLUGINS = 'ansible_collections.gofleet.golang.plugins.'
NEEDED = {'answer', 'asking', 'script', 'snapshot'}
WAITS = 'waits to be read'
LOADED = f"""
import json, sys
from ansible.plugins.loader import action_loader, init_plugin_loader
init_plugin_loader([sys.argv[1]])
assert action_loader.get('gofleet.golang.' + sys.argv[2], class_only=True)
found = {{}}
for name, module in sorted(sys.modules.items()):
    if name.startswith('{PLUGINS}'):
        waits = type(module).__name__ == '_LazyModule'
        found[name[len('{PLUGINS}'):]] = '{WAITS}' if waits else type(module.__spec__.loader).__name__
print(json.dumps(found))
"""


class Loaded(NamedTuple):
    """files: {file below plugins: WAITS, or the class of the loader that read it}; compiled: where Python keeps what it compiled."""

    files: dict[str, str]
    compiled: Path


@pytest.fixture(scope='module', params=PROBED)
def loaded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    """What Ansible has loaded of this collection with an action plugin."""
    folder = tmp_path_factory.mktemp('loaded')
    collections = folder / 'collections'
    (collections / COLLECTION).parent.mkdir(parents=True)
    (collections / COLLECTION).symlink_to(CHECKOUT)
    environment = {**os.environ, 'PYTHONPYCACHEPREFIX': str(folder / 'compiled'), 'PYTHONDONTWRITEBYTECODE': '', 'ANSIBLE_HOME': str(folder)}
    done = subprocess.run([sys.executable, '-c', LOADED, str(collections), request.param], env=environment, capture_output=True, text=True, check=True)
    return Loaded(json.loads(done.stdout), folder / 'compiled')


def test_what_an_unchanged_host_needs_is_read_before_ansible_forks(loaded: Loaded) -> None:
    assert {loaded.files[f'plugin_utils._probe.{name}'] for name in NEEDED} == {'SourceFileLoader'}
    assert loaded.files['module_utils._files.transaction'] == loaded.files['module_utils._files.locks'] == WAITS


def test_only_what_prepares_the_others_is_compiled_at_each_start(loaded: Loaded) -> None:
    files = {name for name, loader in loaded.files.items() if loader not in (WAITS, 'SourceFileLoader')}
    rooms = {name for name in files if (CHECKOUT / 'plugins' / name.replace('.', '/')).is_dir()}
    assert files - rooms == {'plugin_utils._importing'}


def test_what_python_compiled_is_kept(loaded: Loaded) -> None:
    assert {path.name.partition('.')[0] for path in loaded.compiled.rglob('_probe/*.pyc')} >= NEEDED


def test_files_that_are_not_needed_exist() -> None:
    for name in importing._NOT_NEEDED:
        assert (CHECKOUT / 'plugins' / f"{name.removeprefix(PLUGINS).replace('.', '/')}.py").is_file(), name
