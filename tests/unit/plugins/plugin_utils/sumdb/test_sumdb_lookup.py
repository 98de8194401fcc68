# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from support.units.log_lookups import code_of, look_up
from support.units.transparency_log import Log, Reader

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


def test_each_tile_is_read_once(log: Log) -> None:
    reader = Reader(log)
    look_up(log, 299, reader)
    assert len(reader.read) == len(set(reader.read))


def test_a_lookup_reads_no_more_than_it_needs() -> None:
    reader = Reader(Log.of_size(70000))
    look_up(reader.log, 5, reader)
    assert len(reader.read) <= 6


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


def test_a_log_of_another_key_is_not_this_one(log: Log) -> None:
    other = Log.of_size(300)
    assert code_of(look_up, log, 7, Reader(other)) == 'log_signature'


def test_the_tiles_of_another_log_prove_nothing(log: Log) -> None:
    other = Log.of_size(300).forked(0)
    assert code_of(look_up, log, 7, Reader(other, {'lookup/m@v7': log.lookup('m@v7')})) == 'log_malformed'


def test_invalid_bytes_are_reported_unchanged(log: Log) -> None:
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


def test_a_head_whose_tiles_are_others_proves_nothing_even_if_signed(log: Log) -> None:
    answer = log.lookup('m@v7', head=log.sign(log.head_text(bytes(32))))
    assert code_of(look_up, log, 7, Reader(log, {'lookup/m@v7': answer})) == 'log_malformed'
