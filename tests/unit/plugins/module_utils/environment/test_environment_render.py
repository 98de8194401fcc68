# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._environment import consumers as environment_consumers
from ansible_collections.gofleet.golang.plugins.module_utils._environment import model as environment
from ansible_collections.gofleet.golang.plugins.module_utils._environment import names as environment_names
from ansible_collections.gofleet.golang.plugins.module_utils._environment import render as environment_render
from ansible_collections.gofleet.golang.plugins.module_utils._environment.render import Setting

EVERYBODYS = Setting(home=None, control_characters=False)
ONES_OWN = Setting(home=u'/home/u', control_characters=False)


def lines(consumer, setting=EVERYBODYS, secrets=None, **variables):
    text = environment_render.rendered('e', environment.variables_of([variables], secrets or {}), consumer, setting).decode('utf-8')
    return text.split(u'\n')[2:-1]


@pytest.mark.parametrize('consumer', environment_consumers.NAMES)
def test_the_first_line_names_the_environment_and_the_consumer(consumer):
    content = environment_render.rendered('shop', environment.variables_of([{'GOPROXY': u'off'}], {}), consumer, EVERYBODYS)
    assert content.partition(b'\n')[0].decode('ascii') == environment_render.marker('shop', consumer) == '# gofleet.golang environment shop for ' + consumer


# The grammars themselves are proven by the consumers' parsers, in tests/properties; here stands what was decided.


@pytest.mark.parametrize(('consumer', 'expected'), [
    ('login_shell', ["A='a '\\''$\"\\'", 'export A']), ('openrc', ["A='a '\\''$\"\\'", 'export A']), ('fish', ["set -gx A 'a \\'$\"\\\\'"]),
    ('user_manager', ['A="a \'$$\\"\\\\"']), ('service', ['A="a \'\\$\\"\\\\"']), ('container', ['A=a \'$"\\']),
])
def test_a_string_is_quoted_in_the_language_of_its_reader(consumer, expected):
    assert lines(consumer, A=u'a \'$"\\') == expected


@pytest.mark.parametrize('consumer', ['service', 'container'])
def test_where_nothing_can_be_added_to_path_keeps_the_folders_of_the_system(consumer):
    [line] = lines(consumer, PATH=[u'/opt/x', u'/usr/bin'])
    assert line.replace('"', '') == 'PATH=/opt/x:/usr/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/sbin:/bin'


@pytest.mark.parametrize('consumer', ['service', 'container'])
def test_where_nothing_can_be_added_to_other_lists_are_whole(consumer):
    assert [line.replace('"', '') for line in lines(consumer, GOPATH=[u'/a', u'/b'], GOPRIVATE=[u'x', u'y'])] == ['GOPATH=/a:/b', 'GOPRIVATE=x,y']


def test_a_user_manager_adds_to_what_it_has_and_to_nothing_without_a_separator():
    assert lines('user_manager', PATH=[u'~/a', u'/b$']) == ['PATH="$HOME/a:/b$$${PATH:+:$PATH}"']


@pytest.mark.parametrize('consumer', ['service', 'openrc', 'container', 'go_command'])
def test_a_file_for_all_users_cannot_contain_a_home_folder(error_of, consumer):
    error = error_of(lines, consumer, GOPATH=[u'~/go'])
    assert (error.code, [each['code'] for each in error.evidence['refused']]) == ('unrepresentable', ['no_home'])
    assert any('/home/u/go' in line for line in lines(consumer, ONES_OWN, GOPATH=[u'~/go']))


def test_an_empty_list_is_an_empty_value():
    assert lines('login_shell', GOPRIVATE=u'') == ["GOPRIVATE=''", 'export GOPRIVATE']
    assert lines('fish', GOPRIVATE=u'') == ["set -gx GOPRIVATE ''"]


def test_a_size_is_written_in_the_unit_of_its_variable():
    assert lines('service', GOMEMLIMIT=u'1G', MAX=dict(type='size', value=u'1GiB', unit='systemd'), RAW=dict(type='size', value=u'1K')) == [
        'GOMEMLIMIT="1GiB"', 'MAX="1G"', 'RAW="1024"']


def test_secrets_come_last_behind_a_line_that_says_so():
    assert lines('container', secrets={'A': u'hidden'}, B=u'open') == ['B=open', '# What follows is secret.', 'A=hidden']


def test_a_variable_goes_to_the_consumers_that_it_names():
    option = {'value': u'', 'consumers': ['container']}
    assert (lines('container', A=option, B=u'b'), lines('user_manager', A=option, B=u'b')) == (['A=', 'B=b'], ['B="b"'])


@pytest.mark.parametrize(('consumer', 'name', 'value', 'code'), [
    ('login_shell', 'UID', u'1', 'reserved_name'), ('login_shell', 'path', u'/x', 'reserved_name'), ('login_shell', 'BASH_X', u'1', 'reserved_name'),
    ('login_shell', 'HISTSIZE', u'many', 'not_a_number'), ('openrc', 'command', u'x', 'reserved_name'), ('openrc', 'RC_X', u'x', 'reserved_name'),
    ('openrc', 'UID', u'1', 'reserved_name'), ('fish', 'status', u'1', 'reserved_name'), ('fish', 'GOFLAGS', [u'-x=a\nb'], 'newline'),
    ('user_manager', 'A', u'', 'empty'), ('user_manager', 'A', u'a\tb', 'control_character'), ('user_manager', 'A', u'a\x7f', 'control_character'),
    ('service', 'A', u'a\nb', 'control_character'), ('service', 'A', u'a\x1b', 'control_character'),
    ('container', 'A', u'a\nb', 'newline'), ('container', 'A', u'a\r', 'carriage_return'), ('container', 'A', u'x' * 65534, 'too_long'),
    ('go_command', 'PATH', u'/x', 'not_a_go_setting'), ('go_command', 'GODEBUG', u'x', 'not_a_go_setting'), ('go_command', 'GOPROXY', u'', 'empty'),
    ('go_command', 'GOPROXY', u'a\rb', 'control_character'),
])
def test_a_value_that_a_consumer_cannot_read_is_refused_with_the_reason(error_of, consumer, name, value, code):
    error = error_of(lines, consumer, **{name: value})
    assert error.code == 'unrepresentable'
    [refusal] = error.evidence['refused']
    assert (refusal['variable'], refusal['consumer'], refusal['code']) == (name, consumer, code)
    assert refusal['reason'] in error.msg
    assert 'Nothing was changed' in error.msg or 'nothing was changed' in error.msg


@pytest.mark.parametrize(('consumer', 'name', 'value'), [
    ('login_shell', 'A', u'a\n\x01\x7f'), ('login_shell', 'HISTSIZE', u'10'), ('login_shell', 'http_proxy', u'x'), ('login_shell', 'LANG', u'C'),
    ('fish', 'A', u'a\nb'), ('service', 'A', u'a\tb'), ('service', 'A', u''), ('container', 'A', u''), ('container', 'A', u'x' * 65533),
    ('container', 'A', u'\ra\t'), ('service', 'UID', u'1'), ('user_manager', 'path', u'/x'),
])
def test_a_value_that_a_consumer_can_read_is_not_refused(consumer, name, value):
    assert lines(consumer, **{name: value})


def test_a_newer_systemd_accepts_control_characters():
    [variable] = environment.variables_of([{'A': u'a\nb\x1b'}], {})
    assert environment_render.refused(variable, 'service', Setting(None, True)) is None


def test_a_secret_is_nothing_for_go_env_and_no_reason_shows_it(error_of):
    variables = environment.variables_of([], {'GOPROXY': u'https://u:hidden\n@x'})
    error = error_of(environment_render.check, [(variables[0], consumer) for consumer in ('go_command', 'container', 'service')], EVERYBODYS)
    assert [each['code'] for each in error.evidence['refused']] == ['secret_for_everybody', 'newline', 'control_character']
    assert 'hidden' not in error.msg + repr(error.evidence)


def test_every_setting_of_the_go_command_but_those_of_the_process_can_be_a_default():
    assert not environment_names.GO_SETTINGS & {'GOROOT', 'GODEBUG', 'GOENV', 'GOMEMLIMIT', 'GOEXE', 'GOVERSION', 'GOTOOLDIR'}
    assert {'GOPROXY', 'GOSUMDB', 'GONOSUMDB', 'GOPRIVATE', 'GOTOOLCHAIN', 'GOFLAGS', 'GOPATH', 'GOBIN', 'CGO_ENABLED'} <= environment_names.GO_SETTINGS
