# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._environment import model, observe, render
from ansible_collections.gofleet.golang.plugins.module_utils._environment.render import Setting

MINE = render.marker('e', 'container')


def content(secrets=None, **variables):
    return render.rendered('e', model.variables_of([variables], secrets or {}), 'container', Setting(None, False))


@pytest.mark.parametrize('make', [
    lambda path, ours: path.mksymlinkto(str(ours)), lambda path, ours: path.mksymlinkto('nowhere'), lambda path, ours: path.mkdir(),
    lambda path, ours: os.mkfifo(str(path)),
])
def test_only_a_plain_file_can_be_ours(tmpdir, make):
    ours = tmpdir.join('ours')
    ours.write_binary(content(A=u'1'))
    make(tmpdir.join('file'), ours)
    assert observe.file(str(tmpdir.join('file')), MINE).kind == 'foreign'


def owner_ids(owner, group):
    found = observe.host({'owner': owner, 'group': group, 'paths': {}, 'state': 'absent', 'presets': []})
    return found.uid, found.gid


def test_owners_are_names_or_numbers(error_of):
    assert owner_ids('root', '5') == (0, 5)
    assert owner_ids(None, None) == (None, None)
    assert error_of(owner_ids, 'no-such-user', None).code == 'unknown_owner'
    assert error_of(owner_ids, None, 'no-such-group').evidence == {'name': 'no-such-group'}
