# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The paths of kernel settings and of their state.

    /etc/sysctl.d/90-*.conf        the drop-in, written after the kernel has accepted its values
    /var/lib/gofleet/sysctl/       the previous values (state.py) and the lock
    /proc/sys                      where values are written and read back
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import re
from collections import namedtuple

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import boot

ROOT = '/'
PROC = '/proc/sys'
STATE = '/var/lib/gofleet/sysctl'
STATE_FILE = STATE + '/state.json'

_FILE_NAME = re.compile(r'[A-Za-z0-9_][A-Za-z0-9_.-]*\.conf\Z')


class Paths(namedtuple('Paths', 'root proc path')):
    """path: the drop-in, as a path on the host; root: / except in tests; proc: the kernel's /proc/sys."""

    __slots__ = ()

    def real(self, path):
        return os.path.join(self.root, path.lstrip('/'))

    @property
    def drop_in(self):
        return self.real(self.path)

    @property
    def meta(self):
        return self.real(STATE)

    @property
    def state(self):
        return self.real(STATE_FILE)

    @property
    def lock(self):
        return os.path.join(self.meta, 'lock')

    def setting(self, parts):
        return os.path.join(self.proc, *parts)


def chosen_paths(path):
    """The Paths for a drop-in. Raises GofleetError(bad_path)."""
    if os.path.dirname(path) != boot.ETC or not _FILE_NAME.match(os.path.basename(path)) or os.path.basename(path) == '99-sysctl.conf':
        raise GofleetError("path is '%s'. It must be a separate file in %s with a name that ends in .conf, such as 90-gofleet.conf; "
                           '99-sysctl.conf is a link to %s, which is never changed.' % (path, boot.ETC, boot.CONF),
                           'bad_path', option='path', path=path)
    return Paths(ROOT, PROC, path)
