# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evidence that a record is in a log: proven by itself, whoever kept it."""

from __future__ import annotations

import dataclasses
import json
import random
from typing import Any

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.plugin_utils._sumdb import inclusion, lookup
from ansible_collections.gofleet.golang.plugins.plugin_utils._sumdb.gosumdb import Key
from ansible_collections.gofleet.golang.plugins.plugin_utils._sumdb.inclusion import Evidence
from support.units.transparency_log import Log, Reader


def evidence_of(log: Log, number: int, reader: Reader | None = None) -> Evidence:
    return lookup.prove('m', f'v{number}', Key.parse(log.key), reader or Reader(log))[1]


def proven(log: Log, evidence: Evidence, number: int) -> str:
    """The h1, or the code of the refusal."""
    try:
        return lookup.prove_again(evidence, 'm', f'v{number}', Key.parse(log.key))
    except GofleetError as exc:
        return str(exc.code)


@pytest.fixture(scope='module')
def log() -> Log:
    return Log.of_size(320)


def test_evidence_of_each_record_of_logs_of_each_size_proves_it_again() -> None:
    whole = Log.of_size(34)
    for size in range(1, 35):
        log = whole.at(size)
        for number in range(size):
            assert proven(log, evidence_of(log, number), number) == f'h1:{number}', (size, number)


def test_evidence_in_a_log_of_several_levels_of_tiles_proves_again() -> None:
    log = Log.of_size(70000)
    for number in (0, 255, 256, 65535, 65536, 69999):
        reader = Reader(log)
        evidence = evidence_of(log, number, reader)
        assert proven(log, evidence, number) == f'h1:{number}'
        assert len(evidence.path) <= 17
        # What is kept costs no request beside those of the proof itself.
        assert len(reader.read) <= 8


def test_evidence_survives_being_kept_as_json(log: Log) -> None:
    evidence = dataclasses.replace(evidence_of(log, 7), record=b'm v7 h1:7\n\xff')
    assert Evidence.from_value(json.loads(json.dumps(evidence.as_value()))) == evidence


def test_evidence_of_one_release_proves_no_other(log: Log) -> None:
    assert proven(log, evidence_of(log, 7), 8) == 'log_malformed'


def test_a_record_that_was_changed_in_the_evidence_is_not_in_the_log(log: Log) -> None:
    assert proven(log, dataclasses.replace(evidence_of(log, 7), record=b'm v7 h1:fake\n'), 7) == 'log_not_included'


def test_evidence_under_a_head_that_another_key_signed_proves_nothing(log: Log) -> None:
    forged = Log({**log.records, 'm@v7': b'm v7 h1:fake\n'})
    assert proven(log, evidence_of(forged, 7), 7) == 'log_signature'


def test_no_hash_number_or_length_of_the_path_can_be_another(log: Log) -> None:
    chosen = random.Random(9162)
    for number in (0, 7, 255, 256, 319):
        evidence = evidence_of(log, number)
        for place in range(len(evidence.path)):
            path = [*evidence.path]
            path[place] = chosen.randbytes(inclusion.HASH)
            assert proven(log, dataclasses.replace(evidence, path=path), number) == 'log_not_included'
        for path in (evidence.path[1:], evidence.path[:-1], [*evidence.path, bytes(32)], []):
            assert proven(log, dataclasses.replace(evidence, path=path), number) == 'log_malformed'
        for other in (-1, number + 1, number ^ 1, 320, 1 << 70):
            assert proven(log, dataclasses.replace(evidence, number=other), number) in ('log_malformed', 'log_not_included')


@pytest.mark.parametrize('change', [
    {'number': True}, {'number': '7'}, {'number': 7.0}, {'number': None}, {'record': 7}, {'note': None}, {'path': 7}, {'path': ['00']}, {'path': ['zz']},
    {'path': [7]}, {'path': ['00' * 32] * 65}, {'path': {}},
])  # fmt: skip
def test_malformed_evidence_is_refused(log: Log, change: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError, KeyError, AttributeError)):
        Evidence.from_value({**evidence_of(log, 7).as_value(), **change})


@pytest.mark.parametrize('value', [None, 'h1:x', 7, [], {}, [1, 2]])
def test_what_is_no_evidence_at_all_is_refused(value: Any) -> None:
    with pytest.raises((ValueError, TypeError, KeyError, AttributeError)):
        Evidence.from_value(value)
