# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Made-up results of observe(), as input of plans and reports."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import observe, plan, trust
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import paths as toolchain_paths
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain.observe import Name, Tree
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain.paths import Paths

PATHS = Paths('/opt/go', '/usr/local/go', '/usr/local/bin')
# 2026-11-21 08:00:00 UTC
NOW = 1795248000
ASIDE = '.before-gofleet-20261121T080000Z'
ABSENT = Name('absent', None, None)
ANY = trust.Policy((), False)


def tree(version, name=None, **changes):
    values = {'name': name or 'go' + version, 'version': version, 'goarch': 'amd64', 'problem': None, 'proof': [], 'source': None,
              'differences': None, 'twin': None}
    return Tree(**dict(values, **changes))


def linked(name):
    """LINK as ours, to a tree."""
    return Name('link', PATHS.tree(name), None)


PROGRAMS = dict((name, Name('link', PATHS.program_target(name), None)) for name in toolchain_paths.PROGRAMS)
NO_PROGRAMS = dict((name, ABSENT) for name in toolchain_paths.PROGRAMS)


def host(*trees, **changes):
    """What observe() sees on a host with these trees, the first of them active."""
    values = {
        'trees': dict((each.name, each) for each in trees), 'taken': set([each.name for each in trees] + ['.gofleet']),
        'link': linked(trees[0].name) if trees else ABSENT, 'programs': PROGRAMS if trees else NO_PROGRAMS, 'garbage': [], 'orphans': [],
    }
    return observe.Observed(**dict(values, **changes))


BARE = host(taken=set())


def wanted(active, *keep, **changes):
    values = {'active': active, 'keep': list(keep), 'remove': None, 'prune': False, 'adopt': False, 'goarch': 'amd64', 'trust': ANY}
    return plan.Wanted(**dict(values, **changes))


def gone(*versions):
    return plan.wanted('absent', None, list(versions), False, False, 'amd64', ANY)
