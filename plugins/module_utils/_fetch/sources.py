# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sources of an archive, as values. download.py fetches from them."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
from collections import namedtuple

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError

# timeout: seconds without a byte after which a connection is given up; ca_path: PEM file, or None for the system's.
Options = namedtuple('Options', 'timeout ca_path')

# files: {file name: File}; mirrors, goproxy: base URLs; transfer: auto, pull or push;
# incoming: whether the controller asks for a folder to upload archives to.
Sources = namedtuple('Sources', 'files mirrors goproxy transfer incoming options')

# An archive on this host. origin: the URL or path that it came from, for people and manifests.
File = namedtuple('File', 'path origin')

# The largest size in bytes of a file whose size is not recorded: Go's limit for module zips (x/mod/zip: MaxZipFile), and
# three times the largest release archive so far.
UNKNOWN_SIZE_LIMIT = 500 << 20

# The key of Sources.files for an archive that the user named; its file may have any name.
ANY_NAME = ''


def files_at(archive_path, uploads):
    """Sources.files of an archive or a folder of archives on this host, and of the archives that the controller uploaded.

    uploads: {file name: {path, origin}}. Raises GofleetError(archive_unreadable).
    """
    files = dict((name, File(upload['path'], upload['origin'])) for name, upload in uploads.items())
    if archive_path and os.path.isdir(archive_path):
        files.update((name, File(os.path.join(archive_path, name), os.path.join(archive_path, name))) for name in _names(archive_path))
    elif archive_path and os.path.isfile(archive_path):
        files[ANY_NAME] = File(archive_path, archive_path)
    elif archive_path:
        what = '%s is neither a regular file nor a folder' if os.path.exists(archive_path) else 'There is no file or folder %s on this host'
        raise GofleetError((what + '. Correct archive, or leave remote_src out if it is on the controller.') % archive_path, 'archive_unreadable',
                           path=archive_path)
    return files


def _names(folder):
    try:
        return os.listdir(folder)
    except OSError as exc:
        raise GofleetError('The folder of archives %s cannot be read: %s. Correct archive, or its rights.' % (folder, exc.strerror), 'archive_unreadable',
                           path=folder)


def proxy_urls(goproxy):
    """The base URLs in a GOPROXY list, in its order; without direct and off, which are not module proxies (go help goproxy)."""
    entries = goproxy.replace('|', ',').split(',')
    # YAML reads an unquoted off as false.
    return [entry.strip() for entry in entries if entry.strip() not in ('', 'direct', 'off', 'False')]


def in_words(failures):
    """Failures of download.fetch_first() as sentences."""
    return ' '.join('%s: %s.' % (each['url'], each['reason']) for each in failures)
