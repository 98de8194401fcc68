# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The base of go_release_info and go_release_lock, which resolve releases for a whole fleet on the controller."""

from __future__ import annotations

from pathlib import Path

from ansible import constants as C

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._fetch import sources
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import trust
from ansible_collections.gofleet.golang.plugins.plugin_utils import _actions as actions
from ansible_collections.gofleet.golang.plugins.plugin_utils import _cache as cache
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases import architectures, project
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases import request as releases_request
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases.releases import Record
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases.request import Request
from ansible_collections.gofleet.golang.plugins.plugin_utils._resolution import renewal


class FleetAction(actions.Action):
    """An action with the options of _toolchain/options.py: FLEET."""

    def kept_cache(self) -> cache.Cache:
        return cache.Cache(Path(self.options['cache_path'] or cache.default_root()))

    def resolved(self, request: Request, kept: cache.Cache) -> tuple[list[Record], list[str]]:
        """The verified records of the requested releases, and warnings. Raises GofleetError."""
        fleet = architectures.checked('architectures', self.options['architectures'])
        return renewal.resolve(request, fleet, kept, renewal.run_cache(C.DEFAULT_LOCAL_TMP))

    def request(self) -> Request:
        """Raises GofleetError(invalid_version, invalid_option, no_file, bad_version_file)."""
        options = self.options
        return Request(
            versions=self._versions(), checksums=options['checksums'], given=[], mirrors=options['mirrors'],
            goproxy=sources.proxy_urls(options['goproxy']), direct_after=releases_request.direct_after(options['goproxy']),
            gosumdb=releases_request.written('gosumdb', options['gosumdb']), index_url=releases_request.written('index_url', options['index_url']),
            index_max_age=options['index_max_age'], options=sources.Options(options['timeout'], options['ca_path']),
            certificate=options['signing_certificate'] or '', trust=trust.Policy(tuple(options['trust']), options['trust_all']),
            allow_downgrade=options['allow_downgrade'])

    def _versions(self) -> list[str]:
        # A list from the command line may be one text.
        versions = [version.strip() for text in self.options['versions'] for version in text.split(',') if version.strip()]
        if self.options['version_from']:
            versions.append(project.version(self.file('version_from')))
        if not versions:
            raise GofleetError("Set versions or version_from: neither names a release of Go. Write versions: [latest], or a line such as ['1.26'].",
                               'invalid_version')
        return versions
