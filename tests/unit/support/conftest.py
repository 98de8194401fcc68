# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

# Neither the support code nor its tests are packages.
from support.mirror.certificates import Authority, ServerCertificate
from support.mirror.server import Mirror
from support.mirror.tree import ChecksumDatabase
from support.toolchains.real import Archive
from support.toolchains.tiny import Shape, tiny
from support.units.mirror_client import Get, ask

# Two patches of one line, one of the next, and a second architecture.
TINY_SET = (("1.30.1", "amd64"), ("1.30.2", "amd64"), ("1.30.2", "arm64"), ("1.31.0", "amd64"))
# More than a client's first read, so that a cut or a stall happens in mid-body.
PAYLOAD = 300_000


@pytest.fixture(scope="session")
def archives(tmp_path_factory: pytest.TempPathFactory) -> list[Archive]:
    folder = tmp_path_factory.mktemp("archives")
    return [tiny(folder, version, arch, Shape(payload=PAYLOAD)) for version, arch in TINY_SET]


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.kept(tmp_path_factory.mktemp("certificates") / "ca")


@pytest.fixture(scope="session")
def tls(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> ServerCertificate:
    return authority.issue(tmp_path_factory.mktemp("server"), ["127.0.0.1"])


@pytest.fixture
def database(tmp_path: Path) -> ChecksumDatabase:
    """A checksum database whose upstream is down; what lies in its folder is known."""
    return ChecksumDatabase(tmp_path / "database", upstream=lambda: "http://127.0.0.1:9")


@pytest.fixture
def logged(archives: list[Archive], database: ChecksumDatabase) -> ChecksumDatabase:
    """The same, knowing the tiny toolchains."""
    for archive in archives:
        version = archive.spec.module_version
        kept = database.folder / "lookup" / "golang.org" / f"toolchain@{version}"
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(f"1\ngolang.org/toolchain {version} {archive.h1}\n", encoding="utf-8")
    return database


@pytest.fixture
def mirror(archives: list[Archive], tls: ServerCertificate, database: ChecksumDatabase, tmp_path: Path) -> Iterator[Mirror]:
    with Mirror(archives, tls, log_path=tmp_path / "requests.jsonl", database=database) as running:
        yield running


@pytest.fixture
def get() -> Get:
    return ask
