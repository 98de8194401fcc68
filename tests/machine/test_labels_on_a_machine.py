# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Go and its settings on a machine whose SELinux is enforcing: everything that a run makes has the label that the policy has for it."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import model
from conftest import HERE, whole_machine
from controller import Controller, Play
from recipes import WITH_SELINUX
from support.hosts import machine
from support.mirror.server import Mirror
from support.toolchains.tiny import tiny

OLD, NEW = '1.30.1', '1.30.2'
KERNEL = 'lsm=selinux security=selinux'
# What guests of QEMU's user network reach this machine's loopback interface by.
GATEWAY = '10.0.2.2'
HOME = '/home/gopher'


@dataclass(frozen=True)
class Seen:
    """What labels_on_machine.py says. labels, wrong: of all paths that were made since the machine was delivered."""

    mode: str
    domain: str
    labels: dict[str, str]
    wrong: list[str]
    service: list[str]

    def kind_of(self, path: str) -> str:
        return self.labels[path].split(':')[2]


@dataclass(frozen=True)
class Story:
    """The runs, and what the machine had after each; by_user: of an ordinary user in their home."""

    fresh: Play
    after_fresh: Seen
    again: Play
    upgrade: Play
    after_upgrade: Seen
    switch: Play
    by_user: Play
    at_the_end: Seen


@pytest.fixture(scope='module')
def story(tally: list[str]) -> Iterator[Story]:
    image = whole_machine(WITH_SELINUX, tally)
    with tempfile.TemporaryDirectory(prefix='gofleet-labels-') as folder:
        archives = [tiny(Path(folder) / 'archives', version) for version in (OLD, NEW)]
        controller = Controller(Path(folder))
        began = time.monotonic()
        with Mirror(archives) as mirror, machine.booted(image, KERNEL) as host:
            tally.append(f'with SELinux: booted in {time.monotonic() - began:.0f} s')
            # It boots permissive, since this policy keeps systemd-tmpfiles from the credential that holds root's key.
            host.run('setenforce 1')
            reported = _tell(controller, host, mirror)
            tally.append(f'with SELinux: one boot, five plays, in {time.monotonic() - began:.0f} s')
        yield reported


def _tell(controller: Controller, host: machine.Machine, mirror: Mirror) -> Story:
    def play(version: str, transfer: str, *states: str, **more: Any) -> Play:
        asked = {'go_toolchain_transfer': transfer, 'machine_states': states}
        return controller.play(host, HERE / 'labelled.yml', wanted(mirror, version) | asked | more)

    look(host, 'remember')
    fresh = play(OLD, 'push', 'go_env', 'go_sysctl')
    after_fresh, again = look(host), play(OLD, 'push', 'go_env', 'go_sysctl')
    upgrade = play(NEW, 'pull')
    after_upgrade, switch = look(host), play(OLD, 'pull')
    by_user = play(OLD, 'pull', 'go_env', machine_user='gopher', go_toolchain_adopt=True, go_env_secrets={})
    return Story(fresh, after_fresh, again, upgrade, after_upgrade, switch, by_user, look(host))


def wanted(mirror: Mirror, version: str) -> dict[str, Any]:
    return {
        'go_toolchain_version': version,
        'go_toolchain_index_url': f'{mirror.url}/dl/?mode=json&include=all',
        'go_toolchain_index_max_age': 0,
        'go_toolchain_mirrors': [f'{mirror.url}/plain'.replace('127.0.0.1', GATEWAY), f'{mirror.url}/plain'],
        'go_toolchain_gosumdb': 'off',
        'go_env_goprivate': ['git.example.com'],
        'go_env_variables': {'M_PLAIN': 'plain'},
        'go_env_secrets': {'M_SECRET': {'value': 'hush', 'consumers': ['service']}},
        'go_sysctl_settings': {'vm.swappiness': '10'},
    }


def look(host: machine.Machine, *arguments: str) -> Any:
    said = host.run(f'python3 - {" ".join(arguments)}', (HERE / 'labels_on_machine.py').read_bytes())
    return Seen(**json.loads(said)) if said else None


def test_the_machine_enforces_its_policy(story: Story) -> None:
    assert [seen.mode for seen in (story.after_fresh, story.after_upgrade, story.at_the_end)] == ['Enforcing'] * 3
    assert story.after_fresh.domain.split(':')[2] == 'unconfined_t'


@pytest.mark.parametrize('moment', ['after_fresh', 'after_upgrade', 'at_the_end'])
def test_restorecon_changes_nothing(story: Story, moment: str) -> None:
    seen = getattr(story, moment)
    assert len(seen.labels) > 40
    assert seen.wrong == []


def test_toolchain_has_the_labels_of_its_path_and_not_of_the_stage(story: Story) -> None:
    seen = story.after_fresh
    assert seen.kind_of('/opt/go/.gofleet') == 'usr_t'
    tree = f'/opt/go/go{OLD}'
    assert {name: seen.kind_of(f'{tree}/{name}') for name in ('bin/go', 'bin/gofmt', 'lib/time/update.bash', 'src/fmt/print.go')} == {
        'bin/go': 'bin_t', 'bin/gofmt': 'bin_t', 'lib/time/update.bash': 'lib_t', 'src/fmt/print.go': 'usr_t',
    }  # fmt: skip


def test_links_and_files_of_the_system_have_the_labels_of_the_policy(story: Story) -> None:
    seen = story.after_fresh
    paths = ('/usr/local/go', '/usr/local/bin/go', model.FILES['login_shell'], model.DROP_IN, model.STATE)
    assert [seen.kind_of(path) for path in paths] == ['usr_t', 'bin_t', 'bin_t', 'etc_t', 'var_lib_t']
    # The kernel made it so: nothing that was labelled by its name would be of the system's own user.
    assert seen.labels['/usr/local/bin/go'] == 'system_u:object_r:bin_t:s0'


def test_files_of_an_ordinary_user_have_the_labels_of_the_home(story: Story) -> None:
    seen = story.at_the_end
    paths = (f'{HOME}/.local/bin/go', f'{HOME}/.local/bin/gofmt', f'{HOME}/.local/go', f'{HOME}/.config/gofleet/gofleet.sh')
    # What is home_bin_t on Fedora is user_bin_t to Debian's policy.
    assert [seen.kind_of(path) for path in paths] == ['user_bin_t', 'user_bin_t', 'xdg_data_t', 'xdg_config_t']
    assert story.by_user.results['go_toolchain']['moved_aside']


def test_a_service_can_run_go_after_each_run(story: Story) -> None:
    assert story.after_fresh.service == ['success', f'go version go{OLD} linux/amd64']
    assert story.after_upgrade.service == ['success', f'go version go{NEW} linux/amd64']
    assert story.at_the_end.service == ['success', f'go version go{OLD} linux/amd64']


def test_a_second_run_changes_nothing(story: Story) -> None:
    assert story.again.changed == dict.fromkeys(('go_toolchain', 'go_env', 'go_sysctl'), False)


@pytest.mark.parametrize('run', ['fresh', 'upgrade', 'switch', 'by_user'])
def test_no_run_is_refused_a_label(story: Story, run: str) -> None:
    play = getattr(story, run)
    assert play.changed['go_toolchain']
    assert [warning for result in play.results.values() for warning in result.get('warnings', ()) if 'label' in str(warning)] == []
