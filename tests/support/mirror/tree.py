# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The content of the test mirror: from path and query to a resource.

The index, the redirects and the page that go.dev answers for a digest follow golang.org/x/website's internal/dl.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs

from support.lanes import cache_root
from support.toolchains.real import CHECKSUM_DATABASE, MODULE, Archive, ToolchainError, Unreachable, fetch, module_proxy

HTML = "text/html; charset=utf-8"
PLAIN = "text/plain; charset=utf-8"
BINARY = "application/octet-stream"

# The published ports that the index lists though the mirror has no such file: a resolver must pick among them.
UNSERVED_LINUX = ("386", "armv6l", "loong64", "ppc64le", "riscv64", "s390x")
UNSERVED_FILES = (
    ("src.tar.gz", "", "", "source"),
    ("darwin-amd64.pkg", "darwin", "amd64", "installer"),
    ("darwin-amd64.tar.gz", "darwin", "amd64", "archive"),
    ("darwin-arm64.pkg", "darwin", "arm64", "installer"),
    ("darwin-arm64.tar.gz", "darwin", "arm64", "archive"),
    ("freebsd-amd64.tar.gz", "freebsd", "amd64", "archive"),
    ("windows-amd64.msi", "windows", "amd64", "installer"),
    ("windows-amd64.zip", "windows", "amd64", "archive"),
)
# Names from go.dev's real list that trap a careless parser: no patch, a beta, and an rc of a patch.
UNSERVED_VERSIONS = ("1.20.14", "1.20", "1.18beta2", "1.9.2rc2")

_VERSION = re.compile(r"(\d+)(?:\.(\d+))?(?:\.(\d+)|(alpha|beta|rc)(\d+))?")
_DOWNLOAD = re.compile(r"(?:go|v0\.0\.1-go)[0-9a-z.]+\.[0-9a-z.-]+\.(?:tar\.gz|tar\.gz\.asc|pkg|msi|zip)")
_PAGE = re.compile(r"go[0-9a-z.]+\.[0-9a-z.-]+")
_LOG_PATH = re.compile(r"(?:lookup|tile)(?:/[A-Za-z0-9@!~_+-][A-Za-z0-9@!.~_+-]*)+")


@dataclass(frozen=True)
class Resource:
    """An answer before it is cut to a range, or spoilt by a fault.

    kind: index, archive, zip, digest, module, log, page, redirect, missing. Faults choose by it.
    flipped: offset of a byte whose bits are inverted on the way out.
    """

    kind: str
    body: bytes | Path
    content_type: str = PLAIN
    status: int = 200
    etag: str | None = None
    modified: datetime | None = None
    headers: tuple[tuple[str, str], ...] = ()
    flipped: int | None = None

    @property
    def size(self) -> int:
        return len(self.body) if isinstance(self.body, bytes) else self.body.stat().st_size

    @property
    def ranged(self) -> bool:
        return self.etag is not None


def text(kind: str, content: str, status: int = 200, content_type: str = PLAIN) -> Resource:
    return Resource(kind, content.encode("utf-8"), content_type, status)


def redirect(location: str) -> Resource:
    body = f'<a href="{location}">Found</a>.\n\n'.encode()
    return Resource("redirect", body, HTML, 302, headers=(("Location", location),))


def missing(path: str) -> Resource:
    return text("missing", f"<!DOCTYPE html><title>Error 404 (Not Found)</title><p>{path} was not found.\n", 404, HTML)


def version_key(version: str) -> tuple[int, int, int, str, int]:
    """Go's order: rc before .0, and 1.20 is 1.20.0 where 1.21 is not 1.21.0; what Go can't parse is the oldest."""
    found = _VERSION.fullmatch(version.removeprefix("go"))
    if found is None:
        return (-1, 0, 0, "", 0)
    major, minor, patch, kind, number = found.groups()
    line = (int(major), int(minor or 0))
    implied = 0 if kind is None and line < (1, 21) else -1
    return (*line, int(patch) if patch else implied, kind or "", int(number or 0))


def is_stable(version: str) -> bool:
    return "beta" not in version and "rc" not in version


def line_of(version: str) -> tuple[int, int]:
    return version_key(version)[:2]


@dataclass(frozen=True)
class IndexFile:
    """A row of the index; the fields' names and order are go.dev's."""

    filename: str
    os: str
    arch: str
    version: str
    sha256: str
    size: int
    kind: str


@dataclass(frozen=True)
class IndexRelease:
    version: str
    stable: bool
    files: list[IndexFile]


def _unserved(version: str, tail: str, system: str, arch: str, kind: str) -> IndexFile:
    name = f"go{version}.{tail}"
    # A digest that no file has, the same at each start.
    return IndexFile(name, system, arch, f"go{version}", hashlib.sha256(name.encode()).hexdigest(), 70_000_000, kind)


def _release(version: str, archives: Iterable[Archive]) -> IndexRelease:
    files = [_unserved(version, *row) for row in UNSERVED_FILES]
    served = {archive.arch: archive for archive in archives if archive.version == version}
    files += [_unserved(version, f"linux-{arch}.tar.gz", "linux", arch, "archive") for arch in UNSERVED_LINUX if arch not in served]
    files += [
        IndexFile(archive.filename, "linux", arch, f"go{version}", archive.sha256, archive.size, "archive")
        for arch, archive in served.items()
    ]
    files.sort(key=lambda file: (file.os, file.arch, file.kind, file.filename))
    return IndexRelease(f"go{version}", is_stable(version), files)


def release_index(archives: Sequence[Archive]) -> list[IndexRelease]:
    """Every release, newest first: those served, old ones that aren't, and an rc of the line that comes next."""
    served = {archive.version for archive in archives}
    versions = served | set(UNSERVED_VERSIONS)
    major, minor = max(line_of(version) for version in versions)
    versions.add(f"{major}.{minor + 1}rc1")
    return [_release(version, archives) for version in sorted(versions, key=version_key, reverse=True)]


def current(releases: Iterable[IndexRelease]) -> list[IndexRelease]:
    """What go.dev lists without include=all: the newest patch of the two newest stable lines."""
    chosen: dict[tuple[int, int], IndexRelease] = {}
    for release in releases:
        if release.stable and len(chosen) < 2:
            chosen.setdefault(line_of(release.version), release)
    return list(chosen.values())


def without_newest_patches(releases: Iterable[IndexRelease]) -> list[IndexRelease]:
    """The index as it was some weeks ago: each line that has several patches lacks its last one."""
    kept, waiting = [], {}
    for release in releases:
        line = line_of(release.version)
        if release.stable and line not in waiting:
            waiting[line] = release
        else:
            kept.append(release)
    behind = {line_of(release.version) for release in kept if release.stable}
    kept += [release for line, release in waiting.items() if line not in behind]
    return sorted(kept, key=lambda release: version_key(release.version), reverse=True)


def index_resource(releases: Iterable[IndexRelease]) -> Resource:
    body = json.dumps([asdict(release) for release in releases], indent=1) + "\n"
    return text("index", body, content_type="application/json")


@dataclass
class ChecksumDatabase:
    """Go's checksum database by way of a real module proxy; lookups and tiles never change, so they are kept."""

    folder: Path = field(default_factory=lambda: cache_root() / "sumdb" / CHECKSUM_DATABASE)
    upstream: Callable[[], str] = module_proxy

    def resource(self, path: str) -> Resource:
        if path == "supported":
            return text("log", "")
        immutable = _LOG_PATH.fullmatch(path) is not None
        if not immutable and path != "latest":
            return missing(f"/sumdb/{CHECKSUM_DATABASE}/{path}")
        kept = self.folder / path
        if immutable and kept.is_file():
            return Resource("log", kept.read_bytes())
        try:
            body = fetch(f"{self.upstream()}/sumdb/{CHECKSUM_DATABASE}/{path}", timeout=20)
        except Unreachable as error:
            return text("missing", f"the mirror can't reach the checksum database: {error}\n", 502)
        except ToolchainError as error:
            return text("missing", f"{error}\n", 404)
        if immutable:
            _keep(kept, body)
        return Resource("log", body)


def _keep(target: Path, body: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".new-", dir=target.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(body)
    Path(name).replace(target)


class Tree:
    """The paths of a mirror. `prefix` stands before every redirect, so that a client stays below a fault's own root."""

    def __init__(self, archives: Sequence[Archive], database: ChecksumDatabase | None = None) -> None:
        self.archives = tuple(sorted(archives, key=lambda archive: (version_key(archive.version), archive.arch), reverse=True))
        self.releases = release_index(self.archives)
        self._database = database or ChecksumDatabase()
        self._files = {archive.filename: archive for archive in self.archives}
        self._modules = {archive.spec.module_version: archive for archive in self.archives if archive.module_path}

    def find(self, path: str, query: str = "", prefix: str = "") -> Resource:
        roots: tuple[tuple[str, Callable[[str], Resource]], ...] = (
            ("/dl/mod/golang.org/toolchain/@v/", lambda rest: self._module_download(rest, prefix)),
            ("/dl/", lambda rest: self._download(rest, query, prefix)),
            ("/go/", self._file),
            ("/plain/", self.archive),
            (f"/proxy/{MODULE}/@v/", self._module),
            (f"/proxy/sumdb/{CHECKSUM_DATABASE}/", self._database.resource),
        )
        if path == "/dl":
            return redirect(f"{prefix}/dl/")
        for root, answer in roots:
            if path.startswith(root):
                return answer(path.removeprefix(root))
        return missing(path)

    def index(self, query: str, releases: Sequence[IndexRelease] | None = None) -> Resource:
        asked = parse_qs(query)
        chosen = self.releases if releases is None else releases
        if asked.get("mode") != ["json"]:
            return text("page", "<!DOCTYPE html><title>All releases - The Go Programming Language</title>\n", content_type=HTML)
        return index_resource(chosen if asked.get("include") == ["all"] else current(chosen))

    def archive(self, filename: str) -> Resource:
        archive = self._files.get(filename)
        if archive is None:
            return missing(filename)
        # dl.google.com's type for .tar.gz.
        return self._stored("archive", archive, archive.path, "application/x-gzip", archive.sha256[:32])

    def other_architecture(self, filename: str) -> Resource | None:
        """Some other port's archive, of the same version if there is one."""
        asked = self._files.get(filename)
        if asked is None:
            return None
        others = [archive for archive in self.archives if archive.arch != asked.arch]
        others.sort(key=lambda archive: archive.version != asked.version)
        return self.archive(others[0].filename) if others else None

    def _download(self, name: str, query: str, prefix: str) -> Resource:
        if not name:
            return self.index(query)
        # go.dev redirects everything that looks like a download, whether it exists or not.
        if _DOWNLOAD.fullmatch(name):
            return redirect(f"{prefix}/go/{name}")
        if not _PAGE.fullmatch(name):
            return missing(f"/dl/{name}")
        # So FILE.sha256 is a page with status 200 that sends a browser to the list: golang/go#41172.
        page = f'<!DOCTYPE html>\n<meta http-equiv="refresh" content="0; url=/dl/#{name}">\n'
        return Resource("page", page.encode(), HTML, headers=(("Location", f"/dl/#{name}"),))

    def _module_download(self, name: str, prefix: str) -> Resource:
        return self._module(name) if name == "list" else redirect(f"{prefix}/go/{name}")

    def _file(self, name: str) -> Resource:
        if name.startswith("v0.0.1-"):
            return self._module(name)
        archive = self._files.get(name.removesuffix(".sha256"))
        if archive is None or not name.endswith(".sha256"):
            return self.archive(name)
        # Bare: no name, no newline.
        return Resource("digest", archive.sha256.encode("ascii"), PLAIN, etag=f"d{archive.sha256[:31]}", modified=_time(archive))

    def _module(self, name: str) -> Resource:
        if name == "list":
            return text("module", "".join(f"{version}\n" for version in self._modules))
        version, _dot, suffix = name.rpartition(".")
        archive = self._modules.get(version)
        if archive is None or archive.module_path is None:
            return text("missing", f"not found: {MODULE}@{version}: unknown version\n", 404)
        if suffix == "zip":
            return self._stored("zip", archive, archive.module_path, "application/zip", f"z{archive.sha256[:31]}")
        if suffix == "info":
            return text("module", json.dumps({"Version": version, "Time": archive.time}), content_type="application/json")
        if suffix == "mod":
            return text("module", f"module {MODULE}\n")
        return missing(name)

    @staticmethod
    def _stored(kind: str, archive: Archive, path: Path, content_type: str, tag: str) -> Resource:
        return Resource(kind, path, content_type, etag=tag, modified=_time(archive))


def _time(archive: Archive) -> datetime:
    return datetime.strptime(archive.time, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
