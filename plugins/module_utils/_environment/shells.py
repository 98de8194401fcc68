# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Render files for login shells, OpenRC services and fish; renderers and refusals as in lines.py."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ansible_collections.gofleet.golang.plugins.module_utils._environment import lines, names

# ---- POSIX shells


def shell_quoted(text):
    """This text as a word for any POSIX shell, zsh or ksh. Single quotes contain no escapes (XCU 2.2.2)."""
    return u"'%s'" % text.replace(u"'", u"'\\''")


# Each entry is removed from the list and put in front, so that sourcing the file again changes nothing and an entry that was
# further back moves to its place. No program is started, no word is split, and no empty entry is created: in PATH that would be the current folder.
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


def for_shell(variable, setting):
    if variable.is_list and variable.entries:
        entries = [lines.quoted_entry(entry, variable, setting, u'"${HOME-}"', shell_quoted) for entry in reversed(variable.entries)]
        text = _SHELL_LIST.format(name=variable.name, sep=shell_quoted(variable.separator), entries=u' '.join(entries))
    else:
        text = u'%s=%s\n' % (variable.name, shell_quoted(variable.text))
    # On a separate line: `export NAME=value` splits the value in old shells.
    return text + u'export %s\n' % variable.name


def refused_by_shell(variable, setting):
    if variable.name in names.SHELL_NUMBERS and not re.match(u'[0-9]+\\Z', variable.text):
        yield 'not_a_number', 'shells require a number in this variable'


# ---- fish


def fish_quoted(text):
    """This text as a word for fish: within single quotes a backslash escapes itself and the quote."""
    return u"'%s'" % text.replace(u'\\', u'\\\\').replace(u"'", u"\\'")


# As in other shells. fish 2 treats three variables as lists, fish 3 every name that ends in PATH: joining and splitting
# works in both.
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


def for_fish(variable, setting):
    if not variable.is_list or not variable.entries:
        return u'set -gx %s %s\n' % (variable.name, fish_quoted(variable.text))
    separator = fish_quoted(variable.separator)
    # The separators at both ends are removed; PATH is set as a list, because every fish treats it as one.
    value = u'(string sub -s 2 -l (math (string length -- "$gofleet_list") - 2) -- "$gofleet_list"%s)' % (
        u' | string split -- %s' % separator if variable.name == 'PATH' else u'')
    entries = [lines.quoted_entry(entry, variable, setting, u'"$HOME"', fish_quoted) for entry in reversed(variable.entries)]
    return _FISH_LIST.format(name=variable.name, sep=separator, entries=u' '.join(entries), value=value)


def refused_by_fish(variable, setting):
    if variable.is_list and u'\n' in variable.text:
        yield 'newline', 'fish splits the output of a command at newlines, and lists are built from such output'
