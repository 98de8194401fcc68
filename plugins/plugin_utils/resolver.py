# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Resolve specs to release records, once a run, from what is given, pinned, cached, in the index or in the log."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.gofleet.golang.plugins.module_utils import digests, sources
from ansible_collections.gofleet.golang.plugins.module_utils.errors import GofleetError, from_result
from ansible_collections.gofleet.golang.plugins.module_utils.goversion import Spec, archive_name, parse_release, parse_spec
from ansible_collections.gofleet.golang.plugins.plugin_utils import proofs, releases
from ansible_collections.gofleet.golang.plugins.plugin_utils.cache import Cache
from ansible_collections.gofleet.golang.plugins.plugin_utils.releases import Record
from ansible_collections.gofleet.golang.plugins.plugin_utils.request import Request

# go.dev's whole index has some 3 MB.
_INDEX_LIMIT = 64 << 20
# What nearly every host is. Others are looked up in the log when a host says that it is one.
_USUAL_GOARCH = ('amd64', 'arm64')
# An index that cannot be asked, and one whose answer cannot be read: both are passed over where the log is a source.
_NO_INDEX = ('index_unreachable', 'bad_index')
# What may be joined to a folder or an address.
_FILENAME = re.compile(r'[A-Za-z0-9][A-Za-z0-9._+-]*\Z')


@dataclass
class Resolution:
    """Records in the order of the versions asked for; excuses: why a record may be empty, by version.

    doubts: why the log does not vouch for a release, by version; warnings: what went another way than it was set up to.
    """

    records: list[Record] = field(default_factory=list)
    excuses: dict[str, dict[str, Any]] = field(default_factory=dict)
    doubts: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def record(self, version: str) -> Record:
        return next(each for each in self.records if each.version == version)


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
        raise from_result(memo['error'])
    return Resolution([Record(**each) for each in memo['records']], memo['excuses'], memo['doubts'], memo['warnings'])


def complete(resolution: Resolution, need: dict[str, Any], request: Request, cache: Cache) -> Resolution:
    """The resolution with what a host says it needs: a record of its architecture, or more proof of it.

    need: {kind: record or proof, version, goarch}. Raises GofleetError(no_archive_for_architecture), why nothing was
    known of the version, or that somebody lies.
    """
    version, goarch = need['version'], need['goarch']
    record = resolution.record(version)
    prover = proofs.Prover(request, cache)
    if need['kind'] == 'record' and prover.has_log(version):
        failure = prover.add_log(record, goarch, insist=True)
        if failure:
            raise from_result(resolution.excuses[version]) if version in resolution.excuses else failure
        return resolution
    if need['kind'] == 'proof':
        reasons = prover.strengthen(record, goarch)
        found = sorted(record.kinds(goarch))
        if not request.trust.holds(found):
            told = ' '.join(f'{each.msg[:1].upper()}{each.msg[1:].rstrip(".")}.' for each in reasons)
            raise GofleetError(
                f'{request.trust} has to vouch for Go {version} for linux-{goarch}; {" and ".join(found) or "nobody"} does. {told} Mend that, or ask for '
                'less with trust.', 'untrusted', version=version, goarch=goarch, wanted=list(request.trust.kinds), found=found,
                reasons=[each.as_result() for each in reasons])
        return resolution
    if version in resolution.excuses:
        raise from_result(resolution.excuses[version])
    known = {name: entry for name, entry in record.archives.items() if entry.get('sha256')}
    kinds = sorted({kind for entry in known.values() for kind in entry.get('vouched', {}).get('sha256', ())})
    raise GofleetError(
        f"Nothing says what the archive of Go {version} for linux-{goarch} has to be: {' and '.join(kinds) or 'the record'} has it for "
        f"{', '.join(sorted(known)) or 'no architecture'}. Pin this architecture's digest too, take a version that is released for it, or let "
        'the transparency log be asked (gosumdb).', 'no_archive_for_architecture', version=version, goarch=goarch, known=sorted(known))


def weak(resolution: Resolution) -> list[str]:
    """Warnings of releases that the log should have vouched for and did not."""
    return [f'Go {version} is vouched for by the release index alone: {reason}' for version, reason in sorted(resolution.doubts.items())
            if any(resolution.record(version).kinds(goarch) == {'index'} for goarch in resolution.record(version).archives)]


class _Resolver:
    def __init__(self, request: Request, cache: Cache) -> None:
        self._request = request
        self._cache = cache
        when = releases.now()
        self._given = {record.version: record for record in (_given(each, when) for each in request.given)}
        self._pinned = releases.pinned(request.checksums)
        self._prover = proofs.Prover(request, cache)
        self._warnings: list[str] = []
        self._doubts: dict[str, str] = {}

    def resolve(self) -> Resolution:
        resolution = Resolution()
        for text in self._request.versions:
            spec = parse_spec(text)
            try:
                record = self._record(spec)
            except GofleetError as exc:
                # A host that has this very release needs nothing of what could not be reached.
                if spec.kind != 'exact' or exc.code not in (*_NO_INDEX, 'log_unreachable', 'not_in_log'):
                    raise
                record = Record(str(spec.version))
                resolution.excuses[record.version] = exc.as_result()
            if record.version not in [each.version for each in resolution.records]:
                resolution.records.append(record)
        resolution.warnings = self._warnings
        resolution.doubts = self._doubts
        return resolution

    def _record(self, spec: Spec) -> Record:
        if self._given:
            return self._given[releases.resolve(spec, self._given, 'the releases that were given')]
        if spec.kind == 'exact' and str(spec.version) in self._pinned:
            return self._pinned[str(spec.version)]
        try:
            record = self._indexed(spec)
        except GofleetError as exc:
            # An exact release needs the log alone; others a list to be found in.
            if exc.code not in _NO_INDEX or not (self._prover.has_log(str(spec.version)) if spec.version else self._request.goproxy):
                raise
            record = self._logged(spec, exc)
            self._warnings.append(f"The release index {exc.evidence['url']} {exc.evidence['reason']}. Go {record.version} was resolved, and "
                                  'will be proven, by the transparency log instead.')
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
                text = self._request.read(url, _INDEX_LIMIT)
            except GofleetError as exc:
                raise GofleetError(
                    f'The release index {shown} {exc.msg}. Without it nobody knows which release and which digest are meant. Set index_url to a '
                    'copy that the controller reaches, pin digests with checksums, or set goproxy.', 'index_unreachable',
                    url=shown, reason=exc.msg) from exc
            try:
                return [dataclasses.asdict(record) for record in releases.parse_index(text, shown)]
            except GofleetError as exc:
                raise GofleetError(exc.msg, exc.code, **exc.evidence, reason='does not answer with a release index') from exc

        def understand(value: Any) -> dict[str, Record]:
            return {each['version']: releases.from_cache(each) for each in value}

        return self._cache.aged(f'index {url}', max_age, fetch, understand) or {}

    def _logged(self, spec: Spec, cause: GofleetError) -> Record:
        """A record without archives, of what module proxies have and the log vouches for."""
        if spec.kind == 'exact':
            version = str(spec.version)
        else:
            where = 'the list of ' + ', '.join(map(sources.without_credentials, self._request.goproxy))
            version = releases.resolve(spec, self._proxied_versions(cause), where)
        record = Record(version)
        failure = self._add_h1(record, insist=True)
        if failure and failure.code != 'not_in_log':
            raise GofleetError(f'{cause.msg} {failure.msg}', cause.code, **{**cause.evidence, 'log': failure.evidence}) from failure
        if not record.archives:
            raise GofleetError(
                f'Go {version} is not in the transparency log for linux-{" or linux-".join(_USUAL_GOARCH)}: there is no such '
                f"release, or it is older than {proofs.FIRST_MODULE}. The release index could not be asked: {cause.msg}", 'not_in_log', version=version)
        return record

    def _proxied_versions(self, cause: GofleetError) -> list[str]:
        def fetch() -> list[str]:
            text = self._from_proxies(f'{digests.toolchain_module("", "")[0]}/@v/list', cause)
            names = [line.removeprefix('v0.0.1-').split('.linux-')[0] for line in text.decode('ascii', 'replace').split() if '.linux-' in line]
            return sorted(filter(releases.is_release, set(names)))

        return self._cache.aged('list ' + ' '.join(self._request.goproxy), self._request.index_max_age, fetch, _texts) or []

    def _from_proxies(self, path: str, cause: GofleetError) -> bytes:
        failures = [f'{cause.evidence["url"]} ({cause.evidence["reason"]})']
        for base in self._request.goproxy:
            url = f'{base.rstrip("/")}/{path}'
            try:
                return self._request.read(url, _INDEX_LIMIT)
            except GofleetError as exc:
                failures.append(f'{sources.without_credentials(url)} ({exc.msg})')
        raise GofleetError(f"Neither the release index nor a module proxy can be read: {'; '.join(failures)}. Check the controller's network and "
                           'proxy settings, or pin digests with checksums.', 'index_unreachable', failures=failures)

    def _with_h1(self, record: Record) -> Record:
        if self._prover.has_log(record.version):
            # The archives' digests are known: a log that is out of reach is no reason to fail, unless trust names it.
            failure = self._add_h1(record)
            if failure:
                self._doubts[record.version] = failure.msg
        if not self._request.trust.kinds:
            # Nothing else vouches for less than another download, so a host need not ask.
            for goarch in set(_USUAL_GOARCH) & record.archives.keys():
                record.archives[goarch]['exhausted'] = True
        return record

    def _add_h1(self, record: Record, insist: bool = False) -> GofleetError | None:
        """Why the log does not know a release for the usual architectures, if so."""
        failures = []
        for goarch in _USUAL_GOARCH:
            failure = self._prover.add_log(record, goarch, insist)
            if failure and failure.code != 'not_in_log':
                return failure
            failures += [failure] if failure else []
            if not record.archive(goarch):
                del record.archives[goarch]
        return failures[0] if failures else None


def _texts(value: Any) -> list[str]:
    if not all(isinstance(each, str) for each in value):
        raise TypeError('another kind of value than text')
    return list(value)


def _given(option: dict[str, Any], when: str) -> Record:
    version = str(parse_release(str(option['version'])))
    record = Record(version, dict(option.get('archives') or {}))
    for goarch, entry in record.archives.items():
        try:
            record.archives[goarch] = _given_entry(entry, version, goarch, when)
        except (TypeError, KeyError, ValueError, AttributeError) as exc:
            raise GofleetError(f'releases: what is given of {version} for {goarch} is no record of an archive: {type(exc).__name__}: {exc}. It has filename '
                               'and sha256, or h1, as RV(releases) of an earlier run.', 'invalid_release', version=version, goarch=goarch) from exc
    return record


def _given_entry(entry: dict[str, Any], version: str, goarch: str, when: str) -> dict[str, Any]:
    """What is given counts as pinned, besides what it says of itself."""
    entry = {'filename': archive_name(version, goarch), **entry}
    if not _FILENAME.match(entry['filename']):
        raise ValueError(f"{entry['filename']!r} is not a plain file name")
    if not entry.get('sha256') and not entry.get('h1'):
        raise ValueError('neither sha256 nor h1 is there')
    vouched = {name: dict(entry.get('vouched', {}).get(name) or {}) for name in ('sha256', 'h1') if entry.get(name)}
    for kinds in vouched.values():
        kinds.setdefault('pinned', when)
    if entry.get('sha256'):
        entry['sha256'] = releases.sha256_digits(entry['sha256'])
    if 'size' in entry:
        releases.plain_size(entry['size'])
    if entry.get('h1') and not str(entry['h1']).startswith('h1:'):
        raise ValueError(f"{entry['h1']!r} is not an h1")
    return {**entry, 'vouched': vouched}


def run_cache(local_tmp: str) -> Cache:
    """The cache of one run: in the folder that Ansible makes for a run and removes with it."""
    return Cache(Path(local_tmp) / 'gofleet')
