# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._environment import presets
from ansible_collections.gofleet.golang.plugins.module_utils._host import libc
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import paths as toolchain_paths


@pytest.mark.parametrize(('content', 'reason'), [
    (b'hosts: files dns\n', None), (b'  hosts:\tfiles\n', None), (b'# hosts: files\n', 'does not say'), (b'passwd: files\n', 'does not say'),
    (b'hosts:\n', 'does not say'), (None, 'cannot be read'),
])
def test_the_resolver_of_glibc_is_judged_by_nsswitch(tmpdir, content, reason):
    if content is not None:
        tmpdir.ensure('etc', 'nsswitch.conf').write_binary(content)
    found = presets.resolver_problem(str(tmpdir))
    assert (found is None) if reason is None else reason in found


@pytest.mark.parametrize(('said', 'musl'), [('glibc 2.36', False), ('', True), (None, True), (ValueError, True)])
def test_musl_is_known_by_its_loader_and_by_what_runs(tmpdir, monkeypatch, said, musl):
    tmpdir.ensure('etc', 'nsswitch.conf').write_binary(b'hosts: files dns\n')

    def confstr(name):
        if said is ValueError:
            raise ValueError(name)
        return said
    monkeypatch.setattr(os, 'confstr', confstr)
    assert presets.resolver_problem(str(tmpdir)) is None
    tmpdir.ensure('lib', 'ld-musl-x86_64.so.1')
    assert libc.runs_musl(str(tmpdir)) is musl
    assert ('musl' in (presets.resolver_problem(str(tmpdir)) or '')) is musl


def presets_of(root, *names):
    return presets.presets(names, presets.resolver_problem(str(root)), toolchain_paths.default_paths().bin_dir)


def test_presets_that_share_a_variable_are_one_variable(tmpdir):
    variables, applied = presets_of(tmpdir, 'http1_client', 'pure_go_resolver')
    assert [(variable.name, variable.text) for variable in variables] == [('GODEBUG', 'netdns=go,http2client=0')]
    assert [(each['name'], each['applied']) for each in applied] == [('pure_go_resolver', True), ('http1_client', True)]
    assert 'container' not in variables[0].consumers


def test_a_preset_that_the_host_does_not_need_is_not_applied(tmpdir):
    tmpdir.ensure('etc', 'nsswitch.conf').write_binary(b'hosts: files dns\n')
    variables, applied = presets_of(tmpdir, 'pure_go_resolver')
    assert (variables, [each['applied'] for each in applied]) == ([], [False])


def test_the_path_preset_is_the_folder_of_go_toolchain(tmpdir):
    [variable], dummy = presets_of(tmpdir, 'go_path')
    assert variable.value == [toolchain_paths.default_paths().bin_dir]
