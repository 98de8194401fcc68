# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import tracemalloc
from typing import Any

import pytest

from ansible_collections.gofleet.golang.plugins.plugin_utils import _plain_yaml as plain_yaml

# Nine levels of nine aliases: 570 bytes that are 387,420,489 texts.
BOMB = 'a0: &a0 [x, x, x, x, x, x, x, x, x]\n' + ''.join(f'a{n}: &a{n} [{", ".join([f"*a{n - 1}"] * 9)}]\n' for n in range(1, 9))


@pytest.mark.parametrize(('text', 'value'), [
    ('a: 1\nb: [x, "2", -3]\n', {'a': 1, 'b': ['x', '2', -3]}), ('a:\n- b: {c: null}\n- ~\n-\n', {'a': [{'b': {'c': None}}, None, None]}),
    ('a: true\nb: false\nc: "true"', {'a': True, 'b': False, 'c': 'true'}), ('\ufeffa: b', {'a': 'b'}), ('', None), ("a: 'b'", {'a': 'b'}),
    ('1.26: x', {'1.26': 'x'}), ('a: |\n  b\n  c\n', {'a': 'b\nc\n'}),
])  # fmt: skip
def test_plain_yaml_is_read(text: str, value: Any) -> None:
    assert plain_yaml.load(text.encode()) == value


@pytest.mark.parametrize('text', [
    '2026-13-45', '2026-99-99T99:99:99Z', '2026-01-01', '1.26', '1e999', '.inf', '.nan', '190:20:30', '0x1f', '0o17', '010', '1_000', 'yes', 'off', 'True',
    '9' * 20, '9' * 4096, '=', '<<',
])  # fmt: skip
def test_what_yaml_takes_for_another_kind_is_text(text: str) -> None:
    assert plain_yaml.load(f'a: {text}\n'.encode()) == {'a': text}


@pytest.mark.parametrize(('text', 'why'), [
    (BOMB, 'anchor'), ('a: &b c', 'anchor'), ('a: *b', 'anchor'), ('&a {a: b}', 'anchor'), ('[' * 100000, 'more than 16'), ('- ' * 20000, 'more than 16'),
    ('{a: ' * 20 + '}' * 20, 'more than 16'), ('a: ' + '9' * 5000, '5000 characters'),
    ('x' * 5000 + ': 1', ''), ('a: !!python/object/apply:os.system [true]', 'tag'),
    ('a: !!timestamp 2026-13-45', 'tag'), ('a: !!int x', 'tag'), ('!x', 'tag'), ('a: 1\na: 2', 'twice'), ('[a]: 1', 'no text'), ('{', ''), ('\x00', ''),
    ('a: b\n---\nc: d', ''), ('a: b: c', ''), ('\t- a', ''), ('"\\ud800"', ''), ('x' * (plain_yaml.LIMIT + 1), 'are plenty'), ('? ' * 5000, ''),
    ('%YAML 9.9\n--- a', ''), ('"\\U00ffffff"', ''),
])  # fmt: skip
def test_what_is_not_plain_is_refused_in_few_words(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why or '.') as caught:
        plain_yaml.load(text.encode())
    assert not isinstance(caught.value, UnicodeError)
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize('raw', [b'\xff', b'a: \xe4', b'\xff\xfea\x00'])
def test_bytes_that_are_no_utf_8_are_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match='utf-8'):
        plain_yaml.load(raw)


def test_an_alias_bomb_takes_next_to_no_memory() -> None:
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match='anchor'):
            plain_yaml.load(BOMB.encode())
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()
