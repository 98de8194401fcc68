# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What one task asks of the controller, as values that resolving and proving share."""

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
    """What was written for an option that can be switched off: unquoted, off and no are false to YAML, and on and yes are true.

    Raises GofleetError(invalid_option).
    """
    if value.strip() == 'True':
        raise GofleetError(f"{option} is true: unquoted, YAML takes on, yes and true for that. Write its value in quotes; '{OFF}' switches it off.",
                           'invalid_option', option=option, value=value)
    return OFF if value.strip() == 'False' else value


def direct_after(goproxy: str) -> int | None:
    """How many addresses of a GOPROXY list stand before its first direct or off, which end the list for the log; None if there is neither."""
    entries = [entry.strip() for entry in goproxy.replace('|', ',').split(',')]
    places = [place for place, entry in enumerate(entries) if entry in ('direct', OFF)]
    return len(sources.proxy_urls(','.join(entries[:places[0]]))) if places else None


@dataclass(frozen=True)
class Request:
    """versions: the active one first, as written; given: the option releases.

    archive: a file or folder on the controller to take archives from; certificate: path or address of a refreshed
    OpenPGP certificate, or '' for the one that comes with this collection; gosumdb, index_url: 'off' if none is asked;
    allow_downgrade: whether a line or latest may resolve to less than this controller saw before; direct_after: how many of goproxy stand
    in GOPROXY before direct or off, None if all do.
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
        """The module proxies that the log is asked through."""
        return self.goproxy[:self.direct_after]

    @property
    def key(self) -> str:
        """Equal for tasks that have to get equal answers within one run."""
        return hashlib.sha256(json.dumps(dataclasses.astuple(self), sort_keys=True, default=str).encode()).hexdigest()

    def read(self, url: str, limit: int) -> bytes:
        """The body at an address, of at most limit bytes. Raises GofleetError whose text leaves the address out."""
        # Here, not above: loading the network modules is a tenth of a run that finds everything in the cache.
        from ansible_collections.gofleet.golang.plugins.module_utils._fetch import download

        return bytes(download.read(url, self.options, limit))
