# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Renew the signed tree head of sum.golang.org that ships with the collection: `tree_head.py [PROXY]`.

PROXY is the address of a module proxy; without it, those of `go env GOPROXY` are asked, and then the log itself. The new head is written only
if the log's key has signed it and it extends the one that ships now, by tiles that are proven too.
"""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path

# Makes the checkout importable as the collection.
importlib.import_module('conftest')

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.plugin_utils._sumdb import gosumdb, lookup, tree_head
from ansible_collections.gofleet.golang.plugins.plugin_utils._sumdb import heads as log_heads

KEY = gosumdb.GOOGLE_KEY
# A record that the log has had since long before the first head that shipped.
MODULE, VERSION = 'golang.org/toolchain', 'v0.0.1-go1.21.0.linux-amd64'
SECONDS = 60


class Shipped:
    """A lookup.HeadStore that begins with a head and lasts as long as the process."""

    path = log_heads.SHIPPED

    def __init__(self, note: bytes) -> None:
        self.note: bytes | None = note

    def read(self) -> bytes | None:
        return self.note

    def shipped(self) -> bytes | None:
        return None

    def replace(self, old: bytes | None, new: bytes) -> bool:
        self.note = new
        return True

    def keep_evidence(self, name: str, text: str) -> str:
        # For inspection, in the current folder of the person who renews the head.
        Path(name).write_text(text, encoding='utf-8')
        return name


def extended(shipped: bytes, read: Callable[[str], bytes]) -> bytes:
    """The log's latest head, or the one that ships if that is as new. read: as for lookup.lookup(). Raises GofleetError, OSError."""
    latest = read('latest')

    def with_latest(path: str) -> bytes:
        content = read(path)
        return content.partition(b'\n\n')[0] + b'\n\n' + latest if path.startswith('lookup/') else content

    heads = Shipped(shipped)
    lookup.lookup(MODULE, VERSION, KEY, with_latest, heads)
    return heads.note or shipped


def reader(base: str) -> Callable[[str], bytes]:
    def read(path: str) -> bytes:
        try:
            with urllib.request.urlopen(f'{base}/{path}', timeout=SECONDS) as answer:
                content: bytes = answer.read()
        except OSError as exc:
            raise GofleetError(f'{path} of {KEY.name} could not be read: {exc}', 'log_unreachable') from exc
        return content

    return read


def bases(arguments: Sequence[str]) -> list[str]:
    """Where the log can be asked."""
    proxies = list(arguments)
    if not proxies:
        done = subprocess.run(['go', 'env', 'GOPROXY'], capture_output=True, text=True, check=True)
        proxies = re.split('[,|]', done.stdout.strip())
    found = [f'{each.rstrip("/")}/sumdb/{KEY.name}' for each in proxies if each.startswith(('http://', 'https://'))]
    return found if arguments else [*found, f'https://{KEY.name}']


def main() -> int:
    shipped = log_heads.SHIPPED.read_bytes()
    for base in bases(sys.argv[1:]):
        try:
            note = extended(shipped, reader(base))
        except GofleetError as exc:
            if exc.code != 'log_unreachable':
                raise
            print(exc.msg, file=sys.stderr)
            continue
        log_heads.SHIPPED.write_bytes(note)
        sizes = [tree_head.parse(each, KEY).size for each in (shipped, note)]
        print(f'{log_heads.SHIPPED.name}: {sizes[0]} records before, {sizes[1]} now')
        return 0
    print(f'No source serves {KEY.name}: nothing was written.', file=sys.stderr)
    return 1


if __name__ == '__main__':
    sys.exit(main())
