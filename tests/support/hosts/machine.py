# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A virtual machine for tests that no container can run: with a separate kernel, a real boot by the host's services, a reboot.

QEMU emulates the processor, so nothing of this machine's is needed but memory: a Debian boots in some 20 s. Its disk is
made once for each recipe and kept; a run writes beside it, and what it wrote is gone with it.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import platform
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from support import lanes, packages
from support.gaps import Gaps

# What asks this machine's apt for a package source, which lies with the scenarios.
from support.hosts import images

# Raise it when the way a disk is made changes, so that old ones are not reused.
_FORMAT = 1
_PACKAGES = (
    'linux-image-cloud-amd64', 'systemd-sysv', 'udev', 'dbus', 'libpam-systemd', 'openssh-server', 'python3', 'procps',
)  # fmt: skip
# Said on the console once a boot is complete, with what the init says of it.
_MARK = 'gofleet-machine:'
_FILES = {
    '/etc/hostname': 'machine\n',
    '/etc/hosts': '127.0.0.1 localhost machine\n',
    '/etc/fstab': '/dev/vda / ext4 defaults 0 1\n',
    '/etc/systemd/network/80-dhcp.network': '[Match]\nType=ether\n[Network]\nDHCP=ipv4\nLinkLocalAddressing=no\n',
    # On a busy machine everything takes long, and nothing is wrong with it.
    '/etc/systemd/system.conf.d/patience.conf': '[Manager]\nDefaultTimeoutStartSec=300s\nDefaultDeviceTimeoutSec=300s\n',
    # A service that waits for the end of the boot is no part of it.
    '/etc/systemd/system/gofleet-booted.service': (
        '[Unit]\nDescription=Say on the console how the boot came out\n[Service]\nStandardOutput=tty\nTTYPath=/dev/ttyS0\n'
        'ExecStart=/bin/sh -c "state=$$(systemctl is-system-running --wait); '
        f"echo; echo {_MARK} $$state $$(systemctl --failed --plain --no-legend | cut -d' ' -f1)\"\n"
        '[Install]\nWantedBy=multi-user.target\n'
    ),
}
# Timers would wake up in the middle of a test, and a console for people takes the serial line.
_COMMANDS = (
    'systemctl enable systemd-networkd.service gofleet-booted.service',
    'systemctl mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service '
    'fstrim.timer systemd-networkd-wait-online.service serial-getty@ttyS0.service getty@tty1.service',
)
_DEAD = '---[ end Kernel panic'
_DISK = '3G'
_MEMORY_MB = 1024
# QEMU 7.2 now and then loses the flags of cmpxchg16b when an interrupt comes, and the kernel then dies in its allocator;
# without the instruction the kernel does not use it.
_PROCESSOR = 'max,cx16=off'
# It takes 20 s on two cores that do nothing else.
_BOOT_SECONDS = 300
_COMMAND_SECONDS = 300
_END_SECONDS = 10
_TAIL_LINES = 40
# Another process may take the port between its choice and its use.
_ATTEMPTS = 3
_TAKEN = 'Could not set up host forwarding rule'


class MachineUnavailable(Exception):
    """A machine cannot be had here; the message says what is missing and what to do."""


class MachineFailed(Exception):
    """The machine did something else than it should; the message ends with its console's last lines."""


@dataclass(frozen=True)
class Recipe:
    """What a Debian holds beside a kernel, Python and an SSH server. files: {path: content}; commands: run in it by root."""

    suite: str = 'trixie'
    packages: tuple[str, ...] = ()
    files: dict[str, str] = field(default_factory=dict)
    commands: tuple[str, ...] = ()

    def whole(self) -> Recipe:
        return Recipe(self.suite, (*_PACKAGES, *self.packages), {**_FILES, **self.files}, (*_COMMANDS, *self.commands))

    @property
    def key(self) -> str:
        described = json.dumps([_FORMAT, _DISK, asdict(self.whole())], sort_keys=True)
        return hashlib.sha256(described.encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Image:
    """What a machine is booted from; only read."""

    folder: Path

    @property
    def disk(self) -> Path:
        return self.folder / 'disk.ext4'

    @property
    def kernel(self) -> Path:
        return self.folder / 'vmlinuz'

    @property
    def initrd(self) -> Path:
        return self.folder / 'initrd.img'

    @property
    def host_key(self) -> str:
        return (self.folder / 'host_key.pub').read_text(encoding='ascii')


# ---- its disk


def require_programs() -> None:
    """Have what makes and boots machines. Raises MachineUnavailable."""
    if platform.machine() != 'x86_64':
        raise MachineUnavailable(f'this machine is {platform.machine()}: the recipe of a whole machine is one for x86_64')
    packages.ensure(Gaps())
    lacking = [name for name in ('qemu-system-x86_64', 'mmdebstrap', 'mke2fs', 'ssh', 'setpriv') if not shutil.which(name)]
    if lacking:
        raise MachineUnavailable(
            f'{", ".join(lacking)} not found (Debian and Ubuntu: apt-get install qemu-system-x86 mmdebstrap e2fsprogs openssh-client util-linux)'
        )


def ensure(recipe: Recipe) -> Image:
    """The recipe's disk, made if it is not kept from before. Raises MachineUnavailable."""
    require_programs()
    kept = lanes.cache_root() / 'machines'
    kept.mkdir(parents=True, exist_ok=True)
    image = Image(kept / f'{recipe.suite}-{recipe.key}')
    with (kept / '.lock').open('a') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not image.folder.exists():
            print(f'machine: making the disk of a Debian {recipe.suite}', file=sys.stderr, flush=True)
            with tempfile.TemporaryDirectory(prefix='.making-', dir=kept) as folder:
                made = Path(folder) / 'image'
                made.mkdir()
                _make(recipe.whole(), Path(folder) / 'root', made)
                made.rename(image.folder)
    return image


def _make(recipe: Recipe, root: Path, made: Path) -> None:
    excludes = [f'--dpkgopt=path-exclude={pattern}' for pattern in images.DPKG_EXCLUDES]
    options = ['--variant=minbase', '--format=directory', f'--include={",".join(recipe.packages)}', *excludes]
    try:
        images.run(['mmdebstrap', *options, *images.apt_options(), recipe.suite, str(root), *images.debian_mirror(recipe.suite)])
        for name, content in recipe.files.items():
            target = root / name.removeprefix('/')
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(content, encoding='utf-8')
        for command in recipe.commands:
            images.run(['chroot', str(root), '/bin/sh', '-ec', command])
        # The first boot gives it a new one.
        (root / 'etc/machine-id').write_text('uninitialized\n', encoding='ascii')
        for name, pattern in (('vmlinuz', 'boot/vmlinuz-*'), ('initrd.img', 'boot/initrd.img-*'), ('host_key.pub', 'etc/ssh/ssh_host_ed25519_key.pub')):
            [found] = root.glob(pattern)
            shutil.copy(found, made / name)
        images.run(['mke2fs', '-q', '-t', 'ext4', '-d', str(root), str(made / 'disk.ext4'), _DISK])
    except images.SourceFailed as error:
        raise MachineUnavailable(f'the disk of a Debian {recipe.suite} cannot be made: {error}') from error


# ---- the machine


class Machine:
    """A running machine with its SSH server on a port of the loopback interface."""

    def __init__(self, image: Image, folder: Path, kernel: str = '') -> None:
        """folder: takes what the machine writes, and its keys; kernel: arguments of its kernel's. Boots. Raises MachineFailed."""
        self._image = image
        self._kernel = kernel
        self._folder = folder
        self._console: list[str] = []
        self._states: list[str] = []
        self._ended = False
        self._news = threading.Condition()
        self._make_key()
        for _attempt in range(_ATTEMPTS):
            self.port = _free_port()
            self._start()
            try:
                self._await_boot(1)
            except MachineFailed:
                self.end()
                if not any(_TAKEN in line for line in self._console):
                    raise
            else:
                return
        raise MachineFailed('no port of the loopback interface stays free')

    def _make_key(self) -> None:
        self.key = self._folder / 'key'
        subprocess.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'gofleet-machine', '-f', str(self.key)], check=True)

    def _start(self) -> None:
        self._console, self._states, self._ended = [], [], False
        (self._folder / 'known_hosts').write_text(f'[127.0.0.1]:{self.port} {self._image.host_key}', encoding='ascii')
        authorized = self.key.with_suffix('.pub').read_text(encoding='ascii').strip()
        # An emulated timer is late on a busy machine, and the kernel would take it for broken. Its defences against speculation, which an
        # emulated processor does not do, would empty QEMU's cache of addresses at each system call.
        kernel = f'console=ttyS0 root=/dev/vda rw quiet no_timer_check nowatchdog rcupdate.rcu_cpu_stall_suppress=1 mitigations=off {self._kernel}'
        # Its credential is what systemd 252 and later make root's authorized_keys of, at each boot (systemd-tmpfiles, provision.conf).
        arguments = f'{kernel} systemd.set_credential="ssh.authorized_keys.root:{authorized}"'
        self._process = subprocess.Popen(
            [
                # Ends with the process that started it, even if that is killed.
                'setpriv', '--pdeathsig', 'KILL', '--', 'qemu-system-x86_64', '-accel', 'tcg,thread=multi', '-cpu', _PROCESSOR, '-smp', '2',
                '-m', str(_MEMORY_MB), '-nodefaults', '-display', 'none', '-serial', 'stdio', '-device', 'virtio-rng-pci',
                '-kernel', str(self._image.kernel), '-initrd', str(self._image.initrd), '-append', arguments,
                '-drive', f'file={self._image.disk},if=virtio,format=raw,snapshot=on',
                '-netdev', f'user,id=net,hostfwd=tcp:127.0.0.1:{self.port}-:22', '-device', 'virtio-net-pci,netdev=net',
            ],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={'TMPDIR': str(self._folder), 'PATH': _path()},
        )  # fmt: skip
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            text = re.sub(r'\x1b\[[0-9;?]*[A-Za-z]|[\r\n]', '', line.decode(errors='replace'))
            with self._news:
                self._console.append(text)
                if _MARK in text:
                    self._states.append(text.partition(_MARK)[2].strip())
                self._ended = self._ended or _DEAD in text
                self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()

    def _await_boot(self, number: int) -> None:
        """Wait for the console to say that the boot of that number is complete."""
        with self._news:
            reported = self._news.wait_for(lambda: self._ended or len(self._states) >= number, _BOOT_SECONDS)
            if len(self._states) < number:
                raise self.failure('the machine died while it booted' if reported else f'the machine did not boot within {_BOOT_SECONDS} s')
        if self._states[-1] != 'running':
            raise self.failure(f'the machine booted, but is {self._states[-1]}')

    def failure(self, what: str) -> MachineFailed:
        tail = '\n'.join(f'    {line}' for line in self._console[-_TAIL_LINES:])
        return MachineFailed(f'{what}. The end of its console:\n{tail}')

    @property
    def ssh_options(self) -> list[str]:
        """Options of ssh beside the address: nothing of this user's own, and no connection that outlives its command."""
        settings = ('StrictHostKeyChecking=yes', f'UserKnownHostsFile={self._folder / "known_hosts"}', 'ControlPath=none', 'ConnectTimeout=30')
        return ['-F', '/dev/null', *(word for setting in settings for word in ('-o', setting))]

    def inventory(self) -> dict[str, object]:
        """The machine as Ansible's only host, called `machine`."""
        own = {
            'ansible_host': '127.0.0.1', 'ansible_port': self.port, 'ansible_user': 'root', 'ansible_ssh_private_key_file': str(self.key),
            'ansible_ssh_args': ' '.join(self.ssh_options), 'ansible_python_interpreter': '/usr/bin/python3',
        }  # fmt: skip
        return {'all': {'hosts': {'machine': own}}}

    def run(self, command: str, given: bytes = b'') -> bytes:
        """What a command of root's says. Raises MachineFailed."""
        done = self._ssh(command, given)
        if done.returncode:
            raise self.failure(f'`{command[:200]}` exits with {done.returncode} on the machine: {done.stderr.decode(errors="replace").strip()}')
        return done.stdout

    def _ssh(self, command: str, given: bytes = b'') -> subprocess.CompletedProcess[bytes]:
        address = ['-i', str(self.key), '-p', str(self.port), 'root@127.0.0.1']
        try:
            return subprocess.run(['ssh', *self.ssh_options, *address, command], input=given, capture_output=True, check=False, timeout=_COMMAND_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise self.failure(f'`{command[:200]}` takes more than {_COMMAND_SECONDS} s on the machine') from error

    def reboot(self) -> None:
        """By its own init, as after a new kernel; returns when it has booted again. Raises MachineFailed."""
        before = self.run('cat /proc/sys/kernel/random/boot_id')
        boots = len(self._states)
        # The connection may end before the answer.
        self._ssh('systemctl reboot')
        self._await_boot(boots + 1)
        if self.run('cat /proc/sys/kernel/random/boot_id') == before:
            raise self.failure('the machine did not reboot')

    def end(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._listener.join()


@contextlib.contextmanager
def booted(image: Image, kernel: str = '') -> Iterator[Machine]:
    """A machine that is up, and gone with all that it wrote when the block ends. Raises MachineFailed."""
    with tempfile.TemporaryDirectory(prefix='gofleet-machine-') as folder:
        machine = Machine(image, Path(folder), kernel)
        try:
            yield machine
        finally:
            machine.end()


def _path() -> str:
    return ':'.join(sorted({str(Path(found).parent) for found in map(shutil.which, ('qemu-system-x86_64', 'setpriv')) if found}))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        port: int = probe.getsockname()[1]
        return port
