# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import io
import os
import re

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils import _frame as frame
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError

PLUGINS = os.path.dirname(os.path.dirname(os.path.abspath(frame.__file__)))
SOURCES = sorted(os.path.join(folder, name) for kind in ('modules', 'module_utils')
                 for folder, dummy_folders, names in os.walk(os.path.join(PLUGINS, kind)) for name in names if name.endswith('.py'))


class Ended(Exception):
    """Either way."""


class Module(object):
    """Of an AnsibleModule what frame.finish() uses."""

    def __init__(self):
        self.warned = []

    def warn(self, warning, **dummy):
        self.warned.append(warning)

    def end(self, **dummy):
        raise Ended()

    exit_json = fail_json = end


def answer(run):
    return {'changed': False, 'warnings': ['Something differs.', 'Something else does.']}


def failure(run):
    raise GofleetError('It failed.', 'failed')


def test_each_warning_names_the_host_because_ansible_prints_equal_ones_once_for_a_fleet(monkeypatch):
    warned = []
    for name in ('web1', 'web2'):
        monkeypatch.setattr(os, 'uname', lambda name=name: ('Linux', name, '5.10', '', 'x86_64'))
        module = Module()
        with pytest.raises(Ended):
            frame.finish(module, answer)
        warned += module.warned
    assert warned == ['web1: Something differs.', 'web1: Something else does.', 'web2: Something differs.', 'web2: Something else does.']


@pytest.mark.parametrize('path', SOURCES, ids=os.path.basename)
def test_warnings_of_hosts_go_through_the_frame_alone(path):
    with io.open(path, encoding='utf-8') as source:
        text = source.read()
    if os.path.basename(path) != '_frame.py':
        assert not re.search(r'\bwarn\(', text)
