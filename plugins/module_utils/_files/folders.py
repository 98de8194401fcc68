# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Folders opened once and reached through their descriptors, so that root can write in a folder that other users may change.

In such a folder a name may become a link at any moment. So a folder is opened without following links, and its
names are reached from its descriptor. Files that root itself relies on must not be in such a folder (owners.py).
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import contextlib
import errno
import fcntl
import os
import stat

from ansible_collections.gofleet.golang.plugins.module_utils import _labels as labels
from ansible_collections.gofleet.golang.plugins.module_utils import _system as system
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import owners

MODE = 0o755
_CLOEXEC = getattr(os, 'O_CLOEXEC', 0)
_MISSING = (errno.ENOENT, errno.ENOTDIR)
_OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | _CLOEXEC


class Folder(object):
    """An open folder.

    descriptor: None for users other than root, who work with paths; path: its path; others: for root, its os.stat_result if another user may
    change names in it or above it, or None; weak: (path, os.stat_result) of the first folder on the way to it that such a user may change, or None.
    """

    def __init__(self, descriptor, path, others):
        self.descriptor = descriptor
        self.path = path
        self.others = others
        self.weak = None

    def at(self, name):
        """A path to a name in this very folder, even if the folder itself is renamed.

        If others may swap names, it starts from the descriptor. It uses /proc, not dir_fd: to the kernel both are the same
        (proc(5): /proc/self/fd), and Python 2.7 has no other way.
        """
        return os.path.join(self._descriptor_path if self.others else self.path, name)

    @property
    def _descriptor_path(self):
        return '/proc/self/fd/%d' % self.descriptor

    def sync(self):
        """Make the names in it survive a power cut. Raises OSError."""
        descriptor = _open(self.path, os.O_RDONLY | os.O_DIRECTORY | _CLOEXEC) if self.descriptor is None else self.descriptor
        try:
            os.fsync(descriptor)
        except OSError as exc:
            # Some network and FUSE file systems have no fsync for folders.
            if exc.errno not in (errno.EINVAL, errno.EOPNOTSUPP):
                exc.filename = self.path
                raise
        finally:
            if self.descriptor is None:
                os.close(descriptor)

    @contextlib.contextmanager
    def naming(self):
        """In an error about a path of at(), replace that path by the one that people know."""
        try:
            yield self
        except EnvironmentError as exc:
            exc.filename = self._known(exc.filename)
            raise
        except GofleetError as exc:
            raise GofleetError(self._known(exc.msg), exc.code, **dict((key, self._known(value)) for key, value in exc.evidence.items()))

    def _known(self, text):
        return text.replace(self._descriptor_path, self.path) if self.others and isinstance(text, str) else text

    def close(self):
        if self.descriptor is not None:
            os.close(self.descriptor)


@contextlib.contextmanager
def opened(path, create=False, mode=MODE):
    """A block with the Folder at an absolute path; options and errors as of open_folder()."""
    with contextlib.closing(open_folder(path, create, mode)) as folder, folder.naming():
        yield folder


def open_folder(path, create=False, mode=MODE):
    """The Folder at an absolute path; the caller must close() it. create: create it and the folders above it; mode: of those that it creates.

    A folder created in another user's folder belongs to that user. Raises GofleetError(unsafe_folder) for a link in a folder that others
    may change, OSError.
    """
    if os.geteuid() != 0:
        if create:
            _make(path, mode)
        os.lstat(path)
        return Folder(None, path, None)
    return _walk(path, create, mode, False)[0]


@contextlib.contextmanager
def nearest(path):
    """A block with (Folder, whether it is the one at path): the last folder on the way to an absolute path that exists. Errors as of open_folder().

    For users other than root, and where a probe answers, it is always the one at path, which may be missing.
    """
    walks = system.is_here() and os.geteuid() == 0
    folder, is_complete = _walk(path, False, MODE, True) if walks else (Folder(None, path, None), _is_there(path))
    with contextlib.closing(folder), folder.naming():
        yield folder, is_complete


def _is_there(path):
    # A probe knows nothing of folders that other users may change.
    if owners.first_weak(path):
        system.must_be_here()
    try:
        system.lstat(path)
    except OSError as exc:
        if exc.errno not in _MISSING:
            raise
        return False
    return True


def _walk(path, create, mode, may_be_missing):
    """(Folder, whether it is the one at path) for root."""
    folder, pending, links = _root(), _names(path), 0
    while pending:
        try:
            with folder.naming():
                step = _step(folder, pending.pop(0), create, mode, path)
        except BaseException as exc:
            if may_be_missing and getattr(exc, 'errno', None) in _MISSING:
                return folder, False
            folder.close()
            raise
        folder.close()
        if isinstance(step, Folder):
            folder = step
            continue
        links += 1
        if links > owners.LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
        folder, pending = _root(), _names(step) + pending
    return folder, True


def _names(path):
    return [name for name in path.split('/') if name not in ('', '.')]


def _root():
    folder = Folder(_open('/', _OPEN_FOLDER), '/', None)
    folder.others = _others(folder)
    folder.weak = ('/', folder.others) if folder.others else None
    return folder


def _step(folder, name, create, mode, path):
    """The Folder of a name in a folder; or, for a link that only root can have created, the path (str) from which to start again."""
    if name == '..':
        return os.path.dirname(folder.path)
    try:
        is_link = stat.S_ISLNK(os.lstat(folder.at(name)).st_mode)
    except OSError as exc:
        if exc.errno != errno.ENOENT or not create:
            raise
        _make_below(folder, name, mode)
        is_link = False
    if is_link and not folder.others:
        return os.path.join(folder.path, os.readlink(folder.at(name)))
    try:
        below = Folder(_open(folder.at(name), _OPEN_FOLDER), os.path.join(folder.path, name), None)
    except OSError as exc:
        # ELOOP or ENOTDIR, by the version of the kernel.
        if folder.others and exc.errno in (errno.ELOOP, errno.ENOTDIR) and os.path.islink(folder.at(name)):
            raise _link_of_others(os.path.join(folder.path, name), folder, path)
        raise
    # In a folder that others may change, they can swap every folder, even one of root.
    below.others = os.fstat(below.descriptor) if folder.others else _others(below)
    below.weak = folder.weak or (below.path, below.others) if below.others else None
    return below


def _others(folder):
    status = os.fstat(folder.descriptor)
    return status if owners.weakness(status, folder.path) else None


def _link_of_others(link, folder, path):
    return GofleetError(
        '%s is a symbolic link in a folder of %s, who can point it anywhere while root writes to %s. Nothing was changed. Name the folder that it '
        'leads to, or run without become as that user.' % (link, owners.user(folder.others.st_uid), path), 'unsafe_folder', path=path,
        folder=folder.path, owner=folder.others.st_uid, mode='%04o' % stat.S_IMODE(folder.others.st_mode))


def _open(path, flags):
    descriptor = os.open(path, flags)
    if not _CLOEXEC:
        # Python 2.7 has no name for O_CLOEXEC, and its children would inherit the descriptor.
        fcntl.fcntl(descriptor, fcntl.F_SETFD, fcntl.fcntl(descriptor, fcntl.F_GETFD) | fcntl.FD_CLOEXEC)
    return descriptor


def _make(path, mode):
    """Create path and the missing folders above it as this user; if one cannot be created, remove the others again."""
    if os.path.isdir(path):
        return
    parent = os.path.dirname(path)
    was_there = os.path.isdir(parent)
    _make(parent, mode)
    try:
        _make_below(Folder(None, parent, None), os.path.basename(path), mode)
    except (IOError, OSError):
        if not was_there:
            remove_if_empty(parent)
        raise


def _make_below(folder, name, mode):
    """Create a folder in a folder and sync its name; in another user's folder it gets that owner. Raises OSError."""
    path = folder.at(name)
    try:
        with labels.creating(path, stat.S_IFDIR):
            os.mkdir(path, mode)
    except OSError as exc:
        # A link that leads nowhere is not another run's folder.
        if exc.errno != errno.EEXIST or (os.path.lexists(path) and not os.path.isdir(path)):
            raise
        return
    try:
        if folder.others and folder.others.st_uid != 0:
            _give(path, folder.others)
        folder.sync()
    except (IOError, OSError):
        remove_if_empty(path)
        raise


def _give(path, owner):
    descriptor = _open(path, _OPEN_FOLDER)
    try:
        # Only the new folder can be removed here: another folder of root that was moved to this name is not empty.
        if os.fstat(descriptor).st_uid == 0 and not os.listdir('/proc/self/fd/%d' % descriptor):
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
    finally:
        os.close(descriptor)


# Errors of rmdir() after which a folder stays: it is not empty, is in use, or is in a folder of another user.
_KEPT = (errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT, errno.EBUSY, errno.EACCES, errno.EPERM, errno.EROFS)


def remove_if_empty(path):
    """Remove a folder if it is empty, no mount point, and not in another user's folder. Raises OSError for other failures."""
    try:
        os.rmdir(path)
    except OSError as exc:
        if exc.errno not in _KEPT:
            raise


def missing(path):
    """The folders that opened(path, create=True) would create, the deepest first."""
    found = []
    while not os.path.lexists(path) and path != os.path.dirname(path):
        found.append(path)
        path = os.path.dirname(path)
    return found


def remove_made(made):
    """Remove the empty folders that a failed run created. Ignores errors, because the error of the run matters more."""
    for path in made:
        try:
            persistently(remove_if_empty, path)
        except (IOError, OSError):
            return


def persistently(function, *arguments):
    """Call a cleanup function, and call it again if it fails: the error that ended a run may hit its cleanup too."""
    try:
        return function(*arguments)
    except (IOError, OSError):
        return function(*arguments)
