# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find the startup files of an ordinary user's login shell, and the line with which it reads a file of an environment.

The shell and the existing startup files are read from the host. Sources: bash(1) INVOCATION, dash(1), zsh(1) STARTUP/SHUTDOWN FILES, ksh(1),
mksh(1); tests/properties log in with the shells themselves.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import io
import os
import pwd
import stat
from collections import namedtuple

from ansible.module_utils.common.text.converters import to_native, to_text
from ansible.module_utils.six.moves import shlex_quote

from ansible_collections.gofleet.golang.plugins.module_utils._environment import startup

# For each shell: its startup files at login, whether it reads only the first readable one, and the file for a new line if none exists.
Startup = namedtuple('Startup', 'names first place')
_SH = Startup(('.profile',), True, '.profile')
# If none exists, .profile is best, because other shells of this user would also read it.
_BASH = Startup(('.bash_profile', '.bash_login', '.profile'), True, '.profile')
_SHELLS = dict([(name, _SH) for name in ('sh', 'dash', 'ash', 'busybox', 'ksh', 'ksh93', 'mksh', 'lksh', 'oksh', 'pdksh')],
               bash=_BASH, rbash=_BASH, zsh=Startup(('.zshenv', '.zprofile', '.zlogin'), False, '.zprofile'))
# Users with these shells cannot log in, but another user may become one of them with a chosen shell (su -s), nearly always sh.
_NONE = ('', 'nologin', 'false')
# The most startup files that read each other; in practice there are far fewer.
_MOST_FILES = 16
_LARGEST = 1 << 18

# The user of this process. shell: the path of the login shell, '' if it is unknown.
User = namedtuple('User', 'home shell')


def current_user():
    """The User of this process."""
    try:
        shell = pwd.getpwuid(os.geteuid()).pw_shell
    except KeyError:
        # A container may run as a user ID without a name.
        shell = ''
    return User(os.path.expanduser('~'), shell)


def _name(user):
    return os.path.basename(user.shell)


def startup_files(user):
    """(the paths that this user's login shell reads, the path of the file for a new line), or ([], None) for a shell of another language."""
    known = _SH if _name(user) in _NONE else _SHELLS.get(_name(user))
    if known is None:
        return [], None
    readable = [path for path in (os.path.join(user.home, name) for name in known.names) if _is_readable(path)]
    place = os.path.join(user.home, known.place)
    return (readable[:1], (readable or [place])[0]) if known.first else (readable, place)


def line_for(path):
    """The line with which a login shell reads a file if it exists; without the condition, dash and ash would exit if it is missing."""
    return to_native('[ -r {0} ] && . {0}'.format(shlex_quote(path)))


# The files that a user's login shell reads. place: the path of the file for a new line, None for a shell of another language;
# sourced: Sourced of all files that its startup files read, directly or through each other.
Login = namedtuple('Login', 'user place sourced')


def observe(user):
    """The Login of a user. Reads the startup files."""
    read, place = startup_files(user)
    return Login(user, place, list(_sourced(user, read)))


def warning(login, path, stays, fish_is_served):
    """The warning if this user's login shell does not read the file at path, or will fail because the file is removed; None otherwise.

    login: Login; stays: whether the file exists after the run; fish_is_served: whether a file for fish exists.
    """
    user, place = login.user, login.place
    if place is None:
        return None if not stays or (_name(user) == 'fish' and fish_is_served) else _of_another_language(user, path)
    found = [each for each in login.sourced if each.path == path]
    if not stays:
        return next((_bare_line(each) for each in found if not each.guarded), None)
    if found:
        return None
    return ('No startup file of this user reads %s, so login shells do not get this environment. This user\'s login shell (%s) reads %s. '
            'Add this line to it:  %s' % (path, user.shell or 'unknown, treated as sh', place, line_for(path)))


def _of_another_language(user, path):
    advice = 'Name the consumer fish too.' if _name(user) == 'fish' else 'Set the variables there by hand, or give this user another login shell.'
    return 'The login shell of this user is %s. It cannot read %s, which is written for sh, bash, ksh and zsh. %s' % (user.shell, path, advice)


def _bare_line(found):
    return ('%s still reads %s without checking that it exists. This run removes it, and then logins of dash and ash end with an error. Remove that '
            'line, or replace it with this one:  %s' % (found.where, found.path, line_for(found.path)))


def is_sourced(login, path):
    """Whether a login shell reads the file at path."""
    return any(found.path == path for found in login.sourced)


def _is_readable(path):
    return os.path.isfile(path) and os.access(path, os.R_OK)


# A command in a startup file that reads another file. where: the startup file; path: of the other file; guarded: whether the command has a condition.
Sourced = namedtuple('Sourced', 'where path guarded')


def _sourced(user, paths):
    """Sourced of all files that these startup files read, directly or through each other."""
    variables = {u'HOME': to_text(user.home)}
    config = os.environ.get('XDG_CONFIG_HOME')
    if config:
        variables[u'XDG_CONFIG_HOME'] = to_text(config)
    waiting, seen = list(paths), set()
    while waiting and len(seen) < _MOST_FILES:
        where = waiting.pop(0)
        if where in seen:
            continue
        seen.add(where)
        for name, guarded in startup.sourced(_content(where), variables):
            path = os.path.normpath(to_native(name))
            yield Sourced(where, path, guarded)
            waiting.append(path)


def _content(path):
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return u''
        with io.open(path, 'rb') as source:
            return to_text(source.read(_LARGEST), errors='replace')
    except (IOError, OSError):
        # The shell cannot read the file either.
        return u''
