# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""OpenPGP files: armor, packets, and which packets of a certificate belong together. Nothing here judges a signature.

Source: RFC 4880. Malformed input raises ValueError with what is wrong with it, to be read after a colon.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple

# Packet tags, section 4.3.
SIGNATURE = 2
_PUBLIC_KEY, _USER_ID, _USER_ATTRIBUTE, _SUBKEY = 6, 13, 17, 14
_SECRET_KEYS = (5, 7)
# What signatures in a certificate are about, in the order in which it has them.
_OWNERS = (_PUBLIC_KEY, _USER_ID, _USER_ATTRIBUTE, _SUBKEY)
# Signature types, section 5.2.1.
_REVOCATIONS = {_PUBLIC_KEY: 0x20, _SUBKEY: 0x28}


class Packet(NamedTuple):
    """A packet by its tag, without its header."""

    tag: int
    body: bytes

    def written(self) -> bytes:
        # The new format with its longest length: one form for all tags and sizes.
        return bytes([0xC0 | self.tag, 0xFF]) + len(self.body).to_bytes(4, 'big') + self.body


def read(raw: bytes, kind: str, limit: int) -> list[Packet]:
    """The packets of a file, armored or binary. kind: as its armor names it; limit: in bytes. Raises ValueError."""
    if len(raw) > limit:
        raise ValueError(f'it has {len(raw)} bytes, and {limit} are plenty')
    if not raw.strip():
        raise ValueError('it is empty')
    if raw.lstrip().startswith(b'<'):
        raise ValueError('it is a web page')
    return list(_packets(raw if raw[0] & 0x80 else _dearmored(raw, kind)))


# ---- armor, section 6


def _dearmored(raw: bytes, kind: str) -> bytes:
    begin = f'-----BEGIN PGP {kind}-----'.encode()
    lines = iter(raw.splitlines())
    blocks = []
    for line in lines:
        if line.rstrip() == begin:
            blocks.append(_block(lines, kind))
        elif line.startswith(b'-----BEGIN '):
            raise ValueError(f'it has "{line[:60].decode("ascii", "replace")}" where "{begin.decode()}" belongs')
    if not blocks:
        raise ValueError(f'it is not binary, and has no line "{begin.decode()}"')
    return b''.join(blocks)


def _block(lines: Iterator[bytes], kind: str) -> bytes:
    end = f'-----END PGP {kind}-----'.encode()
    for line in lines:
        # Headers end with a blank line.
        if not line.strip():
            break
    text: list[bytes] = []
    for line in lines:
        if line.rstrip() == end:
            return _decoded(text)
        text.append(line.strip())
    raise ValueError(f'it ends before its line "{end.decode()}"')


def _decoded(text: list[bytes]) -> bytes:
    # RFC 9580 made the checksum optional.
    checksum = text.pop() if text and re.fullmatch(rb'=[^=]{4}', text[-1]) else b''
    content = base64.b64decode(b''.join(text), validate=True)
    if checksum and base64.b64decode(checksum[1:], validate=True) != _crc24(content).to_bytes(3, 'big'):
        raise ValueError('its checksum is not that of its content')
    return content


def _crc24(content: bytes) -> int:
    crc = 0xB704CE
    for byte in content:
        crc ^= byte << 16
        for dummy in range(8):
            crc <<= 1
            if crc & 0x1000000:
                crc ^= 0x1864CFB
    return crc


# ---- packets, section 4.2


def _packets(raw: bytes) -> Iterator[Packet]:
    offset = 0
    while offset < len(raw):
        tag, start, size = _header(raw, offset)
        offset = start + size
        if offset > len(raw):
            raise ValueError(f'it ends inside a packet, which begins at byte {start} and has {size}')
        yield Packet(tag, raw[start:offset])


def _header(raw: bytes, offset: int) -> tuple[int, int, int]:
    """Tag, start and size of the packet at an offset."""
    first = raw[offset]
    if not first & 0x80:
        raise ValueError(f'no packet begins at byte {offset}')
    if not first & 0x40:
        octets = (1, 2, 4, 0)[first & 3]
        if octets:
            return first >> 2 & 0xF, offset + 1 + octets, _number(raw, offset + 1, octets)
    else:
        size = _number(raw, offset + 1, 1)
        if size < 192:
            return first & 0x3F, offset + 2, size
        if size < 224:
            return first & 0x3F, offset + 3, (size - 192 << 8) + _number(raw, offset + 2, 1) + 192
        if size == 255:
            return first & 0x3F, offset + 6, _number(raw, offset + 2, 4)
    # Only messages may come in pieces.
    raise ValueError(f'the packet at byte {offset} does not tell its length')


def _number(raw: bytes, offset: int, octets: int) -> int:
    if offset + octets > len(raw):
        raise ValueError(f'it ends inside the header of a packet, at byte {offset}')
    return int.from_bytes(raw[offset:offset + octets], 'big')


# ---- keys


def fingerprint(packet: Packet) -> str:
    """Of a version 4 key, in upper-case hex: section 12.2. Of anything else, nothing."""
    if packet.tag not in (_PUBLIC_KEY, _SUBKEY) or packet.body[:1] != b'\x04' or len(packet.body) > 0xFFFF:
        return ''
    return hashlib.sha1(b'\x99' + len(packet.body).to_bytes(2, 'big') + packet.body, usedforsecurity=False).hexdigest().upper()


def _created(key: Packet) -> datetime:
    return datetime.fromtimestamp(int.from_bytes(key.body[1:5], 'big'), UTC)


def _signature_type(signature: Packet) -> int:
    # Version 3 has the length of what is hashed before it.
    offset = 2 if signature.body[:1] == b'\x03' else 1
    return int.from_bytes(signature.body[offset:offset + 1], 'big')


def primaries(packets: Iterable[Packet]) -> list[str]:
    """The fingerprints of the primary keys among packets. Raises ValueError if a secret key is among them."""
    found = []
    for packet in packets:
        if packet.tag in _SECRET_KEYS:
            raise ValueError('it holds a secret key')
        if packet.tag == _PUBLIC_KEY:
            found.append(fingerprint(packet))
    return found


class Certificate:
    """One primary key's: what signatures are about (keys and user IDs), and those signatures, none of them checked."""

    def __init__(self, primary: str, packets: Iterable[Packet]) -> None:
        """Take what belongs to the primary key from the packets of any number of certificates.

        All else is dropped: other keys, and trust packets above all, in which a file claims that its signatures were checked already.
        gpgv 2.0 believes that, and so takes a forged subkey for bound.
        """
        self.primary = primary
        self._signatures: dict[Packet, dict[Packet, None]] = {}
        owner = None
        ours = False
        for packet in packets:
            if packet.tag == _PUBLIC_KEY:
                ours = fingerprint(packet) == primary
            if ours and packet.tag in _OWNERS:
                owner = packet
                self._signatures.setdefault(packet, {})
            elif ours and owner and packet.tag == SIGNATURE:
                self._signatures[owner][packet] = None

    def merge(self, other: Certificate) -> None:
        """Add what a copy of the same certificate knows."""
        for owner, signatures in other._signatures.items():
            self._signatures.setdefault(owner, {}).update(signatures)

    def subkeys(self) -> dict[str, datetime]:
        """Fingerprints, and when each was made; oldest first."""
        found = {fingerprint(packet): _created(packet) for packet in self._signatures if packet.tag == _SUBKEY}
        return dict(sorted(found.items(), key=lambda item: item[1]))

    def revoked(self, subkey: str) -> bool:
        """Whether it holds a revocation of the primary key or of this subkey, be it valid or not."""
        return any(
            _signature_type(signature) == _REVOCATIONS[owner.tag]
            for owner, signatures in self._signatures.items() if fingerprint(owner) in (self.primary, subkey)
            for signature in signatures)  # fmt: skip

    def written(self, only: str | None = None) -> bytes:
        """As a binary keyring. only: the fingerprint of the one subkey to keep."""
        owners = [owner for owner in self._signatures if only is None or owner.tag != _SUBKEY or fingerprint(owner) == only]
        owners.sort(key=lambda owner: _OWNERS.index(owner.tag))
        return b''.join(packet.written() for owner in owners for packet in (owner, *self._signatures[owner]))
