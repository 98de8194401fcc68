# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._texts import foreign as foreign_values


@pytest.mark.parametrize(('text', 'number'), [('0', 0), ('007', 7), (u'12', 12), (b'12', 12), ('9' * 19, 10 ** 19 - 1)])
def test_decimal_digits_are_a_number(text, number):
    assert foreign_values.whole(text) == number


@pytest.mark.parametrize('text', ['', ' 1', '1\n', '-1', '+1', '1_0', '0x1', u'\u00b2', u'\u0661', '9' * 20, '1' * 5000, b'', b'\xb2', b'1\n'])
def test_only_decimal_digits_are_a_number(text):
    assert foreign_values.whole(text) is None


@pytest.mark.parametrize(('text', 'value'), [
    (b'{"a": [1, -2.5, null, true, "x"]}', {'a': [1, -2.5, None, True, 'x']}), (u'"\u00e4"'.encode('utf-8'), u'\u00e4'), ('[' * 64 + ']' * 64, None),
    (str(2 ** 63), 2 ** 63), ('-' + '9' * 19, -10 ** 19 + 1),
])
def test_json_is_read(text, value):
    found = foreign_values.from_json(text)
    assert value is None or found == value


@pytest.mark.parametrize('text', [
    '', '{', '[' * 100000, '[' * 100000 + ']' * 100000, '{"a":' * 70 + '1' + '}' * 70, '[' * 66 + ']' * 66, 'NaN', '[Infinity]', '-Infinity', '1e999',
    '-1e999', '1e60', '1' * 5000, '-' + '1' * 5000, b'\xff', b'\xff\xfe[\x00', '"\\ud', '1' * 5000 + '.5' + 'e400',
])
def test_json_that_no_reader_can_bear_is_refused(text):
    with pytest.raises(ValueError, match=r'\w'):
        foreign_values.from_json(text)
