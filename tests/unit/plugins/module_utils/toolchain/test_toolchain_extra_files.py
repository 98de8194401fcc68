# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that a user added to a toolchain of this collection are kept whenever the toolchain is removed."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import io
import os

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._files import leftovers, transaction
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import extra_files, manifest
from support.units import tiny_trees

pytestmark = pytest.mark.usefixtures('no_disk')


def put(host, name, tree='go1.30.1', content=b'mine'):
    """A file of the user's own in a tree."""
    path = os.path.join(host.paths.tree(tree), name)
    if not os.path.isdir(os.path.dirname(path)):
        os.makedirs(os.path.dirname(path))
    with io.open(path, 'wb') as target:
        target.write(content)
    return path


def prune(host, **options):
    return host.have('1.30.2', prune=True, **options)


REMOVALS = {
    'prune': prune,
    'absent': lambda host, **options: host.lose(**options),
    'absent of a version': lambda host, **options: host.lose('1.30.1', **options),
    'deep verification': lambda host, **options: host.have('1.30.1', deep=True, **options),
}


@pytest.mark.parametrize('name', ['bin/dlv', 'pkg/mod/cache/lock', 'src/example.com/own/main.go', 'notes.txt', '.git/HEAD'])
@pytest.mark.parametrize('removal', sorted(REMOVALS))
def test_a_tree_with_a_file_of_the_user_is_kept_whole(host, removal, name):
    host.have('1.30.1')
    put(host, name)
    before = host.tree('go1.30.1')
    kept, = REMOVALS[removal](host)['kept']
    assert tiny_trees.read_tree(kept['path']) == before
    assert (kept['tree'], kept['version'], kept['extra'], kept['count']) == (host.paths.tree('go1.30.1'), '1.30.1', [name], 1)
    assert os.path.basename(kept['path']).startswith('go1.30.1.before-gofleet-')
    assert not os.path.lexists(host.paths.tree('go1.30.1'))


def test_the_successor_of_a_damaged_tree_is_active_when_that_is_kept(host):
    host.have('1.30.1')
    put(host, 'bin/dlv')
    os.unlink(os.path.join(host.paths.tree('go1.30.1'), 'VERSION'))
    result = host.have('1.30.1')
    assert (len(result['kept']), os.path.realpath(host.paths.link)) == (1, host.paths.tree('go1.30.1-2'))


@pytest.mark.parametrize('removal', sorted(REMOVALS))
def test_check_mode_promises_what_is_kept(host, removal):
    host.have('1.30.1')
    put(host, 'bin/dlv')
    promised, done = [REMOVALS[removal](host, check_mode=check_mode) for check_mode in (True, False)]

    def reported(result):
        return ([line.split('.before-gofleet-')[0] for line in result['plan']], result['pruned'], len(result['moved_aside']),
                [each['extra'] for each in result['kept']], result['diff']['after']['toolchains'])
    assert reported(promised) == reported(done)
    assert [line.split()[0] for line in done['plan']].count('set_aside') == 1


def test_what_is_kept_is_in_the_diff_and_in_moved_aside(host):
    host.have('1.30.1')
    put(host, 'bin/dlv')
    result = prune(host)
    path = result['kept'][0]['path']
    assert (result['moved_aside'], result['diff']['after']['moved_aside'], result['pruned']) == ([path], [path], ['1.30.1'])


@pytest.mark.parametrize(('check_mode', 'word'), [(True, 'would be kept'), (False, 'was kept')])
def test_a_warning_names_what_is_kept_and_why(host, check_mode, word):
    host.have('1.30.1')
    for number in range(30):
        put(host, 'pkg/mod/%02d' % number)
    result = prune(host, check_mode=check_mode)
    warning, = result['warnings']
    assert all(each in warning for each in (host.paths.tree('go1.30.1'), word, result['kept'][0]['path'], '30 files', 'pkg/mod/00', 'and 27 more'))
    assert (len(result['kept'][0]['extra']), result['kept'][0]['count']) == (20, 30)


def test_what_is_kept_is_not_ours_any_more(host):
    host.have('1.30.1')
    put(host, 'bin/dlv')
    kept = prune(host)['kept'][0]['path']
    assert (host.seen().orphans, host.seen().garbage, sorted(host.seen().trees)) == ([], [], ['go1.30.2'])
    before = tiny_trees.read_tree(kept)
    assert prune(host)['changed'] is False
    host.lose()
    assert (tiny_trees.read_tree(kept), os.listdir(host.paths.prefix)) == (before, [os.path.basename(kept)])
    assert host.lose()['changed'] is False


def test_a_tree_is_kept_under_a_new_name_each_time(host, monkeypatch):
    monkeypatch.setattr(leftovers, 'aside_name', lambda path, now: path + '.before-gofleet-NOW')
    paths = []
    for dummy in range(2):
        host.have('1.30.1')
        put(host, 'bin/dlv')
        paths += [each['path'] for each in prune(host)['kept']]
        host.lose('1.30.2')
    assert [os.path.basename(path) for path in paths] == ['go1.30.1.before-gofleet-NOW', 'go1.30.1.before-gofleet-NOW-2']


def test_a_file_that_comes_while_the_run_is_at_work_is_kept_too(host, monkeypatch):
    host.have('1.30.1')
    real = transaction.point_link

    def point(link, target):
        put(host, 'bin/dlv')
        real(link, target)
    monkeypatch.setattr(transaction, 'point_link', point)
    kept, = prune(host)['kept']
    assert kept['extra'] == ['bin/dlv']


def test_a_tree_whose_list_of_files_is_lost_is_kept(host):
    host.have('1.30.1')
    os.unlink(os.path.join(host.paths.manifests, 'go1.30.1.sums'))
    result = prune(host)
    assert (result['kept'][0]['count'], 'the list of its files cannot be read' in result['warnings'][0]) == (None, True)


# ---- what is no file of the user's


@pytest.mark.parametrize('name', [
    'pkg/linux_amd64/fmt.a', 'pkg/linux_amd64_race/net/http.a', 'pkg/obj/go-build/00/0a-d', 'src/runtime/__pycache__/runtime-gdb.cpython-311.pyc',
    'src/runtime/runtime-gdb.pyc', 'go.env.gofleet-new',
])
def test_what_go_and_its_tools_write_into_a_tree_goes_with_it(host, name):
    host.have('1.30.1')
    put(host, name)
    assert (prune(host)['kept'], sorted(os.listdir(host.paths.prefix))) == ([], ['.gofleet', 'go1.30.2'])


@pytest.mark.parametrize('name', ['pkg/linux_amd64/notes.txt', 'pkg/own.a', 'pkg/mod/x.a', 'bin/go.env.gofleet-new'])
def test_names_that_only_resemble_leftovers_are_kept(host, name):
    host.have('1.30.1')
    put(host, name)
    assert len(prune(host)['kept']) == 1


def test_edited_files_and_empty_folders_are_no_reason_to_keep_a_tree(host):
    host.have('1.30.1')
    put(host, 'go.env', content=b'GOFLAGS=-v\n')
    os.makedirs(os.path.join(host.paths.tree('go1.30.1'), 'pkg', 'mod'))
    assert prune(host)['kept'] == []


def test_links_are_files_of_the_user_and_are_not_followed(host, tmpdir):
    host.have('1.30.1')
    tmpdir.mkdir('elsewhere').join('own').write('mine')
    os.symlink(str(tmpdir.join('elsewhere')), os.path.join(host.paths.tree('go1.30.1'), 'pkg', 'mod'))
    assert [each['extra'] for each in prune(host)['kept']] == [['pkg/mod']]


def test_odd_names_are_shown_bounded_and_without_control_characters(host):
    host.have('1.30.1')
    put(host, 'a\x1b[31m\nb')
    put(host, 'x' * 200)
    kept, = prune(host)['kept']
    assert kept['extra'] == ['a?[31m?b', 'x' * 120 + '...']


# ---- what it costs


def test_a_run_that_removes_nothing_does_not_look_for_files(host, monkeypatch):
    host.have('1.30.1')
    put(host, 'bin/dlv')
    monkeypatch.setattr(extra_files, 'found', lambda paths, name: pytest.fail('looked'))
    assert [host.have(version)['changed'] for version in ('1.30.1', '1.30.2')] == [False, True]


def test_names_are_compared_without_reading_files(host, monkeypatch):
    host.have('1.30.1')
    tree = host.paths.tree('go1.30.1')
    monkeypatch.setattr(manifest, 'differences', lambda *arguments: pytest.fail('read'))
    real = io.open

    def opened(path, *arguments, **options):
        assert not str(path).startswith(tree + '/')
        return real(path, *arguments, **options)
    monkeypatch.setattr(io, 'open', opened)
    assert extra_files.found(host.paths, 'go1.30.1') == []
