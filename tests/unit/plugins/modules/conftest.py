# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._environment import paths as environment_paths


@pytest.fixture(autouse=True)
def _own_state_of_environments(monkeypatch, tmpdir_factory):
    """Root's runs of env_file remember nothing on the machine that runs the tests."""
    folder = tmpdir_factory.mktemp('state')
    for name, file in (('lock', 'lock'), ('made_folders', 'gofleet/environment/made.json')):
        real = getattr(environment_paths, name)
        monkeypatch.setattr(environment_paths, name,
                            lambda account, real=real, file=file: real(account) if account.config_home else str(folder.join(file)))
