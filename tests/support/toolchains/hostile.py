# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile archives: each begins like a tiny toolchain and then contains something that no archive of Go may contain.

The tables TARS and ZIPS give each a name, so that a test can ask for them one by one.
"""

from __future__ import annotations

import gzip
import random
import struct
import tarfile
import unicodedata
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO

from support.toolchains.real import MODULE, Archive, Spec, describe, module_name, published_mode
from support.toolchains.tiny import ARCHIVE_ONLY, BUILT, tiny, tiny_tree

BOMB = 256 << 20
# More than any bound on a header, and what takes a while to read as one value.
LONG = 64 << 20
MANY = 100_000
# Below the number of files that is allowed, and what an archive must have to be allowed as many.
ALLOWED = 32_000
BALLAST = 18 << 20
BLOCK = 512
MIB = 1 << 20

Member = tuple[tarfile.TarInfo, bytes]


def member(name: str, content: bytes = b"", kind: bytes = tarfile.REGTYPE, mode: int = 0o644, target: str = "") -> Member:
    header = tarfile.TarInfo(name)
    header.mode, header.size, header.type, header.linkname, header.mtime = mode, len(content), kind, target, int(BUILT.timestamp())
    return header, content


def raw(header: tarfile.TarInfo, **changes: bytes) -> bytes:
    """A header's block with other bytes in some fields, and the checksum that goes with them unless that is among them."""
    fields = {"size": (124, 12), "kind": (156, 1), "magic": (257, 8), "checksum": (148, 8)}
    block = bytearray(header.tobuf(tarfile.USTAR_FORMAT))
    for field, content in changes.items():
        at, length = fields[field]
        block[at : at + length] = content.ljust(length, b"\0")
    if "checksum" not in changes:
        block[148:156] = b" " * 8
        block[148:156] = f"{sum(block):06o}\0 ".encode("ascii")
    return bytes(block)


def padded(content: bytes) -> bytes:
    return content + bytes(-len(content) % BLOCK)


class TarWriter:
    """A gzipped tar to which anything can be added, also what no library would write."""

    def __init__(self, target: IO[bytes]) -> None:
        self._packed = gzip.GzipFile("", "wb", 6, target, mtime=0)

    def add(self, members: Iterable[Member]) -> None:
        for header, content in members:
            self.write(header.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape") + padded(content))

    def write(self, content: bytes) -> None:
        self._packed.write(content)

    def zeros(self, size: int) -> None:
        for _each in range(size // MIB):
            self._packed.write(bytes(MIB))

    def close(self, end: bool = True) -> None:
        if end:
            self._packed.write(bytes(2 * BLOCK))
        self._packed.close()


def honest(spec: Spec) -> list[Member]:
    """The members of a tiny toolchain."""
    tree = tiny_tree(spec)
    return [member(f"go/{name}", tree[name], mode=published_mode(name)) for name in sorted(tree)]


# ---- tars: what is added to an honest beginning

Addition = Callable[[TarWriter], None]


def _with(*members: Member) -> Addition:
    return lambda tar: tar.add(members)


def _bomb(tar: TarWriter) -> None:
    header, _content = member("go/src/bomb")
    header.size = BOMB
    tar.write(header.tobuf(tarfile.USTAR_FORMAT))
    tar.zeros(BOMB)


def _bomb_in_pieces(tar: TarWriter) -> None:
    """No file of it is large."""
    for number in range(BOMB // MIB):
        tar.add([member(f"go/src/{number}", bytes(MIB))])


def _bomb_after_the_end(tar: TarWriter) -> None:
    tar.zeros(BOMB)


def _many_files(tar: TarWriter) -> None:
    tar.add(member(f"go/src/{number}") for number in range(MANY))


def _many_folders(tar: TarWriter) -> None:
    tar.add(member(f"go/src/{number}/", kind=tarfile.DIRTYPE, mode=0o755) for number in range(MANY))


def _same_folder(tar: TarWriter) -> None:
    tar.add(member("go/src/", kind=tarfile.DIRTYPE, mode=0o755) for _each in range(MANY))


def _implied_folders(tar: TarWriter) -> None:
    """Few members, each of which needs many folders."""
    tar.add(member("go/" + "".join(f"{number}.{depth}/" for depth in range(25)) + "f") for number in range(MANY // 25))


def _long_name(kind: bytes) -> Addition:
    def add(tar: TarWriter) -> None:
        header, _content = member("././@LongLink", kind=kind)
        header.size = LONG
        tar.write(header.tobuf(tarfile.USTAR_FORMAT))
        tar.zeros(LONG)
        tar.add([member("go/x")])

    return add


def _headers_only(tar: TarWriter) -> None:
    """Extensions that speak of no member, for ever."""
    empty = raw(member("PaxHeaders/x", kind=tarfile.XHDTYPE)[0])
    for _each in range(BOMB // MIB):
        tar.write(empty * (MIB // BLOCK))


def _pax(record: bytes) -> Addition:
    length = len(record) + 2
    length += len(str(length + 1))
    content = b"%d %s\n" % (length, record)

    def add(tar: TarWriter) -> None:
        header, _content = member("PaxHeaders/x", content, kind=tarfile.XHDTYPE)
        tar.write(header.tobuf(tarfile.USTAR_FORMAT) + padded(content))
        tar.add([member("go/x", b"x")])

    return add


def _sparse(tar: TarWriter) -> None:
    tar.write(raw(member("go/sparse", kind=tarfile.GNUTYPE_SPARSE)[0], size=b"77777777777"))


def _hidden(tar: TarWriter) -> None:
    """A header that GNU tar passes over, because its checksum is wrong, and then takes its content for more members."""
    inner = raw(member("go/link", kind=tarfile.SYMTYPE, target="/etc")[0])
    tar.write(raw(member("go/src/cover", inner)[0], checksum=b"0000000\0") + inner)


def _binary_size(tar: TarWriter) -> None:
    """A size in base 256, which is negative to one reader and huge to another."""
    tar.write(raw(member("go/src/size")[0], size=b"\xff" * 12))


def _longer_than_it_is(tar: TarWriter) -> None:
    tar.write(raw(member("go/src/short")[0], size=b"00000010000") + bytes(BLOCK))


def _symlink_then_file(tar: TarWriter) -> None:
    tar.add([member("go/out", kind=tarfile.SYMTYPE, target="/tmp"), member("go/out/gofleet-escaped", b"x")])


def _unicode(form: str, name: str) -> str:
    return unicodedata.normalize(form, name)  # type: ignore[arg-type]


# What GNU tar as root would make a file of, set the bits of, or overwrite something through.
ADDITIONS: dict[str, Addition] = {
    "parent_name": _with(member("go/../../../../../../../../tmp/gofleet-escaped", b"x")),
    "absolute_name": _with(member("/tmp/gofleet-escaped", b"x")),
    "name_beside_the_top": _with(member("home/.config/go/telemetry/mode", b"on")),
    "symlink_out": _with(member("go/out", kind=tarfile.SYMTYPE, target="/etc")),
    "symlink_inside": _with(member("go/in", kind=tarfile.SYMTYPE, target="VERSION")),
    "symlink_then_file": _symlink_then_file,
    "hard_link_out": _with(member("go/out", kind=tarfile.LNKTYPE, target="/etc/passwd")),
    "hard_link_inside": _with(member("go/in", kind=tarfile.LNKTYPE, target="go/VERSION")),
    "character_device": _with(member("go/null", kind=tarfile.CHRTYPE)),
    "block_device": _with(member("go/disk", kind=tarfile.BLKTYPE)),
    "named_pipe": _with(member("go/pipe", kind=tarfile.FIFOTYPE)),
    "contiguous_file": _with(member("go/contiguous", kind=tarfile.CONTTYPE)),
    "unknown_kind": _with(member("go/unknown", kind=b"Z")),
    "set_user_id": _with(member("go/bin/su", b"#!/bin/sh\n", mode=0o4755)),
    "set_group_id": _with(member("go/bin/sg", b"#!/bin/sh\n", mode=0o2755)),
    "sticky_folder": _with(member("go/open/", kind=tarfile.DIRTYPE, mode=0o1777)),
    "same_name": _with(member("go/bin/go", b"#!/bin/sh\n", mode=0o755)),
    "other_case": _with(member("go/version", b"other")),
    "folder_in_other_case": _with(member("go/SRC/fmt/print.go", b"package other\n")),
    "other_unicode_form": _with(*(member(f"go/src/{_unicode(form, 'é')}.go", b"x") for form in ("NFC", "NFD"))),
    "file_and_folder": _with(member("go/VERSION/file", b"x")),
    "control_characters": _with(member("go/\x1b[2J\n", b"x")),
    "not_text": _with(member("go/\udcff", b"x")),
    "deep_path": _with(member("go/" + "d/" * 400 + "f", b"x")),
    "long_part": _with(member("go/" + "n" * 300, b"x")),
    "bomb": _bomb,
    "bomb_in_pieces": _bomb_in_pieces,
    "bomb_after_the_end": _bomb_after_the_end,
    "many_files": _many_files,
    "many_folders": _many_folders,
    "same_folder": _same_folder,
    "implied_folders": _implied_folders,
    "long_gnu_name": _long_name(tarfile.GNUTYPE_LONGNAME),
    "long_pax_header": _long_name(tarfile.XHDTYPE),
    "long_link_target": _long_name(tarfile.GNUTYPE_LONGLINK),
    "headers_only": _headers_only,
    "header_for_all": _long_name(tarfile.XGLTYPE),
    "pax_size": _pax(b"size=1000000"),
    "pax_link": _pax(b"linkpath=/etc/passwd"),
    "pax_sparse": _pax(b"GNU.sparse.major=1"),
    "pax_capability": _pax(b"SCHILY.xattr.security.capability=x"),
    "sparse_file": _sparse,
    "hidden_member": _hidden,
    "size_in_base_256": _binary_size,
    "longer_than_it_is": _longer_than_it_is,
}


def _plain(path: Path, spec: Spec, add: Addition, skip: str | None = None) -> None:
    with path.open("wb") as file:
        tar = TarWriter(file)
        tar.add(each for each in honest(spec) if each[0].name != skip)
        # What follows the end must follow it.
        if add is _bomb_after_the_end:
            tar.write(bytes(2 * BLOCK))
        add(tar)
        tar.close()


def _other_top(path: Path, spec: Spec) -> None:
    with path.open("wb") as file:
        tar = TarWriter(file)
        tar.add(member(f"go{spec.version}/{header.name.removeprefix('go/')}", content, mode=header.mode) for header, content in honest(spec))
        tar.close()


def _no_end(path: Path, spec: Spec) -> None:
    with path.open("wb") as file:
        tar = TarWriter(file)
        tar.add(honest(spec))
        tar.close(end=False)


def _no_version(path: Path, spec: Spec) -> None:
    _plain(path, spec, lambda tar: None, skip="go/VERSION")


def _as_much_as_may_be(path: Path, spec: Spec) -> None:
    """Files up to just below their bound, and ballast to be allowed so many; it is refused for what is missing, when all is read."""
    with path.open("wb") as file:
        tar = TarWriter(file)
        tar.add(each for each in honest(spec) if each[0].name != "go/VERSION")
        tar.add([member("go/ballast", random.Random(1).randbytes(BALLAST))])
        tar.add(member(f"go/src/{'long' * 20}/{number}") for number in range(ALLOWED))
        tar.close()


def _two_streams(path: Path, spec: Spec) -> None:
    """Two gzip streams in a file: some readers see the first only."""
    _plain(path, spec, lambda tar: None)
    path.write_bytes(path.read_bytes() * 2)


def _packed_twice(path: Path, spec: Spec) -> None:
    _plain(path, spec, lambda tar: None)
    path.write_bytes(gzip.compress(path.read_bytes(), mtime=0))


def _cut(path: Path, spec: Spec) -> None:
    _plain(path, spec, lambda tar: None)
    path.write_bytes(path.read_bytes()[:-9])


def _wrong_sum(path: Path, spec: Spec) -> None:
    _plain(path, spec, lambda tar: None)
    content = path.read_bytes()
    path.write_bytes(content[:-8] + bytes(each ^ 0xFF for each in content[-8:-4]) + content[-4:])


def _adding(add: Addition) -> Callable[[Path, Spec], None]:
    return lambda path, spec: _plain(path, spec, add)


TARS: dict[str, Callable[[Path, Spec], None]] = {
    **{name: _adding(add) for name, add in ADDITIONS.items()},
    "other_top": _other_top,
    "no_version": _no_version,
    "no_end": _no_end,
    "as_much_as_may_be": _as_much_as_may_be,
    "two_streams": _two_streams,
    "packed_twice": _packed_twice,
    "cut": _cut,
    "wrong_checksum": _wrong_sum,
}


def hostile_tar(name: str, folder: Path, version: str, arch: str = "amd64") -> Archive:
    """An archive of TARS under the name of a release, with its true digest and size, and without an h1."""
    spec = Spec(version, arch)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{spec.name}.tar.gz"
    TARS[name](path, spec)
    return describe(path, spec, BUILT, f"none ({name})")


# ---- module zips


def honest_files(spec: Spec) -> dict[str, bytes]:
    prefix = prefix_of(spec)
    return {prefix + module_name(name): content for name, content in tiny_tree(spec).items() if not name.startswith(ARCHIVE_ONLY)}


def prefix_of(spec: Spec) -> str:
    return f"{MODULE}@{spec.module_version}/"


def _zip(path: Path, files: Iterable[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED, mode: int = 0o100644, extra: bytes = b"") -> None:
    with zipfile.ZipFile(path, "w", method) as target:
        for name, content in files:
            header = zipfile.ZipInfo(name, BUILT.timetuple()[:6])
            header.external_attr = mode << 16
            header.compress_type = method
            header.extra = extra
            target.writestr(header, content)


def _zip_with(*files: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED, mode: int = 0o100644) -> Callable[[Path, Spec], None]:
    """An honest module, and files below its prefix."""

    def make(path: Path, spec: Spec) -> None:
        added = [(prefix_of(spec) + name, content) for name, content in files]
        _zip(path, [*sorted(honest_files(spec).items()), *added], method, mode)

    return make


def _zip_bomb(path: Path, spec: Spec) -> None:
    _zip(path, [*honest_files(spec).items(), (f"{prefix_of(spec)}bomb", bytes(BOMB))])


def _zip_bomb_that_lies(path: Path, spec: Spec) -> None:
    """A bomb whose directory says that it is small."""
    _zip_bomb(path, spec)
    content = bytearray(path.read_bytes())
    at = content.rindex(b"PK\x01\x02")
    content[at + 24 : at + 28] = struct.pack("<I", 1000)
    path.write_bytes(content)


def _zip_overlap(path: Path, spec: Spec) -> None:
    """Many names for one packed megabyte, as in David Fifield's "better zip bomb"."""
    name = f"{prefix_of(spec)}0000".encode("ascii")
    content = bytes(MIB)
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = deflater.compress(content) + deflater.flush()
    common = struct.pack("<HHHHHLLLHH", 20, 0, 8, 0, 33, zlib.crc32(content), len(packed), len(content), len(name), 0)
    local = b"PK\x03\x04" + common + name + packed
    directory = b"".join(
        b"PK\x01\x02" + struct.pack("<H", 20) + common + struct.pack("<HHHLL", 0, 0, 0, 0o100644 << 16, 0) + name for _each in range(1000)
    )
    end = b"PK\x05\x06" + struct.pack("<HHHHLLH", 0, 0, 1000, 1000, len(directory), len(local), 0)
    path.write_bytes(local + directory + end)


def _zip_many(path: Path, spec: Spec) -> None:
    _zip(path, [*honest_files(spec).items(), *((f"{prefix_of(spec)}src/{number}", b"") for number in range(60_000))])


def _zip_many_more(path: Path, spec: Spec) -> None:
    """So many that the format needs its 64-bit fields."""
    _zip(path, ((f"{prefix_of(spec)}src/{number}", b"") for number in range(MANY)))


def _zip_directory(path: Path, spec: Spec) -> None:
    """A directory of many megabytes that holds few names."""
    _zip(path, ((f"{prefix_of(spec)}src/{number}", b"") for number in range(300)), extra=struct.pack("<HH", 0xCAFE, 60_000) + bytes(60_000))


def _zip_other(path: Path, spec: Spec) -> None:
    """The module of another release, under this one's name."""
    _zip(path, sorted(honest_files(Spec("1.30.4", spec.arch)).items()))


def _zip_edited(path: Path, spec: Spec) -> None:
    """Right in all but one byte of one file."""
    files = honest_files(spec)
    _zip(path, sorted({**files, f"{prefix_of(spec)}src/fmt/print.go": b"package fmT\n"}.items()))


def _zip_as_much_as_may_be(path: Path, spec: Spec) -> None:
    """As of tars; only its h1 is wrong."""
    prefix = prefix_of(spec)
    files = ((f"{prefix}src/{number}", b"") for number in range(ALLOWED))
    _zip(path, [*sorted(honest_files(spec).items()), (f"{prefix}ballast", random.Random(1).randbytes(BALLAST)), *files], zipfile.ZIP_STORED)


def _zip_comment(path: Path, spec: Spec) -> None:
    _zip(path, sorted(honest_files(spec).items()))
    with zipfile.ZipFile(path, "a") as target:
        target.comment = b"made by nobody"


def _zip_end_in_comment(path: Path, spec: Spec) -> None:
    """A zip that is empty for a reader that searches for the end backwards, and honest for a reader that starts at the front."""
    _zip(path, sorted(honest_files(spec).items()))
    with zipfile.ZipFile(path, "a") as target:
        target.comment = b"PK\x05\x06" + bytes(18)


def _zip_encrypted(path: Path, spec: Spec) -> None:
    _zip(path, sorted(honest_files(spec).items()))
    content = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.index(mark) + offset
        content[at] |= 1
    path.write_bytes(content)


def _html(path: Path, spec: Spec) -> None:
    path.write_bytes(b"<!DOCTYPE html><title>Sign in</title>\n")


ZIPS: dict[str, Callable[[Path, Spec], None]] = {
    "parent_name": _zip_with(("../../../../../../../../tmp/gofleet-escaped", b"x")),
    "absolute_name": lambda path, spec: _zip(path, [*honest_files(spec).items(), ("/tmp/gofleet-escaped", b"x")]),
    "folder": _zip_with(("empty/", b"")),
    "symlink": _zip_with(("out", b"/etc"), mode=0o120777),
    "set_user_id": _zip_with(("bin/su", b"#!/bin/sh\n"), mode=0o104755),
    "character_device": _zip_with(("null", b""), mode=0o020666),
    "same_name": _zip_with(("bin/go", b"#!/bin/sh\n")),
    "go_mod_twice": _zip_with(("src/go.mod", b"module other\n")),
    "other_case": _zip_with(("version", b"other")),
    "other_unicode_form": _zip_with(*((f"src/{_unicode(form, 'é')}.go", b"x") for form in ("NFC", "NFD"))),
    "file_and_folder": _zip_with(("VERSION/file", b"x")),
    "deep_path": _zip_with(("d/" * 400 + "f", b"x")),
    "bomb": _zip_bomb,
    "bomb_that_lies": _zip_bomb_that_lies,
    "overlapping_members": _zip_overlap,
    "many_files": _zip_many,
    "many_more_files": _zip_many_more,
    "huge_directory": _zip_directory,
    "other_prefix": _zip_other,
    "edited": _zip_edited,
    "as_much_as_may_be": _zip_as_much_as_may_be,
    "lzma": _zip_with(("packed", b"x" * 1000), method=zipfile.ZIP_LZMA),
    "encrypted": _zip_encrypted,
    "comment": _zip_comment,
    "end_in_the_comment": _zip_end_in_comment,
    "html": _html,
}


def hostile_zip(name: str, folder: Path, version: str, arch: str = "amd64") -> Archive:
    """A tiny toolchain whose module zip is one of ZIPS; its archive and its h1 are honest."""
    made = tiny(folder, version, arch)
    assert made.module_path
    with warnings.catch_warnings():
        # Two members of one name are the point of some.
        warnings.simplefilter("ignore", UserWarning)
        ZIPS[name](made.module_path, made.spec)
    return made
