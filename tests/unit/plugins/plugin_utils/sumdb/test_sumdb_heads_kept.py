# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""That a log extends what was seen of it before, that this is never forgotten, and that lies are kept as evidence."""

from __future__ import annotations

import base64
import hashlib
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.plugin_utils._cache import Cache
from ansible_collections.gofleet.golang.plugins.plugin_utils._sumdb import gosumdb, lookup, tree_head
from ansible_collections.gofleet.golang.plugins.plugin_utils._sumdb import heads as log_heads
from ansible_collections.gofleet.golang.plugins.plugin_utils._sumdb.gosumdb import Key
from support.units.forked import Child
from support.units.transparency_log import Log, Reader


class Memory:
    """A HeadStore in memory."""

    path = Path('/remembered')

    def __init__(self, note: bytes | None = None, shipped: bytes | None = None) -> None:
        self.note = note
        self._shipped = shipped
        self.evidence: dict[str, str] = {}

    def read(self) -> bytes | None:
        return self.note

    def shipped(self) -> bytes | None:
        return self._shipped

    def replace(self, old: bytes | None, new: bytes) -> bool:
        same = self.note == old
        self.note = new if same else self.note
        return same

    def keep_evidence(self, name: str, text: str) -> str:
        self.evidence[name] = text
        return f'/evidence/{name}'


def look_up(log: Log, heads: lookup.HeadStore, number: int = 0, read: Callable[[str], bytes] | None = None) -> str:
    return lookup.lookup('m', f'v{number}', Key.parse(log.key), read or Reader(log), heads)


def error_of(*arguments: Any) -> GofleetError:
    with pytest.raises(GofleetError) as caught:
        look_up(*arguments)
    return caught.value


@pytest.fixture(scope='module')
def log() -> Log:
    return Log.of_size(320)


@pytest.fixture(scope='module')
def fork(log: Log) -> Log:
    """Another history of the same log, the same for 150 records."""
    return log.forked(150)


@pytest.fixture
def store(tmp_path: Path, log: Log) -> log_heads.Heads:
    return log_heads.Heads(Cache(tmp_path / 'cache'), Key.parse(log.key))


# ---- against a tree of the definition's own words


def merkle_tree_hash(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, read aloud."""
    if not leaves:
        return hashlib.sha256(b'').digest()
    if len(leaves) == 1:
        return hashlib.sha256(b'\x00' + leaves[0]).digest()
    largest = max(1 << each for each in range(32) if 1 << each < len(leaves))
    return hashlib.sha256(b'\x01' + merkle_tree_hash(leaves[:largest]) + merkle_tree_hash(leaves[largest:])).digest()


def head_by_definition(log: Log, size: int, root: bytes | None = None) -> bytes:
    root = root or merkle_tree_hash(list(log.records.values())[:size])
    return log.sign(f'go.sum database tree\n{size}\n{base64.b64encode(root).decode()}\n')


def verdict(log: Log, remembered: bytes, answered: bytes) -> str:
    """What comes of a lookup that is answered with a head when another is remembered: a code, or the h1."""
    try:
        return look_up(log, Memory(remembered), 0, Reader(log, {'lookup/m@v0': log.lookup('m@v0', head=answered)}))
    except GofleetError as exc:
        return str(exc.code)


def pairs() -> list[tuple[int, int]]:
    chosen = random.Random(6962)
    edges = [1, 2, 3, 255, 256, 257, 511, 512, 513, 767, 768, 769]
    small = [(older, newer) for newer in range(1, 18) for older in range(newer + 1)]
    at_edges = [(older, newer) for older in edges for newer in edges if older <= newer]
    drawn = [sorted((chosen.randint(0, 800), chosen.randint(1, 800))) for dummy in range(150)]
    return [*small, *at_edges, *((older, newer) for older, newer in drawn)]


@pytest.fixture(scope='module')
def definition() -> Log:
    return Log.of_size(800)


def test_a_head_extends_another_exactly_if_the_definition_says_so(definition: Log) -> None:
    records = list(definition.records.values())
    chosen = random.Random(2119)
    for older, newer in pairs():
        old, new = head_by_definition(definition, older), head_by_definition(definition, newer)
        assert verdict(definition, old, new) == 'h1:0', (older, newer)
        # One record of the older history was another.
        place = chosen.randrange(older) if older else 0
        changed = [*records[:place], b'another\n', *records[place + 1 : older]]
        other = head_by_definition(definition, older, merkle_tree_hash(changed))
        assert verdict(definition, other, new) == 'log_forked', (older, newer, place)
        if older:
            assert verdict(definition, new, old) == 'h1:0', (older, newer)
            assert verdict(definition, new, other) == 'log_forked', (older, newer, place)


def test_a_head_of_another_size_than_its_root_is_a_fork(definition: Log) -> None:
    new = head_by_definition(definition, 700)
    for size in (255, 256, 300, 512, 699):
        root = merkle_tree_hash(list(definition.records.values())[: size - 1])
        assert verdict(definition, head_by_definition(definition, size, root), new) == 'log_forked', size


@pytest.mark.parametrize(('older', 'newer'), [
    (1, 70000), (65535, 70000), (65536, 70000), (65537, 70000), (66000, 70000), (69999, 70000), (65536, 65537), (65535, 65536), (256, 65536),
])  # fmt: skip
def test_a_log_of_several_levels_of_tiles_extends_itself(older: int, newer: int) -> None:
    log = Log.of_size(70000)
    assert verdict(log, log.at(older).head, log.at(newer).head) == 'h1:0'
    assert verdict(log, log.at(newer).head, log.at(older).head) == 'h1:0'
    forked = log.forked(older - 1)
    assert verdict(log, forked.at(older).head, log.at(newer).head) == 'log_forked'
    assert verdict(log, log.at(newer).head, forked.at(older).head) == 'log_forked'


def test_an_empty_log_is_the_beginning_of_every_log(log: Log) -> None:
    empty = log.sign(f'go.sum database tree\n0\n{base64.b64encode(hashlib.sha256().digest()).decode()}\n')
    memory = Memory(empty)
    assert look_up(log, memory) == 'h1:0'
    assert memory.note == log.head


def test_an_empty_log_with_another_hash_than_that_of_nothing_is_a_fork(log: Log) -> None:
    empty = log.sign(f'go.sum database tree\n0\n{base64.b64encode(bytes(32)).decode()}\n')
    assert error_of(log, Memory(empty)).code == 'log_forked'


def test_a_record_cannot_come_with_the_head_of_an_empty_log(log: Log) -> None:
    empty = log.sign(f'go.sum database tree\n0\n{base64.b64encode(hashlib.sha256().digest()).decode()}\n')
    assert error_of(log, Memory(), 0, Reader(log, {'lookup/m@v0': log.lookup('m@v0', head=empty)})).code == 'log_stale'


# ---- what is remembered


def test_the_first_head_that_is_seen_is_remembered(log: Log) -> None:
    memory = Memory()
    look_up(log, memory)
    assert memory.note == log.head


def test_a_larger_head_replaces_the_remembered_one(log: Log) -> None:
    memory = Memory(log.at(200).head)
    look_up(log, memory)
    assert memory.note == log.head


def test_an_older_but_honest_head_is_accepted_and_the_remembered_one_stays(log: Log) -> None:
    memory = Memory(log.head)
    assert look_up(log, memory, 7, Reader(log, {'lookup/m@v7': log.lookup('m@v7', head=log.at(200).head)})) == 'h1:7'
    assert memory.note == log.head


def test_the_same_head_under_another_signature_is_no_news(log: Log) -> None:
    memory = Memory(log.head)
    cosigned = log.head + Log(log.records, name='witness.test').signature_line
    look_up(log, memory, 7, Reader(log, {'lookup/m@v7': log.lookup('m@v7', head=cosigned)}))
    assert memory.note == log.head


def test_an_unchanged_head_costs_no_further_tile(log: Log) -> None:
    without, with_memory = Reader(log), Reader(log)
    look_up(log, Memory(), 7, without)
    look_up(log, Memory(log.head), 7, with_memory)
    assert with_memory.read == without.read


def test_a_proof_reads_each_tile_once() -> None:
    log = Log.of_size(70000)
    old = log.at(66000)
    answer = log.lookup('m@v65999', head=old.head)
    for memory, reader in ((Memory(old.head), Reader(log)), (Memory(log.head), Reader(log, {'lookup/m@v65999': answer}))):
        look_up(log, memory, 65999, reader)
        assert len(reader.read) == len(set(reader.read))


def test_a_head_is_remembered_though_the_record_beside_it_is_a_lie(log: Log) -> None:
    memory = Memory(log.at(200).head)
    error = error_of(log, memory, 7, Reader(log, {'lookup/m@v7': log.lookup('m@v7', 8)}))
    assert (error.code, memory.note) == ('log_not_included', log.head)


@pytest.mark.parametrize('damaged', [b'', b'\0' * 300, b'go.sum database tree\n320\n'])
def test_a_remembered_head_that_is_damaged_is_not_passed_over(log: Log, damaged: bytes) -> None:
    memory = Memory(damaged)
    error = error_of(log, memory)
    assert (error.code, memory.note) == ('log_memory', damaged)
    assert ' /remembered ' in error.msg


def test_a_remembered_head_that_the_key_did_not_sign_is_not_passed_over(log: Log) -> None:
    # A process that can write to the cache must not be able to lower the remembered head without a trace.
    forged = log.at(5).head_text().encode() + b'\n' + Log(log.records).signature_line
    assert error_of(log, Memory(forged)).code == 'log_memory'


# ---- what ships with the collection


def test_a_controller_without_memory_starts_from_the_shipped_head(log: Log, fork: Log) -> None:
    for older in (log.at(200), log.at(150)):
        memory = Memory(shipped=older.head)
        assert (look_up(log, memory), memory.note) == ('h1:0', log.head)
    memory = Memory(shipped=fork.at(200).head)
    error = error_of(log, memory)
    assert (error.code, error.evidence['sizes'], memory.note) == ('log_forked', [200, 320], fork.at(200).head)
    assert kept_by(memory, error)['remembered_head'].encode() == fork.at(200).head


def test_an_older_head_than_the_shipped_one_has_to_be_its_beginning(log: Log, fork: Log) -> None:
    memory = Memory(shipped=log.head)
    answer = log.lookup('m@v7', head=log.at(200).head)
    assert (look_up(log, memory, 7, Reader(log, {'lookup/m@v7': answer})), memory.note) == ('h1:7', log.head)
    assert error_of(fork.at(200), memory, 7).code == 'log_forked'


def test_a_newer_shipped_head_replaces_the_remembered_one_only_if_it_extends_it(log: Log, fork: Log) -> None:
    memory = Memory(log.at(200).head, shipped=log.at(300).head)
    assert (look_up(log, memory, 7, Reader(log, {'lookup/m@v7': log.lookup('m@v7', head=log.at(100).head)})), memory.note) == ('h1:7', log.at(300).head)
    # A log that shows one history to this controller, and another to the authors of the collection.
    memory = Memory(fork.at(200).head, shipped=log.at(300).head)
    error = error_of(log, memory)
    assert (error.code, error.evidence['sizes'], memory.note) == ('log_forked', [200, 300], fork.at(200).head)


def test_a_remembered_head_that_is_as_new_as_the_shipped_one_costs_no_proof_of_it(log: Log) -> None:
    for shipped in (log.at(257), log.at(300)):
        alone, both = Reader(log), Reader(log)
        look_up(log, Memory(log.at(300).head), 7, alone)
        look_up(log, Memory(log.at(300).head, shipped=shipped.head), 7, both)
        assert both.read == alone.read


def test_a_remembered_head_that_is_damaged_is_not_healed_by_the_shipped_one(log: Log) -> None:
    assert error_of(log, Memory(b'damaged', shipped=log.head)).code == 'log_memory'


def test_a_shipped_head_is_of_use_to_its_own_log_only(tmp_path: Path, log: Log) -> None:
    keys = [log.key, log.named('sum.golang.org').key]
    assert [log_heads.Heads(Cache(tmp_path / 'cache'), Key.parse(key)).shipped() for key in keys] == [None, None]


def test_the_shipped_head_was_signed_by_the_log_of_go(tmp_path: Path) -> None:
    key = gosumdb.GOOGLE_KEY
    shipped = log_heads.Heads(Cache(tmp_path / 'cache'), key).shipped()
    # Of November 2026. A younger one is larger: a log only grows.
    assert tree_head.parse(shipped or b'', key).size >= 72352793


# ---- forks


@pytest.mark.parametrize(('seen', 'answered'), [(300, 320), (320, 300), (151, 152), (152, 151), (320, 320), (151, 151), (257, 256)])
def test_two_histories_of_one_log_are_refused(log: Log, fork: Log, seen: int, answered: int) -> None:
    memory = Memory(log.at(seen).head)
    error = error_of(fork.at(answered), memory)
    assert (error.code, memory.note) == ('log_forked', log.at(seen).head)
    assert error.evidence['sizes'] == sorted([seen, answered])
    assert error.msg.count('remove /remembered.') == 1
    # A false server does not serve the tiles of the larger history, without which it cannot be proven that the smaller one is not part of it.
    assert error.evidence['proven'] == (answered >= seen)


def test_a_smaller_history_is_proven_another_where_the_tiles_of_both_can_be_had(log: Log) -> None:
    # They part in a tile that has another name in each.
    fork = log.forked(290).at(300)
    own = 'tile/8/0/001.p/44'
    error = error_of(log, Memory(log.head), 7, Reader(log, {'lookup/m@v7': fork.lookup('m@v7'), own: fork.tile(own) or b''}))
    assert (error.code, error.evidence['proven']) == ('log_forked', True)


@pytest.mark.parametrize('path', ['tile/8/0/001.p/64', 'tile/8/1/000.p/1'])
def test_a_cut_tile_of_the_remembered_head_is_no_fork(log: Log, path: str) -> None:
    answer = log.lookup('m@v7', head=log.at(200).head)
    cut = (log.tile(path) or b'')[:-1]
    assert error_of(log, Memory(log.head), 7, Reader(log, {'lookup/m@v7': answer, path: cut})).code == 'log_malformed'


def test_a_smaller_head_without_tiles_of_its_own_is_no_fork(log: Log) -> None:
    answer = log.lookup('m@v7', head=log.at(200).head)
    wrong = {'tile/8/0/000.p/200': bytes(32 * 200), 'tile/8/0/000': bytes(32 * 256)}
    assert error_of(log, Memory(log.head), 7, Reader(log, {'lookup/m@v7': answer, **wrong})).code == 'log_malformed'


@pytest.mark.parametrize('seen', [1, 100, 149, 150])
def test_what_was_seen_before_the_histories_parted_fits_both(log: Log, fork: Log, seen: int) -> None:
    assert look_up(log, Memory(log.at(seen).head)) == 'h1:0'
    assert look_up(fork, Memory(log.at(seen).head)) == 'h1:0'


def test_a_fork_is_found_though_its_record_is_in_both_histories(log: Log, fork: Log) -> None:
    assert error_of(fork, Memory(log.at(300).head), 3).code == 'log_forked'


def test_a_fork_is_reported_before_a_stale_head(log: Log, fork: Log) -> None:
    answer = fork.lookup('m@v310', head=fork.at(200).head)
    assert error_of(log, Memory(log.head), 310, Reader(log, {'lookup/m@v310': answer})).code == 'log_forked'


def test_a_stale_head_is_refused_though_a_larger_one_is_remembered(log: Log) -> None:
    answer = log.lookup('m@v250', head=log.at(200).head)
    memory = Memory(log.head)
    assert error_of(log, memory, 250, Reader(log, {'lookup/m@v250': answer})).code == 'log_stale'
    assert memory.note == log.head


def test_a_fork_cannot_be_hidden_by_the_tiles_of_the_history_that_was_seen(log: Log, fork: Log) -> None:
    memory = Memory(log.at(300).head)
    error = error_of(fork, memory, 0, Reader(log, {'lookup/m@v0': fork.lookup('m@v0')}))
    assert (error.code, memory.note) == ('log_malformed', log.at(300).head)


def test_no_wrong_tile_makes_a_fork_or_hides_one() -> None:
    # Each hash of each tile that the proof reads, exchanged in turn: honest history and fork alike.
    log = Log.of_size(1000)
    for seen in (log.at(600).head, log.forked(599).at(600).head):
        reader = Reader(log)
        verdict_of(log, seen, reader)
        assert len(reader.read) == 4
        for path in reader.read[1:]:
            tile = log.tile(path) or b''
            for each in range(0, len(tile), 32):
                altered = tile[:each] + hashlib.sha256(tile).digest() + tile[each + 32 :]
                assert verdict_of(log, seen, Reader(log, {path: altered})) == ('log_malformed', seen), (path, each)


def verdict_of(log: Log, seen: bytes, reader: Reader) -> tuple[str, bytes | None]:
    memory = Memory(seen)
    try:
        return look_up(log, memory, 599, reader), memory.note
    except GofleetError as exc:
        return str(exc.code), memory.note


# ---- evidence


def kept_by(memory: Memory, error: GofleetError) -> dict[str, Any]:
    path = error.evidence['file']
    assert path in error.msg
    kept: dict[str, Any] = json.loads(memory.evidence[path.removeprefix('/evidence/')])
    assert kept['code'] == error.code
    assert error.msg.startswith(kept['message'])
    return kept


def test_the_evidence_of_a_fork_is_sufficient_proof_by_itself(log: Log, fork: Log) -> None:
    memory = Memory(log.at(300).head)
    kept = kept_by(memory, error_of(fork, memory))
    answers = {kept['lookup']['path']: kept['lookup']['answer'].encode()} | {path: base64.b64decode(tile) for path, tile in kept['tiles'].items()}
    with pytest.raises(GofleetError) as caught:
        lookup.lookup('m', 'v0', Key.parse(kept['key']), answers.__getitem__, Memory(kept['remembered_head'].encode()))
    assert (caught.value.code, caught.value.evidence['sizes']) == ('log_forked', [300, 320])


def test_evidence_holds_both_heads_the_record_and_the_tiles_in_full(log: Log, fork: Log) -> None:
    memory = Memory(log.at(300).head)
    kept = kept_by(memory, error_of(fork, memory, 7))
    assert kept['remembered_head'].encode() == log.at(300).head
    assert kept['lookup'] == {'path': 'lookup/m@v7', 'answer': fork.lookup('m@v7').decode()}
    assert kept['tiles']
    assert all(base64.b64decode(tile) == fork.tile(path) for path, tile in kept['tiles'].items())


@pytest.mark.parametrize(('answer', 'code'), [
    (lambda log: log.lookup('m@v7', 8), 'log_not_included'),
    (lambda log: log.lookup('m@v7', 320), 'log_stale'),
    (lambda log: log.lookup('m@v7', head=Log(log.records).head), 'log_signature'),
    (lambda log: b'<html>\n\nLog in, please. \xff', 'log_malformed'),
])  # fmt: skip
def test_each_refusal_keeps_the_answer_as_it_came(log: Log, answer: Callable[[Log], bytes], code: str) -> None:
    memory = Memory()
    reported = answer(log)
    error = error_of(log, memory, 7, Reader(log, {'lookup/m@v7': reported}))
    assert error.code == code
    assert kept_by(memory, error)['lookup']['answer'].encode('utf-8', 'surrogateescape') == reported


def test_the_same_lie_is_kept_once(log: Log, fork: Log) -> None:
    memory = Memory(log.at(300).head)
    assert [error_of(fork, memory).evidence['file'] for dummy in range(3)] == [f'/evidence/{name}' for name in memory.evidence] * 3


def test_a_failed_read_is_not_kept_as_evidence(log: Log) -> None:
    memory = Memory(log.at(300).head)

    def read(path: str) -> bytes:
        if path.startswith('tile/'):
            raise GofleetError('down', 'log_unreachable')
        return log.lookup('m@v0')

    assert (error_of(log, memory, 0, read).code, memory.evidence) == ('log_unreachable', {})


def test_a_false_answer_is_reported_even_if_its_evidence_cannot_be_kept(log: Log, fork: Log) -> None:
    class Full(Memory):
        def keep_evidence(self, name: str, text: str) -> str:
            raise OSError(28, 'No space left on device', name)

    error = error_of(fork, Full(log.at(300).head))
    assert (error.code, error.evidence['sizes'], 'file' in error.evidence) == ('log_forked', [300, 320], False)
    assert 'No space left on device' in error.msg


def test_without_a_memory_there_is_no_evidence_but_the_refusal(log: Log) -> None:
    with pytest.raises(GofleetError) as caught:
        lookup.lookup('m', 'v7', Key.parse(log.key), Reader(log, {'lookup/m@v7': log.lookup('m@v7', 8)}))
    assert (caught.value.code, 'file' in caught.value.evidence) == ('log_not_included', False)


# ---- in the controller's cache


def test_a_head_is_remembered_by_the_next_run(store: log_heads.Heads, log: Log, fork: Log, tmp_path: Path) -> None:
    look_up(log, store)
    later = log_heads.Heads(Cache(tmp_path / 'cache'), Key.parse(log.key))
    assert later.read() == log.head
    assert error_of(fork, later).code == 'log_forked'


def test_a_head_is_kept_as_the_signed_note_that_it_is(store: log_heads.Heads, log: Log) -> None:
    look_up(log, store)
    assert store.path.read_bytes() == log.head


def test_nothing_is_remembered_before_the_first_lookup(store: log_heads.Heads) -> None:
    assert store.read() is None


def test_logs_of_one_name_and_names_with_a_path_are_kept_apart(log: Log, tmp_path: Path) -> None:
    logs = [log, Log(log.records), log.named('log.test/path'), log.named('..'), log.named('../log.test')]
    stores = [log_heads.Heads(Cache(tmp_path / 'cache'), Key.parse(each.key)) for each in logs]
    for each, its_store in zip(logs, stores, strict=True):
        look_up(each, its_store)
    assert [each.read() for each in stores] == [each.head for each in logs]
    assert {each.path.parent for each in stores} == {tmp_path / 'cache' / 'log'}


def test_a_head_is_replaced_only_by_a_run_that_read_it(store: log_heads.Heads) -> None:
    assert store.replace(None, b'one')
    assert not store.replace(None, b'two')
    assert not store.replace(b'other', b'two')
    assert store.read() == b'one'
    assert store.replace(b'one', b'two')
    assert store.read() == b'two'


def test_evidence_lies_beside_the_head(store: log_heads.Heads, log: Log, fork: Log) -> None:
    look_up(log.at(300), store)
    path = Path(error_of(fork, store).evidence['file'])
    assert path.parent == store.path.parent / 'evidence'
    assert json.loads(path.read_text(encoding='utf-8'))['code'] == 'log_forked'


def test_evidence_is_not_written_over(store: log_heads.Heads) -> None:
    assert store.keep_evidence('lie.json', 'first') == store.keep_evidence('lie.json', 'second')
    assert (store.path.parent / 'evidence' / 'lie.json').read_text(encoding='utf-8') == 'first'


def test_a_controller_that_was_slower_does_not_lower_what_another_remembered(store: log_heads.Heads, log: Log) -> None:
    # While it proves 200 from 100, another proves 320.
    look_up(log.at(100), store, 7)
    overtaken = []

    def read(path: str) -> bytes:
        if path.startswith('tile/') and not overtaken:
            overtaken.append(path)
            look_up(log, store, 9)
        return Reader(log.at(200))(path)

    assert look_up(log.at(200), store, 7, read) == 'h1:7'
    assert overtaken
    assert store.read() == log.head


def test_a_controller_that_was_overtaken_by_a_fork_finds_it(store: log_heads.Heads, log: Log, fork: Log) -> None:
    look_up(log.at(100), store, 7)
    overtaken = []

    def read(path: str) -> bytes:
        if path.startswith('tile/') and not overtaken:
            overtaken.append(path)
            look_up(fork, store, 9)
        return Reader(log)(path)

    assert error_of(log, store, 7, read).code == 'log_forked'
    assert store.read() == fork.head


def test_controllers_that_share_a_cache_end_with_the_largest_head(store: log_heads.Heads, log: Log) -> None:
    heads = {size: log.at(size).head for size in range(150, 320)}

    def look_up_all(sizes: list[int]) -> Callable[[Child], list[int]]:
        def run(child: Child) -> list[int]:
            child.wait_for_word()
            seen = []
            for size in sizes:
                look_up(log, store, 7, Reader(log, {'lookup/m@v7': log.lookup('m@v7', head=heads[size])}))
                seen.append(tree_head.parse(store.read() or b'', Key.parse(log.key)).size)
            return seen

        return run

    sizes = list(heads)
    children = [Child(look_up_all(order)) for order in (sizes, sizes[::3] + sizes[1::3], random.Random(1).sample(sizes, len(sizes)))]
    for child in children:
        child.tell()
    for seen in [child.result() for child in children]:
        assert seen == sorted(seen)
    assert store.read() == heads[319]


def test_a_remembered_head_survives_a_writer_that_was_killed(store: log_heads.Heads, log: Log) -> None:
    look_up(log.at(200), store, 7)

    def hang(child: Child) -> None:
        with store._cache.locked(store._lock):
            Path(f'{store.path}.half').write_bytes(b'go.sum')
            child.say(b'.')
            child.wait_for_word()

    child = Child(hang)
    assert child.hears(b'.', within=30)
    child.kill()
    look_up(log, store, 7)
    assert store.read() == log.head


def test_a_head_that_cannot_be_written_fails_the_lookup(store: log_heads.Heads, log: Log) -> None:
    store.path.mkdir(parents=True)
    with pytest.raises(OSError, match='directory'):
        look_up(log, store)
