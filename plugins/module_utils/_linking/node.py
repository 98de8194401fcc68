# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""One object of a closure: the program, its loader or a library, with the symbols that it needs and those that it defines."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

# glibc's own libraries.
_FAMILY = re.compile(r'(?:lib(?:c|m|pthread|dl|rt|resolv|util|anl)\.so\.\d|ld[\w-]*\.so\.\d)')


class Node:
    """An object of a closure.

    origin: the folder of $ORIGIN, or None. taken, given, late: for the program itself, the values that the methods of these names return;
    given and late may be functions that return it.
    """

    def __init__(self, name, facts, path, parent=None, library=None, origin=None, taken=None, given=None, late=None):
        self.facts = facts
        self.path = path
        self.parent = parent
        self.library = library
        self.origin = origin
        self.names = {name, facts['soname']} - {None}
        self.definitions = set(facts['version_definitions'])
        self._taken = taken
        self._given = given
        self._late = late

    def chain(self):
        """This object, the first one that needed it, and so on up to the program."""
        node = self
        while node is not None:
            yield node
            node = node.parent

    def taken(self):
        """[symbol] that it needs from others; None if there are too many to read. Raises GofleetError."""
        return self._taken if self.library is None else self.library.taken()

    def given(self):
        """{symbol: set of versions} that it defines. Raises GofleetError."""
        if self.library is not None:
            return self.library.given()
        if callable(self._given):
            self._given = self._given()
        return self._given

    def late(self):
        """The names of functions that the loader resolves only at their first call."""
        if self.library is not None:
            return self.library.late()
        if callable(self._late):
            self._late = self._late()
        return self._late

    @property
    def is_versioned(self):
        return bool(self.definitions or self.facts['version_needs'])

    @property
    def is_of_glibc(self):
        return any(_FAMILY.match(each) for each in self.names)
