# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Importing this file makes the imports after it cheap. Without it they cost a play as much as sending a module.

- Ansible's loader of collections compiles each file whenever it is imported. From now on Python's own loader imports the collection's shared code,
  and keeps its bytecode in __pycache__ as it does for every other package. What it does not find is left to Ansible's.
- What Ansible made until now is left alone by the garbage collector, which would go through all of it several times while some sixty files are imported,
  and again in each fork (gc.freeze() in Python's documentation).
"""

from __future__ import annotations

import functools
import gc
import sys
from collections.abc import Sequence
from importlib.machinery import SOURCE_SUFFIXES, FileFinder, ModuleSpec, SourceFileLoader
from types import ModuleType

# Shared code alone: plugins, whose names users write, are Ansible's to find.
_OURS = tuple(f'ansible_collections.gofleet.golang.plugins.{kind}.' for kind in ('module_utils', 'plugin_utils'))


@functools.cache
def _in_folder(folder: str) -> FileFinder:
    """Not by sys.path_hooks, where Ansible's loader would come first."""
    return FileFinder(folder, (SourceFileLoader, SOURCE_SUFFIXES))


class _Finder:
    """A finder for sys.meta_path."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, _target: ModuleType | None = None) -> ModuleSpec | None:
        if not name.startswith(_OURS):
            return None
        found = (_in_folder(folder).find_spec(name) for folder in path or ())
        return next((spec for spec in found if spec and spec.loader), None)


if not any(isinstance(each, _Finder) for each in sys.meta_path):
    sys.meta_path.insert(0, _Finder())
    gc.freeze()
