# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lock files as users write and use them: the playbook gofleet.golang.lock, go_release_lock, and a fleet that installs from a lock file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.gofleet.golang.plugins.module_utils._host import architecture as host
from support.mirror.server import Mirror
from support.mirror.tree import ChecksumDatabase
from support.toolchains.tiny import Shape, tiny
from support.units.playbook_runs import CHECKOUT
from support.units.plays import write_log

GOARCH = host.goarch()
ARCH = {'arm': 'armv6l'}.get(GOARCH, GOARCH)
NOBODY = 'http://127.0.0.1:9'


@dataclass(repr=False)
class Fleet:
    """A controller with a lock file and one host, this machine."""

    root: Path
    mirror: Mirror
    gosumdb: str
    reported: dict[str, Any] = field(default_factory=dict)

    @property
    def lock(self) -> Path:
        return self.root / 'go.lock.yml'

    @property
    def variables(self) -> dict[str, Any]:
        url = self.mirror.url
        return {
            'gofleet_lock': str(self.lock), 'gofleet_lock_architectures': [GOARCH], 'gofleet_become': False,
            'go_toolchain_version': '1.30', 'go_toolchain_mirrors': [f'{url}/plain'], 'go_toolchain_goproxy': f'{url}/proxy',
            'go_toolchain_gosumdb': self.gosumdb, 'go_toolchain_index_url': f'{url}/dl/?mode=json&include=all',
            'go_toolchain_cache_path': str(self.root / 'cache'), 'go_toolchain_prefix': str(self.root / 'host' / 'opt'),
            'go_toolchain_link': str(self.root / 'host' / 'go'), 'go_toolchain_bin_dir': str(self.root / 'host' / 'bin'),
        }  # fmt: skip

    def play(self, playbook: str, *arguments: str, **changes: Any) -> dict[str, Any]:
        """Run a playbook of the collection; the result of its last task that is not a message."""
        variables = self.root / 'variables.json'
        variables.write_text(json.dumps(self.variables | changes), encoding='utf-8')
        command = [
            str(Path(sys.executable).with_name('ansible-playbook')), '-i', 'localhost,', '-c', 'local', '-e', f'ansible_python_interpreter={sys.executable}',
            '-e', f'@{variables}', *arguments, f'gofleet.golang.{playbook}',
        ]  # fmt: skip
        done = subprocess.run(command, cwd=self.root, env=self._environment(), capture_output=True, text=True, check=False)
        output = done.stdout + done.stderr
        report = json.loads(done.stdout[done.stdout.index('{\n') :])
        tasks = [task['hosts']['localhost'] for play in report['plays'] for task in play['tasks']]
        tasks = [task for task in tasks if 'gofleet' in task.get('action', '') and not task.get('skipped')]
        assert tasks, output
        assert 'msg' not in tasks[-1] or 'code' in tasks[-1], tasks[-1]
        return {'exit': done.returncode, 'states': [task['action'].rpartition('.')[2] for task in tasks], **tasks[-1]}

    def _environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(('ANSIBLE_', 'PYTHON'))}
        return inherited | {
            'ANSIBLE_HOME': str(self.root / 'ansible'), 'ANSIBLE_CONFIG': str(self.root / 'ansible.cfg'),
            'ANSIBLE_COLLECTIONS_PATH': str(self.root / 'collections'), 'ANSIBLE_STDOUT_CALLBACK': 'ansible.posix.json',
            'PYTHONDONTWRITEBYTECODE': '1',
        }  # fmt: skip

    @property
    def asked(self) -> list[str]:
        return [request.path for request in self.mirror.requests()]


@pytest.fixture(scope='module')
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    root = tmp_path_factory.mktemp('fleet')
    collection = root / 'collections' / 'ansible_collections' / 'gofleet' / 'golang'
    collection.parent.mkdir(parents=True)
    collection.symlink_to(CHECKOUT)
    (root / 'ansible.cfg').touch()
    (root / 'host' / 'bin').mkdir(parents=True)
    archives = [tiny(root / 'archives', version, ARCH, Shape(program='script')) for version in ('1.30.1', '1.30.2', '1.31.0')]
    key = write_log(root / 'log', {archive.spec.module_version: archive.h1 or '' for archive in archives})
    with Mirror(archives, database=ChecksumDatabase(root / 'log', upstream=lambda: NOBODY)) as mirror:
        yield Fleet(root, mirror, key)


# ---- one life of a lock, in order


@pytest.fixture(scope='module')
def promised(fleet: Fleet) -> dict[str, Any]:
    reported = fleet.play('lock', '--check', '--diff')
    return {**reported, 'there': fleet.lock.exists()}


@pytest.fixture(scope='module')
def locked(fleet: Fleet, promised: dict[str, Any]) -> dict[str, Any]:
    assert promised
    return fleet.play('lock', '--diff', gofleet_lock_fetch=True)


@pytest.fixture(scope='module')
def again(fleet: Fleet, locked: dict[str, Any]) -> dict[str, Any]:
    assert locked
    return fleet.play('lock', go_toolchain_index_max_age=0)


def test_check_mode_says_what_would_move_and_writes_nothing(promised: dict[str, Any]) -> None:
    assert (promised['changed'], promised['moves'], promised['there']) == (True, [f'1.30.2 is added for {GOARCH}'], False)
    assert '1.30.2' in promised['diff']['after']


def test_a_lock_holds_what_the_index_and_the_log_say(fleet: Fleet, locked: dict[str, Any]) -> None:
    (release,) = yaml.safe_load(fleet.lock.read_text(encoding='utf-8'))['releases']
    entry = release['archives'][GOARCH]
    assert (release['version'], list(release['archives']), sorted(entry)) == ('1.30.2', [GOARCH], ['filename', 'h1', 'sha256', 'size', 'vouched'])
    assert {name: list(said) for name, said in entry['vouched'].items()} == {'sha256': ['index'], 'h1': ['log']}
    assert locked['releases'] == [release]


def test_check_mode_promised_the_lock_that_was_written(fleet: Fleet, promised: dict[str, Any], locked: dict[str, Any]) -> None:
    assert (locked['changed'], locked['moves']) == (True, promised['moves'])

    def without_times(text: str) -> list[str]:
        return [line for line in text.splitlines() if 'Z' not in line]

    assert without_times(promised['diff']['after']) == without_times(fleet.lock.read_text(encoding='utf-8'))


def test_a_second_renewal_changes_nothing(again: dict[str, Any]) -> None:
    assert (again['changed'], again['moves']) == (False, [])


def test_a_locked_fleet_needs_no_index_no_log_and_no_mirror(fleet: Fleet, again: dict[str, Any]) -> None:
    assert again
    fleet.mirror.forget()
    gone = dict.fromkeys(('go_toolchain_index_url', 'go_toolchain_goproxy'), f'{NOBODY}/')
    reported = fleet.play('site', go_toolchain_lock=str(fleet.lock), go_toolchain_mirrors=[NOBODY], go_toolchain_trust=['pinned', 'log'],
                          go_toolchain_trust_all=True, **gone)  # fmt: skip
    assert (reported['changed'], reported['version'], reported['transfer'], fleet.asked) == (True, '1.30.2', 'push', [])
    assert sorted(proof['kind'] for proof in reported['toolchains'][0]['proof']) == ['log', 'pinned', 'pinned']


def test_a_site_whose_environment_is_wanted_writes_the_defaults_of_the_tree_at_the_link(fleet: Fleet, again: dict[str, Any]) -> None:
    assert again
    reported = fleet.play('site', go_toolchain_lock=str(fleet.lock), gofleet_environment=True)
    assert (reported['exit'], reported['states'], reported['changed']) == (0, ['go_toolchain', 'env_file'], True)
    assert 'GOTOOLCHAIN=local' in (fleet.root / 'host' / 'go' / 'go.env').read_text(encoding='utf-8')
    assert fleet.play('site', go_toolchain_lock=str(fleet.lock), gofleet_environment=True)['changed'] is False


def test_a_site_makes_no_round_trip_for_unwanted_states(fleet: Fleet, again: dict[str, Any]) -> None:
    assert again
    assert fleet.play('site', go_toolchain_lock=str(fleet.lock))['states'] == ['go_toolchain']


def test_a_site_whose_kernel_settings_are_wanted_checks_them(fleet: Fleet, again: dict[str, Any]) -> None:
    assert again
    reported = fleet.play('site', '--check', go_toolchain_lock=str(fleet.lock), gofleet_sysctl=True, go_sysctl_settings={'net.core.no_such_key': 1})
    assert reported['states'] == ['go_toolchain', 'sysctl_profile']


def test_an_upgrade_moves_the_lock_and_says_so(fleet: Fleet, again: dict[str, Any]) -> None:
    assert again
    reported = fleet.play('lock', '--check', gofleet_lock_versions=['latest'])
    assert reported['moves'] == ['1.30.2 is removed', f'1.31.0 is added for {GOARCH}']


def test_a_release_that_is_locked_otherwise_is_refused(fleet: Fleet, again: dict[str, Any]) -> None:
    assert again
    text = fleet.lock.read_text(encoding='utf-8')
    content = yaml.safe_load(text)
    content['releases'][0]['archives'][GOARCH]['sha256'] = '0' * 64
    fleet.lock.write_text(yaml.safe_dump(content), encoding='utf-8')
    before = fleet.lock.read_bytes()
    try:
        reported = fleet.play('lock')
        assert (reported['exit'], reported['code'], fleet.lock.read_bytes()) == (2, 'lock_conflict', before)
        assert '0' * 64 in reported['msg']
    finally:
        fleet.lock.write_text(text, encoding='utf-8')


@pytest.mark.parametrize('arguments', [['go_toolchain_also=1.31'], ['go_toolchain_also=1.31,1.30.2'], ['gofleet_lock_versions=1.30,1.31']])
def test_versions_of_a_lock_may_be_one_text(fleet: Fleet, again: dict[str, Any], arguments: list[str]) -> None:
    assert again
    reported = fleet.play('lock', '--check', '-e', *arguments)
    assert [release['version'] for release in reported['releases']] == ['1.30.2', '1.31.0']


def test_a_lock_takes_the_version_that_a_project_asks_for(fleet: Fleet, again: dict[str, Any]) -> None:
    assert again
    project = fleet.root / 'go.mod'
    project.write_text('module example.com/m\n\ngo 1.30.1\n', encoding='utf-8')
    reported = fleet.play('lock', '--check', go_toolchain_version='', go_toolchain_version_from=str(project), go_toolchain_also=['1.31'])
    assert sorted(release['version'] for release in reported['releases']) == ['1.30.1', '1.31.0']


@pytest.mark.parametrize('off', [False, 'off', ''])
def test_a_lock_without_an_index_is_made_of_the_proxy_s_list_and_the_log_without_a_warning(fleet: Fleet, again: dict[str, Any], off: Any) -> None:
    assert again
    fleet.mirror.forget()
    reported = fleet.play('lock', '--check', go_toolchain_index_url=off, go_toolchain_index_max_age=0, gofleet_lock=str(fleet.root / 'other.yml'))
    (release,) = reported['releases']
    assert (release['version'], list(release['archives'][GOARCH]['vouched']), reported.get('warnings', [])) == ('1.30.2', ['h1'], [])
    assert ('/dl/' in fleet.asked, '/proxy/golang.org/toolchain/@v/list' in fleet.asked) == (False, True)


def test_a_lock_that_is_a_link_stays_one(fleet: Fleet, again: dict[str, Any]) -> None:
    assert again
    link = fleet.root / 'link.yml'
    (fleet.root / 'elsewhere').mkdir()
    link.symlink_to('elsewhere/go.lock.yml')
    assert fleet.play('lock', gofleet_lock=str(link))['changed'] is True
    assert (str(link.readlink()), fleet.play('lock', gofleet_lock=str(link))['changed']) == ('elsewhere/go.lock.yml', False)


def test_a_lock_without_a_log_warns_of_each_architecture_that_the_index_alone_vouches_for(fleet: Fleet, again: dict[str, Any]) -> None:
    assert again
    (warning,) = fleet.play('lock', '--check', go_toolchain_gosumdb=False)['warnings']
    assert warning.startswith(f'Go 1.30.2 for linux-{GOARCH} is vouched for by the release index alone: gosumdb is off')


@pytest.mark.parametrize(('changes', 'code'), [
    ({'go_toolchain_trust': ['signature']}, 'untrusted'), ({'gofleet_lock_architectures': ['mips']}, 'log_unreachable'),
    ({'gofleet_lock_architectures': []}, 'no_architecture'), ({'gofleet_lock_architectures': ['aarch64']}, 'unknown_architecture'),
    ({'gofleet_lock_versions': ['1.99']}, 'unknown_version'), ({'gofleet_lock': 'relative.yml'}, 'bad_path'),
])  # fmt: skip
def test_a_lock_that_cannot_be_proven_is_not_written(fleet: Fleet, again: dict[str, Any], changes: dict[str, Any], code: str) -> None:
    assert again
    before = fleet.lock.read_bytes()
    reported = fleet.play('lock', **changes)
    assert (reported['exit'], reported['code'], fleet.lock.read_bytes()) == (2, code, before)


def test_a_version_that_is_not_locked_is_reported_with_the_locked_ones(fleet: Fleet, again: dict[str, Any]) -> None:
    assert again
    reported = fleet.play('site', '--check', go_toolchain_lock=str(fleet.lock), go_toolchain_version='1.31')
    assert (reported['code'], reported['evidence']['nearest']) == ('unknown_version', ['1.30.2'])
