# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's half of env_file: asks by a probe whether the host has this environment, before the module is sent.

A host is asked on behalf of root, and for files in their usual places. In other folders another user may change what is read, and an ordinary
user's files depend on that user's shell and variables: the module is sent there.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator
from typing import Any

from ansible_collections.gofleet.golang.plugins.plugin_utils import _importing as importing

importing.prepare('module_utils._environment', 'module_utils._go', 'module_utils._proof', 'module_utils._toolchain')

from ansible_collections.gofleet.golang.plugins.module_utils._environment import consumers, converge, observe, secrets, wanted
from ansible_collections.gofleet.golang.plugins.module_utils._environment.state import Account, Host, Source
from ansible_collections.gofleet.golang.plugins.module_utils._host import libc
from ansible_collections.gofleet.golang.plugins.module_utils._texts import foreign
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import go_policy
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import paths as toolchain_paths
from ansible_collections.gofleet.golang.plugins.modules.env_file import ARGUMENT_SPEC
from ansible_collections.gofleet.golang.plugins.plugin_utils._probe import asking, script, snapshot

importing.read_now(asking, converge)

Options = dict[str, Any]
_ROOT = Account(0, '/', None, '')


def _reads(options: Options) -> script.Wanted | None:
    options = converge.settled(options)
    names = [options['owner'], options['group']]
    if options['state'] != 'present' or any(options['paths'].values()) or any(name is not None and foreign.whole(name) is None for name in names):
        return None
    parts = [_PARTS[source.kind](source) for source in observe.host_sources(options)]
    expected: dict[str, set[bytes]] = {}
    settings: bytes | None = None
    for host in _hosts(options):
        target = wanted.target(options, host, _unknown)
        parts += [_PARTS[source.kind](source) for source in observe.sources(target, options, host)]
        settings = target.settings
        for file in target.files:
            expected.setdefault(file.path, set()).update([] if file.content is None else [file.content])
    # Without defaults of its own it matters only that go.env has no block of this environment, whatever those of others are.
    mark = go_policy.MARK if settings else go_policy.MARK + options['name'].encode() + b': '
    return _joined(parts, expected, mark, go_policy.with_blocks(None, {options['name']: settings} if settings else {}))


def _hosts(options: Options) -> Iterator[Host]:
    """Hosts that differ in what decides the content of a file, with every consumer that a host can have."""
    existing = frozenset(path for consumer in consumers.ALL for path in consumer.evidence)
    for problem in (None, 'a resolver with a problem') if 'pure_go_resolver' in options['presets'] else (None,):
        yield Host(_ROOT, existing, problem, {}, None, None, toolchain_paths.ROOT)


def _unknown() -> bool:
    raise snapshot.Unknown('the version of systemd')


def _joined(parts: list[script.Wanted], expected: dict[str, set[bytes]], mark: bytes, blocks: bytes) -> script.Wanted:
    def all_of(name: str) -> tuple[str, ...]:
        return tuple(sorted({each for part in parts for each in getattr(part, name)}))
    text = all_of('text')
    return script.Wanted(
        status=tuple(each for each in all_of('status') if each not in text), text=text, links=all_of('links'), names=all_of('names'),
        there=all_of('there'), marked=all_of('marked'), mark=mark.decode(), head=blocks,
        expected={path: tuple(sorted(contents)) for path, contents in expected.items()})


# ---- what has to be asked for each kind of Source


def _existence(source: Source) -> script.Wanted:
    return script.Wanted(there=(source.path,))


def _resolver(source: Source) -> script.Wanted:
    return script.Wanted(status=tuple('/' + each for each in (libc.MUSL_LOADERS, *libc.GLIBC_LOADERS)), text=(source.path,))


def _file(source: Source) -> script.Wanted:
    return script.Wanted(status=tuple(script.way(source.path)), names=(posixpath.dirname(source.path),))


def _name(source: Source) -> script.Wanted:
    return script.Wanted(status=tuple(script.way(source.path)))


def _go_env(source: Source) -> script.Wanted:
    """The toolchain is looked for in the usual prefix: where another one is linked, the module is sent."""
    paths = toolchain_paths.ROOT._replace(link=source.path)
    trees, meta = paths.tree('*'), paths.meta
    return script.Wanted(
        status=(*script.way(paths.link), *script.way(meta), trees, posixpath.join(trees, go_policy.FILE), go_policy.path_of(paths)),
        text=(posixpath.join(paths.manifests, '*.json'),), links=(paths.link,), names=(trees, meta),
        marked=(posixpath.join(trees, go_policy.FILE), go_policy.path_of(paths)))


_PARTS: dict[str, Callable[[Source], script.Wanted]] = {
    'exists': _existence, 'resolver': _resolver, 'file': _file, 'unasked': _name, 'go_env': _go_env}


def _result(options: Options) -> Options:
    # In check mode nothing is changed, whatever the plan is.
    result: Options = converge.converge(options, None, True)
    return result


class ActionModule(asking.ProbedAction):
    """Runs the module, unless the host has the environment."""

    STATE = asking.State(ARGUMENT_SPEC, {'secrets': secrets.masked}, _reads, _result)
