# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parse GOSUMDB: the transparency log (Go's word: checksum database) to query, its key and its address."""

from __future__ import annotations

import base64
import hashlib
import re
import urllib.parse
from dataclasses import dataclass

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError

# The same log, reachable from mainland China (cmd/go/internal/modfetch/sumdb.go).
_ALIASES = {'sum.golang.google.cn': 'sum.golang.org https://sum.golang.google.cn'}
# The name becomes part of addresses: host[/path], as the go command requires.
_LOG_NAME = re.compile(r'[A-Za-z0-9._\[\]:-]+(?:/(?!\.{1,2}(?:/|\Z))[A-Za-z0-9._~-]+)*\Z')
_ED25519 = 1


@dataclass(frozen=True)
class Key:
    """A verifier's key: "name+hash+base64", as in GOSUMDB and signed notes."""

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


# The public key that is built into the go command (cmd/go/internal/modfetch/key.go), unchanged since 2019.
GOOGLE_KEY = Key.parse('sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8')


@dataclass(frozen=True)
class Database:
    """A checksum database: its key and its address.

    proxied: whether module proxies are queried for it first (PROXY/sumdb/NAME). If GOSUMDB names an address, only that
    address is queried.
    """

    key: Key
    url: str
    proxied: bool


def parse(text: str) -> Database | None:
    """The database of a GOSUMDB value, or None for "off".

    Forms: sum.golang.org, sum.golang.google.cn, KEY, or KEY and an address (http or https) with a space between.
    GONOSUMDB and GOPRIVATE are ignored: the go command looks golang.org/toolchain up even if they match it, and
    refuses to fetch a toolchain when GOSUMDB is off; it trusts one without the log only if GOPROXY is a single file:// address
    (useSumDB in cmd/go/internal/modfetch/sumdb.go). Raises GofleetError(bad_log_key, bad_log_url).
    """
    words = _ALIASES.get(text.strip(), text).split()
    if words == ['off']:
        return None
    if len(words) not in (1, 2):
        # Only the first part is shown: an address may hold a password.
        raise GofleetError(f"GOSUMDB has {len(words)} parts, beginning with '{''.join(words[:1])}'. Write sum.golang.org, off, or name+hash+base64 and, "
                           'if the log is not at https://name, its address after a space.', 'bad_log_key', key=''.join(words[:1]))
    key = GOOGLE_KEY if words[0] == GOOGLE_KEY.name else Key.parse(words[0])
    if not _LOG_NAME.match(key.name):
        raise GofleetError(f"'{key.name}' cannot name a checksum database: a name is host or host/path, and a key name+hash+base64.",
                           'bad_log_key', key=words[0])
    if len(words) == 1:
        return Database(key, f'https://{key.name}', proxied=True)
    return Database(key, _checked_url(words[1]), proxied=False)


def _checked_url(url: str) -> str:
    try:
        parts = urllib.parse.urlsplit(url)
        valid = parts.scheme in ('http', 'https') and bool(parts.hostname) and parts.port != 0 and not (parts.query or parts.fragment)
    except ValueError:
        valid = False
    if not valid:
        # The address is not shown: it may hold a password.
        raise GofleetError('The address after the key in GOSUMDB is invalid. Write http://host/path or https://host/path.', 'bad_log_url')
    return url.rstrip('/')
