# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tree head that ships with the collection is renewed by one that extends it, and by no other."""

from __future__ import annotations

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.plugin_utils._sumdb.gosumdb import Key
from support.mirror import tree_head

RECORD = b'm v0 h1:0\n'
OTHER = b'm v1 h1:1\n'


class TwoRecords:
    """A log of two records, by RFC 6962, section 2.1."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.private = Ed25519PrivateKey.generate()
        public = b'\x01' + self.private.public_key().public_bytes_raw()
        self.key_hash = hashlib.sha256(b'log.test\n' + public).digest()[:4]
        self.leaves = [hashlib.sha256(b'\x00' + each).digest() for each in (RECORD, OTHER)]
        monkeypatch.setattr(tree_head, 'KEY', Key.parse(f'log.test+{self.key_hash.hex()}+{base64.b64encode(public).decode()}'))
        monkeypatch.setattr(tree_head, 'MODULE', 'm')
        monkeypatch.setattr(tree_head, 'VERSION', 'v0')

    def head(self, size: int, root: bytes | None = None) -> bytes:
        roots = {1: self.leaves[0], 2: hashlib.sha256(b'\x01' + b''.join(self.leaves)).digest()}
        text = f'go.sum database tree\n{size}\n{base64.b64encode(root or roots[size]).decode()}\n'
        signature = base64.b64encode(self.key_hash + self.private.sign(text.encode())).decode()
        return f'{text}\n\u2014 log.test {signature}\n'.encode()

    def read(self, latest: bytes) -> dict[str, bytes]:
        tiles = {'tile/8/0/000.p/1': self.leaves[0], 'tile/8/0/000.p/2': b''.join(self.leaves)}
        return {'latest': latest, 'lookup/m@v0': b'0\n' + RECORD + b'\n' + self.head(1), **tiles}


def test_a_head_that_extends_the_shipped_one_takes_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    log = TwoRecords(monkeypatch)
    assert tree_head.extended(log.head(1), log.read(log.head(2)).__getitem__) == log.head(2)


def test_an_older_head_does_not_take_the_place_of_the_shipped_one(monkeypatch: pytest.MonkeyPatch) -> None:
    log = TwoRecords(monkeypatch)
    assert tree_head.extended(log.head(2), log.read(log.head(1)).__getitem__) == log.head(2)


def test_a_head_of_another_history_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.chdir(str(tmp_path))
    log = TwoRecords(monkeypatch)
    with pytest.raises(GofleetError) as caught:
        tree_head.extended(log.head(1, bytes(32)), log.read(log.head(2)).__getitem__)
    assert caught.value.code == 'log_forked'
