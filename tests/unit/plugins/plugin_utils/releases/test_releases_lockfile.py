# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases import lockfile
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases.releases import Record
from support.units.forked import Child

THEN, NOW = '2026-01-01T00:00:00Z', '2026-11-21T00:00:00Z'


def record(version: str, when: str = NOW, arches: tuple[str, ...] = ('amd64', 'arm64'), **changes: Any) -> Record:
    return Record(version, {
        arch: {'filename': f'go{version}.linux-{arch}.tar.gz', 'size': 7, 'sha256': 'ab' * 32, 'h1': 'h1:x',
               'vouched': {'sha256': {'index': when}, 'h1': {'log': when}}, **changes}
        for arch in arches
    })  # fmt: skip


def lock(path: Path, *records: Record) -> Path:
    lockfile.write(path, lockfile.text_of(list(records)))
    return path


def code_of(path: Path) -> str:
    with pytest.raises(GofleetError) as caught:
        lockfile.read(path)
    assert str(path) in caught.value.msg
    return caught.value.code


def test_what_was_written_is_read(tmp_path: Path) -> None:
    records = [record('1.26.6'), record('1.25.9')]
    assert lockfile.read(lock(tmp_path / 'go.lock.yml', *records)) == [each.as_option() for each in records]


def test_the_newest_release_comes_first_in_any_order_of_requests() -> None:
    one, two = record('1.9.7'), record('1.26.6')
    assert lockfile.text_of([one, two]) == lockfile.text_of([two, one])
    assert lockfile.text_of([one, two]).index('1.26.6') < lockfile.text_of([one, two]).index('1.9.7')


def test_a_version_that_looks_like_a_number_stays_text(tmp_path: Path) -> None:
    assert lockfile.read(lock(tmp_path / 'lock', Record('1.20', record('1.20').archives)))[0]['version'] == '1.20'


@pytest.mark.parametrize('text', [
    '', '{', '7', '[]', 'format: 1', 'releases: []', 'format: x\nreleases: []', 'format: 1\nreleases: [7]', 'format: 1\nreleases: [{}]',
    'format: 1\nreleases: [{version: 1.26.6}]', 'format: 1\nreleases: [{version: 1.26.6, archives: {}}]', '\x00', '&a [*a]',
    '!!python/object/apply:os.system [true]',
])  # fmt: skip
def test_an_invalid_lock_file_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / 'lock').write_text(text, encoding='utf-8')
    assert code_of(tmp_path / 'lock') == 'bad_lock'


def test_a_lock_of_a_later_version_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / 'lock').write_text('format: 2\nreleases: []\n', encoding='utf-8')
    with pytest.raises(GofleetError) as caught:
        lockfile.read(tmp_path / 'lock')
    assert (caught.value.code, 'update the collection' in caught.value.msg) == ('bad_lock', True)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / 'lock').write_bytes(b'\xff\xfe')
    assert code_of(tmp_path / 'lock') == 'bad_lock'


def test_a_missing_lock_file_is_reported_with_how_to_write_it(tmp_path: Path) -> None:
    assert code_of(tmp_path / 'lock') == 'no_lock'


def test_what_is_said_again_keeps_its_time() -> None:
    merged = lockfile.merged([record('1.26.6', THEN).as_option()], [record('1.26.6', NOW)])
    assert merged == [record('1.26.6', THEN)]


def test_new_proofs_have_the_present_time() -> None:
    new = record('1.26.6', NOW)
    new.archives['amd64']['vouched']['sha256']['signature'] = NOW
    (merged,) = lockfile.merged([record('1.26.6', THEN).as_option()], [new])
    assert merged.archives['amd64']['vouched']['sha256'] == {'index': THEN, 'signature': NOW}


@pytest.mark.parametrize('change', [{'sha256': 'cd' * 32}, {'h1': 'h1:y'}])
def test_a_release_that_changed_is_refused_with_both(change: dict[str, str]) -> None:
    with pytest.raises(GofleetError) as caught:
        lockfile.merged([record('1.26.6', THEN).as_option()], [record('1.26.6', NOW, **change)])
    assert caught.value.code == 'lock_conflict'
    (name, value), = change.items()
    assert value in caught.value.msg
    assert str(record('1.26.6').archives['amd64'][name]) in caught.value.msg


@pytest.mark.parametrize(('old', 'new', 'moves'), [
    ([], [record('1.26.6')], ['1.26.6 is added for amd64, arm64']),
    ([record('1.26.5')], [record('1.26.6')], ['1.26.5 is removed', '1.26.6 is added for amd64, arm64']),
    ([record('1.26.6')], [record('1.26.6')], []),
    ([record('1.26.6', arches=('amd64',))], [record('1.26.6')], ['1.26.6 is changed for arm64']),
    ([record('1.26.6')], [], ['1.26.6 is removed']),
])  # fmt: skip
def test_changes_of_a_renewal_are_reported(old: list[Record], new: list[Record], moves: list[str]) -> None:
    assert lockfile.moves([each.as_option() for each in old], new) == moves


def test_the_mode_of_a_lock_is_kept(tmp_path: Path) -> None:
    path = lock(tmp_path / 'lock', record('1.26.5'))
    path.chmod(0o664)
    lock(path, record('1.26.6'))
    assert path.stat().st_mode & 0o777 == 0o664


@pytest.mark.parametrize('exists', [True, False])
def test_a_lock_behind_a_link_is_written_where_the_link_leads(tmp_path: Path, exists: bool) -> None:
    target = tmp_path / 'shared' / 'go.lock.yml'
    target.parent.mkdir()
    if exists:
        lock(target, record('1.26.5'))
        target.chmod(0o640)
    (tmp_path / 'link').symlink_to('shared/go.lock.yml')
    lock(tmp_path / 'link', record('1.26.6'))
    assert str((tmp_path / 'link').readlink()) == 'shared/go.lock.yml'
    assert [each['version'] for each in lockfile.read(target)] == ['1.26.6']
    assert target.stat().st_mode & 0o777 == (0o640 if exists else 0o644)
    assert sorted(path.name for path in tmp_path.rglob('*')) == ['go.lock.yml', 'link', 'shared']


def test_a_lock_behind_links_that_lead_in_a_circle_is_refused(tmp_path: Path) -> None:
    (tmp_path / 'one').symlink_to('two')
    (tmp_path / 'two').symlink_to('one')
    with pytest.raises(GofleetError) as caught:
        lock(tmp_path / 'one', record('1.26.6'))
    assert (caught.value.code, str((tmp_path / 'one').readlink())) == ('bad_lock', 'two')


def test_a_killed_writer_leaves_the_old_lock(tmp_path: Path) -> None:
    path = lock(tmp_path / 'lock', record('1.26.5'))
    before = path.read_bytes()

    def write(child: Child) -> None:
        def wait(source: str, target: str) -> None:
            child.say(b'w')
            child.wait_for_word()

        # The last step is a rename.
        os.rename = wait
        lock(path, record('1.26.6'))

    killed = Child(write)
    assert killed.hears(b'w', 30)
    killed.kill()
    assert path.read_bytes() == before
    assert lockfile.read(lock(path, record('1.26.6')))[0]['version'] == '1.26.6'
    assert [each.name for each in tmp_path.iterdir()] == ['lock']
