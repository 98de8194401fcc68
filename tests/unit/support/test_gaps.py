# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from support.gaps import Gaps


def test_nothing_missing_is_success_even_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('CI', 'true')
    assert Gaps().exit_code() == 0


@pytest.mark.parametrize(('ci', 'code'), [('true', 1), ('', 0)])
def test_a_gap_is_one_line_and_fails_only_in_ci(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], ci: str, code: int
) -> None:
    monkeypatch.setenv('CI', ci)
    missing = Gaps()
    missing.add('unit tests on Python 2.7', 'no python2.7; install it')
    assert capfd.readouterr().err == 'CANNOT RUN unit tests on Python 2.7: no python2.7; install it\n'
    assert missing.exit_code() == code
