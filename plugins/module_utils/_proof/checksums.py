# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parse names of digest algorithms, and checksums in options."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._proof import digests

HEX = re.compile(r'[0-9a-f]+\Z')
# Names without hyphens and the like. OpenSSL 3 calls SHA-256 SHA2-256.
_NAMES = dict([(name.replace('_', ''), name) for name in list(digests.LENGTHS) + list(digests.WEAK)]
              + [('sha2' + name[3:], name) for name in ('sha224', 'sha256', 'sha384', 'sha512')])


def canonical(name):
    """The name of an algorithm in digests.LENGTHS or digests.WEAK for any of its spellings (SHA-256, sha2-256, SHA3-512); None if unknown."""
    return _NAMES.get(re.sub('[-_/]', '', name.lower()))


def parse_checksum(text):
    """(algorithm, lower-case hex digest) of 'sha256:HEX'. Raises GofleetError(bad_checksum, weak_algorithm)."""
    name, colon, digest = text.strip().partition(':')
    digest = digest.strip().lower()
    if not colon:
        raise _bad_checksum(text, 'it does not name its algorithm')
    algorithm = canonical(name)
    if algorithm is None:
        raise _bad_checksum(text, "'%s' is not a known algorithm (%s)" % (name[:40], ', '.join(digests.LENGTHS)))
    if algorithm in digests.WEAK:
        raise weak(algorithm, text)
    if not HEX.match(digest):
        raise _bad_checksum(text, 'the part after the colon is not a digest in hex; give an address or a file of digests as checksum_file')
    if len(digest) != digests.LENGTHS[algorithm]:
        raise _bad_checksum(text, 'a %s has %d hex digits, this one has %d' % (algorithm, digests.LENGTHS[algorithm], len(digest)))
    return algorithm, digest


def _bad_checksum(text, reason):
    return GofleetError("Invalid checksum '%s': %s. Write it as sha256:HEX." % (text[:160], reason), 'bad_checksum', checksum=text[:160], reason=reason)


def weak(algorithm, subject):
    """The GofleetError for an algorithm that is no proof, because another file with the same digest can be made."""
    return GofleetError('%s: %s proves nothing, because another file with the same digest can be made. Give a sha256 or stronger, from the publisher '
                        'of the file or computed from a copy that you trust.' % (subject, algorithm), 'weak_algorithm',
                        algorithm=algorithm)
