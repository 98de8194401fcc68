# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs on the host, under Python 2.7 as well: prints every file's type, mode, owner, size, time and link target."""

import json
import os
import stat
import sys

# File systems of the kernel, those that are gone at the next boot, and what the test mounts.
SKIPPED = ("/proc", "/sys", "/dev", "/run", "/tmp", "/go-build-cache")


def observe(path):
    status = os.lstat(path)
    seen = [status.st_mode, status.st_uid, status.st_gid, status.st_size, int(status.st_mtime * 1000)]
    if stat.S_ISLNK(status.st_mode):
        seen.append(os.readlink(path))
    return seen


def walk(top):
    found = {}
    for folder, folders, files in os.walk(top):
        folders[:] = [name for name in folders if os.path.join(folder, name) not in SKIPPED]
        for name in folders + files:
            path = os.path.join(folder, name)
            try:
                found[path] = observe(path)
            except OSError:
                # Gone since it was listed, which only happens to what a service keeps rewriting.
                pass
    return found


json.dump(walk("/"), sys.stdout)
