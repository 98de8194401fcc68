# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from commands import suite


def part(name: str, code: int, ran: list[str]) -> suite.Part:
    def run() -> int:
        ran.append(name)
        return code

    return suite.Part(name, run)


def test_a_suite_ends_at_its_first_failure_and_accounts_for_every_part(capfd: pytest.CaptureFixture[str]) -> None:
    ran: list[str] = []
    code = suite._run((part('one', 0, ran), part('two', 3, ran), part('three', 0, ran)))
    assert (code, ran) == (3, ['one', 'two'])
    summary = capfd.readouterr().out.split('==> summary\n')[1].splitlines()
    assert [line.split(' in ')[0].split() for line in summary] == [['one', 'passed'], ['two', 'failed'], ['three', 'not', 'run']]
