# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Count the real round trips over a connection, with one JSON line for each in $GOFLEET_ROUND_TRIPS_LOG.

The methods of the connection classes are wrapped in the main process, before the first worker is forked, so
that every worker inherits the wrap: what an action plugin does behind Ansible's back is counted too.
"""

from __future__ import annotations

import functools
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase
from ansible.plugins.loader import connection_loader

DOCUMENTATION = """
name: round_trips
type: aggregate
short_description: log every operation of a connection
description:
  - For tests. Appends one JSON line for each start and end of a playbook, for each command run on or file
    copied to or from a host, and for each task's result.
  - Does nothing when the environment variable E(GOFLEET_ROUND_TRIPS_LOG) is not set.
"""

CONNECTIONS = ("community.docker.docker", "ansible.builtin.local", "ansible.builtin.ssh")
OPERATIONS = ("exec_command", "put_file", "fetch_file")


class CallbackModule(CallbackBase):  # type: ignore[misc]
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "round_trips"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._log = os.environ.get("GOFLEET_ROUND_TRIPS_LOG", "")
        # Set before the task's workers are forked, so each of them finds its own task here (strategy linear).
        self._task = ""

    def v2_playbook_on_start(self, playbook: Any) -> None:
        if not self._log:
            return
        for name in CONNECTIONS:
            connection = connection_loader.get(name, class_only=True)
            if connection is not None:
                self._count(connection)
        self._append(event="start", playbook=Path(playbook._file_name).name)

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        self._task = task.get_name()

    def v2_runner_on_ok(self, result: Any) -> None:
        self._result(result, "ok")

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._result(result, "failed")

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._result(result, "unreachable")

    def v2_playbook_on_stats(self, stats: Any) -> None:
        self._append(event="end")

    def _result(self, result: Any, status: str) -> None:
        # ansible-core 2.19 made these attributes public and deprecated the old names.
        task = result.task if hasattr(result, "task") else result._task
        host = result.host if hasattr(result, "host") else result._host
        values = result.result if hasattr(result, "result") else result._result
        self._append(
            event="result",
            host=host.get_name(),
            task=task.get_name(),
            action=task.action,
            status=status,
            changed=bool(values.get("changed", False)),
        )

    def _count(self, connection: type) -> None:
        for operation in OPERATIONS:
            method = getattr(connection, operation)
            if not hasattr(method, "round_trips_wrapped"):
                setattr(connection, operation, self._wrapped(operation, method))

    def _wrapped(self, operation: str, method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def counted(connection: Any, *arguments: Any, **options: Any) -> Any:
            self._append(
                event="operation",
                # The address of the connection: Docker's is the container, a local one is 127.0.0.1.
                host=connection._play_context.remote_addr,
                task=self._task,
                operation=operation,
            )
            return method(connection, *arguments, **options)

        counted.round_trips_wrapped = True  # type: ignore[attr-defined]
        return counted

    def _append(self, **line: Any) -> None:
        if not self._log:
            return
        text = json.dumps({"time": time.time(), **line}) + "\n"
        # One write to a file opened for appending: lines of several workers never mix.
        descriptor = os.open(self._log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(descriptor, text.encode())
        finally:
            os.close(descriptor)
