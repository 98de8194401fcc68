# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Child processes of a test, on any Python that a host may have: they run functions, wait for messages, can be killed."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import pickle
import select
import signal
import sys
import traceback

# The user of nothing, on every Linux.
NOBODY = 65534


class Child(object):
    """A process that runs a function with itself as the argument.

    In the child: say() and wait_for_word(). In the parent: hears(), tell(), kill(), result().
    """

    def __init__(self, function):
        self._from_child, child_out = os.pipe()
        child_in, self._to_child = os.pipe()
        sys.stdout.flush()
        self.pid = os.fork()
        if self.pid:
            os.close(child_out)
            os.close(child_in)
            return
        # The child must end here, even after an error, so that it does not continue the parent's test session.
        code = 1
        try:
            os.close(self._from_child)
            os.close(self._to_child)
            self._out, self._in = child_out, child_in
            os.write(child_out, b'=' + pickle.dumps(function(self), 2))
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)

    def say(self, byte):
        os.write(self._out, byte)

    def wait_for_word(self):
        os.read(self._in, 1)

    def hears(self, byte, within):
        """Whether the child says this within so many seconds."""
        ready, _writers, _errors = select.select([self._from_child], [], [], within)
        return bool(ready) and os.read(self._from_child, 1) == byte

    def tell(self):
        os.write(self._to_child, b'.')

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)
        self._reap()

    def result(self):
        """What the function returned."""
        content = b''
        while True:
            chunk = os.read(self._from_child, 65536)
            if not chunk:
                break
            content += chunk
        assert self._reap() == 0, 'the child failed: its traceback is in the captured output'
        return pickle.loads(content.partition(b'=')[2])

    def _reap(self):
        status = os.waitpid(self.pid, 0)[1]
        os.close(self._from_child)
        os.close(self._to_child)
        return status


def as_ordinary_user(function):
    """What the function returns when a user without privileges calls it; exceptions fail the test."""
    def run(dummy):
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        return function()
    return Child(run).result()


def give_to_ordinary_user(root):
    """Make a tree the property of the user that as_ordinary_user() runs as."""
    if os.geteuid() == 0:
        for folder, folders, names in os.walk(str(root)):
            for path in [folder] + [os.path.join(folder, name) for name in folders + names]:
                os.lchown(path, NOBODY, NOBODY)


def require_root():
    """Skip a test that needs two users, because an ordinary user cannot become another one."""
    if os.geteuid() != 0:
        # Here, for children of tests have no pytest.
        import pytest

        pytest.skip('not required: only root can be another user too')
