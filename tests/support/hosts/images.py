# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images of the scenarios' platforms, each from the first source that works.

    images.py list                     one line a platform: present, or how it could be had
    images.py ensure NAME… | --all     makes what is missing or stale; exits 1 when a platform cannot be had

Sources, in this order: the local image, if its recipe label is current · a root file system in
$GOFLEET_ROOTFS_DIR (default: ../shared/images beside the checkout) · mmdebstrap, for Debian · the official
image by `docker pull`. What differs between them ends in the same last layer: systemd.Dockerfile or
openrc.Dockerfile. A platform of another architecture runs under emulation (emulation.py).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform as machine
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path

from support.hosts import emulation, engine
from support.hosts.platforms import DEBIAN_PACKAGES, PLATFORMS, Platform

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[2]

REPOSITORY = "gofleet-test"
PLATFORM_LABEL = "org.gofleet.platform"
RECIPE_LABEL = "org.gofleet.recipe"
SOURCE_LABEL = "org.gofleet.source"
# The layer of hosts whose processor is emulated.
EMULATED = "emulated"
PULL_TIMEOUT = 900
# Documentation and translations are half of a minimal Debian and of no use to a test.
DPKG_EXCLUDES = ("/usr/share/man/*", "/usr/share/doc/*", "/usr/share/info/*", "/usr/share/locale/*")
# The settings of this machine's apt without which its package source may not answer.
APT_SETTINGS = ("Acquire::http::Proxy", "Acquire::https::Proxy", "Acquire::Check-Valid-Until", "Acquire::Check-Date")


class ImageUnavailable(Exception):
    """No source could provide the platform; the message says why for each that was tried."""


class SourceFailed(Exception):
    """This source cannot provide it; the next may."""


class DoesNotApply(Exception):
    """The platform has no such source."""


def image_reference(platform: Platform) -> str:
    return f"{REPOSITORY}/{platform.name}:latest"


def rootfs_directory() -> Path:
    configured = os.environ.get("GOFLEET_ROOTFS_DIR")
    return Path(configured) if configured else CHECKOUT.parent / "shared" / "images"


def dockerfiles(platform: Platform) -> list[Path]:
    names = [platform.packages, EMULATED if platform.architecture else None, platform.init]
    return [HERE / f"{name}.Dockerfile" for name in names if name is not None]


def recipe(platform: Platform) -> str:
    """What decides the content of an image, as a digest: a changed recipe makes the local image stale."""
    facts = asdict(platform)
    # Named by debian_recipe, also where it is this machine's own.
    del facts["architecture"]
    digest = hashlib.sha256(json.dumps([facts, debian_recipe(platform)], sort_keys=True).encode())
    for path in dockerfiles(platform):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def debian_recipe(platform: Platform) -> list[object]:
    return [platform.debian_suite, DEBIAN_PACKAGES, DPKG_EXCLUDES, platform.architecture or machine.machine()]


def run(command: list[str], *, timeout: float | None = None) -> str:
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=timeout)
    except subprocess.TimeoutExpired as error:
        raise SourceFailed(f"`{' '.join(command[:3])} …` took longer than {timeout:.0f} s") from error
    if result.returncode != 0:
        said = (result.stderr or result.stdout).strip().splitlines() or ["it said nothing"]
        raise SourceFailed(f"`{' '.join(command[:3])} …` exited with {result.returncode}: {said[-1]}")
    return result.stdout.strip()


def labels_of(reference: str) -> dict[str, str] | None:
    result = subprocess.run(
        ["docker", "image", "inspect", "--format", "{{json .Config.Labels}}", reference],
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        return None
    return dict(json.loads(result.stdout) or {})


def build(platform: Platform, layer: str, base: str, tag: str, extra: Iterable[str] = ()) -> None:
    """One small layer on `base`. No context is sent: nothing of the checkout enters an image."""
    dockerfile = HERE / f"{layer}.Dockerfile"
    command = ["docker", "build", "--quiet", "--build-arg", f"BASE={base}", "--tag", tag, *extra, "-"]
    with dockerfile.open("rb") as text:
        result = subprocess.run(command, stdin=text, capture_output=True, check=False)
    if result.returncode != 0:
        said = (result.stderr + result.stdout).decode(errors="replace").strip().splitlines()
        raise SourceFailed(f"docker build of {dockerfile.name} for {platform.name} failed: {' | '.join(said[-3:])}")


def from_rootfs(platform: Platform, tag: str) -> None:
    if platform.rootfs is None:
        raise DoesNotApply
    path = rootfs_directory() / platform.rootfs.file
    if not path.is_file():
        raise SourceFailed(f"{path} does not exist ($GOFLEET_ROOTFS_DIR names the folder)")
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != platform.rootfs.sha256:
        raise SourceFailed(f"{path} has sha256 {found}, expected {platform.rootfs.sha256}: fetch it again")
    with subprocess.Popen(["xz", "-dc", str(path)], stdout=subprocess.PIPE) as unpacker:
        imported = subprocess.run(
            ["docker", "import", "-", tag], stdin=unpacker.stdout, capture_output=True, text=True, check=False
        )
    if imported.returncode != 0 or unpacker.returncode != 0:
        raise SourceFailed(f"importing {path} failed: {imported.stderr.strip() or 'xz could not unpack it'}")


def apt_options() -> list[str]:
    options = []
    for key in APT_SETTINGS:
        value = run(["apt-config", "shell", "VALUE", key]).removeprefix("VALUE='").removesuffix("'")
        if value:
            options.append(f"--aptopt={key} \"{value}\";")
    return options


def debian_mirror(suite: str) -> list[str]:
    """The package source of this machine, when it is a Debian one; mmdebstrap's default otherwise."""
    sources = run(["apt-get", "indextargets", "--format", "$(LABEL) $(REPO_URI)", "Created-By: Packages"])
    mirrors = [line.split()[1] for line in sources.splitlines() if line.startswith("Debian ")]
    return [f"deb {mirrors[0]} {suite} main"] if mirrors else []


def require_mmdebstrap() -> None:
    if shutil.which("mmdebstrap") is not None:
        return
    if os.geteuid() != 0 or not engine.apt_family():
        raise SourceFailed("mmdebstrap is not installed (as root on Debian or Ubuntu: apt-get install mmdebstrap)")
    run(["apt-get", "update"])
    run(["apt-get", "install", "--yes", "--no-install-recommends", "mmdebstrap", "debian-archive-keyring"])


def from_mmdebstrap(platform: Platform, tag: str) -> None:
    suite = platform.debian_suite
    if suite is None:
        raise DoesNotApply
    key = hashlib.sha256(json.dumps(debian_recipe(platform)).encode()).hexdigest()[:16]
    archive = engine.cache_directory() / "images" / f"debian-{suite}-{key}.tar"
    if not archive.exists():
        require_mmdebstrap()
        archive.parent.mkdir(parents=True, exist_ok=True)
        unfinished = archive.with_name(f"{archive.stem}.{os.getpid()}.tar")
        excludes = [f"--dpkgopt=path-exclude={pattern}" for pattern in DPKG_EXCLUDES]
        options = ["--variant=minbase", f"--include={','.join(DEBIAN_PACKAGES)}", *excludes, *apt_options()]
        options += [f"--architectures={platform.architecture}"] if platform.architecture else []
        try:
            run(["mmdebstrap", *options, suite, str(unfinished), *debian_mirror(suite)])
            unfinished.replace(archive)
        finally:
            unfinished.unlink(missing_ok=True)
    run(["docker", "import", str(archive), tag])


def from_pull(platform: Platform, tag: str) -> None:
    chosen = ["--platform", f"linux/{platform.architecture}"] if platform.architecture else []
    run(["docker", "pull", *chosen, platform.pull], timeout=PULL_TIMEOUT)
    if platform.packages is None:
        run(["docker", "tag", platform.pull, tag])
    else:
        build(platform, platform.packages, platform.pull, tag, ["--build-arg", f"PACKAGES={' '.join(DEBIAN_PACKAGES)}"])


SOURCES: dict[str, Callable[[Platform, str], None]] = {
    "rootfs": from_rootfs,
    "mmdebstrap": from_mmdebstrap,
    "pull": from_pull,
}


def label_options(platform: Platform, source: str) -> list[str]:
    labels = {PLATFORM_LABEL: platform.name, RECIPE_LABEL: recipe(platform), SOURCE_LABEL: source}
    return [option for label, value in labels.items() for option in ("--label", f"{label}={value}")]


def make(platform: Platform) -> str:
    """Tries each source in turn; returns the name of the one that worked."""
    base = f"{REPOSITORY}/{platform.name}:base"
    refusals = []
    for source, provide in SOURCES.items():
        try:
            provide(platform, base)
            offline = ["--network", "none"]
            if platform.architecture:
                build(platform, EMULATED, base, base, offline)
            build(platform, platform.init, base, image_reference(platform), [*offline, *label_options(platform, source)])
        except DoesNotApply:
            continue
        except SourceFailed as error:
            refusals.append(f"{source}: {error}")
        else:
            # A root file system that is damaged should be seen, though another source stepped in.
            for refusal in refusals:
                print(f"images: {platform.name}: not from {refusal}", file=sys.stderr)
            return source
    raise ImageUnavailable(f"no image for {platform.name}: " + "; ".join(refusals))


def obstacle(platform: Platform) -> str | None:
    """Why no image of this platform could run here, if so; an emulator that is missing is brought."""
    if platform.needs_cgroup_v1 and Path("/sys/fs/cgroup/cgroup.controllers").exists():
        return "this kernel has only the unified cgroup hierarchy, and systemd 219 boots on v1 only"
    if platform.architecture:
        try:
            emulation.ensure(platform.architecture)
        except emulation.EmulationUnavailable as error:
            return str(error)
    return None


def current(platform: Platform) -> bool:
    found = labels_of(image_reference(platform))
    return found is not None and found.get(RECIPE_LABEL) == recipe(platform)


def ensure(platform: Platform) -> str:
    """Returns the image's reference. Raises ImageUnavailable."""
    reason = obstacle(platform)
    if reason:
        raise ImageUnavailable(f"{platform.name} cannot run here: {reason}")
    locks = engine.cache_directory() / "images"
    locks.mkdir(parents=True, exist_ok=True)
    # Lanes run side by side and want the same images: the second waits and finds the first one's.
    with engine.locked(locks / f"{platform.name}.lock"):
        if not current(platform):
            before = image_ids(platform)
            source = make(platform)
            print(f"images: {platform.name} made from {source}", file=sys.stderr)
            for stale in before - image_ids(platform):
                # Refused while a container of another run still uses it; the next rebuild leaves no more than that.
                subprocess.run(["docker", "image", "rm", stale], capture_output=True, check=False)
    return image_reference(platform)


def image_ids(platform: Platform) -> set[str]:
    return set(run(["docker", "image", "ls", "--quiet", f"{REPOSITORY}/{platform.name}"]).split())


def describe(platform: Platform) -> str:
    found = labels_of(image_reference(platform))
    if found is not None:
        state = "present" if found.get(RECIPE_LABEL) == recipe(platform) else "stale"
        return f"{state}, from {found.get(SOURCE_LABEL)}"
    if platform.rootfs and (rootfs_directory() / platform.rootfs.file).is_file():
        return f"absent; can be made from {platform.rootfs.file}"
    if platform.debian_suite:
        return f"absent; can be made by mmdebstrap ({platform.debian_suite}{', emulated' if platform.architecture else ''})"
    if platform.pull_only:
        return f"absent; pull only ({platform.pull}): needs a registry that answers, so no closed network has it"
    return f"absent; no root file system in {rootfs_directory()}: only by pulling {platform.pull}"


def ensure_all(names: list[str]) -> int:
    failed = False
    for name in names:
        try:
            print(f"images: {name}: {ensure(PLATFORMS[name])}")
        except ImageUnavailable as error:
            failed = failed or not PLATFORMS[name].pull_only
            print(f"images: {error}", file=sys.stderr)
    return int(failed)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Images of the scenarios' platforms.")
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("list")
    ensuring = actions.add_parser("ensure")
    ensuring.add_argument("names", nargs="*", metavar="NAME", choices=[[], *PLATFORMS])
    ensuring.add_argument("--all", action="store_true")
    options = parser.parse_args(arguments)
    try:
        engine.ensure()
    except engine.EngineError as error:
        print(f"images: {error}", file=sys.stderr)
        return 1
    if options.action == "list":
        for platform in PLATFORMS.values():
            print(f"{platform.name:<14} {describe(platform)}")
        return 0
    return ensure_all(list(PLATFORMS) if options.all else options.names)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
