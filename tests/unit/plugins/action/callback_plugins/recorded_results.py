# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write what each task returned to $GOFLEET_RESULTS_LOG, one JSON line each."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: recorded_results
type: aggregate
short_description: write results of tasks
description:
  - For tests. Appends host, task, time, result of each task, and whether it failed, to the file that E(GOFLEET_RESULTS_LOG) names.
"""


class CallbackModule(CallbackBase):  # type: ignore[misc]
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = 'aggregate'
    CALLBACK_NAME = 'recorded_results'
    CALLBACK_NEEDS_ENABLED = True

    def v2_runner_on_ok(self, result: Any) -> None:
        self._record(result, failed=False)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._record(result, failed=True)

    def _record(self, result: Any, failed: bool) -> None:
        # ansible-core 2.19 made these attributes public and deprecated the old names.
        task = result.task if hasattr(result, 'task') else result._task
        host = result.host if hasattr(result, 'host') else result._host
        values = result.result if hasattr(result, 'result') else result._result
        line = {'time': time.time(), 'host': host.get_name(), 'task': task.get_name(), 'failed': failed, 'result': values}
        with Path(os.environ['GOFLEET_RESULTS_LOG']).open('a', encoding='utf-8') as log:
            log.write(json.dumps(line, default=str) + '\n')
