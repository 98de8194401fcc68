# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import contextlib
import fcntl
import hashlib
import json
import os
import socket
import stat

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._elf import file as elf
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import regular as regular_files
from support.elf.hostile import program
from support.elf.tiny import build
from support.units.forked import as_ordinary_user


def test_fifos_devices_directories_and_sockets_are_refused_without_waiting(tmpdir):
    fifo = str(tmpdir.join('fifo'))
    os.mkfifo(fifo)
    kinds = {}
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(str(tmpdir.join('s')))
        for path in (fifo, '/dev/zero', '/dev/null', '/', str(tmpdir.join('s'))):
            with pytest.raises(GofleetError) as caught:
                elf.open_file(path).__enter__()
            kinds[path] = (caught.value.code, caught.value.evidence['kind'])
    assert sorted(kinds.values()) == sorted([
        ('not_a_file', 'a named pipe'), ('not_a_file', 'a device'), ('not_a_file', 'a device'), ('not_a_file', 'a folder'), ('not_a_file', 'a socket')])


def test_a_file_that_becomes_a_fifo_as_it_is_opened_is_refused_without_waiting(tmpdir, monkeypatch):
    path = str(tmpdir.join('program'))
    os.mkfifo(path)
    monkeypatch.setattr(regular_files, 'check', lambda path, follow: None)
    with pytest.raises(GofleetError) as caught:
        elf.open_file(path).__enter__()
    assert caught.value.code == 'file_changed'


@pytest.mark.parametrize('name', ['nothing', 'file/below', 'loop', 'dangling', 'nul\0'])
def test_a_path_without_a_file_is_reported_as_missing(tmpdir, name):
    tmpdir.join('file').write('x')
    os.symlink('loop', str(tmpdir.join('loop')))
    os.symlink('nowhere', str(tmpdir.join('dangling')))
    with pytest.raises(GofleetError) as caught:
        elf.open_file(os.path.join(str(tmpdir), name)).__enter__()
    assert caught.value.code == 'file_missing'
    assert ('symbolic link' in caught.value.msg) == (name in ('loop', 'dangling'))
    json.dumps(caught.value.as_result())


def test_a_file_that_another_user_may_not_read_is_unreadable(open_folder):
    path = open_folder.join('secret')
    path.write_binary(bytes(build().content))
    path.chmod(0 if os.geteuid() else 0o600)

    def read():
        with pytest.raises(GofleetError) as caught:
            elf.open_file(str(path)).__enter__()
        return caught.value.code

    assert as_ordinary_user(read) == 'file_unreadable'


def test_a_file_that_shrinks_while_it_is_read_is_truncated(tmpdir):
    path = tmpdir.join('program')
    path.write_binary(bytes(build(data=b'x' * 20000).content))
    with elf.open_file(str(path)) as source:
        path.write_binary(b'')
        with pytest.raises(GofleetError) as caught:
            elf.read(source)
    assert caught.value.code == 'truncated'


def test_a_file_is_opened_once_and_its_descriptor_closed_and_not_inherited(tmpdir, monkeypatch):
    path = program().write(tmpdir.join('program'))
    opened_files = []
    real = os.open
    monkeypatch.setattr(regular_files.os, 'open', lambda *arguments: opened_files.append(arguments) or real(*arguments))
    with elf.open_file(path) as source:
        binary = elf.read(source)
        elf.undefined_symbols(source, binary)
        digest = source.sha256()
        descriptor = source.descriptor
        assert fcntl.fcntl(descriptor, fcntl.F_GETFD) & fcntl.FD_CLOEXEC
        assert (source.size, stat.S_ISREG(source.mode)) == (os.path.getsize(path), True)
    assert len(opened_files) == 1
    with open(path, 'rb') as content:
        assert digest == hashlib.sha256(content.read()).hexdigest()
    with pytest.raises(OSError):
        os.fstat(descriptor)


def test_only_pages_that_matter_are_read(reading):
    source, dummy = reading(program(data=b'x' * 5000000))
    assert source.bytes_read < 30000


def test_the_bytes_read_of_one_file_are_bounded(tmpdir):
    path = str(tmpdir.join('large'))
    with open(path, 'wb') as target:
        # Sparse: it takes no room.
        target.truncate(1 << 30)
    with elf.open_file(path) as source:
        with pytest.raises(GofleetError) as caught:
            source.read_at(0, (1 << 24) + 1, 'it')
        assert (caught.value.code, source.bytes_read) == ('parse_limit', 0)
        for number in range(16):
            source.read_at(number << 24, 1 << 24, 'it')
        with pytest.raises(GofleetError) as caught:
            source.read_at(0, 1, 'it')
        assert (caught.value.code, source.bytes_read) == ('parse_limit', 1 << 28)
