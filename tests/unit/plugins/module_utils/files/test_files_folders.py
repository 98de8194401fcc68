# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import folders, system_calls
from ansible_collections.gofleet.golang.plugins.module_utils._files import owners as folder_owners
from support.units import forked


@pytest.fixture
def theirs(open_folder):
    """A folder of another user, as root sees it."""
    forked.require_root()
    folder = open_folder.mkdir('theirs')
    os.chown(str(folder), forked.NOBODY, forked.NOBODY)
    return folder


def names_in(folder):
    return sorted(os.listdir(str(folder)))


def owner(path):
    return os.lstat(str(path)).st_uid


# ---- whose a folder is


def refusal(path):
    with pytest.raises(GofleetError) as caught:
        folder_owners.check_safe(str(path), 'The prefix', 'Choose another.')
    assert caught.value.code == 'unsafe_folder'
    return caught.value


def test_a_folder_of_roots_alone_is_safe_and_so_is_what_is_missing_in_it(open_folder):
    folder_owners.check_safe(str(open_folder.join('a', 'b')), 'The prefix', '')


def test_a_folder_of_another_user_is_refused_by_name_and_owner(theirs):
    error = refusal(theirs)
    assert error.evidence['folder'] == str(theirs)
    assert 'uid %d' % forked.NOBODY in error.msg
    assert error.msg.endswith('Choose another.')


def test_a_folder_below_one_of_another_user_is_refused_though_it_is_roots(theirs):
    assert refusal(theirs.mkdir('roots')).evidence['folder'] == str(theirs)


def test_a_missing_path_below_a_folder_of_another_user_is_refused(theirs):
    assert refusal(theirs.join('a', 'b')).evidence['folder'] == str(theirs)


@pytest.mark.parametrize('mode', [0o777, 0o1777, 0o757])
def test_a_folder_that_every_user_can_write_to_is_refused_sticky_or_not(open_folder, mode):
    forked.require_root()
    folder = open_folder.mkdir('everybodys')
    os.chmod(str(folder), mode)
    assert 'every user (mode %04o)' % mode in refusal(folder.join('prefix')).msg


def test_a_folder_that_a_group_can_write_to_is_refused_if_the_group_has_members(open_folder):
    forked.require_root()
    folder = open_folder.mkdir('groups')
    os.chown(str(folder), 0, forked.NOBODY)
    os.chmod(str(folder), 0o2775)
    # The user of this number has it as the first group.
    assert 'by the group' in refusal(folder).msg


def test_a_folder_that_only_roots_own_group_can_write_to_is_safe(open_folder):
    forked.require_root()
    folder = open_folder.mkdir('roots')
    os.chmod(str(folder), 0o2775)
    folder_owners.check_safe(str(folder), 'The prefix', '')


def test_a_folder_whose_access_list_admits_another_user_is_refused(open_folder, monkeypatch):
    forked.require_root()
    folder = open_folder.mkdir('listed')
    os.chmod(str(folder), 0o775)
    monkeypatch.setattr(system_calls, 'may_have_access_list', lambda path: True)
    assert 'by the group' in refusal(folder).msg


def test_a_link_leads_to_where_it_is_looked_at(open_folder, theirs):
    os.symlink(str(theirs), str(open_folder.join('link')))
    assert refusal(open_folder.join('link', 'prefix')).evidence['folder'] == str(theirs)


def test_a_link_that_leads_up_and_down_is_followed(open_folder, theirs):
    open_folder.mkdir('deep').mkdir('er')
    os.symlink('../../theirs', str(open_folder.join('deep', 'er', 'link')))
    assert refusal(open_folder.join('deep', 'er', 'link')).evidence['folder'] == str(theirs)


def test_links_in_a_circle_end_in_an_error(open_folder):
    forked.require_root()
    os.symlink('b', str(open_folder.join('a')))
    os.symlink('a', str(open_folder.join('b')))
    with pytest.raises(OSError):
        folder_owners.check_safe(str(open_folder.join('a')), 'The prefix', '')


def test_an_ordinary_user_relies_on_what_they_like(theirs):
    assert forked.as_ordinary_user(lambda: folder_owners.check_safe(str(theirs), 'The prefix', '')) is None


@pytest.mark.parametrize('kind', ['link', 'file', 'shared', 'another user'])
def test_only_a_folder_of_this_user_alone_is_own(open_folder, kind):
    path = open_folder.join('own')
    if kind == 'link':
        os.symlink(str(open_folder.mkdir('real')), str(path))
    elif kind == 'file':
        path.write('')
    else:
        path.mkdir()
        os.chmod(str(path), 0o777 if kind == 'shared' else 0o755)
    if kind == 'another user':
        forked.require_root()
        os.chown(str(path), forked.NOBODY, -1)
    with pytest.raises(GofleetError) as caught:
        folder_owners.check_own(str(path))
    assert caught.value.code == 'unsafe_folder'


# ---- an open folder


def test_names_are_reached_though_the_folder_was_swapped_for_a_link(open_folder, theirs):
    victim = open_folder.mkdir('victim')
    with folders.opened(str(theirs)) as folder:
        theirs.move(open_folder.join('moved'))
        os.symlink(str(victim), str(theirs))
        with open(folder.at('file'), 'w') as target:
            target.write('x')
    assert (names_in(victim), names_in(open_folder.join('moved'))) == ([], ['file'])


def test_a_link_in_a_folder_of_another_user_is_not_followed(open_folder, theirs):
    os.symlink(str(open_folder.mkdir('victim')), str(theirs.join('link')))
    with pytest.raises(GofleetError) as caught, folders.opened(str(theirs.join('link', 'below')), create=True):
        pass
    assert (caught.value.code, names_in(open_folder.join('victim'))) == ('unsafe_folder', [])
    assert str(theirs.join('link')) in caught.value.msg


def test_a_link_of_roots_is_followed(open_folder):
    open_folder.mkdir('real')
    os.symlink('real', str(open_folder.join('link')))
    with folders.opened(str(open_folder.join('link', 'new')), create=True) as folder:
        assert folder.path.endswith('/new')
    assert names_in(open_folder.join('real')) == ['new']


def test_a_folder_created_in_another_users_folder_gets_that_owner(theirs):
    with folders.opened(str(theirs.join('.config', 'gofleet')), create=True):
        pass
    assert [owner(theirs.join('.config')), owner(theirs.join('.config', 'gofleet'))] == [forked.NOBODY] * 2


def test_a_file_created_in_a_folder_of_root_belongs_to_root(open_folder):
    with folders.opened(str(open_folder.join('a', 'b')), create=True):
        pass
    assert owner(open_folder.join('a', 'b')) == os.geteuid()


def nearest(path):
    """(path of the nearest folder, whether it is complete, the first weak folder on the way)."""
    with folders.nearest(str(path)) as (folder, is_complete):
        return folder.path, is_complete, folder.weak and folder.weak[0]


def test_the_nearest_folder_is_the_last_one_that_exists(open_folder):
    forked.require_root()
    open_folder.join('file').write('')
    assert nearest(open_folder) == (str(open_folder), True, None)
    assert nearest(open_folder.join('missing', 'below')) == (str(open_folder), False, None)
    assert nearest(open_folder.join('file', 'below')) == (str(open_folder), False, None)


def test_the_nearest_folder_knows_the_first_one_on_the_way_that_others_can_change(open_folder, theirs):
    os.symlink('theirs', str(open_folder.join('link')))
    for path in (theirs, theirs.join('missing'), theirs.mkdir('roots'), open_folder.join('link', 'roots')):
        assert nearest(path)[2] == str(theirs) == folder_owners.first_weak(str(path))[0]


def test_a_missing_folder_of_an_ordinary_user_is_not_complete(open_folder):
    def both():
        return nearest(open_folder)[1], nearest(open_folder.join('missing', 'below'))[1]
    assert forked.as_ordinary_user(both) == (True, False)


def test_an_error_names_the_path_that_people_know(theirs):
    with pytest.raises(OSError) as caught, folders.opened(str(theirs)) as folder:
        os.unlink(folder.at('missing'))
    assert caught.value.filename == str(theirs.join('missing'))


def test_no_descriptor_stays_open(theirs):
    before = len(os.listdir('/proc/self/fd'))
    with folders.opened(str(theirs.join('a', 'b')), create=True):
        pass
    with pytest.raises(OSError), folders.opened(str(theirs.join('missing'))):
        pass
    nearest(theirs.join('missing'))
    assert len(os.listdir('/proc/self/fd')) == before


def test_folders_that_were_made_go_again_if_the_rest_cannot_be(open_folder):
    open_folder.join('file').write('')
    made = folders.missing(str(open_folder.join('a', 'b')))
    with folders.opened(str(open_folder.join('a', 'b')), create=True):
        pass
    folders.remove_made(made)
    assert names_in(open_folder) == ['file']


def test_cleaning_up_is_tried_once_more():
    calls = []

    def fails_once():
        calls.append(1)
        if len(calls) == 1:
            raise OSError(5, 'Input/output error')
    folders.persistently(fails_once)
    assert len(calls) == 2


@pytest.mark.parametrize(('content', 'left'), [([], []), (['file'], ['folder'])])
def test_only_an_empty_folder_is_removed(tmpdir, content, left):
    tmpdir.mkdir('folder')
    for name in content:
        tmpdir.join('folder', name).write('')
    folders.remove_if_empty(str(tmpdir.join('folder')))
    assert names_in(tmpdir) == left


def test_removing_a_missing_folder_succeeds(tmpdir):
    folders.remove_if_empty(str(tmpdir.join('missing')))


def test_a_file_is_no_empty_folder(tmpdir):
    tmpdir.join('file').write('')
    with pytest.raises(OSError):
        folders.remove_if_empty(str(tmpdir.join('file')))
