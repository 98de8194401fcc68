# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The init system of this host, its version, and the features of that version."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import os
import re
from collections import namedtuple

SYSTEMD = 'systemd'
OPENRC = 'openrc'
# Exists while systemd is the init system (sd_booted(3)).
SYSTEMD_RUNS = '/run/systemd/system'
OPENRC_PROGRAMS = ('/sbin/openrc-run', '/usr/sbin/openrc-run', '/usr/bin/openrc-run')

# Since this version, systemd's env_value_is_valid() accepts control characters.
_CONTROL_CHARACTERS_SINCE = 247

# name: SYSTEMD, OPENRC, or None for any other init system; version: of systemd (int), or None if it is unknown or init is another one.
Init = namedtuple('Init', 'name version')


def running(root='/', run=None):
    """The Init of the host whose file system is at root. Call it once in a run and pass the result on.

    run: _frame.runner(), which queries the version of this host's systemd; without it, or for another root, the version is unknown.
    OpenRC counts if it is installed and systemd does not run, because its versions have no common file under /run.
    """
    if os.path.isdir(os.path.join(root, SYSTEMD_RUNS[1:])):
        return Init(SYSTEMD, systemd_version(run) if run and root == '/' else None)
    if any(os.path.exists(os.path.join(root, each[1:])) for each in OPENRC_PROGRAMS):
        return Init(OPENRC, None)
    return Init(None, None)


def systemd_version(run):
    """The version (int) of the installed systemd; None without one. run: _frame.runner()."""
    try:
        output = run(['systemctl', '--version'], {'LC_ALL': 'C'}, '/')[1]
    except OSError as exc:
        if exc.errno not in (errno.ENOENT, errno.EACCES):
            raise
        return None
    found = re.match(r'systemd ([0-9]{1,9})\b', output)
    return int(found.group(1)) if found else None


def takes_control_characters(run):
    """Whether this host's systemd accepts control characters in an EnvironmentFile. run: _frame.runner().

    The version decides. If a vendor backported the fix to an older version, values are refused that it would accept. A host without
    systemd is treated like one with an old systemd.
    """
    version = systemd_version(run)
    return version is not None and version >= _CONTROL_CHARACTERS_SINCE
