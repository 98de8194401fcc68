# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile archives do harm to who trusts them: otherwise a refusal of them would prove nothing."""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from support.toolchains.hostile import BOMB, MANY, TARS, ZIPS, hostile_tar, hostile_zip
from support.toolchains.real import hash1

LINKS = ("symlink_out", "symlink_inside", "hidden_member")
SLOW = ("as_much_as_may_be",)


def unpacked_by_system(name: str, folder: Path) -> Path:
    """What a trusting `tar -xzf` makes of an archive, as far as it gets."""
    target = folder / "target"
    target.mkdir()
    archive = hostile_tar(name, folder / "made", "1.30.1")
    subprocess.run(["tar", "-xzf", archive.path, "-C", target], capture_output=True, check=False)
    return target / "go"


@pytest.mark.parametrize("name", sorted(set(TARS) - set(SLOW)))
def test_a_hostile_tar_differs_only_in_its_content(name: str, tmp_path: Path) -> None:
    archive = hostile_tar(name, tmp_path, "1.30.1")
    assert archive.filename == "go1.30.1.linux-amd64.tar.gz"
    assert (archive.size, archive.sha256) == (archive.path.stat().st_size, hashlib.sha256(archive.path.read_bytes()).hexdigest())
    assert archive.path.read_bytes()[:2] == b"\x1f\x8b"
    # Bombs are small until they are unpacked.
    assert archive.size < 2 << 20


@pytest.mark.parametrize("name", LINKS)
def test_a_trusting_tar_makes_links(name: str, tmp_path: Path) -> None:
    assert [path for path in unpacked_by_system(name, tmp_path).rglob("*") if path.is_symlink()]


@pytest.mark.parametrize(
    ("name", "path", "bits"),
    [
        ("named_pipe", "pipe", stat.S_IFIFO),
        ("set_user_id", "bin/su", stat.S_ISUID),
        ("set_group_id", "bin/sg", stat.S_ISGID),
        ("sticky_folder", "open", stat.S_ISVTX),
    ],
)
@pytest.mark.skipif(os.geteuid() != 0, reason="CANNOT RUN what tar makes as root: run the tests as root")
def test_a_trusting_tar_of_root_makes_odd_things(name: str, path: str, bits: int, tmp_path: Path) -> None:
    assert (unpacked_by_system(name, tmp_path) / path).lstat().st_mode & bits


def test_a_trusting_tar_takes_the_last_of_two_files(tmp_path: Path) -> None:
    assert (unpacked_by_system("same_name", tmp_path) / "bin/go").read_bytes() == b"#!/bin/sh\n"


def test_bombs_and_crowds_are_as_large_as_they_are_called(tmp_path: Path) -> None:
    with tarfile.open(hostile_tar("bomb", tmp_path, "1.30.1").path) as tar:
        assert tar.getmember("go/src/bomb").size == BOMB
    with tarfile.open(hostile_tar("many_files", tmp_path, "1.30.2").path) as crowd:
        assert sum(1 for _each in crowd) > MANY
    bomb = hostile_zip("overlapping_members", tmp_path, "1.30.3").module_path
    assert bomb
    with zipfile.ZipFile(bomb) as module:
        assert sum(member.file_size for member in module.infolist()) > 500 << 20


@pytest.mark.parametrize("name", ["edited", "symlink", "other_prefix", "same_name"])
def test_a_hostile_zip_has_another_h1_than_it_is_given(name: str, tmp_path: Path) -> None:
    made = hostile_zip(name, tmp_path, "1.30.1")
    assert made.module_path
    with zipfile.ZipFile(made.module_path) as module:
        found = hash1((member.filename, hashlib.sha256(module.read(member)).hexdigest()) for member in module.infolist())
    assert found != made.h1


def test_every_hostile_zip_keeps_an_honest_archive_beside_it(tmp_path: Path) -> None:
    made = hostile_zip("html", tmp_path, "1.30.1")
    assert "html" in ZIPS
    with tarfile.open(made.path) as tar:
        assert "go/VERSION" in tar.getnames()
