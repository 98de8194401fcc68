# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""One environment on this host: from options to what is wanted, to what is to be done, to the result."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import re
from collections import namedtuple

from ansible.module_utils.common.text.converters import to_text

from ansible_collections.gofleet.golang.plugins.module_utils._environment import files as environment_files
from ansible_collections.gofleet.golang.plugins.module_utils._environment import go_env as environment_goroot
from ansible_collections.gofleet.golang.plugins.module_utils._environment import go_values, login_shells, model, render, words
from ansible_collections.gofleet.golang.plugins.module_utils._environment import made as environment_made
from ansible_collections.gofleet.golang.plugins.module_utils._environment import names as environment_names
from ansible_collections.gofleet.golang.plugins.module_utils._environment import presets as environment_host
from ansible_collections.gofleet.golang.plugins.module_utils._environment.files import Seen, Wanted
from ansible_collections.gofleet.golang.plugins.module_utils._files import folders, locks

# Consumers of sessions: each user's own settings are to win there, and a file that says nothing is not needed.
SESSIONS = ('login_shell', 'fish', 'user_manager')
_GO = environment_goroot.CONSUMER
_LOCK_SECONDS = 60
# Names of folders that are ours whoever made them, and go when they are empty.
_OWN_FOLDERS = ('gofleet', 'environment')

# What the host is to have. files: Wanted of every consumer; settings: the go.env block as bytes, or None for none; names: of variables by consumer;
# secrets: names of variables; presets: as told in the result.
Target = namedtuple('Target', 'files settings names secrets presets')
# What is to be done. steps: of environment_files; diffs: for --diff; files: for the result; warnings: texts;
# go_env: the environment_goroot.GoEnv that it was planned for.
Plan = namedtuple('Plan', 'steps diffs files warnings go_env')


def converge(options, run, check_mode):
    """The result of a module with these options. run: programs.runner(). Raises GofleetError, OSError."""
    options = words.settled(options)
    environment_files.check_name(options['name'])
    target = _absent(options) if options['state'] == 'absent' else _present(options, run)
    plan = _plan(target, options, check_mode)
    if plan.steps and not check_mode:
        plan = _carry_out(target, options, plan)
    unasked = _unasked(target.files, options) if options['state'] == 'present' else []
    return {'changed': bool(plan.steps), 'files': plan.files, 'unasked': unasked, 'plan': [environment_files.told(step) for step in plan.steps],
            'presets': target.presets, 'diff': plan.diffs, 'warnings': plan.warnings + _warnings(target.files, options) + _unasked_warnings(unasked, options)}


def _carry_out(target, options, plan):
    """The Plan that was carried out. plan: as it was before the locks were held."""
    lock, remembered = _lock_path(), _made_path()
    made = folders.missing(os.path.dirname(lock))
    own = _own_folders(target)
    try:
        with locks.lock(lock, _LOCK_SECONDS, passing=True), environment_goroot.locked(plan.go_env, plan.steps, _LOCK_SECONDS):
            try:
                # Another run may have been at it until now.
                plan = _plan(target, options, False)
                environment_files.apply(plan.steps, remembered, made)
            finally:
                own += environment_made.remove_empty(remembered, os.path.basename(lock))
    finally:
        for folder in sorted(set(own), key=len, reverse=True):
            folders.remove_made([folder])
    return plan


def _own_folders(target):
    """Folders that are ours by their names."""
    remembered = os.path.dirname(_made_path())
    found = [remembered, os.path.dirname(remembered), os.path.dirname(_lock_path())] + [os.path.dirname(wanted.path) for wanted in target.files]
    return sorted(set(folder for folder in found if os.path.basename(folder) in _OWN_FOLDERS))


def _abandoned(target):
    """Folders of ours that hold nothing but what a killed run needed. Raises OSError."""
    if environment_made.is_needed(_made_path()):
        return []
    lock, made = os.path.basename(_lock_path()), os.path.basename(_made_path())
    return [folder for folder in _own_folders(target)
            if os.path.isdir(folder) and all(name == lock or name.startswith(made) for name in os.listdir(folder))]


def _lock_path():
    home = environment_files.config_home()
    return '/run/gofleet/environment.lock' if home is None else os.path.join(home, 'gofleet', '.lock')


def _made_path():
    """Where folders are remembered that were made for files."""
    home = environment_files.config_home()
    return '/var/lib/gofleet/environment/made.json' if home is None else os.path.join(home, 'gofleet', '.made.json')


# ---- what is wanted


def _absent(options):
    known = [consumer for consumer in model.CONSUMERS if consumer != _GO]
    if environment_files.config_home() is not None:
        known = [consumer for consumer in known if consumer != 'openrc' or options['paths'].get(consumer)]
    files = [Wanted(consumer, _path(consumer, options), None, None, None, None) for consumer in options['consumers'] or known]
    return Target(files, None, {}, [], [])


def _path(consumer, options):
    return environment_files.path_of(consumer, options['name'], options['paths'].get(consumer))


def _present(options, run):
    environment_host.check_there(options['consumers'])
    consumers = options['consumers'] or environment_host.served_without_asking()
    presets, told = environment_host.presets(options['presets'], bin_dir=options['bin_dir'])
    defaults = model.said(options['defaults']) if options['skip_empty'] else options['defaults']
    variables = model.variables_of([defaults, options['variables']], options['secrets'], presets)
    setting = _setting(variables, consumers, run)
    defaults = [variable for variable in variables if options['level'] == 'default' and _is_default(variable)]
    shares = dict((consumer, _share(variables, consumer, defaults)) for consumer in consumers)
    _check(shares, defaults, setting)
    files = [_wanted_file(consumer, shares[consumer], setting, options) for consumer in consumers]
    settings = render.rendered(options['name'], defaults, _GO, setting) if defaults else None
    names = dict((consumer, [variable.name for variable in share]) for consumer, share in dict(shares, **{_GO: defaults}).items())
    return Target(files, settings, names, [variable.name for variable in variables if variable.secret], told)


def _is_default(variable):
    # Everybody who builds can read go.env.
    return variable.name in environment_names.GO_SETTINGS and not variable.secret and model.is_for(variable, _GO)


def _share(variables, consumer, defaults):
    """What a consumer gets: sessions are spared the go command's defaults, since an environment would defeat `go env -w`."""
    spared = [variable.name for variable in defaults] if consumer in SESSIONS else []
    return [variable for variable in variables if model.is_for(variable, consumer) and variable.name not in spared]


def _setting(variables, consumers, run):
    # A program is run only where its answer matters.
    asked = 'service' in consumers and any(re.search(u'[\x01-\x08\x0a-\x1f\x7f]', variable.text) for variable in variables)
    home = None if environment_files.config_home() is None else to_text(os.path.expanduser('~'))
    return render.Setting(home, asked and environment_host.takes_control_characters(run))


def _check(shares, defaults, setting):
    """All refusals in one error, before anything is looked at or changed."""
    everything = [(variable, consumer) for consumer in model.CONSUMERS for variable in shares.get(consumer, ())]
    render.check(everything + [(variable, _GO) for variable in defaults], setting)
    go_values.check(list(shares.values()) + [defaults])


def _wanted_file(consumer, share, setting, options):
    path = _path(consumer, options)
    uid, gid = environment_files.owner_ids(options['owner'], options['group'])
    mode = environment_files.mode_of(options['mode'], any(variable.secret for variable in share))
    if consumer in SESSIONS and not share:
        return Wanted(consumer, path, None, None, None, None)
    return Wanted(consumer, path, render.rendered(options['name'], share, consumer, setting), mode, uid, gid)


# ---- what is to be done


def _plan(target, options, check_mode):
    steps, diffs, files = [], [], []
    for wanted in target.files:
        seen = environment_files.observe(wanted.path, render.marker(options['name'], wanted.consumer))
        own = environment_files.plan(wanted, seen)
        steps += own
        diffs += [environment_files.diff(wanted, seen, target.secrets)] if any(step.action != 'clean' for step in own) else []
        files.append(_told(wanted, own, target.names.get(wanted.consumer, [])))
    go_env = environment_goroot.observe(options['goroot'])
    steps += [environment_files.Step('clean', None, leftover) for leftover in go_env.leftovers]
    steps += environment_goroot.kept_steps(go_env, options['goroot'], options['name'], target.settings)
    warnings = [] if target.settings is None else environment_goroot.check(go_env, check_mode)
    wanted, seen = _go_env(go_env, target, options)
    if wanted is not None:
        own = [environment_files.Step('write', wanted, wanted.path)] if wanted.content != seen.content else []
        steps += own
        diffs += [environment_files.diff(wanted, seen, target.secrets)] if own else []
        files.append(_told(wanted, own, target.names.get(_GO, [])))
    if options['state'] == 'absent' and not steps:
        steps += [environment_files.Step('clean', None, folder) for folder in _abandoned(target)]
    # In check mode too: it fails where the run would.
    environment_files.check_writable(steps)
    return Plan(steps, diffs, files, warnings, go_env)


def _told(wanted, steps, names):
    actions = [step.action for step in steps if step.action != 'clean']
    return {'consumer': wanted.consumer, 'path': wanted.path, 'state': 'absent' if wanted.content is None else 'present',
            'action': actions[0] if actions else 'none', 'mode': None if wanted.content is None else '%04o' % wanted.mode, 'variables': names}


def _go_env(seen, target, options):
    """(Wanted, Seen) of the active toolchain's go.env, or (None, None) where it is no business of ours."""
    if target.settings is None and (seen.content is None or seen.version is None):
        return None, None
    content = environment_goroot.with_block(seen.content, options['name'], target.settings)
    if target.settings is None and content == seen.content:
        return None, None
    return (Wanted(_GO, seen.path, content, seen.mode, None, None),
            Seen(seen.path, 'ours' if seen.exists else 'absent', seen.content, seen.mode, None, None, [], None))


def _unasked(files, options):
    """{consumer, path} of files of this environment that are there and that nothing asks for any more."""
    asked = [wanted.path for wanted in files]
    found = []
    for consumer in model.CONSUMERS:
        if consumer == _GO or (consumer == 'openrc' and environment_files.config_home() is not None):
            continue
        path = environment_files.path_of(consumer, options['name'], None)
        marker = render.marker(options['name'], consumer)
        if path not in asked and os.path.lexists(path) and environment_files.observe(path, marker).kind == 'ours':
            found.append({'consumer': consumer, 'path': path})
    return found


def _unasked_warnings(unasked, options):
    return ["%s still holds the environment '%s' as it was when %s was among its consumers, and is not kept up to date any more. Name %s in "
            '"consumers" again, remove the file by state: absent with consumers: [%s], or give environments of different tasks different names.'
            % (each['path'], options['name'], each['consumer'], each['consumer'], each['consumer']) for each in unasked]


def _warnings(files, options):
    """What this user's login shell makes of their own file. Root's lies where every login shell looks."""
    if environment_files.config_home() is None or options['paths'].get('login_shell'):
        return []
    served = [wanted.consumer for wanted in files if wanted.content is not None]
    user = login_shells.current_user()
    warnings = [login_shells.warning(user, wanted.path, wanted.content is not None, 'fish' in served)
                for wanted in files if wanted.consumer == 'login_shell']
    return [warning for warning in warnings if warning]
