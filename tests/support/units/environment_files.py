# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Observed and wanted files of the consumer container, for an environment of the tests."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.gofleet.golang.plugins.module_utils._environment import model, observe, render
from ansible_collections.gofleet.golang.plugins.module_utils._environment.render import Setting
from ansible_collections.gofleet.golang.plugins.module_utils._environment.state import Wanted

MINE = render.marker('e', 'container')


def content(secrets=None, **variables):
    return render.rendered('e', model.variables_of([variables], secrets or {}), 'container', Setting(None, False))


ONE = content(A=u'1')


def wanted(path, text=ONE, mode=0o644, uid=None, gid=None):
    return Wanted('container', str(path), text, mode, uid, gid)


def seen(path):
    return observe.file(str(path), MINE)
