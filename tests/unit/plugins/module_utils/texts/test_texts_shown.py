# -*- coding: utf-8 -*-
# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json
import random
import re

import pytest
from ansible.module_utils.common.text.converters import to_text

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._texts import shown

SECRET = 'sw0rdfish/#1'
# What a terminal would act on, and what no encoder takes.
UNSHOWABLE = re.compile(u'[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]')
PIECES = [b'abc', b'\xff', b'\xfe\xff', b'\xe4', b'\xed\xa0\x80', b'\xf4\x90\x80\x80', b'\xc0\x80', b'\x1b[31m', b'\n', b'\r', b'\t', b'\x00', b'\x7f',
          b'\xc2\x9b', u'\u202e\u2066'.encode('utf-8'), u'\u2028'.encode('utf-8'), u'ä€'.encode('utf-8'), u'\U0001f600'.encode('utf-8'),
          b'\\', b'\\x41', b'"', b'\xe2\x82']


def generated(seed):
    """Names as bytes, and as Python 3 gives them."""
    chosen = random.Random(seed)
    for dummy in range(100):
        name = b''.join(chosen.choice(PIECES) for each in range(chosen.randrange(8)))
        yield name
        yield name.decode('utf-8', 'surrogateescape') if str is not bytes else name.decode('latin-1')


@pytest.mark.parametrize('seed', range(10))
def test_any_name_in_a_message_becomes_one_line_that_terminals_and_encoders_take(seed):
    for name in generated(seed):
        message = to_text(shown.message(name), errors='strict')
        assert not UNSHOWABLE.search(message), repr(name)
        assert not re.search(u'[\n\t]', message), repr(name)
        assert isinstance(shown.message(name), str)
        assert shown.message(message) == shown.message(name)


@pytest.mark.parametrize('seed', range(10))
def test_any_name_in_a_result_becomes_json_that_is_utf_8(seed):
    for name in generated(seed):
        result = shown.result({'path': name, name: [name, (name, {'reason': name})], 'diff': [{'before': name}], 'warnings': [name], 'n': None, 'b': True})
        text = json.dumps(result, ensure_ascii=False)
        assert not UNSHOWABLE.search(to_text(text, errors='strict'))
        assert (result['n'], result['b']) == (None, True)


@pytest.mark.parametrize(('value', 'expected'), [
    (b'caf\xe9', 'caf\\xe9'), (u'caf\udce9', 'caf\\xe9'), (u'\ud800', '\\ud800'), (b'\xed\xa0\x80', '\\xed\\xa0\\x80'), (u'\x1b[2J', '\\x1b[2J'),
    (u'a\nb\r\tc', 'a\\nb\\r\\tc'), (u'\x9b', '\\x9b'), (u'\u202egnp', '\\u202egnp'), (u'\u2028', '\\u2028'), ('a\\nb', 'a\\nb'), (7, '7'),
])
def test_a_message_spells_what_cannot_be_shown_like_this(value, expected):
    assert shown.message(value) == expected


def test_letters_of_all_languages_are_shown_as_they_are():
    for text in (u'Größe', u'日本語', u'\U0001f600', u'שלום'):
        assert to_text(shown.message(text)) == text


def test_a_value_and_a_diff_keep_line_ends_and_tabs():
    result = shown.result({'value': 'a\n\tb\x1b', 'diff': {'before': 'a\n\tb\x1b', 'after': ''}, 'reason': 'a\n\tb\x1b'})
    assert result == {'value': 'a\n\tb\\x1b', 'diff': {'before': 'a\n\tb\\x1b', 'after': ''}, 'reason': 'a\\n\\tb\\x1b'}


@pytest.mark.parametrize('sign', [u'n', u'\xff', u'\udcff', u'\x1b', u'https://a,', u'@', u'://', u' '])
def test_a_message_of_megabytes_is_shown_by_its_beginning_and_its_end(sign):
    message = GofleetError(u'The file %s is not there. Correct path.' % (sign * 1000000), 'no_file').msg
    assert len(to_text(message)) <= shown.LONGEST_MESSAGE
    assert 'characters are not shown' in message
    assert (message[:9], message[-5:]) == ('The file ', 'path.')


def test_omitted_entries_are_counted():
    message = shown.message('a' * 10000)
    found = re.match(r'(a+) \[\.\.\. ([0-9]+) characters are not shown \.\.\.\] (a+)\Z', message)
    assert len(found.group(1)) + int(found.group(2)) + len(found.group(3)) == 10000


@pytest.mark.parametrize('filler', ['x', 'x '])
def test_a_cut_never_shows_half_of_an_address(filler):
    secret = 'Xq7' * 3
    for position in range(0, 70000, 997):
        text = filler * (position // len(filler)) + ' https://deploy:' + (secret + '/') * 10 + '@host/x ' + filler * ((70000 - position) // len(filler))
        assert 'Xq7' not in shown.message(text)


def test_the_longest_path_is_not_shortened_in_a_result():
    assert shown.values({'path': b'\xff' * 4096}) == {'path': '\\xff' * 4096}


def test_numbers_that_json_cannot_hold_become_texts():
    assert shown.values([float('inf'), float('nan'), 10 ** 5000, 2 ** 64, 1.5, True]) == ['inf', 'nan', 'a number of 16610 bits', 2 ** 64, 1.5, True]


def test_a_result_that_is_nested_without_end_ends():
    nested = []
    for dummy in range(100000):
        nested = [nested]
    assert 'nested too deep' in json.dumps(shown.values(nested))


def test_a_secret_is_hidden_in_sentences_and_diffs_and_not_in_the_structure():
    found = {'msg': 'no %s here' % SECRET, 'path': SECRET, SECRET: 1, 'diff': [{'before': SECRET + '\n', 'after': ''}], 'warnings': [SECRET],
             'evidence': {'reason': SECRET}}
    assert shown.result(found, [SECRET]) == {
        'msg': 'no *** here', 'path': SECRET, SECRET: 1, 'diff': [{'before': '***\n', 'after': ''}], 'warnings': ['***'], 'evidence': {'reason': '***'}}


def test_the_longest_secret_is_hidden_first():
    assert shown.without('long secret of words', ['secret', 'long secret of words']) == '***'


def test_words_that_are_short_or_public_stay():
    assert shown.words_worth_hiding(['1', 'true', 'service', 'sw0rdfish'], ['the service']) == {'sw0rdfish'}


def test_an_address_is_shown_without_credentials_wherever_it_is():
    url = 'https://deploy:pa/ss@host/x?token=abc'
    for value in ('https://host/x?token=***',):
        assert shown.values({'origin': url}) == {'origin': value}
        assert shown.message('Tried %s.' % url) == 'Tried https://host/x?token=***.'


def test_an_error_made_of_any_values_can_be_shown():
    error = GofleetError(b'caf\xe9\n'.decode('latin-1') + u'\x1b', 'code', name=b'\xe9', nested={'names': [(b'\xff',)]}, reason='a\nb')
    assert to_text(error.msg) == u'caf\xe9\\n\\x1b'
    assert str(error) == error.msg
    assert error.as_result()['evidence'] == {'name': '\\xe9', 'nested': {'names': [['\\xff']]}, 'reason': 'a\\nb'}
