# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the probe share."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope='session')
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the tools of a shell (probe_shells.run), outside of what is asked for."""
    return tmp_path_factory.mktemp('tools')
