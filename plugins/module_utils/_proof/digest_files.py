# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parse checksum files as sha256sum and similar programs write them. Pure functions of bytes and text.

Forms of a line, which a file may mix:
    HEX                        bare: the line does not name the file, as on dl.google.com; or the name is "-", standard input
    HEX  NAME, HEX *NAME       GNU
    HEX NAME                   BSD's -r
    ALGORITHM (NAME) = HEX     BSD and GNU's --tag; ALGORITHM(NAME)= HEX is OpenSSL's
Blanks and tabs may precede each, and a tab may replace the first blank after HEX. A carriage return at the end is part of the
line. A backslash before the forms with a name means that backslash, newline and carriage return in the name are escaped. All this is as in GNU's --check
(coreutils, src/digest.c: split_3, bsd_split_3), and so is the rest:
- Any other line, such as a heading or a line that begins with #, is skipped. If no line can be read, the file is invalid.
- The first untagged line of a length decides whether that length is in GNU's or BSD's form. After GNU's, lines in BSD's form are skipped; after
  BSD's, a blank or an asterisk is the first character of the name. Otherwise an attacker who chooses file names could pass one file off as another.
Unlike GNU's, this refuses a line with a zero byte, which ends a text in C, and a file with an inline signature, which would not be checked.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import io
import re
from collections import namedtuple

from ansible.module_utils.common.text.converters import to_bytes, to_native

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._proof import checksums, digests
from ansible_collections.gofleet.golang.plugins.module_utils._texts import escapes

# The largest file in bytes: some 60,000 lines, ten times as many as in the largest files of distributions.
LIMIT = 8 << 20

_DIGEST = re.compile(br'[0-9A-Fa-f]{32,128}(?![0-9A-Fa-f])')
# A quick test, because a file may have millions of lines without a digest.
_POSSIBLE = re.compile(br'[ \t]*\\?(?:[0-9A-Fa-f]{32}|[A-Za-z][A-Za-z0-9/_-]{0,31} {0,2}\()')
# b2sum also accepts two blanks.
_TAG = re.compile(br'(BLAKE2b(?=  )|[A-Za-z][A-Za-z0-9/_-]{0,31}(?!  )) {0,2}\(')
# The text behind the name in GNU's and OpenSSL's form.
_TAGGED = re.compile(br'[ \t]*=[ \t]*([^ \t]+)\Z')
_ESCAPED = {b'n': b'\n', b'r': b'\r', b'\\': b'\\'}
_STANDARD_INPUT = b'-'
_BYTE_ORDER_MARK = b'\xef\xbb\xbf'

# The algorithm for each number of hex digits, if the line does not name it: the most common one of that length.
_OF_LENGTH = {32: 'md5', 40: 'sha1', 56: 'sha224', 64: 'sha256', 96: 'sha384', 128: 'sha512'}

# Usual names of b2sum's checksum files: B2SUMS, NAME.b2, NAME.b2sum, NAME.blake2b.
_OF_BLAKE2B = re.compile(r'(?:b2sums?|blake2b(?:sums?)?|\.b2)(?:\.txt)?\Z', re.IGNORECASE)

# The content of one line. line: its number, from 1; algorithm: of digests.LENGTHS or digests.WEAK, or the lower-case name of an
# unknown one; digest: lower-case hex (for an unknown algorithm, any text); name: bytes, or None for a bare digest.
Listed = namedtuple('Listed', 'line algorithm digest name')


# ---- reading

class Lines(list):
    """[Listed] in order. skipped: the number of skipped lines; first: the GofleetError with the reason for the first of them, or None."""

    skipped = 0
    first = None


def algorithm_of(name):
    """The algorithm of untagged digests in a file of this name or address; None if it follows from their length.

    BLAKE2b and SHA-512 have the same length; if both were tried, an attacker would need to match only one of them.
    """
    path = name.partition('#')[0].partition('?')[0] if '://' in name else name
    return 'blake2b' if _OF_BLAKE2B.search(path.rpartition('/')[2]) else None


def parse(raw, algorithm=None):
    """The Lines of a digest file.

    raw: bytes; algorithm: of lines that name none and have its length; otherwise it follows from the length.
    Raises GofleetError(malformed_digest_file), whose text does not name the file, and whose evidence has the line's number.
    """
    if len(raw) > LIMIT:
        raise _malformed(1, b'', 'the file has %d bytes, more than the limit of %d' % (len(raw), LIMIT))
    reader = _Reader(algorithm)
    for number, whole in enumerate(io.BytesIO(raw[len(_BYTE_ORDER_MARK):] if raw.startswith(_BYTE_ORDER_MARK) else raw), 1):
        ended = whole[:-1] if whole.endswith(b'\n') else whole
        line = ended[:-1] if ended.endswith(b'\r') else ended
        if line.strip() and not line.startswith(b'#'):
            reader.take(number, line)
    return reader.lines()


class _Reader(object):
    """Reads the lines of one file."""

    def __init__(self, algorithm):
        self._algorithm = algorithm
        self._found = Lines()
        # For each length of digests, whether lines have BSD's form, which the first line decides.
        self._is_bsd = {}
        # The number of the last line whose name is a single blank, or None.
        self._blank = None

    def take(self, number, line):
        """Read a line, which comes without its end."""
        if line.startswith(b'-----BEGIN PGP'):
            raise _malformed(number, line, 'the file is signed inline. Extract its text with "gpg --decrypt", which checks the signature, and give that')
        if self._found.first and not _POSSIBLE.match(line):
            self._found.skipped += 1
            return
        try:
            self._found.append(self._listed(number, line))
        except GofleetError as exc:
            self._skip(exc)

    def _skip(self, reason, count=1):
        self._found.skipped += count
        self._found.first = self._found.first or reason

    def lines(self):
        """The Lines of the file. Raises GofleetError(malformed_digest_file) if no line could be read."""
        if len(self._found) + self._found.skipped > 1:
            self._skip_bare()
        elif self._found and self._found[0].line == self._blank:
            self._found[0] = self._found[0]._replace(name=None)
        if not self._found:
            raise self._found.first or _malformed(1, b'', 'the file lists nothing')
        return self._found

    def _skip_bare(self):
        bare = [entry for entry in self._found if entry.name is None]
        self._found[:] = [entry for entry in self._found if entry.name is not None]
        if bare:
            self._skip(_malformed(bare[0].line, to_bytes(bare[0].digest), 'a digest without a name can only stand alone'), len(bare))

    def _listed(self, number, line):
        if b'\0' in line:
            raise _malformed(number, line, 'it has a zero byte')
        text = line.lstrip(b' \t')
        escaped = text.startswith(b'\\')
        start = len(line) - len(text) + escaped
        digest = _DIGEST.match(line, start)
        if digest and (digest.end() == len(line) or line[digest.end():digest.end() + 1] in (b' ', b'\t')):
            return self._untagged(number, line, digest, escaped)
        tag = _TAG.match(line, start)
        if tag:
            return _tagged(number, line, tag, escaped)
        raise _malformed(number, line, 'the file is a web page' if text.startswith(b'<') else
                         'it is neither HEX, nor HEX and a name, nor ALGORITHM (NAME) = HEX')

    def _untagged(self, number, line, found, escaped):
        digest, rest = found.group(), line[found.end() + 1:]
        algorithm = self._algorithm
        if algorithm is None or digests.LENGTHS[algorithm] != len(digest):
            algorithm = _OF_LENGTH.get(len(digest))
        if algorithm is None:
            raise _malformed(number, line, 'no known algorithm has digests of %d hex digits' % len(digest))
        if not rest and not escaped:
            return Listed(number, algorithm, to_native(digest).lower(), None)
        name = self._untagged_name(number, line, rest, len(digest))
        if rest in (b' ', b'\t'):
            self._blank = number
        return Listed(number, algorithm, to_native(digest).lower(), None if name == _STANDARD_INPUT else _name(number, line, name, escaped))

    def _untagged_name(self, number, line, rest, length):
        if not rest:
            raise _malformed(number, line, 'it has no name')
        bsd = len(rest) == 1 or rest[:1] not in (b' ', b'*')
        if bsd and self._is_bsd.get(length) is False:
            raise _malformed(number, line, 'one blank is before the name, but an earlier line has two')
        if self._is_bsd.setdefault(length, bsd):
            return rest
        return rest[1:]


def _tagged(number, line, tag, escaped):
    # The last parenthesis, because names may contain others. A regular expression would be slow if there are many.
    name, dummy, rest = line[tag.end():].rpartition(b')')
    found = _TAGGED.match(rest)
    if not name or not found:
        raise _malformed(number, line, 'it is not ALGORITHM (NAME) = HEX')
    digest = to_native(found.group(1), errors='surrogate_or_replace').lower()
    algorithm = checksums.canonical(to_native(tag.group(1)))
    length = dict(digests.LENGTHS, **digests.WEAK).get(algorithm)
    # Other algorithms (RMD160, and SIZE, which some files list) have no known length, so it is not checked.
    if length is not None and not (checksums.HEX.match(digest) and len(digest) == length):
        raise _malformed(number, line, 'a %s has %d hex digits' % (algorithm, length))
    return Listed(number, algorithm or to_native(tag.group(1)).lower(), digest, _name(number, line, name, escaped))


def _name(number, line, name, escaped):
    found = escapes.unescaped(name, _ESCAPED) if escaped else name
    if found is None:
        raise _malformed(number, line, 'the name is escaped, and a backslash in it is not followed by n, r or another backslash')
    return found


def _malformed(number, line, reason):
    text = to_native(line[:80], errors='surrogate_or_replace')
    where = "line %d ('%s')" % (number, text) if text else 'it'
    return GofleetError('%s is not a line of a file of digests: %s.' % (where, reason), 'malformed_digest_file', line=number, text=text, reason=reason)


# ---- the digest of one file


def find(listed, name, algorithm=None):
    """The Listed with the strongest digest for a name; a bare digest matches every name.

    listed: of parse(); name: bytes; algorithm: of digests.LENGTHS, or None; if it is set, only its digests count.
    Raises GofleetError: not_listed, conflicting_digests, weak_algorithm, unsupported_algorithm, whose text does not name the file.
    """
    plain = _plain(name)
    ours = [entry for entry in listed if entry.name is None or _plain(entry.name) == plain]
    if not ours:
        raise _not_listed(listed, name)
    if algorithm is not None:
        ours = [entry for entry in ours if entry.algorithm == algorithm]
    strong = [each for each in digests.LENGTHS if any(entry.algorithm == each for entry in ours)]
    if not strong:
        raise _no_proof(listed, name, algorithm, ours)
    found = [entry for entry in ours if entry.algorithm == strong[0]]
    if len(set(entry.digest for entry in found)) > 1:
        raise GofleetError('lists two different %s digests for %s, on lines %d and %d. Give checksum, or a file with one digest of it.'
                           % (strong[0], to_native(name), found[0].line, found[-1].line), 'conflicting_digests', name=to_native(name),
                           lines=[entry.line for entry in found])
    return found[0]


def _plain(name):
    """A name without the ./ that find and tar write before it. Linear in its length, because it may begin with a million of them."""
    start = 0
    while name.startswith(b'./', start):
        start += 2
        while name.startswith(b'/', start):
            start += 1
    return name[start:]


def _not_listed(listed, name):
    near = [to_native(entry.name) for entry in listed if entry.name.rpartition(b'/')[2] == name.rpartition(b'/')[2]][:5]
    hint = 'It lists %s: if that is the file, give that name as checksum_name.' % ' and '.join(near) if near else \
        'Give the name that it lists the file under as checksum_name, or another file of digests.'
    if getattr(listed, 'skipped', 0):
        hint += ' %d of its lines cannot be read; %s' % (listed.skipped, listed.first.msg)
    return GofleetError('does not list %s. %s' % (to_native(name), hint), 'not_listed', name=to_native(name), near=near, listed=len(listed))


def _no_proof(listed, name, algorithm, ours):
    there = sorted(set(entry.algorithm for entry in ours or listed))
    if ours and all(each in digests.WEAK for each in there):
        return checksums.weak(', '.join(there), 'lists no other digest for %s' % to_native(name))
    known = 'checksum_algorithm is %s' % algorithm if algorithm else 'known algorithms are %s' % ', '.join(digests.LENGTHS)
    return GofleetError('lists no usable digest for %s: %s, and it has %s.' % (to_native(name), known, ', '.join(there)),
                        'unsupported_algorithm', name=to_native(name), algorithms=there)
