# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find the files that a startup file of a shell reads, without running it.

It recognises only the commands `.` and `source`, and in a word only quotes, backslashes, ~/ and the given variables: every other word counts as
unknown. Source of the grammar: XCU 2.2, 2.3, 2.6, 2.10.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

_OPERATOR = re.compile(u'&&|\\|\\||;;|[;&|()\n]')
_BLANK = u' \t\r'
_END = u' \t\r\n;&|()<>'
# Words that precede a command, and words that begin and end conditional commands.
_BEFORE_COMMAND = (u'if', u'then', u'elif', u'else', u'while', u'until', u'do', u'{', u'!', u'builtin', u'command')
_OPENING, _CLOSING = (u'if', u'while', u'until', u'for', u'case'), (u'fi', u'done', u'esac')
# ${NAME}, $NAME, ${NAME-WORD} and ${NAME:-WORD}.
_VARIABLE = re.compile(u'\\$(?:([A-Za-z_][A-Za-z0-9_]*)|\\{([A-Za-z_][A-Za-z0-9_]*)(?::?-((?:[^{}"\'`$]|\\$HOME|\\$\\{HOME\\})*))?\\})')


def sourced(text, variables):
    """A list of (path, guarded) for each file that the text of a startup file reads. guarded: whether the command has a condition.

    variables: text by name.
    """
    found = []
    depth, expected, after, reads = 0, True, u'\n', None
    for kind, word in _tokens(text, variables):
        if kind == 'operator':
            expected, after, reads = True, word, None
        elif reads is not None:
            if word is not None:
                found.append((word, reads))
            reads = None
        elif expected:
            depth = max(depth + (word in _OPENING) - (word in _CLOSING), 0)
            # `. F || true` does not count as a condition, because dash exits if a special built-in fails.
            reads = (depth > 0 or after == u'&&') if word in (u'.', u'source') else None
            expected = word in _BEFORE_COMMAND
    return found


def _tokens(text, variables):
    """('operator', text) and ('word', text, or None if unknown)."""
    text = text.replace(u'\\\n', u'')
    position = 0
    while position < len(text):
        operator = _OPERATOR.match(text, position)
        if operator:
            position = operator.end()
            yield 'operator', operator.group()
        elif text[position] in _BLANK:
            position += 1
        elif text[position] == u'#':
            end = text.find(u'\n', position)
            position = len(text) if end < 0 else end
        elif text[position] in u'<>':
            # A redirection is not part of the command. Its target is read as a word of the command, which is harmless.
            position += 1
        else:
            word, position = _word(text, position, variables)
            yield 'word', word


def _word(text, position, variables):
    """(the word at a position without its quotes, or None; where it ends)."""
    parts, known, first = [], True, True
    while position < len(text) and text[position] not in _END:
        if text[position] == u"'":
            end = text.find(u"'", position + 1)
            end = len(text) if end < 0 else end
            part, position = text[position + 1:end], end + 1
        elif text[position] == u'"':
            part, position = _double_quoted(text, position + 1, variables)
        elif text[position] == u'\\':
            part, position = text[position + 1:position + 2], position + 2
        elif first and text.startswith(u'~/', position):
            part, position = variables.get(u'HOME'), position + 1
        elif text[position] in u'$`*?[':
            part, position = _expanded(text, position, variables)
        else:
            part, position = text[position], position + 1
        known = known and part is not None
        parts.append(part)
        first = False
    return (u''.join(parts) if known else None), position


def _double_quoted(text, position, variables):
    parts, known = [], True
    while position < len(text) and text[position] != u'"':
        if text[position] == u'\\' and text[position + 1:position + 2] in (u'$', u'`', u'"', u'\\'):
            part, position = text[position + 1], position + 2
        elif text[position] in u'$`':
            part, position = _expanded(text, position, variables)
        else:
            part, position = text[position], position + 1
        known = known and part is not None
        parts.append(part)
    return (u''.join(parts) if known else None), position + 1


def _expanded(text, position, variables):
    """(the value of a variable, or None; where it ends)."""
    found = _VARIABLE.match(text, position)
    if not found:
        return None, position + 1
    name, otherwise = found.group(1) or found.group(2), found.group(3)
    value = variables.get(name)
    if not value and otherwise is not None:
        value = _VARIABLE.sub(lambda inner: variables.get(inner.group(1) or inner.group(2)) or u'', otherwise)
        value = variables.get(u'HOME', u'') + value[1:] if value.startswith(u'~/') else value
    return value, found.end()
