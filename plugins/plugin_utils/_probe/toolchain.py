# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What go_toolchain reads of a host that has what is wanted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import observe, refusals
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import paths as toolchain_paths
from ansible_collections.gofleet.golang.plugins.plugin_utils._probe import script


def wanted(options: dict[str, Any], interpreter: str) -> script.Wanted | None:
    """What is to be asked for these options of the module; None where only the module itself can tell.

    interpreter: the Python that would run the module.
    """
    # Archives on the host are looked at, whether or not they are needed; to verify every file, the host has to read them all.
    if options['verify'] != 'quick' or (options['archive'] and options['remote_src']) or options['uploads'] or not script.can_be_asked(interpreter):
        return None
    chosen = [options[name] for name in toolchain_paths.Paths._fields]
    if not all(each is None or script.can_be_asked(each) for each in chosen):
        return None
    roots, others = (toolchain_paths.unchecked(default, *chosen) for default in (toolchain_paths.ROOT, toolchain_paths.users('~')))
    if roots == others:
        return _asked(roots, interpreter)
    return replace(_asked(roots, interpreter), for_others=_asked(others, interpreter, of_root=False))


def _asked(paths: toolchain_paths.Paths, interpreter: str, of_root: bool = True) -> script.Wanted:
    sources = observe.sources(paths)
    # Only root asks who may change the folders that it relies on.
    ways = {folder for dummy, path in refusals.relied_on(paths) for folder in script.way(path)} | set(refusals.own_folders(paths))
    more = sorted(ways - set(sources.names)) if of_root else []
    return script.Wanted(
        status=(*more, *sources.status), links=tuple(sources.links), text=tuple(sources.text), names=tuple(sources.names),
        folders=tuple(sources.folders), headers=(interpreter,))  # fmt: skip
