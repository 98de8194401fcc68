# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import hashlib
import io
import os

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import locks
from ansible_collections.gofleet.golang.plugins.module_utils._proof import artifacts, verdicts
from support.units import forked

SHA256 = hashlib.sha256(b'content').hexdigest()
FINGERPRINT = '0123456789ABCDEF0123456789ABCDEF01234567'
OTHER = FINGERPRINT[::-1]
OF_ALL = {'files': [], 'checksum_file': None, 'checksum_algorithm': None, 'fingerprints': [], 'certificate': None, 'tree': None, 'manifest': None,
          'state': 'verified', 'timeout': 10, 'ca_path': None, 'lock_timeout': 10}
OF_ONE = {'checksum': None, 'checksum_file': None, 'checksum_name': None, 'signature': None, 'fingerprints': [], 'certificate': None}


def params(files=(), **options):
    return dict(OF_ALL, files=[dict(OF_ONE, **each) for each in files], **options)


def refusal(function, *arguments):
    with pytest.raises(GofleetError) as refused:
        function(*arguments)
    return refused.value


# ---- what is wanted


@pytest.mark.parametrize(('own', 'of_all', 'expected'), [
    ({'checksum': 'sha256:' + SHA256}, {}, (('sha256', SHA256), None)),
    ({'checksum': 'sha256:' + SHA256}, {'checksum_file': '/all'}, (('sha256', SHA256), None)),
    ({}, {'checksum_file': '/all'}, (None, '/all')),
    ({'checksum_file': '/own'}, {'checksum_file': '/all'}, (None, '/own')),
    ({'checksum': 'sha256:' + SHA256, 'checksum_file': '/own'}, {}, (('sha256', SHA256), '/own')),
    ({'signature': '/s', 'certificate': '/c', 'fingerprints': [FINGERPRINT]}, {'checksum_file': '/all'}, (None, '/all')),
])
def test_what_a_file_has_of_its_own_comes_first(own, of_all, expected):
    wanted, = artifacts.wanted(params([dict(own, path='/a/b')], **of_all))
    assert (wanted.checksum, wanted.checksum_file) == expected
    assert wanted.checksum_name == 'b'


def test_keys_of_one_file_come_before_those_of_all():
    first, second = artifacts.wanted(params([
        {'path': '/a', 'signature': '/s', 'fingerprints': [FINGERPRINT]}, {'path': '/b', 'signature': '/s', 'certificate': '/own'},
    ], fingerprints=[OTHER], certificate='/all'))
    assert (first.fingerprints, first.certificate) == ([FINGERPRINT], '/all')
    assert (second.fingerprints, second.certificate) == ([OTHER], '/own')


@pytest.mark.parametrize('text', [
    FINGERPRINT, FINGERPRINT.lower(), '0x' + FINGERPRINT, ' '.join(FINGERPRINT), ':'.join([FINGERPRINT[:20], FINGERPRINT[20:]]), ' %s\n' % FINGERPRINT,
])
def test_a_fingerprint_may_be_written_in_several_ways(text):
    assert artifacts.parse_fingerprint(text) == FINGERPRINT


@pytest.mark.parametrize('text', ['', FINGERPRINT[-16:], '0x' + FINGERPRINT[-8:], FINGERPRINT + '0', FINGERPRINT[:-1] + 'G', FINGERPRINT[:24] * 2, 'a' * 64])
def test_an_invalid_fingerprint_is_refused(text):
    assert refusal(artifacts.parse_fingerprint, text).code == 'bad_fingerprint'


# ---- files


def converge(options, run=None):
    return artifacts.converge(options, run, False)


def append(path):
    with io.open(path, 'ab') as target:
        target.write(b'more')


@pytest.mark.parametrize('change', [append, os.unlink, lambda path: os.rename(path + '.other', path)], ids=['written to', 'removed', 'replaced'])
def test_a_file_that_is_not_the_same_while_gpgv_reads_it_is_not_proven(tmpdir, monkeypatch, change):
    tmpdir.join('file.other').write('content')
    tmpdir.join('file').write('content')
    for name in ('signature', 'certificate'):
        tmpdir.join(name).write('x')
    path = str(tmpdir.join('file'))

    def verify(name, *dummy):
        change(name)
        return verdicts.Signature(FINGERPRINT, FINGERPRINT, 0, False)

    monkeypatch.setattr(artifacts.gpgv, 'verify', verify)
    wanted = {'path': path, 'signature': str(tmpdir.join('signature')), 'certificate': str(tmpdir.join('certificate')), 'fingerprints': [FINGERPRINT]}
    error = refusal(converge, params([wanted]))
    assert error.evidence['failures'][0]['code'] == 'file_changed'


def test_a_digest_in_the_result_is_of_what_the_signature_proves(tmpdir, monkeypatch):
    for name in ('file', 'signature', 'certificate'):
        tmpdir.join(name).write('content')
    monkeypatch.setattr(artifacts.gpgv, 'verify', lambda *dummy: verdicts.Signature(FINGERPRINT, OTHER, 1777852800, True))
    wanted = {'path': str(tmpdir.join('file')), 'signature': str(tmpdir.join('signature')), 'certificate': str(tmpdir.join('certificate')),
              'fingerprints': [FINGERPRINT]}
    assert converge(params([wanted]))['files'][0]['proofs'] == [
        {'kind': 'signature', 'source': wanted['signature'], 'fingerprint': FINGERPRINT, 'signing_key': OTHER, 'made': '2026-05-04T00:00:00Z',
         'expired': True, 'algorithm': 'sha256', 'digest': SHA256}]


def test_a_full_disk_for_gpgvs_files_is_reported_for_the_verified_file(tmpdir, monkeypatch):
    for name in ('file', 'signature', 'certificate'):
        tmpdir.join(name).write('content')

    def verify(*dummy):
        raise OSError(28, 'No space left on device', '/tmp/x')

    monkeypatch.setattr(artifacts.gpgv, 'verify', verify)
    wanted = {'path': str(tmpdir.join('file')), 'signature': str(tmpdir.join('signature')), 'certificate': str(tmpdir.join('certificate')),
              'fingerprints': [FINGERPRINT]}
    failure, = refusal(converge, params([wanted])).evidence['failures']
    assert (failure['path'], failure['code'], failure['evidence']['errno']) == (wanted['path'], 'os_error', 'ENOSPC')


def test_a_file_that_this_user_may_not_read_is_reported_with_all_others(open_folder):
    names = ['a', 'secret', 'b']
    files = [{'path': str(open_folder.join(name)), 'checksum': 'sha256:' + SHA256} for name in names]
    for name in names:
        open_folder.join(name).write('content')
    open_folder.join('secret').chmod(0)
    result = forked.as_ordinary_user(lambda: refusal(converge, params(files)).as_result())
    assert [each['code'] for each in result['files']] == [None, 'file_unreadable', None]


# ---- trees


@pytest.fixture
def root(tmpdir):
    tmpdir.join('tree/a/b').write('content', ensure=True)
    return str(tmpdir.join('tree'))


def holder_of(lock):
    """A process that holds a lock until it gets a message."""
    def hold(child):
        with locks.lock(lock, 10):
            child.say(b'.')
            child.wait_for_word()
    child = forked.Child(hold)
    assert child.hears(b'.', 60)
    return child


def test_a_manifest_waits_for_another_run_that_writes_it(root, tmpdir):
    manifest = str(tmpdir.join('sums'))
    options = params(tree=root, manifest=manifest, state='recorded', lock_timeout=60)

    def recorded(child):
        child.say(b'.')
        return converge(options)['changed']

    holder = holder_of(manifest + '.lock')
    child = forked.Child(recorded)
    assert child.hears(b'.', 60)
    assert not child.hears(b'=', 0.3)
    assert not os.path.exists(manifest)
    holder.tell()
    holder.result()
    assert child.result()
    assert sorted(os.listdir(str(tmpdir))) == ['sums', 'tree']


def test_a_manifest_that_another_run_does_not_finish_is_reported(root, tmpdir):
    manifest = str(tmpdir.join('sums'))
    holder = holder_of(manifest + '.lock')
    error = refusal(converge, params(tree=root, manifest=manifest, state='recorded', lock_timeout=1))
    holder.tell()
    holder.result()
    assert error.code == 'locked'
