# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host in a folder whose /etc, /run and /var the modules see as their own, with network settings of its own kernel namespace.

So the settings are the kernel's, which takes a value with one write() or not at all, and not files that a test made.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from sandbox import Snapshot, snapshot

# Folders of the host that take the place of this machine's.
OWN = ('etc', 'run', 'var')
# Where a run may change something, as the module sees it.
CHANGED = (Path('/etc'), Path('/run/gofleet'), Path('/var'), Path('/proc/sys'))
# Network settings that each new namespace has, with its own values.
KEYS = (
    'net.core.somaxconn', 'net.ipv4.ip_local_port_range', 'net.ipv4.tcp_max_syn_backlog', 'net.ipv4.tcp_slow_start_after_idle', 'net.ipv4.tcp_tw_reuse',
)  # fmt: skip
Values = dict[str, str]

_MOUNTS = """
root=$1; shift
for name in etc run var; do mount --bind "$root/$name" "/$name"; done
mount -t overlay -o "lowerdir=$root/usr:/usr" gofleet-faults /usr
exec "$@"
"""
# Writes the given settings, and returns those in force.
_AGENT = """
import json, sys
from pathlib import Path
for line in sys.stdin:
    asked = json.loads(line)
    for key, value in asked['set'].items():
        Path('/proc/sys', *key.split('.')).write_text(value)
    print(json.dumps({key: ' '.join(Path('/proc/sys', *key.split('.')).read_text().split()) for key in asked['keys']}), flush=True)
"""
# Stands for OpenRC's program: puts a service into a runlevel and takes it out.
_RC_UPDATE = """#!/bin/sh
case $1 in
add) ln -s "/etc/init.d/$2" "/etc/runlevels/$3/$2" ;;
del) rm "/etc/runlevels/$3/$2" ;;
esac
"""


class NoNamespace(Exception):
    """Namespaces cannot be made here; the message says why."""


@dataclass(frozen=True)
class State:
    """A host at one moment. files: relative path to its content and owner."""

    files: Snapshot
    values: Values


class SettingsHost:
    """To be ended by end(). Raises NoNamespace."""

    def __init__(self, root: Path, openrc: bool = False) -> None:
        self.root = root
        for name in OWN:
            (root / name).mkdir(parents=True)
        self._make(openrc)
        self._agent = self._start()
        try:
            self.values()
        except (BrokenPipeError, json.JSONDecodeError) as error:
            self._agent.kill()
            raise NoNamespace((self._agent.communicate()[1] or str(error)).strip()) from error

    def _start(self) -> subprocess.Popen[str]:
        command = ['unshare', '--mount', '--net', '--propagation', 'private', 'sh', '-ec', _MOUNTS, 'sh', str(self.root)]
        return subprocess.Popen(
            [*command, sys.executable, '-c', _AGENT], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def end(self) -> None:
        self._agent.communicate()

    def _make(self, openrc: bool) -> None:
        """Folders, files of the user's own right beside those of the collection, and what shows that each consumer is there."""
        for name in (
            'etc/conf.d/own', 'etc/environment', 'etc/environment.d/10-own.conf', 'etc/fish/config.fish', 'etc/profile.d/own.sh', 'etc/sysctl.conf',
            'var/go/go1.30.1/VERSION',
        ):  # fmt: skip
            self.write(name, '# mine\n')
        (self.root / 'var/lib').mkdir()
        # Where it set something, OpenRC's service would have to stay for its sake.
        self.write('etc/sysctl.d/10-own.conf', '# mine\n' if openrc else 'vm.swappiness = 10\n')
        self.write('etc/sysctl.d/90-gofleet.conf.mine', '# mine\n')
        self.write('etc/nsswitch.conf', 'hosts: files dns\n')
        self.write('var/go/go1.30.1/go.env', 'GOSUMDB=sum.golang.org\n')
        known = {'format': 1, 'version': '1.30.1', 'goarch': 'amd64', 'proof': [], 'files': {}, 'folders': []}
        self.write('var/go/.gofleet/manifests/go1.30.1.json', json.dumps(known))
        # Of the run that installed it.
        self.write('var/go/.gofleet/lock', '').chmod(0o600)
        self.write('usr/lib/systemd/user-environment-generators/30-systemd-environment-d-generator', '')
        self.write('usr/sbin/openrc-run', '')
        if openrc:
            self.write('usr/sbin/rc-update', _RC_UPDATE).chmod(0o755)
            self.write('etc/init.d/sysctl', '#!/sbin/openrc-run\n')
            self.write('etc/runlevels/boot/own', '')
        else:
            (self.root / 'run/systemd/system').mkdir(parents=True)

    def write(self, name: str, content: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding='utf-8')
        return path

    @property
    def wrapper(self) -> tuple[str, ...]:
        """A command by which a program runs on this host."""
        return ('nsenter', f'--target={self._agent.pid}', '--mount', '--net', '--')

    def values(self, new: Values | None = None) -> Values:
        """Set some of KEYS; what all of them are."""
        assert self._agent.stdin
        assert self._agent.stdout
        self._agent.stdin.write(json.dumps({'set': new or {}, 'keys': KEYS}) + '\n')
        self._agent.stdin.flush()
        found: Values = json.loads(self._agent.stdout.readline())
        return found

    def state(self) -> State:
        found = {}
        for name in OWN:
            for path, (kind, mode, detail) in snapshot(self.root / name).items():
                status = (self.root / name / path).lstat()
                found[f'{name}/{path}'] = (kind, mode, f'{detail} of {status.st_uid}:{status.st_gid}')
        return State(found, self.values())

    def save(self, folder: Path) -> Values:
        """Keep the files; what the kernel has."""
        for name in OWN:
            shutil.copytree(self.root / name, folder / name, symlinks=True)
            _give_owners(self.root / name, folder / name)
        return self.values()

    def restore(self, folder: Path, values: Values) -> None:
        """The folders themselves stay: they are mounted."""
        for name in OWN:
            for each in (self.root / name).iterdir():
                if each.is_dir() and not each.is_symlink():
                    shutil.rmtree(each)
                else:
                    each.unlink()
            shutil.copytree(folder / name, self.root / name, symlinks=True, dirs_exist_ok=True)
            _give_owners(folder / name, self.root / name)
        self.values(values)


def _give_owners(source: Path, target: Path) -> None:
    for path in source.rglob('*'):
        status = path.lstat()
        if status.st_uid or status.st_gid:
            shutil.chown(target / path.relative_to(source), status.st_uid, status.st_gid)
