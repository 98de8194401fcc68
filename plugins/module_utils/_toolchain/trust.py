# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What vouches for a release, and whether that is enough. Pure functions of values."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from collections import namedtuple

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError

# Who may vouch: for an archive's sha256 (pinned, signature, index) or for a tree's h1 (pinned, log).
KINDS = ('pinned', 'signature', 'log', 'index')
# Weaker is only the index, which whoever runs the server (or its certificate) can change for one reader.
_STRONG = frozenset(['pinned', 'signature', 'log'])


class Policy(namedtuple('Policy', 'kinds every')):
    """What has to vouch for a toolchain.

    kinds: those of KINDS that count, or () for whatever is the strongest to be had; every: whether all of them are
    needed rather than one.
    """

    __slots__ = ()

    def holds(self, found):
        """Whether found (kinds) satisfies it; the default is content with anything."""
        if not self.kinds:
            return bool(found)
        if self.every:
            return set(self.kinds) <= set(found)
        # Nothing is weaker than the index: who is content with it is content with all.
        return bool(found if 'index' in self.kinds else set(self.kinds) & set(found))

    def asks_for_more(self, found):
        """Whether it is worth asking for more than found."""
        return not (self.holds(found) if self.kinds else _STRONG & set(found))

    def __str__(self):
        return (' and ' if self.every else ' or ').join(self.kinds) if self.kinds else 'the strongest proof that can be had'


def kinds_for_archive(entry):
    """Who vouches for what an archive gives: its own digest is compared, and the h1 of its tree.

    entry: a record's for one architecture, with sha256, h1 and vouched.
    """
    return kinds_for_tree(entry) | (set(entry['vouched'].get('sha256', ())) if entry.get('sha256') else set())


def kinds_for_tree(entry):
    """Who vouches for a tree whatever it came in: the h1 alone is compared."""
    return set(entry['vouched'].get('h1', ())) if entry.get('h1') else set()


def untrusted(version, goarch, policy, found, subject):
    """The GofleetError for something that less vouches for than is asked."""
    return GofleetError(
        '%s: %s has to vouch for Go %s for linux-%s; %s. It was refused. Give a source that has more (mirrors with .asc files, '
        'goproxy or gosumdb for the log, checksums to pin), or ask for less with trust.'
        % (subject, policy, version, goarch, 'only %s does' % ' and '.join(sorted(found)) if found else 'nothing does'),
        'untrusted', version=version, goarch=goarch, wanted=list(policy.kinds), found=sorted(found))
