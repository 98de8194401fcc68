# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The values that the doors of this room hand on: what is wanted, what was observed, and the steps between them."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from collections import namedtuple

# The user that a run works as. config_home: the folder of this user's settings; None for root, whose files are for all users;
# shell: path of the login shell, '' if the host does not know it.
Account = namedtuple('Account', 'uid home config_home shell')
# Facts of a host that decide what is wanted on it. existing: those of the consumers' evidence that exist; resolver_problem: why programs should not
# use the C library's resolver, or None; real_paths: the files that given paths lead to; uid, gid: of the owner that was asked for, or None;
# toolchains: the default Paths of go_toolchain.
Host = namedtuple('Host', 'account existing resolver_problem real_paths uid gid toolchains')

# What a host should have. files: Wanted of every consumer; settings: the block in go.env as bytes, or None; names: of variables by consumer;
# secrets: names of variables; presets: for the result.
Target = namedtuple('Target', 'name state files settings names secrets presets')
# A file as it should be. content: bytes, or None for no file; uid, gid: None if they should not change.
Wanted = namedtuple('Wanted', 'consumer path content mode uid gid')

# One thing to read. kind: as in observe.py; detail: by kind.
Source = namedtuple('Source', 'kind path detail')
# A file as it is. kind: absent, ours, or foreign; leftovers: what an interrupted run left beside it; weak: for root, which folder on the way to it
# others can change, and how; None otherwise.
Seen = namedtuple('Seen', 'path kind content mode uid gid leftovers weak')
# What was read. files: Seen by consumer; unasked: {consumer, path} of this environment's files that no option asks for; go_env: go_env.GoEnv;
# folders: names by folder that belongs to this collection; has_needed_folders: whether folders that it made elsewhere are in use;
# login: login_shells.Login, or None if it does not matter.
Observed = namedtuple('Observed', 'files unasked go_env folders has_needed_folders login')

# action: clean (what an interrupted run left), write, adjust (mode and owner), remove.
Step = namedtuple('Step', 'action wanted path')
# The steps for one file.
FilePlan = namedtuple('FilePlan', 'wanted seen steps')
# What has to be done. files: FilePlans; warnings: texts; observed: what it was planned for.
Plan = namedtuple('Plan', 'steps files warnings observed')
