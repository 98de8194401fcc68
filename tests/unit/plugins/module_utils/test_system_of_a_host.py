# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What _system says on a host is what os says."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils import _system as system

NAMES = ('file', 'file/below', 'folder', 'folder/', 'folder/deeper', 'link', 'link to folder', 'link to folder/deeper', 'dangling', 'circle', 'pipe', 'missing',
         'missing/below', 'new\nline', '', '../file')


@pytest.fixture
def folder(tmpdir):
    tmpdir.join('file').write('text')
    tmpdir.join('new\nline').write('')
    tmpdir.join('folder/deeper').ensure(dir=True)
    os.mkfifo(str(tmpdir.join('pipe')))
    for name, target in (('link', 'file'), ('link to folder', 'folder'), ('dangling', 'missing'), ('circle', 'circle')):
        os.symlink(target, str(tmpdir.join(name)))
    return tmpdir


def said(function, *arguments):
    try:
        return function(*arguments)
    except OSError as exc:
        return exc.errno, exc.filename


@pytest.mark.parametrize('name', NAMES)
@pytest.mark.parametrize(('ours', 'theirs'), [
    (system.lstat, os.lstat), (system.status, os.stat), (system.listdir, os.listdir), (system.readlink, os.readlink), (system.realpath, os.path.realpath),
    (system.isdir, os.path.isdir), (system.lexists, os.path.lexists), (system.exists, os.path.exists), (system.islink, os.path.islink),
    (system.can_write, lambda path: os.access(path, os.W_OK)),
], ids=lambda function: getattr(function, '__name__', ''))
def test_a_host_is_asked_itself(folder, name, ours, theirs):
    path = os.path.join(str(folder), name)
    assert said(ours, path) == said(theirs, path)


def test_a_host_knows_its_user_home_and_kernel():
    assert (system.geteuid(), system.home(), system.release()) == (os.geteuid(), os.path.expanduser('~'), os.uname()[2])


def test_nothing_is_brought_to_a_host_itself(folder):
    assert system.brought(str(folder.join('file'))) is None
    system.must_be_here()


class Elsewhere(object):
    """A host of which only this is known."""

    def listdir(self, dummy_path):
        return ['elsewhere']


def test_another_host_answers_until_the_block_ends_however_it_ends(folder):
    with system.seen_by(Elsewhere()):
        assert system.listdir(str(folder)) == ['elsewhere']
        # What the other host does not say is not read of this one.
        with pytest.raises(AttributeError):
            system.lstat(str(folder))
    try:
        with system.seen_by(Elsewhere()):
            raise KeyError
    except KeyError:
        assert sorted(system.listdir(str(folder))) == sorted(os.listdir(str(folder)))
