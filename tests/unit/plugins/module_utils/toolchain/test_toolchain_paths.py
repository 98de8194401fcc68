# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import paths as toolchain_paths
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain.paths import Paths
from support.units.seen_host import PATHS


def test_root_has_the_paths_of_the_system(monkeypatch):
    monkeypatch.setattr(os, 'geteuid', lambda: 0)
    assert toolchain_paths.default_paths() == Paths('/opt/go', '/usr/local/go', '/usr/local/bin')


def test_an_ordinary_user_has_paths_of_their_own(monkeypatch):
    monkeypatch.setattr(os, 'geteuid', lambda: 1000)
    monkeypatch.setenv('HOME', '/home/gopher')
    assert toolchain_paths.default_paths() == Paths('/home/gopher/.local/share/go-toolchains', '/home/gopher/.local/go', '/home/gopher/.local/bin')


def test_each_path_can_be_chosen_alone(monkeypatch):
    monkeypatch.setattr(os, 'geteuid', lambda: 0)
    assert toolchain_paths.chosen_paths('/srv/go', None, None) == Paths('/srv/go', '/usr/local/go', '/usr/local/bin')
    assert toolchain_paths.chosen_paths(None, '/srv/go', None) == Paths('/opt/go', '/srv/go', '/usr/local/bin')
    assert toolchain_paths.chosen_paths(None, None, '/srv/bin') == Paths('/opt/go', '/usr/local/go', '/srv/bin')


def test_a_slash_at_the_end_means_nothing():
    assert toolchain_paths.chosen_paths('/opt/go/', '/usr/local/go/', '/usr/local/bin//') == PATHS


@pytest.mark.parametrize('bad', ['go', './go', '../go', '/', '//', '/opt/../go', '/opt/./go', '/opt//go', '~/go', '/opt/go/..', 'C:/go'])
@pytest.mark.parametrize('option', [0, 1, 2])
def test_a_path_that_is_not_plain_and_absolute_is_refused(option, bad):
    chosen = list(PATHS)
    chosen[option] = bad
    with pytest.raises(GofleetError) as caught:
        toolchain_paths.chosen_paths(*chosen)
    assert (caught.value.code, caught.value.evidence) == ('bad_path', {'option': ('prefix', 'link', 'bin_dir')[option], 'path': bad})


@pytest.mark.parametrize(('prefix', 'link'), [('/opt/go', '/opt/go'), ('/opt/go', '/opt/go/current'), ('/usr/local/go/trees', '/usr/local/go')])
def test_prefix_and_link_may_not_lie_in_each_other(prefix, link):
    with pytest.raises(GofleetError) as caught:
        toolchain_paths.chosen_paths(prefix, link, '/usr/local/bin')
    assert (caught.value.code, caught.value.evidence['path']) == ('bad_path', link)


def test_names_that_only_begin_alike_do_not_lie_in_each_other():
    assert toolchain_paths.chosen_paths('/opt/go', '/opt/go-current', '/usr/local/bin').link == '/opt/go-current'


# A program's link there would take the place of the program that it is to lead to.
@pytest.mark.parametrize('bin_dir', ['/usr/local/go/bin', '/usr/local/go', '/usr/local/go/x/y'])
def test_programs_may_not_be_linked_inside_the_active_tree(bin_dir):
    with pytest.raises(GofleetError) as caught:
        toolchain_paths.chosen_paths('/opt/go', '/usr/local/go', bin_dir)
    assert (caught.value.code, caught.value.evidence['option']) == ('bad_path', 'bin_dir')


@pytest.mark.parametrize('program', ['go', 'gofmt'])
def test_the_link_may_not_have_the_name_of_a_program(program):
    with pytest.raises(GofleetError) as caught:
        toolchain_paths.chosen_paths('/opt/go', '/usr/local/bin/' + program, '/usr/local/bin')
    assert caught.value.code == 'bad_path'
