# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host has to give before a toolchain is installed: a kernel, room, folders to write to, and a go that runs."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import io
import os

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._go import version as goversion

# Linux versions below which Go does not start (go.dev/wiki/MinimumRequirements).
_KERNEL = (((1, 24), (3, 2)), ((1, 18), (2, 6, 32)), ((1, 0), (2, 6, 23)))
_KERNEL_OF_PORT = {'loong64': (5, 19)}

# What a release archive unpacks to, at the very least, as a multiple of its own size (measured: 3.4 to 4.2).
_UNPACKS_TO = 3.3


# No variable or file of anybody may speak for the staged tree, nor may it leave something behind (it writes telemetry
# counters below HOME, whose folder go is also the default GOPATH). Empty is unset to Go.
_NOBODYS_GO = {'GOENV': 'off', 'GOTOOLCHAIN': 'local', 'GOROOT': '', 'GOFLAGS': '', 'GOEXPERIMENT': '', 'GODEBUG': '', 'XDG_CONFIG_HOME': '',
               'LC_ALL': 'C'}


# sys/statvfs.h; Python 2 has no name for it.
_ST_RDONLY = 1


def minimum_kernel(version, goarch):
    """The oldest Linux, as a tuple, on which a release of Go starts. Raises GofleetError(invalid_version)."""
    line = goversion.parse_release(version).line
    return max([minimum for first, minimum in _KERNEL if line >= first][0], _KERNEL_OF_PORT.get(goarch, ()))


def check_kernel(version, goarch, kernel):
    """Raise GofleetError(kernel_too_old) if this release of Go cannot start on the kernel (a tuple)."""
    needed = minimum_kernel(version, goarch)
    if kernel < needed:
        newer = [first for first, minimum in _KERNEL if kernel < minimum]
        last = (newer[-1][0], newer[-1][1] - 1) if newer and newer[-1][1] > 0 and goarch not in _KERNEL_OF_PORT else None
        raise GofleetError(
            'Go %s needs Linux %s or later; this host runs %s. %s' % (
                version, _dotted(needed), _dotted(kernel),
                'The last line for this kernel is %s.' % _dotted(last) if last else 'No release of Go runs on it.'),
            'kernel_too_old', version=version, needed=_dotted(needed), kernel=_dotted(kernel))


def _dotted(numbers):
    return '.'.join(str(each) for each in numbers)


def check_room(folder, size):
    """Raise GofleetError(disk_full) if archives of size bytes certainly do not fit there once they are unpacked."""
    status = os.statvfs(folder)
    free = status.f_bavail * status.f_frsize
    needed = int(size * (1 + _UNPACKS_TO))
    if free < needed:
        raise GofleetError(
            'About %d MB are needed in %s, where %d MB are free. Nothing was changed. Free some space or choose another prefix.'
            % (needed >> 20, folder, free >> 20), 'disk_full', needed=needed, free=free, path=folder)


def prove_version(tree, version, goarch, scratch, run):
    """Raise GofleetError(not_runnable, not_the_release) unless the staged go runs here and says that it is this release.

    scratch: a folder that go may take for its user's home; run: programs.runner().
    """
    program = os.path.join(tree, 'bin', 'go')
    home = os.path.join(scratch, 'home')
    _forbid_telemetry(home)
    try:
        status, said = run([program, 'version'], dict(_NOBODYS_GO, HOME=home), scratch)
    except OSError as exc:
        hint = ''
        if exc.errno == errno.EACCES:
            hint = ' Is the file system mounted noexec?'
        raise GofleetError('The staged %s cannot be started: %s.%s It was not installed.' % (program, exc.strerror, hint),
                           'not_runnable', path=program, error=exc.strerror)
    said = said.strip()
    wanted = 'go version go%s linux/%s' % (version, goarch)
    if status or said.split()[:4] != wanted.split():
        raise GofleetError("The staged tree is not Go %s for linux/%s: 'go version' says '%s' (exit %d). It was not installed."
                           % (version, goarch, said[:300], status), 'not_the_release', said=said[:300], wanted=wanted)


def _forbid_telemetry(home):
    # Or go leaves a process behind that writes there while the stage is being removed (Go 1.23; x/telemetry/internal/telemetry).
    folder = os.path.join(home, '.config', 'go', 'telemetry')
    os.makedirs(folder)
    with io.open(os.path.join(folder, 'mode'), 'wb') as target:
        target.write(b'off')


def nearest_folder(path):
    """The path itself, or the nearest thing above it that exists."""
    while not os.path.lexists(path) and path != os.path.dirname(path):
        path = os.path.dirname(path)
    return path


def is_mounted_read_only(path):
    """Whether nobody can write to the file system of a path. Raises OSError."""
    return bool(os.statvfs(path).f_flag & _ST_RDONLY)


def check_writable(path, otherwise):
    """Before anything is changed: may this user make names in the nearest folder at or above path?

    otherwise: what to choose instead of a play with become; ends the message.
    Raises GofleetError(not_writable), and OSError for a file system that is mounted read-only.
    """
    folder = nearest_folder(path)
    if os.path.isdir(folder) and is_mounted_read_only(folder):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), folder)
    if not os.path.isdir(folder) or not os.access(folder, os.W_OK | os.X_OK):
        raise GofleetError('%s is not a folder that this user (uid %d) can write to. Nothing was changed. Run the play with become, or choose %s.'
                           % (folder, os.geteuid(), otherwise), 'not_writable', path=folder, uid=os.geteuid())
