# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Convert a host's files to one text and back, so that tests can use the files that an earlier version of this collection wrote."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import base64
import io
import json
import os
import stat

# Stands for the host's root folder in contents and targets of links.
ROOT = '@ROOT@'


def record(root):
    """Every path below root: {path: {link}}, {path: {mode, mtime, content}}, or {path: {mode, mtime}} of a folder."""
    found = {}
    for folder, folders, files in os.walk(root):
        for name in folders + files:
            path = os.path.join(folder, name)
            found[os.path.relpath(path, root)] = _described(path, root)
    return found


def _described(path, root):
    status = os.lstat(path)
    if stat.S_ISLNK(status.st_mode):
        # The time of a link cannot be set on Python 2.7.
        return {'link': os.readlink(path).replace(root, ROOT)}
    described = {'mode': stat.S_IMODE(status.st_mode), 'mtime': int(status.st_mtime)}
    if stat.S_ISREG(status.st_mode):
        with io.open(path, 'rb') as source:
            content = source.read().replace(root.encode('utf-8'), ROOT.encode('ascii'))
        described['content'] = base64.b64encode(content).decode('ascii')
    return described


def save(root, path, **more):
    """Write what record(root) gives, and more, as JSON."""
    with io.open(path, 'wb') as target:
        target.write(json.dumps(dict(more, files=record(root)), sort_keys=True, indent=1, separators=(',', ': ')).encode('utf-8') + b'\n')


def restore(path, root):
    """Make the files of save(path) below root, an empty folder; returns what else was saved, with root in its place."""
    with io.open(path, 'rb') as source:
        content = json.loads(source.read().decode('utf-8').replace(ROOT, root))
    files = content.pop('files')
    for name in sorted(files):
        _make(os.path.join(root, name), files[name], root)
    # Folders last: what is put into them changes their times.
    for name in sorted(files, reverse=True):
        if 'link' not in files[name]:
            os.utime(os.path.join(root, name), (files[name]['mtime'], files[name]['mtime']))
    return content


def _make(path, described, root):
    if 'link' in described:
        os.symlink(described['link'], path)
        return
    if 'content' in described:
        content = base64.b64decode(described['content']).replace(ROOT.encode('ascii'), root.encode('utf-8'))
        with io.open(path, 'wb') as target:
            target.write(content)
    else:
        os.mkdir(path)
    os.chmod(path, described['mode'])
