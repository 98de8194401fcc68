# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read values of variables by type: from a YAML value to text, a list of texts or, for a size, a number of bytes."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re
import sys

from ansible.module_utils.common.text.converters import to_text
from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.gofleet.golang.plugins.module_utils._environment import flags, sizes, words
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError

# int and str, and long and unicode of Python 2.
_SCALARS = (int, type(2 ** 64), bytes, type(u''))
# Python 2 may represent a character beyond U+FFFF as two surrogates; to_text() turns a byte that is not UTF-8 into a single one.
_SURROGATE = re.compile(u'(?<![\ud800-\udbff])[\udc00-\udfff]|[\ud800-\udbff](?![\udc00-\udfff])' if sys.maxunicode == 0xffff
                        else u'[\ud800-\udfff]')


def _text(name, value):
    if isinstance(value, (bool, float)) or not isinstance(value, _SCALARS):
        raise words.lost('The value of %s' % name, name, value)
    text = to_text(value, errors='surrogate_or_strict', nonstring='simplerepr')
    if u'\0' in text or _SURROGATE.search(text):
        raise GofleetError('The value of %s contains %s, which no variable can contain. Put the value into a file and its path into the variable.'
                           % (name, 'a NUL' if u'\0' in text else 'bytes that are not UTF-8'), 'not_text', variable=name)
    return text


def _switch(name, value):
    try:
        return u'1' if boolean(value) else u'0'
    except TypeError:
        raise GofleetError('The value of %s must be true or false.' % name, 'ambiguous_value', variable=name)


def _size(name, value):
    return sizes.parse(value, name)


def _listed(name, value, split):
    entries = [_text(name, each) for each in value] if isinstance(value, (list, tuple)) else split(_text(name, value))
    return [entry for position, entry in enumerate(entries) if entry not in entries[:position]]


def _paths(name, value):
    entries = _listed(name, value, lambda text: text.split(u':'))
    for entry in entries:
        # An empty or relative entry depends on the current folder, which may contain programs of other users.
        if u':' in entry or not entry.startswith((u'/', u'~/')):
            _refuse_entry(name, 'must be an absolute path (or begin with ~/) without a colon')
    return entries


def _commas(name, value):
    entries = _listed(name, value, lambda text: [entry.strip() for entry in text.split(u',')] if text else [])
    for entry in entries:
        if not entry or u',' in entry:
            _refuse_entry(name, 'must not be empty or contain a comma')
    return entries


def _flags(name, value):
    entries = _listed(name, value, lambda text: split_flags(name, text))
    for entry in entries:
        # go help environment: GOFLAGS is a list of -flag=value settings.
        if not entry or (name == 'GOFLAGS' and not entry.startswith(u'-')):
            _refuse_entry(name, 'must begin with -')
        if u"'" in entry and u'"' in entry:
            _refuse_entry(name, "must not contain both kinds of quotes, because Go's lists of flags have no escapes")
    return entries


def _refuse_entry(name, rule):
    raise GofleetError('Each entry of %s %s.' % (name, rule), 'invalid_entry', variable=name)


def split_flags(name, text):
    """The entries of a list of flags. Raises GofleetError(invalid_entry) for a quote that is not closed."""
    try:
        return flags.split(text)
    except flags.Unterminated:
        _refuse_entry(name, 'that begins with a quote must end with it')


_TYPES = (('string', _text), ('switch', _switch), ('path_list', _paths), ('comma_list', _commas), ('flag_list', _flags), ('size', _size))
_READERS = dict(_TYPES)
TYPES = tuple(name for name, dummy in _TYPES)


def read(kind, name, value):
    """The value of the variable called name, whose type is one of TYPES. Raises GofleetError(ambiguous_value, invalid_entry, invalid_size, not_text)."""
    return _READERS[kind](name, value)
