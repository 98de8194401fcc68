# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one exception that this collection raises on purpose."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import os

from ansible.module_utils.common.text.converters import to_native

from ansible_collections.gofleet.golang.plugins.module_utils._texts import shown


class GofleetError(Exception):
    """A failure that a person can act on.

    msg: what failed, where, why, and what to do, in one text.
    code: a stable word in snake_case that machines can match.
    evidence: the plain values in the text. Its key "changed" lists what was changed before the failure, one line each.

    Both may contain names of files and answers of servers: the message is stored as shown.message() returns it, so that a text that contains it is
    also one line of bounded length; as_result() returns the evidence as shown.values() does.
    """

    def __init__(self, msg, code, **evidence):
        self.msg = shown.message(msg)
        super(GofleetError, self).__init__(self.msg)
        self.code = code
        self.evidence = evidence

    def as_result(self):
        """The keyword arguments for fail_json."""
        result = {'msg': self.msg, 'code': self.code, 'evidence': shown.values(self.evidence)}
        return dict(result, changed=True) if self.evidence.get('changed') else result


def from_result(result):
    """The GofleetError whose as_result() this is."""
    return GofleetError(result['msg'], result['code'], **result['evidence'])


UNCHANGED = 'What was active before still is; nothing half-done has a name.'


def from_os_error(exc, where='the host', state=UNCHANGED, **evidence):
    """The GofleetError for an OSError (or Python 2's IOError) that ended a run. Source of the names: errno(3).

    where: what was being changed, for an error that names no file or only the end of a path; state: a sentence on how the host is left.
    """
    path = to_native(exc.filename or '')
    path = path if os.path.isabs(path) else where
    hint = _HINTS.get(exc.errno, ('os_error', 'Mend that and run again.'))
    return GofleetError(
        '%s: %s. %s %s' % (path, exc.strerror or exc, state, hint[1]), hint[0], path=path, errno=errno.errorcode.get(exc.errno), **evidence)


_HINTS = {
    errno.ENOSPC: ('disk_full', 'Free some space or choose another place, and run again.'),
    errno.EDQUOT: ('disk_full', 'The quota of this user is used up: free some space or choose another place, and run again.'),
    errno.EROFS: ('not_writable', 'The file system is mounted read-only: choose paths on another.'),
    errno.EACCES: ('not_writable', 'Run the play with become, or choose paths that this user can write to.'),
    errno.EPERM: ('not_writable', 'Run the play with become, or choose paths that this user can write to (chattr +i forbids it to root too).'),
    errno.EIO: ('io_error', 'The disk reports an error: look at the kernel log (dmesg) before running again.'),
}
