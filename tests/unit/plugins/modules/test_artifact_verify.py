# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import ast
import hashlib
import io
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile

import pytest
from ansible.module_utils import basic

from ansible_collections.gofleet.golang.plugins.module_utils._proof import digests, trees
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import manifest
from ansible_collections.gofleet.golang.plugins.modules import artifact_verify
from ansible_collections.gofleet.golang.plugins.modules.artifact_verify import ARGUMENT_SPEC, DOCUMENTATION, EXAMPLES, RETURN
from support.units import forked
from support.units.web_server import Answer

CONTENT = b'an artifact\n\x00\xff' * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
SHA512 = hashlib.sha512(CONTENT).hexdigest()
OTHER = '0' * 64
# The private key does not exist.
FINGERPRINT = '0123456789ABCDEF0123456789ABCDEF01234567'


class Host(object):
    """Runs the module as Ansible does: in a separate process that prints one JSON text and ends."""

    def __init__(self, folder):
        self.folder = folder
        self.code = None
        self.path = self.put('artifact', CONTENT)

    def put(self, name, content):
        self.folder.join(name).write_binary(content, ensure=True)
        return str(self.folder.join(name))

    def run(self, check_mode=False, diff=False, before=None, **options):
        """before: a function that the process calls first."""
        arguments = dict(options, _ansible_check_mode=check_mode, _ansible_diff=diff, _ansible_remote_tmp=str(self.folder),
                         _ansible_keep_remote_files=False)
        output = tempfile.TemporaryFile()

        def module(dummy):
            if before:
                before()
            os.dup2(output.fileno(), 1)
            sys.stdout = os.fdopen(1, 'w')
            # As the wrapper does that Ansible sends; newer cores ask for a profile too.
            basic._ANSIBLE_ARGS = json.dumps({'ANSIBLE_MODULE_ARGS': arguments}).encode('utf-8')
            basic._ANSIBLE_PROFILE = 'legacy'
            try:
                artifact_verify.main()
            except SystemExit as end:
                sys.stdout.flush()
                return end.code
        self.code = forked.Child(module).result()
        with output:
            output.seek(0)
            return json.loads(output.read().decode('utf-8'))

    def prove(self, **options):
        """The one file's result, with the other options of it."""
        result = self.run(files=[dict({'path': self.path}, **options)])
        assert self.code == (0 if result['files'][0]['proven'] else 1)
        return result['files'][0]


@pytest.fixture
def host(tmpdir):
    return Host(tmpdir.mkdir('host'))


# ---- digests


def test_a_file_is_proven_by_its_digest(host):
    assert host.run(files=[{'path': host.path, 'checksum': 'sha256:' + SHA256}])['files'] == [{
        'path': host.path, 'proven': True, 'size': len(CONTENT), 'code': None, 'reason': None,
        'proofs': [{'kind': 'checksum', 'algorithm': 'sha256', 'digest': SHA256}]}]
    assert host.code == 0


def test_another_file_is_not_proven_and_fails_the_task(host):
    result = host.run(files=[{'path': host.path, 'checksum': 'sha256:' + OTHER}])
    assert (host.code, result['failed'], result['changed'], result['code']) == (1, True, False, 'not_proven')
    assert (result['files'][0]['proven'], result['files'][0]['code'], result['files'][0]['proofs']) == (False, 'checksum_mismatch', [])
    assert result['evidence']['failures'] == [
        {'path': host.path, 'code': 'checksum_mismatch', 'evidence': {'path': host.path, 'algorithm': 'sha256', 'found': SHA256, 'wanted': OTHER}}]
    for words in (host.path, SHA256, OTHER, 'Fetch it again'):
        assert words in result['msg']


def test_a_file_may_be_named_by_a_link(host):
    os.symlink('artifact', str(host.folder.join('link')))
    assert host.run(files=[{'path': str(host.folder.join('link')), 'checksum': 'sha512:' + SHA512}])['files'][0]['proven']


def test_all_failing_and_all_passing_files_are_reported(host):
    names = ['missing', 'wrong', 'good', 'folder', 'pipe']
    host.put('wrong', b'wrong')
    host.put('good', CONTENT)
    host.folder.mkdir('folder')
    os.mkfifo(str(host.folder.join('pipe')))
    result = host.run(files=[{'path': str(host.folder.join(name)), 'checksum': 'sha256:' + SHA256} for name in names])
    expected = ['file_missing', 'checksum_mismatch', None, 'not_a_file', 'not_a_file']
    assert [each['code'] for each in result['files']] == expected
    assert [each['code'] for each in result['evidence']['failures']] == [code for code in expected if code]
    assert result['msg'].startswith('4 of 5 are not proven. ')
    for name in set(names) - {'good'}:
        assert str(host.folder.join(name)) in result['msg']


def test_a_message_stays_short_however_many_fail(host):
    result = host.run(files=[{'path': '/nonexistent/%d' % number, 'checksum': 'sha256:' + SHA256} for number in range(200)])
    assert len(result['files']) == len(result['evidence']['failures']) == 200
    assert result['msg'].endswith('The result lists 180 more under files.')
    assert '/nonexistent/19 ' in result['msg']


@pytest.mark.parametrize('name', [u'\u00e4\u2028 b', u'a\nb', u'\\', u' ', u'*'])
def test_a_file_may_have_any_name(host, name):
    path = os.path.join(str(host.folder).encode('ascii'), name.encode('utf-8'))
    with io.open(path, 'wb') as target:
        target.write(CONTENT)
    host.put('sums', hashlib.sha256(CONTENT).hexdigest().encode('ascii') + b'  ' + name.encode('utf-8') + b'\n' if name != u'a\nb' else
             b'\\' + SHA256.encode('ascii') + b'  a\\nb\n')
    result = host.run(files=[{'path': path.decode('utf-8'), 'checksum_file': str(host.folder.join('sums'))}])
    assert result['files'][0]['proven']


@pytest.mark.parametrize(('options', 'code'), [
    ({}, 'nothing_to_prove'),
    ({'files': []}, 'nothing_to_prove'),
    ({'files': [{'path': '/a'}]}, 'nothing_to_prove'),
    ({'files': [{'path': '/a', 'checksum': 'md5:' + 'a' * 32}]}, 'weak_algorithm'),
    ({'files': [{'path': '/a', 'checksum': 'a' * 64}]}, 'bad_checksum'),
    ({'files': [{'path': '/a', 'signature': '/b'}]}, 'missing_option'),
    ({'files': [{'path': '/a', 'signature': '/b', 'fingerprints': [FINGERPRINT]}]}, 'missing_option'),
    ({'files': [{'path': '/a', 'signature': '/b', 'certificate': '/c'}]}, 'missing_option'),
    ({'files': [{'path': '/a', 'signature': '/b', 'certificate': '/c'}], 'fingerprints': ['89ABCDEF']}, 'bad_fingerprint'),
    ({'tree': '/a', 'manifest': '/a/manifest'}, 'manifest_in_tree'),
])
def test_what_cannot_be_asked_is_refused_before_anything_is_read(host, options, code):
    result = host.run(**options)
    assert (host.code, result['code']) == (1, code)
    assert 'files' not in result


@pytest.mark.parametrize('options', [{'tree': '/a'}, {'manifest': '/a'}, {'state': 'recorded', 'files': [{'path': '/a', 'checksum': 'x'}]}])
def test_a_tree_and_its_manifest_go_together(host, options):
    assert host.run(**options)['failed']


def test_nothing_is_fetched_for_a_missing_file(host, web):
    result = host.run(files=[{'path': host.path + '.missing', 'checksum_file': web.url + '/SHA256SUMS'}])
    assert (result['files'][0]['code'], web.paths) == ('file_missing', [])


def test_an_error_of_one_file_is_not_one_of_the_options(host):
    result = host.run(files=[{'path': host.path, 'checksum': 'sha3_256:' + 'a' * 64}])
    assert result['files'][0]['code'] == ('checksum_mismatch' if hasattr(hashlib, 'sha3_256') else 'unsupported_algorithm')


def test_nothing_is_waited_for_and_no_writer_sees_a_reader(host):
    path = str(host.folder.join('pipe'))
    os.mkfifo(path)
    assert host.run(files=[{'path': path, 'checksum': 'sha256:' + SHA256}])['files'][0]['code'] == 'not_a_file'
    assert host.prove(checksum_file=path)['code'] == 'not_a_file'


# ---- files of digests


@pytest.mark.parametrize('line', ['%s', '%s  artifact', '%s *artifact', 'SHA256 (artifact) = %s', '%s  ./artifact'])
def test_a_file_is_proven_by_a_file_of_digests_of_each_form(host, line):
    sums = host.put('sums', (line % SHA256).encode('ascii'))
    assert host.prove(checksum_file=sums)['proofs'] == [
        {'kind': 'checksum_file', 'algorithm': 'sha256', 'digest': SHA256, 'source': sums, 'line': 1}]


def test_a_file_of_digests_may_serve_all(host):
    names = ['a', 'b', 'c']
    files = [{'path': host.put(name, name.encode('ascii'))} for name in names]
    lines = ['%s  %s\n' % (hashlib.sha256(name.encode('ascii')).hexdigest(), name) for name in names]
    sums = host.put('sums', ''.join(lines).encode('ascii'))
    result = host.run(files=files, checksum_file=sums)
    assert [each['proofs'][0]['line'] for each in result['files']] == [1, 2, 3]


def test_a_digest_of_one_file_overrides_the_common_checksum_file(host):
    sums = host.put('sums', b'')
    assert host.run(files=[{'path': host.path, 'checksum': 'sha256:' + SHA256}], checksum_file=sums)['files'][0]['proven']


def test_both_a_digest_and_a_file_of_digests_must_agree(host):
    sums = host.put('sums', ('%s  artifact\n' % ('0' * 128)).encode('ascii'))
    found = host.prove(checksum='sha256:' + SHA256, checksum_file=sums)
    assert (found['code'], [each['kind'] for each in found['proofs']]) == ('checksum_mismatch', ['checksum'])
    assert 'line 1 of %s' % sums in found['reason']


def test_the_name_and_the_algorithm_may_be_given(host):
    sums = host.put('sums', ('%s  dist/app\nSHA512 (dist/app) = %s\n' % (SHA256, '0' * 128)).encode('ascii'))
    named = dict(path=host.path, checksum_file=sums, checksum_name='dist/app')
    assert host.run(files=[named], checksum_algorithm='sha256')['files'][0]['proven']
    assert host.run(files=[named])['files'][0]['code'] == 'checksum_mismatch'


@pytest.mark.parametrize(('content', 'code'), [
    (b'', 'malformed_digest_file'), (b'garbage', 'malformed_digest_file'), (b'%(sha)s  other\n', 'not_listed'),
    (b'%(sha)s  artifact\n%(other)s  artifact\n', 'conflicting_digests'), (b'd41d8cd98f00b204e9800998ecf8427e  artifact\n', 'weak_algorithm'),
])
def test_a_file_of_digests_that_proves_nothing_says_why(host, content, code):
    for name, value in ((b'%(sha)s', SHA256), (b'%(other)s', OTHER)):
        content = content.replace(name, value.encode('ascii'))
    sums = host.put('sums', content)
    found = host.prove(checksum_file=sums)
    assert (found['code'], found['size']) == (code, None)
    assert sums in found['reason']


def test_a_file_that_is_too_large_for_digests_is_not_read(host):
    sums = host.put('sums', b'')
    with io.open(sums, 'r+b') as target:
        target.truncate((8 << 20) + 1)
    assert host.prove(checksum_file=sums)['code'] == 'too_large'


# ---- addresses


HAS_BLAKE2B = hasattr(hashlib, 'blake2b')
BLAKE2B = hashlib.blake2b(CONTENT).hexdigest() if HAS_BLAKE2B else '0' * 128


@pytest.mark.parametrize(('name', 'line', 'options'), [
    ('B2SUMS', '%s  artifact\n', {}), ('artifact.b2', '%s  artifact\n', {}), ('sums', 'BLAKE2b (artifact) = %s\n', {}),
    ('sums', '%s  artifact\n', {'checksum_algorithm': 'blake2b'}),
])
def test_b2sums_digests_are_known_by_a_name_a_tag_or_the_option(host, name, line, options):
    result = host.run(files=[{'path': host.path, 'checksum_file': host.put(name, (line % BLAKE2B).encode('ascii'))}], **options)
    found = result['files'][0]
    # Python 2.7 has no BLAKE2b, and says so.
    expected = (True, None) if HAS_BLAKE2B else (False, 'unsupported_algorithm')
    assert (found['proven'], found['code']) == expected
    assert HAS_BLAKE2B or "Python has no blake2b. Use sha256" in found['reason']


def test_a_b2sum_digest_without_a_named_algorithm_fails_and_the_message_names_the_option(host):
    found = host.prove(checksum_file=host.put('sums', ('%s  artifact\n' % BLAKE2B).encode('ascii')))
    assert (found['code'], 'set checksum_algorithm: blake2b' in found['reason']) == ('checksum_mismatch', True)


def test_the_option_counts_more_than_the_name_of_a_file_of_digests(host):
    sums = host.put('B2SUMS', ('%s  artifact\n' % SHA512).encode('ascii'))
    assert host.run(files=[{'path': host.path, 'checksum_file': sums}], checksum_algorithm='sha512')['files'][0]['proven']


def test_a_file_of_digests_is_fetched_once_for_all(host, web):
    url = web.serve('/SHA256SUMS', ('%s  artifact\n%s  twin\n' % (SHA256, SHA256)).encode('ascii'))
    result = host.run(files=[{'path': host.path}, {'path': host.put('twin', CONTENT)}], checksum_file=url)
    assert [each['proofs'][0]['source'] for each in result['files']] == [url, url]
    assert web.paths == ['/SHA256SUMS']
    assert [('without TLS' in str(warning)) for warning in result['warnings']] == [True]


@pytest.mark.parametrize(('answer', 'code'), [
    (Answer(status=404), 'http_status'), (Answer(b'<html>', kind='text/html'), 'html_answer'), (Answer(b'x', declared=9 << 20), 'too_large'),
    (b'garbage', 'malformed_digest_file'),
])
def test_an_address_without_a_valid_answer_is_named_in_the_failure(host, web, answer, code):
    url = web.serve('/SHA256SUMS', answer)
    found = host.prove(checksum_file=url)
    assert found['code'] == code
    assert url in found['reason']


def test_an_address_fails_once_for_all(host, web):
    url = web.url + '/SHA256SUMS'
    result = host.run(files=[{'path': host.path}, {'path': host.put('twin', CONTENT)}], checksum_file=url)
    assert [each['code'] for each in result['files']] == ['http_status'] * 2
    assert len(web.paths) == 1


def test_an_address_with_other_credentials_is_another_one(host, web):
    url = web.serve('/SHA256SUMS', OTHER.encode('ascii'), SHA256.encode('ascii'))
    result = host.run(files=[{'path': host.path, 'checksum_file': url.replace('http://', 'http://%s@' % user)} for user in ('one', 'two')])
    assert [each['proven'] for each in result['files']] == [False, True]


def test_credentials_of_an_address_are_not_shown(host, web):
    url = web.serve('/SHA256SUMS', SHA256.encode('ascii')).replace('http://', 'http://user:geheim@')
    result = host.run(files=[{'path': host.path, 'checksum_file': url}])
    assert result['files'][0]['proven']
    result.pop('invocation', None)
    assert 'geheim' not in json.dumps(result)


@pytest.mark.parametrize('url', ['file:///etc/passwd', 'ftp://example.com/a'])
def test_only_web_addresses_are_fetched(host, url):
    assert host.prove(checksum_file=url)['code'] == 'invalid_url'


# ---- signatures


class Keys(object):
    """A key made by gpg in a separate home, below a short path for its agent's socket."""

    def __init__(self):
        self.home = tempfile.mkdtemp(prefix='gofleet-gpg-')
        self.gpg('--quick-generate-key', 'test <test@test>', 'rsa2048', 'sign', 'never')
        listed = self.gpg('--with-colons', '--list-keys').decode('utf-8')
        self.fingerprint = str(re.search(r'^fpr:+([0-9A-F]{40}):', listed, re.MULTILINE).group(1))
        self.certificate = self.gpg('--armor', '--export')

    def gpg(self, *arguments):
        command = ['gpg', '--homedir', self.home, '--batch', '--quiet', '--pinentry-mode', 'loopback', '--passphrase', '']
        process = subprocess.Popen(command + list(arguments), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        output, errors = process.communicate()
        assert process.returncode == 0, errors
        return output

    def sign(self, path):
        return self.gpg('--armor', '--output', '-', '--detach-sign', path)

    def close(self):
        subprocess.call(['gpgconf', '--homedir', self.home, '--kill', 'gpg-agent'])
        shutil.rmtree(self.home, ignore_errors=True)


@pytest.fixture(scope='module')
def keys():
    found = [folder for folder in os.environ['PATH'].split(os.pathsep) if os.path.exists(os.path.join(folder, 'gpg'))]
    if not found:
        pytest.skip('gpg is not installed: it makes the keys of these tests (Debian: apt-get install gnupg)')
    made = Keys()
    yield made
    made.close()


@pytest.fixture
def signed(host, keys):
    """Options that prove the file by its signature."""
    return {'signature': host.put('artifact.asc', keys.sign(host.path)), 'fingerprints': [keys.fingerprint],
            'certificate': host.put('certificate.asc', keys.certificate)}


def test_a_file_is_proven_by_its_signature(host, keys, signed):
    proof, = host.prove(**signed)['proofs']
    assert re.match(r'20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z', proof.pop('made'))
    assert proof == {'kind': 'signature', 'algorithm': 'sha256', 'digest': SHA256, 'source': signed['signature'], 'fingerprint': keys.fingerprint,
                     'signing_key': keys.fingerprint, 'expired': False}


def test_a_signature_of_another_file_proves_nothing(host, signed):
    host.put('artifact', CONTENT + b'!')
    found = host.prove(**signed)
    assert (found['code'], found['proofs']) == ('bad_signature', [])


def test_a_digest_and_a_signature_must_both_hold(host, signed):
    assert [each['kind'] for each in host.prove(checksum='sha512:' + SHA512, **signed)['proofs']] == ['checksum', 'signature']
    assert host.prove(checksum='sha256:' + OTHER, **signed)['code'] == 'checksum_mismatch'


def test_a_key_that_is_not_pinned_proves_nothing(host, keys, signed):
    found = host.prove(**dict(signed, fingerprints=[FINGERPRINT]))
    assert found['code'] == 'wrong_certificate'
    assert keys.fingerprint in found['reason']


def test_one_of_several_pinned_keys_is_enough(host, signed):
    assert host.prove(**dict(signed, fingerprints=[FINGERPRINT] + signed['fingerprints']))['proven']


def test_a_fingerprint_may_be_grouped_as_gpg_prints_it(host, signed):
    digits = signed['fingerprints'][0].lower()
    assert host.prove(**dict(signed, fingerprints=[' '.join(digits[at:at + 4] for at in range(0, 40, 4))]))['proven']


def test_keys_may_be_given_for_all_files(host, signed):
    assert host.run(files=[{'path': host.path, 'signature': signed.pop('signature')}], **signed)['files'][0]['proven']


def test_a_signature_may_be_fetched(host, web, keys, signed):
    url = web.serve('/artifact.asc', keys.sign(host.path))
    assert host.prove(**dict(signed, signature=url))['proofs'][0]['source'] == url


def test_a_file_of_digests_is_proven_by_its_own_signature(host, keys, signed):
    sums = host.put('SHA256SUMS', ('%s  artifact\n' % SHA256).encode('ascii'))
    signature = host.put('SHA256SUMS.asc', keys.sign(sums))
    result = host.run(files=[{'path': sums, 'signature': signature}, {'path': host.path, 'checksum_file': sums}],
                      fingerprints=signed['fingerprints'], certificate=signed['certificate'])
    assert [each['proven'] for each in result['files']] == [True, True]


@pytest.mark.parametrize('name', ['--keyring=a', 'a\n[GNUPG:] GOODSIG a', ' ', '-&3'])
def test_gpgv_takes_no_name_for_anything_else(host, keys, signed, name):
    path = host.put(name, CONTENT)
    assert host.run(files=[dict(signed, path=path)])['files'][0]['proven']
    host.put(name, CONTENT + b'!')
    assert host.run(files=[dict(signed, path=path)])['files'][0]['code'] == 'bad_signature'


@pytest.mark.parametrize(('option', 'size', 'code'), [
    ('signature', 0, 'bad_signature_file'), ('signature', (64 << 10) + 1, 'too_large'), ('signature', None, 'file_missing'),
    ('certificate', 0, 'bad_certificate'), ('certificate', (256 << 10) + 1, 'too_large'), ('certificate', None, 'file_missing'),
])
def test_an_invalid_signature_or_certificate_is_reported(host, signed, option, size, code):
    path = host.put('other', b'\xc2' * (size or 0))
    if size is None:
        os.unlink(path)
    found = host.prove(**dict(signed, **{option: path}))
    assert found['code'] == code
    # Every failure names the file.
    assert host.path in found['reason']


def test_without_gpgv_the_package_is_named_and_other_files_are_proven(host, signed, monkeypatch):
    def without_gpgv():
        # Ansible looks into the sbin folders too.
        from ansible_collections.gofleet.golang.plugins.module_utils._proof import gpgv
        gpgv.PROGRAMS = ('gpgv-that-nobody-has',)

    result = host.run(before=without_gpgv, files=[dict(signed, path=host.path), {'path': host.path, 'checksum': 'sha256:' + SHA256}])
    assert [each['code'] for each in result['files']] == ['gpgv_missing', None]
    for words in (host.path, 'This host has no gpgv', 'Debian, Ubuntu: gpgv', 'gnupg2', 'checksum'):
        assert words in result['msg']


def test_nothing_of_a_signature_stays_behind(host, signed):
    folder = host.folder.mkdir('temporary')

    def elsewhere():
        tempfile.tempdir = str(folder)

    assert host.run(before=elsewhere, files=[dict(signed, path=host.path)])['files'][0]['proven']
    assert folder.listdir() == []


# ---- trees


@pytest.fixture
def tree(host):
    """Options that name a tree and its manifest."""
    for name in ('app', 'lib/one', 'lib/two', 'README'):
        host.put('tree/' + name, name.encode('ascii'))
    os.chmod(str(host.folder.join('tree/app')), 0o755)
    os.symlink('lib/one', str(host.folder.join('tree/link')))
    host.folder.mkdir('tree/empty')
    return {'tree': str(host.folder.join('tree')), 'manifest': str(host.folder.join('state/tree.sums'))}


def lines(options):
    with io.open(options['manifest'], 'rb') as source:
        return source.read().decode('utf-8').splitlines()


def test_an_unchanged_recorded_tree_is_verified(host, tree):
    recorded = host.run(state='recorded', **tree)
    assert (recorded['changed'], recorded['tree']['differences'], recorded['tree']['proven']) == (True, None, None)
    verified = host.run(**tree)
    assert (host.code, verified['changed'], verified['tree']['proven']) == (0, False, True)
    assert verified['tree'] == dict(recorded['tree'], proven=True, differences={'changed': [], 'missing': [], 'extra': [], 'mode': [], 'count': 0})
    assert (verified['tree']['count'], verified['tree']['bytes']) == (5, sum(map(len, ('app', 'lib/one', 'lib/two', 'README'))))


def test_a_manifest_has_a_line_for_each_file(host, tree):
    result = host.run(state='recorded', **tree)
    assert [line.split(' ')[4] for line in lines(tree)] == ['README', 'app', 'lib/one', 'lib/two', 'link']
    assert '0755 %s 3 f app' % hashlib.sha256(b'app').hexdigest() in lines(tree)
    with io.open(tree['manifest'], 'rb') as source:
        assert hashlib.sha256(source.read()).hexdigest() == result['tree']['sha256']


def test_a_manifest_is_for_all_to_read_and_nothing_lies_beside_it(host, tree):
    host.run(before=lambda: os.umask(0o077), state='recorded', **tree)
    assert stat.S_IMODE(os.stat(tree['manifest']).st_mode) == 0o644
    assert os.listdir(os.path.dirname(tree['manifest'])) == ['tree.sums']


def test_a_second_recording_changes_nothing(host, tree):
    host.run(state='recorded', **tree)
    before = os.stat(tree['manifest'])
    again = host.run(state='recorded', **tree)
    assert (again['changed'], again['plan'], again['tree']['differences']['count']) == (False, [], 0)
    assert os.stat(tree['manifest']).st_ino == before.st_ino


def test_check_mode_writes_nothing_and_reports_the_same(host, tree):
    promised = host.run(check_mode=True, diff=True, state='recorded', **tree)
    assert not os.path.exists(os.path.dirname(tree['manifest']))
    done = host.run(diff=True, state='recorded', **tree)
    for key in ('changed', 'plan', 'diff', 'tree'):
        assert (key, promised[key]) == (key, done[key])
    assert done['diff']['before'] == ''
    assert done['diff']['after'].splitlines() == lines(tree)


CHANGES = {
    'changed': (lambda tree: tree.join('lib/one').write('uno'), 'lib/one'),
    'missing': (lambda tree: tree.join('README').remove(), 'README'),
    'extra': (lambda tree: tree.join('lib/three').write(''), 'lib/three'),
    'mode': (lambda tree: tree.join('app').chmod(0o4755), 'app'),
}


@pytest.mark.parametrize('field', sorted(CHANGES))
def test_each_difference_is_reported_and_fails_the_task(host, tree, field):
    host.run(state='recorded', **tree)
    change, name = CHANGES[field]
    change(host.folder.join('tree'))
    result = host.run(**tree)
    assert (host.code, result['code'], result['tree']['code'], result['tree']['proven']) == (1, 'not_proven', 'tree_differs', False)
    assert result['tree']['differences'] == dict({'changed': [], 'missing': [], 'extra': [], 'mode': []}, **{field: [name], 'count': 1})
    assert '%s: %s' % (field, name) in result['msg']


@pytest.mark.parametrize('field', sorted(CHANGES))
def test_each_difference_can_be_recorded_and_is_shown(host, tree, field):
    host.run(state='recorded', **tree)
    change, name = CHANGES[field]
    change(host.folder.join('tree'))
    result = host.run(diff=True, state='recorded', **tree)
    assert (result['changed'], result['tree']['differences'][field]) == (True, [name])
    shown = result['diff']['before'] + result['diff']['after']
    assert set(line.split(' ')[4] for line in shown.splitlines()) == {name}
    assert host.run(**tree)['tree']['proven']


def link_to_folder(tree, outside):
    os.symlink(str(outside), str(tree.join('out')))


def link_in_the_place_of_a_folder(tree, outside):
    tree.join('lib').move(outside.join('lib'))
    os.symlink(str(outside.join('lib')), str(tree.join('lib')))


@pytest.mark.parametrize(('change', 'expected'), [
    (link_to_folder, {'extra': ['out']}), (link_in_the_place_of_a_folder, {'missing': ['lib/one', 'lib/two'], 'extra': ['lib']}),
])
def test_a_link_out_of_the_tree_is_a_difference_and_not_followed(host, tree, change, expected):
    host.run(state='recorded', **tree)
    outside = host.folder.mkdir('outside')
    outside.join('secret').write('secret')
    change(host.folder.join('tree'), outside)
    found = host.run(**tree)['tree']['differences']
    assert dict((field, found[field]) for field in expected) == expected
    assert found['count'] == sum(map(len, expected.values()))


def test_a_link_that_leads_elsewhere_has_changed(host, tree):
    host.run(state='recorded', **tree)
    host.folder.join('tree/link').remove()
    os.symlink('lib/two', str(host.folder.join('tree/link')))
    assert host.run(**tree)['tree']['differences']['changed'] == ['link']


def test_a_pipe_in_the_tree_is_a_difference_and_cannot_be_recorded(host, tree):
    host.run(state='recorded', **tree)
    before = lines(tree)
    os.mkfifo(str(host.folder.join('tree/pipe')))
    assert host.run(**tree)['tree']['differences']['extra'] == ['pipe']
    refused = host.run(state='recorded', **tree)
    assert (refused['code'], refused['evidence']['special']) == ('not_a_file', ['pipe'])
    assert lines(tree) == before


def test_the_root_may_be_named_by_a_link(host, tree):
    host.run(state='recorded', **tree)
    os.symlink('tree', str(host.folder.join('current')))
    assert host.run(tree=str(host.folder.join('current')), manifest=tree['manifest'])['tree']['proven']


@pytest.mark.parametrize('state', ['verified', 'recorded'])
def test_a_manifest_in_its_tree_is_refused_by_any_path(host, tree, state):
    os.symlink('tree', str(host.folder.join('way')))
    result = host.run(tree=tree['tree'], manifest=str(host.folder.join('way/manifest')), state=state)
    assert result['code'] == 'manifest_in_tree'
    assert not host.folder.join('tree/manifest').check()


def test_a_manifest_beside_a_tree_of_almost_its_name_is_outside(host, tree):
    assert host.run(tree=tree['tree'], manifest=tree['tree'] + '.sums', state='recorded')['changed']


@pytest.mark.parametrize(('change', 'code'), [
    (lambda host, tree: os.unlink(tree['manifest']), 'manifest_missing'),
    (lambda host, tree: host.put('state/tree.sums', b'something else\n'), 'bad_manifest'),
    (lambda host, tree: host.put('state/tree.sums', ('\n'.join(lines(tree))).encode('ascii')), 'bad_manifest'),
    (lambda host, tree: shutil.rmtree(tree['tree']), 'tree_missing'),
    (lambda host, tree: (shutil.rmtree(tree['tree']), host.put('tree', b'')), 'not_a_folder'),
])
def test_a_tree_that_cannot_be_compared_is_not_proven(host, tree, change, code):
    host.run(state='recorded', **tree)
    change(host, tree)
    result = host.run(**tree)
    assert (result['code'], result['tree']['code'], result['tree']['proven']) == ('not_proven', code, False)


def test_a_file_that_is_no_manifest_is_not_written_over(host, tree):
    path = host.put('state/tree.sums', b'my notes\n')
    assert host.run(state='recorded', **tree)['code'] == 'bad_manifest'
    with io.open(path, 'rb') as source:
        assert source.read() == b'my notes\n'


def test_a_tree_is_not_recorded_while_a_file_is_not_proven(host, tree):
    result = host.run(state='recorded', files=[{'path': host.path, 'checksum': 'sha256:' + OTHER}], **tree)
    assert (result['code'], result['tree']) == ('not_proven', None)
    assert 'so no manifest was written' in result['msg']
    assert not os.path.exists(tree['manifest'])


def test_failures_of_files_and_a_tree_are_reported_together(host, tree):
    host.run(state='recorded', **tree)
    host.folder.join('tree/app').write('other')
    result = host.run(files=[{'path': host.path, 'checksum': 'sha256:' + OTHER}, {'path': host.path, 'checksum': 'sha256:' + SHA256}], **tree)
    assert [each['code'] for each in result['evidence']['failures']] == ['checksum_mismatch', 'tree_differs']
    assert result['msg'].startswith('2 of 3 are not proven.')


def test_a_manifest_can_be_pinned_in_the_same_call(host, tree):
    recorded = host.run(state='recorded', **tree)
    pinned = [{'path': tree['manifest'], 'checksum': 'sha256:' + recorded['tree']['sha256']}]
    assert host.run(files=pinned, **tree)['tree']['proven']


def test_the_manifest_of_a_toolchain_will_do(host, tree):
    root = tree['tree']
    entries = trees.walk_tree(root)
    folder = str(host.folder.mkdir('manifests'))
    manifest.write(folder, 'go1', manifest.describe(root, entries), entries)
    assert host.run(tree=root, manifest=os.path.join(folder, 'go1.sums'))['tree']['proven']


def test_many_differences_are_counted_and_the_first_are_named(host, tree):
    host.run(state='recorded', **tree)
    for number in range(300):
        host.folder.join('tree/%03d' % number).write('')
    found = host.run(**tree)['tree']['differences']
    assert (len(found['extra']), found['extra'][0], found['count']) == (100, '000', 300)
    shown = host.run(state='recorded', check_mode=True, diff=True, **tree)['diff']['after'].splitlines()
    assert (len(shown), shown[-1]) == (101, '... and 200 more')


# ---- documentation


def documented(text, indent):
    return re.findall(r'^%s(\w+):$' % (' ' * indent), text, re.MULTILINE)


def test_every_option_is_documented():
    options = DOCUMENTATION.partition('\noptions:\n')[2].partition('\nnotes:')[0]
    assert sorted(documented('\n' + options, 2)) == sorted(ARGUMENT_SPEC)
    suboptions = options.partition('suboptions:\n')[2].partition('\n  checksum_file:')[0]
    assert sorted(documented('\n' + suboptions, 6)) == sorted(ARGUMENT_SPEC['files']['options'])


def test_every_algorithm_can_be_chosen():
    assert sorted(ARGUMENT_SPEC['checksum_algorithm']['choices']) == sorted(digests.LENGTHS)


def test_every_result_is_documented(host, tree):
    done = host.run(files=[{'path': host.path, 'checksum': 'sha256:' + SHA256}], state='recorded', **tree)
    failed = host.run(files=[{'path': host.path, 'checksum': 'sha256:' + OTHER}], **tree)
    reported = set(done) | set(failed)
    assert reported - {'changed', 'diff', 'warnings', 'invocation', 'failed', 'msg', 'exception'} == set(re.findall(r'^(\w+):$', RETURN, re.MULTILINE))
    parts = dict(zip(('files', 'tree'), RETURN.split('contains:')[1:]))
    assert set(documented(parts['files'], 4)) == set(done['files'][0]) == set(failed['files'][0])
    assert set(documented(parts['tree'], 4)) == set(done['tree']) == set(failed['tree'])


def test_examples_use_options_that_there_are():
    used = set(re.findall(r'^    (\w+):', EXAMPLES, re.MULTILINE))
    assert used <= set(ARGUMENT_SPEC)
    assert set(re.findall(r'^(?:      - |        )(\w+):', EXAMPLES, re.MULTILINE)) <= set(ARGUMENT_SPEC['files']['options'])


def test_the_module_is_ascii():
    with io.open(artifact_verify.__file__.replace('.pyc', '.py'), 'rb') as source:
        text = source.read()
    ast.parse(text.decode('ascii').encode('ascii'))
