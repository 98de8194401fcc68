# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write and parse lists of a tree's files, one line each, and compare a tree with such a list. Pure functions of values.

A line holds the octal mode, the SHA-256, the size in bytes, the kind (f: file, l: symbolic link, whose digest is that of its target)
and the path below the root, with newline and backslash escaped as in GNU's checksum files. Folders have no lines.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re
from collections import namedtuple

from ansible.module_utils.common.text.converters import to_native

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._proof import trees
from ansible_collections.gofleet.golang.plugins.module_utils._texts import escapes

_LINE = re.compile(br'([0-7]{4}) ([0-9a-f]*) ([0-9]{1,19}) ([fl?]) ([^\0]+)\Z')
_ESCAPED = {b'n': b'\n', b'\\': b'\\'}

# The differences of a tree from a list: sorted paths relative to the tree, as str.
Differences = namedtuple('Differences', 'changed missing extra mode')


def sums(entries):
    """The lines of a tree, as bytes. entries: of trees.walk_tree(), or equal ones."""
    return b''.join(
        ('%04o %s %d %s ' % (entry.mode, entry.sha256, entry.size, entry.kind)).encode('ascii')
        + entry.path.replace(b'\\', b'\\\\').replace(b'\n', b'\\n') + b'\n'
        for entry in entries)


def parse(text):
    """{path: trees.Entry} from the output of sums(). Raises GofleetError(bad_manifest) with the number of the line in its evidence."""
    entries = {}
    lines = text.split(b'\n')
    if lines.pop():
        raise _malformed(len(lines) + 1, 'the file does not end with a newline; its end may be missing')
    for number, line in enumerate(lines, 1):
        found = _LINE.match(line)
        if not found:
            raise _malformed(number, 'it is not "MODE SHA256 SIZE KIND PATH"')
        mode, digest, size, kind, path = found.groups()
        if b'\\' in path:
            path = _unescaped(path, number)
        if path in entries:
            raise _malformed(number, 'an earlier line has the same path')
        entries[path] = trees.Entry(path, to_native(kind), int(mode, 8), int(size), to_native(digest))
    return entries


def _unescaped(path, number):
    found = escapes.unescaped(path, _ESCAPED)
    if found is None:
        raise _malformed(number, 'a backslash is not followed by n or another backslash')
    return found


def _malformed(number, reason):
    return GofleetError('line %d is invalid: %s' % (number, reason), 'bad_manifest', line=number, reason=reason)


def differences(wanted, entries):
    """The Differences of a tree from a list. wanted: of parse(); entries: of trees.walk_tree()."""
    found = dict((entry.path, entry) for entry in entries)
    both = [(wanted[path], found[path]) for path in wanted if path in found]
    return Differences(
        changed=_named(then.path for then, now in both if (then.kind, then.sha256) != (now.kind, now.sha256)),
        missing=_named(path for path in wanted if path not in found),
        extra=_named(path for path in found if path not in wanted),
        mode=_named(then.path for then, now in both if then.kind == now.kind and then.mode != now.mode))


def _named(paths):
    return sorted(to_native(path) for path in paths)


def in_words(differences, ignored=()):
    """A short text on the differences; None if the tree does not differ. ignored: (field, path) pairs that do not count."""
    parts = [(word, [path for path in paths if (word, path) not in ignored]) for word, paths in zip(differences._fields, differences)]
    parts = ['%s: %s%s' % (word, paths[0], ' and %d more' % (len(paths) - 1) if len(paths) > 1 else '') for word, paths in parts if paths]
    return '; '.join(parts) or None


def shortened(differences, shown):
    """Differences for a result: at most this many names of each kind, and the count of all."""
    result = dict(zip(differences._fields, [paths[:shown] for paths in differences]))
    return dict(result, count=sum(map(len, differences)))
