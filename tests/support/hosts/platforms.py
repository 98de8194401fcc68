# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The platforms that scenarios run on: where an image comes from, how it boots, which lanes manage it.

Data only: `images.py` makes the images, `boot.py` waits for the boot, `tests/commands/molecule.py` chooses the hosts
of a lane.
"""

from __future__ import annotations

from dataclasses import dataclass

LANES = ("el7", "main", "newest")
# Each lane has one host more: an ordinary user, without become.
ROOTLESS = "rootless"

# What Ansible and the verification need of a Debian host, and its init.
DEBIAN_PACKAGES = ("systemd", "systemd-sysv", "dbus", "python3", "ca-certificates", "procps", "iproute2")


@dataclass(frozen=True)
class RootFileSystem:
    """An xz-compressed tar in $GOFLEET_ROOTFS_DIR."""

    file: str
    sha256: str


@dataclass(frozen=True)
class Platform:
    name: str
    init: str  # "systemd" or "openrc"
    pull: str  # the official image
    lanes: tuple[str, ...]
    python: str = "/usr/bin/python3"
    # Which Dockerfile adds Python and the init to the official image; None: it has both.
    packages: str | None = None
    rootfs: RootFileSystem | None = None
    debian_suite: str | None = None
    # systemd before 226 knows only the v1 hierarchies.
    needs_cgroup_v1: bool = False
    # Debian's name of the architecture, where it is not to be this machine's: such hosts run under emulation.
    architecture: str | None = None

    @property
    def pull_only(self) -> bool:
        """A closed network cannot have it, so its absence is reported but fails nothing."""
        return self.rootfs is None and self.debian_suite is None


_PLATFORMS = (
    # The last controller for Python 2.7 targets is ansible-core 2.16.
    Platform(
        "centos7",
        init="systemd",
        pull="centos:7",
        lanes=("el7",),
        python="/usr/bin/python",
        needs_cgroup_v1=True,
        rootfs=RootFileSystem(
            "centos-7.7.1908-x86_64.tar.xz", "f3f345e5d8ee197ea7171ff7c895306d7a0750677336e6bd7274d24071747458"
        ),
    ),
    Platform(
        "debian11", "systemd", "debian:bullseye", ("el7", "main"), packages="apt", debian_suite="bullseye"
    ),
    Platform(
        "debian12", "systemd", "debian:bookworm", ("el7", "main"), packages="apt", debian_suite="bookworm"
    ),
    Platform("debian13", "systemd", "debian:trixie", LANES, packages="apt", debian_suite="trixie"),
    Platform(
        "alpine",
        init="openrc",
        pull="alpine:3.13",
        lanes=("el7", "main"),
        packages="apk",
        rootfs=RootFileSystem(
            "alpine-3.13.12-openrc-python3.11-x86_64.tar.xz",
            "f0f8dc00171ad2ad5b9f498c56642b60701d7519c766f303e2d81a5aee2b098d",
        ),
    ),
    # Another architecture, where an emulated processor takes its time: one lane is enough.
    Platform(
        "debian12-arm64",
        "systemd",
        "debian:bookworm",
        ("el7",),
        packages="apt",
        debian_suite="bookworm",
        architecture="arm64",
    ),
    # Python 3.6 targets end with ansible-core 2.16 as well.
    Platform("rocky8", "systemd", "rockylinux/rockylinux:8", ("el7",), packages="dnf"),
    Platform("rocky9", "systemd", "rockylinux/rockylinux:9", ("main",), packages="dnf"),
    Platform("oracle9", "systemd", "oraclelinux:9", ("main",), packages="dnf"),
    Platform("ubuntu2204", "systemd", "ubuntu:22.04", ("main",), packages="apt"),
    Platform("ubuntu2404", "systemd", "ubuntu:24.04", ("main",), packages="apt"),
)

PLATFORMS: dict[str, Platform] = {platform.name: platform for platform in _PLATFORMS}


def of_lane(lane: str) -> list[Platform]:
    return [platform for platform in PLATFORMS.values() if lane in platform.lanes]
