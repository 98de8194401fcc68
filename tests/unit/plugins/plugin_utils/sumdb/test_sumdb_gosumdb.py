# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
import hashlib

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.plugin_utils._sumdb import gosumdb
from ansible_collections.gofleet.golang.plugins.plugin_utils._sumdb.gosumdb import Database, Key
from support.units.log_lookups import code_of
from support.units.transparency_log import Log

# ---- keys


def test_the_key_of_the_real_log_is_known() -> None:
    key = gosumdb.GOOGLE_KEY
    assert (key.name, key.hash.hex(), len(key.public)) == ('sum.golang.org', '033de0ae', 32)


def test_any_other_log_brings_its_key(log: Log) -> None:
    databases = [gosumdb.parse(log.key), gosumdb.parse(f'{log.key} https://log.example')]
    assert [database and database.key for database in databases] == [Key.parse(log.key)] * 2


def bad_keys() -> list[str]:
    name, digest, public = Log.of_size(1).key.split('+', 2)
    raw = base64.b64decode(public)

    def key(raw: bytes) -> str:
        digest = hashlib.sha256(name.encode() + b'\n' + raw).digest()[:4].hex()
        return f'{name}+{digest}+{base64.b64encode(raw).decode()}'

    return [
        '', ' ', 'log.test', f'{name}+{digest}', f'{name}+00000000+{public}', f'other+{digest}+{public}', f'{name}+zz+{public}', f'{name}+{digest}+',
        f'{name}+{digest}+{public[:-4]}', f'{name}+{digest}+***', key(b'\x02' + raw[1:]), key(raw[:-1]), key(raw + b'x'), key(b''),
    ]  # fmt: skip


@pytest.mark.parametrize('text', bad_keys())
def test_an_invalid_key_is_refused(text: str) -> None:
    with pytest.raises(GofleetError) as caught:
        gosumdb.parse(text)
    assert caught.value.code == 'bad_log_key'
    assert 'name+hash+base64' in caught.value.msg


def test_a_key_is_written_as_it_was_read(log: Log) -> None:
    assert str(Key.parse(log.key)) == log.key


# ---- GOSUMDB


def test_gosumdb_may_be_a_log_that_the_go_command_knows() -> None:
    key = gosumdb.GOOGLE_KEY
    assert gosumdb.parse('sum.golang.org') == Database(key, 'https://sum.golang.org', proxied=True)


def test_gosumdb_may_be_the_address_in_china_of_the_same_log() -> None:
    key = gosumdb.GOOGLE_KEY
    assert gosumdb.parse('sum.golang.google.cn') == Database(key, 'https://sum.golang.google.cn', proxied=False)


def test_gosumdb_may_be_the_key_of_an_own_log(log: Log) -> None:
    assert gosumdb.parse(log.key) == Database(Key.parse(log.key), 'https://log.test', proxied=True)


@pytest.mark.parametrize('name', ['log.test/path', 'log.test:8443', '[::1]:8443', 'log.test/a/b-c_d.e'])
def test_an_own_log_may_have_a_port_and_a_path_in_its_name(name: str) -> None:
    database = gosumdb.parse(Log.of_size(1).named(name).key)
    assert database
    assert (database.key.name, database.url) == (name, f'https://{name}')


@pytest.mark.parametrize(('written', 'url'), [
    ('https://log.example', 'https://log.example'), ('http://10.0.0.1:8080/sumdb/', 'http://10.0.0.1:8080/sumdb'),
    ('https://user:secret@log.example/x', 'https://user:secret@log.example/x'),
])  # fmt: skip
def test_gosumdb_may_say_where_a_log_is(log: Log, written: str, url: str) -> None:
    assert gosumdb.parse(f' {log.key}  {written} ') == Database(Key.parse(log.key), url, proxied=False)
    known = gosumdb.parse(f'sum.golang.org {written}')
    assert known
    assert (known.key.name, known.url) == ('sum.golang.org', url)


@pytest.mark.parametrize('text', ['off', ' off\n'])
def test_gosumdb_may_be_off(text: str) -> None:
    assert gosumdb.parse(text) is None


@pytest.mark.parametrize('url', [
    'ftp://log.example', 'file:///srv/log', 'log.example', 'https:///x', 'https://log.example?x=secret', 'https://x/#y', 'http://[::1',
    'http://x:99999', 'secret',
])  # fmt: skip
def test_an_address_of_another_form_is_refused_without_repeating_it(log: Log, url: str) -> None:
    with pytest.raises(GofleetError) as caught:
        gosumdb.parse(f'{log.key} {url}')
    assert caught.value.code == 'bad_log_url'
    assert url not in caught.value.msg


def test_gosumdb_has_at_most_two_parts(log: Log) -> None:
    with pytest.raises(GofleetError) as caught:
        gosumdb.parse(f'{log.key} https://user:secret@log.example https://other.example')
    assert caught.value.code == 'bad_log_key'
    assert 'secret' not in str(caught.value.as_result())
    assert code_of(gosumdb.parse, 'off https://log.example') == 'bad_log_key'
    assert code_of(gosumdb.parse, 'sum.golang.google.cn https://log.example') == 'bad_log_key'


@pytest.mark.parametrize('name', [
    'log.test/', 'log.test/../x', 'log.test//x', '/x', 'user@log.test', 'log.test?x', 'log.test#x', 'https://log.test', 'log.test/.',
])  # fmt: skip
def test_a_name_that_is_more_than_host_and_path_is_refused(name: str) -> None:
    assert code_of(gosumdb.parse, Log.of_size(1).named(name).key) == 'bad_log_key'
