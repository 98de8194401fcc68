# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host with the kernel and files that a test defines."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import os

from ansible_collections.gofleet.golang.plugins.module_utils._abi import host_facts
from ansible_collections.gofleet.golang.plugins.module_utils._host import architecture, proc
from support.hosts.tiny_roots import V3, TinyRoot, cpuinfo

Uname = collections.namedtuple('Uname', 'sysname nodename release version machine')

ARM64_HANDLER = """enabled
interpreter /usr/bin/qemu-aarch64-static
flags: F
offset 0
magic 7f454c460201010000000000000000000200b700
mask ffffffffffffff00fffffffffffffffffeffffff
"""


class Machine(object):
    """What a host's kernel and files say, as the test wants it."""

    def __init__(self, folder, monkeypatch):
        self.monkeypatch = monkeypatch
        self.root = TinyRoot(folder.mkdir('root'))
        self.proc = folder.mkdir('proc')
        self.proc.join('sys/kernel').ensure(dir=True)
        self.say('filesystems', 'nodev\tsysfs\n')
        self.say('cpuinfo', cpuinfo(V3))
        monkeypatch.setattr(proc, 'PROC', str(self.proc))
        self.kernel('x86_64')
        self.userland('amd64')

    def say(self, name, text):
        self.proc.join(name).write(text, ensure=True)

    def kernel(self, machine, release='5.10.0-9'):
        # A plain tuple is what Python 2.7 gives.
        self.monkeypatch.setattr(os, 'uname', lambda: Uname('Linux', 'host', release, '', machine))

    def userland(self, name):
        self.monkeypatch.setattr(architecture, 'goarch', lambda: name)

    def handler(self, text=ARM64_HANDLER, status='enabled'):
        self.say('sys/fs/binfmt_misc/status', status + '\n')
        self.say('sys/fs/binfmt_misc/qemu', text)

    def observed(self, **options):
        return host_facts.Observed(str(self.root.folder), **options)

    def facts(self, **options):
        return self.observed(**options).facts()
