# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A checksum database for tests: records, their Merkle tree (RFC 6962), and tree heads signed with a new key."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from functools import cached_property

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError

WIDTH = 256


def leaf_hash(record: bytes) -> bytes:
    return hashlib.sha256(b'\x00' + record).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b'\x01' + left + right).digest()


@dataclass
class Log:
    """The log of some modules, at a size at which it was signed.

    records: {module version: lines of go.sum}; dict order is the order in the log.
    name: may be a host and port, where the go command would ask.
    """

    records: dict[str, bytes]
    size: int = 0
    name: str = 'log.test'
    private: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    def __post_init__(self) -> None:
        self.size = self.size or len(self.records)

    @classmethod
    def of_size(cls, count: int, size: int = 0) -> Log:
        """A log of made-up modules m@v0, m@v1 and so on."""
        return cls({f'm@v{number}': f'm v{number} h1:{number}\n'.encode() for number in range(count)}, size)

    def at(self, size: int) -> Log:
        """The same log when it had that many records, at least one."""
        return Log(self.records, size, self.name, self.private)

    def forked(self, number: int) -> Log:
        """Another history, signed with the same key: other records from that number on."""
        records = {name: line if each < number else line.replace(b'h1:', b'h1:other-') for each, (name, line) in enumerate(self.records.items())}
        return Log(records, self.size, self.name, self.private)

    def named(self, name: str) -> Log:
        """The same log under another name."""
        return Log(self.records, self.size, name, self.private)

    # ---- its key and what it signs

    @property
    def _public(self) -> bytes:
        return b'\x01' + self.private.public_key().public_bytes_raw()

    @property
    def _key_hash(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b'\n' + self._public).digest()[:4]

    @property
    def key(self) -> str:
        """As GOSUMDB has it."""
        return f'{self.name}+{self._key_hash.hex()}+{base64.b64encode(self._public).decode()}'

    def sign(self, text: str, name: str = '') -> bytes:
        """A signed note: the text, a blank line, the signature."""
        signature = base64.b64encode(self._key_hash + self.private.sign(text.encode())).decode()
        return f'{text}\n\u2014 {name or self.name} {signature}\n'.encode()

    def head_text(self, root: bytes | None = None) -> str:
        """What is signed: of another root, if one is given."""
        return f'go.sum database tree\n{self.size}\n{base64.b64encode(root or self.root(0, self.size)).decode()}\n'

    @cached_property
    def head(self) -> bytes:
        return self.sign(self.head_text())

    @cached_property
    def signature_line(self) -> bytes:
        """The line below the blank line of its head."""
        return self.head.removeprefix(self.head_text().encode() + b'\n')

    # ---- its tree

    @cached_property
    def levels(self) -> list[list[bytes]]:
        """The hashes of whole subtrees: levels[n] of those of 2**n records."""
        levels = [[leaf_hash(record) for record in self.records.values()]]
        while len(levels[-1]) > 1:
            row = levels[-1]
            levels.append([node_hash(row[each], row[each + 1]) for each in range(0, len(row) - 1, 2)])
        return levels

    def root(self, low: int, high: int) -> bytes:
        """RFC 6962's hash over records low to high, straight from its definition."""
        if high - low == 1:
            return self.levels[0][low]
        level = (high - low - 1).bit_length() - 1
        middle = low + (1 << level)
        # The left half is always whole: its hash is in the table.
        return node_hash(self.levels[level][low >> level], self.root(middle, high))

    # ---- what it serves

    def lookup(self, name: str, number: int | None = None, record: bytes | None = None, head: bytes | None = None) -> bytes:
        """The answer for a module version; with a number, a record or a head, that in place of the true one."""
        number = list(self.records).index(name) if number is None else number
        return f'{number}\n'.encode() + (record or self.records[name]) + b'\n' + (head or self.head)

    def tile(self, path: str) -> bytes | None:
        """The tile at tile/8/LEVEL/NUMBER[.p/WIDTH], of all records there are."""
        whole, partial, width = path.partition('.p/')
        level, *groups = whole.split('/')[2:]
        number = int(''.join(group.removeprefix('x') for group in groups))
        row = self.levels[int(level) * 8] if int(level) * 8 < len(self.levels) else []
        hashes = row[number * WIDTH : (number + 1) * WIDTH][: int(width) if partial else WIDTH]
        return b''.join(hashes) if len(hashes) == (int(width) if partial else WIDTH) else None

    def paths(self) -> dict[str, bytes]:
        """Everything a client can ask a small log for."""
        assert len(self.records) < WIDTH
        tiles = {f'tile/8/0/000.p/{self.size}': b''.join(self.levels[0][: self.size])}
        return {f'lookup/{name}': self.lookup(name) for name in self.records} | tiles


class Reader:
    """Reads from a log in memory as from a proxy; answers can be replaced, and paths are noted."""

    def __init__(self, log: Log, replaced: dict[str, bytes] | None = None) -> None:
        self.log = log
        self.replaced = replaced or {}
        self.read: list[str] = []

    def __call__(self, path: str) -> bytes:
        self.read.append(path)
        if path in self.replaced:
            return self.replaced[path]
        found = self.log.lookup(path.removeprefix('lookup/')) if path.startswith('lookup/') else self.log.tile(path)
        if found is None:
            raise GofleetError(f'no {path}', 'http_status', status=404)
        return found
