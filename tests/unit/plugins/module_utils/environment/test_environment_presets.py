# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import os

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._environment import go_env as environment_goroot
from ansible_collections.gofleet.golang.plugins.module_utils._environment import presets as environment_host
from ansible_collections.gofleet.golang.plugins.module_utils._environment.go_env import GoEnv
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import manifest
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import paths as toolchain_paths

SHIPPED = b'# defaults\nGOPROXY=https://proxy.golang.org,direct\nGOTOOLCHAIN=auto\n'


# ---- what the host has


def test_fish_and_user_managers_are_served_where_they_are(tmpdir):
    assert environment_host.served_without_asking(str(tmpdir)) == ['login_shell']
    tmpdir.ensure('etc', 'fish', dir=True)
    tmpdir.ensure('usr', 'lib', 'systemd', 'user-environment-generators', '30-systemd-environment-d-generator')
    assert environment_host.served_without_asking(str(tmpdir)) == ['login_shell', 'fish', 'user_manager']


@pytest.mark.parametrize('consumer', ['fish', 'user_manager', 'openrc'])
def test_a_consumer_that_is_not_there_is_told(tmpdir, error_of, consumer):
    error = error_of(environment_host.check_there, ['login_shell', 'service', 'container', consumer], str(tmpdir))
    assert (error.code, error.evidence['consumer']) == ('no_such_consumer', consumer)


@pytest.mark.parametrize(('said', 'taken'), [
    ('systemd 219\n+PAM', False), ('systemd 246 (246.1)', False), ('systemd 247 (247.3-7)', True), ('systemd 257', True), ('something else', False),
])
def test_systemd_is_asked_for_its_version(said, taken):
    assert environment_host.takes_control_characters(lambda argv, variables, folder: (0, said)) is taken


def test_a_host_without_systemd_counts_as_an_old_one():
    def run(argv, variables, folder):
        raise OSError(errno.ENOENT, 'missing')
    assert environment_host.takes_control_characters(run) is False


@pytest.mark.parametrize(('content', 'reason'), [
    (b'hosts: files dns\n', None), (b'  hosts:\tfiles\n', None), (b'# hosts: files\n', 'does not say'), (b'passwd: files\n', 'does not say'),
    (b'hosts:\n', 'does not say'), (None, 'cannot be read'),
])
def test_the_resolver_of_glibc_is_judged_by_nsswitch(tmpdir, content, reason):
    if content is not None:
        tmpdir.ensure('etc', 'nsswitch.conf').write_binary(content)
    found = environment_host.libc_cannot_resolve(str(tmpdir))
    assert (found is None) if reason is None else reason in found


@pytest.mark.parametrize(('said', 'musl'), [('glibc 2.36', False), ('', True), (None, True), (ValueError, True)])
def test_musl_is_known_by_its_loader_and_by_what_runs(tmpdir, monkeypatch, said, musl):
    tmpdir.ensure('etc', 'nsswitch.conf').write_binary(b'hosts: files dns\n')

    def confstr(name):
        if said is ValueError:
            raise ValueError(name)
        return said
    monkeypatch.setattr(os, 'confstr', confstr)
    assert environment_host.libc_cannot_resolve(str(tmpdir)) is None
    tmpdir.ensure('lib', 'ld-musl-x86_64.so.1')
    assert environment_host.runs_musl(str(tmpdir)) is musl
    assert ('musl' in (environment_host.libc_cannot_resolve(str(tmpdir)) or '')) is musl


def test_presets_that_share_a_variable_are_one_variable(tmpdir):
    variables, told = environment_host.presets(['http1_client', 'pure_go_resolver'], str(tmpdir))
    assert [(variable.name, variable.text) for variable in variables] == [('GODEBUG', 'netdns=go,http2client=0')]
    assert [(each['name'], each['applied']) for each in told] == [('pure_go_resolver', True), ('http1_client', True)]
    assert 'container' not in variables[0].consumers


def test_a_preset_that_the_host_does_not_call_for_is_told(tmpdir):
    tmpdir.ensure('etc', 'nsswitch.conf').write_binary(b'hosts: files dns\n')
    variables, told = environment_host.presets(['pure_go_resolver'], str(tmpdir))
    assert (variables, [each['applied'] for each in told]) == ([], [False])


def test_the_path_preset_is_the_folder_of_go_toolchain():
    [variable], dummy = environment_host.presets(['go_path'])
    assert variable.value == [toolchain_paths.default_paths().bin_dir]


# ---- go.env


@pytest.fixture
def link(tmpdir):
    """A link to a toolchain that has a manifest."""
    tree = tmpdir.ensure('opt', 'go1.30.1', dir=True)
    tree.join('go.env').write_binary(SHIPPED)
    folder = tmpdir.ensure('opt', '.gofleet', 'manifests', dir=True)
    manifest.write(str(folder), 'go1.30.1', {'version': '1.30.1', 'goarch': 'amd64', 'files': {}, 'folders': [], 'proof': []}, [])
    tmpdir.join('go').mksymlinkto(str(tree))
    return tmpdir.join('go')


def test_the_go_env_of_the_active_toolchain_is_found_by_the_link(tmpdir, link):
    assert environment_goroot.observe(str(link)) == GoEnv(str(tmpdir.join('opt', 'go1.30.1', 'go.env')), SHIPPED, 0o644, '1.30.1', True, [])


def test_a_toolchain_of_ours_will_do(link):
    environment_goroot.check(environment_goroot.observe(str(link)), False)


def test_a_toolchain_of_somebody_else_is_not_touched(tmpdir, error_of):
    tmpdir.ensure('theirs', 'go.env')
    error = error_of(environment_goroot.check, environment_goroot.observe(str(tmpdir.join('theirs'))), False)
    assert (error.code, error.evidence) == ('foreign_toolchain', {'path': str(tmpdir.join('theirs'))})


def test_a_missing_toolchain_is_told_but_in_check_mode(tmpdir, error_of):
    seen = environment_goroot.observe(str(tmpdir.join('none')))
    assert error_of(environment_goroot.check, seen, False).code == 'no_toolchain'
    environment_goroot.check(seen, True)


@pytest.mark.parametrize(('version', 'code'), [('1.20.14', 'no_go_env'), ('1.21.0', None), ('1.30.1', None)])
def test_go_reads_go_env_since_1_21(error_of, version, code):
    seen = GoEnv('/opt/go/x/go.env', b'', 0o644, version, True, None)
    if code is None:
        environment_goroot.check(seen, False)
    else:
        assert error_of(environment_goroot.check, seen, False).code == code


def test_our_settings_come_before_those_that_were_shipped():
    assert environment_goroot.with_block(SHIPPED, 'e', b'GOPROXY=off\n') == (
        b'# gofleet.golang environment e: begin\nGOPROXY=off\n# gofleet.golang environment e: end\n' + SHIPPED)


def test_our_settings_are_replaced_and_taken_away_and_nobody_elses():
    other = environment_goroot.with_block(SHIPPED, 'other', b'GOBIN=/x\n')
    first = environment_goroot.with_block(other, 'e', b'GOPROXY=off\n')
    second = environment_goroot.with_block(first, 'e', b'GOPROXY=direct\n')
    assert second == environment_goroot.with_block(other, 'e', b'GOPROXY=direct\n')
    assert environment_goroot.with_block(second, 'e', b'GOPROXY=direct\n') == second
    assert environment_goroot.with_block(second, 'e', None) == other
    assert environment_goroot.with_block(None, 'e', b'A=b\n').count(b'\n') == 3
