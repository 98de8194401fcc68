# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Go on the host: found by every path, complete, and able to build."""

from __future__ import annotations

import pytest
from testinfra.host import Host

from conftest import Layout
from expectations import Expected

SCRATCH = "/tmp/gofleet-check"
# Nothing of Go's own may land in a home, where it would show as a changed file. The hosts share a build cache: its
# keys hold the digests of the compiler and of each source, so a tree that is not like the others compiles anew.
GO = (
    f"mkdir -p {SCRATCH} && cd {SCRATCH} && "
    f"export HOME={SCRATCH} GOPATH={SCRATCH}/path GOCACHE=/go-build-cache/$(id -u) GOTOOLCHAIN=local CGO_ENABLED=0 && "
)
PROGRAM = """package main

import (
    "fmt"
    "runtime"
)

func main() { fmt.Println("built by", runtime.Version()) }
"""
# The same out of what every program holds anyway: compiling is what an emulated processor takes longest for.
SMALL_PROGRAM = """package main

import "runtime"

func main() { println("built by", runtime.Version()) }
"""
# Tells the answer of `go list std` from an empty one: every release since 1.21 has more packages.
FEWEST_PACKAGES = 200


@pytest.fixture
def active(expected: Expected) -> str:
    assert expected.active is not None
    return expected.active


def test_links_lead_to_the_active_tree(host: Host, layout: Layout, active: str) -> None:
    links = [layout.link, f"{layout.bin}/go", f"{layout.bin}/gofmt"]
    # BusyBox reads one link at a time.
    assert [host.check_output("readlink %s", link) for link in links] == [
        layout.tree(active),
        f"{layout.link}/bin/go",
        f"{layout.link}/bin/gofmt",
    ]


def test_every_path_leads_to_the_same_go(host: Host, layout: Layout, active: str) -> None:
    by_link, by_path = f"{layout.link}/bin/go", f"{layout.bin}/go"
    said = host.check_output(f"{GO} %s version && %s version && %s env GOROOT", by_link, by_path, by_path).splitlines()
    assert [line.split()[2] for line in said[:2]] == [f"go{active}"] * 2
    assert said[2] == layout.tree(active)


def test_an_ordinary_user_can_run_it(host: Host, layout: Layout, active: str) -> None:
    # Since Go 1.23 every call leaves counters in its user's home.
    command = f"HOME=/tmp/gofleet-user {layout.bin}/go version"
    as_user = "su gopher -s /bin/sh -c %s" if layout.user == "root" else "sh -c %s"
    said = host.check_output(as_user, command)
    assert said.split()[2] == f"go{active}"


def test_it_is_built_for_this_host(host: Host, layout: Layout) -> None:
    # The kernel would run other ones too, where emulators are registered with it.
    said = host.check_output(f"{GO} %s env GOHOSTARCH", f"{layout.bin}/go")
    machines = {"aarch64": "arm64", "x86_64": "amd64"}
    assert said == machines[host.check_output("uname -m")]


def test_every_version_of_a_rewritten_file_is_complete(host: Host, layout: Layout, expected: Expected) -> None:
    for version in sorted(expected.installed):
        packages = host.check_output(f"{GO} %s list std", f"{layout.tree(version)}/bin/go").splitlines()
        assert len(packages) > FEWEST_PACKAGES, version


def test_it_compiles_a_program_that_runs(host: Host, layout: Layout, active: str) -> None:
    script = f"{GO} printf %%s %s > main.go && %s build -o program main.go && ./program 2>&1"
    program = SMALL_PROGRAM if layout.emulated else PROGRAM
    assert host.check_output(script, program, f"{layout.bin}/go") == f"built by go{active}"
