# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Remember answers and failures of the network for all hosts of a run, and for some time after it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from ansible_collections.gofleet.golang.plugins.module_utils import _errors as errors
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.plugin_utils._cache import Cache
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases import releases

# Seconds for which a source that could not be reached is not queried again. A connection without an answer takes the whole timeout (30 s)
# in every run; a source that recovers is found after a few minutes.
FAILURE_AGE = 600
# Failures to reach a source. Others are answers or lies, and end the run.
OUT_OF_REACH = ('index_unreachable', 'log_unreachable')
_Kept = TypeVar('_Kept')


def run_began(run: Cache) -> float:
    """The start of a run, in seconds since the epoch; the same for all its forks. run: the cache of the run."""
    with run.locked('began'):
        began = run.read('began')
        if not isinstance(began, float):
            began = time.time()
            run.write('began', began)
    return began


@dataclass(frozen=True)
class Memory:
    """Answers by query, each with its time.

    max_age: seconds for which an answer is valid; a failure is valid for at most FAILURE_AGE seconds. began: the start of this run; later answers
    are valid for the whole run, so that one run works with one answer.
    """

    cache: Cache
    max_age: float
    began: float

    @classmethod
    def of_run(cls, cache: Cache, max_age: float, run: Cache | None) -> Memory:
        """run: the cache of the run; without it, the run begins now."""
        return cls(cache, max_age, run_began(run) if run else time.time())

    def answer(self, question: str, ask: Callable[[], Any], understand: Callable[[Any], _Kept], insist: bool = False) -> _Kept:
        """The remembered answer to a query, or a new one; of several processes, one sends the query.

        understand: as for Cache.aged(). insist: query again even if it recently failed in another run.
        Raises the errors of ask, the remembered failure() or OSError.
        """
        with self.cache.locked(question):
            kept = self._kept(question, self.max_age, understand)
            if kept is not None:
                return kept
            failure = self.failure(question, insist)
            if failure:
                raise failure
            try:
                value = ask()
            except GofleetError as exc:
                self.keep_failure(question, exc)
                raise
            self.cache.keep(question, value)
            return understand(value)

    def failure(self, question: str, insist: bool = False) -> GofleetError | None:
        """The remembered failure of a query, or None. Its evidence['asked_at'] is the time (UTC) of the failure."""
        return self._kept(f'failure {question}', 0 if insist else min(self.max_age, FAILURE_AGE), _failure)

    def lacking(self, question: str, insist: bool = False) -> GofleetError | None:
        """The negative answer that keep_lacking() keeps; it is valid as long as any other answer."""
        return self._kept(question, 0 if insist else self.max_age, _failure)

    def keep_lacking(self, question: str, exc: GofleetError) -> None:
        """Remember that a source answered that it does not have the record. Raises OSError."""
        self.cache.keep(question, exc.as_result())

    def keep_failure(self, question: str, exc: GofleetError) -> None:
        """Remember that a source could not be reached; other failures are not remembered. Raises OSError."""
        if exc.code in OUT_OF_REACH:
            self.cache.keep(f'failure {question}', GofleetError(exc.msg, exc.code, **{'asked_at': releases.now(), **exc.evidence}).as_result())

    def _kept(self, key: str, max_age: float, understand: Callable[[Any], _Kept]) -> _Kept | None:
        """The value kept since this run began, or at most max_age seconds ago. An invalid value is ignored."""
        entry = self.cache.read(key)
        now = time.time()
        try:
            if self.began <= entry['fetched'] <= now or 0 <= now - entry['fetched'] < max_age:
                return understand(entry['value'])
        except (TypeError, KeyError, AttributeError, ValueError):
            # The entry is missing, or another version of this collection wrote it.
            pass
        return None


def _failure(value: Any) -> GofleetError:
    failure = errors.from_result(value)
    if not isinstance(failure.msg, str) or not isinstance(failure.code, str):
        raise TypeError('another kind of value than text')
    return failure
