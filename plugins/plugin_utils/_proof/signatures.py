# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The OpenPGP signatures of Go's releases: the pinned primary key, refresh of its certificate, and the controller's gpgv.

module_utils/_proof/gpgv.py decides which signatures are valid, on the controller and on hosts.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ansible_collections.gofleet.golang.plugins.module_utils._proof import gpgv, verdicts

# Google's key for Linux packages. Its subkeys sign, and they change every year or two.
PRIMARY = 'EB4C1BFD4F042F6DDDCCEC917721F63BD38B4796'
REFRESHED = 'https://dl.google.com/linux/linux_signing_key.pub'

_WORDS = verdicts.Words(
    named=os.path.basename, machine='the controller', option='signing_certificate', owner=REFRESHED, url=REFRESHED,
    refresh=f'"signing_certificate: {REFRESHED}", or the path of a copy of that file on the controller',
    published='Go publishes one beside each archive, under its name with .asc after it; a mirror without signatures may answer anything. '
              'Give that file, or a mirror that has it.',
    install=', in the execution environment if one is used', otherwise='ask for another proof with trust',
)  # fmt: skip


@dataclass(frozen=True)
class Signature:
    """A valid signature.

    primary, subkey: fingerprints, upper-case hex; subkey is the key that signed. expired: whether the key has expired since.
    """

    primary: str
    subkey: str
    made: datetime
    expired: bool


def vendored() -> bytes:
    """The certificate that this version ships, armored."""
    return (Path(__file__).parent / 'keys' / 'google-linux-packages.asc').read_bytes()


def verify(path: Path, signature: bytes, certificate: bytes, primary: str = PRIMARY) -> Signature:
    """Verify a file by its detached signature.

    signature, certificate: armored or binary; the file may contain several certificates. primary: fingerprint, upper-case hex.
    Raises OSError, and GofleetError as gpgv.verify() does.
    """
    made = gpgv.verify(str(path), signature, certificate, [primary], lambda: _on_controller(path), _WORDS)
    return Signature(made.primary, made.subkey, datetime.fromtimestamp(made.made, UTC), made.expired)


def accept_refresh(old: bytes, new: bytes, primary: str = PRIMARY) -> bytes:
    """The pinned primary key's certificate, binary, merged from the old file and the refreshed one.

    So no packet is lost, in particular no revocation. gpgv checks whether the primary key has bound a subkey when the subkey has
    signed a file: every gpgv refuses signatures by a subkey without a valid binding signature.
    Raises GofleetError: bad_certificate, wrong_certificate.
    """
    known, fresh = (gpgv.certificates(raw, [primary], _WORDS)[0] for raw in (old, new))
    known.merge(fresh)
    return bytes(known.written())


def _on_controller(path: Path) -> tuple[str, Callable[[bytes, bytes], tuple[int, str, str]]]:
    """The start of gpgv.verify()."""
    program = next(filter(None, map(shutil.which, gpgv.PROGRAMS)), None)
    if not program:
        raise gpgv.missing(_WORDS)

    def run(keyring: bytes, signature: bytes) -> tuple[int, str, str]:
        with tempfile.TemporaryDirectory(prefix='gofleet-gpgv-') as name, path.open('rb') as signed:
            home, keys, signed_by = (Path(name) / part for part in ('home', 'keyring.gpg', 'signature'))
            # An empty home, so that settings and keys of the user have no effect.
            home.mkdir(mode=0o700)
            keys.write_bytes(keyring)
            signed_by.write_bytes(signature)
            done = subprocess.run(
                [program, '--homedir', str(home), '--keyring', str(keys), '--status-fd', '1', str(signed_by), '-'],
                stdin=signed, capture_output=True, env={**os.environ, 'LC_ALL': 'C'}, check=False,
            )  # fmt: skip
        return done.returncode, done.stdout.decode('utf-8', 'replace'), done.stderr.decode('utf-8', 'replace')

    return program, run
