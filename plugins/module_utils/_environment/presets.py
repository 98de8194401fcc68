# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Presets: variables that this host may need, decided by what the host has, not by its name."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import re

from ansible.module_utils.common.text.converters import to_text

from ansible_collections.gofleet.golang.plugins.module_utils._environment import consumers
from ansible_collections.gofleet.golang.plugins.module_utils._environment.model import Variable
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import regular as regular_files
from ansible_collections.gofleet.golang.plugins.module_utils._host import libc

PRESETS = ('go_path', 'pure_go_resolver', 'http1_client')
NSSWITCH = '/etc/nsswitch.conf'
# Bytes that are read; the files of distributions have half a kilobyte.
_NSSWITCH_LIMIT = 1 << 16


def presets(wanted, resolver_problem, bin_dir):
    """(Variables, list of {name, applied, reason}) for the names of presets.

    resolver_problem: the result of the function of this name; bin_dir: where go_toolchain puts go. Raises GofleetError(bad_path).
    """
    variables, applied = [], []
    for name in PRESETS:
        if name in wanted:
            variable, reason = _preset(name, resolver_problem, bin_dir)
            variables += [variable] if variable else []
            applied.append({'name': name, 'applied': variable is not None, 'reason': reason})
    return _joined(variables), applied


def _joined(variables):
    found = {}
    for variable in variables:
        found[variable.name] = variable._replace(value=found[variable.name].value + variable.value) if variable.name in found else variable
    return list(found.values())


def _preset(name, resolver_problem, bin_dir):
    """(Variable or None, the reason)."""
    if name == 'go_path':
        return _go_path(bin_dir)
    if name == 'http1_client':
        return _variable('GODEBUG', 'comma_list', u'http2client=0'), 'asked for'
    if resolver_problem:
        return _variable('GODEBUG', 'comma_list', u'netdns=go'), resolver_problem
    return None, "the C library's resolver is in order"


def _variable(name, kind, entry):
    return Variable(name, kind, [entry], 'bytes', False, tuple(consumer.name for consumer in consumers.ALL if consumer.has_presets))


def _go_path(bin_dir):
    if not bin_dir.startswith('/') or ':' in bin_dir:
        raise GofleetError("bin_dir is '%s', which cannot be an entry of PATH. Nothing was changed. Set an absolute path without a colon." % bin_dir,
                           'bad_path', option='bin_dir', path=bin_dir)
    return _variable('PATH', 'path_list', to_text(bin_dir)), '%s is where go_toolchain puts go' % bin_dir


def resolver_problem(root='/'):
    """The reason why programs should not resolve names with this host's C library, or None. Reads the host."""
    if libc.runs_musl(root):
        return 'the host uses musl, whose resolver ignores nsswitch.conf and all but three name servers'
    try:
        content = regular_files.read_start(os.path.join(root, NSSWITCH[1:]), _NSSWITCH_LIMIT)
    except GofleetError as exc:
        return '%s cannot be read (%s)' % (NSSWITCH, exc.msg.rstrip('.'))
    if not re.search(br'^[ \t]*hosts:[ \t]*\w', content, re.MULTILINE):
        return '%s does not say where to look up hosts' % NSSWITCH
    return None
