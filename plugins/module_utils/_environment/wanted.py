# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Derive the wanted state of a host from options and facts of the host. Nothing here reads a file."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ansible.module_utils.common.text.converters import to_text

from ansible_collections.gofleet.golang.plugins.module_utils._environment import consumers as environment_consumers
from ansible_collections.gofleet.golang.plugins.module_utils._environment import go_values, lines, model, names, paths, render
from ansible_collections.gofleet.golang.plugins.module_utils._environment import presets as environment_presets
from ansible_collections.gofleet.golang.plugins.module_utils._environment.state import Target, Wanted
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError

_MODE = re.compile(r'^0?[0-7]{3}\Z')
_FILE_MODE, _SECRET_MODE, _OWN_SECRET_MODE = 0o644, 0o640, 0o600


def target(options, host, takes_control_characters):
    """The Target of a module with these options on this state.Host.

    takes_control_characters: a function that returns whether this host's systemd accepts them; called only if that matters. Raises GofleetError.
    """
    paths.check_name(options['name'])
    return _absent(options, host) if options['state'] == 'absent' else _present(options, host, takes_control_characters)


def _absent(options, host):
    known = [consumer for consumer in environment_consumers.WITH_FILES
             if options['paths'].get(consumer) or paths.of_consumer(consumer, options['name'], host.account)]
    files = [_no_file(consumer, paths.chosen(consumer, options, host)) for consumer in options['consumers'] or known]
    return Target(options['name'], 'absent', files, None, {}, [], [])


def _no_file(consumer, path):
    return Wanted(consumer, path, None, None, None, None)


def _present(options, host, takes_control_characters):
    environment_consumers.check_present(options['consumers'], host.existing)
    served = options['consumers'] or environment_consumers.default(host.existing)
    presets, applied = environment_presets.presets(options['presets'], host.resolver_problem, options['bin_dir'] or host.toolchains.bin_dir)
    lowest = model.without_empty(options['defaults']) if options['skip_empty'] else options['defaults']
    variables = model.variables_of([lowest, options['variables']], options['secrets'], presets)
    setting = _setting(variables, served, host, takes_control_characters)
    defaults = [variable for variable in variables if options['level'] == 'default' and _is_default(variable)]
    shares = dict((consumer, _share(variables, consumer, defaults)) for consumer in served)
    _check(shares, defaults, setting)
    files = [_file(consumer, shares[consumer], setting, options, host) for consumer in served]
    settings = render.rendered(options['name'], defaults, environment_consumers.GO_COMMAND, setting) if defaults else None
    named = dict((consumer, [variable.name for variable in share]) for consumer, share in dict(shares, **{environment_consumers.GO_COMMAND: defaults}).items())
    return Target(options['name'], 'present', files, settings, named, [variable.name for variable in variables if variable.secret], applied)


def _is_default(variable):
    # All users who build can read go.env.
    return variable.name in names.GO_SETTINGS and not variable.secret and model.is_for(variable, environment_consumers.GO_COMMAND)


def _share(variables, consumer, defaults):
    """The variables of a consumer. Sessions do not get the go command's defaults, which would override `go env -w` in the environment."""
    left_out = [variable.name for variable in defaults] if consumer in environment_consumers.SESSIONS else []
    return [variable for variable in variables if model.is_for(variable, consumer) and variable.name not in left_out]


def _setting(variables, served, host, takes_control_characters):
    matters = any(environment_consumers.BY_NAME[consumer].asks_systemd for consumer in served) and any(
        lines.has_controls_but_tab(variable.text) for variable in variables)
    home = None if host.account.config_home is None else to_text(host.account.home)
    return render.Setting(home, matters and takes_control_characters())


def _check(shares, defaults, setting):
    """Raise one error with all refusals, before anything is read or changed."""
    everything = [(variable, consumer) for consumer in environment_consumers.NAMES for variable in shares.get(consumer, ())]
    render.check(everything + [(variable, environment_consumers.GO_COMMAND) for variable in defaults], setting)
    go_values.check(list(shares.values()) + [defaults])


def _file(consumer, share, setting, options, host):
    path = paths.chosen(consumer, options, host)
    mode = file_mode(options['mode'], any(variable.secret for variable in share), host.account.uid)
    if consumer in environment_consumers.SESSIONS and not share:
        return _no_file(consumer, path)
    return Wanted(consumer, path, render.rendered(options['name'], share, consumer, setting), mode, host.uid, host.gid)


def file_mode(given, has_secrets, uid):
    """The permissions of a file. given: octal digits in a string, or None; uid: of the writing user. Raises GofleetError(bad_mode)."""
    if given is None:
        if not has_secrets:
            return _FILE_MODE
        return _SECRET_MODE if uid == 0 else _OWN_SECRET_MODE
    if not isinstance(given, (type(u''), str)) or not _MODE.match(given):
        raise GofleetError('Invalid mode: write three octal digits in quotes, with or without a leading 0 ("0640"). Without quotes YAML reads another '
                           'number.', 'bad_mode', mode=given)
    mode = int(given, 8)
    if has_secrets and mode & 0o007:
        raise GofleetError('With mode %s every user of the host could read the secrets. Set the last digit to 0, and set "group" if others than the '
                           'owner must read the file.' % given, 'bad_mode', mode=given)
    return mode
