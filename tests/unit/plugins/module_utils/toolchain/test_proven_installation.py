# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trees that have to be proven: by whom, again where they are, and file by file."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import io
import os

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._proof import trees
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import manifest
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain.trust import Policy
from support.units import tiny_trees
from support.units.tiny_host import know, on_host, proof_of

LOG = Policy(('log',), False)


pytestmark = pytest.mark.usefixtures('no_disk')


# ---- the required proof


def test_a_host_asks_once_for_more_proof_than_the_index(host):
    del know(host, ['index'], h1=False)['exhausted']
    result = host.have('1.30.1')
    assert (result['needs'], result['changed']) == ([{'kind': 'proof', 'version': '1.30.1', 'goarch': 'amd64'}], False)
    assert host.everything() == {}


def test_a_host_asks_for_proof_in_check_mode_too(host):
    del know(host, ['index'], h1=False)['exhausted']
    assert [need['kind'] for need in host.have('1.30.1', check_mode=True)['needs']] == ['proof']


def test_with_no_more_to_be_had_the_index_is_enough_unless_more_is_asked(host):
    know(host, ['index'], h1=False)
    host.have('1.30.1')
    assert proof_of(host) == ['index']


@pytest.mark.parametrize('check_mode', [False, True])
def test_insufficient_proof_is_refused_before_any_change(host, error_of, check_mode):
    know(host, ['index'], h1=False)
    error = error_of(host.have, '1.30.1', trust=LOG, check_mode=check_mode)
    assert (error.code, error.evidence['found']) == ('untrusted', ['index'])
    assert host.everything() == {}


@pytest.mark.parametrize(('policy', 'kinds', 'h1'), [
    (LOG, ['index'], True), (Policy(('signature',), False), ['index', 'signature'], False), (Policy(('pinned', 'log'), True), ['pinned'], True),
])
def test_the_requested_proof_is_in_the_manifest(host, policy, kinds, h1):
    know(host, kinds, h1)
    host.have('1.30.1', trust=policy)
    assert set(policy.kinds) <= set(proof_of(host))


def test_a_module_zip_is_not_fetched_where_its_log_is_not_enough(host, error_of):
    know(host, ['signature'])
    host.offer(files={}, goproxy=['http://127.0.0.1:1/proxy'])
    error = error_of(host.have, '1.30.1', trust=Policy(('signature',), False))
    assert 'There is no mirror or module proxy to try' in error.msg


def test_a_module_zip_on_the_host_is_not_taken_where_its_log_is_not_enough(host, error_of):
    know(host, ['signature'])
    release = host.releases['1.30.1']
    host.offer(files={release.module_filename: on_host(release.module)})
    assert error_of(host.have, '1.30.1', trust=Policy(('signature',), False)).code == 'untrusted'


# ---- trees that are there, and for which more has to vouch


def test_an_installed_tree_is_verified_in_place(host):
    know(host, ['index'], h1=False)
    host.have('1.30.1')
    before = os.stat(host.paths.tree('go1.30.1')).st_ino
    know(host, ['index'])
    host.offer(files={})
    result = host.have('1.30.1', trust=LOG)
    assert (result['changed'], result['proven'], result['installed']) == (True, ['1.30.1'], [])
    assert (proof_of(host), os.stat(host.paths.tree('go1.30.1')).st_ino) == (['index', 'log'], before)
    assert host.have('1.30.1', trust=LOG)['changed'] is False


def test_check_mode_promises_the_proof(host):
    know(host, ['index'], h1=False)
    host.have('1.30.1')
    know(host, ['index'])
    result = host.have('1.30.1', trust=LOG, check_mode=True)
    assert (result['changed'], result['proven'], proof_of(host)) == (True, ['1.30.1'], ['index'])
    assert 'go1.30.1 (proven as trust asks)' in result['diff']['after']['toolchains']


def test_a_signature_vouches_for_a_tree_that_came_in_that_archive(host):
    know(host, ['index'], h1=False)
    host.have('1.30.1')
    know(host, ['index', 'signature'], h1=False)
    host.have('1.30.1', trust=Policy(('signature',), False))
    assert proof_of(host) == ['index', 'signature']


def test_a_signature_says_nothing_of_a_tree_that_came_otherwise(host, error_of):
    release = host.releases['1.30.1']
    host.records['1.30.1'] = release.logged()
    host.offer(files={release.module_filename: on_host(release.module)})
    host.have('1.30.1')
    know(host, ['signature'], h1=False)
    assert error_of(host.have, '1.30.1', trust=Policy(('signature',), False)).code == 'untrusted'


def test_a_tree_that_the_log_does_not_have_is_reported_and_stays(host, error_of):
    know(host, ['index'], h1=False)
    host.have('1.30.1')
    know(host, ['index'])['h1'] = 'h1:other'
    assert error_of(host.have, '1.30.1', trust=LOG).code == 'h1_mismatch'
    assert (proof_of(host), host.seen().link.kind) == (['index'], 'link')


def test_a_tree_that_was_changed_since_is_not_vouched_for(host, error_of):
    know(host, ['index'], h1=False)
    host.have('1.30.1')
    spoil(host, 'src/fmt/print.go')
    know(host, ['index'])
    error = error_of(host.have, '1.30.1', trust=LOG)
    assert (error.code, 'src/fmt/print.go' in error.msg, 'verify: deep' in error.msg) == ('tree_changed', True, True)


# ---- file by file


def spoil(host, name, content=b'evil'):
    path = os.path.join(host.paths.tree('go1.30.1'), name)
    with io.open(path, 'wb') as target:
        target.write(content)
    return path


def remove(host):
    os.unlink(os.path.join(host.paths.tree('go1.30.1'), 'src/fmt/print.go'))


def let_run(host):
    os.chmod(os.path.join(host.paths.tree('go1.30.1'), 'src/fmt/print.go'), 0o755)


DAMAGE = {
    'changed': lambda host: spoil(host, 'src/fmt/print.go'),
    'missing': remove,
    'extra': lambda host: spoil(host, 'src/fmt/evil.go'),
    'mode': let_run,
}


@pytest.mark.parametrize('kind', sorted(DAMAGE))
def test_deep_verification_finds_changes_that_quick_verification_misses(host, kind):
    host.have('1.30.1')
    DAMAGE[kind](host)
    assert host.have('1.30.1')['changed'] is False
    result = host.have('1.30.1', deep=True, check_mode=True)
    damaged, = result['damaged']
    name = 'src/fmt/evil.go' if kind == 'extra' else 'src/fmt/print.go'
    assert (damaged['problem'], damaged['differences'][kind], damaged['differences']['count']) == ('%s: %s' % (kind, name), [name], 1)
    assert result['changed'] is True


def test_a_tree_that_differs_from_its_manifest_is_replaced(host, releases):
    host.have('1.30.1')
    spoil(host, 'src/fmt/print.go')
    result = host.have('1.30.1', deep=True)
    assert (result['installed'], result['pruned'], [each['problem'] for each in result['toolchains']]) == (['1.30.1'], ['1.30.1'], [None])
    assert host.tree('go1.30.1-2') == releases['1.30.1'].tree
    assert host.have('1.30.1', deep=True)['changed'] is False


def test_an_edited_go_env_is_reported_and_stays(host):
    host.have('1.30.1')
    spoil(host, 'go.env', b'GOTOOLCHAIN=local\n')
    result = host.have('1.30.1', deep=True)
    toolchain, = result['toolchains']
    assert (result['changed'], toolchain['problem'], toolchain['differences']['changed']) == (False, None, ['go.env'])
    assert toolchain['differences']['go_env_edited'] is True


def test_a_changed_list_of_files_proves_nothing(host):
    host.have('1.30.1')
    with io.open(os.path.join(host.paths.manifests, 'go1.30.1.sums'), 'ab') as target:
        target.write(b'0644 ab 2 f src/fmt/evil.go\n')
    damaged, = host.have('1.30.1', deep=True, check_mode=True)['damaged']
    assert damaged['problem'] == 'the list of its files was changed'


def test_names_with_a_newline_and_a_backslash_are_compared_too(tmpdir):
    tree, folder = str(tmpdir.mkdir('tree')), str(tmpdir.mkdir('manifests'))
    tiny_trees.write_tree(tree, {'a\nb\\c': b'odd', 'a\\nb': b'odder'})
    entries = trees.walk_tree(tree)
    content = manifest.describe(tree, entries)
    manifest.write(folder, 'go1', content, entries)
    assert not any(manifest.differences(trees.walk_tree(tree), folder, 'go1', content))
