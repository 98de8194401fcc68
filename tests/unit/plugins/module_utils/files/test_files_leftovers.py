# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import time

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._files import leftovers, transaction
from support.units import forked


def names_in(folder):
    return sorted(os.listdir(str(folder)))


def make_older(path, seconds):
    then = time.time() - seconds
    os.utime(str(path), (then, then))


def test_all_that_lies_in_a_stage_is_left_over(tmpdir):
    tmpdir.mkdir('10-abc')
    tmpdir.join('removed-x').write('')
    assert leftovers.unused_stages(str(tmpdir)) == [str(tmpdir.join('10-abc')), str(tmpdir.join('removed-x'))]


def test_what_changed_lately_is_not_left_over_yet(tmpdir):
    for name, age in (('old', 901), ('new', 800)):
        make_older(tmpdir.mkdir(name), age)
    assert leftovers.unused_stages(str(tmpdir), 900) == [str(tmpdir.join('old'))]


def test_a_folder_is_as_young_as_its_youngest_file(tmpdir):
    folder = tmpdir.mkdir('upload')
    folder.join('archive').write('grows')
    make_older(folder, 5000)
    assert leftovers.unused_stages(str(tmpdir), 900) == []


@pytest.mark.parametrize('name', ['missing', 'file', 'file/below'])
def test_without_a_folder_nothing_is_left_over(tmpdir, name):
    tmpdir.join('file').write('')
    assert leftovers.unused_stages(str(tmpdir.join(name))) == []


def test_leftovers_in_another_users_stage_are_ignored(open_folder):
    open_folder.mkdir('stage').mkdir('10-abc')
    forked.give_to_ordinary_user(open_folder)
    os.chmod(str(open_folder.join('stage')), 0)
    assert forked.as_ordinary_user(lambda: leftovers.unused_stages(str(open_folder.join('stage')))) == []


@pytest.fixture
def ours():
    return lambda target: target.startswith('/opt/go/')


@pytest.mark.parametrize('name', ['go.gofleet-new', leftovers.aside_name('go', 0)])
def test_a_link_of_ours_that_did_not_come_to_use_is_unfinished(tmpdir, ours, name):
    os.symlink('/opt/go/go1.30.1', str(tmpdir.join(name)))
    assert leftovers.unfinished_names(str(tmpdir.join('go')), ours) == [str(tmpdir.join(name))]


@pytest.mark.parametrize('name', ['go', 'gofmt.gofleet-new', 'go.gofleet-old', 'x-go.gofleet-new'])
def test_links_of_other_names_are_finished(tmpdir, ours, name):
    os.symlink('/opt/go/go1.30.1', str(tmpdir.join(name)))
    assert leftovers.unfinished_names(str(tmpdir.join('go')), ours) == []


@pytest.mark.parametrize('kind', ['folder', 'file', 'link'])
def test_a_foreign_file_that_was_moved_aside_is_not_a_leftover(tmpdir, ours, kind):
    aside = tmpdir.join(leftovers.aside_name('go', 0))
    if kind == 'folder':
        aside.mkdir()
    elif kind == 'file':
        aside.write('')
    else:
        os.symlink('/usr/lib/go-1.19', str(aside))
    assert leftovers.unfinished_names(str(tmpdir.join('go')), ours) == []


def test_the_name_of_a_file_that_is_moved_aside_contains_the_time():
    assert leftovers.aside_name('/usr/local/go', 1795248000) == '/usr/local/go.before-gofleet-20261121T080000Z'


def test_a_file_that_was_not_written_to_its_end_is_unfinished(tmpdir):
    tmpdir.join('a.json').write('')
    tmpdir.join('a.json.gofleet-new').write('')
    assert leftovers.unfinished_files(str(tmpdir)) == [str(tmpdir.join('a.json.gofleet-new'))]


def test_without_a_folder_nothing_is_unfinished(tmpdir, ours):
    assert leftovers.unfinished_files(str(tmpdir.join('missing'))) == []
    assert leftovers.unfinished_names(str(tmpdir.join('missing', 'go')), ours) == []


@pytest.mark.parametrize('name', ['file.gofleet-new', 'file.gofleet-new-0123456789abcdef'])
def test_leftovers_of_a_killed_writer_are_removed_by_the_next_write(tmpdir, name):
    tmpdir.join(name).write_binary(b'a longer leftover')
    tmpdir.join('other.gofleet-new').write_binary(b'of another file')
    assert leftovers.unfinished_copies(str(tmpdir.join('file'))) == [str(tmpdir.join(name))]
    transaction.write_file(str(tmpdir.join('file')), b'new')
    assert (tmpdir.join('file').read_binary(), names_in(tmpdir)) == (b'new', ['file', 'other.gofleet-new'])


def test_nothing_is_written_through_a_name_that_was_foreseen(tmpdir, monkeypatch):
    monkeypatch.setattr(leftovers, 'new_name', lambda name: name + '.foreseen')
    os.symlink(str(tmpdir.join('victim')), str(tmpdir.join('file.foreseen')))
    with pytest.raises(OSError):
        transaction.write_file(str(tmpdir.join('file')), b'new')
    assert not tmpdir.join('victim').check()


def test_no_two_new_names_are_the_same():
    assert len(set(leftovers.new_name('file') for dummy in range(100))) == 100
