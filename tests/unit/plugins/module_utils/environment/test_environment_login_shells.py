# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._environment import login_shells as environment_shells
from ansible_collections.gofleet.golang.plugins.module_utils._environment import startup as environment_startup
from ansible_collections.gofleet.golang.plugins.module_utils._environment.login_shells import User

# Logins by the shells themselves are in tests/properties; here stands what was decided.

VARIABLES = {u'HOME': u'/home/u'}


def user(tmpdir, shell):
    return User(str(tmpdir), shell)


def login(tmpdir, shell):
    return environment_shells.observe(user(tmpdir, shell))


@pytest.mark.parametrize(('shell', 'there', 'expected'), [
    ('/bin/bash', [], '.profile'), ('/bin/bash', ['.profile', '.bash_profile'], '.bash_profile'), ('/bin/bash', ['.profile', '.bash_login'], '.bash_login'),
    ('/bin/bash', ['.bashrc', '.zprofile'], '.profile'), ('/bin/dash', ['.bash_profile'], '.profile'), ('/bin/ash', [], '.profile'),
    ('/usr/bin/zsh', ['.profile', '.zshrc'], '.zprofile'), ('/usr/bin/mksh', [], '.profile'), ('', [], '.profile'), ('/usr/sbin/nologin', [], '.profile'),
])
def test_the_line_belongs_into_the_file_that_the_shell_reads(tmpdir, shell, there, expected):
    for name in there:
        tmpdir.join(name).write('x')
    assert environment_shells.startup_files(user(tmpdir, shell))[1] == str(tmpdir.join(expected))
    assert str(tmpdir.join(expected)) in environment_shells.warning(login(tmpdir, shell), '/f', True, False)


def test_a_folder_or_a_broken_link_is_no_startup_file(tmpdir):
    tmpdir.mkdir('.bash_profile')
    tmpdir.join('.bash_login').mksymlinkto('nowhere')
    assert environment_shells.startup_files(user(tmpdir, '/bin/bash')) == ([], str(tmpdir.join('.profile')))


@pytest.mark.parametrize('shell', ['/bin/tcsh', '/usr/bin/fish', '/usr/bin/nu'])
def test_a_shell_of_another_language_is_named(tmpdir, shell):
    text = environment_shells.warning(login(tmpdir, shell), '/f', True, False)
    assert shell in text
    assert '[ -r' not in text
    assert environment_shells.warning(login(tmpdir, shell), '/f', False, False) is None


@pytest.mark.parametrize(('path', 'line'), [
    ('/home/u/.config/gofleet/e.sh', '[ -r /home/u/.config/gofleet/e.sh ] && . /home/u/.config/gofleet/e.sh'),
    ('/a b/e.sh', "[ -r '/a b/e.sh' ] && . '/a b/e.sh'"),
])
def test_the_line_asks_first_and_quotes_what_has_to_be(path, line):
    assert environment_shells.line_for(path) == line


@pytest.mark.parametrize(('text', 'expected'), [
    (u'. ~/x', [(u'/home/u/x', False)]), (u'. "$HOME/a b"', [(u'/home/u/a b', False)]), (u"source '/a'/b\\ c", [(u'/a/b c', False)]),
    (u'. ${XDG_CONFIG_HOME:-$HOME/.config}/x', [(u'/home/u/.config/x', False)]),
    (u'. "${XDG_CONFIG_HOME:-${HOME}/.config}/x"', [(u'/home/u/.config/x', False)]),
    (u'[ -r /x ] && . /x', [(u'/x', True)]), (u'if [ -r /x ]; then\n. /x\nfi\n. /y', [(u'/x', True), (u'/y', False)]), (u'. /x || true', [(u'/x', False)]),
    (u'# . /x', []),
    (u'true # . /x', []), (u'echo . /x', []), (u'. $UNKNOWN/x', []), (u'. $(echo /x)', []), (u'. /x/*.sh', []), (u'. "~/x"', [(u'~/x', False)]),
    (u'. /a\\\n/b', [(u'/a/b', False)]), (u'.', []), (u'. "unfinished', [(u'unfinished', False)]), (u"'", []), (u'${', []), (u'', []),
    (u'for f in a b; do . /x; done; . /y', [(u'/x', True), (u'/y', False)]),
])
def test_a_startup_file_says_what_it_reads(text, expected):
    assert environment_startup.sourced(text, VARIABLES) == expected


def test_startup_files_that_read_each_other_are_each_read_once(tmpdir):
    tmpdir.join('.profile').write('. ~/.other\n')
    tmpdir.join('.other').write('. ~/.profile\n. ~/.config/gofleet/e.sh\n')
    assert environment_shells.is_sourced(login(tmpdir, '/bin/dash'), str(tmpdir.join('.config', 'gofleet', 'e.sh')))


@pytest.mark.parametrize(('line', 'stays', 'warned'), [
    ('. {0}', True, False), ('. {0}', False, True), ('[ -r {0} ] && . {0}', False, False), ('true', False, False), ('true', True, True),
])
def test_a_line_without_a_condition_is_named_when_the_file_goes(tmpdir, line, stays, warned):
    path = str(tmpdir.join('e.sh'))
    tmpdir.join('.profile').write(line.format(path) + '\n')
    text = environment_shells.warning(login(tmpdir, '/bin/dash'), path, stays, False)
    assert bool(text) == warned
    assert not text or environment_shells.line_for(path) in text
