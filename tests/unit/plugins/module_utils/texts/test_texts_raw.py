# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._files import jsonfile


@pytest.mark.parametrize('value', [b'caf\xe9', b'\xff\xfe', b'\xed\xa0\x80', b'\xed\xb3\xbf', u'\xe4\U0001f600'.encode('utf-8'), b'', b'\xe2\x82'])
def test_bytes_that_are_no_text_come_back_from_a_json_file_as_they_were(tmpdir, value):
    native = value if str is bytes else os.fsdecode(value)
    path = str(tmpdir.join('state.json'))
    jsonfile.write(path, {'format': 1, native: [native, None, 1, True]})
    assert jsonfile.read(path, 1, 'newer') == {'format': 1, native: [native, None, 1, True]}
    with open(path, 'rb') as content:
        content.read().decode('ascii')
