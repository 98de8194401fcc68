# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parse numbers and JSON from untrusted sources. Each reader returns a value or raises ValueError for any input."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json
import re

# A 64-bit number has 19 digits. int() is slow for thousands of digits, and refuses them since Python 3.11.
_DIGITS = 19
# ASCII only: isdigit() of text is also true for superscripts, which int() refuses, and for digits of other scripts.
_WHOLE = re.compile(r'[0-9]{1,%d}\Z' % _DIGITS)
_WHOLE_BYTES = re.compile(br'[0-9]{1,19}\Z')
# The deepest nesting of lists and objects. Files of this collection and Go's index have up to eight levels.
_DEPTH = 64


def whole(text):
    """The number (int) in a text or bytes of decimal digits without a sign, or None for any other input."""
    return int(text) if (_WHOLE_BYTES if isinstance(text, bytes) and bytes is not str else _WHOLE).match(text) else None


def is_whole(value):
    """Whether a value from JSON, YAML or a playbook is an integer of any type; booleans do not count, although they are int in Python."""
    return isinstance(value, int) and not isinstance(value, bool)


def from_json(text):
    """The value of a JSON text (text, or bytes in UTF-8).

    Raises ValueError for invalid JSON, and for valid JSON that no reader here supports: numbers beyond 64 bits, NaN and Infinity,
    more than 64 nested lists and objects. It needs memory of some twenty times the text's size, so the caller must bound that.
    """
    if isinstance(text, bytes):
        text = text.decode('utf-8')
    try:
        value = json.loads(text, parse_int=_integer, parse_float=_float, parse_constant=_no_number)
    except RuntimeError:
        # Python 3 raises RecursionError if the nesting is deeper than its stack.
        raise _too_deep()
    _check_depth(value)
    return value


def _integer(text):
    if len(text) > _DIGITS + 1:
        raise ValueError('a number has %d digits' % len(text))
    return int(text)


def _float(text):
    value = float(text)
    # Python reads 1e999 as infinity.
    return value if abs(value) < 2.0 ** 64 else _no_number(text[:40])


def _no_number(text):
    raise ValueError('%s is not a number that can be used' % text)


def _check_depth(value):
    """Bound the nesting, so that callers may walk the value by recursion."""
    level = [value]
    for dummy in range(_DEPTH + 1):
        level = [each for one in level if isinstance(one, (dict, list)) for each in (one.values() if isinstance(one, dict) else one)
                 if isinstance(each, (dict, list))]
        if not level:
            return
    raise _too_deep()


def _too_deep():
    return ValueError('more than %d lists and objects are in one another' % _DEPTH)
