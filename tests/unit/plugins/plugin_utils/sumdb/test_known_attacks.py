# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Attacks on clients of Go's checksum database that were published, each tried on this one.

CVE-2026-42501: the database answers with a record that is in the log, but not with the entry that was asked for.
CVE-2026-56865: the server of the tiles forges them so that a forged record fits.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.plugin_utils._cache import Cache
from ansible_collections.gofleet.golang.plugins.plugin_utils._sumdb import heads as log_heads
from ansible_collections.gofleet.golang.plugins.plugin_utils._sumdb import lookup
from ansible_collections.gofleet.golang.plugins.plugin_utils._sumdb.gosumdb import Key
from support.units.transparency_log import Log, Reader

MODULE, VERSION = 'golang.org/toolchain', 'v0.0.1-go1.26.6.linux-amd64'
ASKED = f'{MODULE}@{VERSION}'


def outcome(log: Log, reader: Reader, heads: lookup.HeadStore | None = None) -> str:
    """The h1 that is believed, or the code of the refusal."""
    try:
        return lookup.lookup(MODULE, VERSION, Key.parse(log.key), reader, heads)
    except GofleetError as exc:
        return str(exc.code)


@pytest.mark.parametrize('record', [
    b'golang.org/toolchain v0.0.1-go1.26.5.linux-amd64 h1:other\n',
    b'golang.org/toolchain v0.0.1-go1.26.6.linux-arm64 h1:other\n',
    b'golang.org/toolchain v0.0.1-go1.26.6.linux-amd64/go.mod h1:other\n',
    b'golang.org/toolchain/evil v0.0.1-go1.26.6.linux-amd64 h1:other\n',
    b'evil golang.org/toolchain v0.0.1-go1.26.6.linux-amd64 h1:other\n',
    b'golang.org/toolchain v0.0.1-go1.26.6.linux-amd64 h1:other evil\n',
    b'golang.org/toolchain  v0.0.1-go1.26.6.linux-amd64 h1:other\n',
    b'golang.org/toolchain v0.0.1-go1.26.6.linux-amd64\n',
    b'golang.org/toolchain v0.0.1-go1.26.6.linux-amd64 h2:other\n',
    b'golang.org/toolchain v0.0.1-go1.26.6.linux-amd64 h1:one\ngolang.org/toolchain v0.0.1-go1.26.6.linux-amd64 h1:two\n',
    b'\n',
])  # fmt: skip
def test_cve_2026_42501_a_logged_record_without_the_requested_entry_is_refused(record: bytes, tmp_path: Path) -> None:
    log = Log({'first': b'first v1 h1:x\n', ASKED: record, 'last': b'last v1 h1:x\n'})
    heads = log_heads.Heads(Cache(tmp_path / 'cache'), Key.parse(log.key))
    assert outcome(log, Reader(log), heads) == 'log_malformed'


def test_cve_2026_42501_the_true_answer_to_another_question_is_no_answer() -> None:
    log = Log({'other@v1': b'other v1 h1:other\n', ASKED: f'{MODULE} {VERSION} h1:true\n'.encode()})
    assert outcome(log, Reader(log)) == 'h1:true'
    assert outcome(log, Reader(log, {f'lookup/{ASKED}': log.lookup('other@v1')})) == 'log_malformed'


@pytest.fixture(scope='module', params=[3, 300, 66000])
def true_log(request: pytest.FixtureRequest) -> Log:
    """A log with tiles of one, two and three levels."""
    records = {f'm@v{number}': f'm v{number} h1:{number}\n'.encode() for number in range(request.param - 1)}
    return Log({ASKED: f'{MODULE} {VERSION} h1:true\n'.encode(), **records})


def test_cve_2026_56865_no_choice_of_forged_tiles_makes_a_forged_record_fit(true_log: Log) -> None:
    forged = Log({**true_log.records, ASKED: f'{MODULE} {VERSION} h1:forged\n'.encode()}, private=true_log.private)
    honest = Reader(true_log)
    assert outcome(true_log, honest) == 'h1:true'
    tiles = [path for path in honest.read if path.startswith('tile/')]
    # The head is the one that the log signed: its key is what a forger has not.
    lie = {f'lookup/{ASKED}': true_log.lookup(ASKED, record=forged.records[ASKED])}
    for count in range(len(tiles) + 1):
        for chosen in itertools.combinations(tiles, count):
            replaced = lie | {path: forged.tile(path) or b'' for path in chosen}
            assert outcome(true_log, Reader(true_log, replaced)) in ('log_not_included', 'log_malformed'), chosen


def test_cve_2026_56865_forged_tiles_do_not_hide_that_a_head_does_not_extend_the_remembered_one(true_log: Log, tmp_path: Path) -> None:
    # The log's own key signs another history; the tiles are those of either, as the liar likes.
    other = Log({**true_log.records, ASKED: f'{MODULE} {VERSION} h1:forged\n'.encode()}, private=true_log.private)
    heads = log_heads.Heads(Cache(tmp_path / 'cache'), Key.parse(true_log.key))
    older = true_log.at(len(true_log.records) - 1)
    assert outcome(older, Reader(older), heads) == 'h1:true'
    reader = Reader(other)
    assert outcome(other, reader, heads) == 'log_forked'
    tiles = sorted({path for path in reader.read if path.startswith('tile/')})
    for count in range(len(tiles) + 1):
        for chosen in itertools.combinations(tiles, count):
            replaced = {path: true_log.tile(path) or b'' for path in chosen}
            assert outcome(other, Reader(other, replaced), heads) in ('log_forked', 'log_malformed', 'log_not_included'), chosen
    assert heads.read() == older.head
