# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._go import version as go_version
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases import releases
from support.units.release_index import digest_of, file, index, release

URL = 'https://go.dev/dl/?mode=json&include=all'
HEX = 'ab' * 32


def parsed(body: bytes) -> dict[str, releases.Record]:
    return {record.version: record for record in releases.parse_index(body, URL)}


def error_of(function: Callable[..., object], *arguments: object) -> GofleetError:
    with pytest.raises(GofleetError) as caught:
        function(*arguments)
    return caught.value


# ---- the index


def test_a_release_becomes_a_record_of_its_linux_archives() -> None:
    record = parsed(index('1.26.6'))['1.26.6']
    filename = 'go1.26.6.linux-amd64.tar.gz'
    assert sorted(record.archives) == ['amd64', 'arm64']
    when = record.archives['amd64']['vouched']
    assert record.archives['amd64'] == {'filename': filename, 'sha256': digest_of(filename), 'size': 70_000_000, 'vouched': when}
    assert [list(entry['vouched']['sha256']) for entry in record.archives.values()] == [['index']] * len(record.archives)


def test_the_index_calls_32_bit_arm_by_another_name_than_go() -> None:
    record = parsed(index(release('1.26.6', file('1.26.6', 'linux-armv6l'))))['1.26.6']
    assert {goarch: archive['filename'] for goarch, archive in record.archives.items()} == {'arm': 'go1.26.6.linux-armv6l.tar.gz'}


def test_release_candidates_and_first_releases_are_known_by_their_names() -> None:
    assert list(parsed(index('1.27rc1', '1.26.0', '1.20', '1.18beta2'))) == ['1.27rc1', '1.26.0', '1.20', '1.18beta2']


def test_a_release_without_archives_for_linux_is_left_out() -> None:
    assert list(parsed(index('1.26.6', release('1.26.5', file('1.26.5', 'darwin-arm64'), file('1.26.5', 'src', 'source'))))) == ['1.26.6']


# Real entries of go.dev's whole index.
@pytest.mark.parametrize('version', ['1', '1.9.2rc2', '1.4-bootstrap-20170531'])
def test_a_release_of_another_kind_of_name_is_left_out(version: str) -> None:
    assert list(parsed(index('1.26.6', version))) == ['1.26.6']


def test_a_release_without_sha256_does_not_spoil_the_index() -> None:
    # go.dev has none for what is older than 1.6 (golang/go#37586, #45608).
    old = release('1.4.3', file('1.4.3', 'linux-amd64', sha256=''), file('1.4.3', 'linux-386', sha256=''))
    known = parsed(index('1.26.6', old))
    assert '1.26.6' in known
    assert '1.4.3' not in known


def test_digests_are_kept_in_small_letters() -> None:
    record = parsed(index(release('1.26.6', file('1.26.6', 'linux-amd64', sha256=HEX.upper()))))['1.26.6']
    assert record.archives['amd64']['sha256'] == HEX


@pytest.mark.parametrize('body', [
    b'', b'<!DOCTYPE html>', b'null', b'7', b'"text"', b'{}', b'[7]', b'[null]', b'[{}]', b'{"message": "not found"}', b'\xff\xfe', b'[',
    b'[{"version": "go1.26.6"}]', b'[{"version": "go1.26.6", "files": null}]', b'[{"version": 1.26, "files": []}]',
    b'[{"version": "go1.26.6", "files": [{"filename": "go1.26.6.linux-amd64.tar.gz"}]}]',
])  # fmt: skip
def test_an_invalid_index_is_refused(body: bytes) -> None:
    error = error_of(releases.parse_index, body, URL)
    assert (error.code, error.evidence) == ('bad_index', {'url': URL})


@pytest.mark.parametrize('change', [
    {'filename': '../../etc/passwd'}, {'filename': '/etc/passwd'}, {'filename': 'go1.26.6.linux-amd64.tar.gz/../x'}, {'filename': ''}, {'filename': 7},
    {'sha256': 'xyz'}, {'sha256': None}, {'sha256': HEX + '0'}, {'size': 'large'}, {'size': None},
])  # fmt: skip
def test_an_archive_that_cannot_be_one_of_gos_makes_the_index_suspect(change: dict[str, Any]) -> None:
    assert error_of(releases.parse_index, index(release('1.26.6', file('1.26.6', 'linux-amd64', **change))), URL).code == 'bad_index'


def test_an_index_without_releases_is_empty() -> None:
    assert releases.parse_index(b'[]', URL) == []


def test_a_record_is_given_to_the_host_as_the_option_has_it() -> None:
    record = releases.Record('1.26.6', {'amd64': {'filename': 'x'}})
    assert record.as_option() == {
        'version': '1.26.6', 'archives': {'amd64': {'filename': 'x'}}}  # fmt: skip
    assert releases.Record(**json.loads(json.dumps(record.as_option()))) == record


# ---- pins


@pytest.mark.parametrize('digest', [HEX, f'sha256:{HEX}', HEX.upper(), f'sha256:{HEX.upper()}'])
def test_a_pin_is_a_record(digest: str) -> None:
    record = releases.pinned({'go1.26.6.linux-amd64.tar.gz': digest})['1.26.6']
    when = record.archives['amd64']['vouched']
    assert record.archives == {'amd64': {'filename': 'go1.26.6.linux-amd64.tar.gz', 'sha256': HEX, 'vouched': when}}
    assert list(record.archives['amd64']['vouched']['sha256']) == ['pinned']


def test_pins_of_one_version_make_one_record() -> None:
    names = ['go1.26.6.linux-amd64.tar.gz', 'go1.26.6.linux-armv6l.tar.gz', 'go1.20.linux-amd64.tar.gz']
    records = releases.pinned(dict.fromkeys(names, HEX))
    assert {version: sorted(record.archives) for version, record in records.items()} == {'1.26.6': ['amd64', 'arm'], '1.20': ['amd64']}


@pytest.mark.parametrize(('name', 'digest'), [
    ('go1.26.6.linux-amd64.tar.gz', 'ab'), ('go1.26.6.linux-amd64.tar.gz', 'md5:' + HEX), ('go1.26.6.linux-amd64.tar.gz', ''),
    ('go1.26.6.linux-amd64.tar.gz', f'{HEX}  go1.26.6.linux-amd64.tar.gz'), ('go1.26.6.darwin-amd64.tar.gz', HEX), ('go1.26.6.linux-amd64.zip', HEX),
    ('../go1.26.6.linux-amd64.tar.gz', HEX), ('1.26.6', HEX), ('go1.26.6.linux-amd64.tar.gz.sha256', HEX),
])  # fmt: skip
def test_a_pin_of_another_form_is_refused(name: str, digest: str) -> None:
    error = error_of(releases.pinned, {name: digest})
    assert (error.code, error.evidence) == ('invalid_checksum', {'name': name, 'digest': digest})


def test_a_pin_of_an_impossible_version_is_refused() -> None:
    assert error_of(releases.pinned, {'go1.2.3.4.linux-amd64.tar.gz': HEX}).code in ('invalid_checksum', 'invalid_version')


# ---- resolving


KNOWN = ['1.27rc1', '1.26.6', '1.26.5', '1.26.10', '1.25.9', '1.20.14', '1.20', '1.18beta2', '1.9.7']


@pytest.mark.parametrize(('asked', 'version'), [
    ('latest', '1.26.10'), ('1.26', '1.26.10'), ('1.25', '1.25.9'), ('1.20', '1.20.14'), ('1.9', '1.9.7'), ('1.26.5', '1.26.5'),
    ('1.20.0', '1.20'), ('1.27rc1', '1.27rc1'), ('go1.26.6', '1.26.6'), ('1.18beta2', '1.18beta2'),
])  # fmt: skip
def test_a_spec_means_the_newest_stable_release_of_what_it_names(asked: str, version: str) -> None:
    assert releases.resolve(go_version.parse_spec(asked), KNOWN, 'here') == version


@pytest.mark.parametrize(('asked', 'newest'), [('1.27', '1.27rc1'), ('1.18', '1.18beta2')])
def test_a_line_that_has_no_stable_release_yet_is_reported_with_its_newest(asked: str, newest: str) -> None:
    error = error_of(releases.resolve, go_version.parse_spec(asked), KNOWN, 'here')
    assert (error.code, error.evidence) == ('no_stable_release', {'wanted': asked, 'newest': newest})
    assert f"version: '{newest}'" in error.msg


@pytest.mark.parametrize(('asked', 'near'), [
    ('1.26.7', ['1.26.5', '1.26.6', '1.26.10']), ('1.26.99', ['1.26.5', '1.26.6', '1.26.10']), ('1.24', ['1.25.9', '1.26.5', '1.26.6']),
    ('1.99.0', ['1.26.5', '1.26.6', '1.27rc1']),
])  # fmt: skip
def test_an_unknown_version_is_reported_with_the_nearest_known(asked: str, near: list[str]) -> None:
    error = error_of(releases.resolve, go_version.parse_spec(asked), KNOWN, 'here')
    assert (error.code, error.evidence['wanted']) == ('unknown_version', asked)
    assert set(error.evidence['nearest']) & set(near)
    assert ', '.join(error.evidence['nearest']) in error.msg
    assert 'here' in error.msg


def test_the_nearest_are_of_the_same_line_where_there_are_any() -> None:
    error = error_of(releases.resolve, go_version.parse_spec('1.26.7'), KNOWN, 'here')
    assert error.evidence['nearest'] == ['1.26.5', '1.26.6', '1.26.10']


@pytest.mark.parametrize('asked', ['latest', '1.26', '1.26.6'])
def test_where_nothing_is_known_that_is_said(asked: str) -> None:
    error = error_of(releases.resolve, go_version.parse_spec(asked), [], 'here')
    assert (error.code, error.evidence['nearest']) == ('unknown_version', [])
    assert 'knows no release at all' in error.msg


def test_latest_is_never_a_release_candidate() -> None:
    assert error_of(releases.resolve, go_version.parse_spec('latest'), ['1.27rc1'], 'here').code == 'no_stable_release'


# ---- versions that YAML took for numbers


@pytest.mark.parametrize(('asked', 'meant'), [(str(1.20), '1.20'), (str(1.10), '1.10'), (str(1.30), '1.30')])
def test_an_unknown_line_that_may_have_lost_a_zero_is_reported_with_the_quotes(asked: str, meant: str) -> None:
    message = error_of(releases.resolve, go_version.parse_spec(asked), ['1.20.14', '1.26.6'], 'the index').msg
    assert (f'Go {asked} is not in the index' in message, f'write "{meant}" in quotes' in message) == (True, True)


@pytest.mark.parametrize('asked', ['1.99', '1.2.3', '1.2rc1', '1.0', '2.0'])
def test_an_unknown_version_that_lost_no_zero_is_reported_without_quotes(asked: str) -> None:
    assert 'quotes' not in error_of(releases.resolve, go_version.parse_spec(asked), ['1.26.6'], 'the index').msg


@pytest.mark.parametrize('asked', [str(1.10), str(1.20), str(1.30)])
def test_a_line_that_must_have_lost_a_zero_is_not_removed_in_silence(asked: str) -> None:
    error = error_of(releases.check_removed, ['1.26', asked])
    assert (error.code, f'write "{asked}0" in quotes' in error.msg) == ('invalid_version', True)


@pytest.mark.parametrize('asked', ['1.4', '1.9', '1.20', '1.2.2', '1.26.6'])
def test_other_lines_and_releases_are_removed(asked: str) -> None:
    releases.check_removed([asked])
