# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._fetch import sources
from ansible_collections.gofleet.golang.plugins.module_utils._texts import addresses


@pytest.mark.parametrize(('goproxy', 'urls'), [
    ('', []), ('direct', []), ('off', []), ('False', []), ('https://a', ['https://a']), ('https://a,direct', ['https://a']),
    ('https://a|https://b', ['https://a', 'https://b']), (' https://a , off, https://b/x ', ['https://a', 'https://b/x']),
])
def test_a_goproxy_list_yields_its_addresses_in_order(goproxy, urls):
    assert sources.proxy_urls(goproxy) == urls


@pytest.mark.parametrize(('url', 'shown'), [
    ('https://user:secret@host/go/', 'https://host/go/'),
    ('https://token@host:8443/go', 'https://host:8443/go'),
    ('https://user:p@ss@host', 'https://host'),
    ('https://host/@v/list', 'https://host/@v/list'),
    ('https://host/go/', 'https://host/go/'),
])
def test_an_address_is_shown_without_credentials(url, shown):
    assert addresses.without_credentials(url) == shown


def test_failures_are_reported_one_by_one():
    failures = [{'url': 'https://a/x', 'reason': 'answers 404 Not Found'}, {'url': 'https://b/x', 'reason': 'cannot be reached: refused'}]
    assert sources.in_words(failures) == 'https://a/x: answers 404 Not Found. https://b/x: cannot be reached: refused.'


def test_without_an_archive_there_is_what_was_uploaded():
    uploads = {'go.tar.gz': {'path': '/in/go.tar.gz', 'origin': 'https://go.dev/dl/go.tar.gz'}}
    assert sources.files_at(None, uploads) == {'go.tar.gz': ('/in/go.tar.gz', 'https://go.dev/dl/go.tar.gz')}


def test_one_archive_stands_for_any_name(tmpdir):
    tmpdir.join('whatever.tgz').write('')
    assert sources.files_at(str(tmpdir.join('whatever.tgz')), {}) == {sources.ANY_NAME: (str(tmpdir.join('whatever.tgz')),) * 2}


def test_a_folder_of_archives_is_known_by_its_names(tmpdir):
    tmpdir.join('a.tar.gz').write('')
    tmpdir.join('b.zip').write('')
    found = sources.files_at(str(tmpdir), {'c': {'path': '/c', 'origin': 'https://c'}})
    assert found == {'a.tar.gz': (str(tmpdir.join('a.tar.gz')),) * 2, 'b.zip': (str(tmpdir.join('b.zip')),) * 2, 'c': ('/c', 'https://c')}


def test_a_missing_archive_is_refused(tmpdir):
    with pytest.raises(GofleetError) as caught:
        sources.files_at(str(tmpdir.join('missing')), {})
    assert caught.value.code == 'archive_unreadable'
    assert str(tmpdir.join('missing')) in caught.value.msg
