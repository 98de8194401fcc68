# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated host: folders for toolchains, and tiny releases that it is offered."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

from ansible_collections.gofleet.golang.plugins.module_utils._fetch import sources
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import converge as toolchain
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import observe, plan, records, trust
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain.paths import Paths
from support.units import tiny_trees

VERSIONS = ('1.29.0', '1.30.1', '1.30.2')
ANY = trust.Policy((), False)


def on_host(path):
    return sources.File(str(path), str(path))


class Host(object):
    """A host of the test's own: its paths, what it is offered, and how it is brought to what is wanted."""

    def __init__(self, root, releases):
        root = str(root)
        self.root = root
        self.paths = Paths(os.path.join(root, 'opt'), os.path.join(root, 'usr', 'go'), os.path.join(root, 'usr', 'bin'))
        self.releases = releases
        self.records = dict((version, release.record()) for version, release in releases.items())
        self.offered = sources.Sources(
            files=dict((release.filename, on_host(release.archive)) for release in releases.values()),
            mirrors=[], goproxy=[], transfer='pull', incoming=False, options=sources.Options(10, None))

    def offer(self, **changes):
        self.offered = self.offered._replace(**changes)

    def converge(self, wanted, check_mode=False, deep=False):
        return toolchain.converge(wanted, self.paths, records.Records(self.records.values()), self.offered, tiny_trees.run, check_mode, 30, deep)

    def have(self, active, *keep, **options):
        check_mode = options.pop('check_mode', False)
        deep = options.pop('deep', False)
        values = {'prune': False, 'adopt': False, 'goarch': 'amd64', 'remove': None, 'trust': ANY}
        return self.converge(plan.Wanted(active, list(keep), **dict(values, **options)), check_mode, deep)

    def lose(self, *versions, **options):
        return self.converge(plan.wanted('absent', None, list(versions), False, False, 'amd64', ANY), **options)

    def seen(self):
        return observe.observe(self.paths)

    def tree(self, name):
        return tiny_trees.read_tree(self.paths.tree(name))

    def everything(self):
        """Every name on this host but for the releases, with what tells a file from another."""
        found = {}
        for folder, folders, names in os.walk(self.root):
            for name in folders + names:
                path = os.path.join(folder, name)
                status = os.lstat(path)
                found[path] = (status.st_ino, status.st_size, status.st_mtime, os.readlink(path) if os.path.islink(path) else None)
        return found


def names_of(host):
    """Every file and link of a host but the lock."""
    return sorted(path for path in host.everything() if not os.path.isdir(path) and not path.endswith('/lock'))


def mirror(web, *releases):
    """A base address of a mirror that has these releases."""
    for release in releases:
        web.serve('/dl/' + release.filename, release.archive_bytes)
    return web.url + '/dl'


def proxy(web, *releases):
    """A module proxy that has these releases."""
    for release in releases:
        web.serve('/proxy/golang.org/toolchain/@v/' + release.module_filename, release.module_bytes)
    return web.url + '/proxy'


def know(host, kinds, h1=True):
    """Let these vouch for 1.30.1: kinds of its sha256, and the log for its h1."""
    release = host.releases['1.30.1']
    host.records['1.30.1'] = release.record(h1=release.h1 if h1 else None)
    host.records['1.30.1']['archives']['amd64']['vouched']['sha256'] = dict((kind, tiny_trees.WHEN) for kind in kinds)
    return host.records['1.30.1']['archives']['amd64']


def proof_of(host, name='go1.30.1'):
    return sorted(each['kind'] for each in host.seen().trees[name].proof)
