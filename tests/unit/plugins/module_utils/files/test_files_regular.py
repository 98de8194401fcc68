# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import contextlib
import io
import os
import socket

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import regular as regular_files
from support.units import forked

CONTENT = os.urandom(1000) * 600
# The time of the last change of the file that is being read.
STARTED = []


def refusal(function, *arguments, **options):
    with pytest.raises(GofleetError) as refused:
        function(*arguments, **options)
    return refused.value


def fed(path, **options):
    parts = []
    status = regular_files.feed(path, lambda chunk: parts.append(chunk.tobytes()), **options)
    return b''.join(parts), status


@pytest.fixture
def path(tmpdir):
    tmpdir.join('file').write_binary(CONTENT)
    return str(tmpdir.join('file'))


def test_a_file_is_read_whole_in_chunks(path):
    content, status = fed(path)
    assert (content == CONTENT, status.st_size) == (True, len(CONTENT))


@pytest.mark.parametrize('content', [b'', b'a'])
def test_a_small_file_is_read(path, content):
    with io.open(path, 'wb') as target:
        target.write(content)
    assert regular_files.read(path, 1) == content


def test_a_file_over_the_limit_is_not_read(path):
    assert refusal(regular_files.read, path, len(CONTENT) - 1).code == 'too_large'
    assert regular_files.read(path, len(CONTENT)) == CONTENT


def test_a_path_may_be_bytes(path):
    assert fed(path.encode('ascii'))[0] == CONTENT


def test_a_link_is_followed_unless_that_is_forbidden(path, tmpdir):
    os.symlink('file', str(tmpdir.join('link')))
    assert fed(str(tmpdir.join('link')))[0] == CONTENT
    assert refusal(fed, str(tmpdir.join('link')), follow=False).evidence['kind'] == 'a symbolic link'


def make_socket(path):
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as end:
        end.bind(path)


@pytest.mark.parametrize(('make', 'kind'), [(os.mkdir, 'a folder'), (os.mkfifo, 'a named pipe'), (make_socket, 'a socket')])
def test_a_path_that_is_not_a_regular_file_is_reported_without_waiting(open_folder, make, kind):
    path = str(open_folder.join('odd'))
    make(path)
    error = refusal(fed, path)
    assert (error.code, error.evidence['kind']) == ('not_a_file', kind)
    assert path in error.msg


def test_a_device_is_not_opened():
    # To open a terminal that is not there would be another error.
    error = refusal(fed, '/dev/tty')
    assert (error.code, error.evidence['kind']) == ('not_a_file', 'a device')


@pytest.mark.parametrize('name', ['missing', 'file/below', ''])
def test_a_missing_file_is_reported(path, tmpdir, name):
    assert refusal(fed, os.path.join(str(tmpdir), name) if name else '').code == 'file_missing'


def test_a_link_to_nowhere_is_a_missing_file(tmpdir):
    os.symlink('nowhere', str(tmpdir.join('link')))
    assert refusal(fed, str(tmpdir.join('link'))).code == 'file_missing'


def test_a_file_that_this_user_may_not_read_is_reported(open_folder):
    path = open_folder.join('secret')
    path.write('secret')
    path.chmod(0)
    result = forked.as_ordinary_user(lambda: refusal(fed, str(path)).as_result())
    assert result['code'] == 'file_unreadable'
    assert 'become' in result['msg']


# ---- files that change


def append(path):
    with io.open(path, 'ab') as target:
        target.write(b'more')


def cut(path):
    with io.open(path, 'r+b') as target:
        target.truncate(1)


def overwrite(path):
    with io.open(path, 'r+b') as target:
        target.seek(len(CONTENT) - 1)
        target.write(b'!')
    # A process can reset the modification time, but not the change time, which the kernel counts in ticks of its clock.
    os.utime(path, (1, 1))
    while os.stat(path).st_ctime == STARTED[0]:
        os.utime(path, (1, 1))


@pytest.mark.parametrize('change', [append, cut, overwrite])
def test_a_file_that_changes_while_it_is_read_is_reported(path, change):
    os.utime(path, (1, 1))
    STARTED[:] = [os.stat(path).st_ctime]
    seen = []

    def update(chunk):
        if not seen:
            change(path)
        seen.append(len(chunk))

    error = refusal(regular_files.feed, path, update)
    assert (error.code, error.evidence['path']) == ('file_changed', path)
    # Not to its end, which may never come.
    assert sum(seen) <= len(CONTENT)


def test_a_file_that_was_replaced_after_it_was_listed_is_reported(path, tmpdir):
    seen = os.lstat(path)
    tmpdir.join('other').write_binary(CONTENT)
    os.rename(str(tmpdir.join('other')), path)
    assert refusal(fed, path, follow=False, expected=seen).code == 'file_changed'
    assert fed(path, follow=False, expected=os.lstat(path))[0] == CONTENT


def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(path, monkeypatch):
    status = os.stat(path)
    os.unlink(path)
    os.mkfifo(path)
    monkeypatch.setattr(regular_files.os, 'stat', lambda dummy: status)
    assert refusal(fed, path).code == 'file_changed'


def test_a_link_in_the_place_of_a_file_is_not_followed(path, tmpdir, monkeypatch):
    os.symlink('file', str(tmpdir.join('link')))
    monkeypatch.setattr(regular_files, 'check', lambda *dummy: None)
    assert refusal(fed, str(tmpdir.join('link')), follow=False).code == 'file_changed'


@pytest.mark.parametrize('path', ['/proc/version', '/proc/self/status'])
def test_a_kernel_file_without_a_size_is_refused(path):
    assert refusal(fed, path).code == 'file_changed'


def test_nothing_is_left_open(path):
    before = len(os.listdir('/proc/self/fd'))
    fed(path)
    regular_files.read(path, len(CONTENT))
    refusal(regular_files.read, path, 1)
    assert len(os.listdir('/proc/self/fd')) == before
