# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts that an earlier version of this collection configured are recognised as unchanged.

former_hosts/MODULE.json holds the files of a host as the collection wrote them before its code was sorted into rooms
(support/units/host_files.py wrote them down), and the options that asked for them.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import io
import json
import os

import pytest
import test_env_file
import test_go_toolchain
import test_sysctl_profile

from support.units import host_files

FORMER = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'former_hosts')
_every_consumer = test_env_file._every_consumer


def restored(module, root):
    """The options that a host's files were written for, once they are below root."""
    return host_files.restore(os.path.join(FORMER, module + '.json'), str(root))['options']


def assert_unchanged(run, options, root):
    before = host_files.record(str(root))
    result = run(**options)
    assert (result.get('msg'), result['changed'], result['plan']) == (None, False, [])
    assert host_files.record(str(root)) == before
    return result


def test_a_host_with_two_toolchains_is_unchanged(tmpdir, monkeypatch):
    monkeypatch.setattr(test_go_toolchain.host, 'goarch', lambda program=None: 'amd64')
    root = tmpdir.mkdir('machine')
    options = restored('go_toolchain', root)
    machine = test_go_toolchain.Machine(root, None)
    machine.options = lambda **changes: changes
    for verify in ('quick', 'deep'):
        result = assert_unchanged(machine.run, dict(options, verify=verify), root)
        assert [(each['version'], each['active'], each['problem']) for each in result['toolchains']] == [('1.30.1', False, None), ('1.30.2', True, None)]


def test_a_host_with_an_environment_for_every_consumer_is_unchanged(tmpdir):
    root = tmpdir.mkdir('machine')
    result = assert_unchanged(test_env_file.Machine(root).run, restored('env_file', root), root)
    assert [each['action'] for each in result['files']] == ['none'] * 7


def test_a_host_with_kernel_settings_is_unchanged(tmpdir):
    machine = test_sysctl_profile.Machine(tmpdir.mkdir('host'))
    for path in (machine.root, machine.proc):
        path.remove()
    options = restored('sysctl_profile', tmpdir.join('host'))
    result = assert_unchanged(machine.run, options, machine.folder)
    assert [each['status'] for each in result['settings']] == ['already'] * 2


@pytest.mark.parametrize('module', ['go_toolchain', 'env_file', 'sysctl_profile'])
def test_recorded_values_are_restored_exactly(module, tmpdir):
    root = tmpdir.mkdir('host')
    host_files.restore(os.path.join(FORMER, module + '.json'), str(root))
    with io.open(os.path.join(FORMER, module + '.json'), 'rb') as source:
        assert host_files.record(str(root)) == json.loads(source.read().decode('utf-8'))['files']
