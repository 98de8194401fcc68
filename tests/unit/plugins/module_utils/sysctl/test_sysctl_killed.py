# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._files import folders, transaction
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import apply, keys
from support.units.sysctl_host import BACKLOG, DEFAULTS, RANGE, SOMAXCONN, Host


class Killed(BaseException):
    """kill -9: nothing that the code could catch."""


class Effects(object):
    """Counts what a run does to the host, and kills it just before or just after one of these."""

    NAMES = ((transaction, 'write_file'), (transaction, 'remove_file'), (transaction, 'retire_folder'), (transaction, 'make_folder'),
             (folders, 'remove_if_empty'))

    def __init__(self, host, monkeypatch):
        self.count = 0
        self.at = None
        self.after = False
        for owner, name in self.NAMES:
            monkeypatch.setattr(owner, name, self._counted(getattr(owner, name)))
        monkeypatch.setattr(apply, 'write_value', self._counted(apply.write_value))

    def _counted(self, function):
        def counted(*arguments):
            self.count += 1
            hit = self.count == self.at
            if hit and not self.after:
                raise Killed()
            function(*arguments)
            if hit:
                raise Killed()
        return counted

    def kill(self, function, at, after):
        """Whether the function was killed."""
        self.count, self.at, self.after = 0, at, after
        try:
            function()
        except Killed:
            return True
        finally:
            self.at = None
        return False


BEFORE = {SOMAXCONN: 1000, BACKLOG: 3000}
AFTER = {SOMAXCONN: 4096, RANGE: '16384 60999'}
KEYS = (SOMAXCONN, BACKLOG, RANGE)


def in_force(host):
    return dict((key, host.kernel[key]) for key in KEYS)


@pytest.mark.parametrize('boots', [False, True])
@pytest.mark.parametrize('after', [False, True])
@pytest.mark.parametrize(('history', 'change'), [(None, AFTER), (BEFORE, AFTER), (BEFORE, {}), (AFTER, BEFORE)])
def test_a_run_that_is_killed_anywhere_loses_no_value(tmpdir, monkeypatch, no_disk, history, change, after, boots):
    monkeypatch.setattr(os, 'geteuid', lambda: 0)
    defaults = dict((key, keys.normal(DEFAULTS[key])) for key in KEYS)
    wanted = dict(defaults, **dict((key, str(value)) for key, value in change.items()))
    killed = 0
    for number in range(1, 40):
        with monkeypatch.context() as patch:
            host = Host(tmpdir.mkdir('%s-%d' % (after, number)), patch)
            effects = Effects(host, patch)
            if history:
                host.run(history)
            if not effects.kill(lambda each=host: each.run(change), number, after):
                break
            killed += 1
            possible = [defaults, dict(defaults, **dict((key, str(value)) for key, value in (history or {}).items())), wanted]
            assert all(value in [each[key] for each in possible] for key, value in in_force(host).items())
            if boots:
                host.boot()
            if number % 2:
                host.run(change)
                assert in_force(host) == wanted
                assert not host.run(change)['changed']
                host.boot()
                assert in_force(host) == wanted
            host.run({})
            assert (in_force(host), host.files()) == (defaults, {})
    assert killed >= 5
