# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""SELinux labels: a file gets the label that the host's policy has for its final path before it gets that path.

A new file inherits its folder's label, and a rename keeps it: a program that was unpacked in a stage would keep the stage's label,
and a confined service could not run it. So creating() and prepare() ask the policy for the label of the final path.

On a host without SELinux this costs one look at a folder. A permissive host is labelled too: it may be enforcing
tomorrow. A file system without labels is skipped. If SELinux refuses a label, as it may to an ordinary user, the run
continues and refusals() reports it. Labels are set only when a file is created; later changes are restorecon's task.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import contextlib
import errno
import os
import stat

from ansible.module_utils.common.text.converters import to_bytes, to_native

try:
    import ctypes
except ImportError:
    ctypes = None

_SELINUXFS = '/sys/fs/selinux'
# sys/statvfs.h. A container sees the selinuxfs of its host read-only, or not at all, because its labels belong to the host.
_ST_RDONLY = 1
_LIBRARY = 'libselinux.so.1'
# selinux/label.h.
_SELABEL_CTX_FILE = 0
# The file system has no labels; setxattr() returns the same where a mount option gives all files one label.
_UNLABELLED = (errno.ENOTSUP, errno.EOPNOTSUPP)
# EINVAL: the loaded policy does not know the label, for example while a package replaces the policy.
_REFUSED = (errno.EACCES, errno.EPERM, errno.EINVAL)

# The policy of this host, or None; empty until it is first needed.
_known = []
_refusals = []


class _Policy(object):
    """The host's policy, read through libselinux and opened once. Labels are bytes, as the kernel stores them. Raises OSError."""

    def __init__(self):
        self._library = ctypes.CDLL(_LIBRARY, use_errno=True)
        self._library.selabel_open.restype = ctypes.c_void_p
        self._handle = self._library.selabel_open(_SELABEL_CTX_FILE, None, 0)
        if not self._handle:
            raise _error()

    def label(self, path, kind):
        """The label for a path (bytes) of a kind (as in st_mode); None if the policy has no label for it."""
        found = ctypes.c_char_p()
        if self._library.selabel_lookup_raw(ctypes.c_void_p(self._handle), ctypes.byref(found), path, kind) == 0:
            return self._taken(found)
        if ctypes.get_errno() == errno.ENOENT:
            return None
        raise _error()

    def label_of(self, path):
        """The label that a file has, links not followed; None where it has none."""
        found = ctypes.c_char_p()
        if self._library.lgetfilecon_raw(path, ctypes.byref(found)) >= 0:
            return self._taken(found)
        if ctypes.get_errno() in _UNLABELLED + (errno.ENODATA,):
            return None
        raise _error()

    def set_label(self, path, label):
        """Links are not followed."""
        if self._library.lsetfilecon_raw(path, label) != 0:
            raise _error()

    def create_as(self, label):
        """Set the label of everything that this thread creates from now on; None: the inherited one."""
        if self._library.setfscreatecon_raw(label) != 0:
            raise _error()

    def _taken(self, found):
        try:
            return found.value
        finally:
            self._library.freecon(found)


def _error():
    code = ctypes.get_errno()
    return OSError(code, os.strerror(code))


def _policy():
    if not _known:
        _known.append(_opened() if _is_enabled() else None)
    return _known[0]


def _is_enabled():
    try:
        return os.path.exists(os.path.join(_SELINUXFS, 'enforce')) and not os.statvfs(_SELINUXFS).f_flag & _ST_RDONLY
    except OSError:
        return False


def _opened():
    try:
        if ctypes is None:
            raise OSError(errno.ENOSYS, 'the Python of this host has no ctypes')
        return _Policy()
    except OSError as exc:
        # A kernel without a loaded policy has no file contexts.
        if exc.errno != errno.ENOENT:
            _refusals.append('This host has SELinux, but its policy cannot be read: %s. What this run made has the labels it inherited; '
                             'run "restorecon -R" on it.' % to_native(exc.strerror or exc))
        return None


@contextlib.contextmanager
def creating(path, kind, made=None):
    """Within the block, a file that is created as `made` (or as path) gets the label of path.

    kind: stat.S_IFREG, S_IFDIR or S_IFLNK, of the one file, folder or link that the block creates.
    path may begin with /proc/self/fd/N, for a folder that is open as descriptor N. As root, the label is not set by
    name: the kernel creates the file with it. Raises OSError.
    """
    policy = _policy()
    label = _label(policy, _settled(path), kind) if policy else None
    if label is None:
        yield
    elif os.geteuid() == 0:
        with _creating_as(policy, label, path):
            yield
    else:
        # A confined user may be allowed to create the file, but not with this label; it is then created without it.
        yield
        _relabel(policy, to_bytes(made or path, errors='surrogate_or_strict'), label, path)


@contextlib.contextmanager
def _creating_as(policy, label, path):
    accepted = _accepted(policy, label, path)
    try:
        yield
    finally:
        if accepted:
            policy.create_as(None)


def _accepted(policy, label, path):
    try:
        policy.create_as(label)
    except OSError as exc:
        _note(exc, path, label)
        return False
    return True


def prepare(staged, final):
    """Give a file, link or whole tree that lies at `staged` the labels for the name `final`, which it gets later.

    Only files that inherited another type are relabelled: some thirty of a toolchain's 15,000 files. Raises OSError.
    """
    policy = _policy()
    if policy is None:
        return
    source, target = to_bytes(staged, errors='surrogate_or_strict'), _settled(final)
    found = {}
    for path in _paths_below(source):
        name = target + path[len(source):]
        mode = os.lstat(path).st_mode
        key = _group(name, mode)
        if key not in found:
            found[key] = _label(policy, name, stat.S_IFMT(mode))
        if found[key] is not None and not _relabel(policy, path, found[key], name):
            break


def _group(name, mode):
    """A key for files that share one query of the policy, because a query takes longer than reading a label.

    Data files of one folder and one suffix: policies know names such as lib*.so, and programs, but no single source file.
    """
    stem, suffix = os.path.splitext(name)
    if suffix and stat.S_ISREG(mode) and not mode & 0o111:
        return os.path.dirname(stem), suffix
    return name


def _paths_below(path):
    yield path
    # os.walk() would follow a link at its root.
    if not stat.S_ISDIR(os.lstat(path).st_mode):
        return
    for folder, folders, files in os.walk(path, onerror=_raise):
        for name in folders + files:
            yield os.path.join(folder, name)


def _raise(error):
    raise error


def _label(policy, path, kind):
    """The policy's label for a path; None if it has none, or if the query fails."""
    try:
        return policy.label(path, kind)
    except OSError as exc:
        _note(exc, path, None)
        return None


def _relabel(policy, path, label, final):
    """Set the label of a path if it differs; return False if the file system has no labels."""
    try:
        if _compared(policy.label_of(path)) != _compared(label):
            policy.set_label(path, label)
    except OSError as exc:
        if exc.errno in _UNLABELLED:
            return False
        _note(exc, final, label)
    return True


def _compared(label):
    """The parts of a label that are compared: type and range. Like restorecon, this ignores the user and role of the creator."""
    return label.split(b':', 3)[2:] if label else None


def _note(error, path, label):
    """Record a refusal for the end of the run; raise any other error."""
    if error.errno not in _REFUSED:
        raise error
    # One example tells the operator what to do.
    if not _refusals:
        shown = to_native(path)
        _refusals.append('SELinux did not let this run give %s the label %s: %s. It has the label it inherited, by which confined services may '
                         'not be able to use it. Run "restorecon -R %s" as root.'
                         % (shown, to_native(label) if label else 'that the policy has for it', error.strerror, shown))


def refusals():
    """A sentence for each label that could not be set; the list is emptied."""
    found = list(_refusals)
    del _refusals[:]
    return found


def _settled(path):
    """The path as the policy spells it: links above its last name are resolved."""
    folder, name = os.path.split(os.path.abspath(to_bytes(path, errors='surrogate_or_strict')))
    return os.path.join(os.path.realpath(folder), name)
