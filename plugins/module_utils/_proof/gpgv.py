# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Detached OpenPGP signatures: one counts if gpgv finds it good and a pinned primary key stands behind it.

gpgv judges keys, bindings and signatures. This file decides what gpgv gets to see, and which of its verdicts are enough.
Sources: GnuPG's doc/DETAILS (status lines), and what gpgv 2.0.22, 2.2.27, 2.2.40 and 2.4.7 were seen to print.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import datetime
import io
import os
import re
import shutil
import tempfile
import time
from collections import namedtuple

from ansible.module_utils.common.process import get_bin_path
from ansible.module_utils.common.text.converters import to_native

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._proof import openpgp

# Bytes. Real ones have 1 KiB and 20 KiB.
MAX_SIGNATURE = 64 << 10
MAX_CERTIFICATE = 256 << 10
# In one file; each costs gpgv a pass over what is signed.
MAX_SIGNATURES = 8

# Red Hat's package of GnuPG 2.0 has both names, others only one.
PROGRAMS = ('gpgv', 'gpgv2')
_PACKAGES = {'debian': 'gpgv', 'redhat': 'gnupg2', 'alpine': 'gpgv', 'homebrew': 'gnupg'}

# Hash algorithms, RFC 4880 section 9.4: gpgv of today still takes SHA1, and gpgv 2.0 takes MD5.
_STRONG = ('8', '9', '10')
_HASHES = {'1': 'MD5', '2': 'SHA1', '3': 'RIPEMD160', '11': 'SHA224'}
# RFC 4880 section 5.2.1.
_OF_BYTES = '00'
# How ERRSIG tells why, in libgpg-error's numbers. No such key is 9; a key that the primary key has not bound is 6 before gpgv 2.4,
# and 1 if the back signature is what lacks.
_NOT_OURS = ('1', '6', '9')
_TIME_CONFLICT = '39'
# gpgv prints one of these for each signature.
_VERDICTS = ('GOODSIG', 'EXPKEYSIG', 'REVKEYSIG', 'EXPSIG', 'BADSIG', 'ERRSIG')
# Since 1970. OpenPGP's times have 32 bits.
_SECONDS = re.compile(r'[0-9]{1,10}\Z')
_EPOCH = datetime.date(1970, 1, 1).toordinal()
_MARK = '[GNUPG:]'

# A good signature. primary, subkey: fingerprints, upper-case hex; subkey is the key that signed. made: seconds since 1970;
# expired: whether the key's life has ended since.
Signature = namedtuple('Signature', 'primary subkey made expired')

# What refusals say of where they are told. machine: whose gpgv it is; option: that the certificate was given with; owner: where a
# newer certificate is to be had; refresh: how to give it; url: of it, or None; published: where a signature is to be had;
# install: where else gpgv may have to be installed; otherwise: what to do without a signature; named: what a file is called, by its path.
Words = namedtuple('Words', 'machine option owner refresh url published install otherwise named')
OF_HOST = Words(
    named=str, machine='this host', option='certificate', owner='its owner', refresh='give a newer copy of it, from its owner, as certificate', url=None,
    published='Whoever publishes the file publishes one beside it, often under its name with .asc, .sig or .gpg after it. Give that file.',
    install='', otherwise='prove the file by a checksum')


def verify(path, signature, certificate, primaries, start, words=OF_HOST):
    """Prove a file by its detached signature.

    path: of the file, for messages; signature, certificate: bytes, armored or binary; the certificate may stand among others.
    primaries: fingerprints, upper-case hex. start: a function that gives (program, run) or raises GofleetError(gpgv_missing);
    run(keyring, signature), both bytes, gives (exit status, what gpgv said on its status channel, what it said to people).
    Returns the first good Signature, whatever other keys say; one that is a pinned key's but not this file's is refused.
    Raises OSError, and GofleetError: bad_signature_file, bad_certificate, wrong_certificate, gpgv_missing, gpgv_failed, bad_signature,
    unknown_signing_key, unbound_signing_key, revoked_signing_key, signed_after_expiry, signature_expired, signature_time,
    weak_signature, unsupported_signature.
    """
    packets = _signatures(signature, path, words)
    program, run = start()
    checks = [_Check(program, run, path, each, words) for each in certificates(certificate, primaries, words)]
    good, refused = [], []
    # One by one: gpgv 2.0 looks at the first only where their hash algorithms differ.
    for packet in packets:
        for check in checks:
            try:
                good.append(check.verdict(packet))
            except GofleetError as exc:
                if exc.code in ('bad_signature', 'gpgv_failed'):
                    raise
                refused.append(exc)
    if good:
        return good[0]
    raise ([exc for exc in refused if exc.code != 'unknown_signing_key'] or refused)[0]


def on_host(path, run):
    """start for verify(): with this host's gpgv, on the file at path. run: programs.runner()."""
    program = _find()

    def check(keyring, signature):
        folder = tempfile.mkdtemp(prefix='gofleet-gpgv-')
        try:
            home, keys, signed_by, signed = [os.path.join(folder, name) for name in ('home', 'keyring.gpg', 'signature', 'signed')]
            # Empty, so that nothing of the user's counts.
            os.mkdir(home, 0o700)
            _write(keys, keyring)
            _write(signed_by, signature)
            # So no name of a file gets into what gpgv says, whatever lines it has.
            os.symlink(os.path.abspath(path), signed)
            status, said = run([program, '--homedir', home, '--keyring', keys, '--status-fd', '1', signed_by, signed], {'LC_ALL': 'C'}, folder)
        finally:
            shutil.rmtree(folder)
        lines = said.split('\n')
        return status, said, '\n'.join(line for line in lines if not line.startswith(_MARK))

    return program, check


def _write(path, content):
    with io.open(path, 'wb') as target:
        target.write(content)


def _find():
    for name in PROGRAMS:
        try:
            return get_bin_path(name)
        except ValueError:
            # The next one, or missing() below.
            pass
    raise missing(OF_HOST)


def missing(words):
    """The GofleetError for a machine without gpgv."""
    return GofleetError(
        '%s has no gpgv, which checks signatures. Install the package that has it (Debian, Ubuntu: gpgv; RHEL, Fedora and '
        'their kin: gnupg2; Alpine: gpgv, or gnupg where there is none; Homebrew: gnupg)%s, or %s.'
        % (words.machine[0].upper() + words.machine[1:], words.install, words.otherwise), 'gpgv_missing', packages=_PACKAGES)


def timestamp(seconds):
    """Seconds since 1970 as 2026-05-04T00:00:00Z, beyond 2038 too, where time.gmtime() of a 32-bit userland ends."""
    days, rest = divmod(seconds, 86400)
    return '%sT%02d:%02d:%02dZ' % (datetime.date.fromordinal(_EPOCH + days).isoformat(), rest // 3600, rest // 60 % 60, rest % 60)


def _day(seconds):
    return timestamp(seconds)[:10]


# ---- what gpgv gets to see


def _signatures(raw, path, words):
    try:
        packets = openpgp.read(raw, 'SIGNATURE', MAX_SIGNATURE)
        if not packets:
            raise ValueError('its armor is empty')
        if any(packet.tag != openpgp.SIGNATURE for packet in packets):
            raise ValueError('it holds more than signatures: a message signed inline, or a key')
        if len(packets) > MAX_SIGNATURES:
            raise ValueError('it holds %d signatures, and %d are plenty' % (len(packets), MAX_SIGNATURES))
    except ValueError as exc:
        raise _not_detached(path, to_native(exc), words)
    return packets


def _not_detached(path, reason, words):
    return GofleetError(
        'What came as the signature of %s is not a detached OpenPGP signature of a file: %s. %s' % (words.named(path), reason, words.published),
        'bad_signature_file', path=path, reason=reason)


def certificates(raw, primaries, words=OF_HOST):
    """The openpgp.Certificate of each pinned primary key that a file has. Raises GofleetError(bad_certificate, wrong_certificate)."""
    try:
        packets = openpgp.read(raw, 'PUBLIC KEY BLOCK', MAX_CERTIFICATE)
        found = openpgp.primaries(packets)
    except ValueError as exc:
        raise GofleetError(
            'What was given as %s is not an OpenPGP certificate: %s. Give one as %s has it, or as gpg --export writes it.'
            % (words.option, to_native(exc), words.owner), 'bad_certificate', reason=to_native(exc))
    pinned = [primary for primary in primaries if primary in found]
    if not pinned:
        raise GofleetError(
            'What was given as %s is not the certificate of the pinned primary key %s; its primary keys: %s. Do not trust it, wherever it '
            'came from, and take the one from %s.' % (words.option, ' or '.join(primaries), ', '.join(found) or 'none', words.owner),
            'wrong_certificate', primary=primaries[0] if len(primaries) == 1 else list(primaries), found=found)
    return [openpgp.Certificate(primary, packets) for primary in pinned]


# ---- what gpgv says


class _Status(object):
    """What gpgv says about one signature: the lines of its status channel, each a keyword and its words; and what it said to people."""

    def __init__(self, said, errors):
        # Not splitlines(): a user ID may hold other characters that it takes for the end of a line.
        lines = [line.split() for line in said.split('\n')]
        self.lines = [line[1:] for line in lines if line[:1] == [_MARK] and line[1:]]
        self.errors = errors[-2000:]
        verdicts = [line[0] for line in self.lines if line[0] in _VERDICTS]
        self.verdict = verdicts[0] if len(verdicts) == 1 else ''

    def words(self, keyword):
        found = [line[1:] for line in self.lines if line[0] == keyword]
        return found[0] if found else []

    def expiries(self):
        return [' '.join(line[1:]) for line in self.lines if line[0] == 'KEYEXPIRED']


class _Check(object):
    """Checks signatures of one file with one certificate."""

    def __init__(self, program, run, path, certificate, words):
        self.program = program
        self.run = run
        self.path = path
        self.name = words.named(path)
        self.certificate = certificate
        self.say = words

    def verdict(self, packet):
        """The Signature of a packet. Raises GofleetError unless it is good."""
        status = self._run(packet)
        if status.verdict == 'ERRSIG':
            raise self._unchecked(status)
        if status.verdict == 'BADSIG':
            raise self._error(
                'The signature that came with %s is not of this file. One of the two is damaged or was changed on the way, or they '
                'belong to different releases. Fetch both again, and from another mirror if it stays so.' % self.name, 'bad_signature', status)
        signature = self._valid(status)
        # Of a key that is both revoked and expired, gpgv says no more than that it is expired; and Sequoia's takes some revocations lightly.
        if status.verdict == 'REVKEYSIG' or self.certificate.revoked(signature.subkey):
            raise self._revoked(signature, status)
        if status.verdict == 'EXPSIG':
            raise self._error(
                'The signature of %s was made on %s to last for a time that is over. Fetch a newer one.' % (self.name, _day(signature.made)),
                'signature_expired', status)
        if status.verdict == 'EXPKEYSIG':
            self._require_lifetime(signature, packet)
        return signature

    def _run(self, packet, only=None):
        code, said, errors = self.run(self.certificate.written(only), packet.written())
        status = _Status(said, errors)
        if code < 0 or not status.verdict:
            raise self._failed(status)
        return status

    def _valid(self, status):
        """What VALIDSIG says: who signed, when and how, whatever became of the key since. Source: doc/DETAILS."""
        words = status.words('VALIDSIG')
        if len(words) < 10 or words[9] != self.certificate.primary or not _SECONDS.match(words[2]):
            raise self._failed(status)
        if words[7] not in _STRONG:
            raise self._weak(words[7], status)
        if words[8] != _OF_BYTES:
            # Type 01 is of a text: line ends and trailing blanks may differ.
            raise _not_detached(self.path, 'it signs something else (type %s)' % words[8], self.say)
        return Signature(words[9], words[0], int(words[2]), status.verdict == 'EXPKEYSIG')

    def _require_lifetime(self, signature, packet):
        # gpgv names each expired key of a certificate, not only the one that signed; so it gets to see no other subkey.
        status = self._run(packet, signature.subkey)
        expiries = status.expiries()
        if not expiries or not all(_SECONDS.match(each) for each in expiries) or self._valid(status) != signature:
            raise self._failed(status)
        end = min(int(each) for each in expiries)
        if signature.made >= end:
            raise self._error(
                '%s was signed on %s by the key %s, which had expired on %s. If its owner has prolonged it, a refreshed certificate says so: '
                '%s. If not, do not install this file.' % (self.name, _day(signature.made), signature.subkey, _day(end), self.say.refresh),
                'signed_after_expiry', status, subkey=signature.subkey, made=timestamp(signature.made), expiry=timestamp(end))

    # ---- refusals

    def _error(self, text, code, status, **evidence):
        said = [' '.join(line) for line in status.lines]
        return GofleetError(text, code, path=self.path, primary=self.certificate.primary, gpgv=self.program, status=said, **evidence)

    def _failed(self, status):
        return self._error(
            '%s on %s gave no clear verdict on the signature of %s, so there is no proof. What it said is in the evidence; see whether the '
            'program works there: gpgv --version.' % (self.program, self.say.machine, self.name), 'gpgv_failed', status, errors=status.errors)

    def _weak(self, algorithm, status):
        name = _HASHES.get(algorithm, 'algorithm %s' % algorithm)
        return self._error(
            'The signature of %s is over a %s digest, and files with equal ones can be made. SHA256, SHA384 and SHA512 are '
            'accepted: take a release that is signed so.' % (self.name, name), 'weak_signature', status, algorithm=name)

    def _revoked(self, signature, status):
        return self._error(
            '%s is signed by the key %s, which its owner has revoked. Whatever the reason, nobody can tell any more who signs with it, nor '
            'when. Do not install this file on this signature: take a release that is signed anew, or another proof.'
            % (self.name, signature.subkey), 'revoked_signing_key', status, subkey=signature.subkey, made=timestamp(signature.made))

    def _unchecked(self, status):
        """For ERRSIG: key ID, key algorithm, hash algorithm, type, time, reason."""
        key_id, algorithm, digest, dummy, made, reason = (status.words('ERRSIG') + [''] * 6)[:6]
        if reason in _NOT_OURS:
            known = any(fingerprint.endswith(key_id) for fingerprint in self.certificate.subkeys())
            return self._unbound(key_id, status) if known else self._unknown(key_id, made, status)
        if reason == _TIME_CONFLICT:
            return self._error(
                '%s is signed by the key %s, which is younger than the signature, or younger than today by the clock of %s (%s). Set that '
                'clock; if it is right, do not install this file.' % (self.name, key_id, self.say.machine, _day(int(time.time()))),
                'signature_time', status, key_id=key_id)
        if digest not in _STRONG:
            return self._weak(digest, status)
        return self._error(
            '%s on %s cannot check the signature of %s (key algorithm %s, hash algorithm %s, error %s): it is too old for them, or the system '
            'forbids them. Use a newer one, or %s.' % (self.program, self.say.machine, self.name, algorithm, digest, reason, self.say.otherwise),
            'unsupported_signature', status, key_id=key_id, errors=status.errors)

    def _unbound(self, key_id, status):
        return self._error(
            '%s is signed by the key %s, which the certificate has, but without a valid signature by its primary key %s: the certificate is '
            'damaged, or somebody put that key there. Do not install this file, and take the certificate from %s again.'
            % (self.name, key_id, self.certificate.primary, self.say.owner), 'unbound_signing_key', status, key_id=key_id)

    def _unknown(self, key_id, made, status):
        known = [(fingerprint, _day(seconds)) for fingerprint, seconds in self.certificate.subkeys().items()]
        newest = 'The newest key it has, %s, was made on %s' % known[-1] if known else 'It has none at all'
        said = ' (on %s, as it says)' % _day(int(made)) if _SECONDS.match(made) else ''
        return self._error(
            '%s is signed by the key %s%s, which the certificate at hand does not have. %s. Signing keys are replaced every year or two, so '
            'the certificate may well have grown old. Refresh it: %s. It is accepted only with the same primary key, %s. If a certificate '
            'fetched today lacks the key too, then somebody else has signed this file: do not install it.'
            % (self.name, key_id, said, newest, self.say.refresh, self.certificate.primary),
            'unknown_signing_key', status, key_id=key_id, known=dict(known), refresh=self.say.url)
