# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parse OpenPGP files: armor, packets, and the packets that form a certificate. Nothing here checks a signature.

Source: RFC 4880. Malformed input raises ValueError with the reason, as a text that can follow a colon.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import binascii
import hashlib
import re
from collections import OrderedDict, namedtuple

from ansible.module_utils.common.text.converters import to_native

# Packet tags, section 4.3.
SIGNATURE = 2
_PUBLIC_KEY, _USER_ID, _USER_ATTRIBUTE, _SUBKEY = 6, 13, 17, 14
_SECRET_KEYS = (5, 7)
# The packets in a certificate that signatures apply to, in their order.
_OWNERS = (_PUBLIC_KEY, _USER_ID, _USER_ATTRIBUTE, _SUBKEY)
# Signature types, section 5.2.1.
_REVOCATIONS = {_PUBLIC_KEY: 0x20, _SUBKEY: 0x28}
_BYTE_ORDER_MARK = b'\xef\xbb\xbf'
_BASE64 = re.compile(br'[A-Za-z0-9+/]*={0,2}\Z')
_CHECKSUM = re.compile(br'=[^=]{4}\Z')


class Packet(namedtuple('Packet', 'tag body')):
    """A packet by its tag (int), without its header; body: bytes."""

    __slots__ = ()

    def written(self):
        # The new format with its longest length: one form for all tags and sizes.
        return _octets(0xC0 | self.tag, 1) + b'\xff' + _octets(len(self.body), 4) + self.body


def read(raw, kind, limit):
    """The packets of a file, armored or binary. kind: the one in its armor; limit: in bytes. Raises ValueError."""
    if len(raw) > limit:
        raise ValueError('it has %d bytes, more than the limit of %d' % (len(raw), limit))
    # The byte order mark of Windows editors, which cannot be the start of a packet.
    raw = raw[len(_BYTE_ORDER_MARK):] if raw.startswith(_BYTE_ORDER_MARK) else raw
    if not raw.strip():
        raise ValueError('it is empty')
    if raw.lstrip().startswith(b'<'):
        raise ValueError('it is a web page')
    return list(_packets(raw if _number(raw, 0, 1) & 0x80 else _dearmored(raw, kind)))


# ---- numbers: Python 2 has neither int.from_bytes() nor int.to_bytes()


def _number(raw, offset, octets):
    if offset + octets > len(raw):
        raise ValueError('it ends inside the header of a packet, at byte %d' % offset)
    return int(binascii.hexlify(raw[offset:offset + octets]), 16)


def _octets(number, count):
    return binascii.unhexlify(('%0*x' % (2 * count, number)).encode('ascii'))


# ---- armor, section 6


def _dearmored(raw, kind):
    begin = ('-----BEGIN PGP %s-----' % kind).encode('ascii')
    lines = iter(raw.splitlines())
    blocks = []
    for line in lines:
        if line.rstrip() == begin:
            blocks.append(_block(lines, kind))
        elif line.startswith(b'-----BEGIN '):
            raise ValueError('it has "%s" where "%s" belongs' % (to_native(line[:60], errors='surrogate_or_replace'), to_native(begin)))
    if not blocks:
        raise ValueError('it is not binary, and has no line "%s"' % to_native(begin))
    return b''.join(blocks)


def _block(lines, kind):
    end = ('-----END PGP %s-----' % kind).encode('ascii')
    for line in lines:
        # Headers end with a blank line.
        if not line.strip():
            break
    text = []
    for line in lines:
        if line.rstrip() == end:
            return _decoded(text)
        text.append(line.strip())
    raise ValueError('it ends before its line "%s"' % to_native(end))


def _decoded(text):
    # RFC 9580 made the checksum optional.
    checksum = text.pop() if text and _CHECKSUM.match(text[-1]) else b''
    content = _from_base64(b''.join(text))
    if checksum and _from_base64(checksum[1:]) != _octets(_crc24(content), 3):
        raise ValueError('its checksum is not that of its content')
    return content


def _from_base64(text):
    # binascii skips invalid characters, and its error on Python 2 is no ValueError.
    if not _BASE64.match(text):
        raise ValueError('Only base64 data is allowed in its armor')
    if len(text) % 4:
        raise ValueError('its armor ends inside a group of four characters')
    return binascii.a2b_base64(text)


def _crc24(content):
    crc = 0xB704CE
    for byte in bytearray(content):
        crc ^= byte << 16
        for dummy in range(8):
            crc <<= 1
            if crc & 0x1000000:
                crc ^= 0x1864CFB
    return crc


# ---- packets, section 4.2


def _packets(raw):
    offset = 0
    while offset < len(raw):
        tag, start, size = _header(raw, offset)
        offset = start + size
        if offset > len(raw):
            raise ValueError('it ends inside a packet, which begins at byte %d and has %d' % (start, size))
        yield Packet(tag, raw[start:offset])


def _header(raw, offset):
    """Tag, start and size of the packet at an offset."""
    first = _number(raw, offset, 1)
    if not first & 0x80:
        raise ValueError('no packet begins at byte %d' % offset)
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
    # Only messages may have partial lengths.
    raise ValueError('the packet at byte %d does not give its length' % offset)


# ---- keys


def fingerprint(packet):
    """The fingerprint of a version 4 key, in upper-case hex (section 12.2); '' for any other packet."""
    if packet.tag not in (_PUBLIC_KEY, _SUBKEY) or packet.body[:1] != b'\x04' or len(packet.body) > 0xFFFF:
        return ''
    return to_native(binascii.hexlify(_sha1(b'\x99' + _octets(len(packet.body), 2) + packet.body))).upper()


def _sha1(content):
    # SHA-1 here is only OpenPGP's name for a key, not proof that two keys differ.
    try:
        return hashlib.sha1(content, usedforsecurity=False).digest()
    except TypeError:
        # Before Python 3.9.
        return hashlib.sha1(content).digest()


def _created(key):
    return _number(key.body.ljust(5, b'\0'), 1, 4)


def _signature_type(signature):
    # In version 3 the length of the hashed part comes first.
    offset = 2 if signature.body[:1] == b'\x03' else 1
    return _number(signature.body, offset, 1) if len(signature.body) > offset else 0


def primaries(packets):
    """The fingerprints of the primary keys in packets. Raises ValueError if they contain a secret key."""
    found = []
    for packet in packets:
        if packet.tag in _SECRET_KEYS:
            raise ValueError('it holds a secret key')
        if packet.tag == _PUBLIC_KEY:
            found.append(fingerprint(packet))
    return found


class Certificate(object):
    """The certificate of one primary key: its keys and user IDs, and the signatures on them, which are not checked."""

    def __init__(self, primary, packets):
        """Take the packets that belong to the primary key from any number of certificates.

        All others are dropped: other keys, and especially trust packets, in which a file claims that its signatures were already checked.
        gpgv 2.0 believes them and would accept a forged subkey.
        """
        self.primary = primary
        # The signatures of each owner as keys of a dict: in order and without duplicates.
        self._signatures = OrderedDict()
        owner = None
        ours = False
        for packet in packets:
            if packet.tag == _PUBLIC_KEY:
                ours = fingerprint(packet) == primary
            if ours and packet.tag in _OWNERS:
                owner = packet
                self._signatures.setdefault(packet, OrderedDict())
            elif ours and owner and packet.tag == SIGNATURE:
                self._signatures[owner][packet] = None

    def merge(self, other):
        """Add the packets of another copy of this certificate."""
        for owner, signatures in other._signatures.items():
            self._signatures.setdefault(owner, OrderedDict()).update(signatures)

    def subkeys(self):
        """Fingerprints and creation times, in seconds since 1970, oldest first."""
        found = [(fingerprint(packet), _created(packet)) for packet in self._signatures if packet.tag == _SUBKEY and fingerprint(packet)]
        return OrderedDict(sorted(found, key=lambda item: item[1]))

    def revoked(self, subkey):
        """Whether it contains a revocation of the primary key or of this subkey, valid or not."""
        return any(
            _signature_type(signature) == _REVOCATIONS[owner.tag]
            for owner, signatures in self._signatures.items() if fingerprint(owner) in (self.primary, subkey)
            for signature in signatures)

    def written(self, only=None):
        """The certificate as a binary keyring. only: the fingerprint of the only subkey to keep."""
        owners = [owner for owner in self._signatures if only is None or owner.tag != _SUBKEY or fingerprint(owner) == only]
        owners.sort(key=lambda owner: _OWNERS.index(owner.tag))
        return b''.join(packet.written() for owner in owners for packet in [owner] + list(self._signatures[owner]))
