# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parts of the search for a library in DT_NEEDED that the loaders of glibc and musl have in common.

LD_LIBRARY_PATH, LD_PRELOAD and /etc/ld.so.preload are ignored: a service starts with a clean environment, and a program
does not need preloaded libraries.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type


class Outcome:
    """The outcome of one search. path, library: of the accepted file, or None.

    looked: the searched folders, in order. other: files that were skipped because they are for another architecture. late: files that were skipped
    because they are for a later kernel. broken: (path, why) of a file at which the loader ends with an error. doubts: reasons why the outcome may be wrong.
    """

    def __init__(self):
        self.path = None
        self.library = None
        self.looked = []
        self.other = []
        self.late = []
        self.broken = None
        self.doubts = []

    @property
    def ended(self):
        return self.library is not None or self.broken is not None


class Search:
    """The common base of both loaders' searches. loader: loaders.Loader; kernel: a tuple; level: 'v1' to 'v4' or None."""

    def __init__(self, libraries, loader, kernel, level):
        self.libraries = libraries
        self.loader = loader
        self.kernel = kernel
        self.level = level

    def try_path(self, path, outcome):
        """Accept the file at a path, skip it, or end the search at it, as the loader would."""
        library = self.libraries.at(path)
        if library is None:
            return
        if library.error is not None and library.error.code in ('file_unreadable', 'file_missing', 'parse_limit'):
            outcome.doubts.append('%s cannot be checked: %s' % (path, library.error.msg))
            return
        self.accept(path, library, outcome)

    def try_folders(self, folders, name, outcome):
        for folder in folders:
            outcome.looked.append(folder)
            self.try_folder(folder, name, outcome)
            if outcome.ended:
                return

    def take(self, path, library, outcome):
        outcome.path, outcome.library = path, library
        if library.facts['limits']:
            outcome.doubts.append('%s is unusual: %s' % (path, '; '.join(library.facts['limits'])))


def why_no_library(library):
    """The reason why no loader accepts a file, or None."""
    facts = library.facts
    if facts is None:
        return library.error.msg
    if facts['format'] != 'elf':
        return 'it is not an ELF file (format: %s)' % facts['format']
    if facts['truncated']:
        return 'it is truncated: %s' % facts['truncated']
    return None
