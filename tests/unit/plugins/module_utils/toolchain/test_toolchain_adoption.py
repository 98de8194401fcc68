# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import adoption
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain.trust import Policy
from support.units import tiny_trees
from support.units.tiny_host import know, proof_of

LOG = Policy(('log',), False)


pytestmark = pytest.mark.usefixtures('no_disk')


def foreign(host, tree=None, version='1.30.1'):
    tiny_trees.write_tree(host.paths.link, tree or host.releases[version].tree)
    for name in ('bin/go', 'bin/gofmt'):
        os.chmod(os.path.join(host.paths.link, name), 0o755)


def test_an_official_tree_at_the_link_is_adopted_without_an_archive(host, releases):
    foreign(host)
    know(host, ['index'])
    host.offer(files={})
    result = host.have('1.30.1', adopt=True)
    assert (result['adopted'], result['moved_aside']) == ([{'path': host.paths.link, 'version': '1.30.1', 'taken_in': True, 'reason': None}], [])
    assert host.tree('go1.30.1') == releases['1.30.1'].tree
    assert (os.readlink(host.paths.link), proof_of(host)) == (host.paths.tree('go1.30.1'), ['log'])
    assert sorted(os.listdir(os.path.dirname(host.paths.link))) == ['bin', 'go']
    assert host.have('1.30.1', adopt=True)['changed'] is False


def told_without_times(result):
    """What two results have to agree in."""
    return ([line.split('.before-gofleet-')[0] for line in result['plan']], result['adopted'], len(result['moved_aside']),
            len(result['diff']['after']['moved_aside']), result['installed'])


@pytest.mark.parametrize('change', [{}, {'src/fmt/print.go': b'evil'}])
def test_check_mode_foresees_whether_a_tree_is_adopted(host, releases, change):
    foreign(host, dict(releases['1.30.1'].tree, **change))
    know(host, ['index'])
    before = host.everything()
    promised = host.have('1.30.1', adopt=True, check_mode=True)
    assert host.everything() == before
    assert told_without_times(promised) == told_without_times(host.have('1.30.1', adopt=True))
    assert promised['adopted'][0]['taken_in'] is (not change)


@pytest.mark.parametrize('check_mode', [True, False])
def test_the_diff_moves_nothing_aside_if_a_tree_is_adopted(host, check_mode):
    foreign(host)
    know(host, ['index'])
    result = host.have('1.30.1', adopt=True, check_mode=check_mode)
    assert (result['diff']['after']['moved_aside'], result['moved_aside'], result['warnings']) == ([], [], [])


@pytest.mark.parametrize(('h1', 'reason'), [(True, 'is not the release: the h1 of its tree'), (False, 'The tree of Go 1.30.1 cannot be verified')])
@pytest.mark.parametrize(('check_mode', 'consequence'), [(True, 'would be installed.'), (False, 'is installed in its place.')])
def test_a_warning_says_why_a_tree_was_not_adopted(host, releases, h1, reason, check_mode, consequence):
    foreign(host, dict(releases['1.30.1'].tree, **{'src/fmt/print.go': b'evil'}))
    know(host, ['index'], h1)
    result = host.have('1.30.1', adopt=True, check_mode=check_mode)
    warning, = result['warnings']
    assert all(each in warning for each in (host.paths.link, reason, result['moved_aside'][0], consequence))
    assert 'was installed' not in warning
    assert 'not installed' not in warning


def test_a_failed_installation_says_why_the_existing_tree_was_not_adopted(host, releases, error_of):
    foreign(host, dict(releases['1.30.1'].tree, **{'src/fmt/print.go': b'evil'}))
    know(host, ['index'])
    host.offer(files={})
    error = error_of(host.have, '1.30.1', adopt=True)
    assert (error.code, 'was not adopted: ' in error.msg, error.evidence['adopted'][0]['taken_in']) == ('no_source', True, False)


@pytest.mark.parametrize('check_mode', [True, False])
def test_a_tree_with_a_link_in_it_is_not_adopted(host, releases, check_mode):
    foreign(host)
    os.symlink('/etc/passwd', os.path.join(host.paths.link, 'doc', 'odd'))
    know(host, ['index'])
    adopted, = host.have('1.30.1', adopt=True, check_mode=check_mode)['adopted']
    assert (adopted['taken_in'], 'is neither a file nor a folder' in adopted['reason']) == (False, True)


def test_an_adopted_tree_is_a_copy_that_no_other_user_can_write_to(host):
    foreign(host)
    inode = os.stat(os.path.join(host.paths.link, 'bin/go')).st_ino
    know(host, ['index'])
    host.have('1.30.1', adopt=True)
    assert os.stat(os.path.join(host.paths.tree('go1.30.1'), 'bin/go')).st_ino != inode


@pytest.mark.parametrize(('change', 'reason'), [
    ({'src/fmt/print.go': b'evil'}, 'is not the release'), ({'src/fmt/evil.go': b'evil'}, 'is not the release'),
])
def test_a_tree_that_is_not_the_release_is_moved_aside_and_reported(host, releases, change, reason):
    foreign(host, dict(releases['1.30.1'].tree, **change))
    know(host, ['index'])
    result = host.have('1.30.1', adopt=True)
    reported, = result['adopted']
    assert (reported['taken_in'], reason in reported['reason'], len(result['moved_aside'])) == (False, True, 1)
    assert tiny_trees.read_tree(result['moved_aside'][0]) == dict(releases['1.30.1'].tree, **change)
    assert host.tree('go1.30.1') == releases['1.30.1'].tree


def test_a_tree_of_an_unknown_release_is_moved_aside(host):
    foreign(host)
    know(host, ['index'], h1=False)
    result = host.have('1.30.1', adopt=True)
    assert (result['adopted'][0]['taken_in'], len(result['moved_aside'])) == (False, 1)


def test_a_tree_of_another_version_is_moved_aside(host):
    foreign(host, version='1.29.0')
    know(host, ['index'])
    result = host.have('1.30.1', adopt=True)
    assert (result['adopted'], len(result['moved_aside']), sorted(host.seen().trees)) == ([], 1, ['go1.30.1'])


def test_documents_of_one_s_own_in_an_official_tree_are_not_lost(host, releases):
    # The log does not cover api, doc, misc and test; files of a user there are copied.
    foreign(host, dict(releases['1.30.1'].tree, **{'doc/mine.txt': b'mine'}))
    know(host, ['index'])
    result = host.have('1.30.1', adopt=True)
    assert result['adopted'][0]['taken_in'] is True
    assert host.tree('go1.30.1')['doc/mine.txt'] == b'mine'


def test_a_link_to_an_official_tree_stays_where_it_led(host, releases, tmpdir):
    elsewhere = str(tmpdir.join('elsewhere'))
    tiny_trees.write_tree(elsewhere, releases['1.30.1'].tree)
    os.chmod(os.path.join(elsewhere, 'bin/go'), 0o755)
    os.makedirs(os.path.dirname(host.paths.link))
    os.symlink(elsewhere, host.paths.link)
    know(host, ['index'])
    result = host.have('1.30.1', adopt=True)
    assert (result['adopted'][0]['taken_in'], os.readlink(result['moved_aside'][0])) == (True, elsewhere)
    assert tiny_trees.read_tree(elsewhere) == releases['1.30.1'].tree


def test_without_adopt_an_official_tree_is_in_the_way(host, error_of):
    foreign(host)
    know(host, ['index'])
    assert error_of(host.have, '1.30.1').code == 'occupied'


@pytest.mark.parametrize('odd', ['link', 'fifo'])
def test_a_tree_with_what_no_release_holds_is_not_copied(tmpdir, odd):
    source = tmpdir.mkdir('source')
    if odd == 'link':
        os.symlink('/etc/passwd', str(source.join('odd')))
    else:
        os.mkfifo(str(source.join('odd')))
    with pytest.raises(GofleetError) as caught:
        adoption.copy_tree(str(source), str(tmpdir.join('target')))
    assert (caught.value.code, str(source.join('odd')) in caught.value.msg) == ('not_the_release', True)
