# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
# Scripts beside each other, not packages.
sys.path[:0] = [str(Path(__file__).resolve().parent), str(TESTS / 'unit' / 'plugins'), str(TESTS / 'unit' / 'plugins' / 'module_utils'),
                str(TESTS / 'unit' / 'plugins' / 'plugin_utils'), str(TESTS / 'support')]
