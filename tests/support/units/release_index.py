# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Release indexes in the form of go.dev's, made from a few words."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def digest_of(filename: str) -> str:
    """The digest that an index of these tests gives for a file."""
    return hashlib.sha256(filename.encode()).hexdigest()


def file(version: str, target: str, kind: str = 'archive', **changes: Any) -> dict[str, Any]:
    """A row of a release's files; target: 'linux-amd64', 'darwin-arm64', 'src'."""
    system, _dash, arch = target.partition('-')
    ending = 'pkg' if kind == 'installer' else 'tar.gz'
    filename = f'go{version}.{target}.{ending}'
    row = {
        'filename': filename, 'os': system if arch else '', 'arch': arch, 'version': f'go{version}', 'sha256': digest_of(filename), 'size': 70_000_000,
        'kind': kind,
    }  # fmt: skip
    return row | changes


def release(version: str, *files: dict[str, Any]) -> dict[str, Any]:
    """A release, of two Linux architectures and what else go.dev lists unless its files are given."""
    stable = 'rc' not in version and 'beta' not in version
    rows = files or (
        file(version, 'src', 'source'), file(version, 'darwin-arm64'), file(version, 'darwin-arm64', 'installer'), file(version, 'linux-amd64'),
        file(version, 'linux-arm64'),
    )  # fmt: skip
    return {'version': f'go{version}', 'stable': stable, 'files': list(rows)}


def index(*releases: str | dict[str, Any]) -> bytes:
    """The body of an index, of versions or whole releases."""
    return json.dumps([release(each) if isinstance(each, str) else each for each in releases]).encode()
