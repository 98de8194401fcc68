# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._environment import go_values as environment_go
from ansible_collections.gofleet.golang.plugins.module_utils._environment import model as environment
from ansible_collections.gofleet.golang.plugins.module_utils._environment import words as environment_words

# tests/properties asks a real go of many more values; here stands what is said of them.


def reason_of(name, value):
    [variable] = environment.variables_of([{name: value}], {})
    return environment_go.refusal(variable)


@pytest.mark.parametrize(('name', 'value', 'said'), [
    ('GOTOOLCHAIN', u'1.26.6', 'go1.26.6'), ('GOTOOLCHAIN', u'latest', 'auto'), ('GOTOOLCHAIN', u'Local', 'lower case'),
    ('GOBIN', u'~/bin', 'absolute'), ('GOCACHE', u'cache', 'absolute'), ('GOPATH', {'type': 'string', 'value': u'~/go'}, 'absolute'),
    ('GOPRIVATE', [u'https://git.example.com'], 'git.example.com'), ('GOPROXY', u'proxy', 'direct'), ('GOPROXY', u'ftp://x', 'https'),
    ('GOPROXY', u'http://[:1]:8080/x', 'IPv6'), ('GOPROXY', u'http://[1.2.3.4]/', 'IPv6'), ('GOPROXY', u'http://[::1%25]/', 'IPv6'),
    ('GOPROXY', u'file:/srv/proxy', 'file:///FOLDER'), ('GOPROXY', u'https://a.example|file:/go//srv/proxy', 'entry 2 must be file:///FOLDER'),
    ('GOSUMDB', u'sum.example.com', 'NAME+HASH+KEY'), ('GOFLAGS', u"-ldflags='-s -w'", 'quote the whole flag'),
    ('GOFLAGS', [u"-ldflags='-s -w'"], 'in a list nothing'), ('GOFLAGS', [u'-trimpaht'], 'did you mean -trimpath?'), ('GOFLAGS', [u'-mod'], '-mod=VALUE'),
    ('GOARCH', u'x86_64', 'amd64'), ('CC', u'bin/gcc', 'absolute path'), ('CC', u"'' gcc", 'the name of a program'),
    ('GOMEMLIMIT', {'type': 'string', 'value': u'1G'}, 'GiB'),
])
def test_a_value_that_go_refuses_is_refused_with_what_to_write(name, value, said):
    assert said in reason_of(name, value)


@pytest.mark.parametrize(('name', 'value'), [
    ('GOPATH', [u'~/go']), ('GOFLAGS', [u'-ldflags=-s -w', u'-trimpath']), ('GOFLAGS', {'type': 'string', 'value': u'-newer=x'}),
    ('GOTOOLCHAIN', u'go1.26.6+auto'),
    ('GOPROXY', u'https://user:pw@a.example/x|direct'), ('GOPROXY', u'file:///srv/proxy,FILE:////srv/proxy'), ('GOSUMDB', u'off'), ('GOMEMLIMIT', u'1G'),
    ('GOPROXY', u'http://[::ffff:1.2.3.4]:8080/x'), ('GOPROXY', u'http://[fe80::1%25eth0]/'), ('GOPROXY', u''), ('A', u'https://'), ('GOEXPERIMENT', u'new'),
])
def test_a_value_that_go_takes_is_taken(name, value):
    assert reason_of(name, value) is None


def test_every_refusal_is_in_one_error_and_none_shows_a_value(error_of):
    variables = environment.variables_of([{'GOBIN': u'hidden', 'GOFLAGS': u'-hid1den', 'A': u'x'}], {'GOPROXY': u'https://u:hidden\u2028 @x'})
    error = error_of(environment_go.check, [variables])
    assert (error.code, [each['variable'] for each in error.evidence['refused']]) == ('invalid_go_value', ['GOBIN', 'GOFLAGS', 'GOPROXY'])
    assert 'hid' not in error.msg


def test_a_port_that_go_does_not_have_is_refused(error_of):
    error = error_of(environment_go.check, [environment.variables_of([{'GOOS': u'darwin', 'GOARCH': u'386'}], {})])
    assert [each['variable'] for each in error.evidence['refused']] == ['GOARCH']
    assert environment_go.check([environment.variables_of([{'GOOS': u'windows', 'GOARCH': u'386'}], {})]) is None


# ---- words that YAML takes for something else


@pytest.mark.parametrize(('name', 'value', 'text'), [
    ('GO111MODULE', True, u'on'), ('GO111MODULE', False, u'off'), ('GOAUTH', False, u'off'), ('GOENV', False, u'off'), ('GOFIPS140', False, u'off'),
    ('GOGC', False, u'off'), ('GOMEMLIMIT', False, u'off'), ('GOPROXY', False, u'off'), ('GOSUMDB', False, u'off'), ('GOWORK', False, u'off'),
])
def test_a_boolean_is_the_one_word_that_it_can_have_been(name, value, text):
    assert [variable.text for variable in environment.variables_of([{name: value}], {})] == [text]
    assert reason_of(name, value) is None


@pytest.mark.parametrize(('name', 'value', 'shown'), [
    ('GOPROXY', True, 'GOPROXY: "on"'), ('GOTOOLCHAIN', False, 'GOTOOLCHAIN: "off"'), ('GOTOOLCHAIN', 1.2, 'GOTOOLCHAIN: "1.20"'), ('A', False, 'A: "off"'),
    ('GOFLAGS', False, 'GOFLAGS: "off"'), ('GODEBUG', [True], 'GODEBUG: "on"'),
])
def test_a_word_that_is_lost_is_refused_with_its_quotes(error_of, name, value, shown):
    error = error_of(environment.variables_of, [{name: value}], {})
    assert (error.code, shown in error.msg) == ('ambiguous_value', True)


@pytest.mark.parametrize('value', [True, False, 1.2, [u'x']])
@pytest.mark.parametrize('option', environment_words.OPTIONS)
def test_an_option_that_is_no_text_is_refused(error_of, option, value):
    given = dict.fromkeys(('name', 'owner', 'group', 'mode', 'goroot', 'bin_dir'))
    assert error_of(environment_words.settled, dict(given, **{option: value})).evidence['variable'] == option


def test_an_empty_option_is_one_that_is_not_given():
    given = {'name': u'e', 'owner': u'', 'group': 1000, 'mode': u'', 'goroot': u'', 'bin_dir': u''}
    assert environment_words.settled(given) == {'name': 'e', 'owner': None, 'group': '1000', 'mode': None, 'goroot': None, 'bin_dir': None}
