# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import os

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import trial
from support.units import tiny_trees


@pytest.fixture
def staged(tmpdir):
    def staged(script, mode=0o755):
        tmpdir.mkdir('go').mkdir('bin').join('go').write(script)
        tmpdir.join('go', 'bin', 'go').chmod(mode)
        return str(tmpdir.join('go'))
    return staged


def test_the_staged_go_has_the_last_word(staged, tmpdir):
    trial.check_version(staged('#!/bin/sh\necho "go version go1.30.1 linux/amd64"\n'), '1.30.1', 'amd64', str(tmpdir), tiny_trees.run)


def test_more_words_after_the_version_do_not_matter(staged, tmpdir):
    tree = staged('#!/bin/sh\necho "go version go1.30.1 linux/amd64 X:nocoverageredesign"\n')
    trial.check_version(tree, '1.30.1', 'amd64', str(tmpdir), tiny_trees.run)


def test_the_staged_go_sees_nothing_of_the_user(staged, tmpdir, monkeypatch):
    monkeypatch.setenv('GOROOT', '/elsewhere')
    monkeypatch.setenv('GOTOOLCHAIN', 'go1.99.0')
    monkeypatch.setenv('GOFLAGS', '-x')
    tree = staged('#!/bin/sh\nenv > "%s"\necho "go version go1.30.1 linux/amd64"\n' % tmpdir.join('environment'))
    trial.check_version(tree, '1.30.1', 'amd64', str(tmpdir), tiny_trees.run)
    seen = dict(line.split('=', 1) for line in tmpdir.join('environment').read().splitlines())
    assert (seen['GOTOOLCHAIN'], seen['GOENV'], seen['HOME']) == ('local', 'off', str(tmpdir.join('home')))
    # Empty is unset to Go.
    assert (seen['GOROOT'], seen['GOFLAGS']) == ('', '')


def test_the_message_quotes_a_go_that_reports_another_version(staged, tmpdir, error_of):
    tree = staged('#!/bin/sh\necho "go version go1.30.2 linux/amd64"\nexit 3\n')
    error = error_of(trial.check_version, tree, '1.30.1', 'amd64', str(tmpdir), tiny_trees.run)
    assert error.evidence == {'said': 'go version go1.30.2 linux/amd64', 'wanted': 'go version go1.30.1 linux/amd64'}
    assert '(exit 3)' in error.msg


def test_a_go_that_talks_a_lot_is_cut_short(staged, tmpdir, error_of):
    assert len(error_of(trial.check_version, staged('#!/bin/sh\nseq 100000\n'), '1.30.1', 'amd64', str(tmpdir), tiny_trees.run).evidence['said']) == 300


def test_a_go_that_may_not_be_run_asks_about_noexec(staged, tmpdir, error_of):
    error = error_of(trial.check_version, staged('#!/bin/sh\n', 0o644), '1.30.1', 'amd64', str(tmpdir), tiny_trees.run)
    assert (error.code, error.evidence['error']) == ('not_runnable', os.strerror(errno.EACCES))
    assert 'noexec' in error.msg
