# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What operators write into YAML without quotes, and what the role go_env makes of it: the written word, or a refusal that shows the quotes.

One run of ansible-playbook serves every row: each is a host of its own, whose variables are the row's own lines of YAML.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.gofleet.golang.plugins.module_utils._environment import words as environment_words

CHECKOUT = Path(__file__).resolve().parents[3]
CALLBACKS = CHECKOUT / 'tests' / 'unit' / 'plugins' / 'action' / 'callback_plugins'

# Lines of YAML, and the line that a container's file then has; None for none.
TAKEN: dict[str, tuple[str, str | None]] = {
    'goproxy_off': ('go_env_goproxy: off', 'GOPROXY=off'),
    'goproxy_quoted': ('go_env_goproxy: "off"', 'GOPROXY=off'),
    'goproxy_empty': ('go_env_goproxy: ""', None),
    'goproxy_null': ('go_env_goproxy:', None),
    'gosumdb_off': ('go_env_gosumdb: off', 'GOSUMDB=off'),
    'gomemlimit_off': ('go_env_gomemlimit: off', 'GOMEMLIMIT=off'),
    'gomemlimit_number': ('go_env_gomemlimit: 1024', 'GOMEMLIMIT=1KiB'),
    'cgo_off': ('go_env_cgo_enabled: off', 'CGO_ENABLED=0'),
    'cgo_no': ('go_env_cgo_enabled: no', 'CGO_ENABLED=0'),
    'cgo_zero': ('go_env_cgo_enabled: 0', 'CGO_ENABLED=0'),
    'cgo_on': ('go_env_cgo_enabled: on', 'CGO_ENABLED=1'),
    'cgo_empty': ('go_env_cgo_enabled: ""', None),
    'go111module_on': ('go_env_variables: {GO111MODULE: on}', 'GO111MODULE=on'),
    'go111module_off': ('go_env_variables: {GO111MODULE: off}', 'GO111MODULE=off'),
    'goproxy_variable_off': ('go_env_variables: {GOPROXY: off}', 'GOPROXY=off'),
    'gosumdb_option_off': ('go_env_variables: {GOSUMDB: {value: off}}', 'GOSUMDB=off'),
    'gogc_off': ('go_env_variables: {GOGC: off}', 'GOGC=off'),
    'gowork_off': ('go_env_variables: {GOWORK: off}', 'GOWORK=off'),
    'empty_string': ("go_env_variables: {GOPROXY: ''}", 'GOPROXY='),
    'empty_list': ('go_env_variables: {PATH: []}', None),
    'empty_list_of_a_template': ('go_env_variables: {PATH: "{{ extra | default([]) }}"}', None),
    'empty_list_beside_another': ('{go_env_goprivate: [a.example], go_env_variables: {GOPRIVATE: []}}', 'GOPRIVATE=a.example'),
}
# Lines of YAML, and what the message shows.
REFUSED = {
    'goproxy_on': ('go_env_goproxy: on', 'GOPROXY: "on"'),
    'gotoolchain_number': ('go_env_gotoolchain: 1.20', 'GOTOOLCHAIN: "1.20"'),
    'gotoolchain_off': ('go_env_gotoolchain: off', 'GOTOOLCHAIN: "off"'),
    'other_variable': ('go_env_variables: {DEBUG: yes}', 'DEBUG: "on"'),
    'name_off': ('go_env_name: off', 'name: "off"'),
    'name_number': ('go_env_name: 1.20', 'name: "1.20"'),
    'owner_no': ('go_env_owner: no', 'owner: "off"'),
    'group_yes': ('go_env_group: yes', 'group: "on"'),
    'mode_number': ('go_env_mode: 0640', '"0640"'),
}
# Variables of the role go_toolchain apply to this role too.
SHARED = {
    'bin_dir': '{go_toolchain_bin_dir: /opt/tools/bin, go_env_presets: [go_path], go_env_consumers: [service], '
               'go_env_paths: {service: "{{ root }}/{{ inventory_hostname }}/env"}}',
    'link': '{go_toolchain_link: "{{ root }}/nowhere/go", go_env_level: default, go_env_goproxy: off}',
}  # fmt: skip
PLAY = """
- hosts: all
  gather_facts: false
  ignore_errors: true
  vars:
    go_env_level: enforced
    go_env_presets: []
    go_env_gotoolchain: ""
    go_env_consumers: [container]
    go_env_paths: {container: "{{ root }}/{{ inventory_hostname }}/env"}
  tasks:
    - ansible.builtin.import_role: {name: gofleet.golang.go_env}
"""


@pytest.fixture(scope='module')
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """The module's result for each row."""
    root = tmp_path_factory.mktemp('words')
    collection = root / 'collections' / 'ansible_collections' / 'gofleet' / 'golang'
    collection.parent.mkdir(parents=True)
    collection.symlink_to(CHECKOUT)
    (root / 'ansible.cfg').touch()
    rows = SHARED | {name: lines for name, (lines, dummy) in [*TAKEN.items(), *REFUSED.items()]}
    (root / 'inventory').write_text('\n'.join(rows) + '\n', encoding='utf-8')
    (root / 'host_vars').mkdir()
    for name, lines in rows.items():
        (root / name).mkdir()
        (root / 'host_vars' / f'{name}.yml').write_text(f'---\n{lines}\n', encoding='utf-8')
    # Variables of the play would stand above those of a host.
    variables = textwrap.dedent(PLAY.partition('  vars:\n')[2].partition('  tasks:')[0])
    (root / 'group_vars').mkdir()
    (root / 'group_vars' / 'all.yml').write_text(f'root: {root}\n{variables}', encoding='utf-8')
    play = PLAY.partition('  vars:\n')[0] + '  tasks:' + PLAY.partition('  tasks:')[2]
    (root / 'play.yml').write_text(play, encoding='utf-8')
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(('ANSIBLE_', 'PYTHON'))}
    environment = inherited | {
        'ANSIBLE_HOME': str(root / 'ansible'), 'ANSIBLE_CONFIG': str(root / 'ansible.cfg'), 'ANSIBLE_COLLECTIONS_PATH': str(root / 'collections'),
        'ANSIBLE_CALLBACK_PLUGINS': str(CALLBACKS), 'ANSIBLE_CALLBACKS_ENABLED': 'recorded_results', 'GOFLEET_RESULTS_LOG': str(root / 'results'),
        'ANSIBLE_PIPELINING': 'true', 'PYTHONDONTWRITEBYTECODE': '1',
    }  # fmt: skip
    command = [str(Path(sys.executable).with_name('ansible-playbook')), '-i', 'inventory', '-c', 'local',
               '-e', f'ansible_python_interpreter={sys.executable}', 'play.yml']
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [json.loads(line) for line in (root / 'results').read_text(encoding='utf-8').splitlines()]
    found = {line['host']: line['result'] for line in lines if 'validate' not in line['task'].lower()}
    for name in rows:
        path = root / name / 'env'
        found[name]['lines'] = path.read_text(encoding='utf-8').splitlines()[2:] if path.exists() else []
    return found


@pytest.mark.parametrize('row', TAKEN)
def test_unquoted_off_and_on_are_accepted(results: dict[str, dict[str, Any]], row: str) -> None:
    expected = TAKEN[row][1]
    assert (results[row].get('msg'), results[row]['lines']) == (None, [expected] if expected else [])


@pytest.mark.parametrize('row', REFUSED)
def test_value_changed_by_yaml_is_invalid_and_the_message_shows_quotes(results: dict[str, dict[str, Any]], row: str) -> None:
    assert results[row].get('code') in ('ambiguous_value', 'bad_mode'), results[row]
    assert REFUSED[row][1] in results[row]['msg']
    assert results[row]['lines'] == []


def test_path_contains_go_toolchain_bin_dir(results: dict[str, dict[str, Any]]) -> None:
    assert results['bin_dir']['lines'][0].startswith('PATH="/opt/tools/bin:')


def test_go_env_is_written_below_go_toolchain_link(results: dict[str, dict[str, Any]]) -> None:
    assert (results['link']['code'], results['link']['evidence']['path'][-len('/nowhere/go') :]) == ('no_toolchain', '/nowhere/go')


def test_each_variable_of_the_role_with_a_word_that_yaml_takes_for_a_boolean_has_a_row() -> None:
    (task,) = yaml.safe_load((CHECKOUT / 'roles' / 'go_env' / 'tasks' / 'main.yml').read_text(encoding='utf-8'))
    named = set(task['gofleet.golang.env_file']['defaults']) & set(environment_words.BOOLEANS)
    assert {f'go_env_{name.lower()}: off' for name in named} <= {lines for lines, dummy in TAKEN.values()}
