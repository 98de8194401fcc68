# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Store paths and values of a host in JSON files in the same form on Python 2 and 3: bytes that are not UTF-8 become surrogates (PEP 383).

These texts are used again, for example to restore a setting's previous value; texts that are only shown go through shown.py.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ansible_collections.gofleet.golang.plugins.module_utils._texts import shown

_TEXT = type(u'')
_ESCAPE = re.compile(u'[\udc80-\udcff]')


def to_json(value):
    """The text for a JSON file; on Python 3 a str already has this form."""
    return _each(value, _to_text) if str is bytes else value


def from_json(value):
    """A value from a JSON file with its texts as str, like paths and values of the kernel."""
    return _each(value, _to_bytes) if str is bytes else value


def _each(value, change):
    if isinstance(value, dict):
        return dict((change(key), _each(each, change)) for key, each in value.items())
    if isinstance(value, (list, tuple)):
        return [_each(each, change) for each in value]
    return change(value)


def _to_text(value):
    if not isinstance(value, bytes):
        return value
    return u''.join(part if valid else u''.join(u'%c' % (0xdc00 + byte) for byte in bytearray(part)) for valid, part in shown.parts(value))


def _to_bytes(value):
    if not isinstance(value, _TEXT):
        return value
    start, found = 0, []
    for escape in _ESCAPE.finditer(value):
        found += [value[start:escape.start()].encode('utf-8'), bytes(bytearray([ord(escape.group()) - 0xdc00]))]
        start = escape.end()
    return b''.join(found + [value[start:].encode('utf-8')])
