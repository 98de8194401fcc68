# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A controller that resolves versions: its caches, a web server for its requests, and a transparency log."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.gofleet.golang.plugins.module_utils._fetch.sources import Options
from ansible_collections.gofleet.golang.plugins.plugin_utils._cache import Cache
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases.request import Request
from ansible_collections.gofleet.golang.plugins.plugin_utils._resolution import resolver
from ansible_collections.gofleet.golang.plugins.plugin_utils._resolution.resolver import Resolution
from support.units.release_index import index
from support.units.transparency_log import Log
from support.units.web_server import WebServer

INDEX = index('1.27rc1', '1.26.6', '1.26.5', '1.25.9', '1.20.14')
# A port without a listener. It stands for a log's own address, and for an index that is out of reach.
NOWHERE = '127.0.0.1:1'


def module(version: str, goarch: str) -> str:
    return f'golang.org/toolchain@v0.0.1-go{version}.linux-{goarch}'


def log_of(*modules: tuple[str, str]) -> Log:
    """A log that knows these toolchains as h1:VERSION-GOARCH."""
    return Log(
        {
            module(version, goarch): f'golang.org/toolchain v0.0.1-go{version}.linux-{goarch} h1:{version}-{goarch}\n'.encode()
            for version, goarch in modules
        },
        name=NOWHERE,
    )


class Controller:
    """A controller: a cache that lasts, the cache of a run, and what tasks ask for."""

    def __init__(self, root: Path, web: WebServer) -> None:
        self.root = root
        self.web = web
        self.cache = Cache(root / 'cache')
        self.options: dict[str, Any] = {
            'checksums': {}, 'given': [], 'goproxy': [], 'gosumdb': 'off', 'index_url': f'{web.url}/dl/', 'index_max_age': 3600,
            'options': Options(10, None),
        }  # fmt: skip
        self.runs = 0
        self.new_run()

    def new_run(self) -> None:
        self.runs += 1
        self.run = Cache(self.root / f'run-{self.runs}')

    def request(self, *versions: str) -> Request:
        return Request(versions=list(versions), **self.options)

    def resolve(self, *versions: str) -> Resolution:
        return resolver.resolve(self.request(*versions), self.cache, self.run)

    def resolve_later(self, *versions: str) -> Resolution:
        """In another run than the last."""
        self.new_run()
        return self.resolve(*versions)

    def complete(self, resolution: Resolution, version: str, goarch: str, kind: str = 'record') -> Resolution:
        return resolver.complete(resolution, {'kind': kind, 'version': version, 'goarch': goarch}, self.request(version), self.cache, self.run)

    def lose_index(self) -> None:
        self.options['index_url'] = f'http://{NOWHERE}/dl/'

    def use_proxy(self, log: Log, *listed: str) -> None:
        """Have a module proxy that serves a log, and lists these module versions."""
        for path, body in log.paths().items():
            self.web.serve(f'/proxy/sumdb/{log.name}/{path}', body)
        self.web.serve('/proxy/golang.org/toolchain/@v/list', '\n'.join(listed).encode())
        self.options.update(goproxy=[f'{self.web.url}/proxy'], gosumdb=log.key)
