# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Import the collection's files as cheaply as the standard library allows, for the tasks that find nothing to do.

Ansible compiles each file that a plugin imports from a collection anew at each start, which takes longer than a probe. It reads the plugin itself by
Python's own loader, which keeps what it compiled in ``__pycache__``, where the user may write. This does the same for the files that the plugin
imports, and by the standard library's ``LazyLoader`` a file is read when it is first used: what only changes a host is never read for a host that has
nothing to change.

An action plugin names its rooms before it imports from them, and has what it needs read before Ansible forks, once for all hosts:

    importing.prepare('module_utils._sysctl')
    from ….module_utils._sysctl import converge
    importing.read_now(converge)

A room that is not named is imported as ever: this decides how fast a file comes, never which one.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import LazyLoader, module_from_spec
from pathlib import Path
from types import ModuleType

_PLUGINS = __name__.rpartition('.plugin_utils.')[0]
# Files that nobody calls on a host that has what is wanted, or hardly ever. One that is used after all is read then, by each host's process.
_NOT_NEEDED = frozenset(f'{_PLUGINS}.{name}' for name in (
    'module_utils._environment.apply', 'module_utils._environment.login_shells', 'module_utils._environment.made', 'module_utils._files.changes',
    'module_utils._files.folders', 'module_utils._files.locks', 'module_utils._files.preconditions', 'module_utils._files.syncing',
    'module_utils._files.system_calls', 'module_utils._files.transaction', 'module_utils._labels', 'module_utils._proof.digests',
    'module_utils._proof.tree_list', 'module_utils._proof.trees', 'module_utils._sysctl.apply', 'module_utils._texts.escapes',
    'module_utils._toolchain.apply', 'module_utils._toolchain.obtain', 'module_utils._toolchain.offers', 'module_utils._toolchain.source_types',
    'module_utils._toolchain.stage', 'plugin_utils._sumdb.tiles'))
# The rooms of every action plugin that asks a host by a probe.
_COMMON = ('module_utils', 'module_utils._files', 'module_utils._host', 'module_utils._texts', 'modules', 'plugin_utils', 'plugin_utils._probe')


def prepare(*rooms: str) -> None:
    """Make the files of these rooms, and of those that every probe needs, ready to be imported: each is read when it is first used.

    What was imported before stays as it is.
    """
    for room in (*_COMMON, *rooms):
        package = import_module(f'{_PLUGINS}.{room}')
        for path in Path(package.__path__[0]).glob('*.py'):
            name = f'{package.__name__}.{path.stem}'
            if path.stem != '__init__' and name not in sys.modules:
                setattr(package, path.stem, _module(name, str(path)))


def _module(name: str, path: str) -> ModuleType:
    loader = LazyLoader(SourceFileLoader(name, path))
    spec = ModuleSpec(name, loader, origin=path)
    # For the module's __file__.
    spec.has_location = True
    module = sys.modules[name] = module_from_spec(spec)
    # Reads nothing yet.
    loader.exec_module(module)
    return module


def read_now(*modules: ModuleType) -> None:
    """Read these files and all that they import, but for those that only changes need."""
    seen: set[str] = set()
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        # Any other attribute would have the file read.
        name = object.__getattribute__(module, '__spec__').name
        if name.startswith(_PLUGINS) and name not in seen and name not in _NOT_NEEDED:
            seen.add(name)
            waiting += [each for each in vars(module).values() if isinstance(each, ModuleType)]
