# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The request of one task to the controller, as values for resolution and proof."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._fetch import sources
from ansible_collections.gofleet.golang.plugins.module_utils._fetch.sources import Options
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain.trust import Policy

OFF = 'off'


def written(option: str, value: str) -> str:
    """The text of an option that can be switched off. YAML reads unquoted off and no as false, and on and yes as true.

    Raises GofleetError(invalid_option).
    """
    if value.strip() == 'True':
        raise GofleetError(f"{option} is true: unquoted, YAML takes on, yes and true for that. Write its value in quotes; '{OFF}' switches it off.",
                           'invalid_option', option=option, value=value)
    return OFF if value.strip() == 'False' else value


def direct_after(goproxy: str) -> int | None:
    """The number of addresses in a GOPROXY list before its first direct or off, which end the list for the log; None if it has neither."""
    entries = [entry.strip() for entry in goproxy.replace('|', ',').split(',')]
    places = [place for place, entry in enumerate(entries) if entry in ('direct', OFF)]
    return len(sources.proxy_urls(','.join(entries[:places[0]]))) if places else None


@dataclass(frozen=True)
class Request:
    """versions: the active one first, as written; given: the option releases.

    archive: a file or folder on the controller with archives; certificate: path or address of a refreshed
    OpenPGP certificate, or '' for the one in this collection; gosumdb, index_url: 'off' to query none;
    allow_downgrade: whether a line or latest may resolve to an older release than this controller saw before; direct_after: how many of goproxy come
    before direct or off in GOPROXY, None if all do.
    """

    versions: list[str]
    checksums: dict[str, str]
    given: list[dict[str, Any]]
    goproxy: list[str]
    gosumdb: str
    index_url: str
    index_max_age: int
    options: Options
    mirrors: list[str] = field(default_factory=list)
    trust: Policy = Policy((), False)  # noqa: RUF009 - a tuple
    archive: Path | None = None
    certificate: str = ''
    allow_downgrade: bool = False
    direct_after: int | None = None

    @property
    def has_index(self) -> bool:
        return self.index_url not in ('', OFF)

    @property
    def log_proxies(self) -> list[str]:
        """The module proxies through which the log is queried."""
        return self.goproxy[:self.direct_after]

    @property
    def key(self) -> str:
        """A key that is equal for tasks that must get equal answers within one run."""
        return hashlib.sha256(json.dumps(dataclasses.astuple(self), sort_keys=True, default=str).encode()).hexdigest()

    def read(self, url: str, limit: int) -> bytes:
        """The body at an address, of at most limit bytes. Raises GofleetError, whose text does not name the address."""
        # Here, not above, because loading the network modules takes a tenth of a run that finds everything in the cache.
        from ansible_collections.gofleet.golang.plugins.module_utils._fetch import download

        return bytes(download.read(url, self.options, limit))
