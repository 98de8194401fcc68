# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The text of an environment for each of its consumers, and what a consumer's own parser cannot be told.

Each grammar was run against the parsers themselves (tests/properties): dash, bash, BusyBox ash, mksh, ksh93, zsh and fish; systemd 219 to 257; OpenRC; docker.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re
from collections import namedtuple

from ansible_collections.gofleet.golang.plugins.module_utils._environment import names
from ansible_collections.gofleet.golang.plugins.module_utils._environment.model import is_for
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError

# What a process gets for PATH where a file can't add to what is there: systemd's own default, and docker's.
SYSTEM_PATH = [u'/usr/local/sbin', u'/usr/local/bin', u'/usr/sbin', u'/usr/bin', u'/sbin', u'/bin']

# Facts of the host that decide what can be rendered. home: of the user whose files they are (text), or None where they are for every user;
# control_characters: whether its systemd takes them in an EnvironmentFile.
Setting = namedtuple('Setting', 'home control_characters')
Refusal = namedtuple('Refusal', 'variable consumer code reason')

_CONTROLS = re.compile(u'[\x01-\x1f\x7f]')
_CONTROLS_BUT_TAB = re.compile(u'[\x01-\x08\x0a-\x1f\x7f]')
# bufio.Scanner's longest line, by which docker reads its file, with the end of the line.
_DOCKER_LINE = 65536


def marker(name, consumer):
    """The first line of a file of ours: whose it is. Nothing without it is ever touched."""
    return u'# gofleet.golang environment %s for %s' % (name, consumer)


def rendered(name, variables, consumer, setting):
    """The whole file for a consumer, as UTF-8. The secrets come last, after SECRETS, so that a diff can end before them.

    Raises GofleetError(unrepresentable), whose evidence lists each refusal.
    """
    own = [variable for variable in variables if is_for(variable, consumer)]
    check([(variable, consumer) for variable in own], setting)
    parts = [marker(name, consumer) + u'\n# Written by Ansible: what is changed here is lost at its next run.\n']
    parts += [_RENDERERS[consumer](variable, setting) for variable in own if not variable.secret]
    if any(variable.secret for variable in own):
        parts += [SECRETS] + [_RENDERERS[consumer](variable, setting) for variable in own if variable.secret]
    return u''.join(parts).encode('utf-8')


# Comments of every consumer's language; fixed, so that a file can be cut here.
SECRETS = u'# What follows is secret.\n'


def check(told, setting):
    """Raise GofleetError(unrepresentable), with every refusal, unless each variable can be told to its consumer.

    told: (Variable, consumer) pairs.
    """
    refusals = [refusal for refusal in (refused(variable, consumer, setting) for variable, consumer in told) if refusal]
    if refusals:
        raise GofleetError(
            'Not every consumer can be told these values, so nothing was changed: %s. Change the value, or name the consumers of the variable '
            'by its own key "consumers".' % '; '.join('%s for %s: %s' % (each.variable, each.consumer, each.reason) for each in refusals),
            'unrepresentable', refused=[dict(each._asdict()) for each in refusals])


def refused(variable, consumer, setting):
    """Why a consumer cannot be told a variable, as a Refusal, or None. No reason holds a value."""
    reasons = list(_of_everyone(variable, consumer, setting)) + list(_VALUE_REASONS[consumer](variable, setting))
    return Refusal(variable.name, consumer, *reasons[0]) if reasons else None


def _of_everyone(variable, consumer, setting):
    owner = names.owner(variable.name, consumer)
    if owner:
        yield 'reserved_name', '%s keeps this name for itself' % owner
    if consumer in _STATIC and setting.home is None and variable.type == 'path_list' and any(entry.startswith(u'~') for entry in variable.value):
        yield 'no_home', 'its file is of no user, so that ~ means nothing in it'


def _of_shell(variable, setting):
    if variable.name in names.SHELL_NUMBERS and not re.match(u'[0-9]+\\Z', variable.text):
        yield 'not_a_number', 'to a shell this variable is a number'


def _of_fish(variable, setting):
    if variable.is_list and u'\n' in variable.text:
        yield 'newline', "fish splits what a command prints at newlines, and lists are made of that"


def _of_user_manager(variable, setting):
    if not variable.text:
        yield 'empty', 'environment.d(5) takes no empty value: the line is ignored'
    if _CONTROLS.search(variable.text):
        yield 'control_character', "systemd's environment generator gives a tab, a newline and other control characters on as C escapes"


def _of_service(variable, setting):
    if not setting.control_characters and _CONTROLS_BUT_TAB.search(variable.text):
        yield 'control_character', 'systemd before 247 drops a variable that holds a newline or another control character, but for a tab'


def _of_container(variable, setting):
    text = variable.text
    if u'\n' in text:
        yield 'newline', "docker's file has one line a variable and no way to quote"
    if text.endswith(u'\r'):
        yield 'carriage_return', 'docker takes a carriage return at the end of a line for a part of its end'
    if len((u'%s=%s' % (variable.name, text)).encode('utf-8')) >= _DOCKER_LINE:
        yield 'too_long', 'docker reads lines of less than 64 KiB'


def _of_go_command(variable, setting):
    if variable.name not in names.GO_SETTINGS:
        yield 'not_a_go_setting', 'the go command reads this from the environment alone'
    if variable.secret:
        yield 'secret_for_everybody', 'everybody who builds has to be able to read go.env'
    if not variable.text:
        yield 'empty', 'an empty value in go.env is no value'
    if _CONTROLS.search(variable.text):
        yield 'control_character', 'go.env has one line a setting and no way to quote'


_VALUE_REASONS = {'login_shell': _of_shell, 'openrc': _of_shell, 'fish': _of_fish, 'user_manager': _of_user_manager, 'service': _of_service,
                  'container': _of_container, 'go_command': _of_go_command}
# Consumers whose file cannot ask for the home of whoever reads it.
_STATIC = ('service', 'openrc', 'container', 'go_command')


# ---- shells


def shell_quoted(text):
    """A word of any POSIX shell, and of zsh and ksh, for this text. There is no escape within single quotes (XCU 2.2.2)."""
    return u"'%s'" % text.replace(u"'", u"'\\''")


def _shell_entry(entry):
    return u'"${HOME-}"' + shell_quoted(entry[1:]) if entry.startswith(u'~/') else shell_quoted(entry)


# Each entry is taken out of the list wherever it stands and put at the front, so that sourcing the file once more changes nothing, and what stood
# behind something else before has its place now. No program is started, no word is split, and no empty entry comes to be:
# in PATH that would be the current folder.
_SHELL_LIST = u'''_gofleet_list={sep}${{{name}:+"${{{name}}}"{sep}}}
for _gofleet_entry in {entries}; do
  while :; do
    case ${{_gofleet_list}} in
      *{sep}"${{_gofleet_entry}}"{sep}*)
        _gofleet_list=${{_gofleet_list%%{sep}"${{_gofleet_entry}}"{sep}*}}{sep}${{_gofleet_list#*{sep}"${{_gofleet_entry}}"{sep}}} ;;
      *) break ;;
    esac
  done
  _gofleet_list={sep}${{_gofleet_entry}}${{_gofleet_list}}
done
_gofleet_list=${{_gofleet_list#{sep}}}
{name}=${{_gofleet_list%{sep}}}
unset _gofleet_list _gofleet_entry
'''


def _for_shell(variable, setting):
    if variable.is_list and variable.entries:
        text = _SHELL_LIST.format(name=variable.name, sep=shell_quoted(variable.separator),
                                  entries=u' '.join(_expanded(entry, variable, setting, _shell_entry, shell_quoted) for entry in reversed(variable.entries)))
    else:
        text = u'%s=%s\n' % (variable.name, shell_quoted(variable.text))
    # On a line of its own: `export NAME=value` splits the value in old shells.
    return text + u'export %s\n' % variable.name


def _expanded(entry, variable, setting, with_home, quoted):
    """A list's entry, ~ by the home that is known, or as the consumer itself can ask for it."""
    if variable.type != 'path_list':
        return quoted(entry)
    return with_home(_at_home(entry, setting))


def _at_home(entry, setting):
    return setting.home + entry[1:] if setting.home is not None and entry.startswith(u'~/') else entry


def fish_quoted(text):
    """A word of fish for this text: within single quotes, a backslash escapes itself and the quote."""
    return u"'%s'" % text.replace(u'\\', u'\\\\').replace(u"'", u"\\'")


def _fish_entry(entry):
    return u'"$HOME"' + fish_quoted(entry[1:]) if entry.startswith(u'~/') else fish_quoted(entry)


# The same as in other shells. fish 2 knows three lists by name, fish 3 takes every name that ends in PATH for one: joining and splitting serves both.
_FISH_LIST = u'''begin
    set -l gofleet_list (string join -- {sep} ${name})
    test -n "$gofleet_list"; and set gofleet_list {sep}"$gofleet_list"{sep}; or set gofleet_list {sep}
    for gofleet_entry in {entries}
        while true
            set -l gofleet_rest (string replace -- {sep}"$gofleet_entry"{sep} {sep} "$gofleet_list")
            test "$gofleet_rest" = "$gofleet_list"; and break
            set gofleet_list "$gofleet_rest"
        end
        set gofleet_list {sep}"$gofleet_entry$gofleet_list"
    end
    set -gx {name} {value}
end
'''


def _for_fish(variable, setting):
    if not variable.is_list or not variable.entries:
        return u'set -gx %s %s\n' % (variable.name, fish_quoted(variable.text))
    separator = fish_quoted(variable.separator)
    # The separators at both ends are cut off; PATH is set as the list that every fish takes it for.
    value = u'(string sub -s 2 -l (math (string length -- "$gofleet_list") - 2) -- "$gofleet_list"%s)' % (
        u' | string split -- %s' % separator if variable.name == 'PATH' else u'')
    entries = [_expanded(entry, variable, setting, _fish_entry, fish_quoted) for entry in reversed(variable.entries)]
    return _FISH_LIST.format(name=variable.name, sep=separator, entries=u' '.join(entries), value=value)


# ---- systemd


def systemd_quoted(text):
    """A value of an EnvironmentFile that reads the same in systemd 219 to 257, and in a shell.

    Within double quotes; within single ones a backslash changed its meaning at 241.
    """
    return u'"%s"' % re.sub(u'(["\\\\`$])', u'\\\\\\1', text)


def _environment_d_quoted(text):
    # $ is expanded after the quotes are gone, and only by itself is it escaped then.
    return re.sub(u'(["\\\\`])', u'\\\\\\1', text).replace(u'$', u'$$')


def _environment_d_entry(entry):
    # Without braces: systemd 247 does not end a ${X:+...} that comes after a ${Y} in one value.
    return u'$HOME' + _environment_d_quoted(entry[1:]) if entry.startswith(u'~/') else _environment_d_quoted(entry)


def _for_user_manager(variable, setting):
    if not variable.is_list:
        return u'%s="%s"\n' % (variable.name, _environment_d_quoted(variable.text))
    entries = [_expanded(entry, variable, setting, _environment_d_entry, _environment_d_quoted) for entry in variable.entries]
    joined = variable.separator.join(entries)
    return u'{0}="{1}${{{0}:+{2}${0}}}"\n'.format(variable.name, joined, variable.separator)


def static_text(variable, setting):
    """The whole value where a file cannot add to what its reader has: PATH keeps the system's folders."""
    if variable.type != 'path_list':
        return variable.text
    entries = [_at_home(entry, setting) for entry in variable.value]
    if variable.name == 'PATH':
        entries += [entry for entry in SYSTEM_PATH if entry not in entries]
    return u':'.join(entries)


def _for_service(variable, setting):
    return u'%s=%s\n' % (variable.name, systemd_quoted(static_text(variable, setting)))


def _for_line(variable, setting):
    return u'%s=%s\n' % (variable.name, static_text(variable, setting))


_RENDERERS = {'login_shell': _for_shell, 'openrc': _for_shell, 'fish': _for_fish, 'user_manager': _for_user_manager, 'service': _for_service,
              'container': _for_line, 'go_command': _for_line}
