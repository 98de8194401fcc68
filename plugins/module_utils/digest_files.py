# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files of digests as sha256sum and its kin write them, and single digests. Pure functions of bytes and text.

Forms of a line, of which a file may mix all but the first:
    HEX                        bare, of a file that the line does not name, as dl.google.com has them; or named "-", standard input
    HEX  NAME, HEX *NAME       GNU; HEX NAME is what BSD's -r writes
    ALGORITHM (NAME) = HEX     BSD and GNU's --tag; ALGORITHM(NAME)= HEX is OpenSSL's
A backslash before the first two named ones says that backslash, newline and carriage return in the name are escaped
(GNU coreutils, src/digest.c). Empty lines, and those that begin with #, say nothing.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re
from collections import namedtuple

from ansible.module_utils.common.text.converters import to_native

from ansible_collections.gofleet.golang.plugins.module_utils.digests import LENGTHS, WEAK
from ansible_collections.gofleet.golang.plugins.module_utils.errors import GofleetError

# Bytes: some 60,000 lines. The largest that distributions publish have a tenth.
LIMIT = 8 << 20

# Three blanks are GNU's two, and a name that is one.
_BARE = re.compile(br'([0-9A-Fa-f]{32,128})[ \t]{0,2}\Z')
_UNTAGGED = re.compile(br'(\\?)([0-9A-Fa-f]{32,128}) ([ *]?)(.+)\Z', re.DOTALL)
_TAGGED = re.compile(br'(\\?)([A-Za-z][A-Za-z0-9/_-]{0,31}) ?\((.+)\) ?= ([^ ]+)\Z', re.DOTALL)
_HEX = re.compile(r'[0-9a-f]+\Z')
_ESCAPE = re.compile(br'\\(.?)', re.DOTALL)
_ESCAPED = {b'n': b'\n', b'r': b'\r', b'\\': b'\\'}
_STANDARD_INPUT = b'-'
_BYTE_ORDER_MARK = b'\xef\xbb\xbf'

# By the number of hex digits, where nothing says which it is: what the tools of these lengths are used for by far the most.
_OF_LENGTH = {32: 'md5', 40: 'sha1', 56: 'sha224', 64: 'sha256', 96: 'sha384', 128: 'sha512'}
# Names without the signs that some put between the letters. SHA2-256 is what OpenSSL 3 calls it.
_NAMES = dict([(name.replace('_', ''), name) for name in list(LENGTHS) + list(WEAK)]
              + [('sha2' + name[3:], name) for name in ('sha224', 'sha256', 'sha384', 'sha512')])

# What one line says. line: its number, from 1; algorithm: of digests.LENGTHS or digests.WEAK, or the lower-case name of one that
# is unknown here; digest: lower-case hex (of an unknown algorithm, whatever stands there); name: bytes, or None for a bare one.
Listed = namedtuple('Listed', 'line algorithm digest name')


def canonical(name):
    """An algorithm by any of its names (SHA-256, sha2-256, SHA3-512), as digests.LENGTHS or digests.WEAK has it; None if it is another."""
    return _NAMES.get(re.sub('[-_/]', '', name.lower()))


def parse_checksum(text):
    """(algorithm, lower-case hex digest) of 'sha256:HEX'. Raises GofleetError(bad_checksum, weak_algorithm)."""
    name, colon, digest = text.strip().partition(':')
    digest = digest.strip().lower()
    if not colon:
        raise _bad_checksum(text, 'it does not say of which algorithm it is')
    algorithm = canonical(name)
    if algorithm is None:
        raise _bad_checksum(text, "'%s' is no algorithm that is known here (%s)" % (name[:40], ', '.join(LENGTHS)))
    if algorithm in WEAK:
        raise weak(algorithm, text)
    if not _HEX.match(digest):
        raise _bad_checksum(text, 'what follows the colon is no digest in hex; an address or a file of digests is given as checksum_file')
    if len(digest) != LENGTHS[algorithm]:
        raise _bad_checksum(text, 'a %s has %d hex digits, and this has %d' % (algorithm, LENGTHS[algorithm], len(digest)))
    return algorithm, digest


def _bad_checksum(text, reason):
    return GofleetError("checksum '%s' is none: %s. Write it as sha256:HEX." % (text[:160], reason), 'bad_checksum', checksum=text[:160], reason=reason)


def weak(algorithm, subject):
    """The GofleetError for a digest that proves nothing, because files with equal ones can be made."""
    return GofleetError('%s: %s proves nothing, for two files that have the same can be made. Give a sha256 or stronger; whoever publishes '
                        'the file has one, or compute it from a copy that is proven otherwise.' % (subject, algorithm), 'weak_algorithm',
                        algorithm=algorithm)


# ---- files of digests


def parse(raw, algorithm=None):
    """[Listed] of a digest file, in its order.

    raw: bytes; algorithm: of lines that do not say theirs and have its length; otherwise the length tells.
    Raises GofleetError(malformed_digest_file), whose text leaves the file to the caller, and whose evidence has the line's number.
    """
    if len(raw) > LIMIT:
        raise _malformed(1, b'', 'the file has %d bytes, and %d are plenty' % (len(raw), LIMIT))
    lines = _lines(raw)
    listed = [_listed(number, line, algorithm) for number, line in lines]
    if not listed:
        raise _malformed(1, b'', 'the file lists nothing')
    for entry in listed:
        if entry.name is None and len(listed) > 1:
            raise _malformed(entry.line, dict(lines)[entry.line], 'a digest without a name can only stand alone')
    return listed


def _lines(raw):
    """(number, line) of those that say something."""
    if raw.startswith(_BYTE_ORDER_MARK):
        raw = raw[len(_BYTE_ORDER_MARK):]
    lines = [(number, line) for number, line in enumerate(raw.split(b'\n'), 1) if line.strip() and not line.startswith(b'#')]
    # Written on Windows. A single name may end so for another reason, which GNU's escape since 9.0 tells apart.
    if all(line.endswith(b'\r') for dummy, line in lines):
        lines = [(number, line[:-1]) for number, line in lines]
    return lines


def _listed(number, line, algorithm):
    if b'\0' in line:
        raise _malformed(number, line, 'it has a zero byte')
    if line.startswith(b'-----BEGIN PGP'):
        raise _malformed(number, line, 'the file is signed inline. Take the text out of it with "gpg --decrypt", which checks the signature, and give that')
    if line.lstrip().startswith(b'<'):
        raise _malformed(number, line, 'the file is a web page')
    bare = _BARE.match(line)
    if bare:
        return _untagged(number, line, bare.group(1), None, algorithm)
    found = _UNTAGGED.match(line)
    if found:
        escaped, digest, dummy, name = found.groups()
        return _untagged(number, line, digest, None if name == _STANDARD_INPUT else _name(number, line, name, escaped), algorithm)
    found = _TAGGED.match(line)
    if found:
        return _tagged(number, line, *found.groups())
    raise _malformed(number, line, 'it is neither HEX, nor HEX and a name, nor ALGORITHM (NAME) = HEX')


def _untagged(number, line, digest, name, algorithm):
    if algorithm is None or LENGTHS[algorithm] != len(digest):
        algorithm = _OF_LENGTH.get(len(digest))
    if algorithm is None:
        raise _malformed(number, line, 'no algorithm that is known here has digests of %d hex digits' % len(digest))
    return Listed(number, algorithm, to_native(digest).lower(), name)


def _tagged(number, line, escaped, tag, name, digest):
    digest = to_native(digest, errors='surrogate_or_replace').lower()
    algorithm = canonical(to_native(tag))
    length = dict(LENGTHS, **WEAK).get(algorithm)
    # Of others (RMD160, and SIZE, which some list beside them) nothing is known, so nothing is expected.
    if length is not None and not (_HEX.match(digest) and len(digest) == length):
        raise _malformed(number, line, 'a %s has %d hex digits' % (algorithm, length))
    return Listed(number, algorithm or to_native(tag).lower(), digest, _name(number, line, name, escaped))


def _name(number, line, name, escaped):
    if not escaped:
        return name

    def character(escape):
        if escape.group(1) not in _ESCAPED:
            raise _malformed(number, line, 'the name is escaped, and a backslash stands before neither n, r nor another backslash')
        return _ESCAPED[escape.group(1)]

    return _ESCAPE.sub(character, name)


def _malformed(number, line, reason):
    text = to_native(line[:80], errors='surrogate_or_replace')
    where = "line %d ('%s')" % (number, text) if text else 'it'
    return GofleetError('%s is not what a file of digests has: %s.' % (where, reason), 'malformed_digest_file', line=number, text=text, reason=reason)


# ---- what such a file says of one


def find(listed, name, algorithm=None):
    """The Listed of the strongest digest that a file lists for a name; a bare one is of every name.

    listed: of parse(); name: bytes; algorithm: of LENGTHS, the only one that counts if it is given.
    Raises GofleetError: not_listed, conflicting_digests, weak_algorithm, unsupported_algorithm; its text leaves the file to the caller.
    """
    ours = [entry for entry in listed if entry.name is None or _plain(entry.name) == _plain(name)]
    if not ours:
        raise _not_listed(listed, name)
    if algorithm is not None:
        ours = [entry for entry in ours if entry.algorithm == algorithm]
    strong = [each for each in LENGTHS if any(entry.algorithm == each for entry in ours)]
    if not strong:
        raise _no_proof(listed, name, algorithm, ours)
    found = [entry for entry in ours if entry.algorithm == strong[0]]
    if len(set(entry.digest for entry in found)) > 1:
        raise GofleetError('lists %s for %s twice, on lines %d and %d, and they differ. Give checksum, or a file that says one thing.'
                           % (strong[0], to_native(name), found[0].line, found[-1].line), 'conflicting_digests', name=to_native(name),
                           lines=[entry.line for entry in found])
    return found[0]


def _plain(name):
    """find and tar write ./ before names."""
    while name.startswith(b'./'):
        name = name[2:].lstrip(b'/')
    return name


def _not_listed(listed, name):
    near = [to_native(entry.name) for entry in listed if entry.name.rpartition(b'/')[2] == name.rpartition(b'/')[2]][:5]
    hint = 'It lists %s: if that is the file, give that as checksum_name.' % ' and '.join(near) if near else \
        'Give the name that it has there as checksum_name, or another file of digests.'
    return GofleetError('does not list %s. %s' % (to_native(name), hint), 'not_listed', name=to_native(name), near=near, listed=len(listed))


def _no_proof(listed, name, algorithm, ours):
    there = sorted(set(entry.algorithm for entry in ours or listed))
    if ours and all(each in WEAK for each in there):
        return weak(', '.join(there), 'lists nothing else for %s' % to_native(name))
    return GofleetError('lists no digest for %s that can be used: %s is %s, and it has %s.'
                        % (to_native(name), 'checksum_algorithm' if algorithm else 'what is known here', algorithm or ', '.join(LENGTHS), ', '.join(there)),
                        'unsupported_algorithm', name=to_native(name), algorithms=there)
