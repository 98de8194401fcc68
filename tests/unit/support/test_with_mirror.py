# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from operator import itemgetter
from pathlib import Path

import pytest

from support import stage
from support.mirror import with_mirror
from support.mirror.server import Mirror
from support.mirror.tree import ChecksumDatabase

# What the command does: fetch the index over HTTP and HTTPS, say what it saw, exit with a code of its own.
CHILD = """
import json, os, ssl, sys, urllib.request
env = os.environ
context = ssl.create_default_context(cafile=env["GOFLEET_MIRROR_CA"])
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
roots = [env["GOFLEET_MIRROR_" + name] for name in ("HTTP", "HTTPS")]
print(json.dumps([json.load(opener.open(root + "/dl/?mode=json"))[0]["version"] for root in roots]))
sys.exit(7)
"""


@pytest.fixture
def surroundings(mirror: Mirror, logged: ChecksumDatabase, tmp_path: Path) -> dict[str, str]:
    """An environment in which the toolchains come from the test's own mirror."""
    assert mirror.database is logged
    clean = {name: value for name, value in os.environ.items() if name not in ("CI", "GOFLEET_MIRROR_LOG")}
    return clean | {"GOFLEET_CACHE": str(tmp_path / "cache"), "GOPROXY": f"{mirror.url}/proxy", "PIP_NO_INDEX": "1"}


def run(arguments: list[str], surroundings: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(stage.CHECKOUT / 'tests'), 'mirror.with_mirror', *arguments]
    return subprocess.run(command, env=surroundings, capture_output=True, text=True, check=False, timeout=60)


def test_the_command_finds_the_mirror_and_gives_the_exit_code(surroundings: dict[str, str], tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    done = run(["1.30.2/amd64", "--", sys.executable, "-c", CHILD], surroundings | {"GOFLEET_MIRROR_LOG": str(log)})
    assert done.returncode == 7, done.stderr
    assert json.loads(done.stdout) == ["go1.30.2", "go1.30.2"]
    # The file is in order of completion, which may differ from the order of asking.
    asked = sorted((json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()), key=itemgetter("time"))
    assert [line["scheme"] for line in asked] == ["http", "https"]


def test_a_signal_reaches_the_command(surroundings: dict[str, str]) -> None:
    child = "import signal, sys; print('up', flush=True); signal.sigwait([signal.SIGTERM]); sys.exit(5)"
    blocked = f"import signal; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM]); {child}"
    command = [sys.executable, str(stage.CHECKOUT / 'tests'), 'mirror.with_mirror', "1.30.2/amd64", "--", sys.executable, "-c", blocked]
    with subprocess.Popen(command, env=surroundings, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "up\n"
        running.send_signal(signal.SIGTERM)
        assert running.wait(30) == 5


def test_an_unavailable_toolchain_is_reported_in_one_line(surroundings: dict[str, str]) -> None:
    done = run(["1.30.2/amd64", "1.30.9/amd64", "--", "true"], surroundings)
    assert done.returncode == 0
    assert len([line for line in done.stderr.splitlines() if "CANNOT RUN toolchain 1.30.9/amd64" in line]) == 1


def test_an_unavailable_toolchain_is_a_failure_in_ci(surroundings: dict[str, str]) -> None:
    assert run(["1.30.2/amd64", "1.30.9/amd64", "--", "true"], surroundings | {"CI": "true"}).returncode == 1


def test_no_archive_at_all_is_a_failure(surroundings: dict[str, str]) -> None:
    assert run(["1.30.9/amd64", "--", "true"], surroundings).returncode == 1


@pytest.mark.parametrize("arguments", [[], ["1.30.2/amd64"], ["--"]])
def test_a_missing_command_is_explained(surroundings: dict[str, str], arguments: list[str]) -> None:
    done = run(arguments, surroundings)
    assert done.returncode == 2
    assert "put it after --" in done.stderr


def test_a_command_that_does_not_exist_is_a_127(surroundings: dict[str, str]) -> None:
    assert run(["1.30.2/amd64", "--", "/nonexistent"], surroundings).returncode == 127


def test_a_site_proxy_is_kept_from_the_mirror(mirror: Mirror, tmp_path: Path) -> None:
    given = {"https_proxy": "http://proxy.example:3128", "NO_PROXY": "example.org"}
    made = with_mirror.environment(mirror, "172.17.0.1", tmp_path, tmp_path, given)
    assert made["NO_PROXY"] == "example.org,172.17.0.1,localhost"
    assert made["no_proxy"] == "172.17.0.1,localhost"
    assert "NO_PROXY" not in with_mirror.environment(mirror, "172.17.0.1", tmp_path, tmp_path, {})


def test_the_loopback_interface_has_an_address_and_a_missing_one_has_none() -> None:
    assert with_mirror.bridge_address("lo") == "127.0.0.1"
    assert with_mirror.bridge_address("none-such") is None
