# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._environment import model, observe, plan, render
from ansible_collections.gofleet.golang.plugins.module_utils._environment.render import Setting
from ansible_collections.gofleet.golang.plugins.module_utils._environment.state import Wanted

MINE = render.marker('e', 'container')


def content(secrets=None, **variables):
    return render.rendered('e', model.variables_of([variables], secrets or {}), 'container', Setting(None, False))


ONE = content(A=u'1')


def wanted(path, text=ONE, mode=0o644, uid=None, gid=None):
    return Wanted('container', str(path), text, mode, uid, gid)


def seen(path):
    return observe.file(str(path), MINE)


@pytest.mark.parametrize('text', [
    b'', b'A=1\n', b'# gofleet.golang environment other for container\n', b'# gofleet.golang environment e for service\n', MINE.encode() + b' or so\n',
    b'\n' + MINE.encode() + b'\n',
])
def test_what_does_not_say_that_it_is_ours_is_in_the_way_and_stays(tmpdir, error_of, text):
    path = tmpdir.join('file')
    path.write_binary(text)
    error = error_of(plan.file_steps, wanted(path), seen(path))
    assert (error.code, error.evidence) == ('occupied', {'path': str(path), 'consumer': 'container'})
    assert plan.file_steps(wanted(path, None), seen(path)) == []
