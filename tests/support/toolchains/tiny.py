# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Archives of a few kilobytes in the shape of Go's own, for tests that run a transaction hundreds of times.

Their versions (1.30.1 and up by convention) are ones that Go never published, so that they cannot be confused with real ones.
`bin/go` is a program that prints `go version goX.Y.Z linux/ARCH` for any arguments.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import struct
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from support.toolchains.real import MODULE, Archive, Entry, Spec, ToolchainError, describe, hash1, module_name, published_mode, published_order, write_archive

VERSIONS = ("1.30.1", "1.30.2", "1.30.3", "1.30.4")
# Past, or tar warns about every file.
BUILT = datetime(2021, 2, 3, 4, 5, 6, tzinfo=UTC)
# What cmd/distpack leaves out of the module.
ARCHIVE_ONLY = ("api/", "doc/", "misc/", "test/")

_BASE = 0x10000


@dataclass(frozen=True)
class Shape:
    """What a tiny tree is to be like.

    reported: the version that bin/go claims, when that shall differ from the archive's.
    exit_status: what bin/go ends with.
    program: an ELF file for the architecture, or a shell script, which runs anywhere and answers `env GOROOT` too.
    payload: bytes of incompressible ballast, for tests that need a download to last.
    """

    reported: str | None = None
    exit_status: int = 0
    program: Literal["elf", "script"] = "elf"
    payload: int = 0


@dataclass(frozen=True)
class _Machine:
    number: int
    bits: Literal[32, 64]
    code: Callable[[int, int, int], bytes]


def _amd64(offset: int, length: int, status: int) -> bytes:
    """write(1, message, length); exit(status), the message found relative to the instruction."""
    before = b"\xb8\x01\x00\x00\x00\x89\xc7\x48\x8d\x35"
    after = b"\xba" + struct.pack("<I", length) + b"\x0f\x05\xb8\x3c\x00\x00\x00\xbf" + struct.pack("<I", status) + b"\x0f\x05"
    return before + struct.pack("<i", len(after) + offset) + after


def _i386(offset: int, length: int, status: int) -> bytes:
    head = _header_size(32)
    size = 34
    message = _BASE + head + size + offset
    write = b"\xb8\x04\x00\x00\x00\xbb\x01\x00\x00\x00\xb9" + struct.pack("<I", message) + b"\xba" + struct.pack("<I", length) + b"\xcd\x80"
    return write + b"\xb8\x01\x00\x00\x00\xbb" + struct.pack("<I", status) + b"\xcd\x80"


def _arm64(offset: int, length: int, status: int) -> bytes:
    def move(register: int, value: int) -> int:
        return 0xD2800000 | value << 5 | register

    call = 0xD4000001
    distance = 7 * 4 + offset
    address = 0x10000000 | (distance & 3) << 29 | (distance >> 2) << 5 | 1
    return struct.pack("<8I", move(0, 1), address, move(2, length), move(8, 64), call, move(0, status), move(8, 93), call)


# e_machine and the code for it. Go's other ports can be added as rows.
MACHINES = {
    "amd64": _Machine(62, 64, _amd64),
    "386": _Machine(3, 32, _i386),
    "arm64": _Machine(183, 64, _arm64),
}


def _header_size(bits: int) -> int:
    return 64 + 56 if bits == 64 else 52 + 32


def tiny_elf(arch: str, message: str, exit_status: int = 0) -> bytes:
    """A static executable for Linux that prints a message and ends."""
    if arch not in MACHINES:
        raise ToolchainError(f"no machine code for {arch}: choose one of {', '.join(MACHINES)} or program='script'")
    machine = MACHINES[arch]
    text = message.encode("utf-8")
    body = machine.code(0, len(text), exit_status) + text
    head = _header_size(machine.bits)
    size = head + len(body)
    ident = b"\x7fELF" + bytes([2 if machine.bits == 64 else 1, 1, 1]) + bytes(9)
    start = _BASE + head
    if machine.bits == 64:
        file = struct.pack("<HHIQQQIHHHHHH", 2, machine.number, 1, start, 64, 0, 0, 64, 56, 1, 0, 0, 0)
        segment = struct.pack("<IIQQQQQQ", 1, 5, 0, _BASE, _BASE, size, size, 0x10000)
    else:
        file = struct.pack("<HHIIIIIHHHHHH", 2, machine.number, 1, start, 52, 0, 0, 52, 32, 1, 0, 0, 0)
        segment = struct.pack("<IIIIIIII", 1, 0, _BASE, _BASE, size, size, 5, 0x1000)
    return ident + file + segment + body


def _script(answer: str, exit_status: int) -> bytes:
    lines = (
        "#!/bin/sh",
        'case "$1" in',
        '  env) cd "$(dirname "$0")/.." && pwd -P ;;',
        f"  *) echo '{answer.rstrip()}' ;;",
        "esac",
        f"exit {exit_status}",
    )
    return ("\n".join(lines) + "\n").encode("utf-8")


def tiny_tree(spec: Spec, shape: Shape | None = None) -> dict[str, bytes]:
    """Names below go/ and their bytes: one file for each thing that code about toolchains treats specially."""
    shape = shape or Shape()
    answer = f"go version go{shape.reported or spec.version} linux/{spec.arch}\n"
    program = _script(answer, shape.exit_status) if shape.program == "script" else tiny_elf(spec.arch, answer, shape.exit_status)
    tools = f"pkg/tool/linux_{spec.arch}"
    texts = {
        "VERSION": f"go{spec.version}\ntime {BUILT:%Y-%m-%dT%H:%M:%SZ}\n",
        "LICENSE": "Not Go: a stand-in of its shape, made for tests.\n",
        "go.env": "GOPROXY=https://proxy.golang.org,direct\nGOSUMDB=sum.golang.org\nGOTOOLCHAIN=auto\n",
        "api/go1.txt": "pkg tiny\n",
        "doc/asm.html": "<!doctype html><title>tiny</title>\n",
        "misc/go.mod": "module misc\n",
        "test/empty.go": "package main\n",
        "lib/time/update.bash": "#!/bin/bash\nexit 1\n",
        "lib/wasm/go_js_wasm_exec": "#!/bin/sh\nexit 1\n",
        "src/go.mod": "module std\n",
        "src/cmd/go.mod": "module cmd\n",
        "src/fmt/print.go": "package fmt\n",
        "src/make.bash": "#!/bin/bash\nexit 1\n",
        "src/runtime/proc.go": "package runtime\n",
        "src/runtime/proc/sub.go": "package proc\n",
    }
    programs = dict.fromkeys(("bin/go", "bin/gofmt", f"{tools}/compile", f"{tools}/link"), program)
    ballast = {"src/runtime/ballast.bin": random.Random(spec.name).randbytes(shape.payload)} if shape.payload else {}
    return {name: text.encode("utf-8") for name, text in texts.items()} | programs | ballast


def tiny(folder: Path, version: str = VERSIONS[0], arch: str = "amd64", shape: Shape | None = None) -> Archive:
    """Write the archive and the module zip of a tiny toolchain into a folder. Equal arguments give equal bytes."""
    spec = Spec(version, arch)
    tree = tiny_tree(spec, shape)
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / f"{spec.name}.tar.gz"
    write_archive(archive, (Entry(name, published_mode(name), tree[name]) for name in sorted(tree, key=published_order)), BUILT)
    module = folder / f"{spec.module_version}.zip"
    prefix = f"{MODULE}@{spec.module_version}/"
    files = {prefix + module_name(name): tree[name] for name in tree if not name.startswith(ARCHIVE_ONLY)}
    with zipfile.ZipFile(module, "w", zipfile.ZIP_DEFLATED) as target:
        for name in sorted(files):
            member = zipfile.ZipInfo(name, BUILT.timetuple()[:6])
            member.external_attr = 0o100644 << 16
            member.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(member, files[name])
    h1 = hash1((name, hashlib.sha256(content).hexdigest()) for name, content in files.items())
    return describe(archive, spec, BUILT, "none (tiny)", h1, module)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Make tiny archives and print their paths.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("specs", nargs="*", metavar="VERSION/ARCH", default=[f"{version}/amd64" for version in VERSIONS])
    chosen = parser.parse_args(arguments)
    for spec in map(Spec.parse, chosen.specs):
        print(tiny(chosen.folder, spec.version, spec.arch).path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
