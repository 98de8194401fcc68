# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The init system of this host: what its version can do."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import re

# From this version on env_value_is_valid() of systemd accepts control characters.
_CONTROL_CHARACTERS_SINCE = 247


def takes_control_characters(run):
    """Whether this host's systemd accepts control characters in an EnvironmentFile. run: programs.runner().

    The version decides. A vendor may have backported the fix to an older version; then values are refused that it would accept. A host without
    systemd is treated like one with an old systemd.
    """
    try:
        said = run(['systemctl', '--version'], {'LC_ALL': 'C'}, '/')[1]
    except OSError as exc:
        if exc.errno not in (errno.ENOENT, errno.EACCES):
            raise
        return False
    found = re.match(r'systemd (\d+)', said)
    return bool(found) and int(found.group(1)) >= _CONTROL_CHARACTERS_SINCE
