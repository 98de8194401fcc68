# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import random

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._texts import addresses

# Every part of a generated secret begins with this, so that no part of one is anywhere else by chance.
MARK = 'Xq7'
SIGNS = '/#?@:%&=+,;|!$\'"()*[]\\~^ '
HOSTS = ['proxy.example.com', 'localhost', 'mirror', '10.0.0.5', '[2001:db8::1]', 'a-b.example']
PATHS = ['', '/', '/go/dl/', '/golang.org/toolchain/@v/list', '/golang.org/toolchain/@latest', '/golang.org/toolchain/@v/v0.0.1-go1.26.6.linux-amd64.zip',
         '/sumdb/sum.golang.org/lookup/golang.org/toolchain@v0.0.1-go1.26.6.linux-amd64']
PARAMETERS = ['token', 'access_token', 'X-Amz-Signature', 'X-Amz-Security-Token', 'sig', 'key', 'password', 'a']


class Generator(object):
    def __init__(self, seed):
        self._random = random.Random(seed)
        self._parts = 0

    def part(self):
        self._parts += 1
        return '%s%d' % (MARK, self._parts)

    def password(self):
        return ''.join(self.part() + self._random.choice(SIGNS) for dummy in range(self._random.randrange(3))) + self.part()

    def address(self):
        """An address with at least one secret, and its host."""
        host = self._random.choice(HOSTS)
        user = self._random.choice(['deploy:' + self.password(), self.part(), self.part() + ':', ':' + self.password(), 'deploy:' + self.password()])
        port = self._random.choice(['', ':8443'])
        scheme = self._random.choice(['https://', 'http://', 'HTTPS://', 'ftp://', ''])
        query = self._random.choice(['', '?mode=json&include=all']) or self._query()
        return scheme + user + '@' + host + port + self._random.choice(PATHS) + query + self._random.choice(['', '#' + self.part()]), host

    def _query(self):
        pairs = ['%s=%s' % (self._random.choice(PARAMETERS), self.part()) for dummy in range(self._random.randrange(3))]
        return '?' + self._random.choice('&;').join(pairs) if pairs else ''


@pytest.mark.parametrize('seed', range(20))
def test_a_generated_address_shows_its_host_and_no_part_of_a_secret(seed):
    generator = Generator(seed)
    for dummy in range(200):
        address, host = generator.address()
        shown = addresses.without_credentials(address)
        assert MARK not in shown, (address, shown)
        assert host in shown, (address, shown)


@pytest.mark.parametrize('seed', range(20))
def test_a_shown_address_is_shown_the_same_again(seed):
    generator = Generator(seed)
    for dummy in range(100):
        shown = addresses.without_credentials(generator.address()[0])
        assert addresses.without_credentials(shown) == shown


@pytest.mark.parametrize('seed', range(20))
def test_an_option_with_a_generated_address_shows_no_part_of_a_secret(seed):
    generator = Generator(seed)
    for template in ('%s', '%s,https://go.dev/dl,direct', 'https://go.dev/dl|%s', 'sum.example+1a2b3c4d+AQ== %s'):
        for dummy in range(50):
            address, host = generator.address()
            if '://' in address and ' ' not in address:
                shown = addresses.in_option(template % address)
                assert MARK not in shown, (template % address, shown)
                assert host in shown, (template % address, shown)


@pytest.mark.parametrize('seed', range(20))
def test_a_sentence_with_a_generated_address_shows_no_part_of_a_secret(seed):
    generator = Generator(seed)
    for dummy in range(100):
        address, host = generator.address()
        if '://' in address and ' ' not in address:
            shown = addresses.in_text("Tried '%s': answers 404. Tried https://go.dev/dl: answers 500." % address)
            assert MARK not in shown, (address, shown)
            assert host in shown, (address, shown)
            assert 'https://go.dev/dl: answers 500.' in shown, (address, shown)


@pytest.mark.parametrize('seed', range(20))
def test_secrets_in_an_address_are_also_hidden_in_other_texts(seed):
    generator = Generator(seed)
    for dummy in range(100):
        address = generator.address()[0]
        # As errors of libraries show an address and parts of it.
        said = '%s: nonnumeric port: %s' % (address, address.rpartition('@')[0].rpartition(':')[2].partition('/')[0])
        for secret in sorted(addresses.secrets_in([{'mirrors': [address]}]), key=len, reverse=True):
            said = said.replace(secret, '***')
        assert MARK not in said or '://' not in address, (address, said)


@pytest.mark.parametrize(('address', 'shown'), [
    ('https://go.dev/dl/?mode=json&include=all', 'https://go.dev/dl/?mode=json&include=all'),
    ('https://cdn.example.com/npm/tool@1.2.3/SHA256SUMS', 'https://cdn.example.com/npm/tool@1.2.3/SHA256SUMS'),
    ('https://cdn.example.com/@scope/tool', 'https://cdn.example.com/@scope/tool'),
    ('https://h:8443/p?token=ab@cd', 'https://***@'),
    ('https://h.example:8443/p?token=ab@cd', 'https://h.example:8443/p?token=***'),
    ('https://u:12/34@host/x', 'https://host/x'),
    ('https://u:12/34@10.0.0.5/x', 'https://10.0.0.5/x'),
    ('https://host/p;jsessionid=1234/x', 'https://host/p;jsessionid=***/x'),
    ('https://host/p?secret', 'https://host/p?***'),
    ('https://host/p?mode=json%26token%3Dsecret', 'https://host/p?mode=***'),
    ('https://user:half', 'https://user:***'),
    ('https:user:secret@host/x', 'https:host/x'),
    ('//user:secret@host/x', '//host/x'),
    ('user:secret@host', 'host'),
    ('/srv/files/user:x@y/go.tar.gz', '/srv/files/user:x@y/go.tar.gz'),
    ('./user:x@y', './user:x@y'),
    ('file:///srv/a@b', 'file:///srv/a@b'),
    ('', ''),
])
def test_an_address_is_shown_like_this(address, shown):
    if shown == 'https://***@':
        # Either side of the @ may be the secret: nothing of both is shown but what could be a host.
        assert 'ab' not in addresses.without_credentials(address)
    else:
        assert addresses.without_credentials(address) == shown


@pytest.mark.parametrize(('text', 'shown'), [
    ('https://u:p,q@h.example,https://b.example|direct', 'https://h.example,https://b.example|direct'),
    ('sum.golang.org+033de0ae+Ac4z https://u:p/q@h.example/sumdb', 'sum.golang.org+033de0ae+Ac4z https://h.example/sumdb'),
    ('user:secret@mirror/go', 'mirror/go'),
    ('a: b @ c', 'a: b @ c'),
    ('1 2', '1 2'),
])
def test_an_option_is_shown_like_this(text, shown):
    assert addresses.in_option(text) == shown


def test_a_text_without_credentials_is_shown_as_it_is():
    text = "See https://go.dev/issue/1, 'https://go.dev/dl/?mode=json&include=all' (https://a.example). GOPROXY='https://a.example,direct'"
    assert addresses.in_text(text) == text


@pytest.mark.parametrize(('url', 'word'), [
    ('ftp://host/x', 'http://'), ('host/x', 'http://'), ('https://user:pa/ss@host/x', '%2F'), ('https://user:pa#ss@host/x', '%23'),
    ('https://host:port/x', 'port'), ('https://host/a b', 'blank'), ('https://host/\nx', 'control'),
])
def test_the_problem_of_an_address_shows_nothing_of_it(url, word):
    problem = addresses.problem(url)
    assert word in problem
    assert 'pa' not in problem.replace('passw', '')
    assert 'ss@' not in problem


@pytest.mark.parametrize('url', ['https://host', 'http://u:p@host:80/a?b=c#d', 'https://[::1]:443/', 'https://user:p%2Fq@host/golang.org/toolchain/@v/list'])
def test_a_valid_address_has_no_problem(url):
    assert addresses.problem(url) is None


def test_a_name_of_megabytes_takes_no_time_by_its_square():
    for text in ('://' + '@' * 1000000, '://h' + '?a=b@' * 200000, '://' * 300000, ' ' * 1000000 + '://', 'a:' * 500000 + '@b'):
        # Seconds if it were linear a thousand times over, days by the square.
        assert len(addresses.in_text(text)) <= len(addresses.in_option(text)) + len(text)
