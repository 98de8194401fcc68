# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Unpack a verified archive into a stage, then prove that nothing in it leads outside."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import contextlib
import errno
import hashlib
import io
import os
import shutil
import stat
import struct
import tarfile
import zipfile
import zlib

from ansible.module_utils.common.text.converters import to_bytes, to_native

from ansible_collections.gofleet.golang.plugins.module_utils.digests import CHUNK, FILE, Entry, hash1, raise_error
from ansible_collections.gofleet.golang.plugins.module_utils.errors import GofleetError

# What a module zip may unpack to at most, by Go's own rule for modules (x/mod/zip: MaxZipFile, 500 MiB).
_ZIP_LIMIT = 500 << 20

# What a release archive may unpack to at most: several times what any release has. For archives without a digest.
_TAR_LIMIT = 2 << 30

# Ways of packing that Go writes (archive/zip). Others may take any amount of memory, or be unknown to a host's Python.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

# What the file system answers when two members want one name.
_CLASHES = (errno.EEXIST, errno.ENOTDIR, errno.EISDIR)

# Troubles of tar's that no other archive would mend.
_OF_HOST = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EACCES, errno.EPERM)

# Files that are programs in the archive, whose mode a module zip cannot keep (facts: cmd/distpack, cmd/go/internal/toolchain).
_SCRIPTS = (b'.bash', b'.sh', b'.pl', b'.rc')


def unpack_tar(path, folder, trusted, run):
    """Unpack a gzipped tar into folder with the system's tar, or with Python where there is none.

    trusted: whether the archive's own digest was right; if not (its tree will be proven later), Python unpacks it,
    which checks each member before anything is written. run: programs.runner(). Files belong to who unpacks; modes come from the archive.
    Raises GofleetError(archive_damaged, archive_unsafe), OSError.
    """
    program = _program('tar') if trusted else None
    if program is None:
        _unpack_with_python(path, folder)
        return
    # -o: no owners from the archive; understood by GNU and BusyBox alike.
    status, output = run([program, '-xzof', path, '-C', folder], {'LC_ALL': 'C'}, folder)
    if status:
        _raise_if_of_host(folder, output)
        if status < 0:
            raise GofleetError('tar was ended by signal %d while it unpacked %s. Nothing was installed. Look at the kernel log (dmesg) '
                               'for a lack of memory, and run again.' % (-status, path), 'interrupted', path=path, signal=-status)
        raise _damaged(path, output.strip().splitlines()[-1] if output.strip() else 'tar exits %d' % status)


def _program(name):
    for folder in os.environ.get('PATH', os.defpath).split(os.pathsep):
        path = os.path.join(folder or '.', name)
        if os.access(path, os.X_OK) and os.path.isfile(path):
            return path
    return None


def _raise_if_of_host(folder, output):
    # tar's exit code does not say why; its words (in the C locale, as Python's) and the file system do.
    for code in _OF_HOST:
        if os.strerror(code) in output:
            raise OSError(code, os.strerror(code), folder)
    status = os.statvfs(folder)
    if status.f_bavail == 0 or (status.f_files and status.f_favail == 0):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), folder)


def _damaged(path, reason):
    return GofleetError('%s cannot be unpacked: %s. Nothing was installed. Take the archive from another source.'
                        % (path, reason), 'archive_damaged', path=path, reason=reason)


def _unpack_with_python(path, folder):
    total = 0
    with _refusals(path):
        # 'r|': a stream, so that members are not kept in memory.
        with contextlib.closing(tarfile.open(path, 'r|gz')) as source:
            for member in source:
                total += member.size
                if total > _TAR_LIMIT:
                    raise _unsafe_size(path, _TAR_LIMIT)
                _unpack_member(source, member, folder)
                source.members = []


@contextlib.contextmanager
def _refusals(path):
    """What a reader of archives may raise over hostile bytes, as GofleetError."""
    try:
        yield
    except (tarfile.TarError, zipfile.BadZipfile, zlib.error, EOFError, RuntimeError, NotImplementedError, ValueError, struct.error) as exc:
        raise _damaged(path, to_native(exc) or type(exc).__name__)
    except (IOError, OSError) as exc:
        if exc.errno in _CLASHES:
            raise GofleetError('%s holds two members of one name: %s.' % (path, to_native(exc.filename or exc)), 'archive_unsafe', path=path)
        # Readers of gzip and of other formats raise OSErrors of their own, which have no errno.
        if exc.errno is None:
            raise _damaged(path, to_native(exc))
        raise


def _unsafe_size(path, limit):
    return GofleetError('%s unpacks to more than %d bytes, the most that it may have.' % (path, limit), 'archive_unsafe', path=path)


def _unpack_member(source, member, folder):
    target = os.path.join(folder, confined(member.name))
    if member.isdir():
        _make_folders(target)
    elif member.isreg() and not member.issparse():
        _make_folders(os.path.dirname(target))
        with io.open(target, 'wb') as output:
            shutil.copyfileobj(source.extractfile(member), output, CHUNK)
        os.chmod(target, stat.S_IMODE(member.mode) & 0o755)
    else:
        raise GofleetError("The archive holds '%s', which is neither a plain file nor a folder; Go's archives hold nothing else."
                           % member.name, 'archive_unsafe', member=member.name)


def _make_folders(path):
    if not os.path.isdir(path):
        os.makedirs(path, 0o755)


def confined(name):
    """A member's name, if it stays below the folder it is unpacked to. Raises GofleetError(archive_unsafe)."""
    parts = name.split('/')
    if name.startswith('/') or '..' in parts or '\0' in name:
        raise GofleetError("The archive holds '%s', which leads out of the folder it is unpacked to." % name,
                           'archive_unsafe', member=name)
    return name


def unpack_zip(path, folder, prefix):
    """Unpack a module zip whose names all start with prefix, as the archive of the same release has them.

    Restores what a module zip cannot hold: modes, and the name go.mod. Returns the Entries of the tree, whose
    digests were taken while writing. Raises GofleetError(archive_unsafe, archive_damaged), OSError.
    """
    with _opened_zip(path) as (source, members):
        return sorted(_unpack_zip_member(source, member, folder, prefix) for member in members)


@contextlib.contextmanager
def _opened_zip(path):
    with _refusals(path), contextlib.closing(zipfile.ZipFile(path)) as source:
        members = source.infolist()
        if sum(member.file_size for member in members) > _ZIP_LIMIT:
            raise _unsafe_size(path, _ZIP_LIMIT)
        yield source, members


def _unpack_zip_member(source, member, folder, prefix):
    if not member.filename.startswith(prefix) or member.filename.endswith('/') or member.compress_type not in _METHODS:
        raise GofleetError("The module zip holds '%s'; it may only hold files below '%s', stored or deflated."
                           % (to_native(member.filename), prefix), 'archive_unsafe', member=to_native(member.filename))
    name = confined(member.filename[len(prefix):])
    if os.path.basename(name) == '_go.mod':
        name = os.path.join(os.path.dirname(name), 'go.mod')
    target = os.path.join(folder, name)
    _make_folders(os.path.dirname(target))
    size, digest = _write_member(source, member, target)
    relative = to_bytes(name)
    mode = 0o755 if is_program(relative) else 0o644
    os.chmod(target, mode)
    return Entry(relative, FILE, mode, size, digest)


def _write_member(source, member, target):
    digest = hashlib.sha256()
    size = 0
    with contextlib.closing(source.open(member)) as content:
        # O_EXCL: two members of one name would make the tree depend on their order.
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        with io.open(handle, 'wb') as output:
            for chunk in iter(lambda: content.read(CHUNK), b''):
                size += len(chunk)
                if size > member.file_size:
                    raise GofleetError("'%s' is larger than the module zip says." % to_native(member.filename), 'archive_unsafe')
                digest.update(chunk)
                output.write(chunk)
    return size, digest.hexdigest()


def is_program(path):
    """Whether the release archive gives this file (bytes, relative to the tree) an executable mode."""
    folder, dummy, name = path.rpartition(b'/')
    return (folder == b'bin' or folder == b'pkg/tool' or folder.startswith(b'pkg/tool/') or name.endswith(_SCRIPTS)
            or (folder.split(b'/')[0] == b'lib' and name.startswith(b'go_') and name.endswith(b'_exec')))


def prove_confined(root):
    """Raise GofleetError(archive_unsafe) unless root holds only folders, files and links that stay inside.

    Also refused: set-user-id and set-group-id bits, and several names for one file, which might be one outside.
    """
    root = to_bytes(os.path.realpath(root))
    for folder, folders, names in os.walk(root, onerror=raise_error):
        for name in folders + names:
            path = os.path.join(folder, name)
            reason = _unsafe(root, path, os.lstat(path))
            if reason:
                raise GofleetError("The archive holds '%s', %s." % (to_native(os.path.relpath(path, root)), reason),
                                   'archive_unsafe', member=to_native(os.path.relpath(path, root)))


def _unsafe(root, path, status):
    if stat.S_ISLNK(status.st_mode):
        inside = os.path.realpath(path)
        return None if inside == root or inside.startswith(root + b'/') else 'a link that leads out of the tree'
    if stat.S_ISDIR(status.st_mode):
        return None
    if not stat.S_ISREG(status.st_mode):
        return 'which is neither a file, a folder nor a link'
    if status.st_mode & (stat.S_ISUID | stat.S_ISGID):
        return 'which runs with the rights of its owner'
    return 'a second name of one file' if status.st_nlink > 1 else None


def zip_h1(path):
    """The h1 of a module zip, as the log knows it. Raises GofleetError(archive_unsafe, archive_damaged), OSError."""
    with _opened_zip(path) as (source, members):
        return hash1([(to_bytes(member.filename), _sha256_of_member(source, member)) for member in members])


def _sha256_of_member(source, member):
    digest = hashlib.sha256()
    with contextlib.closing(source.open(member)) as content:
        for chunk in iter(lambda: content.read(CHUNK), b''):
            digest.update(chunk)
    return digest.hexdigest()
