# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from support.mirror import certificates
from support.mirror.certificates import Authority


def test_the_authority_is_made_once(tmp_path: Path) -> None:
    first = Authority.kept(tmp_path / "ca").certificate.read_bytes()
    assert Authority.kept(tmp_path / "ca").certificate.read_bytes() == first


def test_an_authority_about_to_expire_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificates, "CA_LIFETIME", timedelta(days=30))
    first = Authority.kept(tmp_path / "ca").certificate.read_bytes()
    monkeypatch.undo()
    assert Authority.kept(tmp_path / "ca").certificate.read_bytes() != first


def test_half_an_authority_is_replaced_whole(tmp_path: Path) -> None:
    authority = Authority.kept(tmp_path / "ca")
    authority.key.unlink()
    again = Authority.kept(tmp_path / "ca")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(again.certificate, again.key)


def test_a_server_certificate_names_every_address(authority: Authority, tmp_path: Path) -> None:
    issued = authority.issue(tmp_path, ["127.0.0.1", "172.17.0.1", "fd00::1"], ["localhost"])
    certificate = x509.load_pem_x509_certificate(issued.chain.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == [
        "127.0.0.1",
        "172.17.0.1",
        "fd00::1",
    ]
    assert names.get_values_for_type(x509.DNSName)[0] == "localhost"


def test_an_address_is_a_dns_name_too_for_python_2(authority: Authority, tmp_path: Path) -> None:
    issued = authority.issue(tmp_path, ["172.17.0.1"], ["localhost"])
    certificate = x509.load_pem_x509_certificate(issued.chain.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost", "172.17.0.1"]


def test_certificates_are_what_old_and_strict_clients_take(authority: Authority, tmp_path: Path) -> None:
    issuer = x509.load_pem_x509_certificate(authority.certificate.read_bytes())
    certificate = x509.load_pem_x509_certificate(authority.issue(tmp_path).chain.read_bytes())
    certificate.verify_directly_issued_by(issuer)
    assert certificate.signature_hash_algorithm is not None
    assert certificate.signature_hash_algorithm.name == "sha256"
    assert issuer.extensions.get_extension_for_class(x509.BasicConstraints).critical
    assert certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
    assert certificate.not_valid_before_utc < datetime.now(UTC) - timedelta(days=1)
    assert certificate.not_valid_after_utc - certificate.not_valid_before_utc <= timedelta(days=398)


def test_keys_are_for_their_owner_only(authority: Authority, tmp_path: Path) -> None:
    for key in (authority.key, authority.issue(tmp_path).key):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
