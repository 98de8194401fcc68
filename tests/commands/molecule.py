# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run Molecule scenarios on the hosts of a lane, with the collection installed as a user would install it.

    molecule.py --all                              the whole grid: every lane, every scenario, all that the lane manages
    molecule.py --cover [--lane main]              each platform and each lane once for each scenario (make test)
    molecule.py --lane main --platform debian12 --scenario toolchain [--keep]

A lane is a controller (tests/support/lanes.py) and the platforms that it manages (tests/support/hosts/platforms.py). Hosts, folders
and logs are named after lane and checkout, so lanes and checkouts can run side by side.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support import seed
from support.gaps import Gaps
from support.hosts import cover, engine, images, runs
from support.hosts.platforms import LANES, PLATFORMS, ROOTLESS, Platform, of_lane

CHECKOUT = Path(__file__).resolve().parents[2]
SCENARIOS = CHECKOUT / "molecule"
TESTS = CHECKOUT / "tests"

# Each lane has one host more: an ordinary user on this platform, without become.
ROOTLESS_PLATFORM = PLATFORMS["debian12"]
ROOTLESS_USER = "gopher"
LOG_TAIL_LINES = 150

# The toolchains that the scenarios ask for; a host whose processor is emulated takes the steps of just one.
TOOLCHAINS = ("1.21.13/amd64", "1.26.6/amd64", "1.26.8/amd64", "1.27.4/amd64")
EMULATED_TOOLCHAINS = ("1.26.8",)


def toolchains(platforms: Iterable[Platform]) -> list[str]:
    """What the mirror has to serve to hosts of these platforms."""
    architectures = sorted({platform.architecture for platform in platforms if platform.architecture})
    return [*TOOLCHAINS, *(f"{version}/{name}" for name in architectures for version in EMULATED_TOOLCHAINS)]


class RunError(Exception):
    """The run cannot start or a scenario failed; the message says where and why."""


@dataclass(frozen=True)
class Host:
    """One container of a run."""

    name: str
    platform: Platform
    user: str | None = None

    @property
    def kind(self) -> str:
        """The platform's name, or that of the host without root."""
        return ROOTLESS if self.user else self.platform.name

    @property
    def groups(self) -> list[str]:
        own = self.kind.replace("-", "_")
        processor = "emulated" if self.platform.architecture else "native"
        return list(dict.fromkeys([own, self.platform.init, ROOTLESS if self.user else "root", processor]))

    def facts(self) -> dict[str, object]:
        """What the verification has to know of it beforehand."""
        return {
            "platform": self.platform.name,
            "user": self.user or "root",
            "python": self.platform.python,
            "emulated": self.platform.architecture is not None,
        }


@dataclass(frozen=True)
class Run:
    """One lane of this checkout. hosts: those of each scenario."""

    lane: str
    hosts: dict[str, list[Host]]
    keep: bool
    verbose: bool

    @property
    def name(self) -> str:
        return runs.run_name(self.lane)

    @property
    def folder(self) -> Path:
        return runs.run_folder(self.name)


def host_name(lane: str, name: str) -> str:
    return f"gofleet-{runs.run_name(lane)}-{name}"


# ---- which hosts


def available(platform: Platform, gaps: Gaps) -> bool:
    """Makes the image; says in one line why there is none. Only what a closed network can have counts as a gap."""
    try:
        images.ensure(platform)
    except images.ImageUnavailable as error:
        if platform.pull_only:
            print(f"molecule: not run on {platform.name}: {error}", file=sys.stderr)
        else:
            gaps.add(f"Molecule on {platform.name}", str(error))
        return False
    return True


def choose_hosts(lane: str, wanted: list[str], gaps: Gaps) -> list[Host]:
    managed = of_lane(lane)
    names = [platform.name for platform in managed] + [ROOTLESS]
    unknown = sorted(set(wanted) - set(names))
    if unknown:
        raise RunError(f"lane {lane} does not manage {', '.join(unknown)}; it has {', '.join(names)}")
    hosts = [
        Host(host_name(lane, platform.name), platform)
        for platform in managed
        if (not wanted or platform.name in wanted) and available(platform, gaps)
    ]
    rootless_wanted = not wanted or ROOTLESS in wanted or ROOTLESS_PLATFORM.name in wanted
    if rootless_wanted and available(ROOTLESS_PLATFORM, gaps):
        hosts.append(Host(host_name(lane, ROOTLESS), ROOTLESS_PLATFORM, ROOTLESS_USER))
    return hosts


def cover_of(scenarios: list[str]) -> cover.Cover:
    """Which hosts each lane takes for each scenario, of those whose images can be had; printed, for it varies with the seed."""
    quietly = Gaps()
    there = [platform for platform in PLATFORMS.values() if available(platform, quietly)]
    seats = cover.cover(scenarios, cover.choices(there), seed.seed())
    print(f"molecule: {seed.line()}\n{cover.table(seats)}", flush=True)
    return seats


def container(run: Run, host: Host) -> list[str]:
    """Arguments of `docker run`, by which systemd 219 to 257 and OpenRC boot without `--privileged`."""
    # One path on both sides: whichever machine fetches finds the certificate there.
    volumes = ["${GOFLEET_MIRROR_CA}:${GOFLEET_MIRROR_CA}:ro", f"{runs.GO_BUILD_CACHE}:/go-build-cache:rw"]
    if host.platform.init == "systemd":
        volumes.append("/sys/fs/cgroup:/sys/fs/cgroup:rw")
    return [
        "--hostname", host.name, "--label", f"{runs.RUN_LABEL}={run.name}", "--log-driver", "json-file",
        # The init writes to a console only if there is one; tests/support/hosts/boot.py reads it.
        "--tty", "--env", "container=docker",
        "--cap-add", "SYS_ADMIN", "--cap-add", "NET_ADMIN", "--security-opt", "seccomp=unconfined", "--cgroupns", "host",
        "--tmpfs", "/run", "--tmpfs", "/run/lock", *(word for volume in volumes for word in ("--volume", volume)),
        images.image_reference(host.platform), "/sbin/init",
    ]  # fmt: skip


def host_variables(host: Host) -> dict[str, str]:
    variables = {"ansible_connection": "community.docker.docker", "ansible_python_interpreter": host.platform.python}
    return variables | ({"ansible_user": host.user} if host.user else {})


def write_hosts(run: Run, scenario: str) -> tuple[Path, Path]:
    """For tests/support/hosts/containers.py, and for molecule: JSON is YAML, and nothing that could write YAML is installed yet."""
    folder, hosts = run.folder / scenario, run.hosts[scenario]
    containers = {host.name: container(run, host) for host in hosts}
    configuration = {
        "platforms": [{"name": host.name, "groups": host.groups} for host in hosts],
        "provisioner": {"inventory": {"host_vars": {host.name: host_variables(host) for host in hosts}}},
    }
    paths = folder / "containers.json", folder / "hosts.json"
    for path, content in zip(paths, (containers, configuration), strict=True):
        path.write_text(json.dumps(content, indent=2), encoding="utf-8")
    return paths


# ---- the controller


def lane_environment(lane: str) -> Path:
    command = [sys.executable, str(TESTS), "lanes", "path", lane]
    made = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if made.returncode != 0:
        raise RunError(f"lane {lane} has no virtual environment (see above)")
    return Path(made.stdout.strip())


def variables(run: Run, environment: Path) -> dict[str, str]:
    """What molecule and everything below it see. Settings of the caller's own Ansible would change what is tested."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "MOLECULE_"))}
    return inherited | {
        "PATH": f"{environment / 'bin'}{os.pathsep}{inherited.get('PATH', os.defpath)}",
        "VIRTUAL_ENV": str(environment),
        "ANSIBLE_HOME": str(run.folder / "ansible"),
        "ANSIBLE_COLLECTIONS_PATH": str(run.folder / "collections"),
        "MOLECULE_GLOB": str(SCENARIOS / "*" / "molecule.yml"),
        "GOFLEET_CHECKOUT": str(CHECKOUT),
        "GOFLEET_RUN_DIR": str(run.folder),
        "PY_COLORS": "0",
        "ANSIBLE_NOCOLOR": "1",
        "NO_COLOR": "1",
    }


def logged(command: list[str], run: Run, environment: dict[str, str]) -> int:
    """The exit code. The output goes to the run's log, which `failure_tail` reads, and is shown when asked for."""
    with (
        (run.folder / "log").open("ab") as log,
        subprocess.Popen(
            command, env=environment, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as process,
    ):
        assert process.stdout is not None
        record = engine.RecordedProcess.observe(process.pid)
        if record is not None:
            record.save(runs.process_record(run.name))
        try:
            for line in process.stdout:
                log.write(line)
                log.flush()
                if run.verbose:
                    sys.stdout.buffer.write(line)
                    sys.stdout.flush()
            return process.wait()
        finally:
            # On an earlier request to end, the command is asked to end too, and stops what it started.
            if process.poll() is None:
                process.terminate()


def failure_tail(run: Run) -> str:
    """The last lines up to molecule's word that a step failed, leaving out how it cleans up after that."""
    lines = (run.folder / "log").read_text(encoding="utf-8", errors="replace").splitlines()
    failed = [number for number, line in enumerate(lines) if "Executed: Failed" in line]
    lines = lines[: failed[0] + 1] if failed else lines
    return "\n".join(f"    {line}" for line in lines[-LOG_TAIL_LINES:])


def install_collection(run: Run, environment: dict[str, str]) -> None:
    staging = run.folder / "stage"
    staged = subprocess.run(
        [sys.executable, str(TESTS), "stage", str(staging)], stdout=subprocess.PIPE, text=True, check=False
    )
    if staged.returncode != 0:
        raise RunError("the checkout could not be staged (see above)")
    galaxy = [str(Path(environment["VIRTUAL_ENV"]) / "bin" / "ansible-galaxy"), "collection"]
    built = run.folder / "built"
    if logged([*galaxy, "build", staged.stdout.strip(), "--output-path", str(built)], run, environment) != 0:
        raise RunError(f"building the collection failed:\n{failure_tail(run)}")
    [archive] = built.glob("*.tar.gz")
    target = str(run.folder / "collections")
    if logged([*galaxy, "install", str(archive), "--offline", "--collections-path", target], run, environment) != 0:
        raise RunError(f"installing {archive.name} failed:\n{failure_tail(run)}")
    # Otherwise each of a lane's hundred ansible-playbooks compiles it, where PYTHONDONTWRITEBYTECODE is set.
    if logged(["python", "-m", "compileall", "-q", target], run, environment) != 0:
        raise RunError(f"compiling {archive.name} failed:\n{failure_tail(run)}")


# ---- one run


@contextmanager
def prepared(run: Run) -> Iterator[None]:
    """The run's folder, empty; afterwards nothing is left of the run unless it is to be kept."""
    try:
        with runs.exclusive(run.name):
            runs.remove_remains(run.name)
            run.folder.mkdir()
            try:
                yield
            finally:
                if run.keep:
                    names = dict.fromkeys(host.name for hosts in run.hosts.values() for host in hosts)
                    print(f"molecule: kept: {run.folder}, containers {', '.join(names)}")
                else:
                    runs.remove_remains(run.name)
    except runs.RunBusy as error:
        raise RunError(str(error)) from error


def run_scenario(run: Run, scenario: str, environment: dict[str, str]) -> None:
    began = time.monotonic()
    folder = run.folder / scenario
    folder.mkdir()
    hosts = run.hosts[scenario]
    own = environment | {
        "GOFLEET_HOSTS": ",".join(f"docker://{host.user + '@' if host.user else ''}{host.name}" for host in hosts),
        "GOFLEET_HOST_FACTS": json.dumps({host.name: host.facts() for host in hosts}),
        "MOLECULE_EPHEMERAL_DIRECTORY": str(folder / "molecule"),
        "GOFLEET_SCENARIO_DIR": str(folder),
        "GOFLEET_ROUND_TRIPS_LOG": str(folder / "round-trips.jsonl"),
        "GOFLEET_MIRROR_LOG": str(folder / "mirror.jsonl"),
    }
    containers, configuration = write_hosts(run, scenario)
    # Those of the scenario before; the last one's are removed at the end of the run, if they are not to be kept.
    runs.remove_containers(run.name)
    python = [str(Path(environment["VIRTUAL_ENV"]) / "bin" / "python"), str(TESTS)]
    archives = toolchains(host.platform for host in hosts)
    command = [*python, "mirror.with_mirror", *archives, "--", *python, "hosts.containers", str(containers), "--", "molecule"]
    for base in (CHECKOUT / ".config" / "molecule" / "config.yml", configuration):
        command += ["--base-config", str(base)]
    code = logged([*command, "test", "--scenario-name", scenario, "--destroy", "never"], run, own)
    took = f"{time.monotonic() - began:.0f} s"
    if code != 0:
        said = failure_tail(run)
        raise RunError(f"lane {run.lane}, scenario {scenario}: failed after {took}. The end of its log:\n{said}")
    print(f"molecule: lane {run.lane}, scenario {scenario}: passed on {len(hosts)} hosts in {took}", flush=True)


def run_lane(run: Run) -> None:
    environment = variables(run, lane_environment(run.lane))
    with prepared(run):
        install_collection(run, environment)
        for scenario in run.hosts:
            run_scenario(run, scenario, environment)


def parse(arguments: list[str]) -> argparse.Namespace:
    known = sorted(path.parent.name for path in SCENARIOS.glob("*/molecule.yml"))
    parser = argparse.ArgumentParser(description="Run Molecule scenarios on the hosts of a lane.")
    parser.add_argument("--all", action="store_true", help="every lane")
    parser.add_argument("--cover", action="store_true", help="each platform and each lane once for each scenario; every lane unless some are named")
    parser.add_argument("--lane", action="append", choices=LANES, default=[])
    parser.add_argument("--scenario", action="append", choices=known, help="default: every scenario")
    parser.add_argument("--platform", nargs="+", default=[], metavar="NAME", help="default: all that the lane manages")
    parser.add_argument("--keep", action="store_true", help="leave the hosts of the last scenario, logs and folders behind")
    parser.add_argument("--verbose", action="store_true", help="show molecule's output as it comes")
    options = parser.parse_args(arguments)
    if options.all == bool(options.lane) and not (options.cover and not options.all):
        parser.error("name lanes by --lane, or give --all or --cover")
    if options.cover and options.platform:
        parser.error("--cover chooses the platforms by itself")
    options.lane = options.lane or list(LANES)
    options.scenario = options.scenario or known
    return options


def main(arguments: list[str]) -> int:
    options = parse(arguments)
    # A run that is asked to end still removes its hosts.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(143))
    gaps = Gaps()
    failed = False
    try:
        engine.ensure()
    except engine.EngineError as error:
        print(f"molecule: {error}", file=sys.stderr)
        return 1
    seats = cover_of(options.scenario) if options.cover else None
    for lane in options.lane:
        try:
            hosts = choose_hosts(lane, options.platform, gaps)
            if not hosts:
                raise RunError(f"lane {lane}: no image can be had for any of its hosts (see above)")
            chosen = {scenario: [host for host in hosts if not seats or host.kind in seats[scenario][lane]] for scenario in options.scenario}
            run_lane(Run(lane, chosen, options.keep, options.verbose))
        except RunError as error:
            failed = True
            print(f"molecule: {error}", file=sys.stderr)
    return 1 if failed else gaps.exit_code()


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
