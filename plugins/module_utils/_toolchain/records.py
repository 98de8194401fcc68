# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Release records: what the archive and the tree of a release must be, and what vouches for it. Used by hosts and controllers alike."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from collections import namedtuple

from ansible_collections.gofleet.golang.plugins.module_utils._go import dirhash
from ansible_collections.gofleet.golang.plugins.module_utils._go import version as goversion

# Values that identify a release: of its archive, and of its tree whatever archive it came in.
_DIGESTS = ('sha256', 'h1')


class Release(namedtuple('Release', 'version goarch filename size sha256 h1 vouched exhausted')):
    """A release for one architecture.

    filename: of its archive; size: of that in bytes; sha256: of that, in hex; h1: of the tree. size, sha256 and h1 are None where they
    are unknown. vouched: for 'sha256' and 'h1', {kind: UTC time}, the kind being pinned, signature, log or index; exhausted: whether
    the controller can find no more proof.
    """

    __slots__ = ()

    @classmethod
    def of(cls, version, goarch, entry):
        """From a dict as records have it for each architecture; keys may be missing."""
        return cls(version, goarch, entry.get('filename') or goversion.archive_name(version, goarch), entry.get('size'), entry.get('sha256'),
                   entry.get('h1'), entry.get('vouched') or {}, bool(entry.get('exhausted')))

    @property
    def is_verifiable(self):
        """Whether anything says what the release must be."""
        return bool(self.sha256 or self.h1)

    def with_author(self):
        """The same where something vouches for it; otherwise whoever wrote the digests down, as in a playbook, vouches for them."""
        return self if self.vouched else self._replace(vouched=dict((name, {'pinned': None}) for name in _DIGESTS if getattr(self, name)))

    def kinds(self, names=_DIGESTS):
        """What vouches for the release (a set of kinds) where these digests are compared."""
        return set(kind for name in names if getattr(self, name) for kind in self.vouched.get(name, ()))

    def proofs(self, names):
        """The proofs in the manifest of a tree for which these digests were compared."""
        return [{'kind': kind, name: getattr(self, name), 'vouched_at': when}
                for name in names if getattr(self, name) for kind, when in sorted(self.vouched.get(name, {}).items())]

    def check_tree(self, entries, origin, consequence=''):
        """The h1 of a tree. Raises GofleetError(h1_mismatch) unless it is the release, as far as that is known.

        entries: of trees.walk_tree(); origin: where the tree came from; consequence: a sentence that says what happens to the tree.
        """
        return dirhash.prove_h1(entries, self.version, self.goarch, {'h1': self.h1, 'vouched': self.vouched}, origin, consequence)


class Record(namedtuple('Record', 'version archives')):
    """A release for every architecture that is known. archives: a dict as Release.of() takes it, by architecture in Go's words."""

    __slots__ = ()

    @classmethod
    def from_option(cls, value):
        """From an element of the module's option releases. Raises GofleetError(invalid_version)."""
        return cls(str(goversion.parse_release(value['version'])), value['archives'])

    def release(self, goarch):
        """The Release for an architecture; without digests where nothing is known of it."""
        return Release.of(self.version, goarch, self.archives.get(goarch) or {})


class Records(object):
    """The records that a run was given. values: of the module's option releases. Raises GofleetError(invalid_version)."""

    def __init__(self, values):
        self._by_version = dict((record.version, record) for record in map(Record.from_option, values))

    def release(self, version, goarch):
        """The Release of a version for an architecture, or None if nothing says what it must be."""
        record = self._by_version.get(version)
        release = record.release(goarch).with_author() if record else None
        return release if release and release.is_verifiable else None
