# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import records, source_types
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain.records import Release

HEX = 'ab' * 32
ENTRY = {'sha256': 'ab', 'h1': 'h1:x', 'vouched': {'sha256': {'index': None, 'signature': None}, 'h1': {'log': None}}}


def release(**entry):
    return Release.of('1.30.1', 'amd64', entry)


def given(**entry):
    """What a run finds for 1.30.1 on amd64 in this record of a playbook."""
    return records.Records([{'version': 'go1.30.1', 'archives': {'amd64': entry}}]).release('1.30.1', 'amd64')


# ---- what vouches


def test_an_archive_is_held_to_its_digest_and_its_tree():
    assert release(**ENTRY).kinds() == {'index', 'signature', 'log'}
    assert release(**ENTRY).kinds(['h1']) == {'log'}


@pytest.mark.parametrize('entry', [{'vouched': {}}, {'vouched': {'sha256': {'index': None}, 'h1': {'log': None}}}])
def test_a_missing_digest_has_no_proof(entry):
    assert release(**entry).kinds() == release(**entry).kinds(['h1']) == set()


def test_a_digest_without_an_author_is_pinned_where_a_playbook_gives_it():
    assert given(sha256=HEX).kinds() == {'pinned'}


def test_a_digest_without_an_author_counts_for_nothing_elsewhere():
    assert release(sha256=HEX, h1='h1:x').kinds() == set()


def test_the_proofs_of_a_manifest_are_those_of_the_digests_that_were_compared():
    assert release(**ENTRY).proofs(['h1']) == [{'kind': 'log', 'h1': 'h1:x', 'vouched_at': None}]
    assert [each['kind'] for each in release(**ENTRY).proofs(['sha256', 'h1'])] == ['index', 'signature', 'log']


# ---- records


def test_a_release_has_the_usual_file_name_unless_it_is_given():
    assert (release().filename, release(filename='x.tar.gz').filename) == ('go1.30.1.linux-amd64.tar.gz', 'x.tar.gz')


def test_versions_are_found_as_go_writes_them():
    assert given(sha256=HEX).version == '1.30.1'


@pytest.mark.parametrize('archives', [{}, {'amd64': None}, {'amd64': {}}, {'amd64': {'filename': 'x', 'size': 1}}, {'arm64': {'sha256': HEX}}])
def test_a_record_without_a_digest_for_the_architecture_is_no_record(archives):
    assert records.Records([{'version': '1.30.1', 'archives': archives}]).release('1.30.1', 'amd64') is None


def test_an_unknown_version_has_no_release():
    assert records.Records([]).release('1.30.1', 'amd64') is None


# ---- types of archive


def test_each_type_of_archive_says_where_it_lies():
    assert [source.urls(['https://a.example/x/'], release()) for source in source_types.TYPES] == [
        ['https://a.example/x/go1.30.1.linux-amd64.tar.gz'],
        ['https://a.example/x/golang.org/toolchain/@v/v0.0.1-go1.30.1.linux-amd64.zip']]


@pytest.mark.parametrize(('path', 'kind'), [('/a/go1.30.1.linux-amd64.tar.gz', 'archive'), ('/a/download', 'archive'), ('/a/x.zip', 'module')])
def test_the_type_of_a_file_is_known_by_its_name(path, kind):
    assert source_types.of_file(path).kind == kind


@pytest.mark.parametrize(('kind', 'compared'), [('archive', ('sha256', 'h1')), ('module', ('h1',)), ('adopted', ('h1',)), (None, ('h1',)), (['x'], ('h1',))])
def test_a_manifest_says_by_the_type_of_archive_what_was_compared(kind, compared):
    assert source_types.compared(kind) == compared


def test_types_of_archive_have_names_and_endings_of_their_own():
    assert len(set(source.kind for source in source_types.TYPES)) == len(set(source.ending for source in source_types.TYPES)) == len(source_types.TYPES)
