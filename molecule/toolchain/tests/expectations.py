# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The expected state after each step, for the versions that the mirror serves (tests/commands/molecule.py)."""

from __future__ import annotations

from dataclasses import dataclass

# What a fresh install may take: a probe and one module call, or when the archive is pushed a probe, a call that asks for it, a copy, and a call.
PULL_ROUND_TRIPS = 2
PUSH_ROUND_TRIPS = 4


@dataclass(frozen=True)
class Expected:
    active: str | None
    installed: frozenset[str]
    # The archive that the step fetches; every other step fetches none.
    fetched: str | None = None


def present(active: str, *others: str, fetched: str | None = None) -> Expected:
    return Expected(active, frozenset({active, *others}), fetched)


STEPS = {
    "install": present("1.21.13", fetched="1.21.13"),
    "install_newer": present("1.26.6", "1.21.13", fetched="1.26.6"),
    "upgrade": present("1.26.8", "1.26.6", "1.21.13", fetched="1.26.8"),
    "switch_back": present("1.21.13", "1.26.6", "1.26.8"),
    "add_second": present("1.21.13", "1.26.6", "1.26.8", "1.27.4", fetched="1.27.4"),
    "prune": present("1.21.13", "1.27.4"),
    "remove": Expected(None, frozenset()),
}

# The steps that a host takes whose processor is emulated: one version comes and goes, each step twice. Everything takes ten times as
# long there, and what the other steps show does not depend on the processor. Their playbooks go to the group `native`.
EMULATED_STEPS = {
    "upgrade": present("1.26.8", fetched="1.26.8"),
    "remove": Expected(None, frozenset()),
}

# Platforms that are pushed to: by their variables, or because their Python cannot verify TLS.
PUSHED = frozenset({"debian11", "alpine"})
