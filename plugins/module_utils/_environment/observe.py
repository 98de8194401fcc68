# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host has. Everything that is read is named by host_sources() and sources(); go_env.py, login_shells.py, made.py and presets.py read for it."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import grp
import os
import pwd
import stat

from ansible.module_utils.common.text.converters import to_bytes

from ansible_collections.gofleet.golang.plugins.module_utils import _system as system
from ansible_collections.gofleet.golang.plugins.module_utils._environment import consumers, go_env, login_shells, made, paths, presets, render
from ansible_collections.gofleet.golang.plugins.module_utils._environment.state import Account, Host, Observed, Seen, Source
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import folders, owners, regular
from ansible_collections.gofleet.golang.plugins.module_utils._files import leftovers as files_leftovers
from ansible_collections.gofleet.golang.plugins.module_utils._host import libc
from ansible_collections.gofleet.golang.plugins.module_utils._texts import foreign
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import paths as toolchain_paths

# Bytes of a file that are read; an environment is never larger.
_LIMIT = 1 << 22

# ---- facts of the host


def account():
    """The Account of this process."""
    home = system.home()
    if system.geteuid() == 0:
        return Account(0, home, None, '')
    # Variables and the database of users.
    system.must_be_here()
    config_home = os.environ.get('XDG_CONFIG_HOME') or os.path.join(home, '.config')
    return Account(os.geteuid(), home, config_home, login_shells.current_user().shell)


def host(options):
    """The Host for a module with these options. Raises GofleetError(unknown_owner), OSError."""
    uid = _id_of(options['owner'], lambda name: pwd.getpwnam(name).pw_uid, 'user')
    gid = _id_of(options['group'], lambda name: grp.getgrnam(name).gr_gid, 'group')
    found = dict((kind, []) for kind in _HOST_KINDS)
    for source in host_sources(options):
        found[source.kind].append((source.path, _HOST_KINDS[source.kind](source)))
    existing = frozenset(path for path, exists in found['exists'] if exists)
    problems = [problem for dummy, problem in found['resolver']]
    return Host(account(), existing, problems[0] if problems else None, dict(found['real_path']), uid, gid, toolchain_paths.default_paths())


def host_sources(options):
    """The Sources that host() reads besides the users and groups of the host.

    exists: whether the path exists; real_path: what it leads to without links; resolver: presets.resolver_problem(), which reads
    this file and looks for the loaders in detail.
    """
    evidence = [path for consumer in consumers.ALL for path in consumer.evidence] if options['state'] == 'present' else []
    asks_resolver = options['state'] == 'present' and 'pure_go_resolver' in options['presets']
    return ([Source('exists', path, None) for path in evidence]
            + [Source('real_path', path, None) for dummy, path in sorted(options['paths'].items()) if path]
            + [Source('resolver', presets.NSSWITCH, libc.MUSL_LOADERS)] * asks_resolver)


_HOST_KINDS = {
    'exists': lambda source: system.exists(source.path),
    'real_path': lambda source: system.realpath(source.path),
    'resolver': lambda source: presets.resolver_problem(),
}


def _id_of(name, lookup, what):
    if name is None:
        return None
    number = foreign.whole(name)
    if number is not None:
        return number
    system.must_be_here()
    try:
        return lookup(name)
    except KeyError:
        raise GofleetError('There is no %s %s on this host. Nothing was changed. Create it first, or choose another.' % (what, name),
                           'unknown_owner', name=name)


# ---- the environment


def sources(target, options, facts):
    """The Sources that decide whether a Target is reached. facts: state.Host.

    file: a file of this environment, detail: (consumer, the first line that marks the file as ours). unasked: the same at a usual path that this task
    does not ask for. go_env: the toolchain at a link, detail: whether its go.env will be written. own_folder: the names in a folder.
    made_folders: the file of made.py. login: the startup files below a home, detail: path of the login shell.
    """
    def marker(consumer):
        return render.marker(target.name, consumer)
    found = [Source('file', wanted.path, (wanted.consumer, marker(wanted.consumer))) for wanted in target.files]
    found.append(Source('go_env', options['goroot'] or facts.toolchains.link, target.settings is not None))
    if target.state == 'absent':
        found += [Source('own_folder', folder, None) for folder in paths.own_folders(target.files, facts.account)]
        found.append(Source('made_folders', paths.made_folders(facts.account), None))
    else:
        asked = [wanted.path for wanted in target.files]
        usual = [(consumer, paths.of_consumer(consumer, target.name, facts.account)) for consumer in consumers.WITH_FILES]
        found += [Source('unasked', path, (consumer, marker(consumer))) for consumer, path in usual if path and path not in asked]
    # The file of root is in a folder that every login shell reads.
    if facts.account.config_home and not options['paths'].get('login_shell') and any(wanted.consumer == 'login_shell' for wanted in target.files):
        found.append(Source('login', facts.account.home, facts.account.shell))
    return found


def observe(asked):
    """The Observed of Sources. Raises GofleetError(unsafe_folder, manifest_newer), those of go_policy.read(), OSError."""
    found = dict((kind, []) for kind in _KINDS)
    for source in asked:
        found[source.kind].append((source.path, _KINDS[source.kind](source)))
    [(dummy, goroot)] = found['go_env']
    files = dict((consumer, seen) for dummy, (consumer, seen) in found['file'])
    return Observed(files, [each for dummy, each in found['unasked'] if each], goroot, dict(found['own_folder']),
                    any(needed for dummy, needed in found['made_folders']), found['login'][0][1] if found['login'] else None)


def file(path, first_line):
    """The Seen of a path. first_line: the line that marks a file as ours. Raises GofleetError(unsafe_folder), OSError."""
    leftovers = files_leftovers.unfinished_copies(path)
    with folders.nearest(os.path.dirname(path)) as (folder, is_complete):
        weak = folder.weak and '%s %s' % (folder.weak[0], owners.weakness(folder.weak[1], folder.weak[0]))
        name = folder.at(os.path.basename(path))
        status = _status(name) if is_complete else None
        if status is None:
            return Seen(path, 'absent', None, None, None, None, leftovers, weak)
        if not stat.S_ISREG(status.st_mode):
            return Seen(path, 'foreign', None, None, None, None, leftovers, weak)
        content = _content(name)
    # In a folder of others a file with a second name may be anyone's, such as a file of root that they cannot read.
    ours = content is not None and content.split(b'\n', 1)[0] == to_bytes(first_line) and not (weak and status.st_nlink > 1)
    return Seen(path, 'ours' if ours else 'foreign', content, stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid, leftovers, weak)


def _status(path):
    try:
        return system.lstat(path)
    except OSError as exc:
        if exc.errno not in (errno.ENOENT, errno.ENOTDIR):
            raise
        return None


def _content(path):
    """The bytes of a regular file; None for one that is too large, or that this user is not allowed to read."""
    try:
        return regular.read(path, _LIMIT, follow=False)
    except GofleetError as exc:
        if exc.code == 'too_large' or exc.evidence.get('errno') == 'EACCES':
            return None
        raise


def _unasked(source):
    consumer, first_line = source.detail
    if system.lexists(source.path) and file(source.path, first_line).kind == 'ours':
        return {'consumer': consumer, 'path': source.path}
    return None


def _own_folder(source):
    return system.listdir(source.path) if system.isdir(source.path) else None


_KINDS = {
    'file': lambda source: (source.detail[0], file(source.path, source.detail[1])),
    'unasked': _unasked,
    'go_env': lambda source: go_env.observe(source.path, source.detail),
    'own_folder': _own_folder,
    'made_folders': lambda source: made.is_needed(source.path),
    'login': lambda source: login_shells.observe(login_shells.User(source.path, source.detail)),
}
