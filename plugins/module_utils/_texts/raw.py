# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Paths and values of a host in JSON files, the same on Python 2 and 3: bytes that are not UTF-8 as the surrogates of PEP 383, and back.

These texts are used again (a setting's earlier value is restored); what is only shown is shown.py's.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ansible_collections.gofleet.golang.plugins.module_utils._texts import shown

_TEXT = type(u'')
_ESCAPE = re.compile(u'[\udc80-\udcff]')


def to_json(value):
    """Python 3's own texts are such already."""
    return _each(value, _to_text) if str is bytes else value


def from_json(value):
    """JSON's texts as str, which paths and what is read from the kernel are made of."""
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
