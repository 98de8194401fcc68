# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64

import pytest

from ansible_collections.gofleet.golang.plugins.plugin_utils._sumdb import gosumdb, tree_head
from ansible_collections.gofleet.golang.plugins.plugin_utils._sumdb.gosumdb import Key
from ansible_collections.gofleet.golang.plugins.plugin_utils._sumdb.tree_head import TreeHead
from support.units.log_lookups import code_of
from support.units.transparency_log import Log

# A tree head of the real log, of November 2026.
REAL_HEAD = (
    'go.sum database tree\n66398721\n5oXTdOltbW8oy+WAHSPYkUE7FskIY/5ZJCYGy+buJ3g=\n\n'
    '\u2014 sum.golang.org Az3grkwAPWdf0j0QaqFdZ3Hg/pDusO9we04GR+upDAujfj+kau8VzeyO7Xqw0j0qZNnwMvwiV98DluG2iyB8t4v4WQU=\n'
).encode()
# Of the right length.
ROOT = base64.b64encode(bytes(32)).decode()


def head_of(note: bytes, log: Log) -> TreeHead:
    return tree_head.parse(note, Key.parse(log.key))


def test_the_head_of_the_real_log_is_understood() -> None:
    head = tree_head.parse(REAL_HEAD, gosumdb.GOOGLE_KEY)
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


def test_an_unsigned_text_is_malformed(log: Log) -> None:
    assert code_of(head_of, b'go.sum database tree\n300\nAAAA\n', log) == 'log_malformed'
