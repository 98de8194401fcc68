# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import keys, observe
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import profiles as known
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import wanted as sysctl_wanted
from support.units.sysctl_host import RANGE


@pytest.mark.parametrize('profile', sorted(known.PROFILES))
def test_each_value_of_a_profile_has_a_reason_and_a_source(profile):
    names = [setting.key for setting in known.PROFILES[profile]]
    assert len(names) == len(set(names))
    for setting in known.PROFILES[profile]:
        assert setting.reason.endswith('.'), setting.key
        assert setting.source, setting.key
        assert sysctl_wanted.numbers(setting.value), setting.key
        assert keys.spell(keys.parse_key(setting.key)) == setting.key


def test_profiles_never_contradict_each_other():
    exact = {}
    for settings in known.PROFILES.values():
        for setting in settings:
            assert exact.setdefault(setting.key, (setting.at_least, setting.value if not setting.at_least else None)) == (
                setting.at_least, setting.value if not setting.at_least else None), setting.key


@pytest.mark.parametrize('kernel', [(3, 10, 0), (4, 18, 0), (6, 12, 0)])
def test_the_values_of_profiles_are_within_the_limits_of_every_kernel(kernel):
    for settings in known.PROFILES.values():
        for setting in settings:
            each = sysctl_wanted.Wanted(None, setting.key, setting.value, True, False, 'x', '', '')
            live = observe.Live('setting', '1 2' if setting.key == RANGE else '1', None, ())
            assert sysctl_wanted._value_problem(each, live, kernel) is None
