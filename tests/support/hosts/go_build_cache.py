# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compile the standard library's packages that a scenario's programs need, once, for all hosts: `go_build_cache.py VERSION/ARCH …`.

The go command takes what another go command of its version compiled, on whichever machine that ran. So this machine compiles
for another architecture in seconds; a host whose processor is emulated would take minutes.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable

from support.hosts import engine, images, runs
from support.hosts.platforms import PLATFORMS
from support.toolchains import real

BUILDER = PLATFORMS["debian12"]
# The go command drops what it has not used for five days.
FRESH_DAYS = 3
SCRIPT = """
set -eu
cd /go-build-cache
ready=.ready-$1
[ -z "$(find . -maxdepth 1 -name "$ready" -mtime -DAYS)" ] || exit 0
mkdir /tmp/go && tar -xzf /go.tar.gz -C /tmp/go
printf 'package main\\nimport "fmt"\\nfunc main() { fmt.Println() }\\n' > /tmp/main.go
GOCACHE=/go-build-cache/0 HOME=/tmp GOTOOLCHAIN=local CGO_ENABLED=0 GOARCH=$2 /tmp/go/go/bin/go build -o /dev/null /tmp/main.go
# For the ordinary user of the images.
mkdir -p 1000
cp -a 0/. 1000
chown -R 1000 1000
touch "$ready"
""".replace("DAYS", str(FRESH_DAYS))


def fill(spec: real.Spec) -> None:
    """Raises ToolchainError, ImageUnavailable, CalledProcessError."""
    native = real.ensure(f"{spec.version}/{real.Spec.parse(spec.version).arch}")
    volumes = [f"{runs.GO_BUILD_CACHE}:/go-build-cache", f"{native.path}:/go.tar.gz:ro"]
    command = ["docker", "run", "--rm", "--label", f"{runs.RUN_LABEL}={runs.run_name('go-build-cache')}", "--network", "none"]
    command += [word for volume in volumes for word in ("--volume", volume)]
    command += [images.ensure(BUILDER), "/bin/sh", "-c", SCRIPT, "sh", f"{spec.version}-{spec.arch}", spec.arch]
    subprocess.run(command, capture_output=True, text=True, check=True)


def main(specs: Iterable[str]) -> int:
    failed = False
    for text in specs:
        try:
            engine.ensure()
            fill(real.Spec.parse(text))
        except (engine.EngineError, real.ToolchainError, images.ImageUnavailable) as error:
            failed = True
            print(f"{text}: nothing is compiled beforehand: {error}", file=sys.stderr)
        except subprocess.CalledProcessError as error:
            failed = True
            print(f"{text}: nothing is compiled beforehand: {error.stderr.strip()}", file=sys.stderr)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
