# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Render files with one NAME=value per line and no quoting (containers, go.env), and functions that all renderers share.

A renderer takes (variable, setting) and returns the lines for one Variable; a refusal function takes the same and yields (code, reason) for
each reason why the consumer cannot read the value. Reasons never contain the value. setting: render.Setting.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ansible_collections.gofleet.golang.plugins.module_utils._environment import names

# PATH of a process if a file cannot extend an existing value: the default of systemd and of docker.
SYSTEM_PATH = [u'/usr/local/sbin', u'/usr/local/bin', u'/usr/sbin', u'/usr/bin', u'/sbin', u'/bin']
# The control characters of ASCII; a tab is one of them.
CONTROLS = re.compile(u'[\x00-\x1f\x7f]')
# The longest line, with its end, of bufio.Scanner, with which docker reads the file.
_DOCKER_LINE = 65536


def has_controls_but_tab(text):
    return bool(CONTROLS.search(text.replace(u'\t', u'')))


def at_home(entry, setting):
    """An entry with ~ replaced by the home folder, if the file belongs to one user."""
    return setting.home + entry[1:] if setting.home is not None and entry.startswith(u'~/') else entry


def quoted_entry(entry, variable, setting, home, quoted):
    """An entry of a list, quoted for its consumer.

    home: the home folder of the reading user in the consumer's language, for entries of a path_list that begin with ~/;
    quoted: the function that quotes a text.
    """
    if variable.type == 'path_list':
        entry = at_home(entry, setting)
        if entry.startswith(u'~/'):
            return home + quoted(entry[1:])
    return quoted(entry)


def static_text(variable, setting):
    """The complete value, for files that cannot extend an existing value; PATH keeps the system's folders."""
    if variable.type != 'path_list':
        return variable.text
    entries = [at_home(entry, setting) for entry in variable.value]
    if variable.name == 'PATH':
        entries += [entry for entry in SYSTEM_PATH if entry not in entries]
    return u':'.join(entries)


def line(variable, setting):
    """The renderer of both formats: one line for each variable."""
    return u'%s=%s\n' % (variable.name, static_text(variable, setting))


def refused_by_docker(variable, setting):
    text = variable.text
    if u'\n' in text:
        yield 'newline', "docker's file has one variable per line and no quoting"
    if text.endswith(u'\r'):
        yield 'carriage_return', 'docker treats a carriage return at the end of a line as part of the line ending'
    if len((u'%s=%s' % (variable.name, text)).encode('utf-8')) >= _DOCKER_LINE:
        yield 'too_long', 'docker reads lines of less than 64 KiB'


def refused_by_go_env(variable, setting):
    if variable.name not in names.GO_SETTINGS:
        yield 'not_a_go_setting', 'the go command reads this variable from the process environment only'
    if variable.secret:
        yield 'secret_for_everybody', 'every user who builds must be able to read go.env'
    if not variable.text:
        yield 'empty', 'go.env ignores an empty value'
    if CONTROLS.search(variable.text):
        yield 'control_character', 'go.env has one setting per line and no quoting'
