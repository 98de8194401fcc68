# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files Python's own loader imports, with their bytecode, and which ones are left to Ansible's."""

from __future__ import annotations

import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path

from ansible_collections.gofleet.golang.plugins.plugin_utils import _importing

PLUGINS = 'ansible_collections.gofleet.golang.plugins'
FOLDER = Path(_importing.__file__).parent


def test_shared_code_is_imported_by_pythons_loader_with_its_bytecode() -> None:
    spec = _importing._Finder.find_spec(f'{PLUGINS}.plugin_utils._cache', [str(FOLDER)])
    assert spec is not None
    assert isinstance(spec.loader, SourceFileLoader)
    assert spec.origin == str(FOLDER / '_cache.py')
    assert spec.cached


def test_a_room_is_found_as_a_package() -> None:
    spec = _importing._Finder.find_spec(f'{PLUGINS}.plugin_utils._probe', [str(FOLDER)])
    assert spec is not None
    assert spec.submodule_search_locations == [str(FOLDER / '_probe')]


def test_plugins_other_collections_and_missing_files_are_left_to_ansible() -> None:
    others = (f'{PLUGINS}.modules.env_file', f'{PLUGINS}.plugin_utils', f'{PLUGINS}.plugin_utils._missing', 'ansible_collections.other.one.plugins.x', 'json')
    for name in others:
        assert _importing._Finder.find_spec(name, [str(FOLDER)]) is None
    assert _importing._Finder.find_spec(f'{PLUGINS}.plugin_utils._cache') is None


def test_one_finder_is_enough_however_often_the_file_is_imported() -> None:
    assert sum(isinstance(each, _importing._Finder) for each in sys.meta_path) == 1
