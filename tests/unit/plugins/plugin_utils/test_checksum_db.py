# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable

import pytest
from transparency_log import Log

from ansible_collections.gofleet.golang.plugins.module_utils.errors import GofleetError
from ansible_collections.gofleet.golang.plugins.plugin_utils import checksum_db
from ansible_collections.gofleet.golang.plugins.plugin_utils.checksum_db import Key, TreeHead

# A tree head of the real log, of November 2026.
REAL_HEAD = (
    'go.sum database tree\n66398721\n5oXTdOltbW8oy+WAHSPYkUE7FskIY/5ZJCYGy+buJ3g=\n\n'
    '\u2014 sum.golang.org Az3grkwAPWdf0j0QaqFdZ3Hg/pDusO9we04GR+upDAujfj+kau8VzeyO7Xqw0j0qZNnwMvwiV98DluG2iyB8t4v4WQU=\n'
).encode()


class Reader:
    """Reads from a log in memory as from a proxy; answers can be replaced, and paths are noted."""

    def __init__(self, log: Log, **replaced: bytes) -> None:
        self.log = log
        self.replaced = {path.replace('__', '/'): answer for path, answer in replaced.items()}
        self.read: list[str] = []

    def __call__(self, path: str) -> bytes:
        self.read.append(path)
        if path in self.replaced:
            return self.replaced[path]
        found = self.log.lookup(path.removeprefix('lookup/')) if path.startswith('lookup/') else self.log.tile(path)
        if found is None:
            raise GofleetError(f'no {path}', 'http_status', status=404)
        return found


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
    assert len(reader.read) <= 5


@pytest.mark.parametrize(('number', 'name'), [(0, '000'), (7, '007'), (999, '999'), (1000, 'x001/000'), (1234067, 'x001/x234/067')])
def test_a_tile_has_the_name_that_go_gives_it(number: int, name: str) -> None:
    assert checksum_db._tile_name(number) == name


def test_the_line_of_the_module_itself_is_the_one_that_counts() -> None:
    log = Log({'m@v0': b'm v0/go.mod h1:other\nn v0 h1:other\nm v0 h1:right\n'})
    assert look_up(log) == 'h1:right'


# ---- logs that lie, and proxies that lie about them


def test_a_record_that_was_altered_is_not_in_the_log(log: Log) -> None:
    altered = log.lookup('m@v7').replace(b'h1:7', b'h1:x')
    assert code_of(look_up, log, 7, Reader(log, **{'lookup/m@v7': altered})) == 'log_not_included'


@pytest.mark.parametrize('number', [b'8', b'300', b'299', b'999999999'])
def test_a_record_at_another_number_is_not_in_the_log(log: Log, number: bytes) -> None:
    altered = number + log.lookup('m@v7').removeprefix(b'7')
    assert code_of(look_up, log, 7, Reader(log, **{'lookup/m@v7': altered})) == 'log_not_included'


def test_the_record_of_another_version_is_no_answer(log: Log) -> None:
    assert code_of(look_up, log, 7, Reader(log, **{'lookup/m@v7': log.lookup('m@v8')})) == 'log_malformed'


def test_a_tile_that_was_altered_proves_nothing(log: Log) -> None:
    tile = bytearray(log.tile('tile/8/0/000') or b'')
    tile[32 * 9] ^= 1
    assert code_of(look_up, log, 7, Reader(log, **{'tile/8/0/000': bytes(tile)})) == 'log_not_included'


def test_a_tile_that_was_cut_is_malformed(log: Log) -> None:
    tile = (log.tile('tile/8/0/000') or b'')[:-1]
    assert code_of(look_up, log, 7, Reader(log, **{'tile/8/0/000': tile})) == 'log_malformed'


def test_a_record_of_another_log_is_not_in_this_one(log: Log) -> None:
    other = Log.of_size(300)
    assert code_of(look_up, log, 7, Reader(other)) == 'log_signature'


def test_an_old_head_over_a_new_record_is_not_enough(log: Log) -> None:
    old = Log(log.records, 200, log.name, log.private)
    answer = b'250\n' + log.records['m@v250'] + b'\n' + old.head
    assert code_of(look_up, log, 250, Reader(log, **{'lookup/m@v250': answer})) == 'log_not_included'


def test_what_cannot_be_read_is_told_as_it_is(log: Log) -> None:
    def read(path: str) -> bytes:
        raise GofleetError('down', 'log_unreachable', path=path)

    assert code_of(look_up, log, 7, read) == 'log_unreachable'


@pytest.mark.parametrize('answer', [
    b'', b'\n', b'7', b'7\nm v7 h1:7\n', b'seven\nm v7 h1:7\n\nnote', b'-7\nm v7 h1:7\n\nnote', b'7\n\n', b'<html>\n<p>\n\n</html>', b'\xff\xfe\n\n\n\n',
    b'\xd9\xa7\nm v7 h1:7\n\nnote\n\nx',
])  # fmt: skip
def test_an_answer_of_another_form_is_malformed(log: Log, answer: bytes) -> None:
    assert code_of(look_up, log, 7, Reader(log, **{'lookup/m@v7': answer})) in ('log_malformed', 'log_signature')


def test_a_number_of_thousands_of_digits_is_malformed(log: Log) -> None:
    answer = b'9' * 5000 + log.lookup('m@v7').removeprefix(b'7')
    assert code_of(look_up, log, 7, Reader(log, **{'lookup/m@v7': answer})) in ('log_malformed', 'log_not_included')


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


def test_a_signature_under_another_name_does_not_count(log: Log) -> None:
    assert code_of(head_of, log.sign(log.head_text(), name='log.example'), log) == 'log_signature'


def test_a_signature_with_another_key_hash_does_not_count(log: Log) -> None:
    line = log.head.rsplit(b' ', 1)[1]
    raw = base64.b64decode(line)
    forged = log.head.replace(line.strip(), base64.b64encode(b'\0\0\0\0' + raw[4:]))
    assert code_of(head_of, forged, log) == 'log_signature'


def test_one_valid_signature_among_others_is_enough(log: Log) -> None:
    text = log.head_text()
    others = Log(log.records).sign(text, name='witness.test').removeprefix(text.encode() + b'\n')
    own = log.head.removeprefix(text.encode() + b'\n')
    assert head_of(text.encode() + b'\n' + others + own, log).size == 300


@pytest.mark.parametrize('line', ['', 'AAAA', '!', 'A' * 92, 'unsigned'])
def test_a_signature_of_another_form_does_not_count(log: Log, line: str) -> None:
    note = f'{log.head_text()}\n\u2014 {log.name} {line}\n'.encode()
    assert code_of(head_of, note, log) == 'log_signature'


@pytest.mark.parametrize('text', [
    'another title\n300\nAAAA\n', 'go.sum database tree\nmany\nAAAA\n', 'go.sum database tree\n300\n!\n', 'go.sum database tree\n',
    'go.sum database tree\n' + '9' * 5000 + '\nAAAA\n',
])  # fmt: skip
def test_a_signed_text_that_is_no_head_is_malformed(log: Log, text: str) -> None:
    assert code_of(head_of, log.sign(text), log) == 'log_malformed'


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
