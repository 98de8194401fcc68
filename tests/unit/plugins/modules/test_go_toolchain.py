# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import ast
import json
import os
import re
import shutil
import stat
import subprocess
import sys

import pytest

from ansible_collections.gofleet.golang.plugins.doc_fragments import releases
from ansible_collections.gofleet.golang.plugins.module_utils._archive import tar
from ansible_collections.gofleet.golang.plugins.module_utils._fetch import download
from ansible_collections.gofleet.golang.plugins.module_utils._files import syncing
from ansible_collections.gofleet.golang.plugins.module_utils._host import architecture as host
from ansible_collections.gofleet.golang.plugins.modules import go_toolchain
from ansible_collections.gofleet.golang.plugins.modules.go_toolchain import ARGUMENT_SPEC, DOCUMENTATION, EXAMPLES, RETURN
from support.units import forked, module_runs, tiny_trees

assert tar
assert download

GOARCH = host.goarch()


@pytest.fixture(autouse=True)
def _no_disk(monkeypatch):
    """Skip syncs, because the disk of a shared machine is slow."""
    monkeypatch.setattr(syncing, 'sync_tree', lambda path: None)
    monkeypatch.setattr(os, 'fsync', lambda handle: None)


@pytest.fixture(scope='session')
def release(tmpdir_factory):
    return tiny_trees.Release(tmpdir_factory.mktemp('releases'), '1.30.1', GOARCH)


class Machine(object):
    """A host's folders, and runs of the module there."""

    def __init__(self, root, release):
        self.root = str(root)
        self.release = release
        self.code = None

    def path(self, *names):
        return os.path.join(self.root, *names)

    def options(self, **changes):
        values = {'version': self.release.version, 'releases': [self.release.record()], 'archive': self.release.archive, 'remote_src': True,
                  'prefix': self.path('opt'), 'link': self.path('go'), 'bin_dir': self.path('bin'), 'mirrors': []}
        values.update(changes)
        return dict((key, value) for key, value in values.items() if value is not None)

    def run(self, check_mode=False, ordinary=False, umask=0o022, **changes):
        self.code, result = module_runs.run(go_toolchain.main, self.options(**changes), self.root, check_mode=check_mode, ordinary=ordinary, umask=umask)
        return result


@pytest.fixture
def machine(tmpdir, release):
    return Machine(tmpdir.mkdir('machine'), release)


def test_a_bare_host_gets_the_version(machine, release):
    result = machine.run()
    assert (machine.code, result['changed'], result['version'], result['goarch'], result['installed']) == (0, True, '1.30.1', GOARCH, ['1.30.1'])
    assert tiny_trees.read_tree(machine.path('opt', 'go1.30.1')) == release.tree


def test_the_result_lists_the_toolchains(machine, release):
    assert machine.run()['toolchains'] == [{
        'version': '1.30.1', 'goarch': GOARCH, 'path': machine.path('opt', 'go1.30.1'), 'active': True, 'problem': None, 'differences': None,
        'proof': [{'kind': 'index', 'sha256': release.sha256, 'vouched_at': tiny_trees.WHEN}],
        'source': {'kind': 'archive', 'origin': release.archive, 'sha256': release.sha256, 'size': len(release.archive_bytes)}}]


def test_a_second_run_changes_nothing(machine):
    first, second = machine.run(), machine.run()
    assert (second['changed'], second['plan'], second['toolchains']) == (False, [], first['toolchains'])


def test_check_mode_changes_nothing_and_reports_the_same(machine):
    promised = machine.run(check_mode=True)
    assert os.listdir(machine.root) == []
    done = machine.run()
    for key in ('changed', 'plan', 'installed', 'pruned', 'diff', 'version', 'goarch'):
        assert (key, promised[key]) == (key, done[key])


def test_everything_can_be_removed(machine):
    machine.run()
    result = machine.run(state='absent', version=None, releases=[])
    assert (result['changed'], result['pruned'], result['toolchains'], 'version' in result) == (True, ['1.30.1'], [], False)
    assert sorted(os.listdir(machine.root)) == ['bin']


def test_a_failure_has_a_code_and_evidence(machine, release):
    record = release.record()
    record['archives'][GOARCH]['sha256'] = '0' * 64
    result = machine.run(releases=[record])
    assert (machine.code, result['failed'], result['code']) == (1, True, 'sha256_mismatch')
    assert result['evidence'] == {'path': release.archive, 'found': release.sha256, 'wanted': '0' * 64}
    assert 'It was not installed' in result['msg']


def test_an_error_of_the_system_has_a_code_too(machine):
    # A link that leads to itself is in the way of the folder for programs.
    machine.run(check_mode=True)
    os.symlink('loop', machine.path('loop'))
    result = machine.run(bin_dir=machine.path('loop', 'bin'))
    assert (machine.code, result['code'], result['evidence']['errno']) == (1, 'os_error', 'ELOOP')


@pytest.mark.parametrize(('changes', 'code'), [
    ({'version': None}, 'invalid_version'), ({'version': 'one'}, 'invalid_version'), ({'also': ['x']}, 'invalid_version'),
    ({'prefix': 'relative'}, 'bad_path'), ({'archive': '/no/such'}, 'archive_unreadable'), ({'releases': [{'version': 'x'}]}, 'invalid_version'),
])
def test_invalid_input_is_reported_by_code(machine, changes, code):
    # A path is expanded by Ansible: what is relative would otherwise be relative to the process.
    result = machine.run(**changes)
    assert (result.get('failed'), result.get('code')) == (True, code)
    assert os.listdir(machine.root) == []


@pytest.fixture
def shared_machine(open_folder, release):
    """One that an ordinary user can reach, with an archive that they can read."""
    shutil.copy(release.archive, str(open_folder))
    machine = Machine(open_folder.mkdir('machine'), release)
    forked.give_to_ordinary_user(open_folder)
    return machine, str(open_folder.join(release.filename))


def test_a_prefix_that_the_user_cannot_write_to_is_reported(shared_machine):
    machine, archive_path = shared_machine
    result = machine.run(ordinary=True, archive=archive_path, prefix='/usr/gofleet-test')
    assert (machine.code, result['code'], result['evidence']['path']) == (1, 'not_writable', '/usr')
    assert 'become' in result['msg']


def test_an_ordinary_user_installs_below_their_own_folder(shared_machine):
    machine, archive_path = shared_machine
    assert machine.run(ordinary=True, archive=archive_path)['installed'] == ['1.30.1']


@pytest.mark.parametrize('umask', [0o077, 0o027, 0])
def test_a_toolchain_is_readable_by_all_users_with_any_umask(machine, umask):
    machine.run(umask=umask)
    modes = [stat.S_IMODE(os.stat(machine.path(*names)).st_mode) for names in
             (('opt',), ('opt', 'go1.30.1'), ('opt', 'go1.30.1', 'src', 'fmt'), ('bin',), ('opt', '.gofleet'), ('opt', '.gofleet', 'manifests'))]
    assert modes == [0o755] * 6
    assert stat.S_IMODE(os.stat(machine.path('opt', '.gofleet', 'manifests', 'go1.30.1.json')).st_mode) == 0o644


def test_a_mirror_is_fetched_from(machine, release, web):
    web.serve('/dl/' + release.filename, release.archive_bytes)
    result = machine.run(archive=None, mirrors=[web.url + '/dl'])
    assert (result['bytes_fetched'], result['toolchains'][0]['source']['origin']) == (len(release.archive_bytes), web.url + '/dl/' + release.filename)


def test_paths_beyond_ascii_are_as_good_as_others(tmpdir, release):
    machine = Machine(os.path.join(str(tmpdir.mkdir('machine')), b'h\xc3\xb4te'.decode('utf-8') if sys.version_info[0] > 2 else b'h\xc3\xb4te'), release)
    os.mkdir(machine.root)
    first = machine.run()
    second = machine.run()
    assert (first.get('msg'), second.get('msg')) == (None, None)
    assert (first['changed'], second['changed']) == (True, False)


def test_a_host_without_change_loads_no_network_modules(machine):
    machine.run()
    tests = os.path.abspath(__file__).rsplit(os.sep, 4)[0]
    script = '''
import json, sys
sys.path.insert(0, sys.argv[1])
import conftest
from ansible.module_utils import basic
from ansible.module_utils.common import json as ansible_json
from ansible_collections.gofleet.golang.plugins.modules import go_toolchain
basic._ANSIBLE_ARGS, basic._ANSIBLE_PROFILE = sys.argv[2].encode('utf-8'), 'legacy'
try:
    go_toolchain.main()
except SystemExit:
    print([name for name in ('ssl', 'tarfile', 'zipfile', 'ansible.module_utils.urls') if name in sys.modules])
'''
    arguments = json.dumps({'ANSIBLE_MODULE_ARGS': machine.options()})
    process = subprocess.Popen([sys.executable, '-c', script, tests, arguments], stdout=subprocess.PIPE)
    output = process.communicate()[0].decode('utf-8').strip().splitlines()
    assert json.loads(output[-2])['changed'] is False
    assert ast.literal_eval(output[-1]) == []


# ---- what is documented is what there is


def documented_options():
    """{option: {key: value}} of the first level, read without a YAML parser, which a host may lack."""
    found = {}
    for text in (DOCUMENTATION, releases.ModuleDocFragment.DOCUMENTATION):
        block = text.split('\noptions:\n')[1].split('\nnotes:\n')[0]
        for name, body in re.findall(r'(?m)^  (\w+):\n((?:    .*\n?)+)', block):
            found[name] = dict(re.findall(r'(?m)^    (type|default|elements|choices): (.*)$', body))
    return found


def test_each_option_is_documented():
    assert sorted(documented_options()) == sorted(ARGUMENT_SPEC)


@pytest.mark.parametrize('name', sorted(ARGUMENT_SPEC))
def test_an_option_has_the_type_and_elements_that_are_documented(name):
    documented = documented_options()[name]
    assert (documented['type'], documented.get('elements')) == (ARGUMENT_SPEC[name]['type'], ARGUMENT_SPEC[name].get('elements'))


def test_what_is_returned_is_documented(machine):
    result = machine.run()
    documented = set(re.findall(r'(?m)^(\w+):$', RETURN))
    added_by_ansible = {'invocation', 'changed', 'diff', 'needs'}
    assert set(result) - documented - added_by_ansible == set()


def test_the_examples_call_this_module():
    assert EXAMPLES.count('gofleet.golang.go_toolchain:') == EXAMPLES.count('- name:')
