# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Install programs that tests call and a bare machine may lack, from Debian's or Ubuntu's packages.

Standard library only, Python 3.9 and later. Docker Engine and emulators are installed by what uses them.
"""

from __future__ import annotations

import os
import shutil
import subprocess

from support.gaps import Gaps
from support.hosts import engine

# program: (package, what needs it)
PROGRAMS = {
    'gpg': ('gnupg', 'tests of OpenPGP signatures, which make their own keys'),
    'gpgv': ('gpgv', 'tests of OpenPGP signatures'),
    'shasum': ('perl', 'property tests of digest files'),
    'strace': ('strace', 'crash tests at system calls'),
    'setpriv': ('util-linux', 'tests as an ordinary user'),
    'busybox': ('busybox-static', 'property tests of environment files in its shell'),
    'fish': ('fish', 'property tests of environment files'),
    'ksh': ('ksh', 'property tests of environment files'),
    'mksh': ('mksh', 'property tests of environment files'),
    'zsh': ('zsh', 'property tests of environment files'),
    'qemu-system-x86_64': ('qemu-system-x86', 'whole machines'),
    'mmdebstrap': ('mmdebstrap', 'disks of whole machines'),
    'mke2fs': ('e2fsprogs', 'disks of whole machines'),
    'gcc': ('gcc', 'programs for ABI verdicts'),
    # Stands for the headers and static libraries of its package, which has no other program.
    'gencat': ('libc6-dev', 'programs for ABI verdicts'),
    'musl-gcc': ('musl-tools', 'programs for ABI verdicts'),
    'qemu-x86_64-static': ('qemu-user-static', 'ABI verdicts on older processors'),
    'ssh': ('openssh-client', 'whole machines'),
}


def ensure(missing: Gaps) -> None:
    """Install missing packages; report those that cannot be installed, one line each."""
    lacking = [program for program in PROGRAMS if not shutil.which(program)]
    if not lacking:
        return
    reason = _install(sorted({PROGRAMS[program][0] for program in lacking}))
    for program in lacking:
        package, purpose = PROGRAMS[program]
        if not shutil.which(program):
            missing.add(purpose, f'{program} is not installed ({reason}); install the package {package}')


def _install(packages: list[str]) -> str:
    """Why the packages are not there afterwards."""
    if os.geteuid() != 0 or not engine.apt_family():
        return 'only root on Debian or Ubuntu installs it by itself'
    print(f'packages: installing {", ".join(packages)}', flush=True)
    environment = {**os.environ, 'DEBIAN_FRONTEND': 'noninteractive'}
    for command in (['apt-get', 'update'], ['apt-get', 'install', '--yes', '--no-install-recommends', *packages]):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            return f'{" ".join(command)} exits with {done.returncode}: {done.stderr.strip()[-300:]}'
    return 'the package does not have it'
