# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""In which folders a controller keeps what it relies on, and that no link or pipe in them is followed."""

from __future__ import annotations

import os
import pwd
import stat
from pathlib import Path

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.plugin_utils import _private_folders as private_folders

ADVICE = 'Choose another folder.'
STRANGER = 12345
US = 1000


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def refusal(path: Path, below_sticky: bool = False) -> GofleetError:
    with pytest.raises(GofleetError) as caught:
        private_folders.own(path, ADVICE, below_sticky)
    assert caught.value.code == 'unsafe_folder'
    assert caught.value.msg.endswith(ADVICE)
    assert caught.value.evidence['path'] == str(path)
    return caught.value


def give_away(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a folder to another user; if only root could do that, pretend to be another user instead."""
    if os.geteuid() == 0:
        os.chown(path, STRANGER, STRANGER, follow_symlinks=False)
    else:
        monkeypatch.setattr(os, 'geteuid', lambda: STRANGER)


# ---- the folder itself


def test_a_folder_is_created_for_this_user_alone_with_what_is_missing_above_it(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        made = private_folders.own(tmp_path / 'a' / 'b', ADVICE)
    finally:
        os.umask(old)
    assert (made, mode_of(tmp_path / 'a'), mode_of(made)) == (tmp_path / 'a' / 'b', 0o700, 0o700)


@pytest.mark.parametrize('mode', [0o755, 0o750, 0o711, 0o1755])
def test_a_folder_of_ours_that_others_may_read_is_closed_to_them(tmp_path: Path, mode: int) -> None:
    (tmp_path / 'cache').mkdir()
    (tmp_path / 'cache').chmod(mode)
    assert mode_of(private_folders.own(tmp_path / 'cache', ADVICE)) == 0o700


@pytest.mark.parametrize('mode', [0o777, 0o1777, 0o757, 0o702])
def test_a_folder_that_everybody_may_write_to_is_refused_and_stays_as_it_is(tmp_path: Path, mode: int) -> None:
    (tmp_path / 'cache').mkdir()
    (tmp_path / 'cache').chmod(mode)
    error = refusal(tmp_path / 'cache')
    assert (error.evidence['folder'], mode_of(tmp_path / 'cache')) == (str(tmp_path / 'cache'), mode)
    assert 'everybody may write to it' in error.msg


def test_a_folder_of_another_user_is_refused_with_both_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / 'cache').mkdir(mode=0o700)
    owner = STRANGER if os.geteuid() == 0 else os.geteuid()
    give_away(tmp_path / 'cache', monkeypatch)
    error = refusal(tmp_path / 'cache')
    assert f'uid {owner}' in error.msg
    assert f'uid {os.geteuid()}' in error.msg


def test_a_folder_below_one_that_everybody_may_write_to_is_refused(tmp_path: Path) -> None:
    (tmp_path / 'open' / 'cache').mkdir(parents=True)
    (tmp_path / 'open').chmod(0o777)
    assert refusal(tmp_path / 'open' / 'cache').evidence['folder'] == str(tmp_path / 'open')


def test_a_folder_below_another_users_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / 'theirs' / 'cache').mkdir(parents=True)
    give_away(tmp_path / 'theirs', monkeypatch)
    assert 'it belongs to' in refusal(tmp_path / 'theirs' / 'cache').msg


def test_an_unsafe_path_is_refused_before_anything_is_created(tmp_path: Path) -> None:
    (tmp_path / 'open').mkdir()
    (tmp_path / 'open').chmod(0o777)
    refusal(tmp_path / 'open' / 'cache')
    assert list((tmp_path / 'open').iterdir()) == []


def test_a_file_in_the_place_of_a_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / 'cache').touch()
    with pytest.raises(NotADirectoryError):
        private_folders.own(tmp_path / 'cache', ADVICE)


# ---- links on the way


def test_a_link_of_ours_leads_to_the_real_folder(tmp_path: Path) -> None:
    (tmp_path / 'disk').mkdir()
    (tmp_path / 'one').symlink_to('two/../two')
    (tmp_path / 'two').symlink_to(tmp_path / 'disk')
    assert private_folders.own(tmp_path / 'one' / 'cache', ADVICE) == tmp_path / 'disk' / 'cache'


def test_a_link_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / 'disk').mkdir()
    (tmp_path / 'link').symlink_to(tmp_path / 'disk')
    give_away(tmp_path / 'link', monkeypatch)
    refusal(tmp_path / 'link' / 'cache')


def test_a_link_into_a_folder_that_everybody_may_write_to_is_refused(tmp_path: Path) -> None:
    (tmp_path / 'open' / 'cache').mkdir(parents=True)
    (tmp_path / 'open').chmod(0o777)
    (tmp_path / 'link').symlink_to(tmp_path / 'open' / 'cache')
    assert refusal(tmp_path / 'link').evidence['folder'] == str(tmp_path / 'open')


def test_links_in_a_circle_are_an_error(tmp_path: Path) -> None:
    (tmp_path / 'one').symlink_to('two')
    (tmp_path / 'two').symlink_to('one')
    with pytest.raises(OSError, match='symbolic links'):
        private_folders.own(tmp_path / 'one' / 'cache', ADVICE)


# ---- write access to the folders on the way: values, not folders


def verdict(monkeypatch: pytest.MonkeyPatch, mode: int, uid: int, gid: int, user: int = US, sticky_is_safe: bool = False) -> str:
    monkeypatch.setattr(os, 'geteuid', lambda: user)
    status = os.stat_result((stat.S_IFDIR | mode, 1, 1, 2, uid, gid, 0, 0, 0, 0))
    try:
        private_folders._vet(Path('/no/such/folder'), status, ADVICE, sticky_is_safe)
    except GofleetError as exc:
        return str(exc.code)
    return 'safe'


@pytest.mark.parametrize(('mode', 'uid', 'gid', 'user', 'expected'), [
    (0o755, 0, 0, US, 'safe'), (0o755, US, US, US, 'safe'), (0o755, STRANGER, US, US, 'unsafe_folder'),
    # HOME in an execution environment of AWX is /runner: mode 0775, root:root, and the user any of that group.
    (0o775, 0, 0, US, 'safe'), (0o2775, 0, 0, US, 'safe'), (0o775, US, 0, US, 'safe'), (0o775, 0, 0, 0, 'safe'),
    # A group without a name on this machine is not a private group.
    (0o775, 0, 54321, US, 'unsafe_folder'), (0o775, US, 54321, US, 'unsafe_folder'), (0o775, 0, 54321, 0, 'unsafe_folder'),
    (0o777, 0, 0, US, 'unsafe_folder'), (0o1777, 0, 0, 0, 'unsafe_folder'), (0o755, US, US, 0, 'unsafe_folder'),
])  # fmt: skip
def test_who_may_write_decides(monkeypatch: pytest.MonkeyPatch, mode: int, uid: int, gid: int, user: int, expected: str) -> None:
    assert verdict(monkeypatch, mode, uid, gid, user) == expected


def test_a_sticky_folder_on_the_way_is_safe_where_the_caller_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [verdict(monkeypatch, 0o1777, 0, 0, 0, sticky_is_safe=safe) for safe in (True, False)] == ['safe', 'unsafe_folder']


def test_a_folder_without_sticky_bit_is_not_safe_because_sticky_ones_are(monkeypatch: pytest.MonkeyPatch) -> None:
    assert verdict(monkeypatch, 0o777, 0, 0, 0, sticky_is_safe=True) == 'unsafe_folder'


def test_below_tmp_an_ordinary_user_may_have_a_cache_and_root_may_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / 'tmp').mkdir()
    (tmp_path / 'tmp').chmod(0o1777)
    (tmp_path / 'tmp' / 'cache').mkdir(mode=0o700)
    owner = os.geteuid()
    walked: list[bool] = []
    monkeypatch.setattr(private_folders, '_walk', lambda path, _advice, sticky_is_safe: walked.append(sticky_is_safe) or path)
    for user in (owner or US, 0):
        monkeypatch.setattr(os, 'geteuid', lambda user=user: user)
        if owner in (0, user):
            private_folders.own(tmp_path / 'tmp' / 'cache', ADVICE)
        else:
            refusal(tmp_path / 'tmp' / 'cache')
    assert walked == [True, False]


def test_a_group_without_other_members_may_write(monkeypatch: pytest.MonkeyPatch) -> None:
    class Group:
        gr_name, gr_mem = 'gopher', ['gopher']

    class User:
        pw_name, pw_uid, pw_gid = 'gopher', US, US

    monkeypatch.setattr(private_folders.grp, 'getgrgid', lambda gid: Group)
    monkeypatch.setattr(pwd, 'getpwuid', lambda uid: User)
    monkeypatch.setattr(pwd, 'getpwall', lambda: [User])
    assert verdict(monkeypatch, 0o775, US, US) == 'safe'
    Group.gr_mem = ['gopher', 'mallory']
    assert verdict(monkeypatch, 0o775, US, US) == 'unsafe_folder'
    # A directory service need not list the members of other groups.
    Group.gr_name, Group.gr_mem = 'domain users', []
    assert verdict(monkeypatch, 0o775, US, US) == 'unsafe_folder'


def test_for_root_a_group_without_members_may_write(monkeypatch: pytest.MonkeyPatch) -> None:
    class Staff:
        gr_name, gr_mem = 'staff', ['root']

    class User:
        pw_name, pw_uid, pw_gid = 'gopher', US, 50

    users: list[type[User]] = []
    monkeypatch.setattr(private_folders.grp, 'getgrgid', lambda gid: Staff)
    monkeypatch.setattr(pwd, 'getpwall', lambda: users)
    assert verdict(monkeypatch, 0o2775, 0, 50, user=0) == 'safe'
    users.append(User)
    assert verdict(monkeypatch, 0o2775, 0, 50, user=0) == 'unsafe_folder'
    users.clear()
    Staff.gr_mem = ['gopher']
    assert verdict(monkeypatch, 0o2775, 0, 50, user=0) == 'unsafe_folder'


def test_an_access_list_makes_group_bits_count_as_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, 'getxattr', lambda path, name: b'list')
    assert (verdict(monkeypatch, 0o775, 0, 0), verdict(monkeypatch, 0o755, 0, 0)) == ('unsafe_folder', 'safe')


# ---- what lies in it


def test_a_link_in_the_place_of_an_inner_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / 'elsewhere').mkdir()
    (tmp_path / 'values').symlink_to('elsewhere')
    with pytest.raises(GofleetError, match='symbolic link') as caught:
        private_folders.inner(tmp_path / 'values', ADVICE)
    assert caught.value.code == 'unsafe_folder'


def test_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / 'value').write_bytes(b'1234')
    assert [private_folders.read_file(tmp_path / 'value', limit) for limit in (4, 3)] == [b'1234', None]


def test_what_is_no_file_counts_as_nothing(tmp_path: Path) -> None:
    (tmp_path / 'real').write_bytes(b'1234')
    (tmp_path / 'link').symlink_to('real')
    (tmp_path / 'folder').mkdir()
    os.mkfifo(tmp_path / 'pipe')
    names = ('missing', 'link', 'folder', 'pipe')
    assert [private_folders.read_file(tmp_path / name, 100) for name in names] == [None] * 4


def test_a_lock_is_for_this_user_alone_also_if_it_was_there(tmp_path: Path) -> None:
    (tmp_path / 'old').write_text('content')
    (tmp_path / 'old').chmod(0o644)
    for name in ('old', 'new'):
        os.close(private_folders.open_lock(tmp_path / name))
    assert [mode_of(tmp_path / name) for name in ('old', 'new')] == [0o600] * 2
    assert (tmp_path / 'old').read_text() == 'content'


def test_a_lock_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / 'target').write_text('content')
    (tmp_path / 'lock').symlink_to('target')
    (tmp_path / 'other').symlink_to('created')
    for name in ('lock', 'other'):
        with pytest.raises(OSError, match='symbolic links'):
            private_folders.open_lock(tmp_path / name)
    assert ((tmp_path / 'target').read_text(), (tmp_path / 'created').exists()) == ('content', False)
