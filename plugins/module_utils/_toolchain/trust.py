# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Decide whether the proof of a release satisfies the required trust. Pure functions of values."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from collections import namedtuple

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError

# The kinds of proof except the index, which is weaker: the operator of its server (or the holder of its certificate) can change it for one reader.
# The index, a signature or a pin vouches for an archive's sha256, the log or a pin for a tree's h1.
_STRONG = frozenset(['pinned', 'signature', 'log'])


class Policy(namedtuple('Policy', 'kinds every')):
    """The proof that a toolchain needs.

    kinds: those of pinned, signature, log and index that count, or () for the strongest available; every: whether all of them are
    needed rather than one.
    """

    __slots__ = ()

    def holds(self, found):
        """Whether found (kinds) satisfies the policy; the default accepts any kind."""
        if not self.kinds:
            return bool(found)
        if self.every:
            return set(self.kinds) <= set(found)
        # No kind is weaker than the index, so a policy that accepts it accepts every kind.
        return bool(found if 'index' in self.kinds else set(self.kinds) & set(found))

    def asks_for_more(self, found):
        """Whether to look for more proof than found."""
        return not (self.holds(found) if self.kinds else _STRONG & set(found))

    def __str__(self):
        return (' and ' if self.every else ' or ').join(self.kinds) if self.kinds else 'the strongest proof that can be had'


def untrusted(version, goarch, policy, found, subject):
    """The GofleetError for a subject with less proof than the policy requires. found: kinds."""
    return GofleetError(
        '%s: %s has to vouch for Go %s for linux-%s; %s. It was refused. Give a source that has more (mirrors with .asc files, '
        'goproxy or gosumdb for the log, checksums to pin), or ask for less with trust.'
        % (subject, policy, version, goarch, 'only %s does' % ' and '.join(sorted(found)) if found else 'nothing does'),
        'untrusted', version=version, goarch=goarch, wanted=list(policy.kinds), found=sorted(found))
