# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machines of these tests: `python3 tests machine.recipes` makes the disks of all of them."""

from __future__ import annotations

import sys

from support.hosts import machine

_READER = '[Unit]\nDescription=Keep what a service sees\n[Service]\nType=oneshot\nRemainAfterExit=yes\n{}ExecStart=/bin/cp /proc/self/environ {}\n'
WITH_SHELLS = machine.Recipe(
    packages=('busybox', 'fish', 'ksh93u+m', 'mksh', 'zsh'),
    files={
        # As the administrator of a Debian has it, whose zsh does not read /etc/profile by itself.
        '/etc/zsh/zprofile': "emulate sh -c '. /etc/profile'\n",
        '/etc/systemd/system/gofleet-reader.service': _READER.format('EnvironmentFile=-/etc/gofleet/gofleet.env\n', '/run/gofleet-reader.environ')
        + '[Install]\nWantedBy=multi-user.target\n',
        '/etc/systemd/user/gofleet-reader.service': _READER.format('', '%t/gofleet-reader.environ') + '[Install]\nWantedBy=default.target\n',
        # Their manager starts when the machine does.
        '/var/lib/systemd/linger/gopher': '',
    },
    commands=(
        'useradd --create-home --uid 1000 --shell /bin/bash gopher',
        'ln -s busybox /usr/bin/ash',
        'systemctl enable gofleet-reader.service',
        'systemctl --global enable gofleet-reader.service',
    ),
)
_CONTEXTS = '/etc/selinux/default/contexts/files/file_contexts'
WITH_SELINUX = machine.Recipe(
    suite='bookworm',
    packages=('policycoreutils', 'selinux-policy-default', 'selinux-utils'),
    files={
        '/etc/systemd/system/gofleet-go.service': '[Unit]\nDescription=Run go\n[Service]\nType=oneshot\nExecStart=/usr/local/bin/go version\n',
    },
    commands=(
        'useradd --create-home --uid 1000 --shell /bin/bash gopher',
        # Foreign, and to be adopted.
        'su gopher -c "mkdir -p ~/.local/bin && echo foreign > ~/.local/bin/go"',
        # Labels are written without SELinux too, and so before the first boot; setfiles finds files by way of /proc.
        f'mount -t proc proc /proc; setfiles -F -m -e /proc {_CONTEXTS} / || code=$?; umount /proc; exit ${{code:-0}}',
    ),
)  # fmt: skip


def main() -> int:
    try:
        for recipe in (WITH_SHELLS, WITH_SELINUX):
            print(machine.ensure(recipe).folder)
    except machine.MachineUnavailable as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
