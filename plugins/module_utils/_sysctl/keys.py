# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parse and spell names and values of kernel settings, and the lines of files that set them (sysctl.d(5))."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re
from collections import namedtuple

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError

# An assignment in one line of a file. value: with normalised whitespace.
Assignment = namedtuple('Assignment', 'path key value')

_PART = re.compile(r'[A-Za-z0-9_:@+,~%][A-Za-z0-9_.:@+,~%-]*\Z')
_GLOB = re.compile(r'[*?\[]')
# Whitespace as isspace(3) and the kernel have it. Python 3 counts more of a text, such as no-break spaces, than Python 2 counts of its bytes.
_SPACE = ' \t\n\v\f\r'
_SPACES = re.compile('[%s]+' % _SPACE)
_LINE_END = re.compile('\r\n|\r|\n')


def parse_key(text):
    """The parts of a key: its path below /proc/sys as a tuple.

    The first separator decides, as in sysctl.d(5): after a dot, a slash within a part represents a dot, as in
    net.ipv4.conf.eth0/100.rp_filter; after a slash, dots are dots, as in net/ipv4/conf/eth0.100/rp_filter.
    Raises GofleetError(invalid_key).
    """
    parts = _split(text)
    if len(parts) < 2 or not all(_PART.match(part) for part in parts):
        raise GofleetError(
            "'%s' is not a valid name of a kernel setting. Write it like net.core.somaxconn; if a part contains a dot, write it like "
            'net/ipv4/conf/eth0.100/rp_filter. Patterns are not supported: list each setting.' % text, 'invalid_key', key=text)
    return parts


def _split(text):
    separator = re.search(r'[./]', text)
    if separator is None or separator.group() == '/':
        return tuple(text.split('/'))
    return tuple(part.replace('/', '.') for part in text.split('.'))


def spell(parts):
    """The key as sysctl(8) prints it: with dots, and with a slash for a dot within a part."""
    return '.'.join(part.replace('.', '/') for part in parts)


def spell_in_file(parts):
    """The key in the spelling that every implementation reads; BusyBox does not support a slash that represents a dot."""
    return '/'.join(parts) if any('.' in part for part in parts) else '.'.join(parts)


def normal(value):
    """The value with single spaces: the kernel prints tabs between numbers, and a newline at the end."""
    return ' '.join(words(value))


def words(value):
    return [each for each in _SPACES.split(value) if each]


def assignments(path, text):
    """The Assignments of a file's text, in order; the value after `=` may be empty. Patterns (systemd 246) are skipped.

    A pattern never overrides a key that is set by its name (sysctl.d(5)).
    """
    found = []
    for line in [each.strip(_SPACE) for each in _LINE_END.split(text)]:
        key, equals, value = line.partition('=')
        # A key without a value is excluded from patterns. "-": failure to set it is ignored.
        key = key.strip(_SPACE).lstrip('-')
        if line[:1] in ('', '#', ';') or not equals or _GLOB.search(key):
            continue
        parts = _split(key.replace('/proc/sys/', '', 1) if key.startswith('/proc/sys/') else key)
        found.append(Assignment(path, spell(parts), normal(value)))
    return found
