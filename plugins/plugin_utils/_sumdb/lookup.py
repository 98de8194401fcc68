# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Go's checksum database (GOSUMDB): a record counts only if it is in the log that the database's key has signed.

A tree head is believed for its signature and for extending the head that was seen before, a tile for adding up to
the head's root, a record for standing in a tile. So it does not matter who serves them, or what a cache did to them.

Sources: golang.org/x/mod/sumdb (tlog, note), RFC 6962 section 2.1, go.dev/ref/mod#checksum-database.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.plugin_utils._sumdb import inclusion
from ansible_collections.gofleet.golang.plugins.plugin_utils._sumdb.inclusion import Evidence

# ../../keys of the Go command (cmd/go/internal/modfetch/key.go): public, and never changed since 2019.
_KNOWN_KEYS = {'sum.golang.org': 'sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8'}
# The same log, reachable from mainland China (cmd/go/internal/modfetch/sumdb.go).
_ALIASES = {'sum.golang.google.cn': 'sum.golang.org https://sum.golang.google.cn'}
# It becomes a part of addresses: host[/path], as the Go command demands it.
_LOG_NAME = re.compile(r'[A-Za-z0-9._\[\]:-]+(?:/(?!\.{1,2}(?:/|\Z))[A-Za-z0-9._~-]+)*\Z')
_ED25519 = 1
# Lines of signatures that are looked at: as many as golang.org/x/mod/sumdb/note takes.
_SIGNATURES = 100
_SIGNATURE_MARK = '\u2014 '
# Hashes in a tile: 8 levels of the tree, 256 hashes of 32 bytes at its bottom.
_HEIGHT = 8
_WIDTH = 1 << _HEIGHT
# Of records: more digits than a 64-bit count has are nobody's.
_NUMBER = re.compile(r'(?:0|[1-9][0-9]{0,18})\Z')
# Answers that are kept as evidence when they are refused. What could not be read at all is no answer.
_REFUSALS = ('log_signature', 'log_malformed', 'log_not_included', 'log_stale', 'log_forked')
_FORMAT = ('remembered_head and the text after the first blank line of lookup.answer are signed tree heads (golang.org/x/mod/sumdb/note); tiles are the '
           'SHA-256 hashes of RFC 6962 section 2.1 in base64, by their path (golang.org/x/mod/sumdb/tlog). Bytes that are no UTF-8 are lone surrogates.')


# ---- which log


@dataclass(frozen=True)
class Key:
    """A verifier's key: "name+hash+base64", as GOSUMDB and signed notes have it."""

    name: str
    hash: bytes
    public: bytes

    @classmethod
    def parse(cls, text: str) -> Key:
        """Raises GofleetError(bad_log_key)."""
        try:
            name, digest, encoded = text.split('+', 2)
            raw = base64.b64decode(encoded, validate=True)
            expected = hashlib.sha256(name.encode() + b'\n' + raw).digest()[:4]
            if raw[0] != _ED25519 or len(raw) != 33 or bytes.fromhex(digest) != expected:
                raise ValueError('its parts do not belong together')
        except (ValueError, IndexError) as exc:
            raise GofleetError(f"'{text}' is not the key of a checksum database ({exc}). Write name+hash+base64 as for GOSUMDB.",
                               'bad_log_key', key=text) from exc
        return cls(name, expected, raw[1:])

    def __str__(self) -> str:
        return f'{self.name}+{self.hash.hex()}+{base64.b64encode(bytes([_ED25519]) + self.public).decode()}'


@dataclass(frozen=True)
class Database:
    """A checksum database: its key, and where it is.

    proxied: whether module proxies are to be asked for it first (PROXY/sumdb/NAME); a GOSUMDB that names an address
    means that address alone.
    """

    key: Key
    url: str
    proxied: bool


def parse_gosumdb(text: str) -> Database | None:
    """The database that a GOSUMDB value stands for, or None for "off".

    Forms: sum.golang.org, sum.golang.google.cn, KEY, or KEY and an address (http or https) with a space between.
    GONOSUMDB and GOPRIVATE have no say here: the Go command looks golang.org/toolchain up whatever they match, and
    refuses to fetch a toolchain when GOSUMDB is off; it trusts one unasked only if GOPROXY is a single file:// address
    (useSumDB in cmd/go/internal/modfetch/sumdb.go). Raises GofleetError(bad_log_key, bad_log_url).
    """
    words = _ALIASES.get(text.strip(), text).split()
    if words == ['off']:
        return None
    if len(words) not in (1, 2):
        # Only the first: an address may hold a password.
        raise GofleetError(f"GOSUMDB has {len(words)} parts, beginning with '{''.join(words[:1])}'. Write sum.golang.org, off, or name+hash+base64 and, "
                           'if the log is not at https://name, its address after a space.', 'bad_log_key', key=''.join(words[:1]))
    key = Key.parse(_KNOWN_KEYS.get(words[0], words[0]))
    if not _LOG_NAME.match(key.name):
        raise GofleetError(f"'{key.name}' cannot name a checksum database: a name is host or host/path, and a key name+hash+base64.",
                           'bad_log_key', key=words[0])
    if len(words) == 1:
        return Database(key, f'https://{key.name}', proxied=True)
    return Database(key, _checked_url(words[1]), proxied=False)


def key_for(gosumdb: str) -> Key:
    """The key that a GOSUMDB value stands for. Raises GofleetError(bad_log_key), also for "off"; (bad_log_url)."""
    database = parse_gosumdb(gosumdb)
    if database is None:
        raise GofleetError('GOSUMDB is off, and off has no key. Write sum.golang.org, or name+hash+base64 of your own log.', 'bad_log_key', key=gosumdb)
    return database.key


def _checked_url(url: str) -> str:
    try:
        parts = urllib.parse.urlsplit(url)
        valid = parts.scheme in ('http', 'https') and bool(parts.hostname) and parts.port != 0 and not (parts.query or parts.fragment)
    except ValueError:
        valid = False
    if not valid:
        # Not the address itself: it may hold a password.
        raise GofleetError('The address after the key in GOSUMDB is none of a checksum database. Write http://host/path or https://host/path.', 'bad_log_url')
    return url.rstrip('/')


# ---- what it signs


@dataclass(frozen=True)
class TreeHead:
    """A signed statement: the log has size records, and this is the hash over all of them."""

    size: int
    root: bytes


class HeadStore(Protocol):
    """What outlives a lookup, of one key: the largest tree head that was proven, and evidence."""

    @property
    def path(self) -> Path:
        """Where the head is remembered, for people."""

    def read(self) -> bytes | None:
        """The signed note that is remembered, or None."""

    def shipped(self) -> bytes | None:
        """The signed note from which whoever remembers none, or an older one, starts; or None."""

    def replace(self, old: bytes | None, new: bytes) -> bool:
        """Remember another note if old is still the one that is remembered; says whether it was."""

    def keep_evidence(self, name: str, text: str) -> str:
        """Keep a text under a file name; returns its path."""


def parse_tree_head(note: bytes, key: Key) -> TreeHead:
    """The tree head in a signed note. Raises GofleetError(log_signature, log_malformed)."""
    text, separator, signatures = note.rpartition(b'\n\n')
    if not separator:
        raise _malformed(key, 'the signed note has no blank line')
    text += b'\n'
    # Signatures by other keys are no fault: a log may be cosigned by witnesses.
    if not any(_signed(line, text, key) for line in signatures.split(b'\n')[:_SIGNATURES]):
        raise GofleetError(
            f'The tree head that {key.name} is said to have signed has no valid signature by its key. Somebody on the way changed it, or '
            'gosumdb names another log.', 'log_signature', log=key.name, note=note.decode('utf-8', 'replace'))
    try:
        title, size, encoded = text.decode().split('\n')[:3]
        root = base64.b64decode(encoded, validate=True)
        if title != 'go.sum database tree' or not _NUMBER.match(size) or len(root) != inclusion.HASH:
            raise ValueError(f'{title!r}, {size[:30]!r}, {encoded[:60]!r} are no title, size and hash of a tree')
    except (ValueError, binascii.Error) as exc:
        raise _malformed(key, str(exc)) from exc
    return TreeHead(int(size), root)


def _signed(line: bytes, text: bytes, key: Key) -> bool:
    # ansible-core itself requires cryptography; here, so that what needs no log can be imported without it.
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    prefix = f'{_SIGNATURE_MARK}{key.name} '.encode()
    if not line.startswith(prefix):
        return False
    try:
        raw = base64.b64decode(line[len(prefix):], validate=True)
        if raw[:4] != key.hash:
            return False
        Ed25519PublicKey.from_public_bytes(key.public).verify(raw[4:], text)
    except (InvalidSignature, binascii.Error):
        return False
    return True


def _malformed(key: Key, reason: str) -> GofleetError:
    return GofleetError(f'The answer of the checksum database {key.name} cannot be understood: {reason}.', 'log_malformed', log=key.name)


# ---- a lookup


def lookup(module: str, version: str, key: Key, read: Callable[[str], bytes], heads: HeadStore | None = None) -> str:
    """The h1 of prove()."""
    return prove(module, version, key, read, heads)[0]


def prove(module: str, version: str, key: Key, read: Callable[[str], bytes], heads: HeadStore | None = None) -> tuple[str, Evidence]:
    """The h1 of a module version, proven to stand in the log, and the log to extend what was seen of it before; and how to prove it again.

    read: gives the body at a path of the database (lookup/…, tile/…), or raises GofleetError. It may cache full tiles,
    which never change; nothing that it gives is trusted.
    heads: without it, nothing is remembered or kept.

    Raises what read and heads raise, and GofleetError:
    log_signature: the tree head is not signed by the key;
    log_malformed: an answer has not its form, or tiles do not add up to the signed head;
    log_stale: the head is too old to hold the record that it came with;
    log_not_included: the record does not stand at its number in the tree under the head;
    log_forked: two signed heads, of which neither extends the other; evidence['proven'] is false if tiles that fit one
    of them and not the other are all that shows it;
    log_memory: the remembered head is not one of this log.
    With heads, evidence['file'] of the first five is the path of everything that is needed to show it to others.
    """
    visit = _Visit(f'lookup/{module}@{version}', key, read)
    try:
        evidence = visit.evidence(heads)
        return _h1(evidence.record, module, version, key), evidence
    except GofleetError as exc:
        if heads is None or exc.code not in _REFUSALS:
            raise
        raise _with_evidence(exc, visit, heads) from exc


def prove_again(evidence: Evidence, module: str, version: str, key: Key) -> str:
    """The h1 of a module version, by evidence of anybody's; nothing is read, and no head is compared with it.

    Raises GofleetError(log_signature, log_malformed, log_not_included).
    """
    head = parse_tree_head(evidence.note, key)
    try:
        root = inclusion.root(evidence.number, head.size, evidence.record, evidence.path)
    except ValueError as exc:
        raise _malformed(key, str(exc)) from exc
    if root != head.root:
        raise _not_included(key, evidence.number, head, evidence.record)
    return _h1(evidence.record, module, version, key)


def _not_included(key: Key, number: int, head: TreeHead, record: bytes) -> GofleetError:
    return GofleetError(
        f'The checksum database {key.name} names a record (number {number}) that is not in the log it has signed (size {head.size}). '
        'Trust nothing that came with it; show this to whoever runs the proxy.',
        'log_not_included', log=key.name, number=number, size=head.size, record=record.decode('utf-8', 'replace'))


@dataclass
class _Visit:
    """One lookup, with all that was read for it."""

    path: str
    key: Key
    source: Callable[[str], bytes]
    remembered: bytes | None = None
    answers: dict[str, bytes] = field(default_factory=dict)
    trees: dict[TreeHead, _Tree] = field(default_factory=dict)

    def read(self, path: str) -> bytes:
        if path not in self.answers:
            self.answers[path] = self.source(path)
        return self.answers[path]

    def evidence(self, heads: HeadStore | None) -> Evidence:
        """The record that the lookup answers with, proven."""
        number, record, note = self._parsed()
        head = parse_tree_head(note, self.key)
        if heads is not None:
            # First: a fork is the gravest thing to find, and a head that extends the last is worth keeping whatever it came with.
            self._remember(note, head, heads)
        if number >= head.size:
            raise GofleetError(
                f'The tree head that came with record number {number} of the checksum database {self.key.name} is too old to hold it: it is of '
                f'{head.size} records. Whoever answers serves an old head or a wrong number. Ask through another module proxy.',
                'log_stale', log=self.key.name, number=number, size=head.size)
        if self._tree(head).leaf(number) != inclusion.leaf(record):
            raise _not_included(self.key, number, head, record)
        return Evidence(number, record, note, self._tree(head).path(number))

    def _parsed(self) -> tuple[int, bytes, bytes]:
        number, dummy, rest = self.read(self.path).partition(b'\n')
        record, separator, note = rest.partition(b'\n\n')
        digits = number.decode('ascii', 'replace')
        if not separator or not _NUMBER.match(digits):
            raise _malformed(self.key, 'a lookup is a number, lines of go.sum, a blank line and a signed note')
        return int(digits), record + b'\n', note

    def _remember(self, note: bytes, head: TreeHead, heads: HeadStore) -> None:
        """Prove a head against the one that is remembered, and remember the larger."""
        while True:
            self.remembered = self._adopted(heads)
            if self.remembered is not None:
                known = self._remembered_head(self.remembered, heads.path)
                self._prove_consistent(known, head, heads.path)
                if head.size <= known.size:
                    return
            # Proofs take requests, so no lock is held meanwhile; who comes second proves again, against what the first has left.
            if heads.replace(self.remembered, note):
                return

    def _adopted(self, heads: HeadStore) -> bytes | None:
        """What is remembered, once the shipped head has taken its place if that is newer and extends it."""
        self.remembered, shipped = heads.read(), heads.shipped()
        if shipped is None:
            return self.remembered
        head = parse_tree_head(shipped, self.key)
        if self.remembered is not None:
            known = self._remembered_head(self.remembered, heads.path)
            if head.size <= known.size:
                # A head that is remembered was proven to extend the shipped one of its time, and others of its own log later.
                return self.remembered
            self._prove_consistent(known, head, heads.path)
        # Where another run was quicker, what it left is as good, or newer.
        return shipped if heads.replace(self.remembered, shipped) else self._adopted(heads)

    def _remembered_head(self, note: bytes, path: Path) -> TreeHead:
        try:
            return parse_tree_head(note, self.key)
        except GofleetError as exc:
            raise GofleetError(
                f'The tree head of {self.key.name} that this controller remembers in {path} was not signed by its key: somebody changed it, or the disk is '
                'damaged. Put back a copy from a backup or another controller. Without the file, the next run takes whatever history it is shown first.',
                'log_memory', log=self.key.name, path=str(path), note=note.decode('utf-8', 'replace')) from exc

    def _prove_consistent(self, known: TreeHead, head: TreeHead, path: Path) -> None:
        if head.size == known.size:
            prefix, older = head.root, known
        elif head.size > known.size:
            prefix, older = self._tree(head).prefix(known.size), known
        else:
            prefix, older = self._prefix_of_known(known, head, path), head
        if prefix != older.root:
            raise self._forked(known, head, path, 'one does not begin with the other', proven=True)

    def _prefix_of_known(self, known: TreeHead, head: TreeHead, path: Path) -> bytes:
        try:
            return self._tree(known).prefix(head.size)
        except _NotUnderHead as exc:
            # Only who serves the tiles of the new head can be said to serve another history than the remembered one.
            self._tree(head)
            raise self._forked(known, head, path, 'the tiles that were read add up to the latter only', proven=False) from exc

    def _forked(self, known: TreeHead, head: TreeHead, path: Path, reason: str, proven: bool) -> GofleetError:
        culprit = 'Whoever holds its key lies to you or to others.' if proven else (
            'Either whoever holds its key lies to you or to others, or tiles were changed on the way: another module proxy will show which.')
        return GofleetError(
            f'The checksum database {self.key.name} has signed two histories, of {known.size} records as this controller knows it and of {head.size} '
            f'now: {reason}. {culprit} Trust nothing of it, and publish the evidence. Only if the log is your own and was started anew, remove {path}.',
            'log_forked', log=self.key.name, sizes=sorted([known.size, head.size]), proven=proven, remembered=str(path))

    def _tree(self, head: TreeHead) -> _Tree:
        if head not in self.trees:
            self.trees[head] = _Tree(head, self.key, self.read)
        return self.trees[head]


def _h1(record: bytes, module: str, version: str, key: Key) -> str:
    lines = [line.split(' ') for line in record.decode('utf-8', 'replace').split('\n')]
    found = {words[2] for words in lines if words[:2] == [module, version] and len(words) == 3 and words[2].startswith('h1:')}
    if len(found) != 1:
        raise _malformed(key, f'the record has {len(found)} hashes of {module} {version}')
    return found.pop()


def _with_evidence(exc: GofleetError, visit: _Visit, heads: HeadStore) -> GofleetError:
    evidence = {
        'code': exc.code, 'message': exc.msg, 'format': _FORMAT, 'key': str(visit.key),
        'remembered_head': visit.remembered and _lossless(visit.remembered),
        'lookup': {'path': visit.path, 'answer': _lossless(visit.answers[visit.path])},
        'tiles': {path: base64.b64encode(tile).decode() for path, tile in visit.answers.items() if path != visit.path},
    }  # fmt: skip
    text = json.dumps(evidence, indent=1)
    try:
        # Named by its content: the same lie, told to each run, is kept once.
        path = heads.keep_evidence(f'{exc.code}-{hashlib.sha256(text.encode()).hexdigest()[:16]}.json', text)
    except OSError as failure:
        # What was found counts for more than that it could not be written down.
        return GofleetError(f'{exc.msg} The evidence could not be kept: {failure}.', exc.code, **exc.evidence)
    return GofleetError(f'{exc.msg} The evidence is in {path}.', exc.code, **dict(exc.evidence, file=path))


def _lossless(content: bytes) -> str:
    return content.decode('utf-8', 'surrogateescape')


# ---- the tree


def _folded(layer: list[bytes]) -> bytes:
    """The hash over a power of two of neighbours."""
    while len(layer) > 1:
        layer = [inclusion.node(left, right) for left, right in zip(layer[::2], layer[1::2], strict=True)]
    return layer[0]


class _NotUnderHead(GofleetError):  # type: ignore[misc]
    """Tiles of the right form that do not add up to a head."""


class _Tree:
    """The tree under a head. Every hash that it gives was checked, tile by tile, up to the head's root.

    Tiles at the tree's right edge are partial, and the root is the hash over exactly what they hold. A full tile is
    checked against the hash of it that stands in the tile above.
    """

    def __init__(self, head: TreeHead, key: Key, read: Callable[[str], bytes]) -> None:
        self._head = head
        self._key = key
        self._read = read
        self._tiles: dict[tuple[int, int], list[bytes]] = {}
        if self._over(0, head.size) != head.root:
            raise self._not_under_head([self._path(row, number) for row, number in self._tiles])

    def leaf(self, number: int) -> bytes:
        """The hash of a record; number is below the head's size. Raises GofleetError(log_malformed)."""
        return self._hash(0, number)

    def path(self, number: int) -> list[bytes]:
        """The hashes beside the way from a record to the root, from the bottom up, in tiles that leaf() has read."""
        hashes: list[bytes] = []
        low, high = 0, self._head.size
        while high - low > 1:
            middle = low + inclusion.middle(high - low)
            beside = (middle, high) if number < middle else (low, middle)
            hashes.insert(0, self._over(*beside))
            low, high = (low, middle) if number < middle else (middle, high)
        return hashes

    def prefix(self, size: int) -> bytes:
        """The root that the log had when it had that many records, at most the head's. Raises GofleetError(log_malformed)."""
        return self._over(0, size)

    def _over(self, low: int, high: int) -> bytes:
        """RFC 6962's hash over the records low to high; low is a multiple of a power of two that is at least high - low."""
        size = high - low
        if not size:
            return hashlib.sha256().digest()
        level = size.bit_length() - 1
        whole = self._hash(level, low >> level)
        middle = low + (1 << level)
        return whole if middle == high else inclusion.node(whole, self._over(middle, high))

    def _hash(self, level: int, number: int) -> bytes:
        """The hash of the subtree of 2**level records that is the number-th of its kind."""
        row, height = divmod(level, _HEIGHT)
        tile, offset = divmod(number << height, _WIDTH)
        return _folded(self._tile(row, tile)[offset:offset + (1 << height)])

    def _tile(self, row: int, number: int) -> list[bytes]:
        if (row, number) not in self._tiles:
            width = self._width(row, number)
            content = self._fetch(self._path(row, number), width)
            tile = [content[start:start + inclusion.HASH] for start in range(0, len(content), inclusion.HASH)]
            if width == _WIDTH and _folded(tile) != self._hash((row + 1) * _HEIGHT, number):
                raise self._not_under_head([self._path(row, number)])
            self._tiles[row, number] = tile
        return self._tiles[row, number]

    def _width(self, row: int, number: int) -> int:
        return min(_WIDTH, (self._head.size >> (_HEIGHT * row)) - number * _WIDTH)

    def _path(self, row: int, number: int) -> str:
        width = self._width(row, number)
        return f'tile/{_HEIGHT}/{row}/{_tile_name(number)}' + ('' if width == _WIDTH else f'.p/{width}')

    def _fetch(self, path: str, width: int) -> bytes:
        whole, partial, dummy = path.partition('.p/')
        try:
            content = self._read(path)
        except GofleetError as exc:
            if not partial:
                raise
            try:
                # A log may drop a partial tile once the full one exists, which begins with it.
                path, content = whole, self._read(whole)
            except GofleetError:
                raise exc from None
        size = (_WIDTH if path == whole else width) * inclusion.HASH
        if len(content) != size:
            raise _malformed(self._key, f'{path} has {len(content)} bytes instead of {size}')
        return content[:width * inclusion.HASH]

    def _not_under_head(self, paths: list[str]) -> GofleetError:
        return _NotUnderHead(
            f'What was read as {", ".join(paths)} of the checksum database {self._key.name} does not add up to the tree head that it has signed (size '
            f'{self._head.size}): it was changed on the way or in a cache. Ask through another module proxy, or empty that cache.',
            'log_malformed', log=self._key.name, size=self._head.size, tiles=paths)


def _tile_name(number: int) -> str:
    """1234067 is x001/x234/067."""
    groups = [f'{number % 1000:03d}']
    while number >= 1000:
        number //= 1000
        groups.insert(0, f'x{number % 1000:03d}')
    return '/'.join(groups)
