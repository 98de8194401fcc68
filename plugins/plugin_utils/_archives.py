# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Archives that the controller uploads to hosts that cannot fetch them. Each is fetched to the cache and verified once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._fetch import download, sources
from ansible_collections.gofleet.golang.plugins.module_utils._files import regular as regular_files
from ansible_collections.gofleet.golang.plugins.module_utils._proof import digests
from ansible_collections.gofleet.golang.plugins.module_utils._texts import addresses
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import source_types
from ansible_collections.gofleet.golang.plugins.plugin_utils._cache import Cache
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases.releases import Record


def local_archive(path: Path, record: Record, goarch: str) -> Path:
    """The file for an architecture at path, which is an archive or a folder of archives.

    Raises GofleetError(archive_unreadable), and as regular_files.check() does.
    """
    if path.exists() and not path.is_dir():
        # Refuses a pipe, because reading it would wait for a writer.
        regular_files.check(str(path))
        return path
    names = [str(source.filename(record.release(goarch))) for source in source_types.TYPES]
    for name in names:
        if (path / name).is_file():
            return path / name
    raise GofleetError(f"{path} on the controller has neither {' nor '.join(names)}, which a linux-{goarch} host needs. Put one of them there.",
                       'archive_unreadable', path=str(path), names=names)


def is_other(path: Path, sha256: str) -> bool:
    """Whether the digest of a file differs from this one. Raises GofleetError as regular_files does."""
    return str(digests.of_regular_file(str(path), ['sha256'])[1]['sha256']) != sha256


def fetched_archive(record: Record, goarch: str, mirrors: list[str], goproxy: list[str], options: Any, cache: Cache) -> tuple[Path, str]:
    """The verified archive of a release, or its module zip, in the controller's cache, and the URL that it came from.

    Raises GofleetError(no_source) with the failure of each source, OSError.
    """
    release = record.release(goarch)
    bases = {'mirrors': mirrors, 'goproxy': goproxy}
    failures: list[dict[str, str]] = []
    for source in source_types.TYPES:
        digest = getattr(release, source.verified_by)
        urls = source.urls(bases[source.option], release)
        # The controller fetches no file that it cannot verify: only a host verifies trees.
        if digest and urls:
            size, sha256 = source.expected(release)
            key = f'{source.verified_by} {digest}'
            found = _cached(cache, key, source.filename(release), urls, failures, options, size, sha256, source.file_check(release))
            if found:
                return found
    raise GofleetError(
        f'The controller could not get Go {record.version} for linux-{goarch} either. {sources.in_words(failures) or "There is no source to try."} '
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
        # Another process that can write to the cache may have changed the file.
        if sha256:
            return not is_other(path, sha256)
        return prove is not None and _passes(prove, path)

    try:
        path = cache.archive(key, filename, make, is_intact)
    except _NoSource:
        return None
    origin = cache.read(f'origin {key}')
    return path, origin if isinstance(origin, str) else addresses.without_credentials(urls[0])


def _passes(prove: Callable[[str], None], path: Path) -> bool:
    try:
        prove(str(path))
    except GofleetError:
        return False
    return True


class _NoSource(Exception):
    """No url had the expected file; failures has the reasons."""
