# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""go_release_lock: runs on the controller alone and writes a lock file there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.modules.go_release_lock import ARGUMENT_SPEC
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases import lockfile
from ansible_collections.gofleet.golang.plugins.plugin_utils._resolution import fleet, renewal


class ActionModule(fleet.FleetAction):
    """Resolves and verifies releases, then writes them to the lock file."""

    SPEC = ARGUMENT_SPEC

    def answer(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        path, request, cache, check = Path(self.options['path']), self.request(), self.kept_cache(), bool(self._task.check_mode)
        if not path.is_absolute():
            raise GofleetError(f"path is '{path}'. Write an absolute path, as in \"{{{{ playbook_dir }}}}/go.lock.yml\".", 'bad_path', path=str(path))
        records, warnings = self.resolved(request, cache)
        if self.options['fetch'] and not check:
            renewal.fetch(records, request, cache)
        return {**lockfile.renew(path, records, cache, check), 'warnings': warnings, 'releases': [record.as_option() for record in records]}
