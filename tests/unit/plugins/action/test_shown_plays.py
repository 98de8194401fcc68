# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user sees at -vvv, of results with texts of others and options with secrets in them: ansible-playbook as a user runs it."""

from __future__ import annotations

import codecs
import hashlib
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support.units.playbook_runs import CHECKOUT, HERE

TIMEOUT = 300
# The port of discard (RFC 863), which has no server today.
ADDRESS = 'http://deploy:pa55/w0rd#1@127.0.0.1:9/go?mode=json&access_token=tok456'
PARTS = ('pa55', 'w0rd', 'tok456', 'sw0rdfish')
MASK = 'VALUE_SPECIFIED_IN_NO_LOG_PARAMETER'
# Colours are off, so nothing here has a place in what Ansible prints.
ACTED_ON = re.compile('[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]')


@dataclass(frozen=True)
class Seen:
    """The output of a run, and what each task returned."""

    output: str
    results: dict[str, dict[str, Any]]


def tasks(folder: Path) -> list[dict[str, Any]]:
    paths = {'service': str(folder / 'service'), 'container': str(folder / 'container')}
    network = {'index_url': ADDRESS, 'mirrors': [ADDRESS], 'goproxy': ADDRESS, 'gosumdb': 'off', 'timeout': 2, 'cache_path': str(folder / 'cache')}
    host = {'prefix': str(folder / 'opt'), 'link': str(folder / 'go'), 'bin_dir': str(folder / 'bin')}
    env_file = {'consumers': ['service', 'container'], 'paths': paths, 'goroot': str(folder / 'go')}
    secrets = {'TOKEN': {'value': 'sw0rdfish', 'consumers': ['service'], 'type': 'string'}, 'FLAG': '1'}
    tree = {'tree': str(folder / 'tree'), 'manifest': str(folder / 'manifest')}
    pinned = {'version': '1.30.1', 'releases': [{'version': '1.30.1', 'archives': {arch: {
        'filename': f'go1.30.1.linux-{arch}.tar.gz', 'size': 1, 'sha256': '0' * 64} for arch in ('amd64', 'arm64')}}]}
    return [
        {'name': 'secrets', 'gofleet.golang.env_file': {**env_file, 'secrets': secrets, 'variables': {'UPSTREAM': ADDRESS}}},
        {'name': 'refused secrets', 'gofleet.golang.env_file': {**env_file, 'secrets': {'TOKEN': 'sw0rdfish\nsw0rdfish'}}},
        {'name': 'release', 'gofleet.golang.go_release_info': {'versions': ['1.30'], **network}},
        {'name': 'wrong options', 'gofleet.golang.go_release_info': {'versions': ['1.30'], **network, 'timeout': ADDRESS}},
        {'name': 'unresolved', 'gofleet.golang.go_toolchain': {'version': '1.30', **host, **network}},
        {'name': 'pull', 'gofleet.golang.go_toolchain': {**pinned, 'transfer': 'pull', **host, **network}},
        {'name': 'push', 'gofleet.golang.go_toolchain': {**pinned, 'transfer': 'push', **host, **network}},
        {'name': 'sums', 'gofleet.golang.artifact_verify': {'files': [{'path': str(folder / 'artifact'), 'checksum_file': str(folder / 'sums')}]}},
        {'name': 'utf-16 sums', 'gofleet.golang.artifact_verify': {'files': [{'path': str(folder / 'artifact'), 'checksum_file': str(folder / 'sums16')}]}},
        {'name': 'record', 'gofleet.golang.artifact_verify': {**tree, 'state': 'recorded'}},
        {'name': 'edited', 'gofleet.golang.env_file': {'consumers': ['container'], 'paths': {'container': str(folder / 'edited')}, 'name': 'edited',
                                                       'goroot': str(folder / 'go')}},
        {'name': 'script', 'gofleet.golang.abi_check': {'path': str(folder / 'script')}},
    ]  # fmt: skip


def prepare(folder: Path) -> None:
    collection = folder / 'collections' / 'ansible_collections' / 'gofleet' / 'golang'
    collection.parent.mkdir(parents=True)
    collection.symlink_to(CHECKOUT)
    (folder / 'ansible.cfg').touch()
    (folder / 'artifact').write_bytes(b'content')
    digest = hashlib.sha256(b'content').hexdigest()
    (folder / 'sums').write_bytes(b'%s  caf\xe9\x1b[31m\xc2\x9b\xe2\x80\xae/artifact\n' % digest.encode())
    (folder / 'sums16').write_bytes(codecs.BOM_UTF16_LE + f'{digest}  artifact\r\n'.encode('utf-16-le'))
    (folder / 'tree').mkdir()
    Path(os.fsdecode(bytes(folder / 'tree') + b'/caf\xe9\x1b[31m\n\xc2\x9b')).write_bytes(b'content')
    (folder / 'edited').write_bytes(b'# gofleet.golang environment edited for container\ncaf\xe9\x1b[31m\xc2\x9b\xe2\x80\xae\n')
    (folder / 'script').write_bytes(b'#!/caf\xe9\x1b[31m\xc2\x9b\xe2\x80\xae\n')
    (folder / 'script').chmod(0o755)


@pytest.fixture(scope='module')
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    folder = tmp_path_factory.mktemp('shown')
    prepare(folder)
    play = {'hosts': 'all', 'gather_facts': False, 'ignore_errors': True, 'tasks': tasks(folder)}
    (folder / 'playbook.json').write_text(json.dumps([play]), encoding='utf-8')
    inventory = {'all': {'hosts': {'host': {'ansible_connection': 'local', 'ansible_python_interpreter': sys.executable}}}}
    (folder / 'inventory.json').write_text(json.dumps(inventory), encoding='utf-8')
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(('ANSIBLE_', 'PYTHON'))}
    environment = inherited | {
        'ANSIBLE_HOME': str(folder / 'ansible'), 'ANSIBLE_CONFIG': str(folder / 'ansible.cfg'), 'ANSIBLE_COLLECTIONS_PATH': str(folder / 'collections'),
        'ANSIBLE_CALLBACK_PLUGINS': str(HERE / 'callback_plugins'), 'ANSIBLE_CALLBACKS_ENABLED': 'recorded_results', 'ANSIBLE_NOCOLOR': 'true',
        'GOFLEET_RESULTS_LOG': str(folder / 'results.jsonl'), 'PYTHONDONTWRITEBYTECODE': '1', 'LC_ALL': 'C.UTF-8', 'ANSIBLE_PIPELINING': 'true',
        # Newer cores leave the invocation out unless they are asked for it.
        'ANSIBLE_INJECT_INVOCATION': 'true',
    }  # fmt: skip
    command = [str(Path(sys.executable).with_name('ansible-playbook')), '-vvv', '--diff', '-i', 'inventory.json', 'playbook.json']
    done = subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=TIMEOUT)
    output = done.stdout.decode('utf-8', 'surrogateescape')
    assert done.returncode == 0, output
    lines = [json.loads(line) for line in (folder / 'results.jsonl').read_text(encoding='utf-8').splitlines()]
    return Seen(output, {line['task']: line['result'] for line in lines})


def test_no_part_of_a_password_or_secret_is_printed_at_vvv(seen: Seen) -> None:
    for part in PARTS:
        assert part not in seen.output
    assert 'w0rd' not in json.dumps(seen.results)


def test_nothing_is_printed_that_a_terminal_would_act_on(seen: Seen) -> None:
    assert ACTED_ON.findall(seen.output) == []


def test_every_task_returns_its_own_result(seen: Seen) -> None:
    assert {name: result.get('code') for name, result in seen.results.items() if name != 'utf-16 sums'} == {
        'secrets': None, 'refused secrets': 'unrepresentable', 'release': 'index_unreachable', 'wrong options': None, 'unresolved': 'index_unreachable',
        'pull': 'no_source', 'push': 'no_source', 'sums': 'not_proven', 'record': None, 'edited': None, 'script': 'incompatible',
    }  # fmt: skip
    assert seen.results['utf-16 sums']['files'][0]['path'].endswith('artifact')


@pytest.mark.parametrize('task', ['release', 'unresolved', 'pull', 'push'])
def test_a_failure_names_the_host_that_was_asked(seen: Seen, task: str) -> None:
    assert '127.0.0.1:9' in seen.results[task]['msg']


def test_the_consumer_of_a_secret_is_reported(seen: Seen) -> None:
    result = seen.results['secrets']
    assert [each['consumer'] for each in result['files']] == ['service', 'container']
    assert result['invocation']['module_args']['secrets'] == {'TOKEN': {'value': MASK, 'consumers': ['service'], 'type': 'string'}, 'FLAG': MASK}
    assert result['invocation']['module_args']['consumers'] == ['service', 'container']


def test_names_that_are_not_utf_8_are_spelled_out(seen: Seen) -> None:
    assert 'caf\\xe9\\x1b[31m\\n\\x9b' in json.dumps(seen.results['record']['diff']).replace('\\\\', '\\')
    assert 'caf\\xe9\\x1b[31m\\x9b\\u202e' in seen.results['edited']['diff'][0]['before']
    assert 'caf\\xe9' in seen.results['script']['reasons'][0]['detail']


def test_completed_steps_are_reported(seen: Seen) -> None:
    assert [(seen.results[name]['changed'], seen.results[name].get('failed', False)) for name in ('record', 'edited')] == [(True, False)] * 2
