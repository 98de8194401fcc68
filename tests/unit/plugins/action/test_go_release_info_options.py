# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""go_release_info changes nothing: options that wrote files are refused with the name of the module that has them."""

from __future__ import annotations

import types
from typing import Any

import pytest

from ansible_collections.gofleet.golang.plugins.action import go_release_info, go_release_lock, go_toolchain
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import options


def run(**arguments: Any) -> dict[str, Any]:
    action = object.__new__(go_release_info.ActionModule)
    action._task = types.SimpleNamespace(args=arguments, async_val=0, action='gofleet.golang.go_release_info', check_mode=False)
    return action.refusal() or {}


@pytest.mark.parametrize('option', ['lock', 'fetch'])
def test_a_removed_option_is_refused_with_the_module_that_has_it(option: str) -> None:
    refused = run(versions=['1.26'], **{option: 'x'})
    assert (refused['failed'], refused['code'], refused['evidence']) == (True, 'removed_option', {'option': option})
    assert 'gofleet.golang.go_release_lock' in refused['msg']


def test_other_options_are_not_refused() -> None:
    assert run(versions=['1.26'], trust=['log']) == {}


@pytest.mark.parametrize('module', [go_release_info, go_release_lock, go_toolchain])
def test_every_module_that_resolves_releases_has_the_shared_options(module: Any) -> None:
    spec = module.ActionModule.SPEC
    assert {name: spec[name] for name in options.RELEASES} == options.RELEASES
