# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import os

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._host import init


def answering(output):
    return lambda argv, environment, folder: (0, output)


def unable(number):
    def run(argv, environment, folder):
        raise OSError(number, os.strerror(number), argv[0])

    return run


@pytest.mark.parametrize(('folders', 'files', 'name'), [
    (['run/systemd/system'], [], 'systemd'), (['run/systemd/system', 'sbin'], ['sbin/openrc-run'], 'systemd'), (['run/systemd'], [], None),
    (['sbin'], ['sbin/openrc-run'], 'openrc'), (['usr/bin'], ['usr/bin/openrc-run'], 'openrc'), ([], [], None),
])
def test_the_init_system_of_a_root_is_found_by_its_files(tmpdir, folders, files, name):
    for each in folders:
        tmpdir.ensure(each, dir=True)
    for each in files:
        tmpdir.ensure(each)
    assert init.running(str(tmpdir)) == (name, None)


def test_the_version_of_systemd_is_not_queried_for_another_root(tmpdir):
    tmpdir.ensure('run/systemd/system', dir=True)
    assert init.running(str(tmpdir), unable(errno.EIO)) == ('systemd', None)


def test_the_version_of_this_hosts_systemd_is_queried(monkeypatch):
    monkeypatch.setattr(os.path, 'isdir', lambda path: path == '/run/systemd/system')
    assert init.running('/', answering('systemd 219\n+PAM\n')) == ('systemd', 219)


@pytest.mark.parametrize(('output', 'version'), [
    ('systemd 219\n+PAM +AUDIT\n', 219), ('systemd 257 (257.9-1~deb13u1)\n', 257), ('', None), ('systemd\n', None), ('not systemd 257\n', None),
])
def test_the_version_is_read_from_the_first_line(output, version):
    assert init.systemd_version(answering(output)) == version


@pytest.mark.parametrize('number', [errno.ENOENT, errno.EACCES])
def test_a_host_without_systemctl_has_no_version_of_systemd(number):
    assert init.systemd_version(unable(number)) is None


def test_another_error_of_systemctl_is_raised():
    with pytest.raises(OSError):
        init.systemd_version(unable(errno.EIO))


@pytest.mark.parametrize(('output', 'accepted'), [('systemd 246\n', False), ('systemd 247 (247.3-7)\n', True), ('', False)])
def test_control_characters_are_accepted_from_systemd_247_on(output, accepted):
    assert init.takes_control_characters(answering(output)) is accepted
