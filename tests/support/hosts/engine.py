# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Docker Engine for the tests: use the one that answers, otherwise install and start one.

    engine.py ensure    exits 0 once an engine answers and the docker client is installed
    engine.py stop      ends the engine, if and only if ``ensure`` started it
    engine.py status    says which engine answers and whether this script started it

Standard library only, Python 3.9 and later: it is one of the first things a bare machine runs.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import http.client
import json
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

DEFAULT_SOCKET = Path("/var/run/docker.sock")
START_TIMEOUT = 90.0
STOP_TIMEOUT = 60.0
LOG_TAIL_LINES = 15


class EngineError(Exception):
    """No usable engine; the message says what, where, why and what to do."""


@dataclass(frozen=True)
class RecordedProcess:
    """A process as recorded at its start. The start time tells it from a later owner of the same pid."""

    pid: int
    start_ticks: int

    @classmethod
    def observe(cls, pid: int) -> RecordedProcess | None:
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
        except (FileNotFoundError, ProcessLookupError):
            return None
        # The command name may hold spaces and parentheses: fields are counted from the last one.
        fields = stat.rpartition(")")[2].split()
        return None if fields[0] == "Z" else cls(pid, int(fields[19]))

    @classmethod
    def load(cls, path: Path) -> RecordedProcess | None:
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            return cls(int(record["pid"]), int(record["start_ticks"]))
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError) as error:
            raise EngineError(f"{path} is not a process record ({error}): remove it") from error

    def save(self, path: Path) -> None:
        temporary = path.with_name(f"{path.name}.{os.getpid()}")
        temporary.write_text(json.dumps(asdict(self)), encoding="utf-8")
        temporary.replace(path)

    def alive(self) -> bool:
        return RecordedProcess.observe(self.pid) == self

    def end(self, timeout: float) -> bool:
        """SIGTERM, then wait for the exit itself. True when the process is gone within `timeout` seconds."""
        try:
            handle = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return True
        with os.fdopen(handle, closefd=True), selectors.DefaultSelector() as selector:
            # Compared after the handle was taken: from here on the pid cannot change hands unnoticed.
            if not self.alive():
                return True
            signal.pidfd_send_signal(handle, signal.SIGTERM)
            selector.register(handle, selectors.EVENT_READ)
            return bool(selector.select(timeout))


def cache_directory() -> Path:
    configured = os.environ.get("GOFLEET_CACHE")
    return Path(configured) if configured else Path.home() / ".cache" / "gofleet"


def state_directory() -> Path:
    directory = cache_directory() / "engine"
    directory.mkdir(parents=True, exist_ok=True)
    return directory


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    with path.open("w", encoding="utf-8") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


class _SocketConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=10)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def socket_answers(path: Path) -> bool:
    """Ask the engine itself. Raises EngineError when one is there but this user may not talk to it."""
    connection = _SocketConnection(path)
    try:
        connection.request("GET", "/_ping")
        return connection.getresponse().status == http.HTTPStatus.OK
    except PermissionError as error:
        raise EngineError(
            f"user {os.getuid()} may not use the Docker Engine at {path} (permission denied).\n"
            "Add the user to the group that owns the socket (`usermod -aG docker USER`, then log in again), "
            "or run as root."
        ) from error
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def client_answers() -> tuple[bool, str]:
    """Whether the docker client reaches an engine as it is configured (DOCKER_HOST, contexts), and what it said."""
    result = subprocess.run(
        ["docker", "version", "--format", "{{.Server.Version}} (API {{.Server.APIVersion}})"],
        capture_output=True,
        text=True,
        check=False,
    )
    return result.returncode == 0, result.stdout.strip() or result.stderr.strip()


def apt_family() -> bool:
    try:
        lines = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return False
    fields = dict(line.split("=", 1) for line in lines if "=" in line)
    families = {*fields.get("ID", "").strip('"').split(), *fields.get("ID_LIKE", "").strip('"').split()}
    return bool(families & {"debian", "ubuntu"}) and shutil.which("apt-get") is not None


def require_installable(missing: str) -> None:
    advice = "Install Docker Engine with this distribution's own means and start it"
    if not apt_family():
        raise EngineError(
            f"{missing} not found, and only Debian and Ubuntu are installed on automatically.\n"
            f"{advice} (Fedora: dnf install moby-engine; Rocky, Oracle, RHEL: docker-ce from Docker's repository; "
            "Alpine: apk add docker), then run this again."
        )
    if os.geteuid() != 0:
        raise EngineError(
            f"{missing} not found, and installing packages needs root.\n"
            "As root: apt-get install docker.io, and `usermod -aG docker USER` for the user that runs the tests."
        )


def install(missing: str) -> None:
    require_installable(missing)
    print(f"engine: {missing} not found: installing docker.io", file=sys.stderr)
    packages = ["docker.io", "iptables"]
    # Debian 13 split the client off; Debian 12 has no such package.
    known = subprocess.run(["apt-cache", "show", "docker-cli"], capture_output=True, check=False)
    if known.returncode == 0:
        packages.append("docker-cli")
    log = state_directory() / "apt.log"
    install_command = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update"], install_command):
        with log.open("a", encoding="utf-8") as handle:
            code = subprocess.run(command, env=environment, stdout=handle, stderr=handle, check=False).returncode
        if code != 0:
            said = f"`{' '.join(command)}` exited with {code}:\n{tail(log)}"
            raise EngineError(f"{said}\nRepair apt, then run this again.")


def tail(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(f"    {line}" for line in lines[-LOG_TAIL_LINES:])


def start_service() -> None:
    result = subprocess.run(["systemctl", "start", "docker.service"], capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise EngineError(
            f"systemd could not start docker.service: {result.stderr.strip()}\nSee `journalctl -u docker.service`."
        )


def wait_ready(notifications: socket.socket, process: subprocess.Popen[bytes], log: Path) -> None:
    """dockerd sends READY=1 by the sd_notify protocol once it serves its socket, with or without systemd."""
    deadline = time.monotonic() + START_TIMEOUT
    exit_handle = os.pidfd_open(process.pid)
    with os.fdopen(exit_handle, closefd=True), selectors.DefaultSelector() as selector:
        selector.register(notifications, selectors.EVENT_READ)
        selector.register(exit_handle, selectors.EVENT_READ)
        while True:
            events = selector.select(max(0.0, deadline - time.monotonic()))
            if any(key.fileobj == exit_handle for key, dummy in events):
                raise EngineError(f"dockerd exited with {process.wait()} while starting. End of {log}:\n{tail(log)}")
            if not events:
                process.terminate()
                raise EngineError(f"dockerd was not ready after {START_TIMEOUT:.0f} s. End of {log}:\n{tail(log)}")
            if b"READY=1" in notifications.recv(4096).split(b"\n"):
                return


def start_daemon() -> None:
    directory = state_directory()
    log = directory / "dockerd.log"
    address = directory / "notify"
    address.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notifications, log.open("wb") as log_handle:
        notifications.bind(str(address))
        process = subprocess.Popen(
            ["dockerd", "--pidfile", str(directory / "dockerd.pid")],
            env={**os.environ, "NOTIFY_SOCKET": str(address)},
            stdin=subprocess.DEVNULL,
            stdout=log_handle,
            stderr=log_handle,
            cwd="/",
            start_new_session=True,
        )
        record = RecordedProcess.observe(process.pid)
        if record is not None:
            record.save(directory / "started.json")
        try:
            wait_ready(notifications, process, log)
        except EngineError:
            (directory / "started.json").unlink(missing_ok=True)
            raise
        finally:
            address.unlink(missing_ok=True)


def start() -> None:
    if shutil.which("dockerd") is None:
        install("dockerd (Docker Engine)")
        # Where an init runs, the package starts its service.
        if socket_answers(DEFAULT_SOCKET):
            return
    if os.geteuid() != 0:
        raise EngineError(
            f"no Docker Engine answers at {DEFAULT_SOCKET}, and starting one needs root.\n"
            "As root: `systemctl start docker`, or `python3 tests hosts.engine ensure`."
        )
    if Path("/run/systemd/system").is_dir():
        start_service()
    else:
        start_daemon()


def ensure() -> str:
    """Returns the version of the engine that answers."""
    # Debian keeps dockerd where an ordinary user's PATH does not lead.
    os.environ["PATH"] = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
    with locked(state_directory() / "lock"):
        if shutil.which("docker") is None:
            install("docker (Docker's client)")
        answered, said = client_answers()
        if answered:
            return said
        if os.environ.get("DOCKER_HOST"):
            raise EngineError(
                f"no Docker Engine answers at DOCKER_HOST={os.environ['DOCKER_HOST']}: {said}\n"
                "Start that engine, or unset DOCKER_HOST to use one on this machine."
            )
        if not socket_answers(DEFAULT_SOCKET):
            start()
        answered, said = client_answers()
        if not answered:
            raise EngineError(f"an engine runs at {DEFAULT_SOCKET}, but the docker client cannot use it: {said}")
        return said


def stop() -> str:
    directory = state_directory()
    record_path = directory / "started.json"
    with locked(directory / "lock"):
        record = RecordedProcess.load(record_path)
        if record is None:
            return "engine: nothing to stop, none was started by this script"
        was_alive = record.alive()
        if not record.end(STOP_TIMEOUT):
            raise EngineError(
                f"dockerd (pid {record.pid}) is still there {STOP_TIMEOUT:.0f} s after SIGTERM. "
                f"End of its log:\n{tail(directory / 'dockerd.log')}"
            )
        record_path.unlink(missing_ok=True)
        return f"engine: dockerd (pid {record.pid}) {'stopped' if was_alive else 'had ended already'}"


def status() -> str:
    answered, said = client_answers() if shutil.which("docker") else (False, "no docker client")
    record = RecordedProcess.load(state_directory() / "started.json")
    owner = f"started by this script as pid {record.pid}" if record and record.alive() else "not started by this script"
    return f"engine: {said if answered else 'none answers: ' + said}; {owner}"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="A Docker Engine for the tests.")
    parser.add_argument("action", choices=["ensure", "stop", "status"])
    action = parser.parse_args(arguments).action
    try:
        if action == "ensure":
            print(f"engine: Docker Engine {ensure()} answers")
        else:
            print(stop() if action == "stop" else status())
    except EngineError as error:
        print(f"engine: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
