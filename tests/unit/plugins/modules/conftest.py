# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._environment import converge as environment_state


@pytest.fixture(autouse=True)
def _own_state_of_environments(monkeypatch, tmpdir_factory):
    """Root's runs of env_file remember nothing on the machine that runs the tests."""
    folder = tmpdir_factory.mktemp('state')
    for name, file in (('_lock_path', 'lock'), ('_made_path', 'gofleet/environment/made.json')):
        real = getattr(environment_state, name)
        monkeypatch.setattr(environment_state, name, lambda real=real, file=file: str(folder.join(file)) if os.geteuid() == 0 else real())
