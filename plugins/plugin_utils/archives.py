# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Archives that the controller brings to hosts which cannot fetch them: each fetched and verified once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible_collections.gofleet.golang.plugins.module_utils import digests, download
from ansible_collections.gofleet.golang.plugins.module_utils.errors import GofleetError
from ansible_collections.gofleet.golang.plugins.plugin_utils.cache import Cache
from ansible_collections.gofleet.golang.plugins.plugin_utils.releases import Record


def local_archive(path: Path, record: Record, goarch: str) -> Path:
    """The file for an architecture at path, which is an archive or a folder of archives.

    Raises GofleetError(archive_unreadable).
    """
    if path.is_file():
        return path
    names = [record.archives.get(goarch, {}).get('filename') or f'go{record.version}.linux-{goarch}.tar.gz', _module_file(record, goarch)]
    for name in names:
        if (path / name).is_file():
            return path / name
    raise GofleetError(f"{path} on the controller holds neither {names[0]} nor {names[1]}, which a linux-{goarch} host needs. Put one of them there.",
                       'archive_unreadable', path=str(path), names=names)


def fetched_archive(record: Record, goarch: str, mirrors: list[str], goproxy: list[str], options: Any, cache: Cache) -> Path:
    """The verified archive of a release, or its module zip, in the controller's cache.

    Raises GofleetError(no_source) that tells what was wrong with each source, OSError.
    """
    archive = record.archives.get(goarch)
    failures: list[str] = []
    if archive and mirrors:
        try:
            return _archive(archive, mirrors, options, cache)
        except GofleetError as exc:
            failures.append(exc.msg)
    if record.h1.get(goarch) and goproxy:
        try:
            return _module(record, goarch, goproxy, options, cache)
        except GofleetError as exc:
            failures.append(exc.msg)
    raise GofleetError(
        f"The controller could not get Go {record.version} for linux-{goarch} either. {' '.join(failures) or 'There is no source to try.'} "
        'Check mirrors and proxy settings, or give the file with archive.', 'no_source', version=record.version, goarch=goarch, failures=failures)


def _archive(archive: dict[str, Any], mirrors: list[str], options: Any, cache: Cache) -> Path:
    urls = [f'{base.rstrip("/")}/{archive["filename"]}' for base in mirrors]

    def make(path: Path) -> None:
        download.fetch_first(urls, str(path), options, archive.get('size'), archive['sha256'])

    return cache.archive(f'sha256 {archive["sha256"]}', archive['filename'], make)


def _module(record: Record, goarch: str, goproxy: list[str], options: Any, cache: Cache) -> Path:
    module = digests.toolchain_module(record.version, goarch)[0]
    urls = [f'{base.rstrip("/")}/{module}/@v/{_module_file(record, goarch)}' for base in goproxy]
    return cache.archive(f'h1 {record.h1[goarch]}', _module_file(record, goarch), _proven_zip(urls, record.h1[goarch], options))


def _proven_zip(urls: list[str], h1: str, options: Any) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        fetched = download.fetch_first(urls, str(path), options)
        found = digests.zip_h1(str(path))
        if found != h1:
            raise GofleetError(f'{fetched.url} is not the release: the h1 of its files is {found}, the transparency log says {h1}.',
                               'h1_mismatch', url=fetched.url, found=found, wanted=h1)

    return make


def _module_file(record: Record, goarch: str) -> str:
    return f'{digests.toolchain_module(record.version, goarch)[1]}.zip'
