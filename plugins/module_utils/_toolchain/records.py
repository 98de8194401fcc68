# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Release records: the digests of a release's archive and tree, and the proof for each. Used on hosts and on the controller."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from collections import namedtuple

from ansible_collections.gofleet.golang.plugins.module_utils._go import dirhash
from ansible_collections.gofleet.golang.plugins.module_utils._go import version as goversion

# Digests that identify a release: of its archive, and of its tree, which does not depend on the type of archive.
_DIGESTS = ('sha256', 'h1')


class Release(namedtuple('Release', 'version goarch filename size sha256 h1 vouched exhausted')):
    """A release for one architecture.

    filename, size (bytes) and sha256 (hex): of its archive; h1: of the tree. size, sha256 and h1 are None if they
    are unknown. vouched: for 'sha256' and 'h1', {kind: UTC time}, the kind being pinned, signature, log or index; exhausted: whether
    the controller can find no more proof.
    """

    __slots__ = ()

    @classmethod
    def of(cls, version, goarch, entry):
        """The Release in a record's dict for an architecture; keys may be missing."""
        return cls(version, goarch, entry.get('filename') or goversion.archive_name(version, goarch), entry.get('size'), entry.get('sha256'),
                   entry.get('h1'), entry.get('vouched') or {}, bool(entry.get('exhausted')))

    @property
    def is_verifiable(self):
        """Whether any digest of the release is known."""
        return bool(self.sha256 or self.h1)

    def with_author(self):
        """The same Release if it has any proof; otherwise its digests count as pinned by the author of the record, such as a playbook."""
        return self if self.vouched else self._replace(vouched=dict((name, {'pinned': None}) for name in _DIGESTS if getattr(self, name)))

    def kinds(self, names=_DIGESTS):
        """The kinds of proof (a set) for the release if these digests are compared."""
        return set(kind for name in names if getattr(self, name) for kind in self.vouched.get(name, ()))

    def proofs(self, names):
        """The proofs for the manifest of a tree if these digests were compared."""
        return [{'kind': kind, name: getattr(self, name), 'vouched_at': when}
                for name in names if getattr(self, name) for kind, when in sorted(self.vouched.get(name, {}).items())]

    def check_tree(self, entries, origin, consequence=''):
        """The h1 of a tree. Raises GofleetError(h1_mismatch) if the h1 of the release is known and differs.

        entries: of trees.walk_tree(); origin: the archive's URL or path; consequence: a sentence on what happens to the tree.
        """
        return dirhash.prove_h1(entries, self.version, self.goarch, {'h1': self.h1, 'vouched': self.vouched}, origin, consequence)


class Record(namedtuple('Record', 'version archives')):
    """A release for all known architectures. archives: by architecture in Go's words, a dict for Release.of()."""

    __slots__ = ()

    @classmethod
    def from_option(cls, value):
        """The Record in an element of the module's option releases. Raises GofleetError(invalid_version)."""
        return cls(str(goversion.parse_release(value['version'])), value['archives'])

    def release(self, goarch):
        """The Release for an architecture; without digests if none are known."""
        return Release.of(self.version, goarch, self.archives.get(goarch) or {})


class Records(object):
    """The records of a run. values: of the module's option releases. Raises GofleetError(invalid_version)."""

    def __init__(self, values):
        self._by_version = dict((record.version, record) for record in map(Record.from_option, values))

    def release(self, version, goarch):
        """The Release of a version for an architecture, or None if no digest of it is known."""
        record = self._by_version.get(version)
        release = record.release(goarch).with_author() if record else None
        return release if release and release.is_verifiable else None
