# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Ansible adds to a module's result that has a path: owner, mode, size, kind and SELinux label of the file (AnsibleModule.add_path_info)."""

from __future__ import annotations

import re
import stat
from typing import Any

from ansible_collections.gofleet.golang.plugins.plugin_utils._probe.snapshot import Snapshot, Status, Unknown

# Exists where SELinux is enabled, also in some containers whose own SELinux is not.
SELINUX = '/sys/fs/selinux/enforce'
# A label as the kernel stores it. mcstransd translates the level, or leaves it out, and some policies have none.
_RAW_LABEL = re.compile(r'\w+:\w+:\w+:s\d[\w.,:-]*\Z')
# What stat prints for a number without a name.
_NO_NAME = 'UNKNOWN'


def added(path: str, seen: Snapshot) -> dict[str, Any]:
    """The keys for an absolute path; none if it does not exist. Raises Unknown."""
    if not seen.exists(path):
        return {}
    status = seen.lstat(path)
    info = {
        'uid': status.st_uid, 'gid': status.st_gid, 'owner': _name(status.user, status.st_uid), 'group': _name(status.group, status.st_gid),
        'mode': f'0{stat.S_IMODE(status.st_mode):03o}', 'state': _state(status), 'size': status.st_size}  # fmt: skip
    if seen.exists(SELINUX):
        label = seen.labels.get(path, '')
        if not _RAW_LABEL.match(label):
            raise Unknown(f'the label of {path}')
        info['secontext'] = label
    return info


def _name(name: str, number: int) -> str:
    return str(number) if name == _NO_NAME else name


def _state(status: Status) -> str:
    if stat.S_ISLNK(status.st_mode):
        return 'link'
    if stat.S_ISDIR(status.st_mode):
        return 'directory'
    return 'hard' if status.st_nlink > 1 else 'file'
