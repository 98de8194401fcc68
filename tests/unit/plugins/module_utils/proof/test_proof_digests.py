# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import hashlib
import os

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._proof import digests
from support.units import tiny_trees


def test_the_digest_of_a_file_does_not_depend_on_the_size_of_chunks(tmpdir):
    content = os.urandom(2 * digests.CHUNK + 1)
    tmpdir.join('file').write_binary(content)
    assert digests.sha256_of_file(str(tmpdir.join('file'))) == tiny_trees.sha256(content)


# ---- algorithms


def test_one_reading_gives_several_digests(tmpdir):
    content = os.urandom(600000)
    tmpdir.join('file').write_binary(content)
    status, found = digests.of_regular_file(str(tmpdir.join('file')), ['sha256', 'sha512', 'sha224', 'sha384'])
    assert status.st_size == len(content)
    assert found == dict((name, hashlib.new(name, content).hexdigest()) for name in ('sha256', 'sha512', 'sha224', 'sha384'))


def test_every_algorithm_has_digests_of_its_length():
    # hashlib of Python 2.7 and old OpenSSL lack some.
    there = [name for name in digests.LENGTHS if name in getattr(hashlib, 'algorithms_guaranteed', ('sha224', 'sha256', 'sha384', 'sha512'))]
    assert [len(digests.new(name).hexdigest()) for name in there] == [digests.LENGTHS[name] for name in there]
    assert set(there) >= {'sha224', 'sha256', 'sha384', 'sha512'}


def test_an_algorithm_that_this_python_lacks_is_reported(tmpdir):
    tmpdir.join('file').write('')
    with pytest.raises(GofleetError) as refused:
        digests.of_regular_file(str(tmpdir.join('file')), ['sha256', 'whirlpool-9'])
    assert refused.value.code == 'unsupported_algorithm'
    assert 'sha256' in refused.value.msg


def test_weak_algorithms_are_not_among_those_that_prove():
    assert set(digests.WEAK) == {'md5', 'sha1'}
    assert not set(digests.WEAK) & set(digests.LENGTHS)
