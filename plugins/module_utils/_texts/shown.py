# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

r"""Make values safe to show in messages, results and diffs. Values that are used (a path, a file's bytes) must not pass through here.

Names and contents of files, answers of servers and outputs of programs are untrusted. They are shown with
- bytes that are not UTF-8 as \xNN, and surrogates that stand for no such byte as \uNNNN,
- control characters as \xNN or \n, \r, \t; those that reorder or hide text (Unicode's format characters) as \uNNNN,
- addresses without credentials,
- only the beginning and the end of texts that are too long.
A backslash is not escaped. Values and diffs keep line ends and tabs; messages are one line.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re
import sys

from ansible_collections.gofleet.golang.plugins.module_utils._texts import addresses

# In characters. A message fits a screen; a value fits the longest path or name (elf_tables.MAX_STRING), even if each byte is shown as \xNN.
LONGEST_MESSAGE = 8192
LONGEST_EXCERPT = 512
LONGEST_VALUE = 32768
LONGEST_DIFF = 1 << 20
# Keys of results whose values are sentences, or lists of them.
MESSAGES = frozenset(('msg', 'reason', 'detail', 'note', 'problem', 'warnings', 'error', 'message'))
# Shorter secrets are hidden in their option, but not in other texts, because "1" and "on" are everywhere.
SHORTEST_SECRET = 5
HIDDEN = addresses.HIDDEN

_TEXT = type(u'')
_INTEGERS = (int, type(1 << 64))
_DEEPEST = 50
# Characters of Unicode's classes Cc (C0, DEL, C1), line and paragraph separators, and Cf that change how others are shown: soft hyphen, Arabic letter
# mark, Mongolian vowel separator, zero width and bidirectional marks, embeddings, overrides and isolates, invisible operators, the byte order mark,
# interlinear annotations. Joiners (U+200C, U+200D) are included too, because readers must be able to see them in names.
_LINES_KEPT = u'\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb'
_VALUE_SIGNS = re.compile(u'[%s]' % _LINES_KEPT)
_MESSAGE_SIGNS = re.compile(u'[\\n\\t%s]' % _LINES_KEPT)
_NAMED = {u'\n': u'\\n', u'\r': u'\\r', u'\t': u'\\t'}
_SPACE = re.compile(u'\\s')
# Python 2 may represent a character beyond U+FFFF as two surrogates.
_SURROGATE = re.compile(u'(?<![\ud800-\udbff])[\udc00-\udfff]|[\ud800-\udbff](?![\udc00-\udfff])' if sys.maxunicode == 0xffff
                        else u'[\ud800-\udfff]')
# RFC 3629; Python 2's decoder accepts surrogates as characters.
_UTF8 = re.compile(b'(?:[\x00-\x7f]|[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]'
                   b'|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2})+')


def message(value, hidden=()):
    """A sentence as str: one line of bounded length. hidden: secret texts."""
    return _native(_text(value, _MESSAGE_SIGNS, LONGEST_MESSAGE, hidden))


def excerpt(value):
    """An untrusted text as part of a sentence, shortened: a server's reason phrase may have 64 KiB."""
    return _native(_text(value, _MESSAGE_SIGNS, LONGEST_EXCERPT, ()))


def text(value, limit=LONGEST_VALUE):
    """A value as str, with line ends and tabs."""
    return _native(_text(value, _VALUE_SIGNS, limit, ()))


def is_whole(value):
    """Whether a value is shown unchanged, so that it can be used from a result."""
    return text(value) == value


def values(value, hidden=(), limit=LONGEST_VALUE, of_message=False, depth=0):
    """A copy of plain values (dicts, lists, texts, numbers) that is safe for any JSON encoder and any terminal. Other objects are returned unchanged.

    hidden: secret texts, which are removed from sentences, the values of MESSAGES.
    """
    if isinstance(value, (bytes, _TEXT)):
        return message(value, hidden) if of_message else text(value, limit)
    if depth > _DEEPEST and isinstance(value, (dict, list, tuple)):
        return '(nested too deep to be shown)'
    if isinstance(value, dict):
        return dict((_key(key), values(each, hidden, LONGEST_DIFF if key == 'diff' else limit, of_message or key in MESSAGES, depth + 1))
                    for key, each in value.items())
    if isinstance(value, (list, tuple, set, frozenset)):
        return [values(each, hidden, limit, of_message, depth + 1) for each in value]
    return _number(value)


def result(found, hidden=()):
    """The result of a module or an action in its final form.

    hidden: secret texts, which are removed from sentences and diffs; equal words of the result's own structure stay.
    """
    shown = values(found, hidden)
    if 'diff' in shown and hidden:
        shown['diff'] = _without_in(shown['diff'], hidden)
    return shown


def words_worth_hiding(secrets, public=()):
    """The texts that can be hidden in all other texts: not short ones, and not those that are part of a public text."""
    everything = u'\n'.join(_decoded(each) for each in public)
    return set(each for each in map(_decoded, secrets) if len(each) >= SHORTEST_SECRET and each not in everything)


def without(value, hidden):
    """The str without secret texts; the longest are replaced first, because one may be part of another."""
    return _native(_without(_decoded(value), hidden))


# ---- texts


def _text(value, signs, limit, hidden):
    found = value if isinstance(value, (bytes, _TEXT)) else '%s' % (value,)
    found, missing = _shortened(found, limit)
    found = addresses.in_text(_without(found, hidden))
    # A cut may split a character that Python 2 represents as two surrogates.
    return _SURROGATE.sub(_surrogate, _bounded(signs.sub(_escaped, _bounded(found, limit, missing)), limit))


def _shortened(value, limit):
    """(the decoded text, shortened if it is too long; the number of omitted characters). A cut never leaves a part of an address that may be a password."""
    if len(value) <= 4 * limit:
        return _decoded(value), 0
    head, tail = _decoded(value[:2 * limit]), _decoded(value[-2 * limit:])
    before, scheme, after = head.rpartition(u'://')
    if scheme and not _SPACE.search(after):
        head = before + scheme + HIDDEN
    # Drop the text up to the first blank, or all of it, because it may be the end of a password.
    space = _SPACE.search(tail)
    word = tail[:space.start()] if space else tail
    if u'@' in word:
        tail = tail[len(word):]
    return head + u' ' + tail, len(value) - 4 * limit


def _decoded(value):
    """The text of bytes, or of a text that may contain surrogates, with escapes for invalid bytes."""
    if isinstance(value, bytes):
        return u''.join(part if valid else u''.join(u'\\x%02x' % each for each in bytearray(part)) for valid, part in parts(value))
    # An instance of a subclass (of Ansible) becomes a plain text.
    return _SURROGATE.sub(_surrogate, _TEXT(value))


def parts(data):
    """Bytes in parts, in order: (True, text) for valid UTF-8 and (False, bytes) for the rest."""
    start = 0
    for valid in _UTF8.finditer(data):
        if valid.start() > start:
            yield False, data[start:valid.start()]
        yield True, valid.group().decode('utf-8')
        start = valid.end()
    if data[start:]:
        yield False, data[start:]


def _surrogate(found):
    number = ord(found.group())
    # PEP 383: os.listdir() turns a byte that is not UTF-8 into a surrogate.
    return u'\\x%02x' % (number - 0xdc00) if 0xdc80 <= number <= 0xdcff else u'\\u%04x' % number


def _escaped(found):
    sign = found.group()
    return _NAMED.get(sign) or (u'\\x%02x' if ord(sign) < 0x100 else u'\\u%04x') % ord(sign)


def _bounded(found, limit, missing=0):
    if len(found) <= limit and not missing:
        return found
    half = min(limit - 60, len(found)) // 2
    return u'%s [... %d characters are not shown ...] %s' % (found[:half], len(found) - 2 * half + missing, found[len(found) - half:])


def _without(found, hidden):
    for secret in sorted(map(_decoded, hidden), key=len, reverse=True):
        found = found.replace(secret, _decoded(HIDDEN))
    return found


def _without_in(value, hidden):
    if isinstance(value, dict):
        return dict((key, _without_in(each, hidden)) for key, each in value.items())
    if isinstance(value, list):
        return [_without_in(each, hidden) for each in value]
    return without(value, hidden) if isinstance(value, (bytes, _TEXT)) else value


def without_in_dicts(options, hidden):
    """Options without secret texts in values that are dicts or lists of dicts."""
    return dict((name, _without_in(value, hidden) if _has_dict(value) else value) for name, value in options.items())


def _has_dict(value):
    return isinstance(value, dict) or (isinstance(value, list) and any(isinstance(each, dict) for each in value))


def _native(found):
    return found.encode('utf-8') if str is bytes else found


# ---- other values


def _key(key):
    return text(key) if isinstance(key, (bytes, _TEXT)) else text('%s' % (key,))


def _number(value):
    """A number that JSON can hold: it has no infinities and no NaN, and Python refuses to read more than 4,300 digits."""
    if isinstance(value, float) and not abs(value) < float('inf'):
        return str(value)
    if isinstance(value, _INTEGERS) and abs(value) >= 1 << 128:
        return 'a number of %d bits' % value.bit_length()
    return value
