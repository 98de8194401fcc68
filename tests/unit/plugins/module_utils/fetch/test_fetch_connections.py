# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import ssl

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._fetch import connections


def error_of(function, *arguments, **options):
    with pytest.raises(GofleetError) as caught:
        function(*arguments, **options)
    return caught.value


def test_a_failure_of_tls_says_that_the_store_of_the_machine_is_not_there(monkeypatch):
    paths = ssl.get_default_verify_paths()._replace(cafile=None, capath=None, openssl_cafile='/opt/ssl/cert.pem', openssl_capath='/opt/ssl/certs')
    monkeypatch.setattr(ssl, 'get_default_verify_paths', lambda: paths)
    with pytest.raises(GofleetError) as caught, connections.network_errors(False):
        raise ssl.SSLError('certificate verify failed')
    assert 'none: neither /opt/ssl/cert.pem nor /opt/ssl/certs is there' in caught.value.msg


def test_a_failure_of_tls_names_the_authorities_that_were_given():
    with pytest.raises(GofleetError) as caught, connections.network_errors(False, '/etc/own/ca.pem'):
        raise ssl.SSLError('certificate verify failed')
    assert ('those in ca_path (/etc/own/ca.pem)' in caught.value.msg, caught.value.evidence) == (True, {'ca_path': '/etc/own/ca.pem'})


# Python 2.7 tells a timeout under TLS so (seen with 2.7.18); later ones raise what they raise without TLS.
@pytest.mark.parametrize('begun', [False, True])
def test_a_timeout_under_tls_is_no_failure_of_tls(begun):
    with pytest.raises((connections.Broken, GofleetError)) as caught, connections.network_errors(begun):
        raise ssl.SSLError('The read operation timed out')
    assert getattr(caught.value, 'code', 'broken') == ('broken' if begun else 'unreachable')


@pytest.mark.parametrize(('url', 'location', 'target'), [
    ('http://a/x/y', '/z', 'http://a/z'),
    ('http://a/x/y', 'z', 'http://a/x/z'),
    ('http://a/x', '//b/y', 'http://b/y'),
    ('http://a/x', 'https://b/y', 'https://b/y'),
    ('https://a/x', 'https://b/y', 'https://b/y'),
    ('http://a/x', '/with space', 'http://a/with%20space'),
    # Credentials are sent only to the server that they are for.
    ('http://user:secret@a/x', '/y', 'http://user:secret@a/y'),
    ('http://user:secret@a/x', 'http://a/y', 'http://user:secret@a/y'),
    ('http://user:secret@a/x', 'http://b/y', 'http://b/y'),
    ('http://user:secret@a/x', 'http://a:8080/y', 'http://a:8080/y'),
    ('http://user:secret@a/x', 'https://a/y', 'https://a/y'),
])
def test_where_a_redirect_leads(url, location, target):
    assert connections.redirected(url, location) == target


@pytest.mark.parametrize('location', ['http://a/y', 'http://user@a/y', 'ftp://a/y', 'file:///y', None])
def test_a_redirect_never_leaves_https(location):
    error = error_of(connections.redirected, 'https://a/x', location)
    assert error.code == 'bad_redirect'
    assert 'user' not in error.msg
