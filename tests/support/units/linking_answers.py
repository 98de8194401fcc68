# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The linker's answers for a program in a TinyRoot."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json
import os

from ansible_collections.gofleet.golang.plugins.module_utils._abi import program_facts
from ansible_collections.gofleet.golang.plugins.module_utils._host.sysroot import Root
from ansible_collections.gofleet.golang.plugins.module_utils._linking import linker
from ansible_collections.gofleet.golang.plugins.module_utils._linking.libraries import Libraries


def answer(root, program='/usr/bin/program', kernel=(5, 10, 0), level='v3', page_size=4096):
    inside = Root(str(root.folder))
    asked = linker.Linker(Libraries(inside), kernel, level, page_size)
    with program_facts.opened(root.path(program)) as binary:
        path = inside.inside(root.path(program))
        binary.update(origin=os.path.dirname(path))
        found = asked.answer(binary)
    json.dumps(found)
    return found


def findings(root, **how):
    return [(each['code'], each['level'], each['subject'], each['need'], each['have']) for each in answer(root, **how)['findings']]


def found_at(root, name='libx.so.1', **how):
    """Where the loader finds libx, None if it finds none."""
    places = dict((each['name'], each['path']) for each in answer(root, **how)['libraries'])
    return places.get(name)
