# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Go's checksum database (GOSUMDB): a record counts only if it is in the log that the database's key has signed.

Sources: golang.org/x/mod/sumdb (tlog, note), RFC 6962 section 2.1, go.dev/ref/mod#checksum-database.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass

from ansible_collections.gofleet.golang.plugins.module_utils.errors import GofleetError

# ../../keys of the Go command (cmd/go/internal/modfetch/key.go): public, and never changed since 2019.
_KNOWN_KEYS = {'sum.golang.org': 'sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8'}
_ED25519 = 1
# Hashes in a tile: 8 levels of the tree, 256 hashes of 32 bytes at its bottom.
_HEIGHT = 8
_WIDTH = 1 << _HEIGHT
_HASH = 32
# Of records: more digits than a 64-bit count has are nobody's.
_NUMBER = re.compile(rb'[0-9]{1,20}\Z')


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


def key_for(gosumdb: str) -> Key:
    """The key that a GOSUMDB value stands for. Raises GofleetError(bad_log_key)."""
    name = (gosumdb.split() or [''])[0]
    return Key.parse(_KNOWN_KEYS.get(name, name))


@dataclass(frozen=True)
class TreeHead:
    """A signed statement: the log has size records, and this is the hash over all of them."""

    size: int
    root: bytes


def parse_tree_head(note: bytes, key: Key) -> TreeHead:
    """The tree head in a signed note. Raises GofleetError(log_signature, log_malformed)."""
    text, separator, signatures = note.rpartition(b'\n\n')
    if not separator:
        raise _malformed(key, 'the signed note has no blank line')
    text += b'\n'
    if not any(_signed(line, text, key) for line in signatures.splitlines()):
        raise GofleetError(
            f'The tree head that {key.name} is said to have signed has no valid signature by its key. Somebody on the way changed it, or '
            'gosumdb names another log.', 'log_signature', log=key.name, note=note.decode('utf-8', 'replace'))
    try:
        title, size, root = text.decode().splitlines()[:3]
        if title != 'go.sum database tree':
            raise ValueError(f'its title is {title!r}')
        return TreeHead(int(size), base64.b64decode(root, validate=True))
    except (ValueError, binascii.Error) as exc:
        raise _malformed(key, str(exc)) from exc


def _signed(line: bytes, text: bytes, key: Key) -> bool:
    # ansible-core itself requires cryptography; here, so that what needs no log can be imported without it.
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    prefix = f'\u2014 {key.name} '.encode()
    if not line.startswith(prefix):
        return False
    try:
        raw = base64.b64decode(line[len(prefix):], validate=True)
        Ed25519PublicKey.from_public_bytes(key.public).verify(raw[4:], text)
    except (InvalidSignature, binascii.Error):
        return False
    return raw[:4] == key.hash


def _malformed(key: Key, reason: str) -> GofleetError:
    return GofleetError(f'The answer of the checksum database {key.name} cannot be understood: {reason}.', 'log_malformed', log=key.name)


def lookup(module: str, version: str, key: Key, read: Callable[[str], bytes]) -> str:
    """The h1 of a module version, proven to stand in the log.

    read: gives the body at a path of the database (lookup/…, tile/…), or raises GofleetError.
    Raises GofleetError (log_signature, log_malformed, log_not_included) and what read raises.
    """
    answer = read(f'lookup/{module}@{version}')
    number, dummy, rest = answer.partition(b'\n')
    record, separator, note = rest.partition(b'\n\n')
    if not separator or not _NUMBER.match(number):
        raise _malformed(key, 'a lookup is a number, lines of go.sum, a blank line and a signed note')
    record += b'\n'
    head = parse_tree_head(note, key)
    prove_included(int(number), record, head, key, read)
    for line in record.decode('utf-8', 'replace').splitlines():
        words = line.split(' ')
        if words[:2] == [module, version] and len(words) == 3 and words[2].startswith('h1:'):
            return words[2]
    raise _malformed(key, f'the record has no line for {module} {version}')


def prove_included(number: int, record: bytes, head: TreeHead, key: Key, read: Callable[[str], bytes]) -> None:
    """Raise GofleetError(log_not_included) unless the record stands at its number in the tree under the head."""
    tiles = _Tiles(head.size, key, read)
    if number >= head.size or _root(number, _leaf(record), 0, head.size, tiles) != head.root:
        raise GofleetError(
            f'The checksum database {key.name} names a record (number {number}) that is not in the log it has signed (size {head.size}). '
            'Trust nothing that came with it; show this to whoever runs the proxy.',
            'log_not_included', log=key.name, number=number, size=head.size, record=record.decode('utf-8', 'replace'))


def _leaf(record: bytes) -> bytes:
    return hashlib.sha256(b'\x00' + record).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b'\x01' + left + right).digest()


def _split(low: int, high: int) -> int:
    """Where RFC 6962 divides a range: after the largest power of two below its size."""
    return low + (1 << ((high - low - 1).bit_length() - 1))


def _root(number: int, leaf: bytes, low: int, high: int, tiles: _Tiles) -> bytes:
    """The hash over records low to high if the one with the number has this leaf hash."""
    if high - low == 1:
        return leaf
    middle = _split(low, high)
    if number < middle:
        return _node(_root(number, leaf, low, middle, tiles), _range(middle, high, tiles))
    return _node(_range(low, middle, tiles), _root(number, leaf, middle, high, tiles))


def _range(low: int, high: int, tiles: _Tiles) -> bytes:
    """The hash over records low to high, from tiles."""
    size = high - low
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return tiles.hash(level, low >> level)
    middle = _split(low, high)
    return _node(_range(low, middle, tiles), _range(middle, high, tiles))


class _Tiles:
    """Hashes of whole subtrees, from the tiles of a log that has size records."""

    def __init__(self, size: int, key: Key, read: Callable[[str], bytes]) -> None:
        self._size = size
        self._key = key
        self._read = read
        self._rows: dict[tuple[int, int], bytes] = {}

    def hash(self, level: int, number: int) -> bytes:
        """The hash of the subtree of 2**level records that is the number-th of its kind."""
        row, height = divmod(level, _HEIGHT)
        tile, offset = divmod(number << height, _WIDTH)
        hashes = self._tile(row, tile)
        layer = [hashes[each * _HASH:(each + 1) * _HASH] for each in range(offset, offset + (1 << height))]
        while len(layer) > 1:
            layer = [_node(left, right) for left, right in zip(layer[::2], layer[1::2], strict=True)]
        return layer[0]

    def _tile(self, row: int, number: int) -> bytes:
        if (row, number) not in self._rows:
            width = min(_WIDTH, (self._size >> (_HEIGHT * row)) - number * _WIDTH)
            self._rows[row, number] = self._fetch(row, number, width)
        return self._rows[row, number]

    def _fetch(self, row: int, number: int, width: int) -> bytes:
        path = f'tile/{_HEIGHT}/{row}/{_tile_name(number)}'
        if width == _WIDTH:
            content = self._read(path)
        else:
            try:
                content = self._read(f'{path}.p/{width}')
            except GofleetError:
                # A log may drop a partial tile once the full one exists, which begins with it.
                content = self._read(path)
        if len(content) < width * _HASH:
            raise _malformed(self._key, f'{path} has {len(content)} bytes')
        return content[:width * _HASH]


def _tile_name(number: int) -> str:
    """1234067 is x001/x234/067."""
    groups = [f'{number % 1000:03d}']
    while number >= 1000:
        number //= 1000
        groups.insert(0, f'x{number % 1000:03d}')
    return '/'.join(groups)
