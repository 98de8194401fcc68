# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes that the consumers start on a host, and what they see: the bytes of environ(7)."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Layout

Environment = dict[str, bytes]
Reader = Callable[["Layout"], Environment]
SHOW = "exec cat /proc/self/environ"
# Where units of the test lie: gone with the host's next boot, and no change of its files.
UNITS = "/run/systemd"
UNIT = "[Service]\nType=oneshot\n{environment}ExecStart=/bin/cp /proc/self/environ /tmp/{name}.out\n"
# Without libpam-systemd, XDG_RUNTIME_DIR of a user's manager is not set.
RUNTIME = "[Unit]\nStartLimitIntervalSec=0\n[Service]\nEnvironment=XDG_RUNTIME_DIR=/run/user/%i\n"
OPENRC_SERVICE = """#!/sbin/openrc-run
command=/bin/sleep
command_args=1000
command_background=true
pidfile=/run/gofleet-reader.pid
"""


def as_root(layout: Layout, script: str, content: str = "") -> bytes:
    """The output of a script that root runs on the host, for any user of the scenario."""
    command = ["docker", "exec", "-i", "-u", "root", layout.name, "sh", "-c", script]
    done = subprocess.run(command, input=content.encode(), capture_output=True, check=False)
    assert done.returncode == 0, f"{script}: {done.stderr.decode(errors='replace')}"
    return done.stdout


def parsed(block: bytes) -> Environment:
    pairs = (entry.partition(b"=") for entry in block.split(b"\0") if b"=" in entry)
    return {name.decode(): value for name, dummy, value in pairs}


def as_user(layout: Layout, words: list[str]) -> bytes:
    """The output of a command of the scenario's user, in an environment with only a home and a usual PATH."""
    bare = ["env", "-i", f"HOME={layout.home}", "PATH=/usr/local/bin:/usr/bin:/bin"]
    done = subprocess.run(["docker", "exec", "-u", layout.user, layout.name, *bare, *words], capture_output=True, check=False)
    assert done.returncode == 0, f"{words}: {done.stderr.decode(errors='replace')}"
    assert not done.stderr, f"{words}: {done.stderr.decode(errors='replace')}"
    return done.stdout


def shells(layout: Layout) -> list[str]:
    """Those that are there, of all that the file is written for."""
    known = ["sh", "dash", "bash", "ash", "mksh", "ksh", "zsh"]
    script = "for shell in " + " ".join(known) + "; do command -v $shell; done; :"
    return [Path(path).name for path in as_root(layout, script).decode().split()]


def read_by_shell(layout: Layout, shell: str, script: str = SHOW) -> Environment:
    """A login shell; a user's own file is sourced as the module's warning says."""
    sourced = f". {layout.path('login_shell')}; " if layout.rootless else ""
    return parsed(as_user(layout, [shell, "-l", "-c", sourced + script]))


def read_by_login_shell(layout: Layout) -> Environment:
    return read_by_shell(layout, "sh")


def read_by_service(layout: Layout) -> Environment:
    unit = UNIT.format(name="gofleet-service", environment=f"EnvironmentFile={layout.path('service')}\n")
    as_root(layout, f"cat > {UNITS}/system/gofleet-service.service", unit)
    return parsed(as_root(layout, "systemctl daemon-reload && systemctl start gofleet-service && cat /tmp/gofleet-service.out && rm /tmp/gofleet-service.out"))


def read_by_user_manager(layout: Layout) -> Environment:
    """A service of the ordinary user's own manager, on every host."""
    drop_in = f"{UNITS}/system/user@.service.d"
    as_root(layout, f"mkdir -p {drop_in} {UNITS}/user && cat > {drop_in}/runtime.conf", RUNTIME)
    as_root(layout, f"cat > {UNITS}/user/gofleet-user.service", UNIT.format(name="gofleet-user", environment=""))
    as_root(layout, "systemctl daemon-reload && systemctl restart user@1000.service")
    control = "XDG_RUNTIME_DIR=/run/user/1000 systemctl --user"
    # Read once more by a manager that has read it already.
    start = f"su gopher -s /bin/sh -c '{control} daemon-reload && {control} start gofleet-user'"
    block = as_root(layout, f"{start} && cat /tmp/gofleet-user.out && rm /tmp/gofleet-user.out")
    as_root(layout, "systemctl stop user@1000.service")
    return parsed(block)


def read_by_openrc(layout: Layout) -> Environment:
    as_root(layout, "cat > /etc/init.d/gofleet && chmod 755 /etc/init.d/gofleet", OPENRC_SERVICE)
    as_root(layout, "rc-service gofleet start")
    block = as_root(layout, "cat /proc/$(cat /run/gofleet-reader.pid)/environ")
    as_root(layout, "rc-service gofleet stop && rm /etc/init.d/gofleet")
    return parsed(block)


def read_by_container(layout: Layout) -> Environment:
    """A container beside the host, of its image: hosts have no engine of their own."""
    image = subprocess.run(["docker", "inspect", "--format", "{{.Image}}", layout.name], capture_output=True, text=True, check=True)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "environment"
        path.write_bytes(as_root(layout, f"cat {layout.path('container')}"))
        command = ["docker", "run", "--rm", "--network", "none", "--env-file", str(path), image.stdout.strip(), "/bin/cat", "/proc/self/environ"]
        done = subprocess.run(command, capture_output=True, check=True)
    return parsed(done.stdout)


READERS: dict[str, Reader] = {
    "login_shell": read_by_login_shell,
    "service": read_by_service,
    "user_manager": read_by_user_manager,
    "openrc": read_by_openrc,
    "container": read_by_container,
}


def reader_of(consumer: str) -> Reader:
    return READERS[consumer]
