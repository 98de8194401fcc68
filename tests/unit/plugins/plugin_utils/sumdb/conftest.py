# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from support.units.transparency_log import Log


@pytest.fixture(scope='module')
def log() -> Log:
    return Log.of_size(300)
