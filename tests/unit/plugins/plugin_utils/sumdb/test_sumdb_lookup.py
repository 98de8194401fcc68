# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.plugin_utils._sumdb import lookup as checksum_db
from ansible_collections.gofleet.golang.plugins.plugin_utils._sumdb.lookup import Database, Key, TreeHead
from support.units.transparency_log import Log, Reader

# A tree head of the real log, of November 2026.
REAL_HEAD = (
    'go.sum database tree\n66398721\n5oXTdOltbW8oy+WAHSPYkUE7FskIY/5ZJCYGy+buJ3g=\n\n'
    '\u2014 sum.golang.org Az3grkwAPWdf0j0QaqFdZ3Hg/pDusO9we04GR+upDAujfj+kau8VzeyO7Xqw0j0qZNnwMvwiV98DluG2iyB8t4v4WQU=\n'
).encode()
# Of the right length.
ROOT = base64.b64encode(bytes(32)).decode()


def look_up(log: Log, number: int = 0, read: Callable[[str], bytes] | None = None) -> str:
    return checksum_db.lookup('m', f'v{number}', Key.parse(log.key), read or Reader(log))


def code_of(function: Callable[..., object], *arguments: object) -> str:
    with pytest.raises(GofleetError) as caught:
        function(*arguments)
    assert isinstance(caught.value.code, str)
    return caught.value.code


@pytest.fixture(scope='module')
def log() -> Log:
    return Log.of_size(300)


# ---- honest logs


@pytest.mark.parametrize('size', [1, 2, 3, 4, 5, 7, 8, 31, 255, 256, 257])
def test_every_record_of_a_log_is_proven(size: int) -> None:
    log = Log.of_size(size)
    assert [look_up(log, number) for number in range(size)] == [f'h1:{number}' for number in range(size)]


@pytest.mark.parametrize('size', [511, 512, 513, 65535, 65536, 65537, 70000])
def test_records_of_a_log_of_several_tiles_are_proven(size: int) -> None:
    log = Log.of_size(size)
    numbers = {0, 1, 255, 256, size // 2, size - 257, size - 256, size - 2, size - 1}
    for number in sorted(number for number in numbers if number >= 0):
        assert look_up(log, number) == f'h1:{number}'


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


def test_each_tile_is_read_once(log: Log) -> None:
    reader = Reader(log)
    look_up(log, 299, reader)
    assert len(reader.read) == len(set(reader.read))


def test_a_lookup_reads_no_more_than_it_needs() -> None:
    reader = Reader(Log.of_size(70000))
    look_up(reader.log, 5, reader)
    assert len(reader.read) <= 6


@pytest.mark.parametrize(('number', 'name'), [(0, '000'), (7, '007'), (999, '999'), (1000, 'x001/000'), (1234067, 'x001/x234/067')])
def test_a_tile_has_the_name_that_go_gives_it(number: int, name: str) -> None:
    assert checksum_db._tile_name(number) == name


def test_the_line_of_the_module_itself_is_the_one_that_counts() -> None:
    log = Log({'m@v0': b'm v0/go.mod h1:other\nn v0 h1:other\nm v0 h1:right\n'})
    assert look_up(log) == 'h1:right'


# ---- logs that lie, and proxies that lie about them


def test_another_record_under_the_right_number_is_not_in_the_log(log: Log) -> None:
    answer = log.lookup('m@v7', record=b'm v7 h1:x\n')
    assert code_of(look_up, log, 7, Reader(log, {'lookup/m@v7': answer})) == 'log_not_included'


@pytest.mark.parametrize('number', [8, 0, 299])
def test_the_right_record_under_another_number_is_not_in_the_log(log: Log, number: int) -> None:
    answer = log.lookup('m@v7', number)
    assert code_of(look_up, log, 7, Reader(log, {'lookup/m@v7': answer})) == 'log_not_included'


def test_a_record_that_was_never_logged_is_not_in_the_log(log: Log) -> None:
    answer = log.lookup('m@v7', record=b'm v1000 h1:evil\n')
    assert code_of(look_up, log, 1000, Reader(log, {'lookup/m@v1000': answer})) == 'log_not_included'


@pytest.mark.parametrize('number', [300, 301, 999999999, (1 << 63) - 1])
def test_a_head_that_is_too_old_for_its_record_is_stale(log: Log, number: int) -> None:
    answer = log.lookup('m@v7', number)
    assert code_of(look_up, log, 7, Reader(log, {'lookup/m@v7': answer})) == 'log_stale'


def test_an_old_head_over_a_new_record_is_stale(log: Log) -> None:
    answer = log.lookup('m@v250', head=log.at(200).head)
    assert code_of(look_up, log, 250, Reader(log, {'lookup/m@v250': answer})) == 'log_stale'


def test_an_old_head_over_an_older_record_proves_it(log: Log) -> None:
    assert look_up(log, 150, Reader(log, {'lookup/m@v150': log.lookup('m@v150', head=log.at(200).head)})) == 'h1:150'


def test_the_record_of_another_version_is_no_answer(log: Log) -> None:
    assert code_of(look_up, log, 7, Reader(log, {'lookup/m@v7': log.lookup('m@v8')})) == 'log_malformed'


def test_a_record_with_two_hashes_of_a_version_is_no_answer() -> None:
    log = Log({'m@v0': b'm v0 h1:one\nm v0 h1:two\n'})
    assert code_of(look_up, log) == 'log_malformed'


# Of its tree head: three partial tiles. Record 5: two full ones, the second of which stands in a partial one.
TILES = ['tile/8/2/000.p/1', 'tile/8/1/001.p/17', 'tile/8/0/273.p/112', 'tile/8/1/000', 'tile/8/0/000']


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


def test_a_partial_tile_that_cannot_be_had_is_told_by_its_own_failure() -> None:
    log = Log.of_size(1000, size=300)

    def read(path: str) -> bytes:
        if path.startswith('tile/8/0/001'):
            raise GofleetError('down', 'log_unreachable', path=path)
        return Reader(log)(path)

    with pytest.raises(GofleetError) as caught:
        look_up(log, 5, read)
    assert caught.value.evidence['path'] == 'tile/8/0/001.p/44'


def test_a_log_of_another_key_is_not_this_one(log: Log) -> None:
    other = Log.of_size(300)
    assert code_of(look_up, log, 7, Reader(other)) == 'log_signature'


def test_the_tiles_of_another_log_prove_nothing(log: Log) -> None:
    other = Log.of_size(300).forked(0)
    assert code_of(look_up, log, 7, Reader(other, {'lookup/m@v7': log.lookup('m@v7')})) == 'log_malformed'


def test_what_cannot_be_read_is_told_as_it_is(log: Log) -> None:
    def read(path: str) -> bytes:
        raise GofleetError('down', 'log_unreachable', path=path)

    assert code_of(look_up, log, 7, read) == 'log_unreachable'


@pytest.mark.parametrize('answer', [
    b'', b'\n', b'7', b'7\nm v7 h1:7\n', b'seven\nm v7 h1:7\n\nnote', b'-7\nm v7 h1:7\n\nnote', b'7\n\n', b'<html>\n<p>\n\n</html>', b'\xff\xfe\n\n\n\n',
    b'\xd9\xa7\nm v7 h1:7\n\nnote\n\nx', b'07\nm v7 h1:7\n\nnote\n\nx', b'+7\nm v7 h1:7\n\nnote\n\nx',
])  # fmt: skip
def test_an_answer_of_another_form_is_malformed(log: Log, answer: bytes) -> None:
    assert code_of(look_up, log, 7, Reader(log, {'lookup/m@v7': answer})) == 'log_malformed'


def test_a_number_of_thousands_of_digits_is_malformed(log: Log) -> None:
    answer = b'9' * 5000 + log.lookup('m@v7').removeprefix(b'7')
    assert code_of(look_up, log, 7, Reader(log, {'lookup/m@v7': answer})) == 'log_malformed'


# ---- tree heads


def head_of(note: bytes, log: Log) -> TreeHead:
    return checksum_db.parse_tree_head(note, Key.parse(log.key))


def test_the_head_of_the_real_log_is_understood() -> None:
    head = checksum_db.parse_tree_head(REAL_HEAD, checksum_db.key_for('sum.golang.org'))
    assert (head.size, head.root) == (66398721, base64.b64decode('5oXTdOltbW8oy+WAHSPYkUE7FskIY/5ZJCYGy+buJ3g='))


def test_a_head_has_the_size_and_root_that_were_signed(log: Log) -> None:
    assert head_of(log.head, log) == TreeHead(300, log.root(0, 300))


@pytest.mark.parametrize('change', [(b'300', b'301'), (b'go.sum', b'go.sun'), (b'tree\n', b'tree\n\n'), (b'\n\n', b'\nmore\n\n')])
def test_a_head_that_was_altered_has_no_valid_signature(log: Log, change: tuple[bytes, bytes]) -> None:
    assert code_of(head_of, log.head.replace(*change, 1), log) == 'log_signature'


def test_a_head_that_another_key_signed_is_refused(log: Log) -> None:
    assert code_of(head_of, Log(log.records).head, log) == 'log_signature'


@pytest.mark.parametrize('name', ['log.example', 'log.tess', 'log'])
def test_a_signature_under_another_name_does_not_count(log: Log, name: str) -> None:
    assert code_of(head_of, log.sign(log.head_text(), name=name), log) == 'log_signature'


def test_a_signature_with_another_key_hash_does_not_count(log: Log) -> None:
    line = log.head.rsplit(b' ', 1)[1]
    raw = base64.b64decode(line)
    forged = log.head.replace(line.strip(), base64.b64encode(b'\0\0\0\0' + raw[4:]))
    assert code_of(head_of, forged, log) == 'log_signature'


def test_signatures_of_others_beside_the_good_one_are_ignored(log: Log) -> None:
    text = log.head_text().encode() + b'\n'
    witness = Log(log.records, name='witness.test').signature_line
    same_name = Log(log.records).signature_line
    future = '\u2014 future.test '.encode() + base64.b64encode(b'another kind of signature' * 100) + b'\n'
    for lines in ([witness, log.signature_line], [log.signature_line, witness], [same_name, witness, future, log.signature_line, b'no signature\n']):
        assert head_of(text + b''.join(lines), log).size == 300


def test_signatures_of_others_are_not_enough(log: Log) -> None:
    text = log.head_text().encode() + b'\n'
    witness = Log(log.records, name='witness.test').signature_line
    assert code_of(head_of, text + witness + Log(log.records).signature_line, log) == 'log_signature'


def test_a_signature_below_thousands_of_others_is_not_looked_for(log: Log) -> None:
    # Each of them would cost a verification.
    text = log.head_text().encode() + b'\n'
    assert head_of(text + b'x\n' * 99 + log.signature_line, log).size == 300
    assert code_of(head_of, text + b'x\n' * 100 + log.signature_line, log) == 'log_signature'


def test_the_signature_of_another_head_is_none_of_this(log: Log) -> None:
    note = log.head_text().encode() + b'\n' + log.at(200).signature_line
    assert code_of(head_of, note, log) == 'log_signature'


@pytest.mark.parametrize('line', ['', 'AAAA', '!', 'A' * 92, 'unsigned'])
def test_a_signature_of_another_form_does_not_count(log: Log, line: str) -> None:
    note = f'{log.head_text()}\n\u2014 {log.name} {line}\n'.encode()
    assert code_of(head_of, note, log) == 'log_signature'


@pytest.mark.parametrize('text', [
    'another title\n300\nAAAA\n', 'go.sum database tree\nmany\nAAAA\n', 'go.sum database tree\n300\n!\n', 'go.sum database tree\n',
    'go.sum database tree\n' + '9' * 5000 + f'\n{ROOT}\n', f'go.sum database tree\n-1\n{ROOT}\n', f'go.sum database tree\n0300\n{ROOT}\n',
    f'go.sum database tree\n 300\n{ROOT}\n', f'go.sum database tree\n3_00\n{ROOT}\n', f'go.sum database tree\n\u0663\n{ROOT}\n',
    'go.sum database tree\n300\nAAAA\n', f'go.sum database tree v2\n300\n{ROOT}\n', f'go.sum database tree\n300\n{ROOT[:-1]}\n',
])  # fmt: skip
def test_a_signed_text_that_is_no_head_is_malformed(log: Log, text: str) -> None:
    assert code_of(head_of, log.sign(text), log) == 'log_malformed'


def test_further_lines_of_a_head_are_ignored(log: Log) -> None:
    assert head_of(log.sign(log.head_text() + 'of a later version of Go\n'), log).size == 300


def test_a_head_whose_tiles_are_others_proves_nothing_even_if_signed(log: Log) -> None:
    answer = log.lookup('m@v7', head=log.sign(log.head_text(bytes(32))))
    assert code_of(look_up, log, 7, Reader(log, {'lookup/m@v7': answer})) == 'log_malformed'


def test_an_unsigned_text_is_malformed(log: Log) -> None:
    assert code_of(head_of, b'go.sum database tree\n300\nAAAA\n', log) == 'log_malformed'


# ---- keys


def test_the_key_of_the_real_log_is_known() -> None:
    key = checksum_db.key_for('sum.golang.org')
    assert (key.name, key.hash.hex(), len(key.public)) == ('sum.golang.org', '033de0ae', 32)


def test_any_other_log_brings_its_key(log: Log) -> None:
    assert checksum_db.key_for(log.key) == Key.parse(log.key)
    assert checksum_db.key_for(f'{log.key} https://log.example').name == 'log.test'


def bad_keys() -> list[str]:
    name, digest, public = Log.of_size(1).key.split('+', 2)
    raw = base64.b64decode(public)

    def key(raw: bytes) -> str:
        digest = hashlib.sha256(name.encode() + b'\n' + raw).digest()[:4].hex()
        return f'{name}+{digest}+{base64.b64encode(raw).decode()}'

    return [
        '', ' ', 'off', 'log.test', f'{name}+{digest}', f'{name}+00000000+{public}', f'other+{digest}+{public}', f'{name}+zz+{public}', f'{name}+{digest}+',
        f'{name}+{digest}+{public[:-4]}', f'{name}+{digest}+***', key(b'\x02' + raw[1:]), key(raw[:-1]), key(raw + b'x'), key(b''),
    ]  # fmt: skip


@pytest.mark.parametrize('text', bad_keys())
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(GofleetError) as caught:
        checksum_db.key_for(text)
    assert caught.value.code == 'bad_log_key'
    assert 'name+hash+base64' in caught.value.msg


def test_a_key_is_written_as_it_was_read(log: Log) -> None:
    assert str(Key.parse(log.key)) == log.key


# ---- GOSUMDB


def test_gosumdb_may_be_a_log_that_the_go_command_knows() -> None:
    key = checksum_db.key_for('sum.golang.org')
    assert checksum_db.parse_gosumdb('sum.golang.org') == Database(key, 'https://sum.golang.org', proxied=True)


def test_gosumdb_may_be_the_address_in_china_of_the_same_log() -> None:
    key = checksum_db.key_for('sum.golang.org')
    assert checksum_db.parse_gosumdb('sum.golang.google.cn') == Database(key, 'https://sum.golang.google.cn', proxied=False)


def test_gosumdb_may_be_the_key_of_an_own_log(log: Log) -> None:
    assert checksum_db.parse_gosumdb(log.key) == Database(Key.parse(log.key), 'https://log.test', proxied=True)


@pytest.mark.parametrize('name', ['log.test/path', 'log.test:8443', '[::1]:8443', 'log.test/a/b-c_d.e'])
def test_an_own_log_may_have_a_port_and_a_path_in_its_name(name: str) -> None:
    database = checksum_db.parse_gosumdb(Log.of_size(1).named(name).key)
    assert database
    assert (database.key.name, database.url) == (name, f'https://{name}')


@pytest.mark.parametrize(('written', 'url'), [
    ('https://log.example', 'https://log.example'), ('http://10.0.0.1:8080/sumdb/', 'http://10.0.0.1:8080/sumdb'),
    ('https://user:secret@log.example/x', 'https://user:secret@log.example/x'),
])  # fmt: skip
def test_gosumdb_may_say_where_a_log_is(log: Log, written: str, url: str) -> None:
    assert checksum_db.parse_gosumdb(f' {log.key}  {written} ') == Database(Key.parse(log.key), url, proxied=False)
    known = checksum_db.parse_gosumdb(f'sum.golang.org {written}')
    assert known
    assert (known.key.name, known.url) == ('sum.golang.org', url)


@pytest.mark.parametrize('text', ['off', ' off\n'])
def test_gosumdb_may_be_off(text: str) -> None:
    assert checksum_db.parse_gosumdb(text) is None


@pytest.mark.parametrize('url', [
    'ftp://log.example', 'file:///srv/log', 'log.example', 'https:///x', 'https://log.example?x=secret', 'https://x/#y', 'http://[::1',
    'http://x:99999', 'secret',
])  # fmt: skip
def test_an_address_of_another_form_is_refused_without_repeating_it(log: Log, url: str) -> None:
    with pytest.raises(GofleetError) as caught:
        checksum_db.parse_gosumdb(f'{log.key} {url}')
    assert caught.value.code == 'bad_log_url'
    assert url not in caught.value.msg


def test_gosumdb_has_at_most_two_parts(log: Log) -> None:
    with pytest.raises(GofleetError) as caught:
        checksum_db.parse_gosumdb(f'{log.key} https://user:secret@log.example https://other.example')
    assert caught.value.code == 'bad_log_key'
    assert 'secret' not in str(caught.value.as_result())
    assert code_of(checksum_db.parse_gosumdb, 'off https://log.example') == 'bad_log_key'
    assert code_of(checksum_db.parse_gosumdb, 'sum.golang.google.cn https://log.example') == 'bad_log_key'


@pytest.mark.parametrize('name', [
    'log.test/', 'log.test/../x', 'log.test//x', '/x', 'user@log.test', 'log.test?x', 'log.test#x', 'https://log.test', 'log.test/.',
])  # fmt: skip
def test_a_name_that_is_more_than_host_and_path_is_refused(name: str) -> None:
    assert code_of(checksum_db.parse_gosumdb, Log.of_size(1).named(name).key) == 'bad_log_key'
