# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that are booted once a session, and one line for each that is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from parsers import Host, Missing, booted
from support import seed
from support.gaps import skip_test

CHECKOUT = Path(__file__).resolve().parents[2]
# At the start: a commit during the run would give another one.
SEED_LINE = seed.line()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.section('properties')
    terminalreporter.write_line(SEED_LINE)


@pytest.fixture(scope='session')
def host_of() -> Iterator[Callable[[str], Host]]:
    """The host of a platform by name, booted when it is first asked for."""
    with ExitStack() as stack:
        hosts: dict[str, Host] = {}

        def host_of(name: str) -> Host:
            if name not in hosts:
                hosts[name] = stack.enter_context(booted(name))
            return hosts[name]

        yield host_of


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    try:
        return (yield)
    except Missing as error:
        skip_test(str(error))
