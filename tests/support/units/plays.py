# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs ansible-playbook as a user does, against aliases of this machine; and writes a transparency log."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

Options = dict[str, Any]
Result = dict[str, Any]

# Far more than a run takes on a loaded machine; without it, a hanging one would hang the tests.
TIMEOUT = 300
FORKS = 6


@dataclass(frozen=True)
class Host:
    """An alias of this machine. Everything that is installed on it lies in its folder, which is there beforehand."""

    name: str
    folder: Path

    @property
    def prefix(self) -> Path:
        return self.folder / 'toolchains'

    @property
    def link(self) -> Path:
        return self.folder / 'go'

    @property
    def bin_dir(self) -> Path:
        return self.folder / 'bin'

    def snapshot(self) -> dict[str, tuple[int, int, int, int]]:
        """Everything in the folder, by name: inode, mode, size, time of its last change in any way."""
        statuses = {str(path.relative_to(self.folder)): path.lstat() for path in self._everything()}
        return {name: (each.st_ino, each.st_mode, each.st_size, each.st_ctime_ns) for name, each in statuses.items()}

    def names(self) -> list[str]:
        return sorted(self.snapshot())

    def _everything(self) -> Iterator[Path]:
        for folder, folders, names in os.walk(self.folder):
            yield from (Path(folder) / name for name in (*folders, *names))


@dataclass(frozen=True)
class Step:
    """One task on one host."""

    host: Host
    options: Options
    check: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)


class Run:
    """A playbook under way."""

    def __init__(self, command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def results(self) -> dict[str, Result]:
        """Each host's result, once the playbook has ended."""
        try:
            output, errors = self._process.communicate(timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise
        # Tasks may fail, the playbook ignores that; what is left are errors of Ansible itself.
        assert self._process.returncode == 0, f'ansible-playbook exits {self._process.returncode}\n{output}\n{errors}'
        output_of_run = json.loads(output[output.index('{\n') :])
        return {name: result for play in output_of_run['plays'] for task in play['tasks'] for name, result in task['hosts'].items()}


class Controller:
    """An environment in which ansible-playbook of this interpreter runs without settings of the user who runs the tests."""

    def __init__(self, folder: Path, collections: Path, authority: Path) -> None:
        self._folder = folder
        home = folder / 'home'
        home.mkdir()
        configuration = folder / 'ansible.cfg'
        configuration.touch()
        self._environment = {
            'PATH': os.environ.get('PATH', os.defpath),
            'HOME': str(home),
            'LC_ALL': 'C.UTF-8',
            'SSL_CERT_FILE': str(authority),
            'ANSIBLE_CONFIG': str(configuration),
            'ANSIBLE_HOME': str(home / '.ansible'),
            'ANSIBLE_REMOTE_TMP': str(home / 'remote'),
            'ANSIBLE_COLLECTIONS_PATH': str(collections),
            'ANSIBLE_STDOUT_CALLBACK': 'ansible.posix.json',
            'ANSIBLE_FORKS': str(FORKS),
            'ANSIBLE_PIPELINING': '1',
            # Options come from variables here, and facts that could pose as them are not gathered.
            'ANSIBLE_INJECT_FACT_VARS': '0',
        }

    def start(self, name: str, steps: Sequence[Step]) -> Run:
        """Begin a playbook with one task for each host, on all hosts at once; those in check mode follow."""
        folder = self._folder / name
        folder.mkdir()
        # JSON is YAML.
        inventory, playbook = folder / 'inventory.json', folder / 'playbook.yml'
        inventory.write_text(json.dumps(_inventory(steps)), encoding='utf-8')
        playbook.write_text(json.dumps(_playbook(steps)), encoding='utf-8')
        command = [str(Path(sys.executable).parent / 'ansible-playbook'), '-i', str(inventory), str(playbook)]
        return Run(command, folder, self._environment)

    def run(self, name: str, steps: Sequence[Step]) -> dict[str, Result]:
        return self.start(name, steps).results()


def _inventory(steps: Sequence[Step]) -> dict[str, Any]:
    return {
        'all': {
            'hosts': {step.host.name: {'options': step.options, 'module_environment': step.environment} for step in steps},
            'vars': {'ansible_connection': 'local', 'ansible_python_interpreter': sys.executable},
        }
    }


def _playbook(steps: Sequence[Step]) -> list[dict[str, Any]]:
    plays = []
    for check in (False, True):
        hosts = [step.host.name for step in steps if step.check is check]
        if hosts:
            plays.append(_play(hosts, check))
    return plays


def _play(hosts: list[str], check: bool) -> dict[str, Any]:
    task = {
        'name': 'Converge',
        'gofleet.golang.go_toolchain': {},
        'args': '{{ options }}',
        'environment': '{{ module_environment }}',
        # The other hosts go on, and the exit code speaks of Ansible alone.
        'ignore_errors': True,
    }
    return {
        'name': 'Check' if check else 'Converge',
        'hosts': hosts,
        'gather_facts': False,
        'become': False,
        'check_mode': check,
        'diff': True,
        'tasks': [task],
    }


def write_log(folder: Path, digests: Mapping[str, str]) -> str:
    """A transparency log as a folder of files, signed with a fresh key that is returned as GOSUMDB has it.

    digests: the h1 of golang.org/toolchain by module version, at most 256. The log bears the name of Go's own.
    Built as RFC 6962 and golang.org/x/mod/sumdb say, and not as the code under test does it.
    """
    name = 'sum.golang.org'
    private = Ed25519PrivateKey.generate()
    key = b'\x01' + private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    key_hash = hashlib.sha256(name.encode() + b'\n' + key).digest()[:4]
    records = {version: f'golang.org/toolchain {version} {h1}\n'.encode() for version, h1 in digests.items()}
    leaves = [hashlib.sha256(b'\x00' + record).digest() for record in records.values()]
    text = f'go.sum database tree\n{len(leaves)}\n{base64.b64encode(_tree_hash(leaves)).decode()}\n'
    signature = base64.b64encode(key_hash + private.sign(text.encode())).decode()
    note = f'{text}\n\u2014 {name} {signature}\n'.encode()
    lookups = folder / 'lookup' / 'golang.org'
    lookups.mkdir(parents=True)
    for number, (version, record) in enumerate(records.items()):
        (lookups / f'toolchain@{version}').write_bytes(f'{number}\n'.encode() + record + b'\n' + note)
    tile = folder / 'tile' / '8' / '0' / '000.p' / str(len(leaves))
    tile.parent.mkdir(parents=True)
    tile.write_bytes(b''.join(leaves))
    return f'{name}+{key_hash.hex()}+{base64.b64encode(key).decode()}'


def _tree_hash(leaves: Sequence[bytes]) -> bytes:
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return hashlib.sha256(b'\x01' + _tree_hash(leaves[:half]) + _tree_hash(leaves[half:])).digest()
