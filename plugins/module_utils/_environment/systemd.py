# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Render files for systemd: an EnvironmentFile and environment.d; renderers and refusals as in lines.py."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ansible_collections.gofleet.golang.plugins.module_utils._environment import lines


def _escaped(text, characters):
    """A text for double quotes, with a backslash before each of these characters and before backslashes."""
    return re.sub(u'([\\\\%s])' % characters, u'\\\\\\1', text)


def systemd_quoted(text):
    """A value of an EnvironmentFile in a form that systemd 219 to 257 and shells read in the same way.

    It uses double quotes, because the meaning of a backslash in single quotes changed in systemd 241.
    """
    return u'"%s"' % _escaped(text, u'"`$')


def for_service(variable, setting):
    return u'%s=%s\n' % (variable.name, systemd_quoted(lines.static_text(variable, setting)))


def refused_by_service(variable, setting):
    if not setting.control_characters and lines.has_controls_but_tab(variable.text):
        yield 'control_character', 'systemd before 247 drops a variable that contains a newline or another control character, except a tab'


def _environment_d_quoted(text):
    # $ is expanded after the quotes are removed; only another $ escapes it then.
    return _escaped(text, u'"`').replace(u'$', u'$$')


def for_user_manager(variable, setting):
    if not variable.is_list:
        return u'%s="%s"\n' % (variable.name, _environment_d_quoted(variable.text))
    # $HOME without braces, because systemd 247 does not find the end of a ${X:+...} that follows a ${Y} in one value.
    entries = [lines.quoted_entry(entry, variable, setting, u'$HOME', _environment_d_quoted) for entry in variable.entries]
    joined = variable.separator.join(entries)
    return u'{0}="{1}${{{0}:+{2}${0}}}"\n'.format(variable.name, joined, variable.separator)


def refused_by_user_manager(variable, setting):
    if not variable.text:
        yield 'empty', 'environment.d(5) ignores a line with an empty value'
    if lines.CONTROLS.search(variable.text):
        yield 'control_character', "systemd's environment generator replaces a tab, a newline and other control characters by C escapes"
