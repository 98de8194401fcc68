# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""SELinux labels: what is made has the label that the host's policy gives to its name, before it has that name.

A rename keeps a label, and a new file inherits one: a program that was unpacked in a stage would stay what the stage is,
and a confined service could not run it. So creating() and prepare() ask the policy for the path that a thing will have.

Where the host has no SELinux this costs one look at a folder. A permissive host is labelled too: it may be enforcing
tomorrow. A file system that has no labels is left alone. What SELinux refuses, as it may an ordinary user, is not worth the
run: it goes on, and refusals() says so. Labels are given when something is made, and not watched later: that is restorecon's.
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
# sys/statvfs.h. A container sees the selinuxfs of its host read-only, or not at all: its labels are not its own.
_ST_RDONLY = 1
_LIBRARY = 'libselinux.so.1'
# selinux/label.h.
_SELABEL_CTX_FILE = 0
# The file system has no labels; setxattr() says so also where a mount option gives one label to all of it.
_UNLABELLED = (errno.ENOTSUP, errno.EOPNOTSUPP)
# EINVAL: a label that the loaded policy does not know, as while a package replaces the policy.
_REFUSED = (errno.EACCES, errno.EPERM, errno.EINVAL)

# The policy of this host, or None, once it was asked for.
_known = []
_refusals = []


class _Policy(object):
    """The host's policy by way of libselinux, opened once. Labels are bytes as the kernel has them. Raises OSError."""

    def __init__(self):
        self._library = ctypes.CDLL(_LIBRARY, use_errno=True)
        self._library.selabel_open.restype = ctypes.c_void_p
        self._handle = self._library.selabel_open(_SELABEL_CTX_FILE, None, 0)
        if not self._handle:
            raise _error()

    def label(self, path, kind):
        """The label for a path (bytes) of a kind (as in st_mode); None where the policy has none for it."""
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
        """Let the kernel give a label to all that this thread makes from now on; None: what it inherits."""
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
        # A kernel that runs without a policy has no file contexts, and nothing to set.
        if exc.errno != errno.ENOENT:
            _refusals.append('This host has SELinux, but its policy cannot be read: %s. What this run made has the labels it inherited; '
                             'run "restorecon -R" on it.' % to_native(exc.strerror or exc))
        return None


@contextlib.contextmanager
def creating(path, kind, made=None):
    """Within the block, what is made under the name `made` (or path) has the label of path.

    kind: stat.S_IFREG, S_IFDIR or S_IFLNK, of the one thing that the block makes and that was not there before.
    path may begin with /proc/self/fd/N, for a folder that is known by a descriptor. As root no name is used to set the
    label: the kernel makes the thing with it. Raises OSError.
    """
    policy = _policy()
    label = _label(policy, _settled(path), kind) if policy else None
    if label is None:
        yield
    elif os.geteuid() == 0:
        with _creating_as(policy, label, path):
            yield
    else:
        # A confined user may be allowed to make a file, and not to make it with this label: it is made in any case.
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

    Only what inherited another type is written: of a toolchain's 15,000 files some thirty. Raises OSError.
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
    """What the files have in common that the policy is asked about once: a question takes it longer than reading a label.

    Data files of one folder and one suffix: policies know names such as lib*.so, and programs, but no single source file.
    """
    stem, suffix = os.path.splitext(name)
    if suffix and stat.S_ISREG(mode) and not mode & 0o111:
        return os.path.dirname(stem), suffix
    return name


def _paths_below(path):
    yield path
    # os.walk() would follow a link that it begins with.
    if not stat.S_ISDIR(os.lstat(path).st_mode):
        return
    for folder, folders, files in os.walk(path, onerror=_raise):
        for name in folders + files:
            yield os.path.join(folder, name)


def _raise(error):
    raise error


def _label(policy, path, kind):
    """The label of the policy for a path; None where it has none, or does not say."""
    try:
        return policy.label(path, kind)
    except OSError as exc:
        _note(exc, path, None)
        return None


def _relabel(policy, path, label, final):
    """Whether the file system has labels."""
    try:
        if _compared(policy.label_of(path)) != _compared(label):
            policy.set_label(path, label)
    except OSError as exc:
        if exc.errno in _UNLABELLED:
            return False
        _note(exc, final, label)
    return True


def _compared(label):
    """What decides about a file: type and range. Who made it is part of a label too, and restorecon lets it be as well."""
    return label.split(b':', 3)[2:] if label else None


def _note(error, path, label):
    """Keep a refusal for the end of the run; what is none is raised."""
    if error.errno not in _REFUSED:
        raise error
    # One is enough to know what to do.
    if not _refusals:
        shown = to_native(path)
        _refusals.append('SELinux did not let this run give %s the label %s: %s. It has the label it inherited, by which confined services may '
                         'not be able to use it. Run "restorecon -R %s" as root.'
                         % (shown, to_native(label) if label else 'that the policy has for it', error.strerror, shown))


def refusals():
    """Sentences on what could not be labelled, each given once."""
    found = list(_refusals)
    del _refusals[:]
    return found


def _settled(path):
    """The path that the policy knows: without links above its last name."""
    folder, name = os.path.split(os.path.abspath(to_bytes(path, errors='surrogate_or_strict')))
    return os.path.join(os.path.realpath(folder), name)
