# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Get the archive of a release from a file on this host or from the first source that has it, or request it from the controller."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import hashlib
import io
import os
import tempfile

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._fetch import sources
from ansible_collections.gofleet.golang.plugins.module_utils._files import folders, leftovers, syncing, transaction
from ansible_collections.gofleet.golang.plugins.module_utils._files import regular as regular_files
from ansible_collections.gofleet.golang.plugins.module_utils._proof import digests
from ansible_collections.gofleet.golang.plugins.module_utils._texts import addresses
from ansible_collections.gofleet.golang.plugins.module_utils._texts import foreign as foreign_values
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import observe, offers, source_types, stage, trust

# Codes of failures that would occur with every source.
OF_THIS_HOST = ('not_runnable',)


class Need(Exception):
    """This host cannot get an archive or a record by itself. value: the request to the controller."""

    def __init__(self, value):
        super(Need, self).__init__(value)
        self.value = value


class Archives(object):
    """Gets archives for one run, and unpacks them.

    paths: toolchain_paths.Paths; offered: sources.Sources; policy: trust.Policy; run: _frame.runner().
    bytes_fetched and passed_over: for the result.
    """

    def __init__(self, paths, offered, policy, run):
        self._paths = paths
        self._offered = offered
        self._policy = policy
        self.run = run
        self.bytes_fetched = 0
        self.passed_over = []

    def staged(self, release, folder):
        """(stage.Obtained, stage.Staged) of a release, in folder. Raises Need, GofleetError, OSError."""
        given = offers.given(self._offered, release)
        if given:
            obtained = self._taken(given, release, folder)
            return obtained, stage.unpack(obtained, release, folder, self.run)
        return self._fetched(release, folder)

    def _fetched(self, release, folder):
        """From the first source that has the release."""
        # Here, not above, because loading Python's and Ansible's network modules takes longer than a run without changes.
        from ansible_collections.gofleet.golang.plugins.module_utils._fetch import download

        failures = []
        for source, url in self._to_fetch(release):
            scratch = tempfile.mkdtemp(dir=folder)
            path = os.path.join(scratch, source.filename(release))
            try:
                fetched = download.fetch(url, path, self._offered.options, *source.expected(release))
                self.bytes_fetched += fetched.received
                obtained = stage.Obtained(path, source, fetched.url, fetched.sha256, fetched.size)
                staged = stage.unpack(obtained, release, scratch, self.run)
            except GofleetError as exc:
                if exc.code in OF_THIS_HOST:
                    raise
                failures.append({'url': addresses.without_credentials(url), 'code': exc.code, 'reason': exc.msg})
                transaction.delete_tree(scratch)
            else:
                self.passed_over += failures
                return obtained, staged
        if self._offered.transfer == 'pull':
            raise offers.no_source(release, failures)
        raise Need({'kind': 'archive', 'version': release.version, 'goarch': release.goarch, 'filename': release.filename,
                    'failures': failures, 'incoming': self._incoming()})

    def _to_fetch(self, release):
        return offers.to_fetch(self._offered, release, self._policy) if self._offered.transfer != 'push' else ()

    def _taken(self, given, release, folder):
        """Copy an archive into the stage and hash it meanwhile, so that no other user can write to the verified file."""
        taken = os.path.join(folder, os.path.basename(given.path))
        source = source_types.of_file(given.path)
        # An uploaded file must belong to the connection's user; it must not be a link to a file of root.
        uploaded = os.path.dirname(os.path.dirname(given.path)) == self._paths.incoming
        size, sha256 = _copy(given, taken, source.expected(release)[0], follow=not uploaded)
        source.check_given(given, sha256, release)
        found = source.kinds(release)
        if not self._policy.holds(found):
            raise trust.untrusted(release.version, release.goarch, self._policy, found, given.origin)
        return stage.Obtained(taken, source, given.origin, sha256, size)

    def _incoming(self):
        """A new folder that only the controller's connection may write to; None if this user cannot create one."""
        connection = os.environ.get('SUDO_UID', '')
        if not self._offered.incoming or (os.geteuid() != 0 and connection not in ('', str(os.geteuid()))):
            return None
        transaction.make_folder(self._paths.incoming)
        for abandoned in leftovers.unused_stages(self._paths.incoming, observe.STALE_UPLOAD):
            transaction.delete_tree(abandoned)
        folder = tempfile.mkdtemp(dir=self._paths.incoming)
        # Under sudo the connection belongs to another user; root reads and hashes the files that this user uploads.
        if os.geteuid() == 0 and foreign_values.whole(connection) is not None:
            try:
                os.chown(folder, int(connection), -1)
            except (IOError, OSError):
                folders.persistently(transaction.delete_tree, folder)
                raise
        return folder


def _copy(given, target, expected, follow):
    """(size, sha256) of a copy of a given archive. expected: bytes, or None. Raises GofleetError(archive_unreadable, sha256_mismatch), OSError."""
    limit = expected or sources.UNKNOWN_SIZE_LIMIT
    digest = hashlib.sha256()
    try:
        # Opening a pipe waits for a writer, and a device has no end.
        descriptor, status = regular_files.open_descriptor(given.path, follow)
    except GofleetError as exc:
        raise GofleetError('The archive %s cannot be read: %s' % (given.origin, exc.msg), 'archive_unreadable', path=given.origin)
    with io.open(descriptor, 'rb', 0) as source:
        if status.st_size > limit:
            raise GofleetError('%s is not the release: it has %d bytes, and %s. Nothing was installed. Get the file again.'
                               % (given.origin, status.st_size, 'the record says %d' % limit if expected else 'no archive of Go has more than %d' % limit),
                               'sha256_mismatch' if expected else 'archive_unsafe', path=given.origin, found=status.st_size, wanted=limit)
        size = 0
        with syncing.naming(target), io.open(target, 'wb') as output:
            # Stop at the size that the file had when it was opened: a growing file may have no end.
            chunk = source.read(min(digests.CHUNK, status.st_size))
            while chunk:
                digest.update(chunk)
                size += len(chunk)
                output.write(chunk)
                chunk = source.read(min(digests.CHUNK, status.st_size - size))
    return size, digest.hexdigest()
