# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""OpenPGP signatures: one counts if gpgv finds it good and the pinned primary key stands behind it.

gpgv judges keys, bindings and signatures. This file decides what gpgv gets to see, and which of its verdicts are enough.
Sources: GnuPG's doc/DETAILS (status lines), and what gpgv 2.0.22, 2.2.27, 2.2.40 and 2.4.7 were seen to print.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ansible_collections.gofleet.golang.plugins.module_utils.errors import GofleetError
from ansible_collections.gofleet.golang.plugins.plugin_utils import openpgp

# Google's key for Linux packages. It is its subkeys that sign, and they change every year or two.
PRIMARY = 'EB4C1BFD4F042F6DDDCCEC917721F63BD38B4796'
REFRESHED = 'https://dl.google.com/linux/linux_signing_key.pub'

# Bytes. Real ones have 1 KiB and 20 KiB.
MAX_SIGNATURE = 64 << 10
MAX_CERTIFICATE = 256 << 10
# In one file; each costs gpgv a pass over the archive.
MAX_SIGNATURES = 8

# Hash algorithms, RFC 4880 section 9.4: gpgv of today still takes SHA1, and gpgv 2.0 takes MD5.
_STRONG = {'8', '9', '10'}
_HASHES = {'1': 'MD5', '2': 'SHA1', '3': 'RIPEMD160', '11': 'SHA224'}
# RFC 4880 section 5.2.1.
_OF_BYTES = '00'
# How ERRSIG tells why, in libgpg-error's numbers. No such key is 9; a key that the primary key has not bound is 6 before gpgv 2.4,
# and 1 if the back signature is what lacks.
_NOT_OURS = {'1', '6', '9'}
_TIME_CONFLICT = '39'
# gpgv prints one of these for each signature.
_VERDICTS = {'GOODSIG', 'EXPKEYSIG', 'REVKEYSIG', 'EXPSIG', 'BADSIG', 'ERRSIG'}
# Since 1970. OpenPGP's times have 32 bits.
_SECONDS = re.compile(r'[0-9]{1,10}\Z')


@dataclass(frozen=True)
class Signature:
    """A good signature.

    primary, subkey: fingerprints, upper-case hex; subkey is the key that signed. expired: whether its life has ended since.
    """

    primary: str
    subkey: str
    made: datetime
    expired: bool


def vendored() -> bytes:
    """The certificate that this version ships, armored."""
    return (Path(__file__).parent / 'keys' / 'google-linux-packages.asc').read_bytes()


def verify(path: Path, signature: bytes, certificate: bytes, primary: str = PRIMARY) -> Signature:
    """Prove a file by its detached signature.

    signature, certificate: armored or binary; the certificate may stand among others. primary: fingerprint, upper-case hex.
    One good signature is enough, whatever other keys say; one that is the primary key's but not this file's is refused.
    Raises OSError, and GofleetError: bad_signature_file, bad_certificate, wrong_certificate, gpgv_missing, gpgv_failed, bad_signature,
    unknown_signing_key, unbound_signing_key, revoked_signing_key, signed_after_expiry, signature_expired, signature_time,
    weak_signature, unsupported_signature.
    """
    packets = _signatures(signature, path)
    check = _Check(_find_gpgv(), path, _certificate(certificate, primary))
    good: list[Signature] = []
    refused: list[GofleetError] = []
    # One by one: gpgv 2.0 looks at the first only where their hash algorithms differ.
    for packet in packets:
        try:
            good.append(check.verdict(packet))
        except GofleetError as exc:
            if exc.code in ('bad_signature', 'gpgv_failed'):
                raise
            refused.append(exc)
    if good:
        return good[0]
    raise next((exc for exc in refused if exc.code != 'unknown_signing_key'), refused[0])


def accept_refresh(old: bytes, new: bytes, primary: str = PRIMARY) -> bytes:
    """The pinned primary key's certificate, binary: what the old file and the refreshed one know together.

    So nothing is lost, least of all a revocation. Whether the primary key has bound a subkey is asked of gpgv, when the subkey has
    signed something: every gpgv refuses what is signed by a subkey without a valid binding signature.
    Raises GofleetError: bad_certificate, wrong_certificate.
    """
    certificate = _certificate(old, primary)
    certificate.merge(_certificate(new, primary))
    return certificate.written()


# ---- what gpgv gets to see


def _signatures(raw: bytes, path: Path) -> list[openpgp.Packet]:
    try:
        packets = openpgp.read(raw, 'SIGNATURE', MAX_SIGNATURE)
        if not packets:
            raise ValueError('its armor is empty')
        if any(packet.tag != openpgp.SIGNATURE for packet in packets):
            raise ValueError('it holds more than signatures: a message signed inline, or a key')
        if len(packets) > MAX_SIGNATURES:
            raise ValueError(f'it holds {len(packets)} signatures, and {MAX_SIGNATURES} are plenty')
    except ValueError as exc:
        raise _not_detached(path, str(exc)) from exc
    return packets


def _not_detached(path: Path, reason: str) -> GofleetError:
    return GofleetError(
        f'What came as the signature of {path.name} is not a detached OpenPGP signature of a file: {reason}. Go publishes one beside each '
        'archive, under its name with .asc after it; a mirror without signatures may answer anything. Give that file, or a mirror that has it.',
        'bad_signature_file', path=str(path), reason=reason)


def _certificate(raw: bytes, primary: str) -> openpgp.Certificate:
    try:
        packets = openpgp.read(raw, 'PUBLIC KEY BLOCK', MAX_CERTIFICATE)
        found = openpgp.primaries(packets)
    except ValueError as exc:
        raise GofleetError(
            f'What was given as signing_certificate is not an OpenPGP certificate: {exc}. Give one as {REFRESHED} has it, or as '
            'gpg --export writes it.', 'bad_certificate', reason=str(exc)) from exc
    if primary not in found:
        raise GofleetError(
            f'What was given as signing_certificate is not the certificate of the pinned primary key {primary}; its primary keys: '
            f'{", ".join(found) or "none"}. Do not trust it, wherever it came from, and take the one from {REFRESHED}.',
            'wrong_certificate', primary=primary, found=found)
    return openpgp.Certificate(primary, packets)


# ---- what gpgv says


def _find_gpgv() -> str:
    program = shutil.which('gpgv') or shutil.which('gpgv2')
    if not program:
        raise GofleetError(
            'The controller has no gpgv, which checks signatures. Install the package that has it (Debian, Ubuntu: gpgv; RHEL, Fedora and '
            'their kin: gnupg2; Alpine: gpgv, or gnupg where there is none; Homebrew: gnupg), in the execution environment if one is used, or '
            'ask for another proof with trust.', 'gpgv_missing', packages={'debian': 'gpgv', 'redhat': 'gnupg2', 'alpine': 'gpgv', 'homebrew': 'gnupg'})
    return program


@dataclass(frozen=True)
class _Status:
    """The lines of gpgv's status channel about one signature, each a keyword and its words; and what it said to people."""

    lines: list[list[str]]
    errors: str

    @property
    def verdict(self) -> str:
        found = [keyword for keyword, *dummy in self.lines if keyword in _VERDICTS]
        return found[0] if len(found) == 1 else ''

    def words(self, keyword: str) -> list[str]:
        return next((line[1:] for line in self.lines if line[0] == keyword), [])

    def expiries(self) -> list[str]:
        return [' '.join(words) for keyword, *words in self.lines if keyword == 'KEYEXPIRED']


class _Check:
    """Checks signatures of one file with one certificate."""

    def __init__(self, gpgv: str, path: Path, certificate: openpgp.Certificate) -> None:
        self.gpgv = gpgv
        self.path = path
        self.certificate = certificate

    def verdict(self, packet: openpgp.Packet) -> Signature:
        status = self._run(packet)
        if status.verdict == 'ERRSIG':
            raise self._unchecked(status)
        if status.verdict == 'BADSIG':
            raise self._error(
                f'The signature that came with {self.path.name} is not of this file. One of the two is damaged or was changed on the way, or they '
                'belong to different releases. Fetch both again, and from another mirror if it stays so.', 'bad_signature', status)
        signature = self._valid(status)
        # Of a key that is both revoked and expired, gpgv says no more than that it is expired; and Sequoia's takes some revocations lightly.
        if status.verdict == 'REVKEYSIG' or self.certificate.revoked(signature.subkey):
            raise self._revoked(signature, status)
        if status.verdict == 'EXPSIG':
            raise self._error(
                f'The signature of {self.path.name} was made on {_day(signature.made)} to last for a time that is over. Fetch a newer one.',
                'signature_expired', status)
        if status.verdict == 'EXPKEYSIG':
            self._require_lifetime(signature, packet)
        return signature

    def _run(self, packet: openpgp.Packet, only: str | None = None) -> _Status:
        with tempfile.TemporaryDirectory(prefix='gofleet-gpgv-') as name, self.path.open('rb') as signed:
            home, keyring, signature = (Path(name) / part for part in ('home', 'keyring.gpg', 'signature'))
            # Empty, so that nothing of the user's counts.
            home.mkdir(mode=0o700)
            keyring.write_bytes(self.certificate.written(only))
            signature.write_bytes(packet.written())
            done = subprocess.run(
                [self.gpgv, '--homedir', str(home), '--keyring', str(keyring), '--status-fd', '1', str(signature), '-'],
                stdin=signed, capture_output=True, env={**os.environ, 'LC_ALL': 'C'}, check=False,
            )  # fmt: skip
        # Not splitlines(): a user ID may hold other characters that it takes for the end of a line.
        lines = [line.split() for line in done.stdout.decode('utf-8', 'replace').split('\n')]
        status = _Status([line[1:] for line in lines if line[:1] == ['[GNUPG:]'] and line[1:]], done.stderr.decode('utf-8', 'replace')[-2000:])
        if done.returncode < 0 or not status.verdict:
            raise self._failed(status)
        return status

    def _valid(self, status: _Status) -> Signature:
        """What VALIDSIG says: who signed, when and how, whatever became of the key since. Source: doc/DETAILS."""
        words = status.words('VALIDSIG')
        if len(words) < 10 or words[9] != self.certificate.primary or not _SECONDS.match(words[2]):
            raise self._failed(status)
        if words[7] not in _STRONG:
            raise self._weak(words[7], status)
        if words[8] != _OF_BYTES:
            # Type 01 is of a text: line ends and trailing blanks may differ.
            raise _not_detached(self.path, f'it signs something else (type {words[8]})')
        return Signature(words[9], words[0], _time(words[2]), status.verdict == 'EXPKEYSIG')

    def _require_lifetime(self, signature: Signature, packet: openpgp.Packet) -> None:
        # gpgv names each expired key of a certificate, not only the one that signed; so it gets to see no other subkey.
        status = self._run(packet, only=signature.subkey)
        expiries = status.expiries()
        if not expiries or not all(map(_SECONDS.match, expiries)) or self._valid(status) != signature:
            raise self._failed(status)
        end = min(map(_time, expiries))
        if signature.made >= end:
            raise self._error(
                f'{self.path.name} was signed on {_day(signature.made)} by the key {signature.subkey}, which had expired on {_day(end)}. If its '
                f'owner has prolonged it, a refreshed certificate says so: "signing_certificate: {REFRESHED}". If not, do not install this file.',
                'signed_after_expiry', status, subkey=signature.subkey, made=signature.made.isoformat(), expiry=end.isoformat())

    # ---- refusals

    def _error(self, text: str, code: str, status: _Status, **evidence: object) -> GofleetError:
        said = [' '.join(line) for line in status.lines]
        return GofleetError(text, code, path=str(self.path), primary=self.certificate.primary, gpgv=self.gpgv, status=said, **evidence)

    def _failed(self, status: _Status) -> GofleetError:
        return self._error(
            f'{self.gpgv} on the controller gave no clear verdict on the signature of {self.path.name}, so there is no proof. What it said is in '
            'the evidence; see whether the program works there: gpgv --version.', 'gpgv_failed', status, errors=status.errors)

    def _weak(self, algorithm: str, status: _Status) -> GofleetError:
        name = _HASHES.get(algorithm, f'algorithm {algorithm}')
        return self._error(
            f'The signature of {self.path.name} is over a {name} digest, and files with equal ones can be made. SHA256, SHA384 and SHA512 are '
            'accepted: take a release that is signed so.', 'weak_signature', status, algorithm=name)

    def _revoked(self, signature: Signature, status: _Status) -> GofleetError:
        return self._error(
            f'{self.path.name} is signed by the key {signature.subkey}, which its owner has revoked. Whatever the reason, nobody can tell any more '
            'who signs with it, nor when. Do not install this file on this signature: take a release that is signed anew, or another proof.',
            'revoked_signing_key', status, subkey=signature.subkey, made=signature.made.isoformat())

    def _unchecked(self, status: _Status) -> GofleetError:
        """For ERRSIG: key ID, key algorithm, hash algorithm, type, time, reason."""
        key_id, algorithm, digest, dummy, time, reason = (*status.words('ERRSIG'), *[''] * 6)[:6]
        if reason in _NOT_OURS:
            known = any(fingerprint.endswith(key_id) for fingerprint in self.certificate.subkeys())
            return self._unbound(key_id, status) if known else self._unknown(key_id, time, status)
        if reason == _TIME_CONFLICT:
            return self._error(
                f'{self.path.name} is signed by the key {key_id}, which is younger than the signature, or younger than today by the clock of the '
                f'controller ({_day(datetime.now(UTC))}). Set that clock; if it is right, do not install this file.',
                'signature_time', status, key_id=key_id)
        if digest not in _STRONG:
            return self._weak(digest, status)
        return self._error(
            f'{self.gpgv} on the controller cannot check the signature of {self.path.name} (key algorithm {algorithm}, hash algorithm {digest}, '
            f'error {reason}): it is too old for them, or the system forbids them. Use a controller that can, or ask for another proof with trust.',
            'unsupported_signature', status, key_id=key_id, errors=status.errors)

    def _unbound(self, key_id: str, status: _Status) -> GofleetError:
        return self._error(
            f'{self.path.name} is signed by the key {key_id}, which the certificate has, but without a valid signature by its primary key '
            f'{self.certificate.primary}: the certificate is damaged, or somebody put that key there. Do not install this file, and take the '
            f'certificate from {REFRESHED} again.', 'unbound_signing_key', status, key_id=key_id)

    def _unknown(self, key_id: str, time: str, status: _Status) -> GofleetError:
        known = {fingerprint: _day(made) for fingerprint, made in self.certificate.subkeys().items()}
        newest = [f'The newest key it has, {fingerprint}, was made on {day}' for fingerprint, day in known.items()] or ['It has none at all']
        made = f' (on {_day(_time(time))}, as it says)' if _SECONDS.match(time) else ''
        return self._error(
            f'{self.path.name} is signed by the key {key_id}{made}, which the certificate at hand does not have. '
            f'{newest[-1]}. Signing keys are replaced every year or two, so the certificate has most likely grown old. Refresh it: '
            f'"signing_certificate: {REFRESHED}", or the path of a copy of that file on the controller. It is accepted only with the same '
            f'primary key, {self.certificate.primary}. If a certificate fetched today lacks the key too, then somebody else has signed '
            'this file: do not install it.',
            'unknown_signing_key', status, key_id=key_id, known=known, refresh=REFRESHED)


def _time(word: str) -> datetime:
    return datetime.fromtimestamp(int(word), UTC)


def _day(time: datetime) -> str:
    return f'{time:%Y-%m-%d}'
