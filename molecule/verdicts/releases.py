# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A release in a publisher's form: files, a checksum file, its signature, and a tree.

    releases.py FOLDER    makes the folder; FOLDER/release.json has the options by which artifact_verify proves it
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

PLACE = "/opt/gofleet-release"
FILES = {"pinned.bin": bytes(range(256)) * 64, "app.tar.gz": b"an archive\n", "a name.bin": b"of two words\n", "bsd.bin": b"listed as BSD does\n"}
TREE = {"README": (b"read me\n", 0o644), "bin/tool": (b"#!/bin/sh\n", 0o755), "etc/settings": (b"key=value\n", 0o640), "empty": (b"", 0o644)}
# What gpgv 2.0 can still check.
KEY = ("Publisher <publisher@example.com>", "rsa3072", "sign", "never")


def sha256(name: str) -> str:
    return hashlib.sha256(FILES[name]).hexdigest()


def write(path: Path, content: bytes, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(mode)


def sign(folder: Path, name: str) -> str:
    """Signs a file with a key that exists only here; the primary's fingerprint."""
    with tempfile.TemporaryDirectory(prefix="gofleet-gpg-") as home:
        environment = {**os.environ, "GNUPGHOME": home}

        def gpg(*words: str) -> str:
            return subprocess.run(["gpg", "--batch", "--yes", *words], env=environment, capture_output=True, text=True, check=True).stdout

        try:
            gpg("--passphrase", "", "--pinentry-mode", "loopback", "--quick-generate-key", *KEY)
            listed = gpg("--with-colons", "--list-keys").splitlines()
            gpg("--armor", "--output", str(folder / "publisher.asc"), "--export")
            gpg("--armor", "--digest-algo", "SHA256", "--output", str(folder / f"{name}.asc"), "--detach-sign", str(folder / name))
        finally:
            subprocess.run(["gpgconf", "--kill", "gpg-agent"], env=environment, check=True)
    return next(line.split(":")[9] for line in listed if line.startswith("fpr:"))


def options(fingerprint: str) -> dict[str, object]:
    return {
        "fingerprint": fingerprint,
        "files": [
            {"path": f"{PLACE}/pinned.bin", "checksum": f"sha256:{sha256('pinned.bin')}"},
            {"path": f"{PLACE}/app.tar.gz", "checksum_file": f"{PLACE}/SHA256SUMS", "checksum_name": "dist/app.tar.gz"},
            {"path": f"{PLACE}/a name.bin", "checksum_file": f"{PLACE}/SHA256SUMS"},
            {"path": f"{PLACE}/bsd.bin", "checksum_file": f"{PLACE}/SHA256SUMS"},
        ],
        "signed": [{"path": f"{PLACE}/SHA256SUMS", "signature": f"{PLACE}/SHA256SUMS.asc"}],
    }


def main(folder: Path) -> int:
    for name, content in FILES.items():
        write(folder / name, content)
    for name, (content, mode) in TREE.items():
        write(folder / "tree" / name, content, mode)
    (folder / "tree" / "link").symlink_to("bin/tool")
    lines = (f"{sha256('app.tar.gz')}  ./dist/app.tar.gz", f"{sha256('a name.bin')} *a name.bin", f"SHA256 (bsd.bin) = {sha256('bsd.bin')}")
    write(folder / "SHA256SUMS", "".join(f"{line}\n" for line in lines).encode())
    known = options(sign(folder, "SHA256SUMS"))
    (folder / "release.json").write_text(json.dumps(known), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
