# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs of other architectures on this machine: QEMU's user mode, which the kernel starts for them (binfmt_misc).

    emulation.py ensure ARCHITECTURE    exits 0 once programs of a Debian architecture (arm64) run here, in containers too
    emulation.py stop                   takes back the registrations and the mount that `ensure` made
    emulation.py status                 says what is registered, and what of it was registered here

A registration holds for the whole kernel, every container included, until the next boot. One that was there before is used
as it is and never touched. Installed packages stay, as the engine's do.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path

from support.hosts import engine

HERE = Path(__file__).resolve().parent

REGISTRY = Path("/proc/sys/fs/binfmt_misc")
# Where packages describe what systemd registers at boot (binfmt.d(5)); there may be no systemd here.
DESCRIPTIONS = (Path("/usr/lib/binfmt.d"), Path("/usr/share/qemu/binfmt.d"))
# mmdebstrap asks arch-test whether a foreign program runs.
PACKAGES = ("qemu-user-static", "arch-test")
# Debian's names of architectures -> those of the kernel and of QEMU.
MACHINES = {"arm64": "aarch64", "armhf": "arm", "ppc64el": "ppc64le", "riscv64": "riscv64", "s390x": "s390x"}
# The kernel opens the emulator at its registration, so that it serves containers, whose files it is not among
# (Documentation/admin-guide/binfmt-misc.rst).
FIX_BINARY = "F"


class EmulationUnavailable(Exception):
    """Programs of the architecture cannot run here; the message says why and what to do."""


@dataclass
class Record:
    """What `ensure` did to the kernel that now runs."""

    boot: str
    names: list[str] = field(default_factory=list)
    mounted: bool = False

    @classmethod
    def load(cls) -> Record:
        """Of an earlier boot nothing is left."""
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        try:
            kept = cls(**json.loads(_record_path().read_text(encoding="utf-8")))
        except FileNotFoundError:
            return cls(boot)
        except (ValueError, TypeError) as error:
            raise EmulationUnavailable(f"{_record_path()} is not a record of registrations ({error}): remove it") from error
        return kept if kept.boot == boot else cls(boot)

    def save(self) -> None:
        temporary = _record_path().with_suffix(f".{os.getpid()}")
        temporary.write_text(json.dumps(asdict(self)), encoding="utf-8")
        temporary.replace(_record_path())


def _folder() -> Path:
    folder = engine.cache_directory() / "emulation"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _record_path() -> Path:
    return _folder() / "registered.json"


def entry(architecture: str) -> Path:
    """By the name that Debian's packages and images of emulators give it."""
    return REGISTRY / f"qemu-{MACHINES[architecture]}"


def is_native(architecture: str) -> bool:
    return MACHINES.get(architecture, architecture) == platform.machine()


def is_registered(architecture: str) -> bool:
    """Raises EmulationUnavailable for a registration that containers cannot use."""
    try:
        said = entry(architecture).read_text(encoding="ascii").splitlines()
    except FileNotFoundError:
        return False
    flags = next((line.partition(":")[2] for line in said if line.startswith("flags:")), "")
    if said[0] != "enabled" or FIX_BINARY not in flags:
        raise EmulationUnavailable(
            f"{entry(architecture)} is {said[0]} with flags '{flags.strip()}', and containers need it enabled with {FIX_BINARY}: "
            f"remove it (echo -1 > {entry(architecture)}) or have it registered anew by {PACKAGES[0]}"
        )
    return True


def _run(command: list[str], purpose: str) -> None:
    done = subprocess.run(command, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()] or ["it said nothing"]
        raise EmulationUnavailable(f"{purpose}: `{' '.join(command)}` exits with {done.returncode}: {' | '.join(said[-2:])}")


def _described(architecture: str) -> str | None:
    for folder in DESCRIPTIONS:
        path = folder / f"{entry(architecture).name}.conf"
        if path.is_file():
            lines = path.read_text(encoding="ascii").splitlines()
            return next((line for line in lines if line.startswith(":")), None)
    return None


def _install(architecture: str) -> None:
    if os.geteuid() != 0 or not engine.apt_family():
        raise EmulationUnavailable(
            f"no emulator for {architecture} is registered with this kernel, and only root on Debian or Ubuntu installs one by itself: "
            f"install {PACKAGES[0]} (elsewhere: a static qemu-{MACHINES[architecture]} registered with flag {FIX_BINARY})"
        )
    print(f"emulation: installing {', '.join(PACKAGES)}", file=sys.stderr)
    _run(["apt-get", "update"], "package lists")
    _run(["apt-get", "install", "--yes", "--no-install-recommends", *PACKAGES], "the emulator")


def _mount(record: Record) -> None:
    if (REGISTRY / "register").exists():
        return
    _run(["mount", "-t", "binfmt_misc", "binfmt_misc", str(REGISTRY)], "the kernel's register of formats cannot be mounted")
    record.mounted = True
    record.save()


def _register(architecture: str, line: str, record: Record) -> None:
    # Noted first: a run that is killed in between leaves an extra note, not a registration that is never removed.
    record.names.append(entry(architecture).name)
    record.save()
    try:
        # The kernel itself reads the escapes in it.
        (REGISTRY / "register").write_text(line, encoding="ascii")
    except OSError as error:
        raise EmulationUnavailable(f"the kernel does not register {architecture}: {error.strerror} ({line.split(':')[-2]})") from error


def ensure(architecture: str) -> None:
    """Raises EmulationUnavailable."""
    if is_native(architecture):
        return
    if architecture not in MACHINES:
        raise EmulationUnavailable(f"'{architecture}' is unknown: it must be one of {', '.join(MACHINES)}")
    # A registration is the kernel's: lanes that start together want the same one.
    with engine.locked(_folder() / "lock"):
        if is_registered(architecture):
            return
        if _described(architecture) is None or shutil.which("arch-test") is None:
            _install(architecture)
        line = _described(architecture)
        if line is None:
            raise EmulationUnavailable(f"{PACKAGES[0]} describes no {entry(architecture).name} in {DESCRIPTIONS[0]}: register an emulator by hand")
        record = Record.load()
        _mount(record)
        # Where systemd runs, the package has registered it by now.
        if not is_registered(architecture):
            _register(architecture, line, record)
            is_registered(architecture)


def stop() -> str:
    """Takes back what `ensure` did since boot, and says what that was."""
    with engine.locked(_folder() / "lock"):
        record = Record.load()
        taken = [name for name in record.names if (REGISTRY / name).exists()]
        for name in taken:
            (REGISTRY / name).write_text("-1", encoding="ascii")
        if record.mounted and (REGISTRY / "register").exists():
            _run(["umount", str(REGISTRY)], "the kernel's register of formats cannot be unmounted")
        _record_path().unlink(missing_ok=True)
        return f"emulation: {', '.join(taken) + ' taken back' if taken else 'nothing to take back, nothing was registered here'}"


def status() -> str:
    registered = [name for name in MACHINES if entry(name).exists()]
    return f"emulation: {', '.join(registered) or 'nothing'} registered; by this script: {', '.join(Record.load().names) or 'nothing'}"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Programs of other architectures on this machine.")
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("ensure").add_argument("architecture", choices=MACHINES)
    actions.add_parser("stop")
    actions.add_parser("status")
    options = parser.parse_args(arguments)
    try:
        if options.action == "ensure":
            ensure(options.architecture)
            print(f"emulation: programs for {options.architecture} run here")
        else:
            print(stop() if options.action == "stop" else status())
    except EmulationUnavailable as error:
        print(f"emulation: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
