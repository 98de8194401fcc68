# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Inclusion proofs, which show that a record is in a log: RFC 6962, section 2.1.1."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from ansible_collections.gofleet.golang.plugins.module_utils._texts import foreign as foreign_values

HASH = 32
# The longest path in a log of 64-bit size.
_MAX_PATH = 64


def leaf(record: bytes) -> bytes:
    """The hash of a record."""
    return hashlib.sha256(b'\x00' + record).digest()


def node(left: bytes, right: bytes) -> bytes:
    """The hash of two neighbours."""
    return hashlib.sha256(b'\x01' + left + right).digest()


def middle(size: int) -> int:
    """The number of records left of the root, of size records (at least two): the largest power of two below size."""
    return 1 << ((size - 1).bit_length() - 1)


def root(number: int, size: int, record: bytes, path: list[bytes]) -> bytes:
    """The root of a log of size records with this record at number, from the hashes beside its path, from the bottom up.

    Raises ValueError if the length of the path is wrong for that number.
    """
    if not 0 <= number < size:
        raise ValueError(f'there is no record {number} in a log of {size}')
    if size == 1:
        if path:
            raise ValueError('the path is too long')
        return leaf(record)
    if not path:
        raise ValueError('the path is too short')
    *below, beside = path
    half = middle(size)
    if number < half:
        return node(root(number, half, record, below), beside)
    return node(beside, root(number - half, size - half, record, below))


@dataclass(frozen=True)
class Evidence:
    """The proof that a record is in a log: the signed tree head (a note), and the path from the record to that head's root."""

    number: int
    record: bytes
    note: bytes
    path: list[bytes]

    def as_value(self) -> dict[str, Any]:
        """The evidence as a value for JSON."""
        return {'number': self.number, 'record': _text(self.record), 'note': _text(self.note), 'path': [each.hex() for each in self.path]}

    @classmethod
    def from_value(cls, value: Any) -> Evidence:
        """The Evidence in a value of as_value(), from an untrusted file. Raises ValueError, TypeError, KeyError, AttributeError."""
        path = [bytes.fromhex(each) for each in value['path'][:_MAX_PATH + 1]]
        if not foreign_values.is_whole(value['number']) or len(path) > _MAX_PATH or any(len(each) != HASH for each in path):
            raise ValueError('this is not evidence of a log')
        return cls(value['number'], _bytes(value['record']), _bytes(value['note']), path)


def _text(content: bytes) -> str:
    return content.decode('utf-8', 'surrogateescape')


def _bytes(text: str) -> bytes:
    return text.encode('utf-8', 'surrogateescape')
