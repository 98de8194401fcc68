# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lookups in a log of the tests, and the codes of the errors that they end with."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.plugin_utils._sumdb import lookup
from ansible_collections.gofleet.golang.plugins.plugin_utils._sumdb.gosumdb import Key
from support.units.transparency_log import Log, Reader


def code_of(function: Callable[..., object], *arguments: object) -> str:
    with pytest.raises(GofleetError) as caught:
        function(*arguments)
    assert isinstance(caught.value.code, str)
    return caught.value.code


def look_up(log: Log, number: int = 0, read: Callable[[str], bytes] | None = None) -> str:
    return lookup.lookup('m', f'v{number}', Key.parse(log.key), read or Reader(log))
