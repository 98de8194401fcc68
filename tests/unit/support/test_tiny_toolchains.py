# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import struct
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from support.toolchains.real import ToolchainError
from support.toolchains.tiny import MACHINES, Shape, tiny, tiny_elf


def unpacked(archive: Path, target: Path) -> Path:
    with tarfile.open(archive) as tar:
        tar.extractall(target, filter="data")
    return target / "go"


@pytest.mark.parametrize("program", ["elf", "script"])
def test_its_go_answers_with_its_version(tmp_path: Path, program: str) -> None:
    # 386 machine code runs on amd64 kernels too, so one host proves two of them.
    shape = Shape(program="script" if program == "script" else "elf")
    tree = unpacked(tiny(tmp_path, "1.30.3", "amd64", shape).path, tmp_path)
    done = subprocess.run([tree / "bin" / "go", "version"], capture_output=True, text=True, check=True)
    assert done.stdout == "go version go1.30.3 linux/amd64\n"


def test_a_script_knows_its_root(tmp_path: Path) -> None:
    tree = unpacked(tiny(tmp_path, "1.30.3", "amd64", Shape(program="script")).path, tmp_path)
    done = subprocess.run([tree / "bin" / "go", "env", "GOROOT"], capture_output=True, text=True, check=True)
    assert Path(done.stdout.strip()) == tree.resolve()


def test_its_go_can_lie_and_fail(tmp_path: Path) -> None:
    tree = unpacked(tiny(tmp_path, "1.30.3", "amd64", Shape(reported="1.2.3", exit_status=3)).path, tmp_path)
    done = subprocess.run([tree / "bin" / "go", "version"], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("go version go1.2.3 linux/amd64\n", 3)


@pytest.mark.parametrize("arch", sorted(MACHINES))
def test_an_elf_file_is_of_its_architecture(arch: str) -> None:
    elf = tiny_elf(arch, "hello\n")
    assert elf[:4] == b"\x7fELF"
    assert struct.unpack_from("<H", elf, 18) == (MACHINES[arch].number,)
    assert elf.endswith(b"hello\n")


def test_an_architecture_without_machine_code_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match="choose one of"):
        tiny(tmp_path, arch="s390x")
    assert tiny(tmp_path, arch="s390x", shape=Shape(program="script")).path.is_file()


def test_equal_arguments_give_equal_bytes(tmp_path: Path) -> None:
    first, second = (tiny(tmp_path / name, shape=Shape(payload=1000)) for name in ("a", "b"))
    assert (first.sha256, first.h1) == (second.sha256, second.h1)
    assert first.module_path is not None
    assert second.module_path is not None
    assert first.module_path.read_bytes() == second.module_path.read_bytes()


def test_it_is_tiny_unless_ballast_is_requested(tmp_path: Path) -> None:
    assert tiny(tmp_path).size < 4096
    assert tiny(tmp_path, shape=Shape(payload=1_000_000)).size > 1_000_000


def test_the_module_lacks_what_go_leaves_out_and_hides_go_mod(tmp_path: Path) -> None:
    archive = tiny(tmp_path)
    assert archive.module_path is not None
    with zipfile.ZipFile(archive.module_path) as module:
        names = {name.split("/", 2)[2] for name in module.namelist()}
    assert {"VERSION", "src/_go.mod", "src/cmd/_go.mod", "bin/go"} <= names
    assert not [name for name in names if name.endswith("/go.mod") or name.startswith(("api/", "doc/", "misc/", "test/"))]
