# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plan for this host, completed from its files: files that users added to a tree, and defaults in go.env."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from collections import namedtuple

from ansible_collections.gofleet.golang.plugins.module_utils import _system as system
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import extra_files, go_policy
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import plan as toolchain_plan

# before: observe.Observed; steps: plan.Step list; move: go_policy.Move; kept: extra_files.described() of the trees that are kept aside.
Change = namedtuple('Change', 'before steps move kept')


def planned(wanted, before, paths, now):
    """The Change from the observed (observe.Observed) to the wanted toolchains (plan.Wanted). Raises GofleetError, OSError.

    It reads more files than observe() only if a toolchain becomes active or is removed.
    """
    steps = toolchain_plan.plan(wanted, before, paths, now)
    if steps:
        system.must_be_here()
    steps, kept = extra_files.kept_aside(steps, before, paths, now)
    move = go_policy.planned(steps, before, paths)
    return Change(before, go_policy.inserted(steps, move), move, kept)
