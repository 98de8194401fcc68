# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The go command's defaults of a fleet, over everything that can happen to the toolchains that hold them."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import io
import os

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._environment import converge as environment_converge
from ansible_collections.gofleet.golang.plugins.module_utils._environment import paths as environment_paths
from ansible_collections.gofleet.golang.plugins.module_utils._files import locks, transaction
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import go_policy
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain.trust import Policy
from support.units import tiny_trees
from support.units.tiny_host import on_host

pytestmark = pytest.mark.usefixtures('no_disk')

LOG = Policy(('log',), False)
SHIPPED = b'GOTOOLCHAIN=auto\n'


@pytest.fixture(autouse=True)
def _lock_of_the_test(monkeypatch, tmpdir):
    monkeypatch.setattr(environment_paths, 'lock', lambda account: str(tmpdir.join('environment.lock')))
    monkeypatch.setattr(environment_paths, 'made_folders', lambda account: str(tmpdir.join('gofleet', 'environment', 'made.json')))


def set_defaults(host, name='fleet', check_mode=False, **changes):
    """Run env_file for the link of this host."""
    options = {'name': name, 'variables': {'GOPROXY': 'https://proxy.example.com'}, 'defaults': {}, 'secrets': {}, 'presets': [],
               'consumers': ['login_shell'], 'paths': {'login_shell': os.path.join(host.root, name + '.sh')}, 'level': 'default',
               'goroot': host.paths.link, 'owner': None, 'group': None, 'mode': None, 'state': 'present', 'bin_dir': None, 'skip_empty': False}
    return environment_converge.converge(dict(options, **changes), tiny_trees.run, check_mode)


def forget(host):
    """The host as a former gofleet.golang left it, which kept nothing beside the trees."""
    os.unlink(go_policy.path_of(host.paths))


def go_env(host, tree):
    with io.open(os.path.join(host.paths.tree(tree), 'go.env'), 'rb') as source:
        return source.read()


def names(host, tree):
    return sorted(go_policy.blocks_in(go_env(host, tree)))


# ---- the blocks stay with the link


def test_the_blocks_are_in_the_new_tree_before_the_link_leads_there(host, monkeypatch):
    host.have('1.30.1')
    set_defaults(host)
    seen = []
    real = transaction.point_link

    def point(link, target):
        seen.append(names(host, os.path.basename(target)))
        real(link, target)
    monkeypatch.setattr(transaction, 'point_link', point)
    host.have('1.30.2')
    assert seen == [['fleet']]


def test_a_new_tree_has_the_blocks_when_it_gets_its_name(host, monkeypatch):
    host.have('1.30.1')
    set_defaults(host)
    seen = []
    real = transaction.publish_tree

    def publish(staged, target):
        with io.open(os.path.join(staged, 'go.env'), 'rb') as source:
            seen.append(sorted(go_policy.blocks_in(source.read())))
        real(staged, target)
    monkeypatch.setattr(transaction, 'publish_tree', publish)
    host.have('1.30.2')
    assert seen == [['fleet']]


def test_nothing_is_left_to_do_for_env_file_after_an_upgrade(host):
    host.have('1.30.1')
    set_defaults(host)
    host.have('1.30.2')
    assert (set_defaults(host)['changed'], go_env(host, 'go1.30.2')) == (False, go_env(host, 'go1.30.1'))


def test_check_mode_of_env_file_promises_what_the_run_does_after_an_upgrade(host):
    host.have('1.30.1')
    set_defaults(host)
    host.have('1.30.2', check_mode=True)
    promised = [set_defaults(host, check_mode=True, **changes)['changed'] for changes in ({}, {'variables': {'GOPROXY': 'off'}})]
    host.have('1.30.2')
    assert promised == [set_defaults(host, **changes)['changed'] for changes in ({}, {'variables': {'GOPROXY': 'off'}})] == [False, True]


def test_a_tree_that_becomes_active_again_gets_what_holds_now(host):
    host.have('1.30.1')
    set_defaults(host, variables={'GOPROXY': 'https://old.example.com'})
    host.have('1.30.2')
    set_defaults(host, variables={'GOPROXY': 'https://new.example.com'})
    result = host.have('1.30.1')
    assert 'go_env go1.30.1 fleet' in result['plan']
    assert b'new.example.com' in go_env(host, 'go1.30.1')
    assert b'old.example.com' not in go_env(host, 'go1.30.1')


@pytest.mark.parametrize('removal', [{'state': 'absent'}, {'level': 'enforced'}])
def test_a_tree_that_becomes_active_again_does_not_revive_what_was_removed(host, removal):
    host.have('1.30.1')
    set_defaults(host)
    host.have('1.30.2')
    set_defaults(host, **removal)
    host.have('1.30.1')
    assert go_env(host, 'go1.30.1') == SHIPPED
    assert not os.path.exists(go_policy.path_of(host.paths))


def test_lines_of_the_user_in_go_env_stay(host):
    host.have('1.30.2', '1.30.1')
    with io.open(os.path.join(host.paths.tree('go1.30.1'), 'go.env'), 'ab') as target:
        target.write(b'GOFLAGS=-v\n')
    set_defaults(host)
    host.have('1.30.1')
    assert go_env(host, 'go1.30.1').endswith(SHIPPED + b'GOFLAGS=-v\n')


def test_the_successor_of_a_damaged_tree_has_the_blocks(host):
    host.have('1.30.1')
    set_defaults(host)
    os.unlink(os.path.join(host.paths.tree('go1.30.1'), 'bin', 'gofmt'))
    os.unlink(os.path.join(host.paths.tree('go1.30.1'), 'go.env'))
    host.have('1.30.1')
    assert names(host, 'go1.30.1-2') == ['fleet']


def test_the_blocks_outlive_the_tree_that_was_active(host):
    host.have('1.30.1', '1.29.0')
    set_defaults(host)
    host.lose('1.30.1')
    host.have('1.29.0')
    assert names(host, 'go1.29.0') == ['fleet']


def test_a_tree_that_is_adopted_gets_the_blocks(host):
    host.have('1.29.0')
    set_defaults(host)
    os.unlink(host.paths.link)
    release = host.releases['1.30.1']
    tiny_trees.write_tree(host.paths.link, release.tree)
    host.records['1.30.1'] = release.record(h1=release.h1)
    result = host.have('1.30.1', adopt=True)
    assert (result['adopted'][0]['taken_in'], names(host, 'go1.30.1')) == (True, ['fleet'])


def test_a_tree_beside_the_active_one_is_as_it_was_shipped(host):
    host.have('1.30.1')
    set_defaults(host)
    host.have('1.30.1', '1.29.0')
    assert go_env(host, 'go1.29.0') == SHIPPED


def test_removal_of_everything_takes_the_blocks_too(host):
    host.have('1.30.1')
    set_defaults(host)
    host.lose()
    assert not os.path.exists(host.paths.prefix)


def test_env_file_forgets_an_environment_after_the_active_tree_is_gone(host):
    host.have('1.30.1', '1.29.0')
    set_defaults(host)
    os.unlink(host.paths.link)
    os.symlink(host.paths.tree('gone'), host.paths.link)
    assert set_defaults(host, state='absent')['changed'] is True
    host.have('1.29.0')
    assert go_env(host, 'go1.29.0') == SHIPPED


def test_no_toolchain_becomes_active_while_env_file_writes(host, monkeypatch, error_of):
    host.have('1.30.1')
    monkeypatch.setattr(environment_converge, '_LOCK_SECONDS', 1)
    with locks.lock(host.paths.lock, 1):
        error = error_of(set_defaults, host)
    assert (error.code, error.evidence['path']) == ('locked', host.paths.lock)


def test_env_file_does_not_wait_for_a_toolchain_that_it_does_not_write_to(host, monkeypatch):
    host.have('1.30.1')
    monkeypatch.setattr(environment_converge, '_LOCK_SECONDS', 1)
    with locks.lock(host.paths.lock, 1):
        assert set_defaults(host, level='enforced')['changed'] is True


# ---- hosts of a former version


def test_blocks_of_a_former_version_are_taken_over_by_an_upgrade(host):
    host.have('1.30.1')
    set_defaults(host)
    forget(host)
    assert 'keep_go_env %s fleet' % go_policy.path_of(host.paths) in host.have('1.30.2', prune=True)['plan']
    assert names(host, 'go1.30.2') == ['fleet']
    assert set_defaults(host)['changed'] is False


def test_blocks_of_a_former_version_are_taken_over_when_the_active_tree_goes(host):
    host.have('1.30.1', '1.29.0')
    set_defaults(host)
    forget(host)
    host.lose('1.30.1')
    host.have('1.29.0')
    assert names(host, 'go1.29.0') == ['fleet']


def test_env_file_takes_over_the_blocks_of_other_environments(host):
    host.have('1.30.1')
    set_defaults(host, 'one')
    forget(host)
    set_defaults(host, 'two')
    assert sorted(go_policy.kept(host.paths)) == ['one', 'two']


def test_a_converged_host_of_a_former_version_is_not_changed(host):
    host.have('1.30.1')
    set_defaults(host)
    forget(host)
    before = host.everything()
    assert (set_defaults(host)['changed'], host.have('1.30.1')['changed'], host.everything()) == (False, False, before)


def test_a_lost_link_loses_no_blocks_of_a_former_version(host):
    host.have('1.30.1')
    set_defaults(host)
    forget(host)
    os.unlink(host.paths.link)
    host.have('1.30.1')
    assert names(host, 'go1.30.1') == ['fleet']


# ---- what the manifest says


def test_a_tree_with_blocks_is_what_was_installed(host):
    host.have('1.30.1')
    set_defaults(host)
    host.have('1.30.2')
    result = host.have('1.30.2', deep=True)
    assert (result['changed'], result['damaged']) == (False, [])


def test_a_tree_with_blocks_is_proven_by_the_log(host):
    release = host.releases['1.30.1']
    host.have('1.30.1')
    set_defaults(host)
    host.records['1.30.1'] = release.record(h1=release.h1)
    assert host.have('1.30.1', trust=LOG)['proven'] == ['1.30.1']


# ---- releases that do not read go.env


@pytest.fixture
def old(host, tmpdir):
    release = tiny_trees.Release(tmpdir.mkdir('old'), '1.20.14', 'amd64')
    host.records['1.20.14'] = release.record()
    host.offered.files[release.filename] = on_host(release.archive)
    return '1.20.14'


@pytest.mark.parametrize('check_mode', [True, False])
def test_a_release_that_does_not_read_go_env_is_reported_by_a_warning(host, old, check_mode):
    host.have('1.30.1')
    set_defaults(host)
    warning, = host.have(old, check_mode=check_mode)['warnings']
    assert ('Go 1.20.14 does not read go.env' in warning, 'environment fleet' in warning, 'level: enforced' in warning) == (True, True, True)


def test_the_blocks_are_there_again_after_a_release_that_does_not_read_them(host, old):
    host.have('1.30.1')
    set_defaults(host)
    forget(host)
    host.have(old, prune=True)
    assert go_env(host, 'go1.20.14') == SHIPPED
    host.have('1.30.2')
    assert names(host, 'go1.30.2') == ['fleet']


def test_check_mode_of_env_file_warns_where_a_task_before_may_bring_another_release(host, old):
    host.have(old)
    warnings = set_defaults(host, check_mode=True)['warnings']
    assert [('does not read go.env' in each, 'In check mode' in each) for each in warnings] == [(True, True)]


# ---- more than one environment


def test_two_environments_converge(host):
    host.have('1.30.1')
    assert [set_defaults(host, name)['changed'] for name in ('b', 'a', 'b', 'a')] == [True, True, False, False]


def test_blocks_come_in_the_order_of_their_names():
    content = go_policy.with_blocks(SHIPPED, {'b': b'B=1\n', 'a': b''})
    assert content.split(b'\n')[:5] == [
        b'# gofleet.golang environment a: begin', b'# gofleet.golang environment a: end',
        b'# gofleet.golang environment b: begin', b'B=1', b'# gofleet.golang environment b: end']
    assert go_policy.blocks_in(content) == {'a': b'', 'b': b'B=1\n'}
    assert go_policy.with_blocks(content, {}) == SHIPPED


def test_a_block_without_an_end_is_not_ours():
    content = b'A=1\n# gofleet.golang environment x: begin\nB=2\n'
    assert (go_policy.blocks_in(content), go_policy.with_blocks(content, {})) == ({}, content)


# ---- what go.env may be


@pytest.mark.parametrize('odd', ['link', 'fifo'])
def test_a_go_env_that_is_no_regular_file_is_not_read(host, error_of, tmpdir, odd):
    secret = tmpdir.join('secret')
    secret.write('SECRET=1\n')
    host.have('1.30.2', '1.30.1')
    set_defaults(host)
    path = os.path.join(host.paths.tree('go1.30.1'), 'go.env')
    os.unlink(path)
    if odd == 'link':
        os.symlink(str(secret), path)
    else:
        os.mkfifo(path)
    error = error_of(host.have, '1.30.1')
    assert (error.code, 'SECRET' in error.msg, secret.read()) == ('not_a_file', False, 'SECRET=1\n')
    assert os.path.basename(os.path.realpath(host.paths.link)) == 'go1.30.2'


def test_env_file_neither_shows_nor_replaces_a_go_env_that_is_a_link(host, error_of, tmpdir):
    secret = tmpdir.join('secret')
    secret.write('SECRET=1\n')
    host.have('1.30.1')
    path = os.path.join(host.paths.tree('go1.30.1'), 'go.env')
    os.unlink(path)
    os.symlink(str(secret), path)
    for check_mode in (True, False):
        error = error_of(set_defaults, host, check_mode=check_mode)
        assert (error.code, 'SECRET' in error.msg) == ('not_a_file', False)
    assert set_defaults(host, state='absent')['changed'] is False
    assert os.path.islink(path)


def test_a_go_env_that_is_no_file_is_no_matter_where_there_are_no_defaults(host):
    host.have('1.30.1')
    path = os.path.join(host.paths.tree('go1.30.1'), 'go.env')
    os.unlink(path)
    os.symlink('/etc/own/go.env', path)
    assert [host.have(version)['changed'] for version in ('1.30.2', '1.30.1')] == [True, True]


def test_the_plan_and_the_diff_tell_what_go_env_gets(host):
    host.have('1.30.1')
    set_defaults(host)
    promised, done = [host.have('1.30.2', check_mode=check_mode) for check_mode in (True, False)]
    assert promised['plan'] == done['plan'] == ['install go1.30.2 1.30.2', 'go_env go1.30.2 fleet',
                                                'link %s %s' % (host.paths.link, host.paths.tree('go1.30.2'))]
    path = os.path.join(host.paths.tree('go1.30.2'), 'go.env')
    assert [result['diff'][side]['go_env'] for result in (promised, done) for side in ('before', 'after')] == [{path: []}, {path: ['fleet']}] * 2
