# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import io
import os

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._proof import trees
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import manifest, observe
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain.observe import Name, Tree
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain.paths import Paths
from support.units import forked, tiny_trees
from support.units.seen_host import ABSENT, ASIDE, NO_PROGRAMS, host, linked, tree


@pytest.fixture
def paths(tmpdir):
    return Paths(str(tmpdir.join('opt')), str(tmpdir.join('link')), str(tmpdir.mkdir('bin')))


def put(paths, version, name=None, with_tree=True):
    """A tree of ours on the disk."""
    name = name or 'go' + version
    root = paths.tree(name)
    tiny_trees.write_tree(root, tiny_trees.tree_of(version, 'amd64'))
    entries = trees.walk_tree(root)
    if not os.path.isdir(paths.manifests):
        os.makedirs(paths.manifests)
    proof = [{'kind': 'index', 'sha256': 'ab'}]
    content = dict(manifest.describe(root, entries), version=version, goarch='amd64', proof=proof, source={'kind': 'archive'})
    manifest.write(paths.manifests, name, content, entries)
    if not with_tree:
        os.rename(root, root + '.elsewhere')


def test_a_bare_host_is_seen_as_bare(paths):
    assert observe.observe(paths) == observe.Observed({}, set(), ABSENT, NO_PROGRAMS, [], [])


def test_observing_leaves_no_trace(paths, tmpdir):
    observe.observe(paths)
    assert os.listdir(str(tmpdir)) == ['bin']


def test_a_tree_of_ours_is_seen_with_what_proved_it(paths):
    put(paths, '1.30.1')
    found = observe.observe(paths).trees['go1.30.1']
    assert found == Tree('go1.30.1', '1.30.1', 'amd64', None, [{'kind': 'index', 'sha256': 'ab'}], {'kind': 'archive'}, None, None)


def test_a_damaged_tree_is_seen_with_its_problem(paths):
    put(paths, '1.30.1')
    os.unlink(os.path.join(paths.tree('go1.30.1'), 'bin/go'))
    assert observe.observe(paths).trees['go1.30.1'].problem == 'bin/go is missing'


def test_a_tree_whose_manifest_is_damaged_is_seen_as_such(paths):
    put(paths, '1.30.1')
    with open(os.path.join(paths.manifests, 'go1.30.1.json'), 'w') as target:
        target.write('{')
    assert observe.observe(paths).trees['go1.30.1'][1:4] == (None, None, 'its manifest cannot be read')


def test_a_folder_without_a_manifest_is_only_taken(paths):
    os.makedirs(paths.tree('go1.30.1'))
    observed = observe.observe(paths)
    assert (observed.trees, observed.taken) == ({}, {'go1.30.1'})


def test_a_manifest_without_a_tree_is_an_orphan(paths):
    put(paths, '1.30.1', with_tree=False)
    assert observe.observe(paths).orphans == ['go1.30.1']


def test_a_newer_manifest_stops_the_run(paths):
    put(paths, '1.30.1')
    path = os.path.join(paths.manifests, 'go1.30.1.json')
    with open(path) as source:
        content = source.read().replace('"format": 1', '"format": 2')
    with open(path, 'w') as target:
        target.write(content)
    with pytest.raises(GofleetError) as caught:
        observe.observe(paths)
    assert caught.value.code == 'manifest_newer'


@pytest.mark.parametrize('target', ['PREFIX/go1.30.1', 'PREFIX/gone', 'PREFIX/go1.30.1/', 'opt/go1.30.1'])
def test_a_link_into_the_prefix_is_ours(paths, target):
    os.symlink(target.replace('PREFIX', paths.prefix), paths.link)
    assert observe.observe(paths).link.kind == 'link'


@pytest.mark.parametrize('target', ['/usr/lib/go', 'PREFIX', 'PREFIX/a/b', '/', 'elsewhere/go1.30.1'])
def test_a_link_to_elsewhere_is_foreign(paths, target):
    os.symlink(target.replace('PREFIX', paths.prefix), paths.link)
    assert observe.observe(paths).link.kind == 'foreign'


@pytest.mark.parametrize('kind', ['folder', 'file'])
def test_a_path_that_is_not_a_link_is_foreign(paths, kind):
    os.mkdir(paths.link) if kind == 'folder' else open(paths.link, 'w').close()
    assert observe.observe(paths).link == Name('foreign', None, None)


@pytest.mark.parametrize(('target', 'kind'), [
    ('LINK/bin/go', 'link'), ('PREFIX/go1.30.1/bin/go', 'link'), ('/usr/lib/go/bin/go', 'foreign'), ('LINK-other/bin/go', 'foreign'),
])
def test_a_program_is_ours_if_it_leads_to_our_link_or_trees(paths, target, kind):
    target = target.replace('LINK', paths.link).replace('PREFIX', paths.prefix)
    os.symlink(target, paths.program('go'))
    assert observe.observe(paths).programs['go'] == Name(kind, target, None)


def test_a_program_that_is_a_file_is_foreign(paths):
    open(paths.program('gofmt'), 'w').close()
    assert observe.observe(paths).programs['gofmt'] == Name('foreign', None, None)


def test_a_prefix_that_is_a_file_is_occupied(paths):
    open(paths.prefix, 'w').close()
    with pytest.raises(GofleetError) as caught:
        observe.observe(paths)
    assert caught.value.code == 'occupied'


def test_what_lies_in_the_stage_is_garbage(paths):
    os.makedirs(os.path.join(paths.stage, '10-x', 'go'))
    assert observe.observe(paths).garbage == [os.path.join(paths.stage, '10-x')]


@pytest.mark.parametrize(('age', 'content', 'garbage'), [(1000, ['archive'], True), (100, ['archive'], False), (1000, [], False)])
def test_an_upload_that_stopped_growing_is_garbage(paths, age, content, garbage):
    folder = os.path.join(paths.incoming, 'x')
    os.makedirs(folder)
    then = os.stat(folder).st_mtime - age
    for name in content:
        open(os.path.join(folder, name), 'w').close()
        os.utime(os.path.join(folder, name), (then, then))
    os.utime(folder, (then, then))
    assert observe.observe(paths).garbage == ([folder] if garbage else [])


# What point_link() leaves when it is killed between its two steps.
@pytest.mark.parametrize('name', ['link', 'bin/go', 'bin/gofmt'])
def test_a_new_link_that_did_not_get_its_name_is_garbage(paths, tmpdir, name):
    fresh = str(tmpdir.join(name)) + '.gofleet-new'
    os.symlink(os.path.join(paths.prefix, 'go1.30.1'), fresh)
    assert observe.observe(paths).garbage == [fresh]


def test_a_foreign_link_that_was_moved_aside_is_not_garbage(paths):
    os.symlink(os.path.join(paths.prefix, 'their', 'tree'), paths.link)
    assert observe.observe(paths).link.kind == 'foreign'
    os.rename(paths.link, paths.link + ASIDE)
    assert observe.observe(paths).garbage == []


def test_a_manifest_that_was_not_written_to_its_end_is_garbage(paths):
    put(paths, '1.30.1')
    fresh = os.path.join(paths.manifests, 'go1.30.2.json.gofleet-new')
    open(fresh, 'w').close()
    assert observe.observe(paths).garbage == [fresh]


def test_an_ordinary_user_sees_what_root_installed(open_folder):
    paths = Paths(str(open_folder.join('opt')), str(open_folder.join('link')), str(open_folder.mkdir('bin')))
    put(paths, '1.30.1')
    os.makedirs(os.path.join(paths.stage, '10-x'))
    os.chmod(paths.stage, 0o700)
    assert forked.as_ordinary_user(lambda: observe.observe(paths).trees['go1.30.1'].problem) is None


@pytest.mark.parametrize(('content', 'version'), [
    (b'go1.30.1\ntime 2026-01-01T00:00:00Z\n', '1.30.1'), (b'go1.20', '1.20'), (b'devel go1.31-abc', None), (b'', None), (b'\xff' * 300, None),
])
def test_a_foreign_tree_is_seen_with_the_version_that_it_claims(paths, content, version):
    os.makedirs(paths.link)
    with io.open(os.path.join(paths.link, 'VERSION'), 'wb') as target:
        target.write(content)
    assert observe.observe(paths).link == Name('foreign', None, version)


# ---- the active tree


def test_the_active_tree_is_the_one_that_the_link_names():
    one, other = tree('1.30.1'), tree('1.29.0')
    assert observe.active_tree(host(one, other)) == one
    assert observe.active_tree(host(one, other, link=Name('link', '/opt/go/go1.29.0/', None))) == other


@pytest.mark.parametrize('link', [ABSENT, linked('gone'), Name('foreign', '/opt/go/go1.30.1', None), Name('foreign', None, None)])
def test_no_tree_is_active_otherwise(link):
    assert observe.active_tree(host(tree('1.30.1'), link=link)) is None

# ---- what is read


def test_reading_and_concluding_are_two_steps(paths, monkeypatch):
    put(paths, '1.30.1')
    os.symlink(paths.tree('go1.30.1'), paths.link)
    facts = observe.read(paths)
    expected = observe.observe(paths)

    def refuse(*dummy, **dummies):
        raise AssertionError('conclusions read nothing')
    with monkeypatch.context() as patches:
        for name in ('listdir', 'lstat', 'stat', 'readlink', 'open', 'geteuid'):
            patches.setattr(os, name, refuse)
        patches.setattr(io, 'open', refuse)
        seen = observe.observed(paths, facts)
    assert seen == expected
    assert (seen.trees['go1.30.1'].problem, seen.link.kind) == (None, 'link')


def test_a_look_at_a_host_reads_only_what_is_named(paths, monkeypatch):
    put(paths, '1.30.1')
    os.symlink(paths.tree('go1.30.1'), paths.link)
    wanted = observe.reads(paths)
    tree = observe.tree_reads(paths, 'go1.30.1', manifest.read(paths.manifests, 'go1.30.1'))
    named = set([wanted.prefix, tree.root] + wanted.links)
    named.update(os.path.join(wanted.manifests, name) for name in os.listdir(wanted.manifests))
    named.update(os.path.join(tree.root, path) for path in list(tree.files) + list(tree.folders))
    read = set()
    real = os.lstat

    def noting(path, *arguments, **options):
        read.add(path)
        return real(path, *arguments, **options)
    with monkeypatch.context() as patches:
        patches.setattr(os, 'lstat', noting)
        observe.read(paths)
    assert set(path for path in read if isinstance(path, str) and path.startswith((paths.tree('go1.30.1'), paths.bin_dir))) <= named


def test_the_leftovers_of_each_kind_have_a_reader(paths):
    assert [kind for kind, dummy in observe.reads(paths).leftovers] == ['any', 'retired', 'upload', 'file', 'copy', 'link', 'program', 'program']
