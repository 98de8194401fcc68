# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs on the host, under Python 2.7 as well.
# ruff: noqa: PTH, UP
"""Measure, on the host itself, the work that every installer must do; prints JSON.

on_host.py floor URL SHA256              fetch, digest and unpack an archive with the host's own programs
on_host.py proof URL VERSION GOARCH N    unpack an archive with tar, then take the h1 of the tree, N times
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

FETCH_BY_PYTHON = """
import shutil, sys
try:
    from urllib.request import urlopen
except ImportError:
    from urllib2 import urlopen
with open(sys.argv[2], 'wb') as target:
    shutil.copyfileobj(urlopen(sys.argv[1]), target, 1 << 18)
"""


def has(program):
    return any(os.access(os.path.join(folder, program), os.X_OK) for folder in os.environ['PATH'].split(os.pathsep))


def fetcher():
    """(name, command) of the host's own downloader; URL and target follow."""
    if has('curl'):
        return 'curl', ['sh', '-c', 'exec curl -sSf -o "$2" "$1"', 'curl']
    if has('wget'):
        return 'wget', ['sh', '-c', 'exec wget -q -O "$2" "$1"', 'wget']
    return 'python', [sys.executable, '-c', FETCH_BY_PYTHON]


def timed(command):
    """(seconds, output) of a command that has to succeed."""
    began = time.time()
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    output = process.communicate()[0]
    if process.returncode:
        sys.exit('%s exits with %d' % (command, process.returncode))
    return time.time() - began, output.decode('ascii')


def floor(folder, url, sha256):
    path = os.path.join(folder, 'archive.tar.gz')
    name, command = fetcher()
    began = time.time()
    fetch = timed(command + [url, path])[0]
    digest, said = timed(['sha256sum', path])
    if said.split()[0] != sha256:
        sys.exit('%s has sha256 %s, not %s' % (url, said.split()[0], sha256))
    unpack = timed(['tar', '-xzf', path, '-C', folder])[0]
    # Beginning and end, so that the floor of many hosts is known: they share one clock.
    return {'fetcher': name, 'began': began, 'ended': time.time(), 'fetch': fetch, 'digest': digest, 'unpack': unpack}


def proof(folder, url, version, goarch, rounds):
    from ansible_collections.gofleet.golang.plugins.module_utils._go import dirhash
    from ansible_collections.gofleet.golang.plugins.module_utils._proof import trees

    path = os.path.join(folder, 'archive.tar.gz')
    timed(fetcher()[1] + [url, path])
    result = {'python': '.'.join(str(each) for each in sys.version_info[:3]), 'unpack': [], 'h1': [], 'digest': None}
    for number in range(int(rounds)):
        stage = os.path.join(folder, str(number))
        os.mkdir(stage)
        result['unpack'].append(timed(['tar', '-xzf', path, '-C', stage])[0])
        began = time.time()
        result['digest'] = dirhash.toolchain_h1(trees.walk_tree(os.path.join(stage, 'go')), version, goarch)
        result['h1'].append(time.time() - began)
        shutil.rmtree(stage)
    return result


def main():
    # The disk of /opt/go, not a /tmp that may lie in memory.
    folder = tempfile.mkdtemp(prefix='.gofleet-bench-', dir='/opt')
    try:
        json.dump({'floor': floor, 'proof': proof}[sys.argv[1]](folder, *sys.argv[2:]), sys.stdout)
    finally:
        shutil.rmtree(folder)


main()
