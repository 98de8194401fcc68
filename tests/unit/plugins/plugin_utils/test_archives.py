# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._fetch.sources import Options
from ansible_collections.gofleet.golang.plugins.plugin_utils import _archives as archives
from ansible_collections.gofleet.golang.plugins.plugin_utils._cache import Cache
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases.releases import Record
from support.units.tiny_trees import Release
from support.units.web_server import Answer, WebServer

OPTIONS = Options(10, None)
ZIP_PATH = 'golang.org/toolchain/@v/v0.0.1-go1.30.1.linux-amd64.zip'


@pytest.fixture(scope='module')
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return Release(tmp_path_factory.mktemp('release'), '1.30.1', 'amd64')


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / 'cache')


def indexed(tiny: Release) -> Record:
    return Record(**tiny.record())


def logged(tiny: Release) -> Record:
    return Record(**tiny.logged())


def kept(cache: Cache) -> list[str]:
    return sorted(path.name for path in (cache.root / 'archives').rglob('*') if path.is_file())


# ---- archives that lie on the controller


def test_a_single_file_is_the_archive_under_any_name(tmp_path: Path, tiny: Release) -> None:
    (tmp_path / 'go.tgz').touch()
    assert archives.local_archive(tmp_path / 'go.tgz', indexed(tiny), 'amd64') == tmp_path / 'go.tgz'


@pytest.mark.parametrize('name', ['go1.30.1.linux-arm64.tar.gz', 'v0.0.1-go1.30.1.linux-arm64.zip'])
def test_in_a_folder_the_archive_of_the_host_s_architecture_is_taken(tmp_path: Path, tiny: Release, name: str) -> None:
    for each in (name, 'go1.30.1.linux-amd64.tar.gz', 'go1.30.2.linux-arm64.tar.gz'):
        (tmp_path / each).touch()
    assert archives.local_archive(tmp_path, indexed(tiny), 'arm64') == tmp_path / name


def test_a_pipe_is_refused_without_waiting_for_a_writer(tmp_path: Path, tiny: Release) -> None:
    os.mkfifo(tmp_path / 'go.tgz')
    with pytest.raises(GofleetError) as caught:
        archives.local_archive(tmp_path / 'go.tgz', indexed(tiny), 'amd64')
    assert caught.value.code == 'not_a_file'
    os.mkfifo(tmp_path / 'go1.30.1.linux-amd64.tar.gz')
    with pytest.raises(GofleetError) as caught:
        archives.local_archive(tmp_path, indexed(tiny), 'amd64')
    assert caught.value.code == 'archive_unreadable'


def test_a_folder_without_the_archive_is_reported_with_the_valid_names(tmp_path: Path, tiny: Release) -> None:
    with pytest.raises(GofleetError) as caught:
        archives.local_archive(tmp_path, indexed(tiny), 'arm64')
    assert caught.value.code == 'archive_unreadable'
    assert caught.value.evidence['names'] == ['go1.30.1.linux-arm64.tar.gz', 'v0.0.1-go1.30.1.linux-arm64.zip']


# ---- archives that the controller fetches


def fetch(cache: Cache, record: Record, mirrors: list[str], goproxy: list[str]) -> tuple[Path, str]:
    path, origin = archives.fetched_archive(record, 'amd64', mirrors, goproxy, OPTIONS, cache)
    return path, origin


def test_an_archive_is_fetched_once(web: WebServer, cache: Cache, tiny: Release) -> None:
    url = web.serve(f'/dl/{tiny.filename}', tiny.archive_bytes)
    answers = [fetch(cache, indexed(tiny), [f'{web.url}/dl/'], []) for _each in range(2)]
    assert [(path.name, path.read_bytes(), origin) for path, origin in answers] == [(tiny.filename, tiny.archive_bytes, url)] * 2
    assert len(web.requests) == 1


def test_an_archive_that_was_changed_in_the_cache_is_fetched_again(web: WebServer, cache: Cache, tiny: Release) -> None:
    web.serve(f'/dl/{tiny.filename}', tiny.archive_bytes)
    path = fetch(cache, indexed(tiny), [f'{web.url}/dl/'], [])[0]
    path.write_bytes(b'fake')
    assert fetch(cache, indexed(tiny), [f'{web.url}/dl/'], [])[0].read_bytes() == tiny.archive_bytes


@pytest.mark.parametrize('fake', ['junk', 'another module'])
def test_a_module_zip_that_was_changed_in_the_cache_is_fetched_again(web: WebServer, cache: Cache, tiny: Release, tmp_path: Path, fake: str) -> None:
    web.serve(f'/proxy/{ZIP_PATH}', tiny.module_bytes)
    path = fetch(cache, logged(tiny), [], [f'{web.url}/proxy'])[0]
    path.write_bytes(b'not a zip' if fake == 'junk' else other_module(tmp_path))
    assert fetch(cache, logged(tiny), [], [f'{web.url}/proxy'])[0].read_bytes() == tiny.module_bytes


def test_a_second_mirror_is_queried_if_the_first_fails(web: WebServer, cache: Cache, tiny: Release) -> None:
    url = web.serve(f'/two/{tiny.filename}', tiny.archive_bytes)
    assert fetch(cache, indexed(tiny), [f'{web.url}/one', f'{web.url}/two'], [])[1] == url


def test_a_wrong_archive_is_not_kept(web: WebServer, cache: Cache, tiny: Release) -> None:
    web.serve(f'/dl/{tiny.filename}', b'x' * len(tiny.archive_bytes))
    with pytest.raises(GofleetError) as caught:
        fetch(cache, indexed(tiny), [f'{web.url}/dl'], [])
    assert (caught.value.code, [each['code'] for each in caught.value.evidence['failures']]) == ('no_source', ['sha256_mismatch'])
    assert kept(cache) == []


def test_a_module_zip_is_fetched_where_there_is_no_archive(web: WebServer, cache: Cache, tiny: Release) -> None:
    url = web.serve(f'/proxy/{ZIP_PATH}', tiny.module_bytes)
    path, origin = fetch(cache, logged(tiny), [f'{web.url}/dl'], [f'{web.url}/proxy'])
    assert (path.name, path.read_bytes(), origin) == (tiny.module_filename, tiny.module_bytes, url)


def test_a_module_zip_helps_where_no_mirror_does(web: WebServer, cache: Cache, tiny: Release) -> None:
    web.serve(f'/proxy/{ZIP_PATH}', tiny.module_bytes)
    record = Record(**tiny.record(h1=tiny.h1))
    assert fetch(cache, record, [f'{web.url}/dl'], [f'{web.url}/proxy'])[0].suffix == '.zip'


def test_a_module_proxy_is_not_queried_without_an_h1(web: WebServer, cache: Cache, tiny: Release) -> None:
    with pytest.raises(GofleetError):
        fetch(cache, indexed(tiny), [], [f'{web.url}/proxy'])
    assert web.paths == []


def other_module(tmp_path: Path) -> bytes:
    (tmp_path / 'other').mkdir()
    content: bytes = Release(tmp_path / 'other', '1.30.1', 'amd64', VERSION=b'evil').module_bytes
    return content


def test_a_module_zip_with_another_h1_is_not_kept(web: WebServer, cache: Cache, tiny: Release, tmp_path: Path) -> None:
    web.serve(f'/proxy/{ZIP_PATH}', other_module(tmp_path))
    with pytest.raises(GofleetError) as caught:
        fetch(cache, logged(tiny), [], [f'{web.url}/proxy'])
    assert (caught.value.code, [each['code'] for each in caught.value.evidence['failures']]) == ('no_source', ['h1_mismatch'])
    assert kept(cache) == []


@pytest.mark.parametrize('body', [b'', b'not a zip', b'PK\x03\x04' + b'\0' * 100])
def test_an_invalid_zip_counts_as_a_failed_source(web: WebServer, cache: Cache, tiny: Release, body: bytes) -> None:
    web.serve(f'/proxy/{ZIP_PATH}', body)
    with pytest.raises(GofleetError) as caught:
        fetch(cache, logged(tiny), [], [f'{web.url}/proxy'])
    assert (caught.value.code, len(caught.value.evidence['failures'])) == ('no_source', 1)


@pytest.mark.parametrize('lie', ['junk', 'another module'])
def test_a_second_proxy_is_queried_if_the_first_gives_false_answers(web: WebServer, cache: Cache, tiny: Release, tmp_path: Path, lie: str) -> None:
    web.serve(f'/one/{ZIP_PATH}', b'not a zip' if lie == 'junk' else other_module(tmp_path))
    url = web.serve(f'/two/{ZIP_PATH}', tiny.module_bytes)
    assert fetch(cache, logged(tiny), [], [f'{web.url}/one', f'{web.url}/two'])[1] == url


def test_when_all_fail_each_failure_is_reported(web: WebServer, cache: Cache, tiny: Release) -> None:
    web.serve(f'/dl/{tiny.filename}', Answer(status=403))
    with pytest.raises(GofleetError) as caught:
        fetch(cache, Record(**tiny.record(h1=tiny.h1)), [f'{web.url}/dl'], [f'{web.url}/proxy'])
    assert f'{web.url}/dl/{tiny.filename}: answers 403 Forbidden.' in caught.value.msg
    assert f'{web.url}/proxy/{ZIP_PATH}: answers 404 Not Found.' in caught.value.msg


def test_without_any_source_that_is_said(cache: Cache, tiny: Release) -> None:
    with pytest.raises(GofleetError) as caught:
        fetch(cache, indexed(tiny), [], [])
    assert 'There is no source to try' in caught.value.msg
