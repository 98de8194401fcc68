# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Against Go's own log, through the module proxy that the go command of this machine is set up with."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.plugin_utils._cache import Cache
from ansible_collections.gofleet.golang.plugins.plugin_utils._sumdb import gosumdb, lookup, tree_head
from ansible_collections.gofleet.golang.plugins.plugin_utils._sumdb import heads as log_heads

# Begins the reason of a skip that is no gap: no test may need the network.
OPTIONAL = 'not required'
SECONDS = 30
MODULE = 'golang.org/toolchain'
KEY = gosumdb.GOOGLE_KEY
# What the log says, and always will.
KNOWN = {
    'v0.0.1-go1.21.0.linux-amd64': 'h1:sJnPYT2iSG+UDbXIDjwfgOVbLmKWLr239Dg9I2xF57Y=',
    'v0.0.1-go1.26.6.linux-amd64': 'h1:owmNw4SPM9h46FGOeGJVUWzFEEDSmO6g7gAtWoXp28s=',
    'v0.0.1-go1.27.3.linux-arm64': 'h1:VY4gDzfxOrsM17J2qtgZgiAIsWhp7XWK1jMfE3kXV0s=',
}
# A head of November 2026.
SEEN = (
    'go.sum database tree\n66398721\n5oXTdOltbW8oy+WAHSPYkUE7FskIY/5ZJCYGy+buJ3g=\n\n'
    '\u2014 sum.golang.org Az3grkwAPWdf0j0QaqFdZ3Hg/pDusO9we04GR+upDAujfj+kau8VzeyO7Xqw0j0qZNnwMvwiV98DluG2iyB8t4v4WQU=\n'
).encode()


class RealLog:
    """Reads from a proxy; each path once in a session, as tiles of a log never change."""

    def __init__(self, base: str) -> None:
        self._base = base
        # With the machine's HTTP proxies, of which the tests themselves are kept free.
        self._opener = urllib.request.build_opener()
        self._answers: dict[str, bytes] = {}
        self.read: list[str] = []

    def __call__(self, path: str) -> bytes:
        self.read.append(path)
        if path not in self._answers:
            try:
                with self._opener.open(f'{self._base}/{path}', timeout=SECONDS) as answer:
                    self._answers[path] = answer.read()
            except OSError as exc:
                # Not the address, because the sources of this machine's modules are private.
                raise GofleetError(f'{path}: {type(exc).__name__}', 'log_unreachable', path=path) from exc
        return self._answers[path]

    def look_up(self, version: str, heads: lookup.HeadStore | None = None) -> str:
        self.read.clear()
        return lookup.lookup(MODULE, version, KEY, self, heads)


def proxies() -> Iterator[str]:
    go = shutil.which('go') or shutil.which('/usr/local/go/bin/go')
    if not go:
        pytest.skip(f'{OPTIONAL}: the real log, as there is no go command that says by which GOPROXY it can be asked; install Go')
    # In an empty folder, because a go.mod might require another toolchain.
    done = subprocess.run([go, 'env', 'GOPROXY'], cwd='/', env={**os.environ, 'GOTOOLCHAIN': 'local'}, capture_output=True, text=True, check=True)
    yield from (each for each in re.split('[,|]', done.stdout.strip()) if each.startswith(('http://', 'https://')))


@pytest.fixture(scope='module')
def real() -> RealLog:
    for proxy in proxies():
        log = RealLog(f'{proxy.rstrip("/")}/sumdb/{KEY.name}')
        # Asked first by clients, too: go.dev/ref/mod#checksum-database.
        with contextlib.suppress(GofleetError):
            log('supported')
            return log
    pytest.skip(f'{OPTIONAL}: the real log, as no module proxy of `go env GOPROXY` serves it here; set GOPROXY to one that does')


@pytest.fixture
def store(tmp_path: Path) -> log_heads.Heads:
    return log_heads.Heads(Cache(tmp_path / 'cache'), KEY)


def size_of(store: log_heads.Heads) -> int:
    return tree_head.parse(store.read() or b'', KEY).size


@pytest.mark.parametrize('version', KNOWN)
def test_a_real_release_is_proven_to_be_in_the_real_log(real: RealLog, version: str) -> None:
    assert real.look_up(version) == KNOWN[version]


def test_a_proof_in_the_real_log_takes_few_tiles(real: RealLog) -> None:
    real.look_up('v0.0.1-go1.26.6.linux-amd64')
    # Four at the right edge, three on the way down to the record.
    assert len(real.read) <= 8


def test_the_real_log_extends_itself_from_one_lookup_to_the_next(real: RealLog, store: log_heads.Heads) -> None:
    # A proxy answers each with the head of when it was first asked for it.
    sizes = []
    for version, h1 in KNOWN.items():
        assert real.look_up(version, store) == h1
        sizes.append(size_of(store))
    assert sizes == sorted(sizes)


def test_the_real_log_extends_what_was_seen_of_it_in_2026(real: RealLog, store: log_heads.Heads) -> None:
    store.replace(None, SEEN)
    latest = real('latest')
    answer = real('lookup/golang.org/toolchain@v0.0.1-go1.21.0.linux-amd64')

    def with_the_latest_head(path: str) -> bytes:
        return answer.partition(b'\n\n')[0] + b'\n\n' + latest if path.startswith('lookup/') else real(path)

    version = 'v0.0.1-go1.21.0.linux-amd64'
    assert lookup.lookup(MODULE, version, KEY, with_the_latest_head, store) == KNOWN[version]
    assert size_of(store) > 66398721
    # Now what was seen is the older history, and still an honest one.
    largest = store.read()
    assert lookup.lookup(MODULE, version, KEY, lambda path: answer.partition(b'\n\n')[0] + b'\n\n' + SEEN if path.startswith('lookup/') else real(path),
                         store) == KNOWN[version]
    assert store.read() == largest


def test_a_flipped_bit_in_any_tile_of_the_real_log_is_found(real: RealLog) -> None:
    version = 'v0.0.1-go1.26.6.linux-amd64'
    real.look_up(version)
    for path in [path for path in real.read if path.startswith('tile/')]:

        def read(asked: str, path: str = path) -> bytes:
            return bytes([real(asked)[0] ^ 1]) + real(asked)[1:] if asked == path else real(asked)

        with pytest.raises(GofleetError) as caught:
            lookup.lookup(MODULE, version, KEY, read)
        assert caught.value.code == 'log_malformed', path


def test_a_real_record_with_another_hash_is_not_in_the_real_log(real: RealLog, store: log_heads.Heads) -> None:
    version = 'v0.0.1-go1.26.6.linux-amd64'

    def read(path: str) -> bytes:
        return real(path).replace(b'h1:o', b'h1:p', 1) if path.startswith('lookup/') else real(path)

    with pytest.raises(GofleetError) as caught:
        lookup.lookup(MODULE, version, KEY, read, store)
    assert caught.value.code == 'log_not_included'
    assert Path(caught.value.evidence['file']).is_file()
