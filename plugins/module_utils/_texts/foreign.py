# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Numbers and JSON that somebody else wrote. Each reader ends in a value or in ValueError, whatever it is given."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json
import re

# A 64-bit number has 19 digits. int() takes its time over thousands, and from Python 3.11 on refuses them.
_DIGITS = 19
# Of ASCII alone: isdigit() of text is also true of a superscript, which int() refuses, and of other scripts' digits.
_WHOLE = re.compile(r'[0-9]{1,%d}\Z' % _DIGITS)
_WHOLE_BYTES = re.compile(br'[0-9]{1,19}\Z')
# Lists and objects in one another. What this collection and Go's index write has eight.
_DEPTH = 64


def whole(text):
    """The number (int) that a text or bytes of decimal digits is, without a sign, or None if it is anything else."""
    return int(text) if (_WHOLE_BYTES if isinstance(text, bytes) and bytes is not str else _WHOLE).match(text) else None


def is_whole(value):
    """Whether a value of JSON, YAML or a playbook is a whole number, of whatever type of int. To Python true is one, too."""
    return isinstance(value, int) and not isinstance(value, bool)


def from_json(text):
    """The value of a JSON text (text, or bytes in UTF-8).

    Raises ValueError for what is no JSON, and for what JSON has room for and no reader here: numbers beyond 64 bits, NaN and Infinity,
    more than 64 lists and objects in one another. Memory: some twenty times the text's size, so its reader bounds that.
    """
    if isinstance(text, bytes):
        text = text.decode('utf-8')
    try:
        value = json.loads(text, parse_int=_integer, parse_float=_float, parse_constant=_no_number)
    except RuntimeError:
        # RecursionError of Python 3: deeper than its stack.
        raise _too_deep()
    _check_depth(value)
    return value


def _integer(text):
    if len(text) > _DIGITS + 1:
        raise ValueError('a number has %d digits' % len(text))
    return int(text)


def _float(text):
    value = float(text)
    # 1e999 is infinite to Python.
    return value if abs(value) < 2.0 ** 64 else _no_number(text[:40])


def _no_number(text):
    raise ValueError('%s is not a number that can be used' % text)


def _check_depth(value):
    """Whoever walks the value may do so by recursion."""
    level = [value]
    for dummy in range(_DEPTH + 1):
        level = [each for one in level if isinstance(one, (dict, list)) for each in (one.values() if isinstance(one, dict) else one)
                 if isinstance(each, (dict, list))]
        if not level:
            return
    raise _too_deep()


def _too_deep():
    return ValueError('more than %d lists and objects are in one another' % _DEPTH)
