# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Resolve specs to release records, once a run, from what is given, pinned, cached, in the index or in the log."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from ansible_collections.gofleet.golang.plugins.module_utils import digests, sources
from ansible_collections.gofleet.golang.plugins.module_utils.errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils.goversion import Spec, parse_release, parse_spec
from ansible_collections.gofleet.golang.plugins.plugin_utils import checksum_db, releases
from ansible_collections.gofleet.golang.plugins.plugin_utils.cache import Cache
from ansible_collections.gofleet.golang.plugins.plugin_utils.releases import Record

# go.dev's whole index has some 3 MB.
_INDEX_LIMIT = 64 << 20
_LOG_LIMIT = 1 << 20
# What nearly every host is. Others are looked up in the log when a host says that it is one.
_USUAL_GOARCH = ('amd64', 'arm64')
_FIRST_MODULE = parse_release('1.21.0')
# What may be joined to a folder or an address.
_FILENAME = re.compile(r'[A-Za-z0-9][A-Za-z0-9._+-]*\Z')
_Kept = TypeVar('_Kept')


@dataclass(frozen=True)
class Request:
    """What a task asks for. versions: the active one first, as written; given: the option releases."""

    versions: list[str]
    checksums: dict[str, str]
    given: list[dict[str, Any]]
    goproxy: list[str]
    gosumdb: str
    index_url: str
    index_max_age: int
    options: Any

    @property
    def key(self) -> str:
        """Equal for tasks that have to get equal answers within one run."""
        return hashlib.sha256(json.dumps(dataclasses.astuple(self), sort_keys=True).encode()).hexdigest()


@dataclass
class Resolution:
    """Records in the order of the versions asked for; excuses: why a record may be empty, by version.

    warnings: what went another way than it was set up to.
    """

    records: list[Record] = field(default_factory=list)
    excuses: dict[str, dict[str, Any]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def resolve(request: Request, cache: Cache, run: Cache) -> Resolution:
    """The resolution that every host of this run works with; run: a cache that lives as long as the run.

    Raises GofleetError, also the one that an earlier host of the run was answered with.
    """
    with run.locked(request.key):
        memo = run.read(request.key)
        if memo is None:
            try:
                memo = dataclasses.asdict(_Resolver(request, cache).resolve())
            except GofleetError as exc:
                memo = {'error': exc.as_result()}
            run.write(request.key, memo)
    if 'error' in memo:
        raise _raised(memo['error'])
    return Resolution([Record(**each) for each in memo['records']], memo['excuses'], memo['warnings'])


def complete(resolution: Resolution, version: str, goarch: str, request: Request, cache: Cache) -> Resolution:
    """The resolution with the record of an architecture that a host says it needs.

    Raises GofleetError(no_archive_for_architecture) or why nothing was known of the version.
    """
    record = next(each for each in resolution.records if each.version == version)
    if request.goproxy and parse_release(version) >= _FIRST_MODULE:
        record.h1[goarch] = _Resolver(request, cache).h1(version, goarch)
        record.vouched['h1'] = 'log'
        return resolution
    if version in resolution.excuses:
        raise _raised(resolution.excuses[version])
    raise GofleetError(
        f"Nothing says what the archive of Go {version} for linux-{goarch} has to be: {record.vouched.get('sha256', 'the record')} has it for "
        f"{', '.join(sorted(record.archives)) or 'no architecture'}. Pin this architecture's digest too, take a version that is released for "
        'it, or set goproxy.', 'no_archive_for_architecture', version=version, goarch=goarch, known=sorted(record.archives))


def _raised(result: dict[str, Any]) -> GofleetError:
    return GofleetError(result['msg'], result['code'], **result['evidence'])


class _Resolver:
    def __init__(self, request: Request, cache: Cache) -> None:
        self._request = request
        self._cache = cache
        self._given = {record.version: record for record in (_given(each) for each in request.given)}
        self._pinned = releases.pinned(request.checksums)
        self._warnings: list[str] = []

    def resolve(self) -> Resolution:
        resolution = Resolution()
        for text in self._request.versions:
            spec = parse_spec(text)
            try:
                record = self._record(spec)
            except GofleetError as exc:
                # A host that has this very release needs nothing of what could not be reached.
                if spec.kind != 'exact' or exc.code not in ('index_unreachable', 'log_unreachable', 'not_in_log'):
                    raise
                record = Record(str(spec.version))
                resolution.excuses[record.version] = exc.as_result()
            if record.version not in [each.version for each in resolution.records]:
                resolution.records.append(record)
        resolution.warnings = self._warnings
        return resolution

    def _read(self, url: str, limit: int) -> bytes:
        # Here, not above: loading the network modules is a tenth of a run that finds everything in the cache.
        from ansible_collections.gofleet.golang.plugins.module_utils import download

        return bytes(download.read(url, self._request.options, limit))

    def _record(self, spec: Spec) -> Record:
        if self._given:
            return self._given[releases.resolve(spec, self._given, 'the releases that were given')]
        if spec.kind == 'exact' and str(spec.version) in self._pinned:
            return self._pinned[str(spec.version)]
        try:
            record = self._indexed(spec)
        except GofleetError as exc:
            if exc.code != 'index_unreachable' or not self._request.goproxy or (spec.version and spec.version < _FIRST_MODULE):
                raise
            record = self._logged(spec, exc)
            self._warnings.append(f"The release index {exc.evidence['url']} {exc.evidence['reason']}. Go {record.version} was resolved and will be proven "
                                  'through module proxies and the transparency log instead.')
        return self._pinned.get(record.version, record)

    def _indexed(self, spec: Spec) -> Record:
        url = self._request.index_url
        if spec.kind == 'exact':
            # A release never changes, so a copy of any age will do if it knows the release.
            old = self._index(url, max_age=None)
            if str(spec.version) in old:
                return self._with_h1(old[str(spec.version)])
        known = self._index(url, self._request.index_max_age)
        return self._with_h1(known[releases.resolve(spec, known, f'the index {sources.without_credentials(url)}')])

    def _index(self, url: str, max_age: int | None) -> dict[str, Record]:
        """Records by version; max_age: None for whatever the cache has."""

        shown = sources.without_credentials(url)

        def fetch() -> list[dict[str, Any]]:
            try:
                text = self._read(url, _INDEX_LIMIT)
            except GofleetError as exc:
                raise GofleetError(
                    f'The release index {shown} {exc.msg}. Without it nobody knows which release and which digest are meant. Set index_url to a '
                    'copy that the controller reaches, pin digests with checksums, or set goproxy.', 'index_unreachable',
                    url=shown, reason=exc.msg) from exc
            return [dataclasses.asdict(record) for record in releases.parse_index(text, shown)]

        def understand(value: Any) -> dict[str, Record]:
            return {each['version']: Record(**each) for each in value}

        return self._aged(f'index {url}', max_age, fetch, understand) or {}

    def _aged(self, key: str, max_age: int | None, fetch: Callable[[], Any], understand: Callable[[Any], _Kept]) -> _Kept | None:
        """What was fetched at most max_age seconds ago, or is fetched now; with None, whatever was kept, or None.

        understand: makes of a fetched value what is returned; by what it raises, an entry that it can't be made of counts as none.
        """
        if max_age is None:
            return self._kept(key, None, understand)
        with self._cache.locked(key):
            kept = self._kept(key, max_age, understand)
            if kept is None:
                value = fetch()
                self._cache.write(key, {'fetched': time.time(), 'value': value})
                kept = understand(value)
        return kept

    def _kept(self, key: str, max_age: int | None, understand: Callable[[Any], _Kept]) -> _Kept | None:
        try:
            entry = self._cache.read(key)
            if max_age is None or 0 <= time.time() - entry['fetched'] < max_age:
                return understand(entry['value'])
        except (TypeError, KeyError, AttributeError, ValueError):
            # No entry, or one of another version of this collection.
            pass
        return None

    def _logged(self, spec: Spec, cause: GofleetError) -> Record:
        """A record without archives, of what module proxies have and the log vouches for."""
        if spec.kind == 'exact':
            version = str(spec.version)
        else:
            where = 'the list of ' + ', '.join(map(sources.without_credentials, self._request.goproxy))
            version = releases.resolve(spec, self._proxied_versions(cause), where)
        record = Record(version)
        failure = self._add_h1(record)
        if failure:
            raise failure
        if not record.h1:
            raise GofleetError(
                f'Go {version} is not in the transparency log {self._request.gosumdb} for linux-{" or linux-".join(_USUAL_GOARCH)}: there is no such '
                f"release, or it is older than {_FIRST_MODULE}. The release index could not be asked: {cause.msg}", 'not_in_log', version=version)
        return record

    def _proxied_versions(self, cause: GofleetError) -> list[str]:
        def fetch() -> list[str]:
            text = self._from_proxies(f'{digests.toolchain_module("", "")[0]}/@v/list', cause)
            names = [line.removeprefix('v0.0.1-').split('.linux-')[0] for line in text.decode('ascii', 'replace').split() if '.linux-' in line]
            return sorted(filter(releases.is_release, set(names)))

        return self._aged('list ' + ' '.join(self._request.goproxy), self._request.index_max_age, fetch, _texts) or []

    def _from_proxies(self, path: str, cause: GofleetError) -> bytes:
        failures = [f'{cause.evidence["url"]} ({cause.evidence["reason"]})']
        for base in self._request.goproxy:
            url = f'{base.rstrip("/")}/{path}'
            try:
                return self._read(url, _INDEX_LIMIT)
            except GofleetError as exc:
                failures.append(f'{sources.without_credentials(url)} ({exc.msg})')
        raise GofleetError(f"Neither the release index nor a module proxy can be read: {'; '.join(failures)}. Check the controller's network and "
                           'proxy settings, or pin digests with checksums.', 'index_unreachable', failures=failures)

    def _with_h1(self, record: Record) -> Record:
        if self._request.goproxy and parse_release(record.version) >= _FIRST_MODULE:
            # The archives' digests are known: a log out of reach only takes the module proxies out of the choice.
            self._add_h1(record)
        return record

    def _add_h1(self, record: Record) -> GofleetError | None:
        """Why the log could not be asked, if so; a release that it does not know leaves the record as it is."""
        for goarch in _USUAL_GOARCH:
            try:
                h1 = self._usual_h1(record.version, goarch)
            except GofleetError as exc:
                if exc.code != 'log_unreachable':
                    raise
                return exc
            if h1:
                record.h1[goarch] = h1
                record.vouched['h1'] = 'log'
        return None

    def h1(self, version: str, goarch: str) -> str:
        """What the log says of a release's tree. Raises GofleetError, of the network as log_unreachable or not_in_log."""
        module, module_version = digests.toolchain_module(version, goarch)
        key = checksum_db.key_for(self._request.gosumdb)
        name = f'h1 {key.name} {key.hash.hex()} {module_version}'
        known = self._cache.read(name)
        if not isinstance(known, str):
            known = checksum_db.lookup(module, module_version, key, lambda path: self._from_log(key.name, path))
            self._cache.write(name, known)
        return known

    def _usual_h1(self, version: str, goarch: str) -> str | None:
        """The same, but None where the log has no such release; for a while that is not asked again."""

        def ask() -> list[str]:
            try:
                return [self.h1(version, goarch)]
            except GofleetError as exc:
                if exc.code != 'not_in_log':
                    raise
                return []

        # Lookups are asked by way of these proxies: others may know more.
        found = self._aged(f'h1 {self._request.gosumdb} {version} {goarch} {self._request.goproxy}', self._request.index_max_age, ask, _texts)
        return found[0] if found else None

    def _from_log(self, name: str, path: str) -> bytes:
        failures = []
        for base in [f'{base.rstrip("/")}/sumdb/{name}' for base in self._request.goproxy] + [f'https://{name}']:
            try:
                return self._read(f'{base}/{path}', _LOG_LIMIT)
            except GofleetError as exc:
                if exc.evidence.get('status') in (404, 410) and path.startswith('lookup/'):
                    raise GofleetError(f"The transparency log {name} has no {path.removeprefix('lookup/')}: there is no such release "
                                       f'(asked {sources.without_credentials(base)}).', 'not_in_log', log=name, path=path) from exc
                failures.append(f'{sources.without_credentials(base)} {exc.msg}')
        raise GofleetError(f"The transparency log {name} cannot be asked: {'; '.join(failures)}. Pin digests with checksums, or let the controller "
                           'reach it.', 'log_unreachable', log=name, failures=failures)


def _texts(value: Any) -> list[str]:
    if not all(isinstance(each, str) for each in value):
        raise TypeError('another kind of value than text')
    return list(value)


def _given(option: dict[str, Any]) -> Record:
    record = Record(str(parse_release(str(option['version']))), option.get('archives') or {}, option.get('h1') or {}, option.get('vouched') or {})
    for goarch, archive in record.archives.items():
        try:
            if not _FILENAME.match(archive['filename']):
                raise ValueError(f"{archive['filename']!r} is not a plain file name")
            record.archives[goarch] = {**archive, 'sha256': releases.sha256_digits(archive['sha256'])}
        except (TypeError, KeyError, ValueError) as exc:
            raise GofleetError(f'releases: the archive of {record.version} for {goarch} needs filename and sha256 ({type(exc).__name__}: {exc}).',
                               'invalid_release', version=record.version, goarch=goarch) from exc
    return record


def run_cache(local_tmp: str) -> Cache:
    """The cache of one run: in the folder that Ansible makes for a run and removes with it."""
    return Cache(Path(local_tmp) / 'gofleet')
