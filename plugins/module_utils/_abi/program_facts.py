# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read the facts of a program that a verdict needs, as plain values, so that the controller can read them and a host can judge them."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import contextlib
import os
import stat
import struct

from ansible.module_utils.common.text.converters import to_native

from ansible_collections.gofleet.golang.plugins.module_utils._abi import reasons
from ansible_collections.gofleet.golang.plugins.module_utils._elf import file as elf
from ansible_collections.gofleet.golang.plugins.module_utils._elf import lazy_binding
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._go import buildinfo

# Longer lists are not sent; a verdict that depends on one is 'unknown'.
LARGEST_EXPORTS = 2000
_UNREADABLE = ('malformed', 'truncated', 'parse_limit')


@contextlib.contextmanager
def opened(path, checksum=False):
    """A context manager with the facts of a file, which is opened once for all of them.

    checksum: whether to compute its SHA-256, for which the whole file is read. The dictionary has:
    path; size (bytes); mode (of stat); sha256 (hex or None); file (elf.as_facts(), or None); go (buildinfo.as_facts(), or None);
    placed (whether the file has the mode and folder with which it will be run);
    symbols ([name, version, library, weak] of the undefined ones, None if they could not be read); exports and late (functions that
    give the defined ones, as elf.defined_symbols(), and lazy_binding.late_names()); entry (e_entry); origin (the folder that it lies in, links resolved);
    errors ([{code, msg, of}] for each part that could not be read: code malformed, truncated or parse_limit; of 'file', 'go' or 'symbols').
    Raises GofleetError(not_a_file, file_missing, file_unreadable).
    """
    with elf.open_file(path) as source:
        facts = {'path': to_native(path), 'size': source.size, 'mode': source.mode, 'placed': True, 'file': None, 'go': None, 'symbols': None,
                 'exports': None, 'late': (), 'entry': None, 'sha256': source.sha256() if checksum else None,
                 'origin': os.path.dirname(os.path.realpath(path)), 'errors': []}
        binary = _noted(facts, 'file', lambda: elf.read(source))
        if binary is not None:
            facts['file'] = elf.as_facts(binary)
            if binary.format == 'elf':
                facts['go'] = buildinfo.as_facts(_noted(facts, 'go', lambda: buildinfo.read(source, binary)))
                facts['symbols'] = _noted(facts, 'symbols', lambda: [list(each) for each in elf.undefined_symbols(source, binary)])
                facts['exports'] = lambda: elf.defined_symbols(source, binary)
                facts['late'] = lambda: lazy_binding.late_names(source, binary)
                facts['entry'] = _noted(facts, 'file', lambda: _entry(source, binary))
        yield facts


def unread(path, error):
    """The facts of a file that could not be opened, as opened() gives them. error: the GofleetError (not_a_file, file_missing, file_unreadable)."""
    try:
        mode = os.stat(path).st_mode
    except (OSError, TypeError, ValueError):
        # The file does not exist, this user cannot enter a folder of its path, or the path is invalid.
        mode = None
    why = error.msg if error.code in reasons.NOTHING_TO_RUN else 'What it needs is unknown. ' + error.msg
    return {'path': to_native(path), 'size': None, 'mode': mode, 'placed': mode is not None and stat.S_ISREG(mode), 'file': None, 'go': None,
            'symbols': None, 'exports': None, 'late': (), 'entry': None, 'sha256': None, 'origin': None,
            'errors': [{'code': error.code, 'msg': why, 'of': 'file'}]}


def read(path, checksum=False):
    """portable() facts of a file. Raises as opened()."""
    with opened(path, checksum) as facts:
        return portable(facts)


def portable(facts):
    """The facts of an opened() file as values that can be sent, for a program that will run elsewhere.

    symbols are only those that a loader may refuse; exports and late are lists of names, and exports is None if there are too many.
    """
    exports = _noted(facts, 'symbols', facts['exports']) if facts['exports'] else []
    symbols = facts['symbols'] if facts['symbols'] is None else [each for each in facts['symbols'] if each[1] or not each[3]]
    late = _noted(facts, 'symbols', facts['late']) if facts['late'] else ()
    return dict(facts, placed=False, origin=None, symbols=symbols, late=sorted(late or ()),
                exports=sorted(exports) if exports is not None and len(exports) <= LARGEST_EXPORTS else None)


def _entry(source, binary):
    """e_entry: the address at which the program starts. It follows e_ident and 8 more bytes (gABI)."""
    letter = 'Q' if binary.bits == 64 else 'I'
    return struct.unpack(str(binary.order + letter), source.read_at(24, struct.calcsize('=' + letter), 'e_entry'))[0]


def _noted(facts, of, action):
    """The value of a function; None if the file cannot be read, and then the reason is added to errors."""
    try:
        return action()
    except GofleetError as exc:
        if exc.code not in _UNREADABLE:
            raise
        note = {'code': exc.code, 'msg': exc.msg, 'of': of}
        if note not in facts['errors']:
            facts['errors'].append(note)
        return None
