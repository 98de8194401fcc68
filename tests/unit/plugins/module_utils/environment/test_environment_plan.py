# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import io
import os

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._environment import plan, report
from ansible_collections.gofleet.golang.plugins.module_utils._environment.go_env import Copy, GoEnv
from ansible_collections.gofleet.golang.plugins.module_utils._environment.state import Account, Observed, Seen, Target
from support.units.environment_files import MINE, ONE, seen, wanted


@pytest.mark.parametrize('text', [
    b'', b'A=1\n', b'# gofleet.golang environment other for container\n', b'# gofleet.golang environment e for service\n', MINE.encode() + b' or so\n',
    b'\n' + MINE.encode() + b'\n',
])
def test_a_file_without_our_first_line_is_an_error_and_stays(tmpdir, error_of, text):
    path = tmpdir.join('file')
    path.write_binary(text)
    error = error_of(plan.file_steps, wanted(path), seen(path))
    assert (error.code, error.evidence) == ('occupied', {'path': str(path), 'consumer': 'container'})
    assert plan.file_steps(wanted(path, None), seen(path)) == []


# ---- the plan of a host, which a controller can make from what a host reported


ROOT = Account(0, '/root', None, '')


def observed(content=ONE, mode=0o644, **changes):
    go_env = GoEnv('/opt/go/go1.30.1/go.env', b'GOPROXY=direct\n', 0o644, '1.30.1', True, [], None, None, Copy('/opt/go/.gofleet/go.env', None, []))
    seen = Seen('/f', 'absent' if content is None else 'ours', content, mode, 0, 0, [], None)
    return Observed({'container': seen}, [], go_env, {}, False, None)._replace(**changes)


def target(text=ONE, settings=None, state='present'):
    return Target('e', state, [wanted('/f', text)], settings, {}, [], [])


def without_files(monkeypatch, function, *arguments):
    """The result of a function that can neither read nor change a file."""
    def refuse(*dummy, **dummies):
        raise AssertionError('it asks the machine on which it runs')
    with monkeypatch.context() as patch:
        for name in ('lstat', 'stat', 'open', 'listdir', 'readlink', 'access', 'geteuid', 'statvfs'):
            patch.setattr(os, name, refuse)
        patch.setattr(io, 'open', refuse)
        return function(*arguments)


@pytest.mark.parametrize(('aim', 'found', 'steps'), [
    (target(), observed(), []),
    (target(), observed(content=None), ['write /f']),
    (target(), observed(mode=0o600), ['set mode and owner of /f']),
    (target(None, state='absent'), observed(), ['remove /f']),
    (target(settings=b'GOPROXY=off\n'), observed(), ['write /opt/go/.gofleet/go.env', 'write /opt/go/go1.30.1/go.env']),
])
def test_a_plan_is_made_without_reading_a_file(monkeypatch, aim, found, steps):
    planned = without_files(monkeypatch, plan.plan, aim, found, ROOT, False)
    assert [report.line(step) for step in planned.steps] == steps
    assert report.result(aim, planned)['changed'] == bool(steps)


def test_folders_that_an_interrupted_run_left_are_removed_with_the_environment():
    found = observed(content=None, folders={'/etc/gofleet': ['made.json', 'environment.lock'], '/run/gofleet': ['other'], '/var/lib/gofleet': None})
    steps = plan.plan(target(None, state='absent'), found, ROOT, False).steps
    assert [step.path for step in steps] == ['/etc/gofleet']
    assert plan.plan(target(None, state='absent'), found._replace(has_needed_folders=True), ROOT, False).steps == []
