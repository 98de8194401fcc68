# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Render an environment for each consumer, and refuse values that a consumer's parser cannot read.

Each grammar was tested with the parsers themselves (tests/properties): dash, bash, BusyBox ash, mksh, ksh93, zsh and fish; systemd 219 to 257; OpenRC; docker.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from collections import namedtuple

from ansible_collections.gofleet.golang.plugins.module_utils._environment import consumers, model, names
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError

# Facts of the host that decide which values can be rendered. home: of the user who owns the files (text), or None for files of all users;
# control_characters: whether its systemd accepts them in an EnvironmentFile.
Setting = namedtuple('Setting', 'home control_characters')
Refusal = namedtuple('Refusal', 'variable consumer code reason')

# A comment in every consumer's language. It must never change, because files are split at it.
SECRETS = u'# What follows is secret.\n'


def marker(name, consumer):
    """The first line of a file that this collection wrote, with environment and consumer. A file without it is never changed."""
    return u'# gofleet.golang environment %s for %s' % (name, consumer)


def rendered(name, variables, consumer, setting):
    """The whole file for a consumer, as UTF-8. The secrets come last, after SECRETS, so that a diff can end before them.

    Raises GofleetError(unrepresentable), whose evidence lists each refusal.
    """
    own = [variable for variable in variables if model.is_for(variable, consumer)]
    check([(variable, consumer) for variable in own], setting)
    render = consumers.BY_NAME[consumer].render
    parts = [marker(name, consumer) + u'\n# Written by Ansible: what is changed here is lost at its next run.\n']
    parts += [render(variable, setting) for variable in own if not variable.secret]
    if any(variable.secret for variable in own):
        parts += [SECRETS] + [render(variable, setting) for variable in own if variable.secret]
    return u''.join(parts).encode('utf-8')


def check(shares, setting):
    """Raise GofleetError(unrepresentable), with every refusal, if a consumer cannot read one of its variables.

    shares: (Variable, consumer) pairs.
    """
    refusals = [refusal for refusal in (refused(variable, consumer, setting) for variable, consumer in shares) if refusal]
    if refusals:
        raise GofleetError(
            'Some values cannot be written for some consumers, so nothing was changed: %s. Change the value, or list the consumers of the variable '
            'in its own key "consumers".' % '; '.join('%s for %s: %s' % (each.variable, each.consumer, each.reason) for each in refusals),
            'unrepresentable', refused=[dict(each._asdict()) for each in refusals])


def refused(variable, consumer, setting):
    """The Refusal if a consumer cannot read a variable, or None. Its reason never contains the value."""
    row = consumers.BY_NAME[consumer]
    reasons = list(_refused_by_name_or_home(variable, row, setting)) + list(row.refuse(variable, setting))
    return Refusal(variable.name, consumer, *reasons[0]) if reasons else None


def _refused_by_name_or_home(variable, row, setting):
    program = names.reserved_by(variable.name, row.reserved)
    if program:
        yield 'reserved_name', '%s reserves this name' % program
    if row.is_static and setting.home is None and variable.type == 'path_list' and any(entry.startswith(u'~') for entry in variable.value):
        yield 'no_home', 'the file belongs to no user, so ~ has no meaning in it'
