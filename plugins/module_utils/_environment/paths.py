# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The paths of an environment's files on a host, and the checks of names and paths."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import re

from ansible_collections.gofleet.golang.plugins.module_utils._environment import consumers
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError

# System files that are never written, even if they have our marker.
_NEVER = ('/etc/environment', '/etc/profile', '/etc/sysctl.conf', '/etc/security/pam_env.conf', '/etc/rc.conf', '/etc/bash.bashrc', '/etc/bashrc')
# Debian 13 skips names in profile.d that contain anything else.
_NAME = re.compile(r'^[A-Za-z0-9][A-Za-z0-9_.-]*\Z')
# Folders with these names always belong to this collection, and are removed when they are empty.
_OWN_FOLDERS = ('gofleet', 'environment')


def check_name(name):
    """Raise GofleetError(invalid_environment_name) unless the name is valid in file names."""
    if not _NAME.match(name):
        raise GofleetError("Invalid name of an environment: '%s'. Files are named after it: use letters, digits, _, - and ., and begin with a letter "
                           'or digit.' % name, 'invalid_environment_name', name=name)


def of_consumer(consumer, name, account):
    """The usual path of a consumer's file; None if this user has no such file. account: state.Account."""
    row = consumers.BY_NAME[consumer]
    if account.config_home is None:
        return row.system_path.format(name)
    return None if row.user_path is None else os.path.join(account.config_home, row.user_path.format(name))


def chosen(consumer, options, host):
    """The path of a consumer's file: the one in the options, or the usual one. Raises GofleetError(bad_path, foreign_file, no_user_level)."""
    given = options['paths'].get(consumer)
    if given:
        _check_given(consumer, given, host.real_paths.get(given, given))
        return given
    path = of_consumer(consumer, options['name'], host.account)
    if path is None:
        raise GofleetError('%s is not available to an ordinary user (uid %d). Nothing was changed. Run the play with become, or leave it out of '
                           '"consumers".' % (consumer, host.account.uid), 'no_user_level', consumer=consumer, uid=host.account.uid)
    return path


def _check_given(consumer, path, real_path):
    if not os.path.isabs(path) or os.path.normpath(path) != path:
        raise GofleetError("The path for %s is '%s', which is not a plain absolute path. Write it from / on, without . or .." % (consumer, path),
                           'bad_path', consumer=consumer, path=path)
    if real_path in _NEVER or path in _NEVER:
        raise GofleetError('%s is a file of the system and is never written. Choose another path for %s.' % (path, consumer),
                           'foreign_file', consumer=consumer, path=path)


def lock(account):
    """The path of the lock that runs take to change environments. It exists only during such a run."""
    return '/run/gofleet/environment.lock' if account.config_home is None else os.path.join(account.config_home, 'gofleet', '.lock')


def made_folders(account):
    """The file that lists the folders that were created for files of environments (made.py)."""
    if account.config_home is None:
        return '/var/lib/gofleet/environment/made.json'
    return os.path.join(account.config_home, 'gofleet', '.made.json')


def own_folders(files, account):
    """The folders that belong to this collection by their names. files: state.Wanted."""
    made = os.path.dirname(made_folders(account))
    found = [made, os.path.dirname(made), os.path.dirname(lock(account))] + [os.path.dirname(wanted.path) for wanted in files]
    return sorted(set(folder for folder in found if os.path.basename(folder) in _OWN_FOLDERS))
