# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import tarfile

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._archive import tar as archive
from support.units import tiny_trees
from support.units.tiny_host import names_of, on_host
from support.units.tiny_trees import member, tar_with

pytestmark = pytest.mark.usefixtures('no_disk')


def record_of(release):
    return {release.version: release.record()}


def take(host, release):
    host.records = record_of(release)
    host.offer(files={release.filename: on_host(release.archive)})


def test_a_tree_that_the_log_does_not_know_is_refused(host, releases, error_of):
    host.records['1.30.1'] = releases['1.30.1'].record(h1='h1:other')
    error = error_of(host.have, '1.30.1')
    assert (error.code, error.evidence['found'], error.evidence['wanted']) == ('h1_mismatch', releases['1.30.1'].h1, 'h1:other')
    assert names_of(host) == []


@pytest.mark.parametrize(('changes', 'code'), [
    ({'bin__go': tiny_trees.program('1.30.2', 'amd64')}, 'not_the_release'),
    ({'bin__go': tiny_trees.program('1.30.10', 'amd64')}, 'not_the_release'),
    ({'bin__go': tiny_trees.program('1.30.1', 'arm64')}, 'not_the_release'),
    ({'bin__go': b'#!/bin/sh\necho "go version go1.30.1 linux/amd64"\nexit 1\n'}, 'not_the_release'),
    ({'bin__go': b'#!/bin/sh\n'}, 'not_the_release'),
    ({'bin__go': b'\x7fELF of another machine'}, 'not_runnable'),
    ({'bin__go': b'#!/no/such/interpreter\n'}, 'not_runnable'),
])
def test_a_tree_whose_go_says_something_else_is_refused(host, other, error_of, changes, code):
    host.have('1.29.0')
    before = names_of(host)
    take(host, other(**changes))
    error = error_of(host.have, '1.30.1')
    assert error.code == code
    assert 'It was not installed' in error.msg
    assert names_of(host) == before


def test_an_archive_of_something_else_is_refused(host, releases, tmpdir, error_of):
    path = tar_with(tmpdir.join(releases['1.30.1'].filename), [member('other/VERSION', b'1')])
    with open(path, 'rb') as source:
        digest = tiny_trees.sha256(source.read())
    host.records['1.30.1']['archives']['amd64'] = {'filename': releases['1.30.1'].filename, 'sha256': digest}
    host.offer(files={releases['1.30.1'].filename: on_host(path)})
    error = error_of(host.have, '1.30.1')
    assert (error.code, error.evidence) == ('not_a_toolchain', {'member': 'other/VERSION'})


def test_an_archive_with_a_link_that_leads_out_is_refused(host, releases, tmpdir, error_of):
    path = tar_with(tmpdir.join(releases['1.30.1'].filename), [
        member('go/VERSION', b'1'), member('go/link', kind=tarfile.SYMTYPE, target='/etc')])
    with open(path, 'rb') as source:
        digest = tiny_trees.sha256(source.read())
    host.records['1.30.1']['archives']['amd64'] = {'filename': releases['1.30.1'].filename, 'sha256': digest}
    host.offer(files={releases['1.30.1'].filename: on_host(path)})
    assert error_of(host.have, '1.30.1').code == 'archive_unsafe'
    assert names_of(host) == []


def test_what_is_verified_is_what_is_unpacked(host, releases, tmpdir, monkeypatch):
    # A user who can write to the archive's folder changes the archive after it was hashed.
    path = tmpdir.join(releases['1.30.1'].filename)
    path.write_binary(releases['1.30.1'].archive_bytes)
    host.offer(files={path.basename: on_host(path)})
    real = archive.unpack_tar

    def unpack(*arguments, **options):
        path.write_binary(b'evil')
        return real(*arguments, **options)
    monkeypatch.setattr(archive, 'unpack_tar', unpack)
    host.have('1.30.1')
    assert host.tree('go1.30.1') == releases['1.30.1'].tree
