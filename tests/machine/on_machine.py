# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sent to the machine: what is in force there, and what the processes of each consumer see, as JSON.

The first argument is JSON: keys, a list of names of kernel settings; shells, {name: path}; files, a list of paths.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

USER = 'gopher'
RUNTIME = '/run/user/1000'


def said(*command: str) -> bytes:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout


def environment(block: bytes) -> dict[str, str]:
    pairs = (entry.partition(b'=') for entry in block.split(b'\0') if b'=' in entry)
    return {name.decode(): value.decode('utf-8', 'surrogateescape') for name, dummy, value in pairs}


def setting(key: str) -> str | None:
    path = Path('/proc/sys', *key.split('.'))
    return ' '.join(path.read_text().split()) if path.exists() else None


def content(name: str) -> str | None:
    path = Path(name)
    if path.is_dir():
        return 'a folder'
    return path.read_text(encoding='utf-8') if path.exists() else None


def of_user_manager() -> dict[str, str]:
    """By a service that the user's manager has started when the machine booted, or starts now."""
    control = ('env', f'XDG_RUNTIME_DIR={RUNTIME}', 'systemctl', '--user')
    said('runuser', '-u', USER, '--', *control, 'start', 'gofleet-reader.service')
    return environment(Path(RUNTIME, 'gofleet-reader.environ').read_bytes())


def main() -> None:
    asked = json.loads(sys.argv[1])
    shells = {name: environment(said('runuser', '-l', USER, '-s', path, '-c', 'exec cat /proc/self/environ')) for name, path in asked['shells'].items()}
    answer = {
        'boot': setting('kernel.random.boot_id'),
        'values': {key: setting(key) for key in asked['keys']},
        'shells': shells,
        'service': environment(Path('/run/gofleet-reader.environ').read_bytes()),
        'user_manager': of_user_manager(),
        'files': {path: content(path) for path in asked['files']},
        'boot_service': said('systemctl', 'show', '--value', '--property=Result,ActiveState', 'systemd-sysctl.service').decode().split(),
        'complaints': said('journalctl', '--boot', '--quiet', '--priority=warning', '--output=cat', '--unit=systemd-sysctl.service').decode(),
    }
    print(json.dumps(answer))


main()
