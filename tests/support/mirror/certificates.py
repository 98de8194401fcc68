# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A certification authority for tests, kept in the cache, and server certificates issued by it.

RSA 2048 with SHA-256 and the plain extensions only: what OpenSSL 1.0.2k (CentOS 7) takes, and what the strict checks
of Python 3.13 ask for (critical basicConstraints, key usages, key identifiers).
"""

from __future__ import annotations

import ipaddress
import os
import shutil
import ssl
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from support.lanes import cache_root
from support.toolchains.real import locked

# .test is reserved (RFC 6761): a name that only /etc/hosts or a proxy can resolve.
NAMES = ("localhost", "mirror.test")

CA_LIFETIME = timedelta(days=1825)
CA_RENEWAL = timedelta(days=60)
# Browsers' limit; some TLS stacks reject more.
SERVER_LIFETIME = timedelta(days=397)
# A test host's clock may be behind.
BACKDATED = timedelta(days=2)


@dataclass(frozen=True)
class ServerCertificate:
    chain: Path
    key: Path
    authority: Path
    names: tuple[str, ...]

    def context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self.chain, self.key)
        return context


@dataclass(frozen=True)
class Authority:
    certificate: Path
    key: Path

    @classmethod
    def kept(cls, folder: Path | None = None) -> Authority:
        """The cache's authority, made at the first call and anew when it is about to expire."""
        place = folder or cache_root() / "certificates" / "ca"
        found = cls(place / "ca.pem", place / "ca.key")
        with locked(place.parent / f".{place.name}.lock"):
            if not found._usable():
                _make_authority(place)
        return found

    def issue(self, folder: Path, addresses: Sequence[str] = ("127.0.0.1",), names: Sequence[str] = NAMES) -> ServerCertificate:
        """A server certificate for IP addresses and DNS names, written into a folder."""
        key = _new_key()
        alternatives: list[x509.GeneralName] = [x509.IPAddress(ipaddress.ip_address(address)) for address in addresses]
        # Python 2.7 compares an address in a URL with DNS names only, so that addresses must stand among them too.
        alternatives += [x509.DNSName(name) for name in (*names, *addresses)]
        issuer = x509.load_pem_x509_certificate(self.certificate.read_bytes())
        builder = _builder("gofleet test mirror", issuer.subject, key.public_key(), SERVER_LIFETIME)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_usage(digital_signature=True, key_encipherment=True), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        identifier = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
        signer = serialization.load_pem_private_key(self.key.read_bytes(), password=None)
        if not isinstance(signer, rsa.RSAPrivateKey):
            raise TypeError(f"{self.key} holds no RSA key: remove {self.key.parent}, it is made anew")
        folder.mkdir(parents=True, exist_ok=True)
        issued = ServerCertificate(folder / "server.pem", folder / "server.key", self.certificate, (*addresses, *names))
        _write_pair(issued.chain, builder.sign(signer, hashes.SHA256()), issued.key, key)
        return issued

    def _usable(self) -> bool:
        if not (self.certificate.is_file() and self.key.is_file()):
            return False
        certificate = x509.load_pem_x509_certificate(self.certificate.read_bytes())
        return certificate.not_valid_after_utc - datetime.now(UTC) > CA_RENEWAL


def _make_authority(place: Path) -> None:
    """Key and certificate come into place together, by one rename."""
    stage = Path(tempfile.mkdtemp(prefix=f".{place.name}.new-", dir=place.parent))
    key = _new_key()
    name = "gofleet test authority"
    builder = _builder(name, _name(name), key.public_key(), CA_LIFETIME)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
    _write_pair(stage / "ca.pem", builder.sign(key, hashes.SHA256()), stage / "ca.key", key)
    if place.exists():
        shutil.rmtree(place)
    stage.chmod(0o755)
    stage.rename(place)


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(subject: str, issuer: x509.Name, key: rsa.RSAPublicKey, lifetime: timedelta) -> x509.CertificateBuilder:
    start = datetime.now(UTC).replace(microsecond=0) - BACKDATED
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + lifetime)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(
    digital_signature: bool = False, key_encipherment: bool = False, key_cert_sign: bool = False, crl_sign: bool = False
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=key_encipherment,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )


def _write_pair(certificate_path: Path, certificate: x509.Certificate, key_path: Path, key: rsa.RSAPrivateKey) -> None:
    certificate_path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    handle = os.open(key_path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(
            key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
        )
