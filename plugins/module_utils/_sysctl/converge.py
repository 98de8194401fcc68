# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kernel settings: observe what is in force and what the host's files say, plan, apply, read back.

    /etc/sysctl.d/90-*.conf        the drop-in, written once the kernel has taken its values
    /var/lib/gofleet/sysctl/       what the settings were before (sysctl_state.py), and the lock
    /proc/sys                      where values are written and read back

A run that is killed leaves each key with its old value or its new one; the next run, or the removal, goes on from there.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import io
import os
import re
import stat
from collections import namedtuple

from ansible.module_utils.common.text.converters import to_bytes, to_native

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError, from_os_error
from ansible_collections.gofleet.golang.plugins.module_utils._files import folders, locks, preconditions, transaction
from ansible_collections.gofleet.golang.plugins.module_utils._files import owners as folder_owners
from ansible_collections.gofleet.golang.plugins.module_utils._host import architecture
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import boot
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import profiles as known
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import report as sysctl_report
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import state as sysctl_state
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import wanted as sysctl_wanted

ROOT = '/'
PROC = '/proc/sys'
_STATE = '/var/lib/gofleet/sysctl'
_MARK = '# Written by gofleet.golang.sysctl_profile: its next run takes back what is changed here.'
# What the state calls a service that was enabled, beside folders that were made.
_SERVICE = 'service sysctl'
# Why a setting is not written; told, and told apart.
_NOBODY = 'the kernel lets nobody write it in this namespace'
_MOUNT = 'it is mounted read-only here'
_USER = 'this user may not write it here'
_NO_KEY = 'this kernel or this namespace has no such key'
_UNKNOWN_BEFORE = 'the value of before is not known; the next boot gives it'
# By which the kernel says that it does not take a value, whoever writes it; another try would not help.
_REFUSALS = (errno.EINVAL, errno.EPERM, errno.ERANGE, errno.EBUSY)
# Bytes of a value that are read; the longest that the kernel prints is a page for most keys.
_VALUE_LIMIT = 65536

_FILE_NAME = re.compile(r'[A-Za-z0-9_][A-Za-z0-9_.-]*\.conf\Z')

# A key in the kernel. kind: setting, folder, command (nobody can read it), absent. value: normalised, None if it cannot be read.
# why: what keeps it from being written, or None; near: names of the kernel's that may have been meant.
Live = namedtuple('Live', 'kind value why near')
# stale: whether our folder, or the one that it goes into, is there without anything to remember, which only a killed run leaves.
Observed = namedtuple('Observed', 'live state text precedence manual loader kernel release leftovers stale has_folder')
# What is to be. reports: a dict a key; writes: [(key, value)]; restores: [Restore]; text: of the drop-in, None for none;
# taken: {key: (value, entry)}; steps: a line each; enable, disable: whether the boot service is to be, or not any more.
Plan = namedtuple('Plan', 'reports writes restores text taken steps enable disable')
# A key that is given back. value: what is written, or None if it is left, for a reason.
Restore = namedtuple('Restore', 'key value reason')


class Paths(namedtuple('Paths', 'root proc path')):
    """Where things are. path: the drop-in, as the host names it; root: / but in tests; proc: the kernel's /proc/sys."""

    __slots__ = ()

    def real(self, path):
        return os.path.join(self.root, path.lstrip('/'))

    @property
    def drop_in(self):
        return self.real(self.path)

    @property
    def meta(self):
        return self.real(_STATE)

    @property
    def state(self):
        return os.path.join(self.meta, 'state.json')

    @property
    def lock(self):
        return os.path.join(self.meta, 'lock')

    def setting(self, parts):
        return os.path.join(self.proc, *parts)


def chosen_paths(path):
    """The Paths for a drop-in. Raises GofleetError(bad_path)."""
    if os.path.dirname(path) != boot.ETC or not _FILE_NAME.match(os.path.basename(path)) or os.path.basename(path) == '99-sysctl.conf':
        raise GofleetError("path is '%s'. It has to be a file of its own in %s whose name ends in .conf, such as 90-gofleet.conf; "
                           '99-sysctl.conf is a link to %s, which is never touched.' % (path, boot.ETC, boot.CONF),
                           'bad_path', option='path', path=path)
    return Paths(ROOT, PROC, path)


# ---- what is there


def observe(wanted, paths):
    """Read the kernel's values of every key that is wanted or ours, our files, and those of others.

    Raises GofleetError(foreign_file, state_unreadable, state_newer), IOError, OSError.
    """
    tree = boot.Tree(paths.root)
    state = sysctl_state.read(paths.state)
    parts = dict((each.key, each.parts) for each in wanted)
    parts.update((key, boot.parse_key(key)) for key in sysctl_state.owned(state, paths.path))
    parts[sysctl_wanted.RESERVED] = boot.parse_key(sysctl_wanted.RESERVED)
    loader = boot.boot_loader(tree)
    return Observed(
        live=dict((key, _live(paths, each)) for key, each in parts.items()),
        state=state,
        text=_drop_in(paths),
        precedence=boot.Precedence(loader.name, tree, paths.path),
        manual=boot.Precedence('procps', tree, paths.path) if boot.has_procps(tree) and loader.name != 'procps' else None,
        loader=loader,
        kernel=architecture.kernel_version(),
        release=to_native(os.uname()[2]),
        leftovers=_leftovers(paths),
        stale=not state['keys'] and (os.path.isdir(paths.meta) or _is_empty(os.path.dirname(paths.meta))),
        has_folder=tree.exists(boot.ETC))


def _is_empty(folder):
    """Whether a folder is there, and nothing in it. Raises OSError."""
    try:
        return not os.listdir(folder)
    except OSError as exc:
        # Not everybody may look into it.
        if exc.errno not in (errno.ENOENT, errno.ENOTDIR, errno.EACCES):
            raise
        return False


def _drop_in(paths):
    """The text of our drop-in, None if it is not there. Raises GofleetError(foreign_file)."""
    try:
        status = os.lstat(paths.drop_in)
    except OSError as exc:
        if exc.errno not in (errno.ENOENT, errno.ENOTDIR):
            raise
        return None
    text = None
    if stat.S_ISREG(status.st_mode):
        with io.open(paths.drop_in, 'rb') as source:
            text = to_native(source.read(), errors='surrogate_or_replace')
    if text is None or not text.startswith(_MARK):
        raise GofleetError('%s is not a file of this collection. Nothing was changed. Choose another path, or move it away.' % paths.path,
                           'foreign_file', path=paths.path)
    return text


def _leftovers(paths):
    """What killed runs left; nobody else writes there while the lock is held."""
    files = transaction.unfinished_files(os.path.dirname(paths.drop_in)) + transaction.unfinished_files(paths.meta)
    return [each for each in files if each.startswith((paths.drop_in + '.', paths.state + '.', paths.lock + '.'))] + transaction.retired(paths.meta)


def _live(paths, parts):
    path = paths.setting(parts)
    try:
        mode = os.stat(path).st_mode
    except OSError as exc:
        if exc.errno not in (errno.ENOENT, errno.ENOTDIR):
            raise
        return Live('absent', None, sysctl_wanted.NO_INTERFACE if _is_of_interface(paths, parts) else _NO_KEY, _near(paths, parts))
    if stat.S_ISDIR(mode):
        return Live('folder', None, None, _near(paths, parts + ('',)))
    if not mode & 0o444:
        return Live('command', None, None, ())
    return Live('setting', _read(path), _hindrance(path, mode), ())


def _is_of_interface(paths, parts):
    """Whether the interface is what is missing: "default" has each setting that one can have."""
    if len(parts) != 5 or '.'.join(parts[:3]) not in known.PER_INTERFACE:
        return False
    default = parts[:3] + ('default',)
    return os.path.exists(paths.setting(default + parts[4:])) or not os.path.exists(paths.setting(default))


def _hindrance(path, mode):
    """Why a setting cannot be written, or None."""
    if not mode & 0o222:
        return _NOBODY
    if os.access(path, os.W_OK):
        return None
    if preconditions.is_mounted_read_only(path):
        return _MOUNT
    return _USER


def _near(paths, parts):
    """Names that may have been meant: none if the interface is what is missing."""
    # Here, not above: most runs do not need it.
    import difflib

    try:
        names = os.listdir(paths.setting(parts[:-1]))
    except OSError as exc:
        if exc.errno not in (errno.ENOENT, errno.ENOTDIR, errno.EACCES):
            raise
        names = []
    names = [boot.spell(parts[:-1] + (name,)) for name in names]
    if not parts[-1]:
        return tuple(sorted(names)[:3])
    return tuple(difflib.get_close_matches(boot.spell(parts), set(names) | known.known_keys(), 3, 0.8))


def _read(path):
    """The value, or None where the kernel does not tell it (stable_secret before it is set: EIO)."""
    try:
        with io.open(path, 'rb') as source:
            return boot.normal(to_native(source.read(_VALUE_LIMIT), errors='surrogate_or_replace'))
    except (IOError, OSError) as exc:
        if exc.errno not in (errno.EIO, errno.EACCES, errno.EPERM, errno.EINVAL, errno.ENODATA):
            raise
        return None


# ---- what is to be done


def plan(wanted, observed, path, ports=(), strict=False):
    """The Plan that leads from what is observed to what is wanted. Pure.

    ports: where services of this host listen; strict: whether each key has to be in force, now and after a boot.
    Raises GofleetError with the code of the first problem, and all of them as its evidence.
    """
    wanted = [sysctl_wanted.as_printed(each, observed.live[each.key].value) for each in wanted]
    _refuse(sysctl_wanted.problems(wanted, observed, ports))
    reports = [_judged(each, observed, path) for each in wanted]
    if strict:
        _refuse([(report['key'], 'not_in_force', '%s (%s)' % (report['status'], report['note'])) for each, report in zip(wanted, reports)
                 if _falls_short(each, report)])
    taken = dict((each['key'], (each['value'], _entry(each, observed))) for each in reports if each['in_file'])
    had = set(sysctl_state.owned(observed.state, path)) | set(_keys_of(observed.text))
    restores = [_restore(key, observed, path) for key in sorted(had) if key not in taken]
    writes = [(each['key'], each['value']) for each in reports if each['status'] == 'applied']
    text = _render(wanted, reports) if taken else None
    enable = bool(taken) and observed.loader.name in ('alpine', 'openrc-busybox', 'procps') and not observed.loader.enabled
    last = not _settled(taken, observed, path)['keys']
    # Unless somebody else's files have come to need it.
    disable = last and _SERVICE in observed.state['made'] and observed.loader.enabled and not observed.precedence.others_in_etc
    found = Plan(reports, writes, restores, text, taken, [], enable, disable)
    return found._replace(steps=_steps(found, observed, path))


def _falls_short(each, report):
    """Whether a setting is not, or not after a boot, what is wanted. A list that the kernel only spells in its own way is."""
    if report['status'] == 'unavailable':
        return not each.optional
    return report['status'] in ('read_only', 'shadowed') or (report['status'] == 'adjusted' and sysctl_wanted.numbers(report['value']) is not None)


def _refuse(problems):
    if problems:
        told = ' '.join('%s: %s.' % (key, why) for key, dummy, why in problems)
        raise GofleetError('Nothing was changed. %s' % told, problems[0][1],
                           problems=[{'key': key, 'code': code, 'reason': why} for key, code, why in problems])


def _judged(each, observed, path):
    """The report of one key: what it is to be, and why it is or is not."""
    live = observed.live[each.key]
    entry = observed.state['keys'].get(each.key)
    owner = entry['owners'].get(path) if entry else None
    before = _before(each.key, observed)
    report = {'key': each.key, 'value': each.value, 'before': live.value, 'now': live.value, 'at_least': each.at_least, 'origin': each.origin,
              'reason': each.reason, 'source': each.source, 'shadowed_by': None, 'reverted_by': None, 'restart': None, 'note': None, 'in_file': False}
    if live.kind == 'absent':
        return dict(report, status='unavailable', note=live.why, in_file=owner is not None)
    if each.at_least:
        if sysctl_wanted.reaches(before, each.value) and sysctl_wanted.reaches(live.value, each.value):
            return dict(report, status='already', note='the host has as much by itself')
        report['value'] = sysctl_wanted.most(each.value, observed.precedence.without_ours(each.key))
    value = report['value']
    report['in_file'] = not live.why or owner is not None
    report['shadowed_by'] = _shadow(observed.precedence, each, value)
    report['reverted_by'] = _shadow(observed.manual, each, value) if observed.manual else None
    if report['shadowed_by']:
        return dict(report, status='shadowed', note='%s sets %s after this file' % (
            report['shadowed_by']['path'], report['shadowed_by']['value'] or 'nothing, but has its name, and is read'))
    if live.value == value or (each.at_least and sysctl_wanted.reaches(live.value, value)):
        return dict(report, status='already')
    if owner and owner['wanted'] == value and owner['found'] == live.value:
        return dict(report, status='adjusted', note='the kernel made %s of it' % live.value)
    if live.why:
        return dict(report, status='read_only', note=live.why)
    return dict(report, status='applied', restart=_restart(each))


def _before(key, observed):
    """The value before any of our drop-ins took the key; None if that is not known."""
    entry = observed.state['keys'].get(key)
    if entry:
        return entry['before']
    # The file is ours but nothing is remembered: what is in force may be ours too.
    return None if key in _keys_of(observed.text) else observed.live[key].value


def _keys_of(text):
    return [each.key for each in boot.assignments(None, text or '')]


def _shadow(precedence, each, value):
    later = precedence.later(each.key)
    if later is None:
        hidden = precedence.hidden_by
        return {'path': hidden, 'value': None} if hidden else None
    if sysctl_wanted.is_same(later.value, value) or (each.at_least and sysctl_wanted.reaches(later.value, value)):
        return None
    return {'path': later.path, 'value': later.value}


def _restart(each):
    if each.key in known.READ_ONCE:
        return known.READ_ONCE[each.key]
    if len(each.parts) == 5 and each.parts[3] == 'default' and '.'.join(each.parts[:3]) in known.PER_INTERFACE:
        return 'only interfaces that are made from now on take it'
    return None


def _entry(report, observed):
    key = report['key']
    return {'before': _before(key, observed), 'configured': observed.precedence.without_ours(key), 'kernel': observed.release, 'owners': {}}


def _restore(key, observed, path):
    """What becomes of a key that our drop-in has had and has no longer."""
    entry, live = observed.state['keys'].get(key), observed.live.get(key)
    if entry is None or path not in entry['owners']:
        return Restore(key, None, _UNKNOWN_BEFORE)
    configured = observed.precedence.without_ours(key)
    # What another file says by now is what a boot would give; what it said then did not keep the host from its value.
    value = configured if configured is not None and configured != entry['configured'] else entry['before']
    if live.kind != 'setting' or live.why:
        return Restore(key, None, live.why or 'it is no setting any more')
    if sysctl_wanted.is_same(live.value, value):
        return Restore(key, None, sysctl_report.AS_BEFORE)
    owner = entry['owners'][path]
    if sysctl_state.is_never_set(owner) and live.value != owner['wanted']:
        return Restore(key, None, sysctl_report.NEVER_SET)
    if live.value not in sysctl_state.values_of(owner):
        return Restore(key, None, 'it is %s, which is not of this file' % live.value)
    if value is None:
        return Restore(key, None, _UNKNOWN_BEFORE)
    return Restore(key, value, 'the value under Linux %s' % entry['kernel'] if entry['kernel'] != observed.release and value == entry['before'] else None)


def _render(wanted, reports):
    """The drop-in: each key under its reason, and as a comment where this host has as much by itself or cannot have it."""
    lines = [_MARK, '# What the settings were before is in %s.' % _STATE]
    for each, report in zip(wanted, reports):
        assignment = '%s = %s' % (boot.spell_in_file(each.parts), report['value'])
        lines += ['', '# %s: %s' % (each.origin, each.reason) if each.reason else '# %s' % each.origin]
        if report['in_file']:
            lines.append(assignment)
        else:
            # Why is told by the run: it may change, and the file would with it.
            lines.append('# Not set here: %s' % assignment)
    return '\n'.join(lines) + '\n'


def _settled(taken, observed, path):
    """The state once these keys are taken, with what the kernel made of them before."""
    owners = sysctl_state.owned(observed.state, path)
    found = dict((key, owners[key]['found'] if key in owners else None) for key in taken)
    return sysctl_state.settled(sysctl_state.taking(observed.state, path, taken), path, found)


def _steps(found, observed, path):
    """The plan in words, a line each; none if nothing is to be written."""
    steps = ['remove what a killed run left at %s' % each for each in observed.leftovers]
    steps += ['set %s = %s' % each for each in found.writes]
    if found.text != observed.text:
        steps.append('%s %s' % ('remove' if found.text is None else 'write', path))
    steps += ['restore %s = %s' % (each.key, each.value) for each in found.restores if each.value is not None]
    if found.enable:
        steps.append('enable the service sysctl at boot')
    if found.disable:
        steps.append('disable the service sysctl at boot')
    owners = sysctl_state.owned(observed.state, path)
    # Of a key that another file wins there is nothing to be known until it does so no more.
    shadowed = [each['key'] for each in found.reports if each['status'] == 'shadowed']
    unsettled = any(key not in owners or (owners[key]['found'] is None and key not in shadowed) for key in found.taken)
    if observed.stale and not found.taken:
        steps.append('remove %s, which a killed run left' % _STATE)
    if not steps and (unsettled or _settled(found.taken, observed, path) != observed.state):
        steps.append('remember what the settings were before')
    return steps


# ---- doing it


def converge(wanted, paths, run, check_mode, lock_timeout, ports=(), strict=False):
    """Bring the host to what is wanted; an empty list of wanted keys gives everything back. Returns the module's result.

    A host that is there already is only read: no lock, no write. Raises GofleetError.
    """
    try:
        _check_folders(paths)
        observed = observe(wanted, paths)
        found = plan(wanted, observed, paths.path, ports, strict)
        _refuse_early(found, observed, paths)
        if not found.steps or check_mode:
            return sysctl_report.result(found, observed, paths)
        made = folders.missing(paths.meta)
        try:
            with locks.lock(paths.lock, lock_timeout):
                return _carry_out(wanted, paths, run, ports, strict, made)
        except (GofleetError, IOError, OSError):
            folders.remove_made(made)
            raise
    except (IOError, OSError) as exc:
        raise from_os_error(exc, paths.path)


def _carry_out(wanted, paths, run, ports, strict, made):
    try:
        observed = observe(wanted, paths)
        found = plan(wanted, observed, paths.path, ports, strict)
        carried = _Run(found, observed, paths, run, strict)
        carried.carry_out()
        return sysctl_report.result(found, observed, paths, carried.live(), carried.failed_restores)
    except (GofleetError, IOError, OSError):
        # The lock in a folder that was made for it. A state that is remembered stays.
        if made and not os.path.lexists(paths.state):
            _retire(paths)
        raise


def _retire(paths):
    """Remove our folder, as far as that can be done: what a run failed of matters more."""
    try:
        if os.path.isdir(paths.meta):
            transaction.retire_folder(paths.meta)
    except (IOError, OSError):
        # The next run removes it.
        return


def _check_folders(paths):
    """Raise GofleetError(unsafe_folder) where root would rely on folders that others can change."""
    for path in (os.path.dirname(paths.drop_in), paths.meta):
        folder_owners.check_safe(path, 'The folder', 'Give it back to root alone (chown root, chmod go-w), and run again.')


def _refuse_early(found, observed, paths):
    """What is known to fail fails before the first change, and in check mode too."""
    denied = [each['key'] for each in found.reports if each['status'] == 'read_only' and os.geteuid() != 0 and each['note'] == _USER]
    folder = preconditions.nearest_folder(os.path.dirname(paths.drop_in))
    if denied or (found.steps and os.geteuid() != 0 and not os.access(folder, os.W_OK | os.X_OK)):
        raise GofleetError('User %d may not change %s. Nothing was changed. Run the play with become: kernel settings are root\'s.'
                           % (os.geteuid(), ', '.join(denied) or folder), 'not_privileged', uid=os.geteuid(), keys=denied)
    if found.steps and preconditions.is_mounted_read_only(folder):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), folder)


class _Run(object):
    """Carries out one plan, with the lock held."""

    def __init__(self, found, observed, paths, run, strict):
        self.plan = found
        self.observed = observed
        self.paths = paths
        self.program = run
        self.strict = strict
        self.failed_restores = []
        # What was done after that, in words.
        self._given_back = []
        # None for what this run does not set.
        self._found = dict((each['key'], {'adjusted': each['now'], 'shadowed': None}.get(each['status'], each['value']))
                           for each in found.reports if each['in_file'])
        self._written = []

    def carry_out(self):
        """Remember, set and read back, write the drop-in, give back what it has no longer, remember that.

        What the kernel refuses is never in a file: a boot would fail of it.
        """
        for each in self.observed.leftovers:
            transaction.delete_tree(each)
        state = sysctl_state.taking(self.observed.state, self.paths.path, self.plan.taken)
        made = self.plan.text is not None and not self.observed.has_folder
        adds = [each for each, added in ((boot.ETC, made), (_SERVICE, self.plan.enable)) if added]
        state['made'] = sorted(set(state['made'] + adds))
        try:
            if state != self.observed.state:
                sysctl_state.write(self.paths.state, state)
            for key, value in self.plan.writes:
                self._set(key, value)
            self._mend()
            self._write_drop_in()
        except (GofleetError, IOError, OSError):
            self._take_back(made)
            raise
        try:
            for each in self.plan.restores:
                self._give_back(each)
            if self.plan.enable:
                self._service('add')
            if self.plan.disable:
                self._service('del')
            self._settle(state)
        except (GofleetError, IOError, OSError) as exc:
            self._clean()
            raise self._unfinished(exc)

    def _unfinished(self, exc):
        """The GofleetError for what failed after the settings and the file were as they are wanted, with what was changed."""
        changed = self._changes()
        if isinstance(exc, GofleetError):
            return GofleetError(exc.msg, exc.code, **dict(exc.evidence, changed=changed))
        return from_os_error(exc, self.paths.meta, 'Changed by then: %s. What was before is still remembered.' % ('; '.join(changed) or 'nothing'),
                             changed=changed)

    def _changes(self):
        text = ['%s %s' % ('removed' if self.plan.text is None else 'wrote', self.paths.path)] if self.plan.text != self.observed.text else []
        return ['set %s' % key for key in self._written] + text + self._given_back

    def live(self):
        """The values in force now, by key."""
        return dict((key, _live(self.paths, boot.parse_key(key))) for key in self.observed.live)

    def _path(self, key):
        return self.paths.setting(boot.parse_key(key))

    def _set(self, key, value):
        self._written.append(key)
        try:
            _write(self._path(key), value)
        except (IOError, OSError) as exc:
            raise GofleetError(
                "%s: the kernel refuses '%s' (%s). It is %s; nothing was changed. Give a value that Linux %s takes, or leave the key out."
                % (key, value, exc.strerror, self.observed.live[key].value, self.observed.release), 'refused_by_kernel',
                key=key, value=value, now=self.observed.live[key].value, errno=errno.errorcode.get(exc.errno))
        now = _read(self._path(key))
        if now is None:
            # Written, and nothing said against it.
            now = value
        self._found[key] = now
        if now != value and self.strict and sysctl_wanted.numbers(value) is not None:
            raise GofleetError("%s: the kernel made %s of '%s'. Nothing was changed. Give a value that it takes as it is, or do not ask for strict."
                               % (key, now, value), 'adjusted', key=key, value=value, now=now)

    def _mend(self):
        """Set again what the setting of another key has changed, as that of ip_forward does with accept_redirects."""
        for each in self.plan.reports if self.plan.writes else ():
            exact = each['in_file'] and each['status'] in ('already', 'applied') and not each['at_least']
            if exact and _read(self._path(each['key'])) != self._found[each['key']]:
                self._set(each['key'], each['value'])

    def _write_drop_in(self):
        if self.plan.text == self.observed.text:
            return
        if self.plan.text is None:
            transaction.remove_file(self.paths.drop_in)
            return
        transaction.make_folder(os.path.dirname(self.paths.drop_in))
        transaction.write_file(self.paths.drop_in, to_bytes(self.plan.text, errors='surrogate_or_strict'))

    def _take_back(self, made):
        """Leave the host as it was found. What the run failed of matters more than what fails here."""
        try:
            for key in reversed(self._written):
                before = self.observed.live[key].value
                if before is not None and _read(self._path(key)) != before:
                    _write(self._path(key), before)
            self._take_drop_in_back()
            for each in _leftovers(self.paths):
                transaction.delete_tree(each)
            if made:
                folders.remove_if_empty(os.path.dirname(self.paths.drop_in))
            self._keep(self.observed.state)
        except (GofleetError, IOError, OSError):
            # The state still says what was before: a later run or the removal restores it.
            self._clean()

    def _take_drop_in_back(self):
        """Or a boot would set what nobody remembers any more: it may have its name, though to sync that failed."""
        if _drop_in(self.paths) == self.observed.text:
            return
        if self.observed.text is None:
            transaction.remove_file(self.paths.drop_in)
        else:
            transaction.write_file(self.paths.drop_in, to_bytes(self.observed.text, errors='surrogate_or_strict'))

    def _clean(self):
        """Remove what writes that failed have left, as far as that can be done."""
        for each in _leftovers(self.paths):
            try:
                transaction.delete_tree(each)
            except (IOError, OSError):
                # The next run removes it.
                continue

    def _give_back(self, restore):
        if restore.value is None:
            return
        try:
            _write(self._path(restore.key), restore.value)
        except (IOError, OSError) as exc:
            if exc.errno not in _REFUSALS:
                raise GofleetError("%s: the value of before, '%s', could not be written (%s). It is still remembered: mend that and run again."
                                   % (restore.key, restore.value, exc.strerror), 'not_restored', key=restore.key, value=restore.value,
                                   errno=errno.errorcode.get(exc.errno))
            # Some settings can only be tightened until the next boot (kernel.yama.ptrace_scope = 3).
            self.failed_restores.append(restore._replace(value=None, reason='the kernel refuses %s (%s); the next boot gives it' % (
                restore.value, exc.strerror)))
            return
        self._given_back.append('restored %s' % restore.key)

    def _service(self, action):
        argv = ['rc-update', action, 'sysctl', 'boot']
        status, output = self.program(argv, {}, '/')
        if status:
            raise GofleetError('`%s` failed (exit %d): %s. What is in force now is as it should be, but a boot may change it. Mend that and run again.'
                               % (' '.join(argv), status, output.strip()), 'service_failed', argv=argv, output=output)
        self._given_back.append('ran %s' % ' '.join(argv))

    def _settle(self, state):
        settled = sysctl_state.settled(state, self.paths.path, dict((key, self._found[key]) for key in self.plan.taken))
        if not settled['keys']:
            for folder in settled['made']:
                if folder != _SERVICE:
                    folders.remove_if_empty(self.paths.real(folder))
        self._keep(settled)

    def _keep(self, state):
        if state['keys']:
            sysctl_state.write(self.paths.state, state)
            return
        # The lock goes with it.
        transaction.retire_folder(self.paths.meta)
        folders.remove_if_empty(os.path.dirname(self.paths.meta))


def _write(path, value):
    handle = os.open(path, os.O_WRONLY | os.O_TRUNC)
    try:
        os.write(handle, to_bytes(value + '\n', errors='surrogate_or_strict'))
    finally:
        os.close(handle)
