# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compute digests of files, always streamed."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import hashlib
import io
from collections import OrderedDict

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import regular as regular_files

# Throughput of hashlib does not depend on it beyond a few KiB; this bounds memory.
CHUNK = 1 << 18
_BUFFER = bytearray(CHUNK)
_VIEW = memoryview(_BUFFER)


# Algorithms whose digest proves a file, with its length in hex digits, in order of preference.
LENGTHS = OrderedDict([
    ('sha512', 128), ('sha384', 96), ('sha256', 64), ('sha224', 56),
    ('blake2b', 128), ('blake2s', 64), ('sha3_512', 128), ('sha3_384', 96), ('sha3_256', 64), ('sha3_224', 56),
])
# Algorithms for which different files with the same digest have been made (RFC 6151; https://shattered.io, 2017): a published file
# may have a twin with different content.
WEAK = {'md5': 32, 'sha1': 40}


def sha256_of_file(path):
    """Hex SHA-256 of a file's content. Raises OSError."""
    digest = hashlib.sha256()
    with io.open(path, 'rb', 0) as source:
        # One buffer for all files, because a tree has 12,000 of them.
        count = source.readinto(_BUFFER)
        while count:
            digest.update(_VIEW[:count])
            count = source.readinto(_BUFFER)
    return digest.hexdigest()


def new(algorithm):
    """A hash object for one of LENGTHS. Raises GofleetError(unsupported_algorithm) if this host does not support it."""
    try:
        return hashlib.new(algorithm)
    except ValueError:
        raise GofleetError("This host's Python has no %s. Use sha256 or sha512, which every Python has." % algorithm, 'unsupported_algorithm',
                           algorithm=algorithm)


def of_regular_file(path, algorithms):
    """Digests of a regular file, or of the target of a link, which is read once. Returns (os.stat_result, {algorithm: hex digest}).

    algorithms: of LENGTHS. Raises GofleetError as regular_files does, and unsupported_algorithm.
    """
    hashes = dict((algorithm, new(algorithm)) for algorithm in algorithms)

    def update(chunk):
        for each in hashes.values():
            each.update(chunk)

    status = regular_files.feed(path, update)
    return status, dict((algorithm, each.hexdigest()) for algorithm, each in hashes.items())
