# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stage, publish, swap and prune files and trees. Only this file and changes.py, which replaces several files as one, may rename files.

Files are built in a stage on the target's file system, synced, and published by
one rename, so that a kill or a power cut leaves the old state or the new one.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import contextlib
import errno
import io
import os
import shutil
import stat
import tempfile

from ansible_collections.gofleet.golang.plugins.module_utils import _labels as labels
from ansible_collections.gofleet.golang.plugins.module_utils._files import folders, leftovers, owners, syncing, system_calls


def make_folder(path, mode=folders.MODE):
    """Create path and the missing folders above it, and sync their names. Raises GofleetError(unsafe_folder), OSError."""
    with folders.opened(path, create=True, mode=mode):
        return


def is_plain_folder(path):
    """Whether a folder has the owner and mode that make_folder() sets, so that it can be removed and created again."""
    status = os.lstat(path)
    return stat.S_ISDIR(status.st_mode) and stat.S_IMODE(status.st_mode) == folders.MODE and status.st_uid == os.geteuid()


@contextlib.contextmanager
def stage(root):
    """A new folder below root that is private to this run and is removed at the end of the block, even after an error.

    The next run removes the stages of killed runs (leftovers.unused_stages()).
    """
    make_folder(root, 0o700)
    owners.check_own(root)
    folder = tempfile.mkdtemp(prefix='%d-' % os.getpid(), dir=root)
    try:
        yield folder
    finally:
        folders.persistently(delete_tree, folder)


def write_file(path, content, mode=0o644):
    """Replace a file as a whole: content (bytes) is synced before it gets the name path. Only one writer at a time; removes copies that killed runs left.

    Raises GofleetError(unsafe_folder), OSError.
    """
    with folders.opened(os.path.dirname(path)) as folder:
        name = os.path.basename(path)
        for each in leftovers.unfinished_copies(path):
            _unlink(folder.at(os.path.basename(each)))
        fresh = staged_file(folder, name, content, mode)
        try:
            os.rename(folder.at(fresh), folder.at(name))
        except (IOError, OSError):
            folders.persistently(_unlink, folder.at(fresh))
            raise
        folder.sync()


def staged_file(folder, name, content, mode, uid=-1, gid=-1):
    """The name of a new file in an open folder, complete and synced, that will replace another name.

    At no time can more users read it than in the end. folder: folders.Folder; uid, gid: its owner, -1 for this user. Raises OSError.
    """
    fresh = leftovers.new_name(name)
    with labels.creating(folder.at(name), stat.S_IFREG, folder.at(fresh)):
        handle = os.open(folder.at(fresh), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with syncing.naming(os.path.join(folder.path, fresh)), io.open(handle, 'wb') as target:
            target.write(content)
            target.flush()
            if uid != -1 or gid != -1:
                os.fchown(target.fileno(), uid, gid)
            # After the owner, because the kernel clears some bits when the owner changes.
            os.fchmod(target.fileno(), mode)
            os.fsync(target.fileno())
    except (IOError, OSError):
        folders.persistently(_unlink, folder.at(fresh))
        raise
    return fresh


def publish_tree(staged, target):
    """Sync a finished tree and rename it to target, so that no file in it is empty after a power cut.

    target must not exist. Raises OSError.
    """
    labels.prepare(staged, target)
    syncing.sync_tree(staged)
    # rename() would silently replace an empty folder; nothing that exists may be replaced.
    if os.path.lexists(target):
        raise OSError(errno.EEXIST, os.strerror(errno.EEXIST), target)
    os.rename(staged, target)
    syncing.sync_folder(os.path.dirname(target))


def point_link(link, target):
    """Create a symbolic link to target, or replace an existing link, in one step. Raises OSError."""
    fresh = leftovers.new_name(link)
    with labels.creating(link, stat.S_IFLNK, fresh):
        os.symlink(target, fresh)
    try:
        os.rename(fresh, link)
    except OSError:
        folders.persistently(_unlink, fresh)
        raise
    syncing.sync_folder(os.path.dirname(link))


def point_link_keeping(link, target, aside):
    """Replace a file, folder or link at `link` by a symbolic link to target; the replaced one is moved to aside.

    This is one step if the kernel can exchange names (Linux 3.15) and Python can call it; otherwise the
    name is missing between two renames. Raises OSError.
    """
    with labels.creating(link, stat.S_IFLNK, aside):
        os.symlink(target, aside)
    if not system_calls.exchange(link, aside):
        os.unlink(aside)
        os.rename(link, aside)
        with labels.creating(link, stat.S_IFLNK):
            os.symlink(target, link)
    syncing.sync_folder(os.path.dirname(link))


def remove_tree(path, stage_folder):
    """Rename a tree in one step, then delete it, so that no process sees half of it under its name. Raises OSError."""
    doomed = os.path.join(tempfile.mkdtemp(prefix='removed-', dir=stage_folder), os.path.basename(path))
    if os.geteuid() != 0:
        # Moving a folder changes its "..", which needs write permission in it.
        os.chmod(path, os.stat(path).st_mode | stat.S_IRWXU)
    os.rename(path, doomed)
    syncing.sync_folder(os.path.dirname(path))
    delete_tree(os.path.dirname(doomed))


def set_aside(path, aside):
    """Keep a tree under another name in the same folder. aside must not exist. Raises OSError."""
    # rename() would silently replace an empty folder.
    if os.path.lexists(aside):
        raise OSError(errno.EEXIST, os.strerror(errno.EEXIST), aside)
    os.rename(path, aside)
    syncing.sync_folder(os.path.dirname(path))


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
    """rmtree() that never follows a link, even if another user can write to a folder in the tree and swaps one in."""
    if getattr(shutil.rmtree, 'avoids_symlink_attacks', False):
        shutil.rmtree(path)
        return
    with folders.opened(os.path.dirname(path)) as above:
        _empty(above.at(os.path.basename(path)))
        os.rmdir(above.at(os.path.basename(path)))


def _empty(path):
    """_delete_folder() for Python 2.7: opens each folder without following a link, and reaches its names through the descriptor."""
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
    """Give the owner all permissions on every folder: an archive may hold some that an ordinary user could not delete from."""
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
    """Rename a folder in one step, then delete it: for the folder that holds the lock of this run.

    A waiting run then creates a new folder, in which this run deletes nothing. Raises OSError.
    """
    doomed = leftovers.retired_name(path)
    os.rename(path, doomed)
    try:
        syncing.sync_folder(os.path.dirname(path))
    finally:
        folders.persistently(delete_tree, doomed)


def _unlink(path):
    try:
        os.unlink(path)
    except OSError as exc:
        if exc.errno != errno.ENOENT:
            raise
        return False
    return True
