# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What this host has that reads an environment, and what presets it calls for: asked of the host, not of its name."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import glob
import os
import re

from ansible.module_utils.common.text.converters import to_text

from ansible_collections.gofleet.golang.plugins.module_utils._environment.model import CONSUMERS, Variable
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import regular as regular_files
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import paths as toolchain_paths

PRESETS = ('go_path', 'pure_go_resolver', 'http1_client')
# Of a consumer that reads whatever lies in a folder of the system: what on a host shows that it is there.
_EVIDENCE = {
    'fish': ('/etc/fish', '/usr/bin/fish', '/usr/local/bin/fish', '/bin/fish'),
    # Since systemd 233.
    'user_manager': ('/usr/lib/systemd/user-environment-generators/30-systemd-environment-d-generator',
                     '/lib/systemd/user-environment-generators/30-systemd-environment-d-generator'),
    'openrc': ('/sbin/openrc-run', '/usr/sbin/openrc-run', '/usr/bin/openrc-run'),
}
# What serves everybody who logs in; the other consumers belong to one service and are named by whoever has one.
_OF_SESSIONS = ('login_shell', 'fish', 'user_manager')
# env_value_is_valid() of systemd refuses control characters before.
_CONTROL_CHARACTERS_SINCE = 247
# Bytes that are looked at; files of distributions have half a kilobyte.
_NSSWITCH_LIMIT = 1 << 16


def served_without_asking(root='/'):
    """The consumers that this host has, of those that serve everybody's sessions."""
    return [consumer for consumer in _OF_SESSIONS if is_there(consumer, root)]


def is_there(consumer, root='/'):
    evidence = _EVIDENCE.get(consumer)
    return evidence is None or any(os.path.exists(os.path.join(root, path[1:])) for path in evidence)


def check_there(consumers, root='/'):
    """Raise GofleetError(no_such_consumer) for a consumer that was asked for by name and that this host has not."""
    for consumer in consumers:
        if not is_there(consumer, root):
            raise GofleetError(
                'This host has no %s that could read an environment: none of %s is there. Nothing was changed. Leave it out of "consumers" for this '
                'host, or leave "consumers" empty to serve what each host has.' % (consumer, ', '.join(_EVIDENCE[consumer])),
                'no_such_consumer', consumer=consumer, looked_for=list(_EVIDENCE[consumer]))


def takes_control_characters(run):
    """Whether this host's systemd takes control characters in an EnvironmentFile. run: programs.runner().

    Its version is asked: a vendor that brings fixes to an old one only leaves it too careful. No systemd is taken for an old one.
    """
    try:
        said = run(['systemctl', '--version'], {'LC_ALL': 'C'}, '/')[1]
    except OSError as exc:
        if exc.errno not in (errno.ENOENT, errno.EACCES):
            raise
        return False
    found = re.match(r'systemd (\d+)', said)
    return bool(found) and int(found.group(1)) >= _CONTROL_CHARACTERS_SINCE


def presets(wanted, root='/', bin_dir=None):
    """(Variables, told) for the names of presets: told is a list of dicts of name, applied and reason.

    bin_dir: where go_toolchain was asked to put go, or None for its default. Raises GofleetError(bad_path).
    """
    variables, told = [], []
    for name in PRESETS:
        if name in wanted:
            variable, reason = _PRESETS[name](root, bin_dir)
            variables += [variable] if variable else []
            told.append({'name': name, 'applied': variable is not None, 'reason': reason})
    return _joined(variables), told


def _joined(variables):
    found = {}
    for variable in variables:
        found[variable.name] = variable._replace(value=found[variable.name].value + variable.value) if variable.name in found else variable
    return list(found.values())


def _preset(name, kind, entries):
    # A container has another file system and another libc than this host.
    return Variable(name, kind, entries, 'bytes', False, tuple(consumer for consumer in CONSUMERS if consumer not in ('container', 'go_command')))


def _go_path(root, bin_dir):
    folder = bin_dir or toolchain_paths.default_paths().bin_dir
    if not folder.startswith('/') or ':' in folder:
        raise GofleetError("bin_dir is '%s', which cannot be an entry of PATH. Nothing was changed. Give an absolute path without a colon." % folder,
                           'bad_path', option='bin_dir', path=folder)
    return _preset('PATH', 'path_list', [to_text(folder)]), '%s is where go_toolchain puts go' % folder


def _http1_client(root, bin_dir):
    return _preset('GODEBUG', 'comma_list', [u'http2client=0']), 'asked for'


def _pure_go_resolver(root, bin_dir):
    reason = libc_cannot_resolve(root)
    return (_preset('GODEBUG', 'comma_list', [u'netdns=go']), reason) if reason else (None, "the C library's resolver is in order")


def libc_cannot_resolve(root='/'):
    """Why programs had better not ask this host's C library for names, or None."""
    if runs_musl(root):
        return 'the host runs musl, whose resolver knows no nsswitch.conf and no more than three name servers'
    path = os.path.join(root, 'etc/nsswitch.conf')
    try:
        content = regular_files.read_start(path, _NSSWITCH_LIMIT)
    except GofleetError as exc:
        return '/etc/nsswitch.conf cannot be read (%s)' % exc.msg.rstrip('.')
    if not re.search(br'^[ \t]*hosts:[ \t]*\w', content, re.MULTILINE):
        return '/etc/nsswitch.conf does not say where hosts are looked for'
    return None


def runs_musl(root='/'):
    """Whether the programs of this host are musl's: its loader is there, and what runs here is no glibc."""
    if not glob.glob(os.path.join(root, 'lib/ld-musl-*.so.1')):
        return False
    try:
        # A host of glibc may have musl's loader beside it.
        return not (os.confstr('CS_GNU_LIBC_VERSION') or '').startswith('glibc')
    except (ValueError, OSError):
        # The names are the C library's own.
        return True


_PRESETS = {'go_path': _go_path, 'pure_go_resolver': _pure_go_resolver, 'http1_client': _http1_client}
