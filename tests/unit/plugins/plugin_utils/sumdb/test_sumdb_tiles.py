# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tiles that a proof reads: each is checked, regardless of its server."""

from __future__ import annotations

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.plugin_utils._sumdb import tiles
from support.units.log_lookups import code_of, look_up
from support.units.transparency_log import Log, Reader

# Of its tree head: three partial tiles. Record 5: two full ones, the second of which stands in a partial one.
TILES = ['tile/8/2/000.p/1', 'tile/8/1/001.p/17', 'tile/8/0/273.p/112', 'tile/8/1/000', 'tile/8/0/000']


@pytest.mark.parametrize(('number', 'name'), [(0, '000'), (7, '007'), (999, '999'), (1000, 'x001/000'), (1234067, 'x001/x234/067')])
def test_a_tile_has_the_name_that_go_gives_it(number: int, name: str) -> None:
    assert tiles._tile_name(number) == name


def test_a_partial_tile_that_is_gone_is_read_from_the_full_one() -> None:
    # The log has grown since the head was signed, and dropped the tiles that became full.
    log = Log.of_size(1000, size=300)
    gone = Reader(log)

    def read(path: str) -> bytes:
        if '.p/' in path and not path.startswith('tile/8/1/'):
            raise GofleetError('gone', 'http_status', status=404)
        return gone(path)

    assert look_up(log, 299, read) == 'h1:299'
    assert 'tile/8/0/001' in gone.read


@pytest.fixture(scope='module')
def tall_log() -> Log:
    return Log.of_size(70000)


def test_the_tiles_of_a_proof_are_those_that_are_tried_here(tall_log: Log) -> None:
    reader = Reader(tall_log)
    look_up(tall_log, 5, reader)
    assert sorted(reader.read[1:]) == sorted(TILES)


@pytest.mark.parametrize('path', TILES)
@pytest.mark.parametrize('where', [0, 0.5, 1])
def test_a_tile_that_was_altered_anywhere_proves_nothing(tall_log: Log, path: str, where: float) -> None:
    tile = bytearray(tall_log.tile(path) or b'')
    tile[int(where * (len(tile) - 1))] ^= 0x10
    with pytest.raises(GofleetError) as caught:
        look_up(tall_log, 5, Reader(tall_log, {path: bytes(tile)}))
    assert caught.value.code == 'log_malformed'
    assert path in caught.value.evidence['tiles']


@pytest.mark.parametrize('path', TILES)
@pytest.mark.parametrize('change', [-8192, -32, -1, 1, 32])
def test_a_tile_of_another_length_is_malformed(tall_log: Log, path: str, change: int) -> None:
    tile = tall_log.tile(path) or b''
    tile = tile + b'x' * change if change > 0 else tile[:change]
    with pytest.raises(GofleetError) as caught:
        look_up(tall_log, 5, Reader(tall_log, {path: tile}))
    assert caught.value.code == 'log_malformed'
    assert f'{path} has {len(tile)} bytes' in caught.value.msg


@pytest.mark.parametrize('path', TILES)
def test_a_tile_of_another_place_proves_nothing(tall_log: Log, path: str) -> None:
    width = len(tall_log.tile(path) or b'')
    other = (tall_log.tile('tile/8/0/077') or b'')[:width]
    assert code_of(look_up, tall_log, 5, Reader(tall_log, {path: other})) == 'log_malformed'


def test_every_hash_of_every_tile_is_checked() -> None:
    # Also those that a proof could do without: what is checked may be cached.
    log = Log.of_size(1000)
    reader = Reader(log)
    look_up(log, 300, reader)
    for path in reader.read[1:]:
        tile = log.tile(path) or b''
        for each in range(0, len(tile), 32):
            altered = tile[:each] + bytes(32) + tile[each + 32 :]
            assert code_of(look_up, log, 300, Reader(log, {path: altered})) == 'log_malformed', (path, each)


def test_a_full_tile_in_place_of_a_partial_one_that_is_gone_is_checked_too() -> None:
    log = Log.of_size(1000, size=300)
    full = bytearray(log.tile('tile/8/0/001') or b'')
    full[0] ^= 1

    def read(path: str) -> bytes:
        if path == 'tile/8/0/001.p/44':
            raise GofleetError('gone', 'http_status', status=404)
        return bytes(full) if path == 'tile/8/0/001' else Reader(log)(path)

    assert code_of(look_up, log, 5, read) == 'log_malformed'


def test_an_unavailable_partial_tile_is_reported_with_its_failure() -> None:
    log = Log.of_size(1000, size=300)

    def read(path: str) -> bytes:
        if path.startswith('tile/8/0/001'):
            raise GofleetError('down', 'log_unreachable', path=path)
        return Reader(log)(path)

    with pytest.raises(GofleetError) as caught:
        look_up(log, 5, read)
    assert caught.value.evidence['path'] == 'tile/8/0/001.p/44'
