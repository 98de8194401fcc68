# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Interpret the output of gpgv for a signature, and decide whether it is sufficient.

Sources: GnuPG's doc/DETAILS (status lines), and the output of gpgv 2.0.22, 2.2.27, 2.2.40 and 2.4.7.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import datetime
import re
import time
from collections import namedtuple

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError

# Hash algorithms, RFC 4880 section 9.4: current gpgv still accepts SHA1, and gpgv 2.0 accepts MD5.
_STRONG = ('8', '9', '10')
_HASHES = {'1': 'MD5', '2': 'SHA1', '3': 'RIPEMD160', '11': 'SHA224'}
# RFC 4880 section 5.2.1.
_OF_BYTES = '00'
# Reasons of ERRSIG, as numbers of libgpg-error: 9 is a missing key; for a key that the primary key has not bound, 6 before gpgv 2.4,
# and 1 if the back signature is missing.
_NOT_OURS = ('1', '6', '9')
_TIME_CONFLICT = '39'
# gpgv prints one of these for each signature.
_VERDICTS = ('GOODSIG', 'EXPKEYSIG', 'REVKEYSIG', 'EXPSIG', 'BADSIG', 'ERRSIG')
# In seconds since 1970; OpenPGP's times have 32 bits.
_SECONDS = re.compile(r'[0-9]{1,10}\Z')
_EPOCH = datetime.date(1970, 1, 1).toordinal()
# The beginning of each line of the status channel.
MARK = '[GNUPG:]'

# A valid signature. primary, subkey: fingerprints, upper-case hex; subkey is the key that signed. made: seconds since 1970;
# expired: whether the key has expired since.
Signature = namedtuple('Signature', 'primary subkey made expired')

# Parts of messages that depend on where the signature is checked. machine: which gpgv it is; option: of the certificate; owner: the one who
# has a newer certificate; refresh: how to pass that; url: of it, or None; published: where to get the signature; install: where else gpgv may
# have to be installed; otherwise: what to do without a signature; named: a function of a path that returns the name to show.
Words = namedtuple('Words', 'machine option owner refresh url published install otherwise named')
OF_HOST = Words(
    named=str, machine='this host', option='certificate', owner='its owner', refresh='give a newer copy of it, from its owner, as certificate', url=None,
    published='Whoever publishes the file publishes one beside it, often under its name with .asc, .sig or .gpg after it. Give that file.',
    install='', otherwise='prove the file by a checksum')


def timestamp(seconds):
    """Seconds since 1970 as 2026-05-04T00:00:00Z, also beyond 2038, which time.gmtime() of a 32-bit userland does not support."""
    days, rest = divmod(seconds, 86400)
    return '%sT%02d:%02d:%02dZ' % (datetime.date.fromordinal(_EPOCH + days).isoformat(), rest // 3600, rest // 60 % 60, rest % 60)


def _day(seconds):
    return timestamp(seconds)[:10]


def not_detached(path, reason, words):
    """The GofleetError for a signature that is not a detached signature of a file."""
    return GofleetError(
        'The signature of %s is not a detached OpenPGP signature: %s. %s' % (words.named(path), reason, words.published),
        'bad_signature_file', path=path, reason=reason)


class Status(object):
    """The output of gpgv for one signature: the lines of its status channel, each a keyword and its words, and its messages."""

    def __init__(self, said, errors):
        # Not splitlines(), because a user ID may contain characters at which it would split.
        lines = [line.split() for line in said.split('\n')]
        self.lines = [line[1:] for line in lines if line[:1] == [MARK] and line[1:]]
        self.errors = errors[-2000:]
        verdicts = [line[0] for line in self.lines if line[0] in _VERDICTS]
        self.verdict = verdicts[0] if len(verdicts) == 1 else ''

    def words(self, keyword):
        found = [line[1:] for line in self.lines if line[0] == keyword]
        return found[0] if found else []

    def expiries(self):
        return [' '.join(line[1:]) for line in self.lines if line[0] == 'KEYEXPIRED']


class Check(object):
    """Checks signatures of one file with one certificate."""

    def __init__(self, program, run, path, certificate, words):
        self.program = program
        self.run = run
        self.path = path
        self.name = words.named(path)
        self.certificate = certificate
        self.say = words

    def verdict(self, packet):
        """The Signature of a packet. Raises GofleetError unless it is valid."""
        status = self._run(packet)
        if status.verdict == 'ERRSIG':
            raise self._unchecked(status)
        if status.verdict == 'BADSIG':
            raise self._error(
                'The signature that came with %s is not of this file. One of the two is damaged or was changed on the way, or they '
                'belong to different releases. Fetch both again, and from another mirror if it stays so.' % self.name, 'bad_signature', status)
        signature = self._valid(status)
        # gpgv reports a key that is both revoked and expired only as expired; and Sequoia's gpgv ignores some revocations.
        if status.verdict == 'REVKEYSIG' or self.certificate.revoked(signature.subkey):
            raise self._revoked(signature, status)
        if status.verdict == 'EXPSIG':
            raise self._error(
                'The signature of %s was made on %s and has expired. Fetch a newer one.' % (self.name, _day(signature.made)),
                'signature_expired', status)
        if status.verdict == 'EXPKEYSIG':
            self._require_lifetime(signature, packet)
        return signature

    def _run(self, packet, only=None):
        code, said, errors = self.run(self.certificate.written(only), packet.written())
        status = Status(said, errors)
        if code < 0 or not status.verdict:
            raise self._failed(status)
        return status

    def _valid(self, status):
        """The Signature in VALIDSIG, which has signer, time and algorithms even if the key is now revoked or expired. Source: doc/DETAILS."""
        words = status.words('VALIDSIG')
        if len(words) < 10 or words[9] != self.certificate.primary or not _SECONDS.match(words[2]):
            raise self._failed(status)
        if words[7] not in _STRONG:
            raise self._weak(words[7], status)
        if words[8] != _OF_BYTES:
            # Type 01 signs a text, in which line ends and trailing blanks may differ.
            raise not_detached(self.path, 'it signs something else (type %s)' % words[8], self.say)
        return Signature(words[9], words[0], int(words[2]), status.verdict == 'EXPKEYSIG')

    def _require_lifetime(self, signature, packet):
        # gpgv reports each expired key of a certificate, not only the one that signed; so the keyring has no other subkey.
        status = self._run(packet, signature.subkey)
        expiries = status.expiries()
        if not expiries or not all(_SECONDS.match(each) for each in expiries) or self._valid(status) != signature:
            raise self._failed(status)
        end = min(int(each) for each in expiries)
        if signature.made >= end:
            raise self._error(
                '%s was signed on %s by the key %s, which had expired on %s. If its owner has extended its validity, a newer certificate says so: '
                '%s. If not, do not install this file.' % (self.name, _day(signature.made), signature.subkey, _day(end), self.say.refresh),
                'signed_after_expiry', status, subkey=signature.subkey, made=timestamp(signature.made), expiry=timestamp(end))

    # ---- refusals

    def _error(self, text, code, status, **evidence):
        said = [' '.join(line) for line in status.lines]
        return GofleetError(text, code, path=self.path, primary=self.certificate.primary, gpgv=self.program, status=said, **evidence)

    def _failed(self, status):
        return self._error(
            '%s on %s gave no clear verdict on the signature of %s, so it is not verified. Its output is in the evidence; check that the '
            'program works there: gpgv --version.' % (self.program, self.say.machine, self.name), 'gpgv_failed', status, errors=status.errors)

    def _weak(self, algorithm, status):
        name = _HASHES.get(algorithm, 'algorithm %s' % algorithm)
        return self._error(
            'The signature of %s is over a %s digest, and another file with the same digest can be made. SHA256, SHA384 and SHA512 are '
            'accepted: use a release that is signed with one of them.' % (self.name, name), 'weak_signature', status, algorithm=name)

    def _revoked(self, signature, status):
        return self._error(
            '%s is signed by the key %s, which its owner has revoked: someone else may have it now. '
            'Do not install this file on this signature: use a release that is signed again, or another proof.'
            % (self.name, signature.subkey), 'revoked_signing_key', status, subkey=signature.subkey, made=timestamp(signature.made))

    def _unchecked(self, status):
        """The GofleetError for ERRSIG: key ID, key algorithm, hash algorithm, type, time, reason."""
        key_id, algorithm, digest, dummy, made, reason = (status.words('ERRSIG') + [''] * 6)[:6]
        if reason in _NOT_OURS:
            known = any(fingerprint.endswith(key_id) for fingerprint in self.certificate.subkeys())
            return self._unbound(key_id, status) if known else self._unknown(key_id, made, status)
        if reason == _TIME_CONFLICT:
            return self._error(
                '%s is signed by the key %s, which was made after the signature, or after today by the clock of %s (%s). Set that '
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
            '%s is signed by the key %s, which is in the certificate without a valid signature by its primary key %s: the certificate is '
            'damaged, or someone added that key. Do not install this file, and get the certificate from %s again.'
            % (self.name, key_id, self.certificate.primary, self.say.owner), 'unbound_signing_key', status, key_id=key_id)

    def _unknown(self, key_id, made, status):
        known = [(fingerprint, _day(seconds)) for fingerprint, seconds in self.certificate.subkeys().items()]
        newest = 'Its newest key, %s, was made on %s' % known[-1] if known else 'It has no signing key'
        said = ' (on %s, by its own date)' % _day(int(made)) if _SECONDS.match(made) else ''
        return self._error(
            '%s is signed by the key %s%s, which is not in the certificate. %s. Signing keys are replaced every year or two, so '
            'the certificate may be outdated. Refresh it: %s. It is accepted only with the same primary key, %s. If a current certificate '
            'does not have the key either, then someone else has signed this file: do not install it.'
            % (self.name, key_id, said, newest, self.say.refresh, self.certificate.primary),
            'unknown_signing_key', status, key_id=key_id, known=dict(known), refresh=self.say.url)
