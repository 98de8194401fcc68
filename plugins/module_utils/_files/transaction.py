# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stage, publish, swap, prune: beside file_changes.py, which replaces several files as one, the only file that renames.

Everything is built in a stage on the target's own file system, synced, and gets its
name by one rename; so a kill or a power cut leaves the old state or the new one.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import binascii
import contextlib
import errno
import io
import os
import re
import shutil
import stat
import tempfile
import time

from ansible.module_utils.common.text.converters import to_bytes, to_native

from ansible_collections.gofleet.golang.plugins.module_utils import _labels as labels
from ansible_collections.gofleet.golang.plugins.module_utils._files import folders, owners

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

# A name beside the target, so that rename() stays on one file system. It ends in what nobody can guess; the first versions had no such end.
_NEW_SUFFIX = '.gofleet-new'
_NEW = re.compile(r'(.+)\.gofleet-new(?:-[0-9a-f]{16})?\Z', re.DOTALL)
# What is kept of somebody else's gets this and the time.
_ASIDE_SUFFIX = '.before-gofleet-'
# A folder that is being deleted gets this and the process's number.
_RETIRED = '-removed-'


def make_folder(path, mode=folders.MODE):
    """Create path and what is missing above it, each with its name synced. Raises GofleetError(unsafe_folder), OSError."""
    with folders.opened(path, create=True, mode=mode):
        return


def is_plain_folder(path):
    """Whether a folder has the owner and mode that make_folder() gives it, so that nothing is lost with it."""
    status = os.lstat(path)
    return stat.S_ISDIR(status.st_mode) and stat.S_IMODE(status.st_mode) == folders.MODE and status.st_uid == os.geteuid()


@contextlib.contextmanager
def stage(root):
    """A new folder below root, private to this run, and gone when the block ends, however it ends.

    What a kill leaves behind is found by leftovers() and removed by the next run.
    """
    make_folder(root, 0o700)
    owners.check_own(root)
    folder = tempfile.mkdtemp(prefix='%d-' % os.getpid(), dir=root)
    try:
        yield folder
    finally:
        folders.persistently(delete_tree, folder)


def leftovers(root, older_than=0):
    """Paths below root that no run is working on, given that the lock is held.

    older_than: seconds for which neither the folder nor a file in it has changed.
    """
    # What a link leads to is no stage of ours.
    if os.path.islink(root):
        return []
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
    return [os.path.join(folder, name) for name in _list(folder) if _NEW.match(name)]


def unfinished_copies(path):
    """Those of them that would have become the file at path."""
    base = os.path.basename(path)
    return [each for each in unfinished_files(os.path.dirname(path)) if _NEW.match(os.path.basename(each)).group(1) == base]


def new_name(name):
    """A name beside this one for what is to take its place, which nobody can foresee."""
    return '%s%s-%s' % (name, _NEW_SUFFIX, to_native(binascii.hexlify(os.urandom(8))))


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
    """Replace a file as a whole: content (bytes) is on the disk before path names it. One writer at a time: what others have begun goes.

    Raises GofleetError(unsafe_folder), OSError.
    """
    with folders.opened(os.path.dirname(path)) as folder:
        name = os.path.basename(path)
        for each in unfinished_copies(path):
            _unlink(folder.at(os.path.basename(each)))
        fresh = staged_file(folder, name, content, mode)
        try:
            os.rename(folder.at(fresh), folder.at(name))
        except (IOError, OSError):
            folders.persistently(_unlink, folder.at(fresh))
            raise
        folder.sync()


def staged_file(folder, name, content, mode, uid=-1, gid=-1):
    """The name of a new file in an open folder, complete and on the disk, that is to take the place of another name.

    It is never open to more readers than in the end. folder: folders.Folder; uid, gid: its owner, -1: whoever makes it. Raises OSError.
    """
    fresh = new_name(name)
    with labels.creating(folder.at(name), stat.S_IFREG, folder.at(fresh)):
        handle = os.open(folder.at(fresh), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with naming(os.path.join(folder.path, fresh)), io.open(handle, 'wb') as target:
            target.write(content)
            target.flush()
            if uid != -1 or gid != -1:
                os.fchown(target.fileno(), uid, gid)
            # After the owner: the kernel takes some bits away with it.
            os.fchmod(target.fileno(), mode)
            os.fsync(target.fileno())
    except (IOError, OSError):
        folders.persistently(_unlink, folder.at(fresh))
        raise
    return fresh


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
    fresh = new_name(link)
    with labels.creating(link, stat.S_IFLNK, fresh):
        os.symlink(target, fresh)
    try:
        os.rename(fresh, link)
    except OSError:
        folders.persistently(_unlink, fresh)
        raise
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


def set_aside(path, aside):
    """Give a tree another name in the same folder, under which it is kept. aside must not exist. Raises OSError."""
    # rename() would silently take the place of an empty folder.
    if os.path.lexists(aside):
        raise OSError(errno.EEXIST, os.strerror(errno.EEXIST), aside)
    os.rename(path, aside)
    sync_folder(os.path.dirname(path))


def delete_tree(path):
    """Delete a folder or file that no name outside the stage leads to. Raises OSError."""
    if not os.path.isdir(path) or os.path.islink(path):
        _unlink(path)
        return
    if os.geteuid() != 0:
        _open_folders(path)
    while os.path.lexists(path):
        try:
            _delete_folder(path)
        except OSError as exc:
            # Another run may be deleting the same leftover.
            if exc.errno != errno.ENOENT:
                raise


def _delete_folder(path):
    """rmtree() that no link swapped in leads astray, though another user may write to a folder in the tree."""
    if getattr(shutil.rmtree, 'avoids_symlink_attacks', False):
        shutil.rmtree(path)
        return
    with folders.opened(os.path.dirname(path)) as above:
        _empty(above.at(os.path.basename(path)))
        os.rmdir(above.at(os.path.basename(path)))


def _empty(path):
    """The same for Python 2.7: each folder is opened without following a link, and its names are reached through the descriptor."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        here = '/proc/self/fd/%d' % descriptor
        for name in os.listdir(here):
            each = os.path.join(here, name)
            if stat.S_ISDIR(os.lstat(each).st_mode):
                _empty(each)
                os.rmdir(each)
            else:
                _unlink(each)
    finally:
        os.close(descriptor)


def _open_folders(path):
    """Let the owner into every folder: an archive may hold some that an ordinary user could not delete from."""
    os.chmod(path, stat.S_IRWXU)
    for folder, below, dummy in os.walk(path):
        for name in below:
            each = os.path.join(folder, name)
            if not os.path.islink(each):
                os.chmod(each, stat.S_IRWXU)


def remove_file(path):
    """Remove a file or link, if it exists, and sync its folder. Raises GofleetError(unsafe_folder), OSError."""
    try:
        with folders.opened(os.path.dirname(path)) as folder:
            if _unlink(folder.at(os.path.basename(path))):
                folder.sync()
    except (IOError, OSError) as exc:
        # Its folder does not exist.
        if exc.errno != errno.ENOENT:
            raise


def retire_folder(path):
    """Take a folder's name away in one step, then delete it: for the folder that holds the lock of this run.

    From then on a waiting run makes a new one, in which nothing of this run's deletes. Raises OSError.
    """
    doomed = '%s%s%d' % (path, _RETIRED, os.getpid())
    os.rename(path, doomed)
    try:
        sync_folder(os.path.dirname(path))
    finally:
        folders.persistently(delete_tree, doomed)


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
