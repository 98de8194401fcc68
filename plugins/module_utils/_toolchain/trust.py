# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which proof of a release is required, and whether what was found is enough. Pure functions of values."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from collections import namedtuple

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError

# The kinds of proof but for the index, which is weaker: whoever runs its server (or has its certificate) can change it for one reader.
# The index, a signature or a pin vouches for an archive's sha256, the log or a pin for a tree's h1.
_STRONG = frozenset(['pinned', 'signature', 'log'])


class Policy(namedtuple('Policy', 'kinds every')):
    """What has to vouch for a toolchain.

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
        # No kind is weaker than the index: whoever accepts it accepts every kind.
        return bool(found if 'index' in self.kinds else set(self.kinds) & set(found))

    def asks_for_more(self, found):
        """Whether it is worth asking for more than found."""
        return not (self.holds(found) if self.kinds else _STRONG & set(found))

    def __str__(self):
        return (' and ' if self.every else ' or ').join(self.kinds) if self.kinds else 'the strongest proof that can be had'


def untrusted(version, goarch, policy, found, subject):
    """The GofleetError for a subject for which less vouches than the policy requires. found: kinds."""
    return GofleetError(
        '%s: %s has to vouch for Go %s for linux-%s; %s. It was refused. Give a source that has more (mirrors with .asc files, '
        'goproxy or gosumdb for the log, checksums to pin), or ask for less with trust.'
        % (subject, policy, version, goarch, 'only %s does' % ' and '.join(sorted(found)) if found else 'nothing does'),
        'untrusted', version=version, goarch=goarch, wanted=list(policy.kinds), found=sorted(found))
