# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lock, stage, publish, swap, prune: the only file that renames.

Everything is built in a stage on the target's own file system, synced, and gets its
name by one rename; so a kill or a power cut leaves the old state or the new one.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import contextlib
import errno
import fcntl
import io
import os
import shutil
import signal
import stat
import tempfile
import time

from ansible.module_utils.common.text.converters import to_bytes

from ansible_collections.gofleet.golang.plugins.module_utils import labels
from ansible_collections.gofleet.golang.plugins.module_utils.errors import GofleetError

try:
    import ctypes
except ImportError:
    # A Python linked statically (as on some Alpine hosts) has no ctypes.
    ctypes = None

# linux/fcntl.h and linux/fs.h.
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
# Refusals by which a kernel or file system says that it cannot exchange two names.
_NO_EXCHANGE = (errno.ENOSYS, errno.EINVAL, errno.EPERM)

# A name beside the target, so that rename() stays on one file system; one name, because the lock is held.
_NEW_SUFFIX = '.gofleet-new'
# What is kept of somebody else's gets this and the time.
_ASIDE_SUFFIX = '.before-gofleet-'
# A folder that is being deleted gets this and the process's number.
_RETIRED = '-removed-'
_FOLDER_MODE = 0o755
# Answers to rmdir() that let a folder be.
_KEPT = (errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT, errno.EBUSY, errno.EACCES, errno.EPERM, errno.EROFS)


class _LockTimeout(Exception):
    pass


@contextlib.contextmanager
def lock(path, timeout):
    """Hold the lock file at path, waiting at most timeout whole seconds (at least 1).

    The kernel drops the lock with the process, so a killed run never blocks the next one.
    Raises GofleetError(locked).
    """
    handle = _locked_handle(path, timeout)
    try:
        yield
    finally:
        os.close(handle)


def _locked_handle(path, timeout):
    # The alarm ends a flock() that waits: the only way to wait for a lock with a limit and without polling.
    previous = signal.signal(signal.SIGALRM, _on_alarm)
    signal.alarm(max(1, int(timeout)))
    try:
        while True:
            handle = _opened(path)
            if handle is None:
                continue
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)
                if _is_still(path, handle):
                    return handle
            except BaseException:
                os.close(handle)
                raise
            os.close(handle)
    except _LockTimeout:
        raise GofleetError(
            'Another run holds %s and did not finish within %d s. Look for it with "fuser %s"; '
            'wait for it or raise lock_timeout.' % (path, timeout, path), 'locked', path=path, timeout=timeout)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, previous)


def _opened(path):
    # Who held the lock may have removed its folder with everything else, even since it was made here: then once more.
    try:
        make_folder(os.path.dirname(path))
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as exc:
        if exc.errno != errno.ENOENT:
            raise
        return None


def _on_alarm(signum, frame):
    raise _LockTimeout()


def _is_still(path, handle):
    try:
        return os.path.samestat(os.stat(path), os.fstat(handle))
    except OSError as exc:
        if exc.errno != errno.ENOENT:
            raise
        return False


def make_folder(path, mode=_FOLDER_MODE):
    """Create path and what is missing above it, each with its name synced. Raises OSError."""
    if os.path.isdir(path):
        return
    parent = os.path.dirname(path)
    make_folder(parent, mode)
    try:
        with labels.creating(path, stat.S_IFDIR):
            os.mkdir(path, mode)
    except OSError as exc:
        # A link that leads nowhere is not another run's folder.
        if exc.errno != errno.EEXIST or (os.path.lexists(path) and not os.path.isdir(path)):
            raise
    sync_folder(parent)


def is_plain_folder(path):
    """Whether a folder has the owner and mode that make_folder() gives it, so that nothing is lost with it."""
    status = os.lstat(path)
    return stat.S_ISDIR(status.st_mode) and stat.S_IMODE(status.st_mode) == _FOLDER_MODE and status.st_uid == os.geteuid()


@contextlib.contextmanager
def stage(root):
    """A new folder below root, private to this run, and gone when the block ends, however it ends.

    What a kill leaves behind is found by leftovers() and removed by the next run.
    """
    make_folder(root, 0o700)
    folder = tempfile.mkdtemp(prefix='%d-' % os.getpid(), dir=root)
    try:
        yield folder
    finally:
        delete_tree(folder)


def leftovers(root, older_than=0):
    """Paths below root that no run is working on, given that the lock is held.

    older_than: seconds for which neither the folder nor a file in it has changed.
    """
    limit = time.time() - older_than
    found = []
    for name in _list(root):
        path = os.path.join(root, name)
        newest = max([_mtime(path)] + [_mtime(os.path.join(path, each)) for each in _list(path)])
        if newest <= limit:
            found.append(path)
    return found


def aside_name(path, now):
    """The name under which what is at path is kept; now: seconds since the epoch."""
    return path + _ASIDE_SUFFIX + time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(now))


def unfinished_names(path, is_ours):
    """Names beside path that a killed run made and did not come to use.

    is_ours: whether a link's target is one that we give. Only links are ever such names: a foreign thing that was
    put aside never matches.
    """
    folder, base = os.path.split(path)
    starts = (base + _NEW_SUFFIX, base + _ASIDE_SUFFIX)
    found = [os.path.join(folder, name) for name in _list(folder) if name.startswith(starts)]
    return [each for each in found if os.path.islink(each) and is_ours(os.readlink(each))]


def unfinished_files(folder):
    """Files in a folder of ours that write_file() was killed over."""
    return [os.path.join(folder, name) for name in _list(folder) if name.endswith(_NEW_SUFFIX)]


def _list(folder):
    try:
        return sorted(os.listdir(folder))
    except OSError as exc:
        # EACCES: an ordinary user looks at root's stage, which is not theirs to clean.
        if exc.errno not in (errno.ENOENT, errno.ENOTDIR, errno.EACCES):
            raise
        return []


def _mtime(path):
    try:
        return os.lstat(path).st_mtime
    except OSError as exc:
        if exc.errno != errno.ENOENT:
            raise
        return 0


@contextlib.contextmanager
def naming(path):
    """Let an OSError from a call on a descriptor name the file, so that a message can say where."""
    try:
        yield
    except (IOError, OSError) as exc:
        if exc.filename is None:
            exc.filename = path
        raise


def write_file(path, content, mode=0o644):
    """Replace a file as a whole: content (bytes) is on the disk before path names it. Raises OSError."""
    fresh = path + _NEW_SUFFIX
    with labels.creating(path, stat.S_IFREG, fresh):
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, mode)
    with naming(fresh), io.open(handle, 'wb') as target:
        target.write(content)
        target.flush()
        os.fchmod(target.fileno(), mode)
        os.fsync(target.fileno())
    os.rename(fresh, path)
    sync_folder(os.path.dirname(path))


def publish_tree(staged, target):
    """Give a finished tree its name: synced first, so that a power cut never shows an empty file in it.

    target must not exist. Raises OSError.
    """
    labels.prepare(staged, target)
    sync_tree(staged)
    # rename() would silently take the place of an empty folder; nothing of anybody's may be replaced.
    if os.path.lexists(target):
        raise OSError(errno.EEXIST, os.strerror(errno.EEXIST), target)
    os.rename(staged, target)
    sync_folder(os.path.dirname(target))


def point_link(link, target):
    """Let a symbolic link name target, in one step, whether or not the link exists. Raises OSError."""
    fresh = link + _NEW_SUFFIX
    _unlink(fresh)
    with labels.creating(link, stat.S_IFLNK, fresh):
        os.symlink(target, fresh)
    os.rename(fresh, link)
    sync_folder(os.path.dirname(link))


def point_link_keeping(link, target, aside):
    """Put a symbolic link in the place of whatever is at link, which is kept whole at aside.

    In one step where the kernel exchanges names (Linux 3.15) and Python can ask it to; elsewhere the
    name is missing between two renames. Raises OSError.
    """
    with labels.creating(link, stat.S_IFLNK, aside):
        os.symlink(target, aside)
    if not _exchange(link, aside):
        os.unlink(aside)
        os.rename(link, aside)
        with labels.creating(link, stat.S_IFLNK):
            os.symlink(target, link)
    sync_folder(os.path.dirname(link))


def _exchange(one, other):
    """Whether the two names were exchanged. Raises OSError for a refusal that is not about exchanging."""
    if ctypes is None:
        return False
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), 'renameat2', None)
    if renameat2 is None:
        return False
    names = [to_bytes(name, errors='surrogate_or_strict') for name in (one, other)]
    if renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE) == 0:
        return True
    code = ctypes.get_errno()
    if code in _NO_EXCHANGE:
        return False
    raise OSError(code, os.strerror(code), one)


def remove_tree(path, stage_folder):
    """Take a tree's name away in one step, then delete it: nobody ever sees half of it. Raises OSError."""
    doomed = os.path.join(tempfile.mkdtemp(prefix='removed-', dir=stage_folder), os.path.basename(path))
    if os.geteuid() != 0:
        # To move a folder is to write its "..".
        os.chmod(path, os.stat(path).st_mode | stat.S_IRWXU)
    os.rename(path, doomed)
    sync_folder(os.path.dirname(path))
    delete_tree(os.path.dirname(doomed))


def delete_tree(path):
    """Delete a folder or file that no name outside the stage leads to. Raises OSError."""
    if not os.path.isdir(path) or os.path.islink(path):
        _unlink(path)
        return
    if os.geteuid() != 0:
        _open_folders(path)
    while os.path.lexists(path):
        try:
            shutil.rmtree(path)
        except OSError as exc:
            # Another run may be deleting the same leftover.
            if exc.errno != errno.ENOENT:
                raise


def _open_folders(path):
    """Let the owner into every folder: an archive may hold some that an ordinary user could not delete from."""
    os.chmod(path, stat.S_IRWXU)
    for folder, folders, dummy in os.walk(path):
        for name in folders:
            each = os.path.join(folder, name)
            if not os.path.islink(each):
                os.chmod(each, stat.S_IRWXU)


def remove_file(path):
    """Remove a file or link, if it is there, and sync its folder. Raises OSError."""
    if _unlink(path):
        sync_folder(os.path.dirname(path))


def remove_empty_folder(path):
    """Remove a folder unless something is in it, or it is a mount point or lies in a folder of others, and so stays.

    Raises OSError for other refusals.
    """
    try:
        os.rmdir(path)
    except OSError as exc:
        if exc.errno not in _KEPT:
            raise


def retire_folder(path):
    """Take a folder's name away in one step, then delete it: for the folder that holds the lock of this run.

    From then on a waiting run makes a new one, in which nothing of this run's deletes. Raises OSError.
    """
    doomed = '%s%s%d' % (path, _RETIRED, os.getpid())
    os.rename(path, doomed)
    sync_folder(os.path.dirname(path))
    delete_tree(doomed)


def retired(path):
    """What runs that were killed in retire_folder(path) left."""
    folder, base = os.path.split(path)
    return [os.path.join(folder, name) for name in _list(folder) if name.startswith(base + _RETIRED)]


def _unlink(path):
    try:
        os.unlink(path)
    except OSError as exc:
        if exc.errno != errno.ENOENT:
            raise
        return False
    return True


def sync_folder(path):
    """Make the names in a folder survive a power cut. Raises OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with naming(path):
            os.fsync(handle)
    except OSError as exc:
        # Some network and FUSE file systems have no fsync for folders.
        if exc.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(handle)


def sync_tree(path):
    """Put a whole tree on the disk.

    One syncfs() instead of an fsync() for each of 12,000 files, which a disk answers one by one; where Python cannot
    call it, everything that the machine has to write, or at last each file. Raises OSError.
    """
    if ctypes is not None and hasattr(ctypes.CDLL(None), 'syncfs'):
        _syncfs(path)
    elif hasattr(os, 'sync'):
        os.sync()
    else:
        _sync_each(path)


def _sync_each(path):
    for folder, dummy, names in os.walk(path):
        for name in names:
            if not os.path.islink(os.path.join(folder, name)):
                with io.open(os.path.join(folder, name), 'rb') as source, naming(source.name):
                    os.fsync(source.fileno())
        sync_folder(folder)


def _syncfs(path):
    handle = os.open(path, os.O_RDONLY)
    try:
        if ctypes.CDLL(None, use_errno=True).syncfs(handle) != 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), path)
    finally:
        os.close(handle)
