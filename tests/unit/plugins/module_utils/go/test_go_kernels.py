# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type


import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._go import kernels


@pytest.mark.parametrize(('version', 'goarch', 'kernel', 'fits'), [
    ('1.24.0', 'amd64', (3, 2), True), ('1.24.0', 'amd64', (3, 2, 0), True), ('1.24.0', 'amd64', (3, 1, 10), False),
    ('1.26.6', 'amd64', (3, 10, 0), True), ('1.26.6', 'amd64', (2, 6, 32), False), ('1.27rc1', 'amd64', (2, 6, 39), False),
    ('1.23.12', 'amd64', (2, 6, 32), True), ('1.23.12', 'amd64', (2, 6, 31), False), ('1.18', 'amd64', (2, 6, 32), True),
    ('1.17.13', 'amd64', (2, 6, 23), True), ('1.17.13', 'amd64', (2, 6, 22), False),
    ('1.26.6', 'loong64', (5, 19), True), ('1.26.6', 'loong64', (5, 18), False), ('1.26.6', 'amd64', (6, 18, 44), True),
])
def test_each_line_has_its_oldest_kernel(version, goarch, kernel, fits):
    if fits:
        kernels.check(version, goarch, kernel)
    else:
        with pytest.raises(GofleetError) as caught:
            kernels.check(version, goarch, kernel)
        assert caught.value.code == 'kernel_too_old'


def test_a_kernel_that_is_too_old_is_reported_with_the_needed_version(error_of):
    error = error_of(kernels.check, '1.26.6', 'amd64', (2, 6, 32))
    assert error.evidence == {'version': '1.26.6', 'needed': '3.2', 'kernel': '2.6.32'}
    assert 'The last line for this kernel is 1.23.' in error.msg


@pytest.mark.parametrize('version', ['1.26.6', '1.20.14'])
def test_the_line_that_is_named_for_an_old_kernel_runs_on_it(error_of, version):
    error = error_of(kernels.check, version, 'amd64', (2, 6, 25))
    assert 'The last line for this kernel is 1.17.' in error.msg


@pytest.mark.parametrize(('goarch', 'kernel'), [('amd64', (2, 4, 37)), ('loong64', (5, 10))])
def test_a_kernel_without_a_release_line_is_reported(error_of, goarch, kernel):
    assert 'No release of Go runs on it' in error_of(kernels.check, '1.26.6', goarch, kernel).msg


def test_an_unknown_kernel_is_left_to_the_trial_of_go():
    kernels.check('1.26.6', 'amd64', None)
