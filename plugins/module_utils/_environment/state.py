# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The types of the wanted and the observed environment and of the steps between them, which the other files of this room share."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from collections import namedtuple

# The user of this process. config_home: the folder of this user's settings; None for root, whose files are for all users;
# shell: path of the login shell, '' if it is unknown.
Account = namedtuple('Account', 'uid home config_home shell')
# Facts of a host that decide its wanted state. existing: the paths in the consumers' evidence that exist; resolver_problem: why programs should not
# use the C library's resolver, or None; real_paths: given paths with links resolved; uid, gid: of the owner in the options, or None;
# toolchains: the default Paths of go_toolchain.
Host = namedtuple('Host', 'account existing resolver_problem real_paths uid gid toolchains')

# The wanted state of a host. files: Wanted of every consumer; settings: the block in go.env as bytes, or None; names: of variables by consumer;
# secrets: names of variables; presets: for the result.
Target = namedtuple('Target', 'name state files settings names secrets presets')
# A wanted file. content: bytes, or None for no file; uid, gid: None to keep them.
Wanted = namedtuple('Wanted', 'consumer path content mode uid gid')

# Something to read. kind: as in observe.py; detail: depends on kind.
Source = namedtuple('Source', 'kind path detail')
# An observed file. kind: absent, ours, or foreign; leftovers: files that an interrupted run left beside it; weak: for root, the folder on the way to it
# that others can change, and how; None otherwise.
Seen = namedtuple('Seen', 'path kind content mode uid gid leftovers weak')
# The observed state. files: Seen by consumer; unasked: {consumer, path} of this environment's files that the options do not name; go_env: go_env.GoEnv;
# folders: names in each folder of this collection; has_needed_folders: whether folders that it created elsewhere are in use;
# login: login_shells.Login, or None if it is not needed.
Observed = namedtuple('Observed', 'files unasked go_env folders has_needed_folders login')

# action: clean (leftovers of an interrupted run), write, adjust (mode and owner), remove.
Step = namedtuple('Step', 'action wanted path')
# The steps for one file.
FilePlan = namedtuple('FilePlan', 'wanted seen steps')
# The plan. files: FilePlans; warnings: texts; observed: the Observed that it was made for.
Plan = namedtuple('Plan', 'steps files warnings observed')
