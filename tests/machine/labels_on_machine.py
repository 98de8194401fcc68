# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sent to a machine with SELinux: which paths are new there, what the policy says of their labels, and whether a service runs.

`remember` keeps what there is; without it, the answer is JSON about what was made since.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

# On a separate file system, so that the record does not contain itself.
KNOWN = Path('/run/gofleet-known-paths')
# What the machine and Ansible write for themselves.
OTHERS = ('/root/.ansible', '/home/gopher/.ansible', '/tmp', '/var/tmp', '/var/log', '/var/lib/systemd')
UNIT = 'gofleet-go.service'


def said(*command: str, given: str = '') -> str:
    return subprocess.run(command, check=True, input=given, stdout=subprocess.PIPE, text=True).stdout


def there() -> dict[str, str]:
    """Paths and inode numbers of the root file system."""
    pruned = [word for path in OTHERS for word in ('-path', path, '-prune', '-o')]
    lines = said('find', '/', '-xdev', *pruned, '-printf', '%i %p\\n').splitlines()
    return {path: inode for inode, dummy, path in (line.partition(' ') for line in lines)}


def service() -> list[str]:
    """How the service ended, and what it wrote to the journal."""
    subprocess.run(['systemctl', 'start', UNIT], check=False, stderr=subprocess.DEVNULL)
    said('journalctl', '--sync')
    result = said('systemctl', 'show', '--value', '--property=Result', UNIT).strip()
    return [result, *said('journalctl', '--quiet', '--output=cat', '--identifier=go', '--lines=1').splitlines()]


def main() -> None:
    if sys.argv[1:] == ['remember']:
        KNOWN.write_text(json.dumps(there()), encoding='utf-8')
        return
    known = json.loads(KNOWN.read_text(encoding='utf-8'))
    made = sorted(path for path, inode in there().items() if known.get(path) != inode)
    answer = {
        'mode': said('getenforce').strip(),
        'domain': Path('/proc/self/attr/current').read_text(encoding='ascii').rstrip('\0\n'),
        'labels': {path: os.getxattr(path, 'security.selinux', follow_symlinks=False).decode().rstrip('\0') for path in made},
        # Says in a line each which of them it would change, and to what.
        'wrong': said('restorecon', '-n', '-v', '-f', '-', given=''.join(f'{path}\n' for path in made)).splitlines(),
        'service': service(),
    }
    print(json.dumps(answer))


main()
