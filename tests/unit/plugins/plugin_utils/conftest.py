# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sys
from pathlib import Path

# The tests are no packages.
sys.path.insert(0, str(Path(__file__).resolve().parent))
