# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import hashlib

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._proof import checksums, digests

HEX = dict((name, hashlib.new(name, b'x').hexdigest()) for name in ('md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'))


S256 = HEX['sha256']


def refusal(function, *arguments):
    with pytest.raises(GofleetError) as refused:
        function(*arguments)
    return refused.value


@pytest.mark.parametrize('text', ['sha256:' + S256, 'SHA256:' + S256.upper(), 'sha-256: ' + S256, ' sha2-256:%s\n' % S256])
def test_a_checksum_may_be_written_in_several_ways(text):
    assert checksums.parse_checksum(text) == ('sha256', S256)


@pytest.mark.parametrize('algorithm', list(digests.LENGTHS))
def test_every_algorithm_can_be_given(algorithm):
    digest = 'a' * digests.LENGTHS[algorithm]
    assert checksums.parse_checksum('%s:%s' % (algorithm.upper().replace('_', '-'), digest)) == (algorithm, digest)


@pytest.mark.parametrize(('algorithm', 'name'), [('md5', 'md5'), ('sha1', 'sha1'), ('sha1', 'SHA-1')])
def test_a_digest_that_two_files_can_share_is_no_proof(algorithm, name):
    error = refusal(checksums.parse_checksum, '%s:%s' % (name, HEX[algorithm]))
    assert (error.code, error.evidence['algorithm']) == ('weak_algorithm', algorithm)
    assert 'Give a sha256' in error.msg


@pytest.mark.parametrize('text', [
    '', S256, ':' + S256, 'sha256:', 'sha256:' + S256[:-1], 'sha256:' + S256 + '0', 'sha256:' + 'g' * 64, 'sha512:' + S256, 'sha999:' + S256,
    'sha256:https://example.com/SHA256SUMS', 'sha256:%s file' % S256, u'sha256:' + u'\u0661' * 64,
])
def test_an_invalid_checksum_is_refused(text):
    error = refusal(checksums.parse_checksum, text)
    assert error.code == 'bad_checksum'
    assert 'sha256:HEX' in error.msg


def test_an_address_in_place_of_a_digest_points_at_its_option():
    assert 'checksum_file' in refusal(checksums.parse_checksum, 'sha256:https://example.com/SHA256SUMS').msg
