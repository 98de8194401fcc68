# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.plugin_utils import _cache as cache_module
from ansible_collections.gofleet.golang.plugins.plugin_utils._cache import Cache
from support.units.forked import Child


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / 'cache')


def making(content: bytes) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        path.write_bytes(content)

    return make


def refusing(path: Path) -> None:
    raise AssertionError(f'{path} was made though it is there')


def intact(path: Path) -> bool:
    return True


def files_in(cache: Cache) -> list[str]:
    """The names of all files but locks."""
    return sorted(path.name for path in cache.root.rglob('*') if path.is_file() and path.parent.name != 'locks')


def test_the_cache_lies_where_the_xdg_specification_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('XDG_CACHE_HOME', '/var/cache')
    assert cache_module.default_root() == Path('/var/cache/gofleet')
    monkeypatch.setenv('XDG_CACHE_HOME', '')
    monkeypatch.setenv('HOME', '/home/gopher')
    assert cache_module.default_root() == Path('/home/gopher/.cache/gofleet')


# ---- values


def test_a_value_is_read_as_it_was_written(cache: Cache) -> None:
    cache.write('key', {'list': [1, 'zwei'], 'none': None})
    assert cache.read('key') == {'list': [1, 'zwei'], 'none': None}


def test_a_value_is_replaced(cache: Cache) -> None:
    cache.write('key', 'old')
    cache.write('key', 'new')
    assert cache.read('key') == 'new'


def test_keys_are_apart_whatever_they_hold(cache: Cache) -> None:
    keys = ['index https://a/', 'index https://b/', '../escape', '/', '', 'a' * 5000, 'ä']
    for key in keys:
        cache.write(key, key)
    assert [cache.read(key) for key in keys] == keys
    assert [path.name for path in cache.root.parent.iterdir()] == ['cache']


def test_there_is_no_value_before_one_is_written(cache: Cache) -> None:
    assert cache.read('key') is None


def test_two_caches_of_one_folder_share_their_values(cache: Cache) -> None:
    cache.write('key', 'value')
    assert Cache(cache.root).read('key') == 'value'


@pytest.mark.parametrize('content', [b'', b'{', b'\xff\xfe', b'\0' * 10])
def test_an_unreadable_value_is_null(cache: Cache, content: bytes) -> None:
    cache.write('key', 'value')
    next((cache.root / 'values').iterdir()).write_bytes(content)
    assert cache.read('key') is None
    cache.write('key', 'again')
    assert cache.read('key') == 'again'


def test_a_value_that_cannot_be_written_leaves_the_old_one(cache: Cache) -> None:
    cache.write('key', 'old')
    with pytest.raises(TypeError):
        cache.write('key', object())
    assert (cache.read('key'), len(files_in(cache))) == ('old', 1)


# ---- archives


def test_an_archive_is_made_once(cache: Cache) -> None:
    path = cache.archive('key', 'go.tar.gz', making(b'content'), intact)
    assert (path.name, path.read_bytes()) == ('go.tar.gz', b'content')
    assert cache.archive('key', 'go.tar.gz', refusing, intact) == path


def test_archives_of_two_keys_are_apart(cache: Cache) -> None:
    one, other = cache.archive('one', 'go.tar.gz', making(b'1'), intact), cache.archive('other', 'go.tar.gz', making(b'2'), intact)
    assert (one.read_bytes(), other.read_bytes()) == (b'1', b'2')


def test_an_archive_that_cannot_be_made_is_not_kept(cache: Cache) -> None:
    def fail(path: Path) -> None:
        path.write_bytes(b'half')
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - any error of the maker's
        cache.archive('key', 'go.tar.gz', fail, intact)
    assert files_in(cache) == []
    assert cache.archive('key', 'go.tar.gz', making(b'whole'), intact).read_bytes() == b'whole'


def test_while_it_is_made_an_archive_has_no_name(cache: Cache) -> None:
    def make(path: Path) -> None:
        path.write_bytes(b'half')
        assert 'go.tar.gz' not in files_in(cache)

    cache.archive('key', 'go.tar.gz', make, intact)


def test_of_many_processes_one_makes_the_archive(cache: Cache, tmp_path: Path) -> None:
    makers = tmp_path / 'makers'

    def make(path: Path) -> None:
        with makers.open('a') as log:
            log.write(f'{os.getpid()}\n')
        path.write_bytes(b'content')

    def ask(child: Child) -> bytes:
        child.wait_for_word()
        return cache.archive('key', 'go.tar.gz', make, intact).read_bytes()

    children = [Child(ask) for _each in range(5)]
    for child in children:
        child.tell()
    assert [child.result() for child in children] == [b'content'] * 5
    assert len(makers.read_text().splitlines()) == 1


def test_a_killed_maker_leaves_nothing_that_is_taken_for_an_archive(cache: Cache) -> None:
    def make_half(child: Child) -> None:
        def make(path: Path) -> None:
            path.write_bytes(b'half')
            child.say(b'h')
            child.wait_for_word()

        cache.archive('key', 'go.tar.gz', make, intact)

    killed = Child(make_half)
    assert killed.hears(b'h', 30)
    killed.kill()
    assert cache.archive('key', 'go.tar.gz', making(b'whole'), intact).read_bytes() == b'whole'


def test_a_key_is_locked_for_others_and_other_keys_are_not(cache: Cache) -> None:
    def locker(key: str) -> Child:
        def lock(child: Child) -> None:
            child.wait_for_word()
            with cache.locked(key):
                child.say(b'h')

        return Child(lock)

    # Created before the lock is taken, because a process that is forked later inherits the lock.
    same, other = locker('key'), locker('other')
    with cache.locked('key'):
        same.tell()
        other.tell()
        assert other.hears(b'h', 30)
        assert not same.hears(b'h', 0.2)
    assert same.hears(b'h', 30)
    same.result()
    other.result()


# ---- what others may have put there


def test_a_cache_is_for_its_user_alone_also_if_it_was_readable_before(cache: Cache) -> None:
    cache.root.mkdir(mode=0o755)
    cache.write('key', 'value')
    cache.archive('key', 'go.tar.gz', making(b'content'), intact)
    modes = {str(path.relative_to(cache.root)): stat.S_IMODE(path.stat().st_mode) for path in [cache.root, *cache.root.rglob('*')]}
    assert {name: mode for name, mode in modes.items() if mode not in (0o700, 0o600)} == {}


def test_a_cache_that_others_may_write_to_is_refused_with_what_to_do(cache: Cache) -> None:
    cache.root.mkdir()
    cache.root.chmod(0o777)
    with pytest.raises(GofleetError, match='Set cache_path to a folder') as caught:
        cache.read('key')
    assert caught.value.code == 'unsafe_folder'


def test_an_archive_that_was_changed_in_the_cache_is_made_again(cache: Cache) -> None:
    path = cache.archive('key', 'go.tar.gz', making(b'true'), intact)
    path.write_bytes(b'fake')
    assert cache.archive('key', 'go.tar.gz', making(b'true'), lambda each: each.read_bytes() == b'true').read_bytes() == b'true'


def test_a_link_in_the_place_of_an_archive_is_replaced_and_not_followed(cache: Cache, tmp_path: Path) -> None:
    path = cache.archive('key', 'go.tar.gz', making(b'old'), intact)
    path.unlink()
    path.symlink_to(tmp_path / 'target')
    (tmp_path / 'target').write_bytes(b'target')
    assert cache.archive('key', 'go.tar.gz', making(b'new'), intact) == path
    assert (path.is_symlink(), path.read_bytes(), (tmp_path / 'target').read_bytes()) == (False, b'new', b'target')


def test_a_link_in_the_place_of_a_value_is_replaced_and_not_followed(cache: Cache, tmp_path: Path) -> None:
    cache.write('key', 'value')
    path = next((cache.root / 'values').iterdir())
    path.unlink()
    path.symlink_to(tmp_path / 'target')
    (tmp_path / 'target').write_text('"target"')
    assert cache.read('key') is None
    cache.write('key', 'again')
    assert (cache.read('key'), (tmp_path / 'target').read_text()) == ('again', '"target"')


def test_archives_behind_a_link_are_not_removed_to_make_room(tmp_path: Path) -> None:
    cache = Cache(tmp_path / 'cache', max_bytes=10)
    (tmp_path / 'elsewhere').mkdir()
    (tmp_path / 'elsewhere' / 'file').write_bytes(b'x' * 100)
    (cache.folder('archives') / 'link').symlink_to(tmp_path / 'elsewhere')
    put(cache, 'new', 100, 0)
    assert (tmp_path / 'elsewhere' / 'file').exists()


def test_a_value_with_too_deep_nesting_is_invalid(cache: Cache) -> None:
    cache.write('key', 'value')
    next((cache.root / 'values').iterdir()).write_bytes(b'[' * 100_000)
    assert cache.read('key') is None


# ---- its bounds


def put(cache: Cache, name: str, size: int, age: int) -> Path:
    path = cache.archive(name, f'{name}.tar.gz', making(b'x' * size), intact)
    os.utime(path, (path.stat().st_atime, path.stat().st_mtime - age))
    return path


def test_the_least_recently_used_archives_go_first(tmp_path: Path) -> None:
    cache = Cache(tmp_path, max_bytes=250)
    paths = {name: put(cache, name, 100, age) for name, age in (('old', 300), ('older', 500))}
    paths['new'] = put(cache, 'new', 100, 0)
    assert {name: path.exists() for name, path in paths.items()} == {'old': True, 'older': False, 'new': True}


def test_use_keeps_an_archive_young(tmp_path: Path) -> None:
    cache = Cache(tmp_path, max_bytes=250)
    first, second = put(cache, 'first', 100, 500), put(cache, 'second', 100, 300)
    cache.archive('first', 'first.tar.gz', refusing, intact)
    put(cache, 'third', 100, 0)
    assert (first.exists(), second.exists()) == (True, False)


def test_as_many_archives_as_fit_are_kept(tmp_path: Path) -> None:
    cache = Cache(tmp_path, max_bytes=300)
    paths = [put(cache, str(age), 100, age) for age in (300, 200, 100)]
    assert [path.exists() for path in paths] == [True] * 3


def test_the_requested_archive_is_kept_even_if_it_is_too_large_for_the_cache(tmp_path: Path) -> None:
    cache = Cache(tmp_path, max_bytes=50)
    put(cache, 'small', 10, 100)
    assert cache.archive('large', 'large.tar.gz', making(b'x' * 100), intact).exists()
    assert files_in(cache) == ['large.tar.gz']


def test_what_killed_makers_left_counts_and_goes(tmp_path: Path) -> None:
    cache = Cache(tmp_path, max_bytes=150)
    left = put(cache, 'a', 100, 10_000).with_name('.new-left')
    left.write_bytes(b'x' * 100)
    os.utime(left, (0, left.stat().st_mtime - 1_000_000))
    put(cache, 'b', 100, 0)
    assert not left.exists()


def test_an_archive_that_is_just_being_made_is_not_removed(tmp_path: Path) -> None:
    cache = Cache(tmp_path, max_bytes=100)

    def make(path: Path) -> None:
        path.write_bytes(b'x' * 100)
        # Another run needs room in the meantime.
        cache.archive('other', 'other.tar.gz', making(b'y' * 100), intact)

    assert cache.archive('key', 'go.tar.gz', make, intact).read_bytes() == b'x' * 100


def test_a_file_that_another_process_removed_first_is_not_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = Cache(tmp_path, max_bytes=100)
    real = cache_module._files
    # Another process shrinks the cache between the listing of the files and their inspection.
    monkeypatch.setattr(cache_module, '_files', lambda folder: [*real(folder), folder / 'gone' / 'go.tar.gz'])
    assert cache.archive('key', 'go.tar.gz', making(b'x'), intact).exists()
