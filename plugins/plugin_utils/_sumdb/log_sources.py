# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sources of the transparency log: module proxies that serve it, and finally the log itself.

Every answer is verified, so any source may pass it on; if a source fails for any reason, the next one is queried. The go command is
stricter, because it also protects the privacy of what a user builds: after a comma in GOPROXY it continues only after 404 and 410, after a bar after
every error; at direct or off, and at the end of the list, it queries the log itself (initBase in cmd/go/internal/modfetch/sumdb.go).
"""

from __future__ import annotations

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._texts import addresses
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases.memory import Memory
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases.request import Request
from ansible_collections.gofleet.golang.plugins.plugin_utils._sumdb.gosumdb import Database

_LIMIT = 1 << 20
# A source that does not serve the log gives the same answer, which proves nothing about a release.
_ABSENT = (404, 410)
# Failures that occur only after a long wait.
_SLOW = ('unreachable', 'too_slow')


class LogSources:
    """The sources of one lookup. insist: also query those that recently could not be reached."""

    def __init__(self, request: Request, log: Database, memory: Memory, insist: bool) -> None:
        self._request = request
        self._log = log
        self._memory = memory
        self._insist = insist
        proxies = [f'{base.rstrip("/")}/sumdb/{log.key.name}' for base in request.log_proxies] if log.proxied else []
        self._bases = [*proxies, log.url]

    def read(self, path: str) -> bytes:
        """The body at a path of the log, from the first source that has it.

        Raises GofleetError: not_in_log if sources answer that the log has no such record, and no source has it; log_unreachable.
        """
        failures = []
        absent = False
        for base in self._bases:
            try:
                content = self._ask(base, path)
            except GofleetError as exc:
                absent = absent or exc.evidence.get('status') in _ABSENT
                failures.append(f'{addresses.without_credentials(base)} {exc.msg}')
            else:
                # This source also has the rest of this lookup.
                self._bases = [base, *(each for each in self._bases if each != base)]
                return content
        name, reasons = self._log.key.name, '; '.join(failures)
        if absent and path.startswith('lookup/'):
            raise GofleetError(f'The transparency log {name} has no {path.removeprefix("lookup/")}: there is no such release, or no source serves the log '
                               f'({reasons}).', 'not_in_log', log=name, path=path, failures=failures)
        raise GofleetError(f'The transparency log {name} cannot be asked: {reasons}. Pin digests with checksums, or let the controller reach it.',
                           'log_unreachable', log=name, failures=failures)

    def _ask(self, base: str, path: str) -> bytes:
        question = f'log source {base}'
        failure = self._memory.failure(question, self._insist)
        if failure:
            raise failure
        try:
            return self._request.read(f'{base}/{path}', _LIMIT)
        except GofleetError as exc:
            if exc.code in _SLOW:
                self._memory.keep_failure(question, GofleetError(exc.msg, 'log_unreachable'))
            raise
