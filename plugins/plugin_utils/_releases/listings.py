# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""List the existing releases: from the release index, or from module proxies if the index is not available."""

from __future__ import annotations

import dataclasses
from typing import Any

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._go import dirhash
from ansible_collections.gofleet.golang.plugins.module_utils._texts import addresses
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases import releases
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases.memory import Memory
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases.releases import Record
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases.request import Request

# Codes of an index that is not available: it cannot be reached, is not an index, or is switched off.
WITHOUT_INDEX = ('index_unreachable', 'bad_index', 'index_off')
# go.dev's whole index has some 3 MB.
_LIMIT = 64 << 20


class Listings:
    """The lists of a request's index and module proxies."""

    def __init__(self, request: Request, memory: Memory) -> None:
        self._request = request
        self._memory = memory

    @property
    def shown(self) -> str:
        """The index's address, without credentials."""
        return str(addresses.without_credentials(self._request.index_url))

    def old(self) -> dict[str, Record]:
        """Records by version from a kept copy of the index, of any age, because a release never changes."""
        return self._memory.cache.kept(self._question, None, _records) or {}

    def index(self, insist: bool) -> dict[str, Record]:
        """Records by version. insist: query the index again even if it recently could not be reached.

        Raises GofleetError(index_unreachable, index_off, bad_index).
        """
        if not self._request.has_index:
            raise GofleetError(
                'The release index is switched off (index_url). Without it the lists of module proxies (goproxy) say which release a line or latest '
                'means, and the transparency log (gosumdb) proves releases since 1.21.0. Set both, pin digests with checksums, or name an index.',
                'index_off', url='index_url', reason='is switched off')
        return self._memory.answer(self._question, self._fetched, _records, insist)

    def proxied(self, without: GofleetError, insist: bool) -> list[str]:
        """The versions in the lists of module proxies. without: the reason why the index is not used. Raises GofleetError(index_unreachable)."""

        def ask() -> list[str]:
            text = self._from_proxies(f'{dirhash.toolchain_module("", "")[0]}/@v/list', without)
            names = [line.removeprefix('v0.0.1-').split('.linux-')[0] for line in text.decode('ascii', 'replace').split() if '.linux-' in line]
            return sorted(filter(releases.is_release, set(names)))

        return self._memory.answer('list ' + ' '.join(self._request.goproxy), ask, _texts, insist)

    @property
    def _question(self) -> str:
        return f'index {self._request.index_url}'

    def _fetched(self) -> list[dict[str, Any]]:
        try:
            text = self._request.read(self._request.index_url, _LIMIT)
        except GofleetError as exc:
            raise GofleetError(
                f'The release index {self.shown} {exc.msg}. Without it, the release and its digest are unknown. Set index_url to a '
                'copy that the controller reaches, pin digests with checksums, or set goproxy.', 'index_unreachable', url=self.shown, reason=exc.msg) from exc
        try:
            return [dataclasses.asdict(record) for record in releases.parse_index(text, self.shown)]
        except GofleetError as exc:
            raise GofleetError(exc.msg, exc.code, **exc.evidence, reason='does not answer with a release index') from exc

    def _from_proxies(self, path: str, without: GofleetError) -> bytes:
        failures = [f'{without.evidence["url"]} ({without.evidence["reason"]})']
        for base in self._request.goproxy:
            url = f'{base.rstrip("/")}/{path}'
            try:
                return self._request.read(url, _LIMIT)
            except GofleetError as exc:
                failures.append(f'{addresses.without_credentials(url)} ({exc.msg})')
        raise GofleetError(f"Neither the release index nor a module proxy can be read: {'; '.join(failures)}. Check the controller's network and "
                           'proxy settings, or pin digests with checksums.', 'index_unreachable', failures=failures)


def _records(value: Any) -> dict[str, Record]:
    return {each['version']: releases.indexed_again(each) for each in value}


def _texts(value: Any) -> list[str]:
    if not all(isinstance(each, str) for each in value):
        raise TypeError('another kind of value than text')
    return list(value)
