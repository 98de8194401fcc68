# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""go_release_info: on the controller alone, no host is connected to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible import constants as C

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._fetch import sources
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import trust
from ansible_collections.gofleet.golang.plugins.modules.go_release_info import ARGUMENT_SPEC
from ansible_collections.gofleet.golang.plugins.plugin_utils import _actions as actions
from ansible_collections.gofleet.golang.plugins.plugin_utils import _cache as cache
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases import architectures, lockfile, project, releases
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases.request import Request, direct_after, written
from ansible_collections.gofleet.golang.plugins.plugin_utils._resolution import renewal


class ActionModule(actions.Action):
    """Resolves, proves, and writes the lock."""

    SPEC = ARGUMENT_SPEC

    def answer(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        options = self.options
        request = self._request()
        fleet = architectures.checked('architectures', options['architectures'])
        kept = cache.Cache(Path(options['cache_path'] or cache.default_root()))
        records, warnings = renewal.resolve(request, fleet, kept, renewal.run_cache(C.DEFAULT_LOCAL_TMP))
        if options['fetch'] and not self._task.check_mode:
            renewal.fetch(records, request, kept)
        result: dict[str, Any] = {'changed': False, 'warnings': warnings}
        if options['lock']:
            result.update(self._lock(Path(options['lock']), records, kept))
        return {**result, 'releases': [record.as_option() for record in records]}

    def _lock(self, path: Path, records: list[releases.Record], kept: cache.Cache) -> dict[str, Any]:
        if not path.is_absolute():
            raise GofleetError(f"lock is '{path}'. Write an absolute path, as in \"{{{{ playbook_dir }}}}/go.lock.yml\".", 'bad_path', path=str(path))
        path = lockfile.place(path)
        # Two renewals at once: the second sees what the first wrote.
        with kept.locked(f'lock file {path}'):
            before = lockfile.text_at(path) if path.exists() else ''
            old = lockfile.read(path) if before else []
            after = lockfile.text_of(lockfile.merged(old, records))
            if after != before and not self._task.check_mode:
                lockfile.write(path, after)
        return {'changed': after != before, 'moves': lockfile.moves(old, records),
                'diff': {'before': before, 'after': after, 'before_header': str(path), 'after_header': str(path)}}

    def _request(self) -> Request:
        options = self.options
        # A list may have come from the command line as one text.
        versions = [version.strip() for text in options['versions'] for version in text.split(',') if version.strip()]
        if options['version_from']:
            versions.append(project.version(self.file('version_from')))
        if not versions:
            raise GofleetError("Neither versions nor version_from says which Go is meant. Write versions: [latest], or a line such as ['1.26'].",
                               'invalid_version')
        return Request(
            versions=versions, checksums=options['checksums'], given=[], mirrors=options['mirrors'], goproxy=sources.proxy_urls(options['goproxy']),
            direct_after=direct_after(options['goproxy']), gosumdb=written('gosumdb', options['gosumdb']),
            index_url=written('index_url', options['index_url']), index_max_age=options['index_max_age'],
            options=sources.Options(options['timeout'], options['ca_path']), certificate=options['signing_certificate'] or '',
            trust=trust.Policy(tuple(options['trust']), options['trust_all']), allow_downgrade=options['allow_downgrade'])
