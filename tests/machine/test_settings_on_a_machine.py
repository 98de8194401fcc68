# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One environment and kernel settings on a whole machine: in force now, after a reboot by its own services, and gone without trace."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

import model
from conftest import SHELLS, Seen, Story

# A machine, unlike a container, can really write kernel.* and fs.*.
HOSTS_OWN = ('kernel.', 'fs.', 'vm.')
MODULES = ('go_env', 'go_sysctl')


def reports(story: Story) -> dict[str, dict[str, Any]]:
    return {report['key']: report for report in story.applied.results['go_sysctl']['settings']}


def in_force(story: Story, seen: Seen) -> dict[str, str]:
    """What is wrong with each setting that was said to be in force."""
    wrong = {}
    for key, report in reports(story).items():
        value = seen.values[key]
        if report['status'] in ('applied', 'already') and value != report['value'] and not (report['at_least'] and reaches(value, report['value'])):
            wrong[key] = f'is {value}, not {report["value"]}'
    return wrong


def reaches(value: str | None, floor: str) -> bool:
    return value is not None and all(int(one) >= int(other) for one, other in zip(value.split(), floor.split(), strict=True))


def test_every_setting_is_applied_already_set_or_unavailable(story: Story, tally: list[str]) -> None:
    found = reports(story)
    tally += [f'{report["status"]:<12} {key} = {report["value"]} (was {report["before"]}, {report["origin"]})' for key, report in sorted(found.items())]
    counts = Counter(report['status'] for report in found.values())
    tally.append(f'settings: {", ".join(f"{count} {status}" for status, count in sorted(counts.items()))}')
    assert set(counts) <= {'applied', 'already', 'unavailable'}
    assert {key for key, report in found.items() if report['status'] == 'unavailable'} <= {key for key in found if key.startswith('net.netfilter.')}
    assert story.applied.changed == dict.fromkeys(MODULES, True)


def test_settings_of_the_host_itself_are_applied(story: Story) -> None:
    """A container has them read-only, or would write to its host."""
    asked = {key for key in model.SETTINGS if key.startswith(HOSTS_OWN)}
    found = {key for key, report in reports(story).items() if report['status'] == 'applied'}
    assert asked <= found, asked - found
    assert {'kernel.kptr_restrict', 'net.core.rmem_max', 'net.core.netdev_max_backlog'} <= found


def test_settings_are_in_force_at_once(story: Story) -> None:
    assert in_force(story, story.there) == {}


def test_settings_are_in_force_after_a_reboot_by_the_hosts_own_service(story: Story) -> None:
    assert story.booted.boot != story.there.boot
    assert in_force(story, story.booted) == {}
    assert story.booted.values == story.there.values
    assert sorted(story.booted.boot_service) == ['active', 'success']
    # Such as: cannot write, no such file.
    assert story.booted.complaints == ''


@pytest.mark.parametrize('run', ['again', 'again_booted'])
def test_a_second_run_changes_nothing_and_takes_one_round_trip_for_each_state(story: Story, run: str) -> None:
    second = getattr(story, run)
    assert second.changed == dict.fromkeys(MODULES, False)
    assert second.round_trips == {module: Counter(exec_command=1) for module in MODULES}
    assert second.results['go_sysctl']['plan'] == []
    assert second.results['go_env']['plan'] == []


@pytest.mark.parametrize('shell', SHELLS)
@pytest.mark.parametrize('moment', ['there', 'booted'])
def test_a_login_shell_sees_the_model(story: Story, shell: str, moment: str) -> None:
    environment = getattr(story, moment).shells[shell]
    assert of_model(environment) == model.expected('fish' if shell == 'fish' else 'login_shell')
    folders(environment, '/usr/local/bin')


def test_a_service_that_the_boot_starts_sees_the_model(story: Story) -> None:
    assert of_model(story.booted.service) == model.expected('service')
    folders(story.booted.service, '/usr/local/bin')


def test_a_service_of_a_users_own_manager_sees_the_model(story: Story) -> None:
    assert of_model(story.booted.user_manager) == model.expected('user_manager')
    folders(story.booted.user_manager, '/usr/local/bin')


def test_a_container_would_see_the_model(story: Story) -> None:
    """Its file as docker reads it: everything after the first = of a line, as it stands."""
    content = story.booted.files[model.FILES['container']]
    assert content
    pairs = (line.partition('=') for line in content.splitlines() if not line.startswith('#'))
    assert of_model({name: value for name, dummy, value in pairs}) == model.expected('container')


def of_model(environment: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name in model.names()}


def folders(environment: dict[str, str], *others: str) -> None:
    found = environment['PATH'].split(':')
    assert found[0] == model.FOLDER
    assert found.count(model.FOLDER) == 1
    assert {'/usr/bin', *others} <= set(found)
    assert '' not in found


def test_no_answer_of_a_run_holds_the_secret(story: Story) -> None:
    assert 'hush-' not in str(story.applied.results)


def test_removal_restores_every_setting(story: Story) -> None:
    assert story.removed.changed == dict.fromkeys(MODULES, True)
    assert differing(story.before, story.gone) == {}


def test_removal_holds_after_another_reboot(story: Story) -> None:
    assert story.booted_without.boot != story.gone.boot
    assert differing(story.before, story.booted_without) == {}


def differing(before: Seen, after: Seen) -> dict[str, tuple[str | None, str | None]]:
    return {key: (value, after.values[key]) for key, value in before.values.items() if value != after.values[key]}


def test_removal_leaves_no_file_and_no_variable(story: Story) -> None:
    assert set(story.gone.files.values()) == {None}
    environments = [*story.gone.shells.values(), story.booted_without.service, story.booted_without.user_manager]
    assert [of_model(environment) for environment in environments] == [{}] * len(environments)
    assert [environment for environment in environments if model.FOLDER in environment['PATH'].split(':')] == []


def test_machine_had_none_of_the_files_before(story: Story) -> None:
    assert set(story.before.files.values()) == {None}
    assert of_model(story.before.service) == {}
