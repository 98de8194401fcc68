# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._environment import flags as environment_flags
from ansible_collections.gofleet.golang.plugins.module_utils._environment import model as environment
from ansible_collections.gofleet.golang.plugins.module_utils._environment import sizes as environment_sizes
from ansible_collections.gofleet.golang.plugins.module_utils._environment import values as environment_values


def text_of(name, option):
    return environment.variables_of([{name: option}], {})[0].text


def by_name(*layers, **options):
    return dict((variable.name, variable.text) for variable in environment.variables_of(layers, options.get('secrets', {}), options.get('presets', ())))


@pytest.mark.parametrize(('option', 'text'), [
    (u'two words', u'two words'), (b'bytes', u'bytes'), (u'', u''), (8080, u'8080'), (0, u'0'), (u'\u20ac', u'\u20ac'), (u'a\nb', u'a\nb'),
])
def test_a_string_stays_as_it_is(option, text):
    assert text_of('A', option) == text


@pytest.mark.parametrize(('option', 'found'), [(True, 'bool'), (1.2, 'float'), ([u'a'], 'list')])
def test_a_value_that_yaml_changed_is_refused(error_of, option, found):
    error = error_of(text_of, 'A', option)
    assert (error.code, error.evidence) == ('ambiguous_value', {'variable': 'A', 'found': found})
    assert 'quotes' in error.msg


@pytest.mark.parametrize('value', [u'', u'maybe', u'2', [], 1.5])
def test_a_switch_is_on_or_off(error_of, value):
    assert error_of(text_of, 'CGO_ENABLED', value).code == 'ambiguous_value'


@pytest.mark.parametrize('name', ['1A', 'A-B', 'A B', '', 'A=B', u'\u00e4', 'A\n'])
def test_an_invalid_name_of_a_variable_is_refused(error_of, name):
    assert error_of(text_of, name, u'x').code == 'invalid_name'


@pytest.mark.parametrize('value', [u'a\0b', u'a\udc80b'])
def test_what_no_variable_can_hold_is_refused(error_of, value):
    error = error_of(text_of, 'SECRET_KEY', value)
    assert error.code == 'not_text'
    assert value not in error.msg


def test_a_variable_of_128_kib_is_refused_and_one_byte_less_is_not(error_of):
    # NAME, =, NUL and the value together.
    assert error_of(text_of, 'A', u'x' * (131072 - 2)).code == 'too_long'
    assert len(text_of('A', u'x' * (131072 - 3))) == 131069
    assert error_of(text_of, 'A', u'\u20ac' * 44000).code == 'too_long'


def test_goroot_is_never_set(error_of):
    error = error_of(text_of, 'GOROOT', u'/usr/local/go')
    assert error.code == 'goroot_forced'
    assert 'PATH' in error.msg


def test_null_and_an_option_without_value_set_nothing():
    assert by_name({'A': None, 'B': {'type': 'string'}, 'C': {}}) == {}


@pytest.mark.parametrize('option', [
    {'values': 'x'}, {'value': 'x', 'type': 'text'}, {'value': 1, 'unit': 'kilos'}, {'value': 'x', 'consumers': ['ksh']}, {'value': 'x', 'consumers': 'fish'},
    {'value': 'x', 'type': ['string']},
])
def test_an_option_that_means_nothing_is_refused(error_of, option):
    error = error_of(text_of, 'A', option)
    assert (error.code, error.evidence) == ('invalid_variable', {'variable': 'A'})


# ---- types


@pytest.mark.parametrize(('name', 'option', 'text'), [
    ('PATH', [u'/a', u'/b c'], u'/a:/b c'), ('PATH', u'/a:/b', u'/a:/b'), ('PATH', [u'/a', u'/b', u'/a'], u'/a:/b'), ('GOPATH', [u'~/go'], u'~/go'),
    ('GODEBUG', u'netdns=go, http2client=0', u'netdns=go,http2client=0'), ('GOPRIVATE', [u'*.corp', u'b.org'], u'*.corp,b.org'),
    ('GOPRIVATE', u'', u''),
    ('GOFLAGS', u'-mod=mod  -v', u'-mod=mod -v'), ('GOFLAGS', [u'-ldflags=-s -w'], u"'-ldflags=-s -w'"),
    ('GOFLAGS', u"'-ldflags=-s -w' -v", u"'-ldflags=-s -w' -v"),
    ('GOFLAGS', [u"-ldflags=-X 'a b'"], u'"-ldflags=-X \'a b\'"'),
    ('CGO_ENABLED', False, u'0'), ('CGO_ENABLED', True, u'1'), ('CGO_ENABLED', u'1', u'1'), ('CGO_ENABLED', 0, u'0'), ('CGO_ENABLED', u'no', u'0'),
    ('GOMEMLIMIT', u'1G', u'1GiB'), ('GOMEMLIMIT', u'1536MiB', u'1536MiB'), ('GOMEMLIMIT', u'off', u'off'), ('GOMEMLIMIT', 1000, u'1000'),
    ('A', {'type': 'size', 'value': u'1GiB'}, u'1073741824'), ('A', {'type': 'size', 'value': u'1GiB', 'unit': 'systemd'}, u'1G'),
    ('A', {'type': 'path_list', 'value': u'/x'}, u'/x'), ('PATH', {'type': 'string', 'value': u'$x'}, u'$x'),
])
def test_a_type_gives_the_text(name, option, text):
    assert text_of(name, option) == text


@pytest.mark.parametrize(('name', 'option'), [
    ('PATH', [u'']), ('PATH', u'/a::/b'), ('PATH', u'/a:'), ('PATH', u''), ('PATH', [u'bin']), ('PATH', [u'.']), ('PATH', [u'/a:/b']), ('PATH', [u'~x/bin']),
    ('GODEBUG', [u'']), ('GODEBUG', [u'a,b']), ('GODEBUG', u'a,,b'),
    ('GOFLAGS', u'mod=mod'), ('GOFLAGS', u"'-a"), ('GOFLAGS', [u'']), ('GOFLAGS', [u'-x=\'"']),
])
def test_an_entry_that_would_not_be_one_is_refused(error_of, name, option):
    assert error_of(text_of, name, option).code == 'invalid_entry'


@pytest.mark.parametrize(('value', 'size'), [
    (0, 0), (u'0', 0), (u'5', 5), (u'5B', 5), (u'1K', 1024), (u'1 KiB', 1024), (u'3M', 3 * 2 ** 20), (u'2GiB', 2 ** 31), (u'1T', 2 ** 40),
    (2 ** 63 - 1, 2 ** 63 - 1),
])
def test_a_size_is_a_number_of_bytes(value, size):
    assert environment_sizes.parse(value, 'A') == size


@pytest.mark.parametrize('value', [
    u'', u'G', u'1GB', u'1.5G', u'-1', u'1g', u'1G ', u'1G\n', u'1 GiB x', u'1GiBiB', True, 1.5, 2 ** 63, u'8388608T', [], u'1Bi',
])
def test_an_invalid_size_is_refused(error_of, value):
    assert error_of(environment_sizes.parse, value, 'A').code == 'invalid_size'


@pytest.mark.parametrize(('size', 'go', 'systemd', 'docker'), [
    (0, '0', '0', '0'), (1, '1', '1', '1'), (1024, '1KiB', '1K', '1k'), (1536, '1536', '1536', '1536'), (2 ** 30, '1GiB', '1G', '1g'),
    (3 * 2 ** 29, '1536MiB', '1536M', '1536m'), (2 ** 40, '1TiB', '1T', '1024g'), (2 ** 50, '1024TiB', '1024T', '1048576g'),
])
def test_a_size_is_written_as_its_reader_takes_it(size, go, systemd, docker):
    assert [environment_sizes.render(size, unit) for unit in ('bytes', 'go', 'systemd', 'docker')] == ['%d' % size, go, systemd, docker]


# ---- layers


def test_an_upper_layer_overrides_a_lower_one():
    assert by_name({'A': u'1', 'B': u'2'}, {'A': u'3'}) == {'A': '3', 'B': '2'}


def test_null_in_an_upper_layer_takes_a_variable_away():
    assert by_name({'A': u'1', 'B': u'2'}, {'A': None}) == {'B': '2'}


def test_lists_are_joined_the_upper_ones_entries_first():
    assert by_name({'PATH': [u'/a', u'/b']}, {'PATH': [u'/c', u'/b']}) == {'PATH': '/c:/b:/a'}


@pytest.mark.parametrize('option', [{'value': []}, []])
@pytest.mark.parametrize('name', ['PATH', 'GOPATH', 'LD_LIBRARY_PATH', 'GODEBUG', 'GOPRIVATE', 'GOFLAGS'])
def test_an_empty_list_adds_nothing_and_takes_nothing_away(name, option):
    entry = {'GOFLAGS': u'-v', 'GODEBUG': u'a=b'}.get(name, u'/a')
    assert by_name({name: option}) == by_name(secrets={name: option}) == by_name({name: option}, {name: option}) == {}
    assert by_name({name: [entry]}, {name: option}) == by_name({name: option}, {name: [entry]}) == {name: entry}
    preset = environment.variables_of([{name: [entry]}], {})
    assert by_name({name: option}, presets=preset) == {name: entry}


@pytest.mark.parametrize('kind', sorted(environment.SEPARATORS))
def test_an_empty_list_of_a_type_adds_nothing(kind):
    assert by_name({'A': {'type': kind, 'value': []}}) == {}


def test_empty_values_are_removed_from_a_layer():
    layer = {'A': u'', 'B': [], 'C': {'value': u''}, 'D': False, 'E': 0, 'F': u'x', 'G': None}
    assert sorted(environment.without_empty(layer)) == ['D', 'E', 'F', 'G']


def test_godebug_and_goflags_are_merged_setting_by_setting():
    lower = {'GODEBUG': u'netdns=cgo,gctrace=1', 'GOFLAGS': u'-mod=vendor -v -ldflags=a=-s'}
    upper = {'GODEBUG': u'netdns=go,http2client=0', 'GOFLAGS': u'--mod=mod -ldflags=b=-w'}
    assert by_name(lower, upper) == {'GODEBUG': 'gctrace=1,netdns=go,http2client=0', 'GOFLAGS': '-v -ldflags=a=-s --mod=mod -ldflags=b=-w'}


def test_a_variable_overrides_a_preset():
    preset = environment.Variable('GODEBUG', 'comma_list', [u'netdns=go', u'http2client=0'], 'bytes', False, ())
    assert by_name({'GODEBUG': u'netdns=cgo'}, presets=[preset]) == {'GODEBUG': 'http2client=0,netdns=cgo'}
    assert by_name(presets=[preset]) == {'GODEBUG': 'netdns=go,http2client=0'}


def test_a_secret_is_marked_and_must_not_be_among_the_other_variables(error_of):
    assert [variable.secret for variable in environment.variables_of([{'A': u'1'}], {'B': u'2'})] == [False, True]
    error = error_of(environment.variables_of, [{'A': u'hidden'}], {'A': u'hidden'})
    assert (error.code, 'hidden' in error.msg) == ('invalid_variable', False)


@pytest.mark.parametrize('entries', [[u'-a'], [u'-a b', u'-c'], [u"-x='", u'-y="'], [u'-x=a\tb', u"'-q"], [u'"q"']])
def test_flags_are_split_as_they_were_joined(entries):
    joined = u' '.join(environment_flags.quoted(entry) for entry in entries)
    assert environment_values.split_flags('A', joined) == entries
