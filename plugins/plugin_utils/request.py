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

from ansible_collections.gofleet.golang.plugins.module_utils.sources import Options
from ansible_collections.gofleet.golang.plugins.module_utils.trust import Policy


@dataclass(frozen=True)
class Request:
    """versions: the active one first, as written; given: the option releases.

    archive: a file or folder on the controller to take archives from; certificate: path or address of a refreshed
    OpenPGP certificate, or '' for the one that comes with this collection; allow_downgrade: whether a line or latest may resolve to
    less than this controller saw before.
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

    @property
    def key(self) -> str:
        """Equal for tasks that have to get equal answers within one run."""
        return hashlib.sha256(json.dumps(dataclasses.astuple(self), sort_keys=True, default=str).encode()).hexdigest()

    def read(self, url: str, limit: int) -> bytes:
        """The body at an address, of at most limit bytes. Raises GofleetError whose text leaves the address out."""
        # Here, not above: loading the network modules is a tenth of a run that finds everything in the cache.
        from ansible_collections.gofleet.golang.plugins.module_utils import download

        return bytes(download.read(url, self.options, limit))
