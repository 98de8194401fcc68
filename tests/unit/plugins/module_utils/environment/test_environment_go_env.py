# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._environment import go_env
from ansible_collections.gofleet.golang.plugins.module_utils._environment.go_env import Copy, GoEnv
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import manifest

SHIPPED = b'# defaults\nGOPROXY=https://proxy.golang.org,direct\nGOTOOLCHAIN=auto\n'


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
    assert go_env.observe(str(link)) == GoEnv(
        str(tmpdir.join('opt', 'go1.30.1', 'go.env')), SHIPPED, 0o644, '1.30.1', True, [], None, None,
        Copy(str(tmpdir.join('opt', '.gofleet', 'go.env')), None, []))


def test_a_toolchain_that_we_installed_is_accepted(link):
    go_env.check(go_env.observe(str(link)), False)


def test_a_toolchain_that_we_did_not_install_is_not_changed(tmpdir, error_of):
    tmpdir.ensure('theirs', 'go.env')
    error = error_of(go_env.check, go_env.observe(str(tmpdir.join('theirs'))), False)
    assert (error.code, error.evidence) == ('foreign_toolchain', {'path': str(tmpdir.join('theirs'))})


def test_a_missing_toolchain_is_an_error_except_in_check_mode(tmpdir, error_of):
    seen = go_env.observe(str(tmpdir.join('none')))
    assert error_of(go_env.check, seen, False).code == 'no_toolchain'
    go_env.check(seen, True)


@pytest.mark.parametrize(('version', 'code'), [('1.20.14', 'no_go_env'), ('1.21.0', None), ('1.30.1', None)])
def test_go_reads_go_env_since_1_21(error_of, version, code):
    seen = GoEnv('/opt/go/x/go.env', b'', 0o644, version, True, None, None, None, None)
    if code is None:
        go_env.check(seen, False)
    else:
        assert error_of(go_env.check, seen, False).code == code


def test_our_settings_come_before_those_that_were_shipped():
    assert go_env.with_block(SHIPPED, 'e', b'GOPROXY=off\n') == (
        b'# gofleet.golang environment e: begin\nGOPROXY=off\n# gofleet.golang environment e: end\n' + SHIPPED)


def test_only_the_block_of_this_environment_is_replaced_and_removed():
    other = go_env.with_block(SHIPPED, 'other', b'GOBIN=/x\n')
    first = go_env.with_block(other, 'e', b'GOPROXY=off\n')
    second = go_env.with_block(first, 'e', b'GOPROXY=direct\n')
    assert second == go_env.with_block(other, 'e', b'GOPROXY=direct\n')
    assert go_env.with_block(second, 'e', b'GOPROXY=direct\n') == second
    assert go_env.with_block(second, 'e', None) == other
    assert go_env.with_block(None, 'e', b'A=b\n').count(b'\n') == 3
