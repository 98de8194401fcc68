# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs of the controller, judged for hosts by ansible-playbook as a user runs it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support.units.playbook_runs import CHECKOUT

TIMEOUT = 300
CHANGED = 'the first change'


@dataclass(frozen=True)
class Fleet:
    """Aliases of this machine, and files of its controller."""

    folder: Path

    def run(self, plays: list[dict[str, Any]], *arguments: str, hosts: tuple[str, ...] = ('one', 'two'), lost: tuple[str, ...] = ()) -> tuple[int, str]:
        local = {'ansible_connection': 'local', 'ansible_python_interpreter': sys.executable}
        nowhere = {'ansible_connection': 'ssh', 'ansible_host': '127.0.0.1', 'ansible_port': 9}
        inventory = {'all': {'hosts': {**dict.fromkeys(hosts, local), **dict.fromkeys(lost, nowhere)}}}
        (self.folder / 'inventory.json').write_text(json.dumps(inventory), encoding='utf-8')
        (self.folder / 'playbook.json').write_text(json.dumps(plays), encoding='utf-8')
        command = [str(Path(sys.executable).with_name('ansible-playbook')), '-i', 'inventory.json', 'playbook.json', *arguments]
        done = subprocess.run(
            command, cwd=self.folder, env=self._environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=TIMEOUT
        )
        return done.returncode, done.stdout

    @property
    def python(self) -> Path:
        return self.folder / 'files' / 'python'

    @property
    def text(self) -> Path:
        return self.folder / 'text'

    def task(self, **options: Any) -> dict[str, Any]:
        """What abi_check returns on one host."""
        result = self.folder / 'result.json'
        tasks = [
            {'name': 'Judge', 'gofleet.golang.abi_check': options, 'register': 'judged', 'ignore_errors': True},
            {'name': 'Keep', 'ansible.builtin.copy': {'content': '{{ judged | to_json }}', 'dest': str(result), 'mode': '0600'}, 'check_mode': False},
        ]
        _code, output = self.run([{'hosts': 'all', 'gather_facts': False, 'tasks': tasks}], hosts=('one',))
        assert result.exists(), output
        found: dict[str, Any] = json.loads(result.read_text(encoding='utf-8'))
        return found

    def _environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(('ANSIBLE_', 'PYTHON'))}
        return inherited | {
            'ANSIBLE_HOME': str(self.folder / 'ansible'), 'ANSIBLE_CONFIG': str(self.folder / 'ansible.cfg'),
            'ANSIBLE_COLLECTIONS_PATH': str(self.folder / 'collections'), 'ANSIBLE_LOCALHOST_WARNING': 'false', 'PYTHONDONTWRITEBYTECODE': '1',
        }  # fmt: skip


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    collection = tmp_path / 'collections' / 'ansible_collections' / 'gofleet' / 'golang'
    collection.parent.mkdir(parents=True)
    collection.symlink_to(CHECKOUT)
    (tmp_path / 'ansible.cfg').touch()
    (tmp_path / 'files').mkdir()
    shutil.copy(os.path.realpath(sys.executable), tmp_path / 'files' / 'python')
    (tmp_path / 'text').write_text('no program\n', encoding='utf-8')
    return Fleet(tmp_path)


def preflight(*programs: Path, **variables: Any) -> list[dict[str, Any]]:
    change = {'name': CHANGED, 'ansible.builtin.debug': {'msg': CHANGED}}
    named = {'gofleet_binaries': [str(each) for each in programs]} if programs else {}
    return [
        {'ansible.builtin.import_playbook': 'gofleet.golang.preflight', 'vars': {**named, **variables}},
        {'hosts': 'all', 'gather_facts': False, 'tasks': [change]},
    ]


def test_a_program_of_the_controller_is_judged_by_what_the_host_has_and_is_not_copied(fleet: Fleet) -> None:
    result = fleet.task(src=['python', str(fleet.folder / 'text')], fail_on='never', checksum=True)
    assert [(each['path'], each['verdict']) for each in result['results']] == [('python', 'runs'), (str(fleet.folder / 'text'), 'incompatible')]
    assert (result['verdict'], result['changed']) == ('incompatible', False)
    assert len(result['results'][0]['file']['sha256']) == 64
    assert 'binaries' not in result.get('invocation', {}).get('module_args', {})


def test_a_verdict_that_is_a_failure_comes_with_its_result(fleet: Fleet) -> None:
    result = fleet.task(src=['text'])
    assert (result['failed'], result['code'], result['verdict']) == (True, 'incompatible', 'incompatible')
    assert result['results'][0]['reasons'][0]['code'] == 'not_elf'


@pytest.mark.parametrize(('options', 'code'), [
    ({'src': ['none']}, 'no_file'), ({'src': ['files']}, 'not_a_file'), ({'src': ['text'], 'path': '/bin/sh'}, 'conflicting_options'),
    ({'paths': ['/bin/sh'], 'path': '/bin/sh'}, 'conflicting_options'), ({}, 'nothing_asked')])  # fmt: skip
def test_a_file_that_cannot_be_judged_fails_with_a_specific_code(fleet: Fleet, options: dict[str, Any], code: str) -> None:
    result = fleet.task(**options)
    assert (result['failed'], result['code']) == (True, code), result


def test_a_fleet_that_can_run_all_programs_passes_the_preflight(fleet: Fleet) -> None:
    code, output = fleet.run(preflight(fleet.python))
    assert code == 0, output
    assert '"one  runs"' in output
    assert '"two  runs"' in output
    assert output.count(f'"msg": "{CHANGED}"') == 2


def test_a_fleet_that_cannot_run_a_program_is_shown_the_matrix_once_and_not_changed(fleet: Fleet) -> None:
    code, output = fleet.run(preflight(fleet.python, fleet.text))
    assert code != 0
    assert '"one  runs    incompatible: not_elf"' in output
    assert output.count('"two  runs    incompatible: not_elf"') == 1
    assert CHANGED not in output


def test_the_matrix_is_readable_and_comes_before_a_short_failure(fleet: Fleet) -> None:
    texts = [fleet.folder / f'text{number}' for number in range(16)]
    for text in texts:
        text.write_text('no program\n', encoding='utf-8')
    code, output = fleet.run(preflight(*texts))
    assert code != 0
    table, failure = output.index('"one  incompatible: not_elf'), output.index('2 of 2 hosts cannot be relied on')
    assert table < failure
    # No list of lines as Python or JSON writes it in one line, on no core.
    shown = [line for line in output.splitlines() if 'not_elf' in line and 'hosts cannot be relied on' not in line]
    assert max(map(len, shown)) <= 120
    assert "', '" not in output


@pytest.mark.parametrize('named', ['{python}', '{python},{text}', '{python}, {text}'])
def test_programs_may_come_as_a_text_from_the_command_line(fleet: Fleet, named: str) -> None:
    named = named.format(python=fleet.python, text=fleet.text)
    code, output = fleet.run(preflight(), '--extra-vars', json.dumps({'gofleet_binaries': named, 'gofleet_preflight_fail_on': 'never'}))
    assert code == 0, output
    assert ('"one  runs    incompatible: not_elf"' if 'text' in named else '"one  runs"') in output


@pytest.mark.parametrize(('variables', 'message'), [
    ({}, 'gofleet_binaries names no program.'), ({'gofleet_binaries': ''}, 'gofleet_binaries names no program.'),
    ({'gofleet_binaries': 'text', 'gofleet_preflight_fail_on': 'sometimes'}, "Invalid gofleet_preflight_fail_on 'sometimes'"),
])  # fmt: skip
def test_preflight_with_invalid_variables_fails_before_it_connects_to_a_host(fleet: Fleet, variables: dict[str, Any], message: str) -> None:
    # The host is unreachable, so a connection attempt would appear in the output.
    code, output = fleet.run(preflight(**variables), hosts=(), lost=('lost',))
    assert code != 0
    assert message in output
    assert 'UNREACHABLE' not in output
    assert 'Traceback' not in output


def test_a_host_that_cannot_be_reached_is_in_the_matrix_and_the_fleet_is_not_changed(fleet: Fleet) -> None:
    code, output = fleet.run(preflight(fleet.python), hosts=('one',), lost=('lost',))
    assert code != 0
    assert '"one   runs"' in output
    assert '"lost  no answer"' in output
    assert CHANGED not in output


def test_check_mode_is_no_different(fleet: Fleet) -> None:
    code, output = fleet.run(preflight(fleet.python, fleet.text), '--check')
    assert code != 0
    assert CHANGED not in output


def test_a_fleet_that_is_to_go_on_in_any_case_does(fleet: Fleet) -> None:
    code, output = fleet.run(preflight(fleet.text, gofleet_preflight_fail_on='never'))
    assert code == 0, output
    assert '"one  incompatible: not_elf"' in output
    assert CHANGED in output
