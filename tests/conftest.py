# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the checkout importable as ansible_collections.gofleet.golang, on Python 2.7 as on 3.

Without this, the tests would need a copy of the checkout under that very path, and 2.7, which has no namespace
packages, an __init__.py in each of its folders.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import sys
import tempfile
import types

# As root, modules refuse folders below one that others may write to, as /tmp is. Every user may look into this one, and it lies
# outside of /etc, /run, /usr and /var, which tests of settings replace.
TEMPORARY = '/srv/gofleet-tests'
CHECKOUT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
COLLECTION = 'ansible_collections.gofleet.golang'


def _add_package(name, folders):
    package = types.ModuleType(str(name))
    package.__path__ = folders
    sys.modules[name] = package
    parent, _dot, child = name.rpartition('.')
    if parent:
        setattr(sys.modules[parent], child, package)


def _add_collection():
    # Collections that the environment holds stay importable beside this one.
    installed = [os.path.join(folder, 'ansible_collections') for folder in sys.path]
    _add_package('ansible_collections', [folder for folder in installed if os.path.isdir(folder)])
    _add_package('ansible_collections.gofleet', [])
    _add_package(COLLECTION, [CHECKOUT])
    plugins = os.path.join(CHECKOUT, 'plugins')
    _add_package(COLLECTION + '.plugins', [plugins])
    for kind in sorted(os.listdir(plugins)):
        if os.path.isdir(os.path.join(plugins, kind)):
            _add_package('%s.plugins.%s' % (COLLECTION, kind), [os.path.join(plugins, kind)])


def _use_safe_temporary_folder():
    if os.geteuid() != 0 or os.environ.get('TMPDIR', '').startswith(TEMPORARY):
        return
    if not os.path.isdir(TEMPORARY):
        os.makedirs(TEMPORARY, 0o755)
    os.environ['TMPDIR'] = os.environ['PYTEST_DEBUG_TEMPROOT'] = TEMPORARY
    tempfile.tempdir = None


_use_safe_temporary_folder()
# ansible-test brings its own loader, over a copy that already has the right path.
if COLLECTION not in sys.modules:
    _add_collection()
