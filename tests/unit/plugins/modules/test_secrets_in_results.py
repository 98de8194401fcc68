# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""No result, no invocation and no log entry of a module shows a secret, and no word of the result is lost over one."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json
import os
import tempfile

import pytest
from ansible.module_utils import basic

from ansible_collections.gofleet.golang.plugins.module_utils._archive import tar
from ansible_collections.gofleet.golang.plugins.module_utils._environment import secrets as environment_secrets
from ansible_collections.gofleet.golang.plugins.module_utils._fetch import download
from ansible_collections.gofleet.golang.plugins.module_utils._host import architecture as host
from ansible_collections.gofleet.golang.plugins.module_utils._texts import shown
from ansible_collections.gofleet.golang.plugins.modules import artifact_verify, env_file, go_toolchain
from support.units import module_runs, tiny_trees

assert tar
assert download

EVERY = ['login_shell', 'service', 'container']
# Words of the result, of its paths, and what is too short to be looked for.
WORDS = ['service', 'container', 'size', 'bytes', 'present', 'write', 'none', 'gofleet', 'files', 'file', 'variables', '1', '0', 'true', 'false', 'a', '/',
         '0640', 'msg', 'changed', 'consumer', 'VALUE_SPECIFIED_IN_NO_LOG_PARAMETER', '***']


def run(main, options, folder):
    """The exit code, the result, and what was logged of the run."""
    with tempfile.TemporaryFile() as log:
        def before():
            basic.AnsibleModule.log = lambda self, msg, log_args=None: os.write(log.fileno(), repr((msg, log_args)).encode('utf-8'))
        code, result = module_runs.run(main, options, str(folder), diff=True, before=before)
        log.seek(0)
        return code, result, log.read().decode('utf-8')


# ---- env_file


def environment(tmpdir, secrets, **more):
    folder = tmpdir.join('host')
    options = dict({'consumers': EVERY, 'paths': dict((each, str(folder.join(each))) for each in EVERY), 'goroot': str(folder.join('go')),
                    'variables': {'A': 'x'}, 'secrets': secrets}, **more)
    found = run(env_file.main, options, tmpdir)
    if folder.check():
        folder.remove()
    return found


def test_the_consumer_of_a_secret_is_not_hidden_in_the_result(tmpdir):
    secret = {'value': 'sw0rdfish', 'consumers': ['service'], 'type': 'string'}
    code, result, log = environment(tmpdir, {'TOKEN': secret, 'LIMIT': {'value': 1024, 'type': 'size', 'unit': 'bytes', 'consumers': ['service']}})
    assert (code, [each['consumer'] for each in result['files']]) == (0, EVERY)
    assert [each['variables'] for each in result['files']] == [['A'], ['A', 'LIMIT', 'TOKEN'], ['A']]
    assert result['invocation']['module_args']['secrets'] == {
        'TOKEN': {'value': environment_secrets.MASK, 'consumers': ['service'], 'type': 'string'},
        'LIMIT': {'value': environment_secrets.MASK, 'type': 'size', 'unit': 'bytes', 'consumers': ['service']}}
    assert 'service' in log
    assert 'sw0rdfish' not in log + json.dumps(result)


@pytest.mark.parametrize('word', WORDS)
def test_a_result_does_not_depend_on_the_secret(tmpdir, word):
    found = [environment(tmpdir, {'TOKEN': value, 'OTHER': {'value': value, 'consumers': ['service']}, 'LIST': {'type': 'comma_list', 'value': [value]}})
             for value in (word, 'sw0rdfish')]
    assert found[0] == found[1]
    assert found[0][0] == 0


@pytest.mark.parametrize('word', ['service', '1', 'true', 'TOKEN', 'sw0rdfish', 'invalid'])
def test_a_failure_does_not_depend_on_the_secret(tmpdir, word):
    found = [environment(tmpdir, {'TOKEN': value + '\nmore'}, consumers=['container']) for value in (word, 'other-word')]
    assert found[0] == found[1]
    assert (found[0][0], found[0][1]['code']) == (1, 'unrepresentable')


@pytest.mark.parametrize('secrets', [
    'TOKEN=sw0rdfish', {'TOKEN': {'sw0rdfish': 'sw0rdfish'}}, {'TOKEN': {'value': {'sw0rd': 'sw0rdfish'}}}, {'TOKEN': {'value': 'x', 'type': 'sw0rdfish'}},
    {'TOKEN': {'value': 'x', 'consumers': 'sw0rdfish'}}, {'TOKEN': ['sw0rdfish']}, {'TOKEN': {'value': 'x', 'type': 'size', 'unit': 'sw0rdfish'}},
    ['sw0rdfish'], 'sw0rdfish', {'TOKEN': None}, None])
def test_a_secret_in_any_form_is_never_shown(tmpdir, secrets):
    result, log = environment(tmpdir, secrets)[1:]
    # Names of variables are shown; a dict that was meant as a value has keys that are shown as names of its keys.
    mask = environment_secrets.MASK
    assert 'sw0rdfish' not in json.dumps(result).replace('"sw0rdfish": "%s"' % mask, '') + log.replace("'sw0rdfish': '%s'" % mask, '')


def test_a_secret_that_is_among_the_variables_too_is_hidden_there(tmpdir):
    code, result, log = environment(tmpdir, {'TOKEN': 'sw0rdfish'}, variables={'URL': 'https://host.example/?x=sw0rdfish'}, name='shop')
    assert code == 0
    assert 'sw0rdfish' not in json.dumps(result) + log
    assert result['invocation']['module_args']['name'] == 'shop'


# ---- addresses


PASSWORDS = ['pa55/w0rd', 'pa55#w0rd', 'pa55?w0rd', 'pa55@w0rd', 'pa55:w0rd', 'pa55%2Fw0rd', 'pa55w0rd']
PARTS = ('pa55', 'w0rd', 'sig123', 'tok456')


@pytest.mark.parametrize('scheme', ['http://', 'https://', ''])
@pytest.mark.parametrize('password', PASSWORDS)
def test_go_toolchain_shows_no_password_of_an_address(tmpdir, password, scheme):
    release = tiny_trees.Release(tmpdir.mkdir('release'), '1.30.1', host.goarch())
    # No server listens there.
    mirror = '%sdeploy:%s@127.0.0.1:1/go?access_token=tok456&X-Amz-Signature=sig123' % (scheme, password)
    code, result, log = run(go_toolchain.main, {
        'version': '1.30.1', 'releases': [release.record()], 'mirrors': [mirror], 'goproxy': mirror + '|direct', 'gosumdb': 'name+1a2b3c4d+AQ== ' + mirror,
        'index_url': mirror, 'signing_certificate': mirror, 'uploads': {'x': {'path': str(tmpdir), 'origin': mirror}}, 'transfer': 'pull', 'timeout': 2,
        'prefix': str(tmpdir.join('opt')), 'link': str(tmpdir.join('go')), 'bin_dir': str(tmpdir.join('bin'))}, tmpdir)
    assert (code, result['code']) == (1, 'no_source')
    for part in PARTS:
        assert part not in json.dumps(result), result
        assert part not in log
    for option in ('mirrors', 'goproxy', 'gosumdb', 'index_url', 'signing_certificate'):
        assert '127.0.0.1:1' in json.dumps(result['invocation']['module_args'][option])
    assert '127.0.0.1:1' in log
    assert '127.0.0.1:1' in result['msg']


@pytest.mark.parametrize('password', PASSWORDS)
def test_artifact_verify_shows_no_password_of_an_address(tmpdir, password):
    tmpdir.join('artifact').write('content')
    address = 'http://deploy:%s@127.0.0.1:1/SHA256SUMS?token=tok456&sig=sig123' % password
    found = [{'path': str(tmpdir.join('artifact')), 'checksum_file': address},
             {'path': str(tmpdir.join('artifact')), 'signature': address, 'fingerprints': ['0' * 40], 'certificate': str(tmpdir.join('artifact'))}]
    code, result, log = run(artifact_verify.main, {'files': found, 'checksum_file': address, 'timeout': 2}, tmpdir)
    assert (code, result['code']) == (1, 'not_proven')
    for part in PARTS:
        assert part not in json.dumps(result), result
        assert part not in log
    assert '127.0.0.1:1' in result['files'][0]['reason']
    assert '127.0.0.1:1' in log


def test_the_rest_of_an_invocation_is_not_masked(tmpdir):
    paths = {'prefix': str(tmpdir.join('opt')), 'link': str(tmpdir.join('go')), 'bin_dir': str(tmpdir.join('bin'))}
    result = run(go_toolchain.main, dict(paths, version='1.30.1', mirrors=['https://u:p@h.example/go']), tmpdir)[1]
    assert result['invocation']['module_args']['mirrors'] == ['https://h.example/go']
    assert result['invocation']['module_args']['index_url'] == 'https://go.dev/dl/?mode=json&include=all'
    assert result['invocation']['module_args']['timeout'] == 30


def test_a_module_that_ends_over_its_options_shows_no_password(tmpdir):
    result, log = run(go_toolchain.main, {'mirrors': ['https://u:pa55/w0rd@h/go'], 'timeout': 'https://u:pa55/w0rd@h/go', 'bogus': 1}, tmpdir)[1:]
    assert result['failed']
    assert not any(part in json.dumps(result) + log for part in PARTS)


def test_a_path_that_is_a_secret_too_stays_a_path(tmpdir):
    path = str(tmpdir.join('host', 'service'))
    result = environment(tmpdir, {'TOKEN': path})[1]
    assert result['files'][1]['path'] == path
    assert shown.HIDDEN not in json.dumps(result['files'])
