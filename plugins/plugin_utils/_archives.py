# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Archives that the controller brings to hosts which cannot fetch them: each fetched and verified once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible_collections.gofleet.golang.plugins.module_utils._archive import tar as unpacking
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._fetch import download, sources
from ansible_collections.gofleet.golang.plugins.module_utils._files import regular as regular_files
from ansible_collections.gofleet.golang.plugins.module_utils._go.version import archive_name
from ansible_collections.gofleet.golang.plugins.module_utils._proof import digests
from ansible_collections.gofleet.golang.plugins.plugin_utils._cache import Cache
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases.releases import Record


def local_archive(path: Path, record: Record, goarch: str) -> Path:
    """The file for an architecture at path, which is an archive or a folder of archives.

    Raises GofleetError(archive_unreadable), and as regular_files.check() does.
    """
    if path.exists() and not path.is_dir():
        # Not a pipe: reading one waits for a writer.
        regular_files.check(str(path))
        return path
    names = [record.archives.get(goarch, {}).get('filename') or str(archive_name(record.version, goarch)), _module_file(record, goarch)]
    for name in names:
        if (path / name).is_file():
            return path / name
    raise GofleetError(f"{path} on the controller holds neither {names[0]} nor {names[1]}, which a linux-{goarch} host needs. Put one of them there.",
                       'archive_unreadable', path=str(path), names=names)


def is_other(path: Path, sha256: str) -> bool:
    """Whether a file is another than the one with this digest. Raises GofleetError as regular_files does."""
    return str(digests.of_regular_file(str(path), ['sha256'])[1]['sha256']) != sha256


def fetched_archive(record: Record, goarch: str, mirrors: list[str], goproxy: list[str], options: Any, cache: Cache) -> tuple[Path, str]:
    """The verified archive of a release, or its module zip, in the controller's cache, and the URL that it came from.

    Raises GofleetError(no_source) that tells what was wrong with each source, OSError.
    """
    entry = record.archives.get(goarch, {})
    h1 = entry.get('h1')
    filename = _module_file(record, goarch)
    failures: list[dict[str, str]] = []
    # An archive without a digest is not downloaded here: only hosts verify trees.
    if entry.get('sha256') and mirrors:
        urls = [f'{base.rstrip("/")}/{entry["filename"]}' for base in mirrors]
        found = _cached(cache, f'sha256 {entry["sha256"]}', entry['filename'], urls, failures, options, entry.get('size'), entry['sha256'])
        if found:
            return found
    if h1 and goproxy:
        urls = [f'{base.rstrip("/")}/{digests.toolchain_module("", "")[0]}/@v/{filename}' for base in goproxy]
        found = _cached(cache, f'h1 {h1}', filename, urls, failures, options, prove=lambda path: _prove(path, h1))
        if found:
            return found
    raise GofleetError(
        f'The controller could not get Go {record.version} for linux-{goarch} either. {sources.told(failures) or "There is no source to try."} '
        'Check mirrors and proxy settings, or give the file with archive.', 'no_source', version=record.version, goarch=goarch, failures=failures)


def _cached(cache: Cache, key: str, filename: str, urls: list[str], failures: list[dict[str, str]], options: Any, size: int | None = None,
            sha256: str | None = None, prove: Callable[[str], None] | None = None) -> tuple[Path, str] | None:
    def make(path: Path) -> None:
        fetched, failed = download.fetch_first(urls, str(path), options, size, sha256, prove)
        failures.extend(failed)
        if not fetched:
            raise _NoSource
        cache.write(f'origin {key}', fetched.url)

    def is_intact(path: Path) -> bool:
        # Whoever can write to the cache could have changed it.
        if sha256:
            return not is_other(path, sha256)
        return prove is not None and _passes(prove, path)

    try:
        path = cache.archive(key, filename, make, is_intact)
    except _NoSource:
        return None
    origin = cache.read(f'origin {key}')
    return path, origin if isinstance(origin, str) else sources.without_credentials(urls[0])


def _passes(prove: Callable[[str], None], path: Path) -> bool:
    try:
        prove(str(path))
    except GofleetError:
        return False
    return True


def _prove(path: str, h1: str) -> None:
    # The host would refuse it as well; but the cache must not keep it, and another proxy may have the true one.
    if unpacking.zip_h1(path) != h1:
        raise GofleetError(f'its files do not have the h1 {h1} of the transparency log', 'h1_mismatch')


class _NoSource(Exception):
    """No url had what was expected; the failures say why."""


def _module_file(record: Record, goarch: str) -> str:
    return f'{digests.toolchain_module(record.version, goarch)[1]}.zip'
