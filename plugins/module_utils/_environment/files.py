# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files of an environment on this host: where they are, whose they are, what is to be done to them, and doing it."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import grp
import os
import pwd
import re
import stat
from collections import namedtuple

from ansible.module_utils.common.text.converters import to_bytes, to_native, to_text

from ansible_collections.gofleet.golang.plugins.module_utils._environment import made as environment_made
from ansible_collections.gofleet.golang.plugins.module_utils._environment import render
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import changes as file_changes
from ansible_collections.gofleet.golang.plugins.module_utils._files import folders, preconditions, transaction
from ansible_collections.gofleet.golang.plugins.module_utils._files import owners as folder_owners
from ansible_collections.gofleet.golang.plugins.module_utils._files import regular as regular_files
from ansible_collections.gofleet.golang.plugins.module_utils._texts import foreign as foreign_values
from ansible_collections.gofleet.golang.plugins.module_utils._texts import shown

# {0}: the environment's name. Files of sessions lie where their readers look by themselves.
_SYSTEM_PATHS = {
    'login_shell': '/etc/profile.d/{0}.sh',
    'fish': '/etc/fish/conf.d/{0}.fish',
    'user_manager': '/etc/environment.d/90-{0}.conf',
    'service': '/etc/gofleet/{0}.env',
    'openrc': '/etc/conf.d/{0}',
    'container': '/etc/gofleet/{0}.container.env',
}
# Below XDG_CONFIG_HOME. No login shell has a folder of its user's that it reads by itself.
_USER_PATHS = {
    'login_shell': 'gofleet/{0}.sh',
    'fish': 'fish/conf.d/{0}.fish',
    'user_manager': 'environment.d/90-{0}.conf',
    'service': 'gofleet/{0}.env',
    'container': 'gofleet/{0}.container.env',
}
# Files that are everybody's; marked or not, they are never written.
_NEVER = ('/etc/environment', '/etc/profile', '/etc/sysctl.conf', '/etc/security/pam_env.conf', '/etc/rc.conf', '/etc/bash.bashrc', '/etc/bashrc')
# Debian 13 passes over names in profile.d that hold anything else.
_NAME = re.compile(r'^[A-Za-z0-9][A-Za-z0-9_.-]*\Z')
_MODE = re.compile(r'^0?[0-7]{3}\Z')
_FILE_MODE, _SECRET_MODE, _OWN_SECRET_MODE = 0o644, 0o640, 0o600

# Bytes of a file that are read; one that is larger is nobody's environment.
_LIMIT = 1 << 22

# A file as it is. kind: absent, ours, or foreign; leftovers: what a killed run left beside it; weak: the folder on the way to it
# that others can change, and how, for root; None otherwise.
Seen = namedtuple('Seen', 'path kind content mode uid gid leftovers weak')
# A file as it is to be. content: bytes, or None for no file; uid, gid: None to leave them as they are.
Wanted = namedtuple('Wanted', 'consumer path content mode uid gid')
# action: clean, write, adjust (mode and owner), remove.
Step = namedtuple('Step', 'action wanted path')


def check_name(name):
    if not _NAME.match(name):
        raise GofleetError("'%s' can't be the name of an environment: files are named after it. Use letters, digits, _, - and ., and begin with a "
                           'letter or digit.' % name, 'invalid_environment_name', name=name)


def config_home():
    """The folder of this user's settings; None for root, whose files are everybody's."""
    if os.geteuid() == 0:
        return None
    return os.environ.get('XDG_CONFIG_HOME') or os.path.join(os.path.expanduser('~'), '.config')


def path_of(consumer, name, given):
    """The path of a consumer's file; given: a path that was asked for, or None. Raises GofleetError(bad_path, no_user_level)."""
    if given:
        _check_path(consumer, given)
        return given
    home = config_home()
    if home is None:
        return _SYSTEM_PATHS[consumer].format(name)
    if consumer not in _USER_PATHS:
        raise GofleetError('%s has no files of an ordinary user (uid %d). Nothing was changed. Run the play with become, or leave it out of '
                           '"consumers".' % (consumer, os.geteuid()), 'no_user_level', consumer=consumer, uid=os.geteuid())
    return os.path.join(home, _USER_PATHS[consumer].format(name))


def _check_path(consumer, path):
    if not os.path.isabs(path) or os.path.normpath(path) != path:
        raise GofleetError("The path for %s is '%s', which is not a plain absolute one. Write it from / on, without . or .." % (consumer, path),
                           'bad_path', consumer=consumer, path=path)
    if os.path.realpath(path) in _NEVER or path in _NEVER:
        raise GofleetError('%s belongs to the system and its administrators, and is never written. Choose a path of its own for %s.' % (path, consumer),
                           'foreign_file', consumer=consumer, path=path)


def mode_of(given, has_secrets):
    """The permissions for a file. given: of the options, octal digits in a string, or None. Raises GofleetError(bad_mode)."""
    if given is None:
        if not has_secrets:
            return _FILE_MODE
        return _SECRET_MODE if os.geteuid() == 0 else _OWN_SECRET_MODE
    if not isinstance(given, (type(u''), str)) or not _MODE.match(given):
        raise GofleetError('The mode has to be three octal digits in quotes, with or without a 0 before them ("0640"): YAML makes other numbers of what '
                           'stands without quotes.', 'bad_mode', mode=given)
    mode = int(given, 8)
    if has_secrets and mode & 0o007:
        raise GofleetError('With mode %s every user of the host could read the secrets. Take the last digit to 0, and give the file a group if others '
                           'than its owner have to read it.' % given, 'bad_mode', mode=given)
    return mode


def owner_ids(owner, group):
    """(uid, gid) for names or numbers, None for what was not given. Raises GofleetError(unknown_owner)."""
    return _id_of(owner, lambda name: pwd.getpwnam(name).pw_uid, 'user'), _id_of(group, lambda name: grp.getgrnam(name).gr_gid, 'group')


def _id_of(name, lookup, what):
    if name is None:
        return None
    number = foreign_values.whole(name)
    if number is not None:
        return number
    try:
        return lookup(name)
    except KeyError:
        raise GofleetError('There is no %s %s on this host. Nothing was changed. Make it before, or give another.' % (what, name),
                           'unknown_owner', name=name)


# ---- observe


def observe(path, first_line):
    """The Seen of a path. first_line: what makes it ours. Raises GofleetError(unsafe_folder), OSError."""
    leftovers = transaction.unfinished_copies(path)
    weak = _weak(os.path.dirname(path))
    try:
        with folders.opened(os.path.dirname(path)) as folder:
            name = folder.at(os.path.basename(path))
            status = os.lstat(name)
            content = _content(name) if stat.S_ISREG(status.st_mode) else None
    except (IOError, OSError) as exc:
        if exc.errno not in (errno.ENOENT, errno.ENOTDIR):
            raise
        return Seen(path, 'absent', None, None, None, None, leftovers, weak)
    # In a folder of others a file with a second name may be anybody's, such as one of root's that they cannot read.
    ours = content is not None and content.split(b'\n', 1)[0] == to_bytes(first_line) and not (weak and status.st_nlink > 1)
    if not stat.S_ISREG(status.st_mode):
        return Seen(path, 'foreign', None, None, None, None, leftovers, weak)
    return Seen(path, 'ours' if ours else 'foreign', content, stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid, leftovers, weak)


def _weak(folder):
    found = folder_owners.first_weak(folder)
    return '%s %s' % (found[0], folder_owners.weakness(found[1], found[0])) if found else None


def _content(path):
    """The bytes of a regular file; None for one that is too large, or of somebody else who does not let this user look."""
    try:
        return regular_files.read(path, _LIMIT, follow=False)
    except GofleetError as exc:
        if exc.code == 'too_large' or exc.evidence.get('errno') == 'EACCES':
            return None
        raise


# ---- plan


def plan(wanted, seen):
    """The Steps for one file. Pure but for its errors: raises GofleetError(occupied, unsafe_folder)."""
    steps = [Step('clean', wanted, leftover) for leftover in seen.leftovers]
    if wanted.content is None:
        # What is not ours stays, and is no reason to fail: it is as it would be without us.
        return steps + ([Step('remove', wanted, wanted.path)] if seen.kind == 'ours' else [])
    if seen.kind == 'foreign':
        raise GofleetError(
            '%s is in the way: gofleet.golang did not write it, or not for this environment (its first line says whose it is). Nothing was changed. '
            'Move it away, choose another name, or give another path for %s.' % (wanted.path, wanted.consumer),
            'occupied', path=wanted.path, consumer=wanted.consumer)
    if seen.weak and wanted.uid is None and wanted.gid is None:
        raise GofleetError(
            '%s is not safe for a file of root: %s. Nothing was changed. Say with "owner" or "group" for whom it is, or choose a path below '
            'folders that only root can write to.' % (wanted.path, seen.weak), 'unsafe_folder', path=wanted.path, consumer=wanted.consumer)
    if seen.kind == 'absent' or seen.content != wanted.content:
        # A new file takes the place of the old one, whose owner stays unless another was asked for.
        return steps + [Step('write', wanted._replace(uid=_first(wanted.uid, seen.uid), gid=_first(wanted.gid, seen.gid)), wanted.path)]
    fits = seen.mode == wanted.mode and wanted.uid in (None, seen.uid) and wanted.gid in (None, seen.gid)
    return steps + ([] if fits else [Step('adjust', wanted, wanted.path)])


def _first(asked, found):
    return found if asked is None else asked


def told(step):
    """A step as a line for people."""
    return {
        'clean': 'remove %s, which a killed run left',
        'write': 'write %s',
        'adjust': 'set mode and owner of %s',
        'remove': 'remove %s',
    }[step.action] % step.path


def diff(wanted, seen, secrets):
    """What --diff shows of a file. secrets: names of variables that are secret now, though an older file may say them openly."""
    before, after = (seen.content if seen.kind == 'ours' else None), wanted.content
    found = {'before_header': wanted.path, 'after_header': wanted.path,
             'before': _shown(before, secrets, None), 'after': _shown(after, secrets, before)}
    if before is not None and after is not None and seen.mode != wanted.mode:
        found['before_header'] += ' (mode %04o)' % seen.mode
        found['after_header'] += ' (mode %04o)' % wanted.mode
    return found


def _parted(content):
    """A file's public part and what follows SECRETS."""
    public, dummy, secret = (content or b'').partition(b'\n' + render.SECRETS.encode('ascii'))
    return public, secret


def _shown(content, names, other):
    if content is None:
        return ''
    public, secret = _parted(content)
    if any(re.search(br'\b' + to_bytes(name) + br'\b', public) for name in names):
        return '(not shown: it holds a variable that is a secret now)\n'
    text = to_text(shown.text(public, shown.LONGEST_DIFF))
    if secret:
        changed = other is not None and _parted(other)[1] != secret
        text += u'\n%s(not shown%s)\n' % (render.SECRETS, u'; it changes' if changed else u'')
    return to_native(text)


# ---- apply


def check_writable(steps):
    """Raise GofleetError(not_writable, not_privileged) or OSError before anything is changed, if a step cannot be taken."""
    for step in steps:
        preconditions.check_writable(os.path.dirname(step.path), 'another path than %s' % step.path)
        if step.action in ('write', 'adjust') and os.geteuid() != 0:
            _check_gift(step.wanted)


def _check_gift(wanted):
    """Only root gives files away; everybody else can choose among their own groups."""
    if wanted.uid not in (None, os.geteuid()) or (wanted.gid is not None and wanted.gid not in [os.getegid()] + os.getgroups()):
        raise GofleetError(
            'User %d cannot make %s a file of user %s and group %s. Nothing was changed. Run the play with become, or leave owner and group out.'
            % (os.geteuid(), wanted.path, _shown_id(wanted.uid), _shown_id(wanted.gid)), 'not_privileged', path=wanted.path, uid=os.geteuid())


def _shown_id(number):
    return '(unchanged)' if number is None else number


def apply(steps, folders_file, made=()):
    """Take the steps: all or none. No file is ever open to more readers than in the end.

    folders_file: where folders are remembered that are made on the way, and those of made. Raises OSError, GofleetError(partly_changed).
    """
    for step in steps:
        # Folders go at the very end.
        if step.action == 'clean' and not os.path.isdir(step.path):
            _remove_leftover(step.path)
    changes = [_change(step) for step in steps if step.action != 'clean']
    needed = [each for change in changes if change.content is not None for each in folders.missing(os.path.dirname(change.path))]
    environment_made.remember(folders_file, needed + list(made))
    file_changes.apply(changes)


def _change(step):
    wanted = step.wanted
    if step.action == 'remove':
        return file_changes.Change(step.path, None, None, None, None)
    # Mode and owner change with the file: to change those of a file that is there would be to trust that nobody has put another in its place.
    return file_changes.Change(step.path, wanted.content, wanted.mode, wanted.uid, wanted.gid)


def _remove_leftover(path):
    try:
        with folders.opened(os.path.dirname(path)) as folder:
            os.unlink(folder.at(os.path.basename(path)))
            folder.sync()
    except OSError as exc:
        if exc.errno != errno.ENOENT:
            raise
