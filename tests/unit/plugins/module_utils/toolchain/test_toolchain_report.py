# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import plan, report
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain.observe import Name
from support.units.seen_host import ASIDE, NOW, PATHS, PROGRAMS, gone, host, tree, wanted


def test_trees_are_listed_oldest_first():
    observed = host(tree('1.30.1'), tree('1.9.0'), tree('1.29rc1', problem='x'), tree(None, 'odd'))
    assert [(each['version'], each['active'], each['problem']) for each in report.listing(observed, PATHS)] == [
        (None, False, None), ('1.9.0', False, None), ('1.29rc1', False, 'x'), ('1.30.1', True, None)]


def test_a_listed_tree_has_its_path_architecture_proof_and_source():
    assert report.listing(host(tree('1.30.1', proof=['p'], source='s')), PATHS) == [
        {'version': '1.30.1', 'goarch': 'amd64', 'path': '/opt/go/go1.30.1', 'active': True, 'proof': ['p'], 'source': 's', 'problem': None,
         'differences': None}]


def test_the_state_names_trees_links_and_leftovers():
    observed = host(tree('1.30.1'), tree('1.29.0', problem='bin is missing'), garbage=['/g'], orphans=['go1.28.0'],
                    programs={'go': PROGRAMS['go'], 'gofmt': Name('foreign', None, None)})
    assert report.state_of(observed, PATHS) == {
        'toolchains': ['go1.29.0 (damaged: bin is missing)', 'go1.30.1'],
        'links': {'/usr/local/go': '/opt/go/go1.30.1', '/usr/local/bin/go': '/usr/local/go/bin/go', '/usr/local/bin/gofmt': '(not a link)'},
        'leftovers': ['/g', 'go1.28.0 (manifest)'], 'moved_aside': []}


def test_the_state_after_a_plan_tells_what_is_moved_aside():
    observed = host(tree('1.30.1'), link=Name('foreign', None, None))
    planned = plan.plan(wanted('1.30.1', adopt=True), observed, PATHS, NOW)
    after = report.state_after(planned, observed, PATHS)
    assert (after['moved_aside'], after['links']['/usr/local/go']) == (['/usr/local/go' + ASIDE], '/opt/go/go1.30.1')


def test_the_state_after_a_removal_lacks_damaged_trees_too():
    observed = host(tree('1.30.1', problem='bin is missing'))
    assert report.state_after(plan.plan(gone(), observed, PATHS, NOW), observed, PATHS) == {
        'toolchains': [], 'links': {}, 'leftovers': [], 'moved_aside': []}


def test_working_out_a_state_changes_no_other():
    observed = host(tree('1.30.1'), garbage=['/g'], orphans=['o'])
    before = report.state_of(observed, PATHS)
    report.state_after(plan.plan(gone(), observed, PATHS, NOW), observed, PATHS)
    assert report.state_of(observed, PATHS) == before
