# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._environment import observe, paths


def chosen(consumer, path):
    """The path of a consumer as the module works it out here. path: the one in its options, or None."""
    options = {'name': 'e', 'paths': {consumer: path}, 'owner': None, 'group': None, 'state': 'present', 'presets': []}
    return paths.chosen(consumer, options, observe.host(options))


@pytest.mark.parametrize('path', ['/etc/environment', '/etc/profile', '/etc/sysctl.conf'])
def test_files_of_the_system_are_never_written(error_of, path):
    assert error_of(chosen, 'service', path).code == 'foreign_file'


def test_a_link_to_a_file_of_the_system_is_refused_too(tmpdir, error_of):
    tmpdir.join('link').mksymlinkto('/etc/environment')
    assert error_of(chosen, 'service', str(tmpdir.join('link'))).code == 'foreign_file'


@pytest.mark.parametrize('path', ['relative', '/a/../b', '/a//b', '/a/'])
def test_a_path_is_plain_and_absolute(error_of, path):
    assert error_of(chosen, 'service', path).code == 'bad_path'


@pytest.mark.parametrize('name', ['', '.e', 'a/b', '../e', 'a b', u'\u00e4', 'e\n', '-e'])
def test_a_name_that_would_lead_elsewhere_is_refused(error_of, name):
    assert error_of(paths.check_name, name).code == 'invalid_environment_name'


def test_root_and_ordinary_users_have_separate_paths(monkeypatch, error_of):
    monkeypatch.setattr(os, 'geteuid', lambda: 0)
    assert chosen('login_shell', None) == '/etc/profile.d/e.sh'
    monkeypatch.setattr(os, 'geteuid', lambda: 1000)
    monkeypatch.delenv('XDG_CONFIG_HOME', raising=False)
    monkeypatch.setenv('HOME', '/home/u')
    assert chosen('user_manager', None) == '/home/u/.config/environment.d/90-e.conf'
    monkeypatch.setenv('XDG_CONFIG_HOME', '/elsewhere')
    assert chosen('fish', None) == '/elsewhere/fish/conf.d/e.fish'
    assert error_of(chosen, 'openrc', None).code == 'no_user_level'
