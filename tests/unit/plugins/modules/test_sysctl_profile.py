# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import ast
import io
import os
import re
import stat

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import paths as sysctl_paths
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import profiles as sysctl_profiles
from ansible_collections.gofleet.golang.plugins.modules import sysctl_profile
from ansible_collections.gofleet.golang.plugins.modules.sysctl_profile import ARGUMENT_SPEC, DOCUMENTATION, EXAMPLES, RETURN
from support.units import module_runs

OURS = '/etc/sysctl.d/90-gofleet.conf'
SOMAXCONN = 'net.core.somaxconn'


class Machine(object):
    """A host's files and kernel, and runs of the module there."""

    def __init__(self, folder):
        self.folder = folder
        self.root, self.proc = folder.mkdir('root'), folder.mkdir('proc')
        self.root.join('run/systemd/system').ensure(dir=True)
        self.put('net/core/somaxconn', '128\n')
        self.code = None

    def put(self, path, value):
        self.proc.join(path).write(value, ensure=True)

    def value(self, path='net/core/somaxconn'):
        return self.proc.join(path).read().strip()

    def run(self, check_mode=False, umask=0o022, diff=False, **options):
        def before():
            sysctl_paths.ROOT, sysctl_paths.PROC = str(self.root), str(self.proc)
            # The folder belongs to this user, who plays root.
            os.geteuid = lambda: 0
        self.code, result = module_runs.run(sysctl_profile.main, options, self.folder, check_mode=check_mode, diff=diff, umask=umask, before=before)
        return result


@pytest.fixture
def machine(tmpdir):
    return Machine(tmpdir)


def test_a_setting_is_in_force_and_in_the_file(machine):
    result = machine.run(settings={SOMAXCONN: 4096})
    assert (machine.code, result['changed'], result['path'], machine.value()) == (0, True, OURS, '4096')
    assert 'net.core.somaxconn = 4096\n' in machine.root.join(OURS).read()


def test_a_profile_is_taken_as_far_as_the_host_has_it(machine):
    result = machine.run(profiles=['http_server'])
    assert dict((each['key'], each['status']) for each in result['settings'])[SOMAXCONN] == 'applied'
    assert any('unavailable, because' in str(warning) for warning in result['warnings'])


def test_a_second_run_changes_nothing(machine):
    assert [machine.run(settings={SOMAXCONN: 4096})['changed'] for dummy in range(2)] == [True, False]


def test_check_mode_changes_nothing_and_reports_the_same(machine):
    promised = machine.run(settings={SOMAXCONN: 4096}, check_mode=True, diff=True)
    assert (machine.value(), machine.root.join('etc').check()) == ('128', False)
    done = machine.run(settings={SOMAXCONN: 4096}, diff=True)
    for key in ('changed', 'plan', 'diff', 'restart'):
        assert (key, promised[key]) == (key, done[key])


@pytest.mark.parametrize('options', [{'state': 'absent'}, {'state': 'absent', 'profiles': ['http_server']}, {}])
def test_everything_is_given_back(machine, options):
    machine.run(settings={SOMAXCONN: 4096})
    result = machine.run(**options)
    assert ([each['status'] for each in result['released']], machine.value()) == (['restored'], '128')
    assert machine.root.join('etc/sysctl.d').check() is False


@pytest.mark.parametrize('umask', [0o077, 0])
def test_the_file_is_readable_for_every_loader_with_any_umask(machine, umask):
    machine.run(settings={SOMAXCONN: 4096}, umask=umask)
    modes = [stat.S_IMODE(os.stat(str(machine.root.join(path))).st_mode) for path in (OURS, 'etc/sysctl.d', 'var/lib/gofleet/sysctl')]
    assert modes == [0o644, 0o755, 0o755]


@pytest.mark.parametrize(('options', 'code'), [
    ({'settings': {'net.core.somaxcon': 1}}, 'unknown_key'), ({'settings': {SOMAXCONN: '1 2'}}, 'wrong_count'),
    ({'path': '/etc/sysctl.conf', 'settings': {SOMAXCONN: 1}}, 'bad_path'), ({'settings': {'net.core.rmem_max': 1}, 'strict': True}, 'not_in_force'),
])
def test_a_failure_has_a_code_and_evidence(machine, options, code):
    result = machine.run(**options)
    assert (machine.code, result['failed'], result['code'], bool(result['evidence'])) == (1, True, code, True)
    assert machine.value() == '128'


def test_an_error_of_the_system_has_a_code_too(machine):
    machine.root.join('var/lib').write('a file', ensure=True)
    result = machine.run(settings={SOMAXCONN: 4096})
    assert (machine.code, result['code'], machine.value()) == (1, 'os_error', '128')


def documented(text):
    return re.findall(r'^  (\w+):$', text, re.MULTILINE)


def test_every_option_is_documented():
    options = DOCUMENTATION.partition('\noptions:\n')[2].partition('\nnotes:')[0]
    assert sorted(documented('\n' + options)) == sorted(ARGUMENT_SPEC)


def test_every_profile_can_be_chosen_and_is_documented():
    assert sorted(ARGUMENT_SPEC['profiles']['choices']) == sorted(sysctl_profiles.PROFILES)
    for profile in sysctl_profiles.PROFILES:
        assert 'V(%s)' % profile in DOCUMENTATION


def test_every_result_is_documented(machine):
    result = machine.run(settings={SOMAXCONN: 4096})
    reported = set(result) - {'changed', 'diff', 'warnings', 'invocation'}
    assert reported <= set(re.findall(r'^(\w+):$', RETURN, re.MULTILINE))
    assert set(result['settings'][0]) == set(re.findall(r'^    (\w+):$', RETURN.partition('\nreleased:')[0].partition('contains:')[2], re.MULTILINE))


def test_examples_use_options_that_there_are():
    used = set(re.findall(r'^    (\w+):', EXAMPLES, re.MULTILINE))
    assert used <= set(ARGUMENT_SPEC)


def test_the_module_is_ascii():
    with io.open(sysctl_profile.__file__.replace('.pyc', '.py'), 'rb') as source:
        text = source.read()
    ast.parse(text.decode('ascii').encode('ascii'))
