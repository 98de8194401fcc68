# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._go import version

# In the order of Go's own releases.
HISTORY = [
    'go1.4.3', 'go1.18beta1', 'go1.18beta2', 'go1.18rc1', 'go1.18', 'go1.18.1', 'go1.18.10', 'go1.20rc3', 'go1.20', 'go1.20.1',
    'go1.20.14', 'go1.21rc2', 'go1.21.0', 'go1.21.9', 'go1.21.13', 'go1.26.6', 'go1.27rc1', 'go1.27.0', 'go2.0.0',
]

INVALID = [
    '', ' ', 'go', '1', 'go1', '1.', '.1', '1.26.', '1.26.6.1', 'v1.26.6', 'Go1.26', 'go 1.26', '1.26 .6', '1,26', '-1.26', '1.-26',
    '1.26-rc1', '1.26.0rc1', '1.26rc', '1.26alpha1', '1.26.x', '1.26.6-custom', 'stable', 'LATEST', 'latest.1',
    '1.26.6\n1.27', '../1.26', '1.26/../..', '1.26.6;reboot', '$(reboot)', '1.26.6\x00', '9' * 5000 + '.1', '1.' + '9' * 5000,
]


@pytest.mark.parametrize('name', HISTORY)
def test_a_release_prints_as_go_names_it(name):
    assert 'go%s' % (version.parse_release(name),) == name


def test_a_release_knows_the_name_that_go_gives_it():
    assert version.parse_release('1.26.6').release == 'go1.26.6'


@pytest.mark.parametrize(('written', 'name'), [
    ('1.20', '1.20'), ('1.20.0', '1.20'), ('go1.20.0', '1.20'), ('1.21', '1.21.0'), ('1.21.0', '1.21.0'), (' 1.26.6\n', '1.26.6'),
])
def test_the_zero_of_a_first_release_is_printed_since_line_21_only(written, name):
    assert str(version.parse_release(written)) == name


def test_a_name_without_a_patch_is_the_first_release_of_its_line():
    assert version.parse_release('1.20') == version.parse_release('1.20.0') == version.parse_release('go1.20')


def test_releases_sort_as_they_came_out():
    assert ['go%s' % (each,) for each in sorted(map(version.parse_release, reversed(HISTORY)))] == HISTORY


@pytest.mark.parametrize(('name', 'stable'), [('1.27.0', True), ('1.20', True), ('1.27rc1', False), ('1.18beta2', False)])
def test_stable_means_neither_beta_nor_release_candidate(name, stable):
    assert version.parse_release(name).stable is stable


def test_a_release_knows_its_line():
    assert version.parse_release('1.27rc1').line == (1, 27)


@pytest.mark.parametrize('written', ['1.26', 'go1.26', ' 1.26 '])
def test_two_numbers_ask_for_a_line(written):
    spec = version.parse_spec(written)
    assert (spec.kind, spec.version, spec.line) == ('line', None, (1, 26))


@pytest.mark.parametrize('written', ['1.26.6', 'go1.26.6', '1.27rc1', '1.18beta2', '1.20.0'])
def test_more_than_two_numbers_ask_for_one_release(written):
    spec = version.parse_spec(written)
    assert (spec.kind, spec.version) == ('exact', version.parse_release(written))


def test_latest_asks_for_no_line():
    assert version.parse_spec('latest') == ('latest', None, None)


@pytest.mark.parametrize('written', ['latest', '1.26', '1.26.6', '1.27rc1'])
def test_a_spec_prints_as_it_was_written(written):
    assert str(version.parse_spec(written)) == written


@pytest.mark.parametrize('text', INVALID)
@pytest.mark.parametrize('parse', [version.parse_release, version.parse_spec])
def test_anything_else_is_refused(parse, text):
    with pytest.raises(GofleetError) as caught:
        parse(text)
    assert (caught.value.code, caught.value.evidence['version'].strip()) == ('invalid_version', text.strip())


@pytest.mark.parametrize('text', ['1.026', '01.26', '1.26.06', '1.27rc01'])
def test_leading_zeros_are_refused_as_in_go(text):
    with pytest.raises(GofleetError):
        version.parse_release(text)


@pytest.mark.parametrize('text', [u'1.2\uff16', u'\u0661.\u0662\u0666'])
def test_digits_of_other_scripts_are_refused(text):
    with pytest.raises(GofleetError):
        version.parse_release(text)


def test_the_refusal_of_a_number_that_lost_its_zero_says_to_quote_it():
    with pytest.raises(GofleetError) as caught:
        version.parse_spec('one')
    assert 'quote it in YAML' in caught.value.msg
