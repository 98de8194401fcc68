# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenPGP keys for tests: made by gpg in a private home, with any date; and forged ones, which gpg would not make."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import select
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from ansible_collections.gofleet.golang.plugins.module_utils._proof import openpgp

PUBLIC_KEY, USER_ID, SUBKEY, USER_ATTRIBUTE, TRUST = 6, 13, 14, 17, 12
_OF_FILE, _CERTIFICATION, _BINDING, _BACK = 0x00, 0x13, 0x18, 0x19
# Signature subpackets, RFC 4880 section 5.2.3.1.
CREATED, ISSUER, KEY_FLAGS, EMBEDDED = 2, 16, 27, 32
_MAY_SIGN = b'\x02'


class Home:
    """A GNUPGHOME: below the system's folder for temporary files, because the agent's socket must have a short path."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix='gofleet-gpg-'))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop_agent()
        shutil.rmtree(self.path)

    def _stop_agent(self) -> None:
        """End the agent that gpg started, and wait until it has removed its sockets."""
        home = ['--homedir', str(self.path)]
        asked = subprocess.run(['gpg-connect-agent', *home, '--no-autostart', 'GETINFO pid', '/bye'], capture_output=True, text=True, check=False)
        found = re.match(r'D ([0-9]+)\n', asked.stdout)
        if found:
            process = os.pidfd_open(int(found[1]))
            subprocess.run(['gpgconf', *home, '--kill', 'gpg-agent'], check=True)
            select.select([process], [], [], 60)
            os.close(process)

    def gpg(self, *arguments: str, at: str | None = None, given: bytes = b'', batch: bool = True) -> tuple[bytes, str]:
        """Standard output and the status lines. at: the time that gpg shall believe it is, YYYY-MM-DD."""
        time = ['--faked-system-time', f'{_midnight(at)}!'] if at else []
        quiet = ['--batch', '--yes'] if batch else ['--command-fd', '0']
        command = ['gpg', '--homedir', str(self.path), '--no-tty', '--quiet', '--pinentry-mode', 'loopback', '--passphrase', '', '--status-fd', '2']
        done = subprocess.run([*command, *quiet, *time, *arguments], input=given, capture_output=True, check=False)
        errors = done.stderr.decode('utf-8', 'replace')
        if done.returncode:
            raise AssertionError(f'gpg {" ".join(arguments)}: {errors}')
        return done.stdout, errors

    def new_primary(self, name: str, at: str) -> str:
        """The fingerprint of a key that may certify and sign, and never expires."""
        dummy, status = self.gpg('--quick-generate-key', f'{name} <{name}@test>', 'rsa2048', 'cert,sign', '0', at=at)
        return str(re.findall(r'KEY_CREATED . ([0-9A-F]{40})', status)[0])

    def add_subkey(self, primary: str, at: str, until: str, usage: str = 'sign') -> str:
        before = self.subkeys(primary)
        self.gpg('--quick-add-key', primary, 'rsa2048', usage, _midnight(until), at=at)
        return next(each for each in self.subkeys(primary) if each not in before)

    def subkeys(self, primary: str) -> list[str]:
        listed, dummy = self.gpg('--list-keys', '--with-colons', '--with-subkey-fingerprint', primary)
        fields = [line.split(':') for line in listed.decode().splitlines()]
        keys = [words[9] for words in fields if words[0] == 'fpr']
        return [key for key in keys if key != primary]

    def sign(self, key: str, content: bytes, *options: str, at: str | None = None) -> bytes:
        """A detached signature by just this key; or what the options ask for instead."""
        how = options if {'--clearsign', '--sign'} & set(options) else ('--detach-sign', *options)
        return self.gpg('--local-user', f'{key}!', *how, at=at, given=content)[0]

    def prolong(self, primary: str, until: str, *subkeys: str, at: str) -> None:
        """Subkeys, or the primary key if none is named."""
        self.gpg('--quick-set-expire', primary, _midnight(until), *subkeys, at=at)

    def export(self, primary: str, *options: str) -> bytes:
        return self.gpg(*options, '--export', primary)[0]

    @contextlib.contextmanager
    def copied(self, primary: str) -> Iterator[Home]:
        """Another home with the primary key and its secrets, to change it there."""
        secret, dummy = self.gpg('--export-secret-keys', primary)
        with Home() as other:
            other.gpg('--import', given=secret)
            yield other

    def revoke_subkey(self, primary: str, subkey: str, reason: int) -> None:
        """reason: none, compromised, superseded, no longer used: 0 to 3 in gpg's menu."""
        number = self.subkeys(primary).index(subkey) + 1
        lines = [f'key {number}', 'revkey', 'y', str(reason), '', 'y', 'save', '']
        self.gpg('--edit-key', primary, given='\n'.join(lines).encode(), batch=False)

    def revoke(self, primary: str, made_in: Home) -> None:
        """With the revocation that gpg wrote when it made the key."""
        text = (made_in.path / 'openpgp-revocs.d' / f'{primary}.rev').read_text(encoding='ascii')
        # A colon keeps it from being used by accident.
        self.gpg('--import', given=text.replace(':-----BEGIN', '-----BEGIN').encode())


def _midnight(day: str) -> str:
    # Without a time, gpg takes noon.
    return f'{day.replace("-", "")}T000000'


# ---- certificates, packet by packet


def packets(raw: bytes) -> list[openpgp.Packet]:
    return openpgp.read(raw, 'PUBLIC KEY BLOCK', len(raw))


def joined(parts: Iterable[openpgp.Packet]) -> bytes:
    return b''.join(part.written() for part in parts)


def binding_of(certificate: list[openpgp.Packet], subkey: str) -> int:
    """The index of a subkey's binding signature."""
    return next(index for index, packet in enumerate(certificate) if openpgp.fingerprint(packet) == subkey) + 1


def with_unhashed(signature: openpgp.Packet, change: Callable[[list[bytes]], list[bytes]]) -> openpgp.Packet:
    """The signature with other unhashed subpackets, each a type and a content."""
    body = signature.body
    start = 6 + int.from_bytes(body[4:6], 'big')
    end = start + 2 + int.from_bytes(body[start:start + 2], 'big')
    area = b''.join(_subpacket(part[0], part[1:]) for part in change(_subpackets(body[start + 2:end])))
    return openpgp.Packet(openpgp.SIGNATURE, body[:start] + len(area).to_bytes(2, 'big') + area + body[end:])


def _subpackets(area: bytes) -> list[bytes]:
    found = []
    while area:
        size, start = area[0], 1
        if size == 255:
            size, start = int.from_bytes(area[1:5], 'big'), 5
        elif size >= 192:
            size, start = (size - 192 << 8) + area[1] + 192, 2
        found.append(area[start:start + size])
        area = area[start + size:]
    return found


def _subpacket(kind: int, content: bytes) -> bytes:
    return b'\xff' + (len(content) + 1).to_bytes(4, 'big') + bytes([kind]) + content


# ---- a key that is not trusted


def _issuer(key: openpgp.Packet) -> bytes:
    return _subpacket(ISSUER, bytes.fromhex(openpgp.fingerprint(key))[-8:])


def _integer(value: int) -> bytes:
    return value.bit_length().to_bytes(2, 'big') + value.to_bytes((value.bit_length() + 7) // 8, 'big')


def _hashed_key(key: openpgp.Packet) -> bytes:
    return b'\x99' + len(key.body).to_bytes(2, 'big') + key.body


class Forger:
    """An attacker's subkey, with all that its owner can make alone: everything but the binding by the primary key."""

    def __init__(self, made: datetime) -> None:
        self._private = rsa.generate_private_key(65537, 2048)
        self._made = int(made.timestamp()).to_bytes(4, 'big')
        numbers = self._private.public_key().public_numbers()
        self.subkey = openpgp.Packet(SUBKEY, b'\x04' + self._made + b'\x01' + _integer(numbers.n) + _integer(numbers.e))
        self.fingerprint = openpgp.fingerprint(self.subkey)

    def binding(self, primary: openpgp.Packet, by: Forger | None = None) -> openpgp.Packet:
        """Says that the primary key made it, which is so only if by is that key; its back signature is right."""
        both = _hashed_key(primary) + _hashed_key(self.subkey)
        back = self._signature(_BACK, both, b'', _issuer(self.subkey))
        return (by or self)._signature(_BINDING, both, _subpacket(KEY_FLAGS, _MAY_SIGN), _issuer(primary) + _subpacket(EMBEDDED, back.body))

    def as_primary(self, name: bytes) -> list[openpgp.Packet]:
        """The same key as a primary one of that name."""
        primary, identity = openpgp.Packet(PUBLIC_KEY, self.subkey.body), openpgp.Packet(USER_ID, name)
        hashed = _hashed_key(primary) + b'\xb4' + len(name).to_bytes(4, 'big') + name
        return [primary, identity, self._signature(_CERTIFICATION, hashed, _subpacket(KEY_FLAGS, _MAY_SIGN), _issuer(primary))]

    def sign(self, content: bytes) -> bytes:
        return self._signature(_OF_FILE, content, b'', _issuer(self.subkey)).written()

    def _signature(self, kind: int, content: bytes, protected: bytes, unhashed: bytes) -> openpgp.Packet:
        protected = _subpacket(CREATED, self._made) + protected
        head = b'\x04' + bytes([kind, 1, 8]) + len(protected).to_bytes(2, 'big') + protected
        hashed = content + head + b'\x04\xff' + len(head).to_bytes(4, 'big')
        value = int.from_bytes(self._private.sign(hashed, padding.PKCS1v15(), hashes.SHA256()), 'big')
        checked = hashlib.sha256(hashed).digest()[:2]
        return openpgp.Packet(openpgp.SIGNATURE, head + len(unhashed).to_bytes(2, 'big') + unhashed + checked + _integer(value))
