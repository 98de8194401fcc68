# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""go_release_info: runs on the controller alone and changes nothing."""

from __future__ import annotations

from typing import Any

from ansible_collections.gofleet.golang.plugins.modules.go_release_info import ARGUMENT_SPEC
from ansible_collections.gofleet.golang.plugins.plugin_utils._resolution import fleet

_REMOVED = {
    'lock': 'Write lock files with gofleet.golang.go_release_lock, whose option path names the file.',
    'fetch': 'Download archives with gofleet.golang.go_release_lock.',
}


class ActionModule(fleet.FleetAction):
    """Resolves and verifies releases."""

    SPEC = ARGUMENT_SPEC
    REMOVED = _REMOVED

    def answer(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        records, warnings = self.resolved(self.request(), self.kept_cache())
        return {'changed': False, 'warnings': warnings, 'releases': [record.as_option() for record in records]}
