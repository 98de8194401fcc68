# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Unpack an archive into a stage in one pass: each member is vetted before it is written, and hashed while it is.

A digest is worth as much as who vouched for it, so nothing that an archive says of itself is believed, verified or
not. What a tree of Go's consists of is a short list; all else is refused. Python unpacks: that takes less time than
the system's tar and a reading of its tree afterwards (docs/performance.md), and a tar would have to be watched.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import contextlib
import errno
import hashlib
import io
import os
import stat
import struct
import unicodedata
import zipfile
import zlib

from ansible.module_utils.common.text.converters import to_bytes, to_native

from ansible_collections.gofleet.golang.plugins.module_utils._archive import gzipped_tar
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import syncing
from ansible_collections.gofleet.golang.plugins.module_utils._proof import trees
from ansible_collections.gofleet.golang.plugins.module_utils._proof.digests import CHUNK, hash1
from ansible_collections.gofleet.golang.plugins.module_utils._proof.trees import Entry

# Files and folders that an archive may hold: some twice what releases have (go1.26 without api, doc, misc, test: 12,851).
# Python's list of a zip's members takes a kilobyte for each.
_MEMBERS = 1 << 15
# Bytes of a zip's directory, which Python reads as a whole: some four times what releases have.
_DIRECTORY = 8 << 20

# What an archive may unpack to, in bytes as a file system counts them: so much, and a multiple of its own size (releases: 3.4 to 4.6).
_ALLOWANCE = 8 << 20
_UNPACKS_TO = 8
_BLOCK = 4096

# None may unpack to more than this; a module zip by Go's own rule (x/mod/zip: MaxZipFile, 500 MiB).
_TAR_LIMIT = 2 << 30
_ZIP_LIMIT = 500 << 20

# Bytes of a path, bytes of a name in it, names in it: several times what releases have (108, 60, 14).
_PATH = 1000
_NAME = 255
_DEPTH = 32

# Ways of packing that Go writes (archive/zip). Others may take any amount of memory, or be unknown to a host's Python.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

# The end of a zip as Go writes it (APPNOTE 4.3.16), and what stands before it in one with 64-bit sizes (4.3.15).
_ZIP_END = struct.Struct('<4s4H2LH')
_ZIP64_LOCATOR = 20

# What the file system answers when two members want one name.
_CLASHES = (errno.EEXIST, errno.ENOTDIR, errno.EISDIR)

# Bits by which a program has other rights than who runs it, or a folder rules of its own. Tars that Go 1.8 and earlier
# wrote have the type of the file beside them, which means nothing.
_SPECIAL = stat.S_ISUID | stat.S_ISGID | stat.S_ISVTX

# Files that are programs in the archive, whose mode a module zip cannot keep (facts: cmd/distpack, cmd/go/internal/toolchain).
_SCRIPTS = (b'.bash', b'.sh', b'.pl', b'.rc')


def unpack_tar(path, folder):
    """Unpack a gzipped tar whose names are all go or below it, as Go's are, into folder.

    Files belong to who unpacks; modes and times come from the archive. Returns the Entries of the tree folder/go,
    whose digests were taken while writing. Raises GofleetError(archive_damaged, archive_unsafe, not_a_toolchain), OSError.
    """
    with _refusals(path), syncing.naming(folder), io.open(path, 'rb') as source:
        stream = gzipped_tar.Inflated(source)
        tree = _Tree(os.path.join(folder, 'go'), path, _TAR_LIMIT)
        entries = [_unpack_tar_member(member, stream, tree) for member in gzipped_tar.members(stream)]
        stream.finish()
        tree.set_times()
        return sorted(entry for entry in entries if entry)


def _unpack_tar_member(member, stream, tree):
    """The Entry of a file; None for a folder."""
    _check_name(member.name)
    top, dummy, name = member.name.partition(b'/')
    if top != b'go' or (not name and member.kind == gzipped_tar.FILE):
        raise GofleetError("The archive holds '%s'; an archive of Go holds a folder go and nothing beside it." % _shown(member.name),
                           'not_a_toolchain', member=_shown(member.name))
    if member.mode & _SPECIAL:
        raise _unsafe_member(member.name, 'which would have the rights of its owner or group, or is sticky')
    if member.kind == gzipped_tar.FOLDER:
        return tree.add_folder(name, member.mtime)
    return tree.add_file(name, member.mode & 0o755, member.size, stream.pieces(member.size), member.mtime)


class _Tree(object):
    """The tree that an archive becomes, within what one of its size may unpack to. Names are bytes, checked, below root."""

    def __init__(self, root, path, limit):
        self._root = to_bytes(root)
        self._path = path
        self._limit = min(limit, _ALLOWANCE + _UNPACKS_TO * os.path.getsize(path))
        self._used = 0
        # By the form in which file systems compare names that ignore case, or how letters are composed.
        self._names = {}
        self._folders = set()
        self._times = {}

    def add_folder(self, name, mtime):
        """Make a folder, and those above it that no member was; one below it may have been there first."""
        self._make_folders(name)
        if name in self._times:
            raise _unsafe_member(name, 'which is there twice')
        self._times[name] = mtime

    def add_file(self, name, mode, size, pieces, mtime=None):
        """Write a file of pieces (bytes) that are size bytes together. Returns its Entry."""
        self._make_folders(os.path.dirname(name))
        self._claim(name, size)
        target = os.path.join(self._root, name)
        digest = hashlib.sha256()
        # O_EXCL: two members of one name would make the tree depend on their order.
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            for piece in pieces:
                digest.update(piece)
                _write(handle, piece)
            os.fchmod(handle, mode)
        finally:
            os.close(handle)
        if mtime is not None:
            os.utime(target, (mtime, mtime))
        return Entry(name, trees.FILE, mode, size, digest.hexdigest())

    def set_times(self):
        """Give folders their times, which change with each name that is put into them."""
        for name, mtime in self._times.items():
            os.utime(os.path.join(self._root, name), (mtime, mtime))

    def _make_folders(self, name):
        if name in self._folders:
            return
        if name:
            self._make_folders(os.path.dirname(name))
        self._claim(name, 0)
        os.mkdir(os.path.join(self._root, name), 0o755)
        self._folders.add(name)

    def _claim(self, name, size):
        """Refuse a name that is taken, and what is too much, before it is written."""
        form = _form(name)
        if form in self._names:
            taken = self._names[form]
            raise _unsafe_member(name, 'which is there twice' if taken == name else "which some file systems take for '%s'" % _shown(taken))
        self._names[form] = name
        self._used += max(1, -(-size // _BLOCK)) * _BLOCK
        if len(self._names) > _MEMBERS:
            raise _too_many(self._path)
        if self._used > self._limit:
            raise _too_large(self._path, self._limit)


def _write(handle, content):
    while content:
        content = content[os.write(handle, content):]


def _check_name(name):
    """Raise GofleetError(archive_unsafe) unless a name (bytes) stays below the folder it is unpacked to, and is an ordinary one."""
    parts = name.split(b'/')
    if name.startswith(b'/') or b'..' in parts:
        raise _unsafe_member(name, 'which leads out of the folder it is unpacked to')
    if b'' in parts or b'.' in parts or min(bytearray(name)) < 0x20:
        raise _unsafe_member(name, 'which is no name that Go writes')
    # Who walks a tree later may do so by recursion.
    if len(name) > _PATH or len(parts) > _DEPTH or max(len(part) for part in parts) > _NAME:
        raise _unsafe_member(name[:_PATH], 'whose path is longer or deeper than it may be')


def _form(name):
    try:
        name.decode('ascii')
        form = name.lower()
        # One object in memory for what most names are.
        return name if form == name else form
    except UnicodeDecodeError:
        # What is no text at all raises again.
        return unicodedata.normalize('NFC', name.decode('utf-8').lower()).encode('utf-8')


def _shown(name):
    return to_native(name, errors='surrogate_or_replace')


def _unsafe_member(name, reason):
    return GofleetError("The archive holds '%s', %s. Take it from another source." % (_shown(name), reason), 'archive_unsafe', member=_shown(name))


def _too_many(path):
    return GofleetError('%s holds more than %d files and folders, the most that it may.' % (path, _MEMBERS), 'archive_unsafe', path=path)


def _too_large(path, limit):
    return GofleetError('%s unpacks to more than %d bytes, the most that an archive of its size may.' % (path, limit), 'archive_unsafe', path=path)


def _damaged(path, reason):
    return GofleetError('%s cannot be unpacked: %s. It was not installed. Take the archive from another source.'
                        % (path, reason), 'archive_damaged', path=path, reason=reason)


@contextlib.contextmanager
def _refusals(path):
    """What a reader of archives may raise over hostile bytes, as GofleetError."""
    try:
        yield
    except (zipfile.BadZipfile, zlib.error, EOFError, RuntimeError, NotImplementedError, ValueError, struct.error, LookupError, OverflowError) as exc:
        raise _damaged(path, to_native(exc) or type(exc).__name__)
    except (IOError, OSError) as exc:
        if exc.errno in _CLASHES:
            raise GofleetError('%s holds two members of one name: %s.' % (path, to_native(exc.filename or exc)), 'archive_unsafe', path=path)
        # Readers of zips raise OSErrors of their own, which have no errno.
        if exc.errno is None:
            raise _damaged(path, to_native(exc))
        raise


def unpack_zip(path, folder, prefix):
    """Unpack a module zip whose names all start with prefix, as the archive of the same release has them.

    Restores what a module zip cannot hold: modes, and the name go.mod. Returns the Entries of the tree, whose
    digests were taken while writing. Raises GofleetError(archive_unsafe, archive_damaged), OSError.
    """
    with _opened_zip(path) as (source, members), syncing.naming(folder):
        tree = _Tree(folder, path, _ZIP_LIMIT)
        return sorted(_unpack_zip_member(source, member, tree, prefix) for member in members)


@contextlib.contextmanager
def _opened_zip(path):
    with _refusals(path):
        _check_zip_end(path)
        with io.open(path, 'rb') as packed, contextlib.closing(zipfile.ZipFile(_Packed(packed))) as source:
            members = source.infolist()
            for member in members:
                if member.compress_type not in _METHODS:
                    raise GofleetError("The zip holds '%s', which is neither stored nor deflated. Take it from another source."
                                       % to_native(member.filename[:_PATH]), 'archive_unsafe', member=to_native(member.filename[:_PATH]))
            if sum(member.file_size for member in members) > _ZIP_LIMIT:
                raise _too_large(path, _ZIP_LIMIT)
            yield source, members


class _Packed(object):
    """The bytes of a zip, as zipfile asks for them: within the file, or it is damaged.

    Offsets are what the zip says of itself. One before the file's beginning, or beyond 63 bits, is the system's EINVAL and Python's
    OverflowError otherwise, which would look like errors of this host.
    """

    def __init__(self, source):
        self._source = source
        self._size = source.seek(0, os.SEEK_END)
        for name in ('read', 'tell', 'close', 'seekable', 'readable'):
            setattr(self, name, getattr(source, name))
        self.closed = False

    def seek(self, offset, whence=os.SEEK_SET):
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._source.tell(), os.SEEK_END: self._size}[whence]
        if not 0 <= start + offset <= self._size:
            # Without errno, which zipfile expects of a file that is too short, and _refusals() takes for damage.
            raise IOError('it points to byte %d, and has %d' % (start + offset, self._size))
        return self._source.seek(start + offset)


def _check_zip_end(path):
    """Refuse a zip whose directory would take too much memory, by what Python's reader is going to believe of it."""
    with io.open(path, 'rb') as source:
        size = source.seek(0, os.SEEK_END)
        source.seek(max(0, size - _ZIP_END.size - _ZIP64_LOCATOR))
        tail = source.read()
        mark, dummy_disk, dummy_first, dummy_here, count, length, dummy_start, comment = _ZIP_END.unpack(tail[len(tail) - _ZIP_END.size:])
        if mark != b'PK\x05\x06' or comment or tail.startswith(b'PK\x06\x07'):
            raise ValueError('it does not end as a zip of Go does, without a comment and 64-bit sizes')
        if length > _DIRECTORY:
            raise ValueError('its directory has %d bytes' % length)
        # Python reads as many members as the directory has room for, whatever their number is said to be.
        source.seek(max(0, size - _ZIP_END.size - length))
        if max(count, source.read(length).count(b'PK\x01\x02')) > _MEMBERS:
            raise _too_many(path)


def _unpack_zip_member(source, member, tree, prefix):
    if not member.filename.startswith(prefix) or member.filename.endswith('/') or member.compress_type not in _METHODS:
        raise GofleetError("The module zip holds '%s'; it may only hold files below '%s', stored or deflated."
                           % (to_native(member.filename), prefix), 'archive_unsafe', member=to_native(member.filename))
    name = to_bytes(member.filename[len(prefix):])
    _check_name(name)
    if os.path.basename(name) == b'_go.mod':
        name = os.path.join(os.path.dirname(name), b'go.mod')
    with contextlib.closing(source.open(member)) as content:
        return tree.add_file(name, 0o755 if is_program(name) else 0o644, member.file_size, _pieces(content, member))


def _pieces(content, member):
    """The content of a zip's member; Raises GofleetError(archive_unsafe) when it is not as long as the directory says."""
    left = member.file_size
    for piece in iter(lambda: content.read(CHUNK), b''):
        left -= len(piece)
        if left < 0:
            break
        yield piece
    if left:
        raise _unsafe_member(to_bytes(member.filename), 'which is not as long as its directory says')


def is_program(path):
    """Whether the release archive gives this file (bytes, relative to the tree) an executable mode."""
    folder, dummy, name = path.rpartition(b'/')
    return (folder == b'bin' or folder == b'pkg/tool' or folder.startswith(b'pkg/tool/') or name.endswith(_SCRIPTS)
            or (folder.split(b'/')[0] == b'lib' and name.startswith(b'go_') and name.endswith(b'_exec')))


def zip_h1(path):
    """The h1 of a module zip, as the log knows it. Raises GofleetError(archive_unsafe, archive_damaged), OSError."""
    with _opened_zip(path) as (source, members):
        return hash1([(to_bytes(member.filename), _sha256_of_member(source, member)) for member in members])


def _sha256_of_member(source, member):
    digest = hashlib.sha256()
    with contextlib.closing(source.open(member)) as content:
        for piece in _pieces(content, member):
            digest.update(piece)
    return digest.hexdigest()
