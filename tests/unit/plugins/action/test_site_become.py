# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom the playbook gofleet.golang.site becomes: root, unless the connection is root's or the operator says otherwise."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support.units.playbook_runs import CHECKOUT, HERE

HOSTS: dict[str, dict[str, Any]] = {
    'root': {'ansible_user': 'root'}, 'deploy': {'ansible_user': 'deploy'}, 'unnamed': {}, 'told_not_to': {'gofleet_become': False},
    'root_told_to': {'ansible_user': 'root', 'gofleet_become': True}, 'inventory_says_no': {'ansible_user': 'deploy', 'ansible_become': False},
}  # fmt: skip


def play(root: Path, *arguments: str) -> dict[str, str]:
    """For each host 'runs' if the module ran as the connecting user, or the code of the failure without sudo."""
    collection = root / 'collections' / 'ansible_collections' / 'gofleet' / 'golang'
    collection.parent.mkdir(parents=True)
    collection.symlink_to(CHECKOUT)
    (root / 'ansible.cfg').touch()
    # Nothing is there to remove, so that nothing is asked of anybody.
    common = {
        'ansible_connection': 'local', 'ansible_python_interpreter': sys.executable, 'go_toolchain_state': 'absent',
        **{f'go_toolchain_{name}': str(root / 'host' / name) for name in ('prefix', 'link', 'bin_dir')},
    }  # fmt: skip
    (root / 'inventory.json').write_text(json.dumps({'all': {'hosts': HOSTS, 'vars': common}}), encoding='utf-8')
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(('ANSIBLE_', 'PYTHON'))}
    environment = inherited | {
        'ANSIBLE_HOME': str(root / 'ansible'), 'ANSIBLE_CONFIG': str(root / 'ansible.cfg'), 'ANSIBLE_COLLECTIONS_PATH': str(root / 'collections'),
        'ANSIBLE_CALLBACK_PLUGINS': str(HERE / 'callback_plugins'), 'ANSIBLE_CALLBACKS_ENABLED': 'recorded_results',
        'GOFLEET_RESULTS_LOG': str(root / 'results'), 'PYTHONDONTWRITEBYTECODE': '1', 'ANSIBLE_PIPELINING': 'true',
        # Ansible itself would leave out sudo where it finds the same user; and no machine has a sudo here.
        'ANSIBLE_BECOME_ALLOW_SAME_USER': 'true', 'ANSIBLE_BECOME_EXE': '/nowhere/sudo',
    }  # fmt: skip
    command = [str(Path(sys.executable).with_name('ansible-playbook')), '-i', 'inventory.json', *arguments, 'gofleet.golang.site']
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    lines = [json.loads(line) for line in (root / 'results').read_text(encoding='utf-8').splitlines()] if (root / 'results').exists() else []
    reported = {line['host']: line for line in lines if line['failed'] or 'installed' in line['result']}
    assert set(reported) == set(HOSTS), done.stdout + done.stderr
    return {host: line['result'].get('code', line['result'].get('msg')) if line['failed'] else 'runs' for host, line in reported.items()}


NO_SUDO = 'no_become_program'


@pytest.mark.parametrize(('arguments', 'unnamed'), [((), NO_SUDO), (('-u', 'root'), 'runs')], ids=['no user', 'root by -u'])
def test_site_becomes_root_unless_the_connection_is_roots(tmp_path: Path, arguments: tuple[str, ...], unnamed: str) -> None:
    assert play(tmp_path, *arguments) == {
        'root': 'runs', 'deploy': NO_SUDO, 'unnamed': unnamed, 'told_not_to': 'runs', 'root_told_to': NO_SUDO, 'inventory_says_no': 'runs'}
