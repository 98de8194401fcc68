# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take back what the tests left on this machine.

    clean.py              this checkout's containers, networks, processes and run folders; the engine, if
                          engine.py started it and no other containers run on it
    clean.py --images     the images and the volume of the scenarios too
    clean.py --cache      everything that is kept to be quicker next time: virtual environments, archives, images' roots
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

from support.hosts import emulation, engine, runs

IMAGES = "gofleet-test/*"
# tests/conftest.py makes it.
TEMPORARY = Path("/srv/gofleet-tests")


class CleanError(Exception):
    """Something cannot be taken back; the message says what and why."""


def clean_runs() -> list[str]:
    done = []
    for name in runs.known_runs():
        with runs.exclusive(name):
            removed = runs.remove_remains(name)
        (runs.runs_directory() / f"{name}.lock").unlink(missing_ok=True)
        done.append(f"run {name} ({removed} containers and networks)")
    return done


def clean_images() -> list[str]:
    images = runs.docker("image", "ls", "--quiet", "--filter", f"reference={IMAGES}")
    if images:
        runs.docker("image", "rm", "--force", *dict.fromkeys(images))
    volumes = runs.docker("volume", "ls", "--quiet", "--filter", f"name=^{runs.GO_BUILD_CACHE}$")
    if volumes:
        runs.docker("volume", "rm", *volumes)
    return [f"{len(images)} images", f"{len(volumes)} volumes"]


def stop_engine() -> str:
    running = runs.docker("ps", "--quiet")
    if running:
        return f"engine: left running, {len(running)} containers that are not ours use it"
    return engine.stop()


def clean_cache() -> str:
    folder = engine.cache_directory().resolve()
    # A mistaken $GOFLEET_CACHE must not cost more than the cache.
    if folder in (Path.home().resolve(), *runs.CHECKOUT.parents, runs.CHECKOUT):
        raise CleanError(f"the cache folder is {folder}, which holds more than a cache: remove what you want by hand")
    shutil.rmtree(folder, ignore_errors=True)
    return str(folder)


def clean_temporary() -> str:
    """The folder of root's tests, and the file system in memory that lies in it."""
    memory = TEMPORARY / "memory"
    if memory.is_mount():
        subprocess.run(["umount", "--lazy", str(memory)], check=True, capture_output=True, text=True)
    shutil.rmtree(TEMPORARY, ignore_errors=True)
    return str(TEMPORARY)


def clean(with_images: bool, with_cache: bool) -> list[str]:
    done: list[str] = []
    if shutil.which("docker") and engine.client_answers()[0]:
        done += clean_runs()
        done += clean_images() if with_images else []
        if not runs.docker("ps", "--quiet"):
            done.append(emulation.stop())
        done.append(stop_engine())
    else:
        # Without an engine there are no containers; files may be left all the same.
        for name in runs.known_runs():
            shutil.rmtree(runs.run_folder(name), ignore_errors=True)
        # The register of emulators is the kernel's: containers of others may live by it.
        done.append(emulation.stop())
    if TEMPORARY.exists():
        done.append(clean_temporary())
    if with_cache:
        done.append(clean_cache())
    return done


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Take back what the tests left on this machine.")
    parser.add_argument("--images", action="store_true", help="the scenarios' images and volume too")
    parser.add_argument("--cache", action="store_true", help="what is kept to be quicker next time too")
    options = parser.parse_args(arguments)
    try:
        for line in clean(options.images, options.cache):
            print(f"clean: {line}")
    except (CleanError, emulation.EmulationUnavailable, engine.EngineError, runs.RunBusy) as error:
        print(f"clean: {error}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(f"clean: `{' '.join(error.cmd[:3])} …` failed: {error.stderr.strip()}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
