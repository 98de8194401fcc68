# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import io
import os

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import plan, trust
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain.observe import Name
from support.units.seen_host import ABSENT, ANY, ASIDE, BARE, NOW, PATHS, PROGRAMS, gone, host, linked, tree, wanted

# ---- what is wanted


def test_present_wants_one_active_and_others_beside():
    wanted = plan.wanted('present', '1.30.2', ['1.30.1', '1.29.0'], True, True, 'amd64', ANY)
    assert wanted == plan.Wanted('1.30.2', ['1.30.1', '1.29.0'], None, True, True, 'amd64', ANY)


def test_versions_are_written_as_go_writes_them():
    assert plan.wanted('present', 'go1.20.0', ['go1.21.0'], False, False, 'amd64', ANY)[:2] == ('1.20', ['1.21.0'])


@pytest.mark.parametrize('version', [None, ''])
def test_present_without_a_version_is_refused(version):
    with pytest.raises(GofleetError) as caught:
        plan.wanted('present', version, [], False, False, 'amd64', ANY)
    assert caught.value.code == 'invalid_version'


def test_absent_without_a_version_wants_everything_gone():
    assert plan.wanted('absent', None, [], True, True, 'amd64', ANY) == plan.Wanted(None, [], [], False, False, 'amd64', ANY)


def test_absent_wants_versions_and_lines_gone():
    assert list(map(str, plan.wanted('absent', '1.30.1', ['1.29'], False, False, 'amd64', ANY).remove)) == ['1.29', '1.30.1']


# ---- planning


def steps(wanted, observed):
    """The plan as (action, subject) pairs, with paths cut to their ends."""
    return [(step.action, step.subject) for step in plan.plan(wanted, observed, PATHS, NOW)]


LINK = ('link', '/usr/local/go')
PROGRAM_LINKS = [('program', '/usr/local/bin/go'), ('program', '/usr/local/bin/gofmt')]


def test_a_bare_host_gets_tree_link_and_programs_in_this_order():
    assert steps(wanted('1.30.1'), BARE) == [('install', 'go1.30.1'), LINK] + PROGRAM_LINKS


def test_the_steps_say_what_leads_where():
    assert plan.plan(wanted('1.30.1'), BARE, PATHS, NOW) == [
        ('install', 'go1.30.1', '1.30.1', None), ('link', '/usr/local/go', '/opt/go/go1.30.1', None),
        ('program', '/usr/local/bin/go', '/usr/local/go/bin/go', None), ('program', '/usr/local/bin/gofmt', '/usr/local/go/bin/gofmt', None)]


def test_a_converged_host_gets_no_upload():
    assert steps(wanted('1.30.1'), host(tree('1.30.1'))) == []


def test_an_upgrade_installs_and_links_and_keeps_the_old():
    assert steps(wanted('1.30.2'), host(tree('1.30.1'))) == [('install', 'go1.30.2'), LINK]


def test_an_upgrade_with_pruning_removes_the_old_last():
    assert steps(wanted('1.30.2', prune=True), host(tree('1.30.1'))) == [('install', 'go1.30.2'), LINK, ('remove', 'go1.30.1')]


def test_switching_back_only_links():
    assert steps(wanted('1.30.1'), host(tree('1.30.2'), tree('1.30.1'))) == [LINK]


def test_versions_beside_the_active_one_are_installed_and_not_linked():
    assert steps(wanted('1.30.1', '1.29.0', '1.28.0'), host(tree('1.30.1'))) == [('install', 'go1.29.0'), ('install', 'go1.28.0')]


def test_the_active_version_is_installed_before_the_others():
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
    assert plan.plan(wanted('1.30.1'), observed, PATHS, NOW) == [
        ('install', 'go1.30.1-2', '1.30.1', None), ('link', '/usr/local/go', '/opt/go/go1.30.1-2', None), ('remove', 'go1.30.1', '1.30.1', None)]


def test_a_damaged_replacement_is_replaced_too():
    observed = host(tree('1.30.1', 'go1.30.1-2', problem='x'), tree('1.30.1', problem='x'))
    assert steps(wanted('1.30.1'), observed) == [('install', 'go1.30.1-3'), LINK, ('remove', 'go1.30.1'), ('remove', 'go1.30.1-2')]


def test_an_intact_tree_is_used_under_any_name():
    observed = host(tree('1.30.1', 'go1.30.1-2'), tree('1.30.1', problem='x'))
    assert steps(wanted('1.30.1'), observed) == [('remove', 'go1.30.1')]


def test_a_tree_of_another_architecture_is_replaced():
    assert steps(wanted('1.30.1'), host(tree('1.30.1', goarch='386'))) == [('install', 'go1.30.1-2'), LINK, ('remove', 'go1.30.1')]


def test_a_damaged_tree_that_is_not_wanted_is_not_touched():
    assert steps(wanted('1.30.1'), host(tree('1.30.1'), tree('1.29.0', problem='x'))) == []


def test_a_tree_with_an_unreadable_manifest_is_no_match_and_can_be_pruned():
    unreadable = tree(None, 'go1.30.1', goarch=None, problem='its manifest cannot be read')
    observed = host(unreadable, tree('1.29.0'))
    assert steps(wanted('1.30.1'), observed) == [('install', 'go1.30.1-2'), LINK]
    assert steps(wanted('1.29.0', prune=True), observed) == [LINK, ('remove', 'go1.30.1')]


def test_a_folder_of_another_user_keeps_its_name():
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
        plan.plan(wanted('1.30.1'), host(tree('1.30.1'), **found), PATHS, NOW)
    assert (caught.value.code, caught.value.evidence) == ('occupied', {'path': path, 'target': target})
    assert 'adopt: true' in caught.value.msg


@pytest.mark.parametrize(('found', 'path', 'target'), FOREIGN)
def test_foreign_files_are_moved_aside_on_request(found, path, target):
    planned = plan.plan(wanted('1.30.1', adopt=True), host(tree('1.30.1'), **found), PATHS, NOW)
    assert [(step.subject, step.aside) for step in planned] == [(path, path + ASIDE)]


def test_nothing_of_ours_is_moved_aside():
    observed = host(tree('1.29.0'), programs=dict(PROGRAMS, go=Name('link', '/opt/go/x', None)))
    assert [step.aside for step in plan.plan(wanted('1.30.1', adopt=True), observed, PATHS, NOW)] == [None] * 3


def test_leftovers_of_a_killed_run_are_removed_first():
    observed = host(tree('1.30.1'), garbage=['/opt/go/.gofleet/stage/10-x'], orphans=['go1.29.0'])
    assert steps(wanted('1.30.2'), observed)[:3] == [('clean', '/opt/go/.gofleet/stage/10-x'), ('forget', 'go1.29.0'), ('install', 'go1.30.2')]


def test_removing_leftovers_of_a_killed_run_counts_as_a_change():
    assert steps(wanted('1.30.1'), host(tree('1.30.1'), orphans=['go1.29.0'])) == [('forget', 'go1.29.0')]


# ---- planning a removal


UNLINK = [('unlink', '/usr/local/bin/go'), ('unlink', '/usr/local/bin/gofmt'), ('unlink', '/usr/local/go')]
DISSOLVE = ('dissolve', '/opt/go')


def test_everything_of_ours_goes_names_first():
    observed = host(tree('1.30.1'), tree('1.29.0'))
    assert steps(gone(), observed) == UNLINK + [('remove', 'go1.29.0'), ('remove', 'go1.30.1'), DISSOLVE]


def test_on_a_bare_host_nothing_is_removed():
    assert steps(gone(), BARE) == []


def test_a_foreign_prefix_is_not_removed():
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


def test_removing_a_missing_version_changes_nothing():
    assert steps(gone('1.28.0'), host(tree('1.30.1'))) == []


def test_foreign_names_are_not_removed():
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


def test_leftovers_of_a_killed_run_are_removed_with_a_removal():
    assert steps(gone('1.28.0'), host(tree('1.30.1'), garbage=['/opt/go/.gofleet/stage/x'], orphans=['go1.29.0'])) == [
        ('clean', '/opt/go/.gofleet/stage/x'), ('forget', 'go1.29.0')]


# ---- verifying again, adopting


LOG = trust.Policy(('log',), False)
OFFICIAL = Name('foreign', None, '1.30.1')


def test_a_tree_that_too_little_vouches_for_is_proven_again():
    assert steps(wanted('1.30.1', trust=LOG), host(tree('1.30.1', proof=[{'kind': 'index'}]))) == [('prove', 'go1.30.1')]


def test_a_tree_with_sufficient_proof_is_not_verified_again():
    assert steps(wanted('1.30.1', trust=LOG), host(tree('1.30.1', proof=[{'kind': 'log'}]))) == []


def test_of_two_trees_the_proven_one_is_used():
    observed = host(tree('1.30.1', proof=[{'kind': 'index'}]), tree('1.30.1', 'go1.30.1-2', proof=[{'kind': 'log'}]))
    assert plan.plan(wanted('1.30.1', trust=LOG), observed, PATHS, NOW)[0] == ('link', PATHS.link, PATHS.tree('go1.30.1-2'), None)


def test_an_official_tree_of_the_wanted_version_is_adopted_and_its_original_discarded():
    observed = host(taken=set(), link=OFFICIAL)
    assert plan.plan(wanted('1.30.1', adopt=True), observed, PATHS, NOW)[:2] == [
        ('adopt', 'go1.30.1', '1.30.1', None), ('link', PATHS.link, PATHS.tree('go1.30.1'), PATHS.link + ASIDE)]
    assert plan.plan(wanted('1.30.1', adopt=True), observed, PATHS, NOW)[-1] == ('discard', 'go1.30.1', PATHS.link + ASIDE, None)


def test_an_official_tree_of_another_version_is_not_adopted():
    assert steps(wanted('1.30.2', adopt=True), host(taken=set(), link=OFFICIAL))[0] == ('install', 'go1.30.2')


def test_a_version_to_keep_is_also_adopted():
    assert ('adopt', 'go1.30.1') in steps(wanted('1.30.2', '1.30.1', adopt=True), host(taken=set(), link=OFFICIAL))


def test_the_twin_of_a_run_that_was_killed_is_discarded():
    assert steps(wanted('1.30.1'), host(tree('1.30.1', twin='/usr/local/go.before-x'))) == [('discard', 'go1.30.1')]


def test_a_run_that_was_killed_before_the_link_goes_on_under_the_same_name():
    observed = host(tree('1.30.1', twin='/usr/local/go.before-x'), link=OFFICIAL)
    assert plan.plan(wanted('1.30.1', adopt=True), observed, PATHS, NOW) == [
        ('link', PATHS.link, PATHS.tree('go1.30.1'), '/usr/local/go.before-x'), ('discard', 'go1.30.1', '/usr/local/go.before-x', None)]

# ---- a plan reads nothing


def test_a_plan_can_be_made_on_a_machine_that_is_not_the_host(monkeypatch):
    def refuse(*dummy, **dummies):
        raise AssertionError('a plan reads nothing')
    observed = host(tree('1.30.1', problem='x'), link=Name('foreign', None, '1.30.2'))
    with monkeypatch.context() as patches:
        for name in ('listdir', 'lstat', 'stat', 'readlink', 'open', 'geteuid', 'getcwd'):
            patches.setattr(os, name, refuse)
        patches.setattr(io, 'open', refuse)
        planned = plan.plan(wanted('1.30.2', '1.29.0', prune=True, adopt=True), observed, PATHS, NOW)
    assert [step.action for step in planned] == ['adopt', 'install', 'link', 'discard', 'remove']
