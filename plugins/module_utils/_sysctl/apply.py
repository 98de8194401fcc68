# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kernel settings: carry out a plan, with the lock held, and read the resulting values back.

A run that is interrupted leaves each key with its old value or its new one; the next run, or the removal, continues from there.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import os

from ansible.module_utils.common.text.converters import to_bytes

from ansible_collections.gofleet.golang.plugins.module_utils import _errors as errors
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import folders, transaction
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import boot, keys, observe, plan
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import state as sysctl_state
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import wanted as sysctl_wanted

# Errors with which the kernel rejects a value; trying again would not help.
_REFUSALS = (errno.EINVAL, errno.EPERM, errno.ERANGE, errno.EBUSY)


class Run(object):
    """Carries out one plan, with the lock held. run: _frame.runner()."""

    def __init__(self, found, observed, paths, run, strict):
        self.plan = found
        self.observed = observed
        self.paths = paths
        self.program = run
        self.strict = strict
        self.failed_restores = []
        # Sentences on the steps that were done after the settings.
        self._given_back = []
        # {key: value in force}; None for a key that this run does not set.
        self._found = dict((each['key'], {'adjusted': each['now'], 'shadowed': None}.get(each['status'], each['value']))
                           for each in found.reports if each['in_file'])
        self._written = []

    def carry_out(self):
        """Record the previous values, set the new ones and read them back, write the drop-in, restore the keys that it no longer sets, record that.

        The drop-in never contains a value that the kernel rejects, because the boot service would fail.
        """
        for each in self.observed.leftovers:
            transaction.delete_tree(each)
        state = sysctl_state.taking(self.observed.state, self.paths.path, self.plan.taken)
        made = self.plan.text is not None and not self.observed.has_folder
        adds = [each for each, added in ((boot.ETC, made), (plan.SERVICE, self.plan.enable)) if added]
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
        """The GofleetError for a failure after the settings and the file were changed, with the list of those changes."""
        changed = self._changes()
        if isinstance(exc, GofleetError):
            return GofleetError(exc.msg, exc.code, **dict(exc.evidence, changed=changed))
        return errors.from_os_error(
            exc, self.paths.meta, 'Already changed: %s. The previous values are still recorded.' % ('; '.join(changed) or 'nothing'), changed=changed)

    def _changes(self):
        text = ['%s %s' % ('removed' if self.plan.text is None else 'wrote', self.paths.path)] if self.plan.text != self.observed.text else []
        return ['set %s' % key for key in self._written] + text + self._given_back

    def live(self):
        """The values in force now, as {key: observe.Live}."""
        return observe.live(dict((key, self._path(key)) for key in self.observed.live), self.paths)

    def _path(self, key):
        return self.paths.setting(keys.parse_key(key))

    def _set(self, key, value):
        self._written.append(key)
        try:
            write_value(self._path(key), value)
        except (IOError, OSError) as exc:
            raise GofleetError(
                "%s: the kernel refuses the value '%s' (%s). The value is still %s; nothing was changed. Use a value that Linux %s accepts, or omit the key."
                % (key, value, exc.strerror, self.observed.live[key].value, self.observed.release), 'refused_by_kernel',
                key=key, value=value, now=self.observed.live[key].value, errno=errno.errorcode.get(exc.errno))
        now = observe.read_value(self._path(key))
        if now is None:
            # The kernel accepted the value without an error.
            now = value
        self._found[key] = now
        if now != value and self.strict and sysctl_wanted.numbers(value) is not None:
            raise GofleetError("%s: the kernel changed the value '%s' to %s. The previous values were restored. Use a value that it keeps, or disable strict."
                               % (key, value, now), 'adjusted', key=key, value=value, now=now)

    def _mend(self):
        """Set keys again that changed with another key, as accept_redirects does with ip_forward."""
        for each in self.plan.reports if self.plan.writes else ():
            exact = each['in_file'] and each['status'] in ('already', 'applied') and not each['at_least']
            if exact and observe.read_value(self._path(each['key'])) != self._found[each['key']]:
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
        """Restore the previous state of the host. Ignores errors, because the error that ended the run matters more."""
        try:
            for key in reversed(self._written):
                before = self.observed.live[key].value
                if before is not None and observe.read_value(self._path(key)) != before:
                    write_value(self._path(key), before)
            self._take_drop_in_back()
            for each in observe.leftovers(self.paths):
                transaction.delete_tree(each)
            if made:
                folders.remove_if_empty(os.path.dirname(self.paths.drop_in))
            self._keep(self.observed.state)
        except (GofleetError, IOError, OSError):
            # The state still has the previous values, so a later run or the removal restores them.
            self._clean()

    def _take_drop_in_back(self):
        """Restore the drop-in: after a failed sync it may exist, and a boot would set values that are no longer recorded."""
        if observe.drop_in_text(self.paths) == self.observed.text:
            return
        if self.observed.text is None:
            transaction.remove_file(self.paths.drop_in)
        else:
            transaction.write_file(self.paths.drop_in, to_bytes(self.observed.text, errors='surrogate_or_strict'))

    def _clean(self):
        """Remove the files that failed writes left, as far as possible."""
        for each in observe.leftovers(self.paths):
            try:
                transaction.delete_tree(each)
            except (IOError, OSError):
                # The next run removes it.
                continue

    def _give_back(self, restore):
        if restore.value is None:
            return
        try:
            write_value(self._path(restore.key), restore.value)
        except (IOError, OSError) as exc:
            if exc.errno not in _REFUSALS:
                raise GofleetError("%s: the previous value '%s' could not be written (%s). It is still recorded: fix the cause and run again."
                                   % (restore.key, restore.value, exc.strerror), 'not_restored', key=restore.key, value=restore.value,
                                   errno=errno.errorcode.get(exc.errno))
            # Some settings can only be tightened until a reboot (kernel.yama.ptrace_scope = 3).
            self.failed_restores.append(restore._replace(value=None, reason='the kernel refuses %s (%s); reboot to restore it' % (
                restore.value, exc.strerror)))
            return
        self._given_back.append('restored %s' % restore.key)

    def _service(self, action):
        argv = ['rc-update', action, 'sysctl', 'boot']
        status, output = self.program(argv, {}, '/')
        if status:
            raise GofleetError('`%s` failed (exit %d): %s. The values in force are correct, but a reboot may change them. Fix the cause and run again.'
                               % (' '.join(argv), status, output.strip()), 'service_failed', argv=argv, output=output)
        self._given_back.append('ran %s' % ' '.join(argv))

    def _settle(self, state):
        settled = sysctl_state.settled(state, self.paths.path, dict((key, self._found[key]) for key in self.plan.taken))
        if not settled['keys']:
            for folder in settled['made']:
                if folder != plan.SERVICE:
                    folders.remove_if_empty(self.paths.real(folder))
        self._keep(settled)

    def _keep(self, state):
        if state['keys']:
            sysctl_state.write(self.paths.state, state)
            return
        # The folder also contains the lock.
        transaction.retire_folder(self.paths.meta)
        folders.remove_if_empty(os.path.dirname(self.paths.meta))


def write_value(path, value):
    """Write a value to the kernel. Raises OSError."""
    handle = os.open(path, os.O_WRONLY | os.O_TRUNC)
    try:
        os.write(handle, to_bytes(value + '\n', errors='surrogate_or_strict'))
    finally:
        os.close(handle)
