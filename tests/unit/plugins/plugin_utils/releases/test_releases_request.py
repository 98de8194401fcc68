# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is made of options that can be switched off."""

from __future__ import annotations

import pytest
import yaml

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases import request

OPTIONS = ['gosumdb', 'index_url']


@pytest.mark.parametrize('option', OPTIONS)
@pytest.mark.parametrize('text', ['off', "'off'", 'no', 'false', 'False'])
def test_off_means_off_however_yaml_reads_it(option: str, text: str) -> None:
    # A module gets a value of another type as its text.
    assert request.written(option, str(yaml.safe_load(text))) == 'off'


@pytest.mark.parametrize('option', OPTIONS)
@pytest.mark.parametrize('text', ['on', 'yes', 'true'])
def test_what_yaml_reads_as_true_is_refused_with_the_quotes(option: str, text: str) -> None:
    with pytest.raises(GofleetError) as caught:
        request.written(option, str(yaml.safe_load(text)))
    assert (caught.value.code, option in caught.value.msg, 'in quotes' in caught.value.msg) == ('invalid_option', True, True)


@pytest.mark.parametrize('value', ['sum.golang.org', 'https://go.example.com/dl/?mode=json', ''])
def test_other_values_mean_what_was_written(value: str) -> None:
    assert request.written('index_url', value) == value
