# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A role's variables are its module's options: in the task, in the defaults, and in what Ansible validates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.gofleet.golang.plugins.modules import go_toolchain, sysctl_profile

CHECKOUT = Path(__file__).resolve().parents[3]
# What the action plugin tells its module; nothing for a user to set.
INTERNAL = {'uploads', 'incoming'}
ROLES = [
    ('go_sysctl', 'gofleet.golang.sysctl_profile', sysctl_profile.ARGUMENT_SPEC),
    ('go_toolchain', 'gofleet.golang.go_toolchain', go_toolchain.ARGUMENT_SPEC),
]


def load(role: str, path: str) -> Any:
    return yaml.safe_load((CHECKOUT / 'roles' / role / path).read_text(encoding='utf-8'))


@pytest.mark.parametrize(('role', 'module', 'spec'), ROLES)
def test_the_task_passes_every_option_of_the_module(role: str, module: str, spec: dict[str, Any]) -> None:
    (task,) = load(role, 'tasks/main.yml')
    assert set(task[module]) == set(spec) - INTERNAL


@pytest.mark.parametrize(('role', 'module', 'spec'), ROLES)
def test_every_variable_is_documented_with_the_type_and_choices_of_its_option(role: str, module: str, spec: dict[str, Any]) -> None:
    documented = load(role, 'meta/argument_specs.yml')['argument_specs']['main']['options']
    assert {name: (each['type'], each.get('choices')) for name, each in documented.items()} == {
        f'{role}_{name}': (each['type'], each.get('choices')) for name, each in spec.items() if name not in INTERNAL}


@pytest.mark.parametrize(('role', 'module', 'spec'), ROLES)
def test_defaults_are_the_documented_ones_and_agree_with_the_module(role: str, module: str, spec: dict[str, Any]) -> None:
    documented = load(role, 'meta/argument_specs.yml')['argument_specs']['main']['options']
    defaults = load(role, 'defaults/main.yml')
    assert {name: each['default'] for name, each in documented.items()} == defaults
    # An empty string stands for an option without a default of its own.
    assert {name: defaults[f'{role}_{name}'] or None for name in spec if name not in INTERNAL} == {
        name: each.get('default') or None for name, each in spec.items() if name not in INTERNAL}
