# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The types of archive in which a release can come, with a class for each. Used on hosts and on the controller.

A new type of archive is one more class in TYPES.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._go import dirhash


class Source(object):
    """A type of archive. The release in each call is a records.Release."""

    # The name of the type in manifests and results.
    kind = None
    # The field of fetch.sources.Sources, and the option of the modules, with the base addresses.
    option = None
    # The ending of its file names.
    ending = None
    # The digests of a release that are compared when a tree comes in such an archive.
    compares = ()
    # The digest of a release that verifies the file itself, before it is unpacked.
    verified_by = None

    def filename(self, release):
        """The file name of a release."""
        raise NotImplementedError

    def path(self, release):
        """The file's address below a base address."""
        return self.filename(release)

    def urls(self, bases, release):
        """The addresses of a release at these base addresses."""
        return ['%s/%s' % (base.rstrip('/'), self.path(release)) for base in bases]

    def expected(self, release):
        """(size, sha256) that a download must have; each None if unknown."""
        return None, None

    def kinds(self, release):
        """The kinds of proof (a set) for a tree that comes in such an archive."""
        return release.kinds(self.compares)

    def is_fetchable(self, release, policy):
        """Whether a host can verify such an archive as trust requires. policy: trust.Policy."""
        return policy.holds(self.kinds(release))

    def check_given(self, given, sha256, release):
        """Raise GofleetError unless a given archive can be the release. given: fetch.sources.File; sha256: of its content."""

    def file_check(self, release):
        """A function of a path that raises GofleetError unless the file is the release; None if expected() is enough."""

    def unpack(self, path, folder, release):
        """Unpack the file into folder/go. Returns entries like trees.walk_tree(). Raises GofleetError, OSError."""
        raise NotImplementedError


class GoArchive(Source):
    """goVERSION.linux-ARCH.tar.gz from go.dev/dl: verified by its SHA-256, by the h1 of its tree, or both."""

    kind = 'archive'
    option = 'mirrors'
    ending = '.tar.gz'
    compares = ('sha256', 'h1')
    verified_by = 'sha256'

    def filename(self, release):
        return release.filename

    def expected(self, release):
        return release.size, release.sha256

    def check_given(self, given, sha256, release):
        if release.sha256 and sha256 != release.sha256:
            raise GofleetError('%s is not the release: its sha256 is %s, %s says %s. It was not installed. Get the file again.'
                               % (given.origin, sha256, ' and '.join(sorted(release.kinds(['sha256']))) or 'the record', release.sha256),
                               'sha256_mismatch', path=given.origin, found=sha256, wanted=release.sha256)

    def unpack(self, path, folder, release):
        # Here, not above, because a run without changes unpacks nothing.
        from ansible_collections.gofleet.golang.plugins.module_utils._archive import tar as archive

        return archive.unpack_tar(path, folder)


class ModuleZip(Source):
    """The zip of the module golang.org/toolchain, which module proxies have since Go 1.21: verified only by the h1 of its tree."""

    kind = 'module'
    option = 'goproxy'
    ending = '.zip'
    compares = ('h1',)
    verified_by = 'h1'

    def filename(self, release):
        return '%s.zip' % dirhash.toolchain_module(release.version, release.goarch)[1]

    def path(self, release):
        return '%s/@v/%s' % (dirhash.toolchain_module(release.version, release.goarch)[0], self.filename(release))

    def is_fetchable(self, release, policy):
        return bool(release.h1) and policy.holds(self.kinds(release))

    def check_given(self, given, sha256, release):
        if not release.h1:
            raise GofleetError('%s is a module zip, and the h1 of its tree is unknown. Give its h1 in releases, or set goproxy so '
                               'that the transparency log is asked.' % given.origin, 'unverifiable', path=given.origin)

    def file_check(self, release):
        def check(path):
            from ansible_collections.gofleet.golang.plugins.module_utils._archive import zip as module_zip

            if module_zip.zip_h1(path) != release.h1:
                raise GofleetError('its files do not have the h1 %s of the transparency log' % release.h1, 'h1_mismatch')
        return check

    def unpack(self, path, folder, release):
        # Here, not above, because a run without changes unpacks nothing.
        from ansible_collections.gofleet.golang.plugins.module_utils._archive import zip as module_zip

        return module_zip.unpack_zip(path, os.path.join(folder, 'go'), '%s@%s/' % dirhash.toolchain_module(release.version, release.goarch))


class Adopted(Source):
    """Not an archive: an existing toolchain on the host, which is installed as a verified copy."""

    kind = 'adopted'
    compares = ('h1',)


GO_ARCHIVE = GoArchive()
MODULE_ZIP = ModuleZip()
ADOPTED = Adopted()
# In the order of the search.
TYPES = (GO_ARCHIVE, MODULE_ZIP)


def of_file(path):
    """The Source of a file by its name; GoArchive for any name that no other type has."""
    return next((source for source in TYPES if source is not GO_ARCHIVE and path.endswith(source.ending)), GO_ARCHIVE)


def compared(kind):
    """The digests that were compared for a tree whose manifest names this type of archive."""
    return next((source.compares for source in TYPES if source.kind == kind), ADOPTED.compares)
