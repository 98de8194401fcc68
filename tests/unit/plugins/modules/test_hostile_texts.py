# -*- coding: utf-8 -*-
# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and contents that are not UTF-8, or that terminals act on, before every module: each run ends with a result that Ansible can read."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import codecs
import hashlib
import io
import os
import random
import re
import tarfile

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._archive import tar
from ansible_collections.gofleet.golang.plugins.module_utils._fetch import download
from ansible_collections.gofleet.golang.plugins.module_utils._files import syncing
from ansible_collections.gofleet.golang.plugins.module_utils._host import architecture as host
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import paths as sysctl_paths
from ansible_collections.gofleet.golang.plugins.modules import abi_check, artifact_verify, env_file, go_toolchain, sysctl_profile
from support.units import module_runs, tiny_trees

# Loaded here, where it can be read: a module's process may be another user's.
assert tar
assert download

SEEDS = range(4)
PIECES = [b'name', b'\xff', b'caf\xe9', b'\xed\xb3\xbf', b'\xed\xa0\x80', b'\x1b[31m', b'\n', b'\r', b'\t', b'\x7f', b'\xc2\x9b2J',
          u'\u202e\u2066'.encode('utf-8'), u'ä\U0001f600'.encode('utf-8'), b'\\', b'%s', b'{{ x }}', b'"', b"'", b' ', b'*', b'#', b'-']
# What no terminal should be sent. Line ends and tabs may be in values.
ACTED_ON = re.compile(u'[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]')


@pytest.fixture(autouse=True)
def _no_disk(monkeypatch):
    """Skip syncs, because the disk of a shared machine is slow."""
    monkeypatch.setattr(syncing, 'sync_tree', lambda path: None)
    monkeypatch.setattr(os, 'fsync', lambda handle: None)


@pytest.fixture
def folder(tmpdir):
    return os.path.join(str(tmpdir), '').encode('utf-8')


def hostile(chosen, at_most=5):
    """A name as bytes."""
    return b''.join(chosen.choice(PIECES) for dummy in range(chosen.randrange(1, at_most)))


def as_option(name):
    """A name as Ansible's controller has it, and sends it in JSON."""
    return name.decode('utf-8', 'surrogateescape' if str is not bytes else 'replace')


def native(path):
    return path if str is bytes else path.decode('utf-8')


def put(path, content):
    if not os.path.isdir(os.path.dirname(path)):
        os.makedirs(os.path.dirname(path))
    with io.open(path, 'wb') as target:
        target.write(content)
    return path


def run(main, options, folder, **more):
    """The exit code and the result, if nothing in it but what was asked for could act on a terminal."""
    code, result = module_runs.run(main, options, native(folder), diff=True, **more)
    for text in texts(dict(result, invocation=None)):
        assert not ACTED_ON.search(text), repr(text)
    for text in [result.get('msg', '')] + result.get('warnings', []):
        assert u'\n' not in text, repr(text)
    assert code == 0 or result['failed']
    # A crash has no code.
    assert code == 0 or result.get('code'), result
    return code, result


def texts(value):
    if isinstance(value, dict):
        return [text for key, each in value.items() for text in texts(key) + texts(each)]
    if isinstance(value, list):
        return [text for each in value for text in texts(each)]
    return [value] if isinstance(value, type(u'')) else []


# ---- artifact_verify


@pytest.mark.parametrize('seed', SEEDS)
def test_artifact_verify_returns_what_hostile_checksum_files_and_names_are(folder, seed):
    chosen = random.Random(seed)
    for number in range(4):
        path = put(folder + b'%d' % number + hostile(chosen).replace(b'/', b''), b'content')
        lines = [chosen.choice([hashlib.sha256(b'content').hexdigest().encode('ascii'), hostile(chosen)]) + chosen.choice([b'  ', b' *', b' ', b''])
                 + chosen.choice([os.path.basename(path), hostile(chosen)]) for dummy in range(3)]
        content = chosen.choice([b'', codecs.BOM_UTF8, codecs.BOM_UTF16_LE, b'\x00']) + chosen.choice([b'\n', b'\r\n', b'\x00']).join(lines)
        sums = put(folder + b'sums%d' % number, content)
        run(artifact_verify.main, {'files': [{'path': as_option(path), 'checksum_file': as_option(sums)}]}, folder)
        run(artifact_verify.main, {'files': [{'path': as_option(hostile(chosen)), 'checksum': as_option(hostile(chosen))}]}, folder)


def test_artifact_verify_returns_a_result_for_a_checksum_file_in_utf_16(folder):
    path = put(folder + b'artifact', b'content')
    sums = put(folder + b'sums', (u'%s  artifact\r\n' % hashlib.sha256(b'content').hexdigest()).encode('utf-16'))
    code, result = run(artifact_verify.main, {'files': [{'path': as_option(path), 'checksum_file': as_option(sums)}]}, folder)
    assert code in (0, 1)
    assert result['files'][0]['path'] == as_option(path)


@pytest.mark.parametrize('seed', SEEDS)
def test_artifact_verify_records_and_verifies_a_tree_of_hostile_names(folder, seed):
    chosen = random.Random(seed)
    for dummy in range(5):
        put(folder + b'tree/' + hostile(chosen).replace(b'/', b''), b'content')
    tree = {'tree': as_option(folder + b'tree'), 'manifest': as_option(folder + b'manifest')}
    for options in (dict(tree, state='recorded'), tree):
        code, result = run(artifact_verify.main, options, folder)
        assert (code, result.get('changed')) == (0, 'state' in options), result
    put(folder + b'tree/gar\xe7on', b'other')
    code, result = run(artifact_verify.main, tree, folder)
    assert (code, result['tree']['differences']['extra']) == (1, ['gar\\xe7on'])


def test_artifact_verify_is_done_where_it_recorded_a_latin_1_name(folder):
    put(folder + b'tree/caf\xe9', b'content')
    code, result = run(artifact_verify.main, {'tree': as_option(folder + b'tree'), 'manifest': as_option(folder + b'manifest'), 'state': 'recorded'}, folder)
    assert (code, result['changed']) == (0, True)
    assert os.path.exists(folder + b'manifest')
    assert 'caf\\xe9' in result['diff'][0]['after'] if isinstance(result['diff'], list) else result['diff']['after']


# ---- abi_check


@pytest.mark.parametrize('seed', SEEDS)
def test_abi_check_returns_what_hostile_paths_and_scripts_are(folder, seed):
    chosen = random.Random(seed)
    for number in range(4):
        script = put(folder + b'%d' % number + hostile(chosen).replace(b'/', b''), b'#!' + hostile(chosen) + b'/bin/' + hostile(chosen) + b'\n')
        os.chmod(script, 0o755)
        code, result = run(abi_check.main, {'paths': [as_option(script)], 'fail_on': 'never'}, folder)
        assert code == 0 or result['code'] == 'file_missing'
        run(abi_check.main, {'path': as_option(script)}, folder)
        run(abi_check.main, {'path': as_option(folder + hostile(chosen))}, folder)


# ---- env_file


@pytest.mark.parametrize('seed', SEEDS)
def test_env_file_returns_what_hostile_names_values_and_paths_are(folder, seed):
    chosen = random.Random(seed)
    for dummy in range(4):
        path = put(folder + b'etc/' + hostile(chosen).replace(b'/', b''), hostile(chosen))
        consumer = chosen.choice(['service', 'container', 'login_shell'])
        options = {'consumers': [consumer], 'paths': {consumer: as_option(path)}, 'goroot': as_option(folder + b'go')}
        run(env_file.main, dict(options, variables={'A': as_option(hostile(chosen))}), folder)
        run(env_file.main, dict(options, variables={as_option(hostile(chosen)): 'x'}), folder)
        run(env_file.main, dict(options, name=as_option(hostile(chosen)), variables={'A': 'x'}), folder)
        os.unlink(path)
        run(env_file.main, dict(options, variables={'A': as_option(hostile(chosen))}, secrets={'B': as_option(hostile(chosen))}), folder)


def test_env_file_is_done_where_it_replaced_bytes_that_are_no_text(folder):
    options = {'consumers': ['container'], 'paths': {'container': as_option(folder + b'file')}, 'goroot': as_option(folder + b'go'), 'variables': {'A': 'x'}}
    run(env_file.main, options, folder)
    with io.open(folder + b'file', 'ab') as edited:
        edited.write(b'caf\xe9\x1b[2J\n')
    code, result = run(env_file.main, options, folder)
    assert (code, result['changed']) == (0, True)
    assert 'caf\\xe9\\x1b[2J\n' in result['diff'][0]['before']


# ---- sysctl_profile


@pytest.mark.parametrize('seed', SEEDS)
def test_sysctl_profile_applies_beside_hostile_settings_of_others(folder, seed):
    chosen = random.Random(seed)
    for name in (b'10-caf\xe9.conf', b'99-z' + hostile(chosen).replace(b'/', b'') + b'.conf'):
        lines = [chosen.choice([b'kernel.x', hostile(chosen)]) + b' = ' + hostile(chosen) for dummy in range(5)]
        put(folder + b'root/etc/sysctl.d/' + name, b'\n'.join(lines))
    put(folder + b'root/run/systemd/system/x', b'')
    put(folder + b'proc/net/core/somaxconn', chosen.choice([b'128\n', b'\xff\x1b\n']))

    def before():
        sysctl_paths.ROOT, sysctl_paths.PROC = native(folder + b'root'), native(folder + b'proc')
        # The folder belongs to this user, who plays root.
        os.geteuid = lambda: 0
    with io.open(folder + b'root/etc/sysctl.d/10-caf\xe9.conf', 'ab') as lower:
        lower.write(b'\nnet.core.somaxconn = caf\xe9\n')
    options = {'settings': {'net.core.somaxconn': 4096}}
    promised = run(sysctl_profile.main, options, folder, check_mode=True, before=before)
    code, result = run(sysctl_profile.main, options, folder, before=before)
    assert (code, result['changed'], promised[0]) == (0, True, 0), result
    with io.open(folder + b'proc/net/core/somaxconn', 'rb') as value:
        assert value.read().strip() == b'4096'
    run(sysctl_profile.main, {'settings': {as_option(hostile(chosen)): as_option(hostile(chosen))}}, folder, before=before)
    assert run(sysctl_profile.main, {'state': 'absent'}, folder, before=before)[0] == 0


# ---- go_toolchain


@pytest.fixture(scope='module')
def release(tmpdir_factory):
    return tiny_trees.Release(tmpdir_factory.mktemp('releases'), '1.30.1', host.goarch())


def install(release, folder, **more):
    return dict({'version': release.version, 'releases': [release.record()], 'archive': release.archive, 'remote_src': True, 'mirrors': [],
                 'prefix': as_option(folder + b'opt'), 'link': as_option(folder + b'go'), 'bin_dir': as_option(folder + b'bin')}, **more)


@pytest.mark.parametrize('seed', SEEDS)
def test_go_toolchain_installs_beside_hostile_names_and_sees_them_in_its_tree(folder, release, seed):
    chosen = random.Random(seed)
    put(folder + b'opt/' + hostile(chosen).replace(b'/', b'') + b'x/file', b'')
    put(folder + b'opt/.gofleet/stage/' + hostile(chosen).replace(b'/', b'') + b'x/file', b'')
    code, result = run(go_toolchain.main, install(release, folder), folder)
    assert (code, result['changed']) == (0, True), result
    put(folder + b'opt/go1.30.1/' + hostile(chosen).replace(b'/', b'') + b'caf\xe9', b'')
    run(go_toolchain.main, install(release, folder, verify='deep'), folder)
    run(go_toolchain.main, install(release, folder, state='absent'), folder)


@pytest.mark.parametrize('seed', SEEDS)
def test_go_toolchain_returns_what_hostile_links_and_archives_are(folder, release, seed):
    chosen = random.Random(seed)
    # Not a release, by its digest or by its names.
    path = folder + b'go1.30.1.tar.gz'
    with tarfile.open(path.decode('utf-8'), 'w:gz') as target:
        name = b'go/' + hostile(chosen)
        target.addfile(tarfile.TarInfo(name.decode('utf-8', 'surrogateescape') if str is not bytes else name))
    with io.open(path, 'rb') as content:
        data = content.read()
    record = release.record()
    record['archives'][release.goarch].update(sha256=hashlib.sha256(data).hexdigest(), size=len(data))
    record['archives'][release.goarch].pop('h1', None)
    code, result = run(go_toolchain.main, install(release, folder, archive=as_option(path), releases=[record]), folder)
    assert code == 1
    os.symlink(hostile(chosen), folder + b'go')
    code, result = run(go_toolchain.main, install(release, folder), folder)
    assert (code, result['code']) == (1, 'occupied')
    run(go_toolchain.main, install(release, folder, archive=as_option(folder + hostile(chosen))), folder)
    run(go_toolchain.main, install(release, folder, version=as_option(hostile(chosen))), folder)
