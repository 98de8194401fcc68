# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real parsers of the consumers: each reads a file and returns the environment of a process."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from support.hosts import boot, engine, images
from support.hosts.platforms import PLATFORMS

Environment = dict[str, bytes]
# Everything that a shell is given besides the file.
BARE = {'PATH': '/usr/bin:/bin', 'HOME': '/root'}


class Missing(Exception):
    """This machine cannot run the parser; the message says what to do."""


def parsed(block: bytes) -> Environment:
    """A block of environ(7) as a dict."""
    pairs = (entry.partition(b'=') for entry in block.split(b'\0') if b'=' in entry)
    return {name.decode('utf-8', 'replace'): value for name, dummy, value in pairs}


def run(command: list[str], **options: object) -> bytes:
    done = subprocess.run(command, capture_output=True, check=False, **options)  # type: ignore[call-overload]
    if done.returncode or done.stderr:
        raise AssertionError(f'{command[:4]} exited with {done.returncode}: {done.stderr[-500:]!r}')
    output: bytes = done.stdout
    return output


# ---- shells of this machine


@dataclass(frozen=True)
class Shell:
    """A shell that sources a file, a given number of times, and hands its environment to another program."""

    name: str
    command: tuple[str, ...]
    source: str = '. "$1"'

    def read(self, content: bytes, times: int = 1, given: dict[str, str] | None = None) -> Environment:
        if shutil.which(self.command[0]) is None:
            raise Missing(f'{self.command[0]} is not installed (Debian: apt-get install {self.command[0]})')
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / 'environment'
            path.write_bytes(content)
            script = '; '.join([self.source] * times + ['exec /usr/bin/env -0'])
            # BARE's env may not be what the file makes of PATH.
            return parsed(run([*self.command, '-c', script, 'shell', str(path)], env=BARE | (given or {})))


SHELLS = {
    shell.name: shell
    for shell in (
        Shell('dash', ('dash', '-eu')),
        Shell('bash', ('bash', '-eu')),
        Shell('bash-posix', ('bash', '--posix', '-eu')),
        Shell('busybox', ('busybox', 'ash', '-eu')),
        Shell('mksh', ('mksh', '-eu')),
        Shell('ksh93', ('ksh93', '-eu')),
        Shell('zsh', ('zsh', '-feu')),
        Shell('zsh-odd', ('zsh', '-feu', '-o', 'rcquotes', '-o', 'shwordsplit', '-o', 'extendedglob', '-o', 'ksharrays', '-o', 'magicequalsubst')),
        Shell('zsh-as-ksh', ('zsh', '--emulate', 'ksh', '-feu')),
    )
}
FISH = Shell('fish', ('fish', '--no-config'), 'source $argv[2]')


# ---- hosts with an init of their own


@dataclass
class Host:
    """A container that has booted."""

    platform: str
    container: str
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(1_000_000)))

    def run(self, script: str, content: bytes = b'') -> bytes:
        done = subprocess.run(['docker', 'exec', '-i', self.container, 'sh', '-c', script], input=content, capture_output=True, check=False)
        if done.returncode:
            raise AssertionError(f'{self.platform}: {script[:200]} exited with {done.returncode}: {done.stderr[-500:]!r}')
        return done.stdout


# The flags of tests/commands/molecule.py, which boot systemd 219 to 257 and OpenRC.
_FLAGS = ('--tty', '--env', 'container=docker', '--cap-add', 'SYS_ADMIN', '--cap-add', 'NET_ADMIN', '--security-opt', 'seccomp=unconfined',
          '--tmpfs', '/run', '--tmpfs', '/run/lock', '--cgroupns', 'host')  # fmt: skip


@contextmanager
def booted(name: str) -> Iterator[Host]:
    platform = PLATFORMS[name]
    try:
        engine.ensure()
        image = images.ensure(platform)
    except (engine.EngineError, images.ImageUnavailable) as error:
        raise Missing(str(error)) from error
    volumes = ['--volume', '/sys/fs/cgroup:/sys/fs/cgroup:rw'] if platform.init == 'systemd' else []
    container = run(['docker', 'run', '--detach', '--rm', *_FLAGS, *volumes, image, '/sbin/init']).decode().strip()
    try:
        boot.wait(container)
        yield Host(name, container)
    finally:
        run(['docker', 'rm', '--force', container])


def read_by_service(host: Host, content: bytes) -> Environment:
    """What a system service gets of an EnvironmentFile."""
    name = f'gofleet-reader-{next(host.numbers)}'
    unit = f'[Service]\nType=oneshot\nEnvironmentFile=/run/{name}.env\nExecStart=/bin/cp /proc/self/environ /run/{name}.out\n'
    host.run(f'cat > /run/systemd/system/{name}.service', unit.encode())
    host.run(f'cat > /run/{name}.env', content)
    return parsed(host.run(f'systemctl daemon-reload && systemctl start {name} && cat /run/{name}.out'))


# Without libpam-systemd, XDG_RUNTIME_DIR of the manager is not set.
_USER_MANAGER = '[Unit]\nStartLimitIntervalSec=0\n[Service]\nEnvironment=XDG_RUNTIME_DIR=/run/user/%i\n'


def read_by_user_manager(host: Host, content: bytes, reloads: int = 0) -> Environment:
    """What a service of an ordinary user's own manager gets of a file in environment.d."""
    name = f'gofleet-reader-{next(host.numbers)}'
    unit = f'[Service]\nType=oneshot\nExecStart=/bin/cp /proc/self/environ /tmp/{name}.out\n'
    drop_in = '/run/systemd/system/user@.service.d'
    host.run(f'mkdir -p /etc/environment.d {drop_in} /run/systemd/user && cat > {drop_in}/runtime.conf', _USER_MANAGER.encode())
    host.run(f'cat > /run/systemd/user/{name}.service', unit.encode())
    host.run('cat > /etc/environment.d/90-reader.conf', content)
    host.run('systemctl daemon-reload && systemctl restart user@1000.service')
    control = 'XDG_RUNTIME_DIR=/run/user/1000 systemctl --user'
    steps = [f'{control} daemon-reload'] * reloads + [f'{control} start {name}']
    return parsed(host.run(f"su gopher -s /bin/sh -c '{' && '.join(steps)}' && cat /tmp/{name}.out"))


_OPENRC_SERVICE = """#!/sbin/openrc-run
command=/bin/sleep
command_args=1000
command_background=true
pidfile=/run/$RC_SVCNAME.pid
"""
_OPENRC_SUPERVISED = """#!/sbin/openrc-run
supervisor=supervise-daemon
command=/bin/sleep
command_args=1000
pidfile=/run/$RC_SVCNAME.pid
"""


def _read_by_openrc(host: Host, script: str, content: bytes, find: str) -> Environment:
    name = f'reader{next(host.numbers)}'
    host.run(f'cat > /etc/init.d/{name} && chmod 755 /etc/init.d/{name}', script.encode())
    host.run(f'cat > /etc/conf.d/{name}', content)
    # The message about cgroups is the container's.
    host.run(f'rc-service {name} start 2>&1')
    block = host.run(f'cat /proc/$({find.format(name=name)})/environ')
    host.run(f'rc-service {name} stop 2>&1')
    return parsed(block)


def read_by_openrc(host: Host, content: bytes) -> Environment:
    return _read_by_openrc(host, _OPENRC_SERVICE, content, 'cat /run/{name}.pid')


def read_by_openrc_supervised(host: Host, content: bytes) -> Environment:
    return _read_by_openrc(host, _OPENRC_SUPERVISED, content, 'pgrep -P $(cat /run/{name}.pid)')


def read_by_docker(content: bytes) -> Environment:
    """What a container gets of --env-file."""
    platform = PLATFORMS['alpine']
    try:
        engine.ensure()
        image = images.ensure(platform)
    except (engine.EngineError, images.ImageUnavailable) as error:
        raise Missing(str(error)) from error
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'environment'
        path.write_bytes(content)
        return parsed(run(['docker', 'run', '--rm', '--network', 'none', '--env-file', str(path), image, '/bin/cat', '/proc/self/environ']))


Reader = Callable[[bytes], Environment]
