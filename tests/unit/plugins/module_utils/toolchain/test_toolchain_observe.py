# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import io
import os

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._proof import trees as proof_trees
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import manifest, trust
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import observe as toolchain
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain.observe import Name, Paths, Tree
from support.units import forked, tiny_trees

PATHS = Paths('/opt/go', '/usr/local/go', '/usr/local/bin')
# 2026-11-21 08:00:00 UTC
NOW = 1795248000
ASIDE = '.before-gofleet-20261121T080000Z'
ABSENT = Name('absent', None, None)
ANY = trust.Policy((), False)


# ---- paths


def test_root_has_the_paths_of_the_system(monkeypatch):
    monkeypatch.setattr(os, 'geteuid', lambda: 0)
    assert toolchain.default_paths() == Paths('/opt/go', '/usr/local/go', '/usr/local/bin')


def test_an_ordinary_user_has_paths_of_their_own(monkeypatch):
    monkeypatch.setattr(os, 'geteuid', lambda: 1000)
    monkeypatch.setenv('HOME', '/home/gopher')
    assert toolchain.default_paths() == Paths('/home/gopher/.local/share/go-toolchains', '/home/gopher/.local/go', '/home/gopher/.local/bin')


def test_each_path_can_be_chosen_alone(monkeypatch):
    monkeypatch.setattr(os, 'geteuid', lambda: 0)
    assert toolchain.chosen_paths('/srv/go', None, None) == Paths('/srv/go', '/usr/local/go', '/usr/local/bin')
    assert toolchain.chosen_paths(None, '/srv/go', None) == Paths('/opt/go', '/srv/go', '/usr/local/bin')
    assert toolchain.chosen_paths(None, None, '/srv/bin') == Paths('/opt/go', '/usr/local/go', '/srv/bin')


def test_a_slash_at_the_end_means_nothing():
    assert toolchain.chosen_paths('/opt/go/', '/usr/local/go/', '/usr/local/bin//') == PATHS


@pytest.mark.parametrize('bad', ['go', './go', '../go', '/', '//', '/opt/../go', '/opt/./go', '/opt//go', '~/go', '/opt/go/..', 'C:/go'])
@pytest.mark.parametrize('option', [0, 1, 2])
def test_a_path_that_is_not_plain_and_absolute_is_refused(option, bad):
    chosen = list(PATHS)
    chosen[option] = bad
    with pytest.raises(GofleetError) as caught:
        toolchain.chosen_paths(*chosen)
    assert (caught.value.code, caught.value.evidence) == ('bad_path', {'option': ('prefix', 'link', 'bin_dir')[option], 'path': bad})


@pytest.mark.parametrize(('prefix', 'link'), [('/opt/go', '/opt/go'), ('/opt/go', '/opt/go/current'), ('/usr/local/go/trees', '/usr/local/go')])
def test_prefix_and_link_may_not_lie_in_each_other(prefix, link):
    with pytest.raises(GofleetError) as caught:
        toolchain.chosen_paths(prefix, link, '/usr/local/bin')
    assert (caught.value.code, caught.value.evidence['path']) == ('bad_path', link)


def test_names_that_only_begin_alike_do_not_lie_in_each_other():
    assert toolchain.chosen_paths('/opt/go', '/opt/go-current', '/usr/local/bin').link == '/opt/go-current'


# A program's link there would take the place of the program that it is to lead to.
@pytest.mark.parametrize('bin_dir', ['/usr/local/go/bin', '/usr/local/go', '/usr/local/go/x/y'])
def test_programs_may_not_be_linked_inside_the_active_tree(bin_dir):
    with pytest.raises(GofleetError) as caught:
        toolchain.chosen_paths('/opt/go', '/usr/local/go', bin_dir)
    assert (caught.value.code, caught.value.evidence['option']) == ('bad_path', 'bin_dir')


@pytest.mark.parametrize('program', ['go', 'gofmt'])
def test_the_link_may_not_have_the_name_of_a_program(program):
    with pytest.raises(GofleetError) as caught:
        toolchain.chosen_paths('/opt/go', '/usr/local/bin/' + program, '/usr/local/bin')
    assert caught.value.code == 'bad_path'


# ---- what is wanted


def test_present_wants_one_active_and_others_beside():
    wanted = toolchain.wanted('present', '1.30.2', ['1.30.1', '1.29.0'], True, True, 'amd64', ANY)
    assert wanted == toolchain.Wanted('1.30.2', ['1.30.1', '1.29.0'], None, True, True, 'amd64', ANY)


def test_versions_are_written_as_go_writes_them():
    assert toolchain.wanted('present', 'go1.20.0', ['go1.21.0'], False, False, 'amd64', ANY)[:2] == ('1.20', ['1.21.0'])


@pytest.mark.parametrize('version', [None, ''])
def test_present_without_a_version_is_refused(version):
    with pytest.raises(GofleetError) as caught:
        toolchain.wanted('present', version, [], False, False, 'amd64', ANY)
    assert caught.value.code == 'invalid_version'


def test_absent_without_a_version_wants_everything_gone():
    assert toolchain.wanted('absent', None, [], True, True, 'amd64', ANY) == toolchain.Wanted(None, [], [], False, False, 'amd64', ANY)


def test_absent_wants_versions_and_lines_gone():
    assert list(map(str, toolchain.wanted('absent', '1.30.1', ['1.29'], False, False, 'amd64', ANY).remove)) == ['1.29', '1.30.1']


# ---- planning


def tree(version, name=None, **changes):
    values = {'name': name or 'go' + version, 'version': version, 'goarch': 'amd64', 'problem': None, 'proof': [], 'source': None,
              'differences': None, 'twin': None}
    return Tree(**dict(values, **changes))


def linked(name):
    """LINK as ours, to a tree."""
    return Name('link', PATHS.tree(name), None)


PROGRAMS = dict((name, Name('link', PATHS.program_target(name), None)) for name in toolchain.PROGRAMS)
NO_PROGRAMS = dict((name, ABSENT) for name in toolchain.PROGRAMS)


def host(*trees, **changes):
    """What observe() sees on a host with these trees, the first of them active."""
    values = {
        'trees': dict((each.name, each) for each in trees), 'taken': set([each.name for each in trees] + ['.gofleet']),
        'link': linked(trees[0].name) if trees else ABSENT, 'programs': PROGRAMS if trees else NO_PROGRAMS, 'garbage': [], 'orphans': [],
    }
    return toolchain.Observed(**dict(values, **changes))


BARE = host(taken=set())


def wanted(active, *keep, **changes):
    values = {'active': active, 'keep': list(keep), 'remove': None, 'prune': False, 'adopt': False, 'goarch': 'amd64', 'trust': ANY}
    return toolchain.Wanted(**dict(values, **changes))


def gone(*versions):
    return toolchain.wanted('absent', None, list(versions), False, False, 'amd64', ANY)


def steps(wanted, observed):
    """The plan as (action, subject) pairs, with paths cut to their ends."""
    return [(step.action, step.subject) for step in toolchain.plan(wanted, observed, PATHS, NOW)]


LINK = ('link', '/usr/local/go')
PROGRAM_LINKS = [('program', '/usr/local/bin/go'), ('program', '/usr/local/bin/gofmt')]


def test_a_bare_host_gets_tree_link_and_programs_in_this_order():
    assert steps(wanted('1.30.1'), BARE) == [('install', 'go1.30.1'), LINK] + PROGRAM_LINKS


def test_the_steps_say_what_leads_where():
    assert toolchain.plan(wanted('1.30.1'), BARE, PATHS, NOW) == [
        ('install', 'go1.30.1', '1.30.1', None), ('link', '/usr/local/go', '/opt/go/go1.30.1', None),
        ('program', '/usr/local/bin/go', '/usr/local/go/bin/go', None), ('program', '/usr/local/bin/gofmt', '/usr/local/go/bin/gofmt', None)]


def test_a_host_that_is_there_already_gets_nothing():
    assert steps(wanted('1.30.1'), host(tree('1.30.1'))) == []


def test_an_upgrade_installs_and_links_and_keeps_the_old():
    assert steps(wanted('1.30.2'), host(tree('1.30.1'))) == [('install', 'go1.30.2'), LINK]


def test_an_upgrade_with_pruning_removes_the_old_last():
    assert steps(wanted('1.30.2', prune=True), host(tree('1.30.1'))) == [('install', 'go1.30.2'), LINK, ('remove', 'go1.30.1')]


def test_switching_back_only_links():
    assert steps(wanted('1.30.1'), host(tree('1.30.2'), tree('1.30.1'))) == [LINK]


def test_versions_beside_the_active_one_are_installed_and_not_linked():
    assert steps(wanted('1.30.1', '1.29.0', '1.28.0'), host(tree('1.30.1'))) == [('install', 'go1.29.0'), ('install', 'go1.28.0')]


def test_the_active_one_is_installed_before_those_beside_it():
    assert steps(wanted('1.30.1', '1.29.0'), BARE)[:3] == [('install', 'go1.30.1'), ('install', 'go1.29.0'), LINK]


def test_the_active_one_may_be_named_beside_itself():
    assert steps(wanted('1.30.1', '1.30.1'), BARE) == [('install', 'go1.30.1'), LINK] + PROGRAM_LINKS


def test_a_version_named_twice_beside_is_installed_once():
    assert steps(wanted('1.30.1', '1.29.0', '1.29.0'), host(tree('1.30.1'))) == [('install', 'go1.29.0')]


def test_pruning_keeps_what_is_wanted_and_removes_the_rest_oldest_first():
    observed = host(tree('1.30.1'), tree('1.9.0'), tree('1.29.0'), tree('1.28.0'), tree('1.27rc1'))
    assert steps(wanted('1.30.1', '1.29.0', prune=True), observed) == [('remove', 'go1.9.0'), ('remove', 'go1.27rc1'), ('remove', 'go1.28.0')]


def test_pruning_removes_only_trees_of_ours():
    assert steps(wanted('1.30.1', prune=True), host(tree('1.30.1'), taken={'go1.30.1', 'go1.28.0', '.gofleet', 'mine'})) == []


def test_a_damaged_tree_is_replaced_under_another_name_and_then_removed():
    observed = host(tree('1.30.1', problem='bin/go is missing'))
    assert toolchain.plan(wanted('1.30.1'), observed, PATHS, NOW) == [
        ('install', 'go1.30.1-2', '1.30.1', None), ('link', '/usr/local/go', '/opt/go/go1.30.1-2', None), ('remove', 'go1.30.1', '1.30.1', None)]


def test_a_damaged_replacement_is_replaced_too():
    observed = host(tree('1.30.1', 'go1.30.1-2', problem='x'), tree('1.30.1', problem='x'))
    assert steps(wanted('1.30.1'), observed) == [('install', 'go1.30.1-3'), LINK, ('remove', 'go1.30.1'), ('remove', 'go1.30.1-2')]


def test_a_whole_tree_is_used_whatever_its_name():
    observed = host(tree('1.30.1', 'go1.30.1-2'), tree('1.30.1', problem='x'))
    assert steps(wanted('1.30.1'), observed) == [('remove', 'go1.30.1')]


def test_a_tree_of_another_architecture_is_replaced():
    assert steps(wanted('1.30.1'), host(tree('1.30.1', goarch='386'))) == [('install', 'go1.30.1-2'), LINK, ('remove', 'go1.30.1')]


def test_a_damaged_tree_that_nobody_wants_is_left_alone():
    assert steps(wanted('1.30.1'), host(tree('1.30.1'), tree('1.29.0', problem='x'))) == []


def test_a_tree_with_an_unreadable_manifest_is_no_match_and_can_be_pruned():
    unreadable = tree(None, 'go1.30.1', goarch=None, problem='its manifest cannot be read')
    observed = host(unreadable, tree('1.29.0'))
    assert steps(wanted('1.30.1'), observed) == [('install', 'go1.30.1-2'), LINK]
    assert steps(wanted('1.29.0', prune=True), observed) == [LINK, ('remove', 'go1.30.1')]


def test_a_folder_of_somebody_else_keeps_its_name():
    assert steps(wanted('1.30.1'), host(taken={'go1.30.1'}))[0] == ('install', 'go1.30.1-2')


@pytest.mark.parametrize('target', ['/opt/go/go1.29.0', '/opt/go/gone'])
def test_a_link_of_ours_is_moved_wherever_it_leads(target):
    assert steps(wanted('1.30.1'), host(tree('1.30.1'), link=Name('link', target, None))) == [LINK]


@pytest.mark.parametrize('target', ['/opt/go/go1.30.1/', '/opt/go/./go1.30.1', '/usr/local/../../opt/go/go1.30.1'])
def test_a_link_that_says_the_same_in_other_words_is_left(target):
    assert steps(wanted('1.30.1'), host(tree('1.30.1'), link=Name('link', target, None))) == []


def test_a_missing_program_is_linked():
    assert steps(wanted('1.30.1'), host(tree('1.30.1'), programs=dict(PROGRAMS, gofmt=ABSENT))) == [('program', '/usr/local/bin/gofmt')]


def test_a_program_link_of_ours_that_leads_elsewhere_is_moved():
    stale = Name('link', '/opt/go/go1.29.0/bin/go', None)
    assert steps(wanted('1.30.1'), host(tree('1.30.1'), programs=dict(PROGRAMS, go=stale))) == [('program', '/usr/local/bin/go')]


FOREIGN = [
    ({'link': Name('foreign', None, None)}, '/usr/local/go', None),
    ({'link': Name('foreign', '/usr/lib/go-1.19', None)}, '/usr/local/go', '/usr/lib/go-1.19'),
    ({'programs': dict(PROGRAMS, go=Name('foreign', None, None))}, '/usr/local/bin/go', None),
    ({'programs': dict(PROGRAMS, gofmt=Name('foreign', '/usr/lib/gofmt', None))}, '/usr/local/bin/gofmt', '/usr/lib/gofmt'),
]


@pytest.mark.parametrize(('found', 'path', 'target'), FOREIGN)
def test_what_is_not_ours_is_in_the_way(found, path, target):
    with pytest.raises(GofleetError) as caught:
        toolchain.plan(wanted('1.30.1'), host(tree('1.30.1'), **found), PATHS, NOW)
    assert (caught.value.code, caught.value.evidence) == ('occupied', {'path': path, 'target': target})
    assert 'adopt: true' in caught.value.msg


@pytest.mark.parametrize(('found', 'path', 'target'), FOREIGN)
def test_what_is_not_ours_is_moved_aside_when_asked(found, path, target):
    planned = toolchain.plan(wanted('1.30.1', adopt=True), host(tree('1.30.1'), **found), PATHS, NOW)
    assert [(step.subject, step.aside) for step in planned] == [(path, path + ASIDE)]


def test_nothing_of_ours_is_moved_aside():
    observed = host(tree('1.29.0'), programs=dict(PROGRAMS, go=Name('link', '/opt/go/x', None)))
    assert [step.aside for step in toolchain.plan(wanted('1.30.1', adopt=True), observed, PATHS, NOW)] == [None] * 3


def test_what_a_killed_run_left_goes_first():
    observed = host(tree('1.30.1'), garbage=['/opt/go/.gofleet/stage/10-x'], orphans=['go1.29.0'])
    assert steps(wanted('1.30.2'), observed)[:3] == [('clean', '/opt/go/.gofleet/stage/10-x'), ('forget', 'go1.29.0'), ('install', 'go1.30.2')]


def test_what_a_killed_run_left_is_a_change_of_its_own():
    assert steps(wanted('1.30.1'), host(tree('1.30.1'), orphans=['go1.29.0'])) == [('forget', 'go1.29.0')]


# ---- planning a removal


UNLINK = [('unlink', '/usr/local/bin/go'), ('unlink', '/usr/local/bin/gofmt'), ('unlink', '/usr/local/go')]
DISSOLVE = ('dissolve', '/opt/go')


def test_everything_of_ours_goes_names_first():
    observed = host(tree('1.30.1'), tree('1.29.0'))
    assert steps(gone(), observed) == UNLINK + [('remove', 'go1.29.0'), ('remove', 'go1.30.1'), DISSOLVE]


def test_on_a_bare_host_nothing_is_removed():
    assert steps(gone(), BARE) == []


def test_a_prefix_of_somebody_else_is_not_dissolved():
    assert steps(gone(), host(taken={'go1.29.0'})) == []


def test_a_version_that_is_not_active_goes_alone():
    assert steps(gone('1.29.0'), host(tree('1.30.1'), tree('1.29.0'))) == [('remove', 'go1.29.0')]


def test_the_active_version_takes_its_names_along():
    assert steps(gone('1.30.1'), host(tree('1.30.1'), tree('1.29.0'))) == UNLINK + [('remove', 'go1.30.1')]


def test_a_line_goes_with_all_its_patches():
    observed = host(tree('1.30.1'), tree('1.29.0'), tree('1.29.3'), tree('1.29rc1'), tree('1.2.9'))
    assert steps(gone('1.29'), observed) == [('remove', 'go1.29rc1'), ('remove', 'go1.29.0'), ('remove', 'go1.29.3')]


def test_an_exact_version_does_not_take_its_line_along():
    assert steps(gone('1.20.0'), host(tree('1.30.1'), tree('1.20'), tree('1.20.14'))) == [('remove', 'go1.20')]


def test_the_last_version_takes_our_folder_along():
    assert steps(gone('1.30.1'), host(tree('1.30.1')))[-1] == DISSOLVE


def test_a_version_that_is_not_there_changes_nothing():
    assert steps(gone('1.28.0'), host(tree('1.30.1'))) == []


def test_names_of_somebody_else_are_not_removed():
    observed = host(tree('1.30.1'), programs=dict(PROGRAMS, gofmt=Name('foreign', None, None)))
    assert ('unlink', '/usr/local/bin/gofmt') not in steps(gone(), observed)
    assert ('unlink', '/usr/local/go') not in steps(gone(), host(tree('1.30.1'), link=Name('foreign', None, None)))


def test_a_dangling_link_of_ours_goes_with_everything():
    assert steps(gone(), host(link=linked('gone'), programs=PROGRAMS)) == UNLINK + [DISSOLVE]


def test_a_dangling_link_of_ours_stays_when_one_version_goes():
    observed = host(tree('1.30.1'), tree('1.29.0'), link=linked('gone'))
    assert steps(gone('1.29.0'), observed) == [('remove', 'go1.29.0')]


def test_program_links_of_ours_go_even_if_the_link_is_gone_already():
    assert steps(gone(), host(tree('1.30.1'), link=ABSENT))[:2] == UNLINK[:2]


def test_an_unreadable_tree_goes_with_everything_and_not_by_version():
    observed = host(tree('1.30.1'), tree(None, 'go1.29.0', problem='its manifest cannot be read'))
    assert ('remove', 'go1.29.0') in steps(gone(), observed)
    assert ('remove', 'go1.29.0') not in steps(gone('1.29.0'), observed)


def test_what_a_killed_run_left_goes_with_a_removal_too():
    assert steps(gone('1.28.0'), host(tree('1.30.1'), garbage=['/opt/go/.gofleet/stage/x'], orphans=['go1.29.0'])) == [
        ('clean', '/opt/go/.gofleet/stage/x'), ('forget', 'go1.29.0')]


# ---- observing


@pytest.fixture
def paths(tmpdir):
    return Paths(str(tmpdir.join('opt')), str(tmpdir.join('link')), str(tmpdir.mkdir('bin')))


def put(paths, version, name=None, with_tree=True):
    """A tree of ours on the disk."""
    name = name or 'go' + version
    root = paths.tree(name)
    tiny_trees.write_tree(root, tiny_trees.tree_of(version, 'amd64'))
    entries = proof_trees.walk_tree(root)
    if not os.path.isdir(paths.manifests):
        os.makedirs(paths.manifests)
    proof = [{'kind': 'index', 'sha256': 'ab'}]
    content = dict(manifest.describe(root, entries), version=version, goarch='amd64', proof=proof, source={'kind': 'archive'})
    manifest.write(paths.manifests, name, content, entries)
    if not with_tree:
        os.rename(root, root + '.elsewhere')


def test_a_bare_host_is_seen_as_bare(paths):
    assert toolchain.observe(paths) == toolchain.Observed({}, set(), ABSENT, NO_PROGRAMS, [], [])


def test_observing_leaves_no_trace(paths, tmpdir):
    toolchain.observe(paths)
    assert os.listdir(str(tmpdir)) == ['bin']


def test_a_tree_of_ours_is_seen_with_what_proved_it(paths):
    put(paths, '1.30.1')
    found = toolchain.observe(paths).trees['go1.30.1']
    assert found == Tree('go1.30.1', '1.30.1', 'amd64', None, [{'kind': 'index', 'sha256': 'ab'}], {'kind': 'archive'}, None, None)


def test_a_damaged_tree_is_seen_with_its_problem(paths):
    put(paths, '1.30.1')
    os.unlink(os.path.join(paths.tree('go1.30.1'), 'bin/go'))
    assert toolchain.observe(paths).trees['go1.30.1'].problem == 'bin/go is missing'


def test_a_tree_whose_manifest_is_damaged_is_seen_as_such(paths):
    put(paths, '1.30.1')
    with open(os.path.join(paths.manifests, 'go1.30.1.json'), 'w') as target:
        target.write('{')
    assert toolchain.observe(paths).trees['go1.30.1'][1:4] == (None, None, 'its manifest cannot be read')


def test_a_folder_without_a_manifest_is_only_taken(paths):
    os.makedirs(paths.tree('go1.30.1'))
    observed = toolchain.observe(paths)
    assert (observed.trees, observed.taken) == ({}, {'go1.30.1'})


def test_a_manifest_without_a_tree_is_an_orphan(paths):
    put(paths, '1.30.1', with_tree=False)
    assert toolchain.observe(paths).orphans == ['go1.30.1']


def test_a_newer_manifest_stops_the_run(paths):
    put(paths, '1.30.1')
    path = os.path.join(paths.manifests, 'go1.30.1.json')
    with open(path) as source:
        content = source.read().replace('"format": 1', '"format": 2')
    with open(path, 'w') as target:
        target.write(content)
    with pytest.raises(GofleetError) as caught:
        toolchain.observe(paths)
    assert caught.value.code == 'manifest_newer'


@pytest.mark.parametrize('target', ['PREFIX/go1.30.1', 'PREFIX/gone', 'PREFIX/go1.30.1/', 'opt/go1.30.1'])
def test_a_link_into_the_prefix_is_ours(paths, target):
    os.symlink(target.replace('PREFIX', paths.prefix), paths.link)
    assert toolchain.observe(paths).link.kind == 'link'


@pytest.mark.parametrize('target', ['/usr/lib/go', 'PREFIX', 'PREFIX/a/b', '/', 'elsewhere/go1.30.1'])
def test_a_link_to_elsewhere_is_foreign(paths, target):
    os.symlink(target.replace('PREFIX', paths.prefix), paths.link)
    assert toolchain.observe(paths).link.kind == 'foreign'


@pytest.mark.parametrize('kind', ['folder', 'file'])
def test_what_is_no_link_is_foreign(paths, kind):
    os.mkdir(paths.link) if kind == 'folder' else open(paths.link, 'w').close()
    assert toolchain.observe(paths).link == Name('foreign', None, None)


@pytest.mark.parametrize(('target', 'kind'), [
    ('LINK/bin/go', 'link'), ('PREFIX/go1.30.1/bin/go', 'link'), ('/usr/lib/go/bin/go', 'foreign'), ('LINK-other/bin/go', 'foreign'),
])
def test_a_program_is_ours_if_it_leads_to_our_link_or_trees(paths, target, kind):
    target = target.replace('LINK', paths.link).replace('PREFIX', paths.prefix)
    os.symlink(target, paths.program('go'))
    assert toolchain.observe(paths).programs['go'] == Name(kind, target, None)


def test_a_program_that_is_a_file_is_foreign(paths):
    open(paths.program('gofmt'), 'w').close()
    assert toolchain.observe(paths).programs['gofmt'] == Name('foreign', None, None)


def test_a_prefix_that_is_a_file_is_occupied(paths):
    open(paths.prefix, 'w').close()
    with pytest.raises(GofleetError) as caught:
        toolchain.observe(paths)
    assert caught.value.code == 'occupied'


def test_what_lies_in_the_stage_is_garbage(paths):
    os.makedirs(os.path.join(paths.stage, '10-x', 'go'))
    assert toolchain.observe(paths).garbage == [os.path.join(paths.stage, '10-x')]


@pytest.mark.parametrize(('age', 'content', 'garbage'), [(1000, ['archive'], True), (100, ['archive'], False), (1000, [], False)])
def test_an_upload_that_stopped_growing_is_garbage(paths, age, content, garbage):
    folder = os.path.join(paths.incoming, 'x')
    os.makedirs(folder)
    then = os.stat(folder).st_mtime - age
    for name in content:
        open(os.path.join(folder, name), 'w').close()
        os.utime(os.path.join(folder, name), (then, then))
    os.utime(folder, (then, then))
    assert toolchain.observe(paths).garbage == ([folder] if garbage else [])


# What point_link() leaves when it is killed between its two steps.
@pytest.mark.parametrize('name', ['link', 'bin/go', 'bin/gofmt'])
def test_a_new_link_that_did_not_get_its_name_is_garbage(paths, tmpdir, name):
    fresh = str(tmpdir.join(name)) + '.gofleet-new'
    os.symlink(os.path.join(paths.prefix, 'go1.30.1'), fresh)
    assert toolchain.observe(paths).garbage == [fresh]


def test_a_link_of_somebody_else_that_was_put_aside_is_no_garbage(paths):
    os.symlink(os.path.join(paths.prefix, 'their', 'tree'), paths.link)
    assert toolchain.observe(paths).link.kind == 'foreign'
    os.rename(paths.link, paths.link + ASIDE)
    assert toolchain.observe(paths).garbage == []


def test_a_manifest_that_was_not_written_to_its_end_is_garbage(paths):
    put(paths, '1.30.1')
    fresh = os.path.join(paths.manifests, 'go1.30.2.json.gofleet-new')
    open(fresh, 'w').close()
    assert toolchain.observe(paths).garbage == [fresh]


def test_an_ordinary_user_sees_what_root_installed(open_folder):
    paths = Paths(str(open_folder.join('opt')), str(open_folder.join('link')), str(open_folder.mkdir('bin')))
    put(paths, '1.30.1')
    os.makedirs(os.path.join(paths.stage, '10-x'))
    os.chmod(paths.stage, 0o700)
    assert forked.as_ordinary_user(lambda: toolchain.observe(paths).trees['go1.30.1'].problem) is None


# ---- what is told about it


def test_the_active_tree_is_the_one_that_the_link_names():
    one, other = tree('1.30.1'), tree('1.29.0')
    assert toolchain.active_tree(host(one, other)) == one
    assert toolchain.active_tree(host(one, other, link=Name('link', '/opt/go/go1.29.0/', None))) == other


@pytest.mark.parametrize('link', [ABSENT, linked('gone'), Name('foreign', '/opt/go/go1.30.1', None), Name('foreign', None, None)])
def test_no_tree_is_active_otherwise(link):
    assert toolchain.active_tree(host(tree('1.30.1'), link=link)) is None


def test_trees_are_listed_oldest_first():
    observed = host(tree('1.30.1'), tree('1.9.0'), tree('1.29rc1', problem='x'), tree(None, 'odd'))
    assert [(each['version'], each['active'], each['problem']) for each in toolchain.listing(observed, PATHS)] == [
        (None, False, None), ('1.9.0', False, None), ('1.29rc1', False, 'x'), ('1.30.1', True, None)]


def test_a_listed_tree_has_its_path_architecture_proof_and_source():
    assert toolchain.listing(host(tree('1.30.1', proof=['p'], source='s')), PATHS) == [
        {'version': '1.30.1', 'goarch': 'amd64', 'path': '/opt/go/go1.30.1', 'active': True, 'proof': ['p'], 'source': 's', 'problem': None,
         'differences': None}]


def test_the_state_names_trees_links_and_leftovers():
    observed = host(tree('1.30.1'), tree('1.29.0', problem='bin is missing'), garbage=['/g'], orphans=['go1.28.0'],
                    programs={'go': PROGRAMS['go'], 'gofmt': Name('foreign', None, None)})
    assert toolchain.state_of(observed, PATHS) == {
        'toolchains': ['go1.29.0 (damaged: bin is missing)', 'go1.30.1'],
        'links': {'/usr/local/go': '/opt/go/go1.30.1', '/usr/local/bin/go': '/usr/local/go/bin/go', '/usr/local/bin/gofmt': '(not a link)'},
        'leftovers': ['/g', 'go1.28.0 (manifest)'], 'moved_aside': []}


def test_the_state_after_a_plan_tells_what_is_moved_aside():
    observed = host(tree('1.30.1'), link=Name('foreign', None, None))
    planned = toolchain.plan(wanted('1.30.1', adopt=True), observed, PATHS, NOW)
    after = toolchain.state_after(planned, observed, PATHS)
    assert (after['moved_aside'], after['links']['/usr/local/go']) == (['/usr/local/go' + ASIDE], '/opt/go/go1.30.1')


def test_the_state_after_a_removal_lacks_damaged_trees_too():
    observed = host(tree('1.30.1', problem='bin is missing'))
    assert toolchain.state_after(toolchain.plan(gone(), observed, PATHS, NOW), observed, PATHS) == {
        'toolchains': [], 'links': {}, 'leftovers': [], 'moved_aside': []}


def test_working_out_a_state_changes_no_other():
    observed = host(tree('1.30.1'), garbage=['/g'], orphans=['o'])
    before = toolchain.state_of(observed, PATHS)
    toolchain.state_after(toolchain.plan(gone(), observed, PATHS, NOW), observed, PATHS)
    assert toolchain.state_of(observed, PATHS) == before


# ---- proving again, taking in


LOG = trust.Policy(('log',), False)
OFFICIAL = Name('foreign', None, '1.30.1')


def test_a_tree_that_too_little_vouches_for_is_proven_again():
    assert steps(wanted('1.30.1', trust=LOG), host(tree('1.30.1', proof=[{'kind': 'index'}]))) == [('prove', 'go1.30.1')]


def test_a_tree_that_enough_vouches_for_is_let_be():
    assert steps(wanted('1.30.1', trust=LOG), host(tree('1.30.1', proof=[{'kind': 'log'}]))) == []


def test_of_two_trees_the_proven_one_is_used():
    observed = host(tree('1.30.1', proof=[{'kind': 'index'}]), tree('1.30.1', 'go1.30.1-2', proof=[{'kind': 'log'}]))
    assert toolchain.plan(wanted('1.30.1', trust=LOG), observed, PATHS, NOW)[0] == ('link', PATHS.link, PATHS.tree('go1.30.1-2'), None)


def test_an_official_tree_of_the_wanted_version_is_taken_in_and_its_original_discarded():
    observed = host(taken=set(), link=OFFICIAL)
    assert toolchain.plan(wanted('1.30.1', adopt=True), observed, PATHS, NOW)[:2] == [
        ('adopt', 'go1.30.1', '1.30.1', None), ('link', PATHS.link, PATHS.tree('go1.30.1'), PATHS.link + ASIDE)]
    assert toolchain.plan(wanted('1.30.1', adopt=True), observed, PATHS, NOW)[-1] == ('discard', 'go1.30.1', PATHS.link + ASIDE, None)


def test_an_official_tree_of_another_version_is_not_taken_in():
    assert steps(wanted('1.30.2', adopt=True), host(taken=set(), link=OFFICIAL))[0] == ('install', 'go1.30.2')


def test_a_version_that_is_kept_is_taken_in_too():
    assert ('adopt', 'go1.30.1') in steps(wanted('1.30.2', '1.30.1', adopt=True), host(taken=set(), link=OFFICIAL))


def test_the_twin_of_a_run_that_was_killed_is_discarded():
    assert steps(wanted('1.30.1'), host(tree('1.30.1', twin='/usr/local/go.before-x'))) == [('discard', 'go1.30.1')]


def test_a_run_that_was_killed_before_the_link_goes_on_under_the_same_name():
    observed = host(tree('1.30.1', twin='/usr/local/go.before-x'), link=OFFICIAL)
    assert toolchain.plan(wanted('1.30.1', adopt=True), observed, PATHS, NOW) == [
        ('link', PATHS.link, PATHS.tree('go1.30.1'), '/usr/local/go.before-x'), ('discard', 'go1.30.1', '/usr/local/go.before-x', None)]


@pytest.mark.parametrize(('content', 'version'), [
    (b'go1.30.1\ntime 2026-01-01T00:00:00Z\n', '1.30.1'), (b'go1.20', '1.20'), (b'devel go1.31-abc', None), (b'', None), (b'\xff' * 300, None),
])
def test_a_foreign_tree_is_seen_with_the_version_that_it_claims(paths, content, version):
    os.makedirs(paths.link)
    with io.open(os.path.join(paths.link, 'VERSION'), 'wb') as target:
        target.write(content)
    assert toolchain.observe(paths).link == Name('foreign', None, version)
