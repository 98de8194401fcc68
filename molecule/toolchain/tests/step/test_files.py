# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's files after a step: the wanted versions with their manifests, and nothing else touched."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from testinfra.host import Host

from conftest import Layout
from expectations import Expected

# Written independently of the role: by journald, and by `su` in tests/active if PAM keeps a list of logins.
WRITTEN_BY_OTHERS = ("/var/log/journal/", "/var/log/lastlog")


def test_only_the_wanted_versions_are_installed(host: Host, layout: Layout, expected: Expected) -> None:
    found = host.run("ls -A %s", layout.prefix).stdout.split()
    assert set(found) - {".gofleet"} == {f"go{version}" for version in expected.installed}


def test_each_version_has_its_manifest(host: Host, layout: Layout, expected: Expected) -> None:
    folder = f"{layout.prefix}/.gofleet/manifests"
    found = host.run("ls -A %s", folder).stdout.split()
    assert {name.rpartition(".")[0] for name in found} == {f"go{version}" for version in expected.installed}
    for version in expected.installed:
        manifest = json.loads(host.file(f"{folder}/go{version}.json").content_string)
        assert manifest["version"].removeprefix("go") == version


def test_nothing_is_left_in_the_stage(host: Host, layout: Layout) -> None:
    assert host.run("ls -A %s", f"{layout.prefix}/.gofleet/stage").stdout == ""


def test_no_other_file_changed(walk: Callable[[], dict[str, list[object]]], baseline: Path, layout: Layout) -> None:
    before = json.loads(baseline.read_text(encoding="utf-8"))
    after = walk()
    touched = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    foreign = sorted(path for path in touched if not is_expected(path, layout))
    assert [f"{path}: {before.get(path)} → {after.get(path)}" for path in foreign] == []


def is_expected(path: str, layout: Layout) -> bool:
    own = {layout.prefix, layout.link, f"{layout.bin}/go", f"{layout.bin}/gofmt"}
    if path in own or path.startswith(f"{layout.prefix}/"):
        return True
    # A folder's time changes with the names in it; for an ordinary user these folders are made.
    folders = {str(parent) for own_path in own for parent in Path(own_path).parents}
    return path in folders or path.startswith(WRITTEN_BY_OTHERS)
