# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The paths of toolchains on a host.

    PREFIX/go1.26.6/             one tree a version, published whole
    PREFIX/.gofleet/manifests/   the proof and the list of files of each tree
    PREFIX/.gofleet/go.env       defaults of the go command for the active tree
    PREFIX/.gofleet/stage/       where trees are built; only here can a killed run leave a partial tree
    PREFIX/.gofleet/incoming/    archives that the controller uploads
    PREFIX/.gofleet/lock
    LINK -> the active tree
    BIN/go, BIN/gofmt -> LINK/bin/...
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
from collections import namedtuple

from ansible_collections.gofleet.golang.plugins.module_utils import _system as system
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError

PROGRAMS = ('go', 'gofmt')
# The name of this collection's folder in the prefix.
META = '.gofleet'


class Paths(namedtuple('Paths', 'prefix link bin_dir')):
    """The absolute paths of toolchains on this host."""

    __slots__ = ()

    @property
    def meta(self):
        return os.path.join(self.prefix, META)

    @property
    def lock(self):
        return os.path.join(self.meta, 'lock')

    @property
    def stage(self):
        return os.path.join(self.meta, 'stage')

    @property
    def incoming(self):
        return os.path.join(self.meta, 'incoming')

    @property
    def manifests(self):
        return os.path.join(self.meta, 'manifests')

    def tree(self, name):
        return os.path.join(self.prefix, name)

    def program(self, name):
        return os.path.join(self.bin_dir, name)

    def program_target(self, name):
        return os.path.join(self.link, 'bin', name)

    def owns_program(self, target):
        """Whether a program's link to target was made by this collection."""
        return target.startswith((self.prefix + os.sep, self.link + os.sep))


# The default Paths of root.
ROOT = Paths('/opt/go', '/usr/local/go', '/usr/local/bin')


def users(home):
    """The default Paths for an ordinary user with this home folder."""
    return Paths(os.path.join(home, '.local/share/go-toolchains'), os.path.join(home, '.local/go'), os.path.join(home, '.local/bin'))


def default_paths():
    """The Paths for root, or for an ordinary user below their home."""
    return ROOT if system.geteuid() == 0 else users(system.home())


def unchecked(default, prefix, link, bin_dir):
    """The Paths that options name, whatever they are. default: Paths for the options that are None."""
    return Paths(prefix or default.prefix, link or default.link, bin_dir or default.bin_dir)


def chosen_paths(prefix, link, bin_dir):
    """The Paths to work with; None stands for the default. Raises GofleetError(bad_path)."""
    paths = unchecked(default_paths(), prefix, link, bin_dir)
    for option, path in zip(paths._fields, paths):
        if not os.path.isabs(path) or os.path.normpath(path) != path.rstrip('/') or path == '/':
            raise GofleetError("%s is '%s', which is not a plain absolute path. Write the whole path from /, without . or ..." % (option, path),
                               'bad_path', option=option, path=path)
    paths = Paths(*(path.rstrip('/') for path in paths))
    if (paths.link + '/').startswith(paths.prefix + '/') or (paths.prefix + '/').startswith(paths.link + '/'):
        raise GofleetError('link (%s) and prefix (%s) lie in each other. link must be outside the folder of the toolchains.'
                           % (paths.link, paths.prefix), 'bad_path', option='link', path=paths.link)
    if (paths.bin_dir + '/').startswith(paths.link + '/') or paths.link in [paths.program(name) for name in PROGRAMS]:
        raise GofleetError('bin_dir (%s) and link (%s) need the same names. bin_dir must be outside the active toolchain.'
                           % (paths.bin_dir, paths.link), 'bad_path', option='bin_dir', path=paths.bin_dir)
    return paths
