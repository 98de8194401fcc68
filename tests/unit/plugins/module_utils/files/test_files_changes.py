# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import os
import stat

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import changes as file_changes
from ansible_collections.gofleet.golang.plugins.module_utils._files.changes import Change
from support.units import forked


def fail_at(monkeypatch, name, at, again=0):
    """Let the n-th call of a function of os fail, and so many after it; the others work."""
    real = getattr(os, name)
    calls = []

    def faulty(*arguments, **options):
        calls.append(arguments)
        if at <= len(calls) <= at + again:
            raise OSError(errno.EIO, os.strerror(errno.EIO), arguments[0] if isinstance(arguments[0], str) else None)
        return real(*arguments, **options)
    monkeypatch.setattr(os, name, faulty)
    return calls


def state(folder):
    return dict((name, (folder.join(name).read(), stat.S_IMODE(os.stat(str(folder.join(name))).st_mode))) for name in os.listdir(str(folder)))


@pytest.fixture
def three(tmpdir):
    """A file that is replaced, one that is removed, one that is new: (folder, changes, state before, state after)."""
    folder = tmpdir.mkdir('files')
    for name, mode in (('old', 0o640), ('gone', 0o600)):
        folder.join(name).write(name)
        os.chmod(str(folder.join(name)), mode)
    changes = [Change(str(folder.join('old')), b'changed', 0o644, None, None), Change(str(folder.join('gone')), None, None, None, None),
               Change(str(folder.join('new')), b'new', 0o600, None, None)]
    return folder, changes, {'old': ('old', 0o640), 'gone': ('gone', 0o600)}, {'old': ('changed', 0o644), 'new': ('new', 0o600)}


def test_all_files_change(three):
    folder, changes, dummy, after = three
    file_changes.apply(changes)
    assert state(folder) == after


@pytest.mark.parametrize('name', ['open', 'fsync', 'rename', 'unlink', 'fchmod'])
def test_a_call_that_fails_anywhere_leaves_all_as_it_was_or_changes_all(three, monkeypatch, name):
    folder, changes, before, after = three
    failed = 0
    for at in range(1, 40):
        with monkeypatch.context() as patch:
            calls = fail_at(patch, name, at)
            try:
                file_changes.apply(changes)
            except (GofleetError, IOError, OSError):
                failed += 1
                assert state(folder) == before, (name, at)
                continue
        if len(calls) < at:
            break
        # What fails after the last is published is only cleaning up, which is tried once more.
        assert state(folder) == after, (name, at)
        break
    assert failed >= 1


def test_files_that_cannot_be_put_back_are_named(three, monkeypatch):
    folder, changes, dummy, dummy_after = three
    # The third cannot be published, and from then on nothing can be renamed.
    fail_at(monkeypatch, 'rename', 2, again=99)
    with pytest.raises(GofleetError) as caught:
        file_changes.apply(changes)
    stuck = sorted([str(folder.join('gone')), str(folder.join('old'))])
    assert (caught.value.code, caught.value.evidence['changed']) == ('partly_changed', stuck)
    assert all(path in caught.value.msg for path in stuck)
    assert 'new' not in state(folder)


def test_a_second_file_on_a_full_disk_leaves_the_first_as_it_was(three, monkeypatch):
    folder, changes, before, dummy = three
    real = os.fsync
    count = []

    def full(handle):
        count.append(handle)
        if len(count) == 4:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(handle)
    monkeypatch.setattr(os, 'fsync', full)
    with pytest.raises((IOError, OSError)) as caught:
        file_changes.apply(changes)
    assert (caught.value.errno, state(folder)) == (errno.ENOSPC, before)


def test_folders_that_were_made_for_a_file_go_with_it(tmpdir, monkeypatch):
    fail_at(monkeypatch, 'rename', 1)
    with pytest.raises((IOError, OSError)):
        file_changes.apply([Change(str(tmpdir.join('a', 'b', 'file')), b'x', 0o644, None, None)])
    assert tmpdir.listdir() == []


def test_a_new_file_keeps_the_present_owner_by_default(tmpdir):
    forked.require_root()
    path = str(tmpdir.join('file'))
    tmpdir.join('file').write('old')
    os.chown(path, 12, 34)
    file_changes.apply([Change(path, b'new', 0o640, None, 56)])
    status = os.stat(path)
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (12, 56, 0o640)


def test_an_owner_that_cannot_be_given_leaves_the_old_file(open_folder):
    path = str(open_folder.join('file'))
    open_folder.join('file').write('old')
    forked.give_to_ordinary_user(open_folder)

    def attempt():
        try:
            file_changes.apply([Change(path, b'new', 0o644, 0, None)])
        except (IOError, OSError) as exc:
            return exc.errno
        return None
    assert forked.as_ordinary_user(attempt) == errno.EPERM
    assert (open_folder.join('file').read(), os.listdir(str(open_folder))) == ('old', ['file'])


def test_a_file_in_another_users_folder_gets_that_owner_and_nothing_else_changes(open_folder):
    forked.require_root()
    theirs, victim = open_folder.mkdir('theirs'), open_folder.join('victim')
    victim.write('precious')
    os.chmod(str(victim), 0o600)
    os.chown(str(theirs), forked.NOBODY, forked.NOBODY)
    os.symlink(str(victim), str(theirs.join('file')))
    with pytest.raises(GofleetError):
        file_changes.apply([Change(str(theirs.join('file')), b'new', 0o644, forked.NOBODY, None)])
    os.unlink(str(theirs.join('file')))
    file_changes.apply([Change(str(theirs.join('file')), b'new', 0o600, forked.NOBODY, None)])
    assert (os.stat(str(theirs.join('file'))).st_uid, os.stat(str(victim)).st_uid, victim.read()) == (forked.NOBODY, 0, 'precious')
