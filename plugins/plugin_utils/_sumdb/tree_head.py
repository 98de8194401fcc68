# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parse and verify tree heads, which a transparency log signs. Source: golang.org/x/mod/sumdb/note and /tlog."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.plugin_utils._sumdb import inclusion
from ansible_collections.gofleet.golang.plugins.plugin_utils._sumdb.gosumdb import Key

# The number of signature lines that are checked, as in golang.org/x/mod/sumdb/note.
_SIGNATURES = 100
_SIGNATURE_MARK = '\u2014 '
# A number of records; a 64-bit number has at most 19 digits.
NUMBER = re.compile(r'(?:0|[1-9][0-9]{0,18})\Z')


@dataclass(frozen=True)
class TreeHead:
    """A signed statement that the log has size records, and that root is the hash of all of them."""

    size: int
    root: bytes


def parse(note: bytes, key: Key) -> TreeHead:
    """The tree head in a signed note. Raises GofleetError(log_signature, log_malformed)."""
    text, separator, signatures = note.rpartition(b'\n\n')
    if not separator:
        raise malformed(key, 'the signed note has no blank line')
    text += b'\n'
    # Signatures by other keys are allowed, because witnesses may cosign a log.
    if not any(_signed(line, text, key) for line in signatures.split(b'\n')[:_SIGNATURES]):
        raise GofleetError(
            f'The tree head of {key.name} has no valid signature by its key. It was changed on the way, or '
            'gosumdb names another log.', 'log_signature', log=key.name, note=note.decode('utf-8', 'replace'))
    try:
        title, size, encoded = text.decode().split('\n')[:3]
        root = base64.b64decode(encoded, validate=True)
        if title != 'go.sum database tree' or not NUMBER.match(size) or len(root) != inclusion.HASH:
            raise ValueError(f'{title!r}, {size[:30]!r}, {encoded[:60]!r} are not the title, size and hash of a tree')
    except (ValueError, binascii.Error) as exc:
        raise malformed(key, str(exc)) from exc
    return TreeHead(int(size), root)


def _signed(line: bytes, text: bytes, key: Key) -> bool:
    # ansible-core requires cryptography; it is imported here so that runs without a log do not load it.
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


def malformed(key: Key, reason: str) -> GofleetError:
    return GofleetError(f'The answer of the checksum database {key.name} is malformed: {reason}.', 'log_malformed', log=key.name)
