# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The readers of the controller's side, for fuzz_readers: index, lock, cache, project files, log and proxies' lists."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from ansible_collections.gofleet.golang.plugins.module_utils import _errors as errors
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.plugin_utils import _cache as cache
from ansible_collections.gofleet.golang.plugins.plugin_utils import _plain_yaml as plain_yaml
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases import lockfile, project, releases
from ansible_collections.gofleet.golang.plugins.plugin_utils._resolution import resolver
from ansible_collections.gofleet.golang.plugins.plugin_utils._sumdb import gosumdb, lookup, tree_head
from fuzz_readers import Reader, reader
from support.units import release_index
from support.units.transparency_log import Log

WHEN = '2026-11-21T00:00:00Z'
INDEX = release_index.index('1.27rc1', '1.26.6', '1.25.9')
RECORDS = releases.parse_index(INDEX, 'x')
LOG = Log.of_size(200)
KEY = gosumdb.Key.parse(LOG.key)
PATHS = LOG.paths()
LOOKUP = 'lookup/m@v7'
NESTED = [b'[' * 100000, b'{"a":' * 100000, b'[' * 50000 + b']' * 50000]
BOMB = b'format: 1\nreleases:\n- &a [x, x]\n' + b''.join(b'- &a%d [*a, *a, *a]\n' % number for number in range(20))
# Numbers and times for which Python raises various errors.
YAML = [b'[' * 100000, b'- ' * 50000, b'{a: ' * 100000, BOMB, b'format: 2026-13-45', b'format: ' + b'1' * 5000, b'? ' * 50000, b'"' + b'\\x41' * 100000 + b'"',
        b'a: ' * 10000, b'\t' * 100000, b'#' * 1000000, b'- a\n' * 200000]  # fmt: skip


def read_lock(content: bytes, folder: str) -> None:
    path = Path(folder) / 'go.lock.yml'
    path.write_bytes(content)
    for each in lockfile.read(path):
        record = resolver._given(each, WHEN)
        for goarch in record.archives:
            record.kinds(goarch)


def read_lock_to_renew(content: bytes, folder: str) -> None:
    path = Path(folder) / 'go.lock.yml'
    path.write_bytes(content)
    old = lockfile.read(path)
    fresh = releases.parse_index(INDEX, 'x')
    lockfile.moves(old, lockfile.merged(old, fresh))


def read_yaml(content: bytes, folder: str) -> None:
    try:
        json.dumps(plain_yaml.load(content))
    except ValueError as exc:
        # That is what its callers catch.
        raise GofleetError(str(exc)[:100], 'no_yaml') from exc


def read_project(name: str) -> Any:
    def read(content: bytes, folder: str) -> None:
        path = Path(folder) / name
        path.write_bytes(content)
        project.version(path)

    return read


def put_in_cache(content: bytes, folder: str) -> cache.Cache:
    kept = cache.Cache(Path(folder))
    kept.write('key', None)
    for path in (Path(folder) / 'values').iterdir():
        path.write_bytes(content)
    return kept


def read_cached_index(content: bytes, folder: str) -> None:
    def understand(value: Any) -> list[releases.Record]:
        return [releases.indexed_again(each) for each in value]

    for record in put_in_cache(content, folder).kept('key', None, understand) or []:
        for goarch in record.archives:
            record.kinds(goarch)
        json.dumps(record.as_option())


def read_cached_failure(content: bytes, folder: str) -> None:
    found = put_in_cache(content, folder).kept('key', None, errors.from_result)
    if found:
        json.dumps(found.as_result())


def read_log(content: bytes, folder: str) -> None:
    """A lookup whose answers are bent: the first one, or a tile."""
    def answer(path: str) -> bytes:
        if path not in PATHS:
            raise GofleetError('answers 404', 'http_status', status=404)
        return content[1:] if (path == LOOKUP) == (content[:1] == b'L') else PATHS[path]

    lookup.lookup('m', 'v7', KEY, answer)


def read_head(content: bytes, folder: str) -> None:
    tree_head.parse(content, KEY)


def read_key(content: bytes, folder: str) -> None:
    gosumdb.parse(content.decode('utf-8', 'replace'))


def controller_readers() -> dict[str, Reader]:
    lock = lockfile.text_of(RECORDS).encode()
    kept = json.dumps({'fetched': 1.5, 'value': [dataclasses.asdict(record) for record in RECORDS]}).encode()
    failure = json.dumps({'fetched': 1.5, 'value': {'msg': 'x', 'code': 'not_in_log', 'evidence': {'url': 'x'}}}).encode()
    tile = next(path for path in PATHS if path.startswith('tile/'))
    return {
        'index': reader([INDEX], lambda content, folder: releases.parse_index(content, 'x'), hostile=[
            *NESTED, INDEX.replace(b'70000000', b'Infinity'), INDEX.replace(b'70000000', b'1e999'), INDEX.replace(b'70000000', b'9' * 5000)]),
        'lock': reader([lock], read_lock, 0.5, YAML),
        'lock_to_renew': reader([lock], read_lock_to_renew, 0.5),
        'yaml': reader([lock[:400], b'a: {b: [c, "d"]}\ne: |\n  f\n'], read_yaml, hostile=YAML),
        'cached_index': reader([kept], read_cached_index, hostile=NESTED),
        'cached_failure': reader([failure], read_cached_failure, hostile=NESTED),
        'go_mod': reader([b'module x\n\ngo 1.26\n\ntoolchain go1.26.6 // y\n'], read_project('go.mod')),
        'go_version': reader([b'1.26.6\n', b'# x\n1.26\n'], read_project('.go-version')),
        'tool_versions': reader([b'golang 1.26.6\nnode 20\n'], read_project('.tool-versions')),
        'log': reader([b'L' + PATHS[LOOKUP], b'T' + PATHS[tile]], read_log, 0.5),
        'tree_head': reader([PATHS[LOOKUP].partition(b'\n\n')[2]], read_head),
        'gosumdb': reader([LOG.key.encode(), LOG.key.encode() + b' https://x.example/y', b'sum.golang.org'], read_key),
    }  # fmt: skip
