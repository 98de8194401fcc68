# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import fcntl
import os
import signal
import stat

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import locks
from support.units import forked

LONG = 30


@pytest.fixture
def path(tmpdir):
    return str(tmpdir.join('meta', 'lock'))


def holder(path):
    """A child that holds the lock until it gets a message."""
    def hold(child):
        with locks.lock(path, LONG):
            child.say(b'h')
            child.wait_for_word()
    child = forked.Child(hold)
    assert child.hears(b'h', LONG)
    return child


def waiter(path, then=lambda: None):
    """A child that is about to wait for the lock, and says so once it has it."""
    def wait(child):
        child.say(b'w')
        with locks.lock(path, LONG):
            child.say(b'h')
            return then()
    child = forked.Child(wait)
    assert child.hears(b'w', LONG)
    return child


def is_locked(path):
    handle = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (IOError, OSError):
        return True
    finally:
        os.close(handle)
    return False


def test_the_lock_is_held_inside_and_free_afterwards(path):
    with locks.lock(path, LONG):
        assert is_locked(path)
    assert not is_locked(path)


def test_the_lock_is_free_after_an_exception(path):
    with pytest.raises(KeyError), locks.lock(path, LONG):
        raise KeyError
    assert not is_locked(path)


def test_a_second_process_waits_for_the_first(path):
    first = holder(path)
    second = waiter(path)
    assert not second.hears(b'h', 0.2)
    first.tell()
    assert second.hears(b'h', LONG)
    first.result()
    second.result()


def test_waiting_ends_with_a_message_that_names_the_lock(path):
    first = holder(path)
    with pytest.raises(GofleetError) as caught, locks.lock(path, 1):
        pass
    first.tell()
    first.result()
    assert caught.value.code == 'locked'
    assert caught.value.evidence == {'path': path, 'timeout': 1, 'process': first.pid}
    assert path in caught.value.msg
    assert 'process %d of ' % first.pid in caught.value.msg


def test_a_timeout_of_zero_is_no_waiting_for_ever(path):
    first = holder(path)
    with pytest.raises(GofleetError), locks.lock(path, 0):
        pass
    first.tell()
    first.result()


def test_a_free_lock_is_taken_with_any_timeout(path):
    with locks.lock(path, 0):
        assert is_locked(path)


def test_a_killed_holder_blocks_no_other_run(path):
    holder(path).kill()
    with locks.lock(path, LONG):
        assert is_locked(path)


def test_a_holder_may_remove_the_lock_and_its_folder_while_others_wait(path):
    def hold(child):
        with locks.lock(path, LONG):
            child.say(b'h')
            child.wait_for_word()
            os.unlink(path)
            os.rmdir(os.path.dirname(path))
    first = forked.Child(hold)
    assert first.hears(b'h', LONG)
    second = waiter(path, then=lambda: is_locked(path))
    assert not second.hears(b'h', 0.2)
    first.tell()
    assert second.hears(b'h', LONG)
    # The lock is on the file that now has the name, so a third run waits for the second.
    assert second.result() is True
    first.result()


@pytest.mark.parametrize('busy', [False, True])
def test_the_alarm_is_as_it_was_before(path, busy):
    def other(*dummy):
        raise AssertionError('the alarm of the lock rang after it')
    previous = signal.signal(signal.SIGALRM, other)
    first = holder(path) if busy else None
    try:
        try:
            with locks.lock(path, 1):
                assert signal.alarm(0) == 0
        except GofleetError:
            assert busy
        assert (signal.getsignal(signal.SIGALRM), signal.alarm(0)) == (other, 0)
    finally:
        signal.signal(signal.SIGALRM, previous)
        if first:
            first.tell()
            first.result()


# ---- other users


def mode_of(path):
    return stat.S_IMODE(os.lstat(path).st_mode)


def make_lock_of_a_former_version(path):
    os.mkdir(os.path.dirname(path), 0o755)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o644))
    os.chmod(path, 0o644)


def test_no_other_user_can_open_a_lock(path):
    with locks.lock(path, LONG):
        assert mode_of(path) == 0o600


def test_a_lock_that_others_can_open_is_replaced(path):
    make_lock_of_a_former_version(path)
    before = os.stat(path).st_ino
    with open(path):
        with locks.lock(path, LONG):
            assert (mode_of(path), is_locked(path)) == (0o600, True)
            assert os.stat(path).st_ino != before
    assert os.listdir(os.path.dirname(path)) == ['lock']


def test_a_run_of_a_former_version_is_waited_for(path):
    make_lock_of_a_former_version(path)

    def hold(child):
        with open(path) as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            child.say(b'h')
            child.wait_for_word()
    first = forked.Child(hold)
    assert first.hears(b'h', LONG)
    second = waiter(path)
    assert not second.hears(b'h', 0.2)
    first.tell()
    assert second.hears(b'h', LONG)
    first.result()
    second.result()


def test_another_user_cannot_hold_up_a_run(open_folder):
    forked.require_root()
    path = str(open_folder.join('meta', 'lock'))
    make_lock_of_a_former_version(path)

    def hold(child):
        os.setgid(forked.NOBODY)
        os.setuid(forked.NOBODY)
        with open(path) as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            child.say(b'h')
            child.wait_for_word()
    hostile = forked.Child(hold)
    assert hostile.hears(b'h', LONG)
    try:
        with locks.lock(path, 1):
            assert mode_of(path) == 0o600
    finally:
        hostile.tell()
        hostile.result()


@pytest.mark.parametrize('kind', ['link', 'dangling link', 'pipe', 'folder'])
def test_only_a_regular_file_is_a_lock(path, tmpdir, kind):
    os.mkdir(os.path.dirname(path))
    target = tmpdir.join('target')
    if kind == 'pipe':
        os.mkfifo(path)
    elif kind == 'folder':
        os.mkdir(path)
    else:
        os.symlink(str(target), path)
        if kind == 'link':
            target.write('precious')
    with pytest.raises((GofleetError, OSError)) as caught, locks.lock(path, LONG):
        pass
    assert getattr(caught.value, 'code', 'unsafe_folder') == 'unsafe_folder'
    assert target.check() == (kind == 'link')
    assert not target.check() or target.read() == 'precious'


def test_the_lock_of_another_user_is_refused(open_folder):
    forked.require_root()
    path = str(open_folder.join('lock'))
    open_folder.join('lock').write('')
    os.chown(path, forked.NOBODY, forked.NOBODY)
    with pytest.raises(GofleetError) as caught, locks.lock(path, LONG):
        pass
    assert caught.value.code == 'unsafe_folder'
    assert str(forked.NOBODY) in caught.value.msg


# ---- what stays


def test_a_passing_lock_leaves_nothing(tmpdir):
    with locks.lock(str(tmpdir.join('a', 'b', 'lock')), LONG, passing=True):
        assert tmpdir.join('a', 'b', 'lock').check()
    assert tmpdir.listdir() == []


def test_a_lock_that_cannot_be_taken_leaves_no_folders(tmpdir, monkeypatch):
    real = os.open

    def full(name, *arguments):
        if name.endswith('lock'):
            raise OSError(28, 'No space left on device', name)
        return real(name, *arguments)
    monkeypatch.setattr(os, 'open', full)
    with pytest.raises(OSError), locks.lock(str(tmpdir.join('a', 'b', 'lock')), LONG):
        pass
    assert tmpdir.listdir() == []
