# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read and check tiles, the pieces in which a transparency log serves its Merkle tree. Source: golang.org/x/mod/sumdb/tlog, RFC 6962 section 2.1."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.plugin_utils._sumdb import inclusion, tree_head
from ansible_collections.gofleet.golang.plugins.plugin_utils._sumdb.gosumdb import Key
from ansible_collections.gofleet.golang.plugins.plugin_utils._sumdb.tree_head import TreeHead

# A tile covers 8 levels of the tree and holds the 256 hashes of 32 bytes at its bottom.
_HEIGHT = 8
_WIDTH = 1 << _HEIGHT


def _folded(layer: list[bytes]) -> bytes:
    """The hash of neighbours, whose number is a power of two."""
    while len(layer) > 1:
        layer = [inclusion.node(left, right) for left, right in zip(layer[::2], layer[1::2], strict=True)]
    return layer[0]


class NotUnderHead(GofleetError):  # type: ignore[misc]
    """Well-formed tiles that do not lead to a head's root."""


class Tree:
    """The tree under a head. Every returned hash was checked, tile by tile, up to the head's root.

    Tiles at the tree's right edge are partial, and the root is the hash of exactly their content. A full tile is
    checked against its hash in the tile above.
    """

    def __init__(self, head: TreeHead, key: Key, read: Callable[[str], bytes]) -> None:
        self._head = head
        self._key = key
        self._read = read
        self._tiles: dict[tuple[int, int], list[bytes]] = {}
        if self._over(0, head.size) != head.root:
            raise self._not_under_head([self._path(row, number) for row, number in self._tiles])

    def leaf(self, number: int) -> bytes:
        """The hash of a record; number must be below the head's size. Raises GofleetError(log_malformed)."""
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
        """The root of the log when it had this many records, at most those of the head. Raises GofleetError(log_malformed)."""
        return self._over(0, size)

    def _over(self, low: int, high: int) -> bytes:
        """RFC 6962's hash of the records low to high; low must be a multiple of a power of two that is at least high - low."""
        size = high - low
        if not size:
            return hashlib.sha256().digest()
        level = size.bit_length() - 1
        whole = self._hash(level, low >> level)
        middle = low + (1 << level)
        return whole if middle == high else inclusion.node(whole, self._over(middle, high))

    def _hash(self, level: int, number: int) -> bytes:
        """The hash of the number-th subtree of 2**level records."""
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
                # A log may drop a partial tile once the full tile exists, which begins with the same hashes.
                path, content = whole, self._read(whole)
            except GofleetError:
                raise exc from None
        size = (_WIDTH if path == whole else width) * inclusion.HASH
        if len(content) != size:
            raise tree_head.malformed(self._key, f'{path} has {len(content)} bytes instead of {size}')
        return content[:width * inclusion.HASH]

    def _not_under_head(self, paths: list[str]) -> GofleetError:
        return NotUnderHead(
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
