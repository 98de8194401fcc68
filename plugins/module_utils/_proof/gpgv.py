# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Verify detached OpenPGP signatures: one is valid if gpgv accepts it and its key belongs to a pinned primary key.

gpgv checks keys, bindings and signatures. This file prepares the input of gpgv; verdicts.py decides which of its answers are sufficient.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import io
import os
import shutil
import tempfile

from ansible.module_utils.common.process import get_bin_path
from ansible.module_utils.common.text.converters import to_native

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._proof import openpgp, verdicts

# The largest files in bytes. Usual ones have 1 KiB and 20 KiB.
MAX_SIGNATURE = 64 << 10
MAX_CERTIFICATE = 256 << 10
# The most signatures in one file, because gpgv reads the signed file once for each.
MAX_SIGNATURES = 8

# Red Hat's package of GnuPG 2.0 has both programs, others only one.
PROGRAMS = ('gpgv', 'gpgv2')
_PACKAGES = {'debian': 'gpgv', 'redhat': 'gnupg2', 'alpine': 'gpgv', 'homebrew': 'gnupg'}


def verify(path, signature, certificate, primaries, start, words=verdicts.OF_HOST):
    """Verify a file by its detached signature.

    path: of the file, for messages; signature, certificate: bytes, armored or binary; the file may contain several certificates.
    primaries: fingerprints, upper-case hex. start: a function that gives (program, run) or raises GofleetError(gpgv_missing);
    run(keyring, signature), both bytes, returns (exit status, status lines of gpgv, messages of gpgv).
    Returns the first valid Signature and ignores the others; a signature of another file by a pinned key is an error.
    Raises OSError, and GofleetError: bad_signature_file, bad_certificate, wrong_certificate, gpgv_missing, gpgv_failed, bad_signature,
    unknown_signing_key, unbound_signing_key, revoked_signing_key, signed_after_expiry, signature_expired, signature_time,
    weak_signature, unsupported_signature.
    """
    packets = _signatures(signature, path, words)
    program, run = start()
    checks = [verdicts.Check(program, run, path, each, words) for each in certificates(certificate, primaries, words)]
    good, refused = [], []
    # One at a time, because gpgv 2.0 checks only the first if their hash algorithms differ.
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
    """The start function of verify() for this host's gpgv and the file at path. run: _frame.runner()."""
    program = _find()

    def check(keyring, signature):
        folder = tempfile.mkdtemp(prefix='gofleet-gpgv-')
        try:
            home, keys, signed_by, signed = [os.path.join(folder, name) for name in ('home', 'keyring.gpg', 'signature', 'signed')]
            # An empty home, so that settings and keys of the user have no effect.
            os.mkdir(home, 0o700)
            _write(keys, keyring)
            _write(signed_by, signature)
            # A link to the file, so that a name with line ends cannot forge status lines.
            os.symlink(os.path.abspath(path), signed)
            status, said = run([program, '--homedir', home, '--keyring', keys, '--status-fd', '1', signed_by, signed], {'LC_ALL': 'C'}, folder)
        finally:
            shutil.rmtree(folder)
        lines = said.split('\n')
        return status, said, '\n'.join(line for line in lines if not line.startswith(verdicts.MARK))

    return program, check


def _write(path, content):
    with io.open(path, 'wb') as target:
        target.write(content)


def _find():
    for name in PROGRAMS:
        try:
            return get_bin_path(name)
        except ValueError:
            # Try the next program; otherwise raise missing() below.
            pass
    raise missing(verdicts.OF_HOST)


def missing(words):
    """The GofleetError if gpgv is not installed."""
    return GofleetError(
        '%s has no gpgv, which checks signatures. Install the package that contains it (Debian, Ubuntu: gpgv; RHEL, Fedora and '
        'similar: gnupg2; Alpine: gpgv, or gnupg where there is none; Homebrew: gnupg)%s, or %s.'
        % (words.machine[0].upper() + words.machine[1:], words.install, words.otherwise), 'gpgv_missing', packages=_PACKAGES)


# ---- the input of gpgv


def _signatures(raw, path, words):
    try:
        packets = openpgp.read(raw, 'SIGNATURE', MAX_SIGNATURE)
        if not packets:
            raise ValueError('its armor is empty')
        if any(packet.tag != openpgp.SIGNATURE for packet in packets):
            raise ValueError('it holds more than signatures: a message signed inline, or a key')
        if len(packets) > MAX_SIGNATURES:
            raise ValueError('it holds %d signatures, more than the limit of %d' % (len(packets), MAX_SIGNATURES))
    except ValueError as exc:
        raise verdicts.not_detached(path, to_native(exc), words)
    return packets


def certificates(raw, primaries, words=verdicts.OF_HOST):
    """The openpgp.Certificate of each pinned primary key in a file. Raises GofleetError(bad_certificate, wrong_certificate)."""
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
            'What was given as %s is not the certificate of the pinned primary key %s; its primary keys: %s. Do not trust it, and '
            'use the one from %s.' % (words.option, ' or '.join(primaries), ', '.join(found) or 'none', words.owner),
            'wrong_certificate', primary=primaries[0] if len(primaries) == 1 else list(primaries), found=found)
    return [openpgp.Certificate(primary, packets) for primary in pinned]
