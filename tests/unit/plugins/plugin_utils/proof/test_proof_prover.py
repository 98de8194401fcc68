# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
import hashlib
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._fetch.sources import Options
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain.trust import Policy
from ansible_collections.gofleet.golang.plugins.plugin_utils._cache import Cache
from ansible_collections.gofleet.golang.plugins.plugin_utils._proof import prover as proofs
from ansible_collections.gofleet.golang.plugins.plugin_utils._proof import signatures
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases.releases import Record
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases.request import Request
from support.units.openpgp_keys import Home
from support.units.tiny_trees import Release
from support.units.web_server import Answer, WebServer

SIGNATURE = Policy(('signature',), False)


@pytest.fixture(scope='module')
def home() -> Iterator[Home]:
    if not shutil.which('gpg'):
        pytest.skip('gpg is not installed: it makes the key of these tests (Debian: apt-get install gnupg)')
    with Home() as home:
        yield home


@pytest.fixture(scope='module')
def primary(home: Home) -> str:
    return home.new_primary('release', '2024-01-01')


@pytest.fixture(scope='module')
def stranger(home: Home) -> str:
    return home.new_primary('stranger', '2024-01-01')


@pytest.fixture
def tiny(tmp_path: Path) -> Release:
    (tmp_path / 'release').mkdir()
    return Release(tmp_path / 'release', '1.30.1', 'amd64')


class Stand:
    """A mirror with a signed archive, and a controller that asks for its signature."""

    def __init__(self, root: Path, web: WebServer, tiny: Release) -> None:
        self.root = root
        self.web = web
        self.tiny = tiny
        self.cache = Cache(root / 'cache')
        self.options: dict[str, Any] = {'mirrors': [f'{web.url}/dl'], 'trust': SIGNATURE}
        self.record = Record(**tiny.record())
        web.serve(f'/dl/{tiny.filename}', tiny.archive_bytes)

    def sign(self, home: Home, key: str, content: bytes | None = None) -> bytes:
        signed = home.sign(key, content or self.tiny.archive_bytes, '--armor', at='2025-01-01')
        self.web.serve(f'/dl/{self.tiny.filename}.asc', signed)
        return signed

    def ask(self, run: Cache | None = None) -> GofleetError | None:
        request = Request(versions=['1.30.1'], checksums={}, given=[], goproxy=[], gosumdb='off', index_url='', index_max_age=3600,
                          options=Options(10, None), **self.options)  # fmt: skip
        return proofs.Prover(request, self.cache, run).add_signature(self.record, 'amd64', bool(request.trust.kinds))

    @property
    def kinds(self) -> list[str]:
        return sorted(self.record.archives['amd64']['vouched']['sha256'])


@pytest.fixture
def stand(tmp_path: Path, web: WebServer, tiny: Release, home: Home, primary: str, monkeypatch: pytest.MonkeyPatch) -> Stand:
    monkeypatch.setattr(signatures, 'PRIMARY', primary)
    monkeypatch.setattr(signatures, 'vendored', lambda: home.export(primary))
    return Stand(tmp_path, web, tiny)


@pytest.fixture
def proofs_made(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The archives over which a signature was verified."""
    made: list[Path] = []
    verify = signatures.verify
    monkeypatch.setattr(signatures, 'verify', lambda path, *others: made.append(path) or verify(path, *others))
    return made


def test_a_signature_vouches_for_an_archive(stand: Stand, home: Home, primary: str) -> None:
    stand.sign(home, primary)
    assert stand.ask() is None
    assert stand.kinds == ['index', 'signature']
    assert stand.record.archives['amd64']['vouched']['sha256']['signature'].startswith('2025-01-01T')


def test_a_signature_that_was_verified_is_not_requested_again(stand: Stand, home: Home, primary: str) -> None:
    stand.sign(home, primary)
    stand.ask()
    asked = len(stand.web.requests)
    stand.record = Record(**stand.tiny.record())
    assert stand.ask() is None
    assert (stand.kinds, len(stand.web.requests)) == (['index', 'signature'], asked)


def test_the_signature_itself_is_kept_and_proven_again_in_each_run(stand: Stand, home: Home, primary: str, proofs_made: list[Path]) -> None:
    stand.sign(home, primary)
    for _each in range(2):
        stand.record = Record(**stand.tiny.record())
        assert (stand.ask(), stand.kinds) == (None, ['index', 'signature'])
    assert len(proofs_made) == 2


def test_hosts_of_one_run_share_one_proof(stand: Stand, home: Home, primary: str, proofs_made: list[Path], tmp_path: Path) -> None:
    stand.sign(home, primary)
    for _each in range(3):
        stand.record = Record(**stand.tiny.record())
        assert (stand.ask(Cache(tmp_path / 'run')), stand.kinds) == (None, ['index', 'signature'])
    assert len(proofs_made) == 1


def test_a_kept_word_that_an_archive_was_signed_proves_nothing(stand: Stand, home: Home, primary: str) -> None:
    # What earlier versions kept, and what a forger would write.
    certificate = hashlib.sha256(signatures.vendored()).hexdigest()
    sha256 = stand.record.archives['amd64']['sha256']
    stand.cache.write(f'signature {sha256} {primary} {certificate}', '2025-01-01T00:00:00Z')
    assert (getattr(stand.ask(), 'code', None), stand.kinds) == ('no_signature', ['index'])


@pytest.mark.parametrize('kept', ['', 'x', 7, ['x'], 'LS0tLS1CRUdJTg=='])
def test_an_invalid_cached_signature_is_fetched_again(stand: Stand, home: Home, primary: str, kept: object) -> None:
    stand.sign(home, primary)
    stand.cache.write(f'signature of {stand.record.archives["amd64"]["sha256"]}', kept)
    assert (stand.ask(), stand.kinds) == (None, ['index', 'signature'])


def test_a_kept_signature_by_a_stranger_is_fetched_again(stand: Stand, home: Home, primary: str, stranger: str) -> None:
    forged = home.sign(stranger, stand.tiny.archive_bytes, '--armor', at='2025-01-01')
    stand.cache.write(f'signature of {stand.record.archives["amd64"]["sha256"]}', base64.b64encode(forged).decode())
    assert (getattr(stand.ask(), 'code', None), stand.kinds) == ('no_signature', ['index'])
    stand.sign(home, primary)
    assert (stand.ask(), stand.kinds) == (None, ['index', 'signature'])


def test_a_kept_signature_proves_no_archive_that_was_changed_in_the_cache(stand: Stand, home: Home, primary: str) -> None:
    stand.sign(home, primary)
    stand.ask()
    next((stand.cache.root / 'archives').glob('*/*')).write_bytes(b'fake')
    stand.record = Record(**stand.tiny.record())
    stand.web.serve(f'/dl/{stand.tiny.filename}', Answer(status=404))
    assert (getattr(stand.ask(), 'code', None), stand.kinds) == ('no_source', ['index'])


def test_without_a_signature_that_is_the_reason_and_no_archive_is_fetched(stand: Stand) -> None:
    reason = stand.ask()
    assert reason
    assert (reason.code, stand.kinds, stand.web.paths) == ('no_signature', ['index'], [f'/dl/{stand.tiny.filename}.asc'])
    assert 'answers 404' in reason.msg


def test_by_default_a_missing_signature_is_not_requested_in_every_run(stand: Stand) -> None:
    stand.options['trust'] = Policy((), False)
    assert [getattr(stand.ask(), 'code', None) for _each in range(2)] == ['no_signature'] * 2
    assert len(stand.web.requests) == 1


@pytest.mark.parametrize('policy', [SIGNATURE, Policy((), False)])
def test_forks_that_ask_at_once_make_one_request(stand: Stand, policy: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    stand.options['trust'] = policy
    second = threading.Thread(target=stand.ask)

    def read(_request: Request, _url: str, _limit: int) -> bytes:
        asked.append(_url)
        if len(asked) == 1:
            second.start()
            # It has to be waiting for this very answer: one that asked by itself would be through long before.
            second.join(0.5)
        raise GofleetError('answers 404', 'http_status')

    asked: list[str] = []
    monkeypatch.setattr(Request, 'read', read)
    stand.ask()
    second.join()
    assert len(asked) == 1


def test_an_unknown_key_is_the_reason(stand: Stand, home: Home, stranger: str) -> None:
    stand.sign(home, stranger)
    reason = stand.ask()
    assert reason
    assert (reason.code, stand.kinds) == ('unknown_signing_key', ['index'])
    assert 'signing_certificate' in reason.msg


def test_a_signature_of_another_file_stops_everything(stand: Stand, home: Home, primary: str) -> None:
    stand.sign(home, primary, b'another file')
    with pytest.raises(GofleetError) as caught:
        stand.ask()
    assert (caught.value.code, stand.kinds) == ('bad_signature', ['index'])


def test_a_refreshed_certificate_may_be_at_an_address(stand: Stand, home: Home, primary: str, monkeypatch: pytest.MonkeyPatch) -> None:
    older = home.export(primary)
    monkeypatch.setattr(signatures, 'vendored', lambda: older)
    subkey = home.add_subkey(primary, '2024-06-01', '2089-01-01')
    stand.sign(home, subkey)
    assert getattr(stand.ask(), 'code', None) == 'unknown_signing_key'
    stand.options['certificate'] = stand.web.serve('/key.pub', home.export(primary, '--armor'))
    assert (stand.ask(), stand.kinds) == (None, ['index', 'signature'])


def test_a_certificate_with_another_primary_key_ends_the_verification(stand: Stand, home: Home, primary: str, stranger: str, tmp_path: Path) -> None:
    stand.sign(home, primary)
    (tmp_path / 'key.asc').write_bytes(home.export(stranger))
    stand.options['certificate'] = str(tmp_path / 'key.asc')
    with pytest.raises(GofleetError) as caught:
        stand.ask()
    assert caught.value.code == 'wrong_certificate'


def test_a_certificate_that_cannot_be_fetched_is_reported(stand: Stand, home: Home, primary: str) -> None:
    stand.sign(home, primary)
    stand.options['certificate'] = f'{stand.web.url}/nowhere.pub'
    with pytest.raises(GofleetError) as caught:
        stand.ask()
    assert (caught.value.code, 'nowhere.pub answers 404' in caught.value.msg) == ('no_certificate', True)


def test_a_local_archive_is_proven_by_the_signature_beside_it(stand: Stand, home: Home, primary: str, tiny: Release) -> None:
    local = Path(tiny.archive)
    local.with_name(f'{local.name}.asc').write_bytes(home.sign(primary, tiny.archive_bytes, at='2025-01-01'))
    stand.options.update(archive=local.parent, mirrors=[])
    assert (stand.ask(), stand.kinds, stand.web.paths) == (None, ['index', 'signature'], [])


def test_a_local_archive_that_is_another_one_proves_nothing(stand: Stand, home: Home, primary: str, tiny: Release) -> None:
    local = Path(tiny.archive)
    local.with_name(f'{local.name}.asc').write_bytes(home.sign(primary, b'other', at='2025-01-01'))
    local.write_bytes(b'other')
    stand.options.update(archive=local.parent, mirrors=[])
    assert (getattr(stand.ask(), 'code', None), stand.kinds) == ('no_signature', ['index'])


def test_what_has_no_sha256_has_no_signature(stand: Stand) -> None:
    stand.record = Record(**stand.tiny.logged())
    assert (getattr(stand.ask(), 'code', None), stand.web.paths) == ('no_signature', [])
