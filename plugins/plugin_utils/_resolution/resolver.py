# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Resolve specs to release records, once for each run, from given records, pins, the cache, the index or the log."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.gofleet.golang.plugins.module_utils import _errors as errors
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._go import version as go_version
from ansible_collections.gofleet.golang.plugins.module_utils._go.version import Spec
from ansible_collections.gofleet.golang.plugins.module_utils._texts import addresses
from ansible_collections.gofleet.golang.plugins.plugin_utils._cache import Cache
from ansible_collections.gofleet.golang.plugins.plugin_utils._proof import prover as proofs
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases import listings, newest_seen, releases
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases.listings import Listings
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases.memory import Memory
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases.releases import Record
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases.request import Request

# The architectures of nearly every host. Others are looked up in the log when a host reports one.
_USUAL_GOARCH = ('amd64', 'arm64')
_RUN_ADVICE = ('Set local_tmp in the section defaults of ansible.cfg (or ANSIBLE_LOCAL_TEMP) to a folder that belongs to this user and in which only this '
               'user and root may write.')
# The keys of a given record that are used.
_GIVEN = ('filename', 'size', 'sha256', 'h1')
# Failures that may disappear once the index is reachable again.
_MISSING = (*listings.WITHOUT_INDEX, 'not_in_log', 'unknown_version', 'no_stable_release')
# File names that are safe to join to a folder or an address.
_FILENAME = re.compile(r'[A-Za-z0-9][A-Za-z0-9._+-]*\Z')


@dataclass
class Resolution:
    """Records in the order of the requested versions; excuses: why a record may be empty, by version.

    doubts: why the log does not vouch for a release, by version and architecture; warnings: texts on fallbacks that were used.
    """

    records: list[Record] = field(default_factory=list)
    excuses: dict[str, dict[str, Any]] = field(default_factory=dict)
    doubts: dict[str, dict[str, str]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def doubt(self, version: str, goarch: str, reason: str) -> None:
        self.doubts.setdefault(version, {})[goarch] = reason

    def record(self, version: str) -> Record:
        return next(each for each in self.records if each.version == version)


def resolve(request: Request, cache: Cache, run: Cache) -> Resolution:
    """The resolution for all hosts of this run. run: the cache of the run.

    Raises GofleetError, including the one that an earlier host of the run got.
    """
    with run.locked(request.key):
        memo = run.read(request.key)
        if memo is None:
            try:
                memo = dataclasses.asdict(_Resolver(request, cache, run).resolve())
            except GofleetError as exc:
                memo = {'error': exc.as_result()}
            run.write(request.key, memo)
    if 'error' in memo:
        raise errors.from_result(memo['error'])
    return Resolution(**{**memo, 'records': [Record(**each) for each in memo['records']]})


def complete(resolution: Resolution, need: dict[str, Any], request: Request, cache: Cache, run: Cache | None = None) -> Resolution:
    """The resolution, completed with the need of a host: a record of its architecture, or more proof.

    need: {kind: record or proof, version, goarch}. Raises GofleetError(no_archive_for_architecture), the reason why the
    version is unknown, or the report of false answers.
    """
    version, goarch = need['version'], need['goarch']
    record = resolution.record(version)
    prover = proofs.Prover(request, cache, run)
    if need['kind'] == 'proof':
        reasons = prover.strengthen(record, goarch)
        if reasons:
            resolution.doubt(version, goarch, ' '.join(each.msg for each in reasons))
        found = sorted(record.kinds(goarch))
        if not request.trust.holds(found):
            why = ' '.join(f'{each.msg[:1].upper()}{each.msg[1:].rstrip(".")}.' for each in reasons)
            raise GofleetError(
                f'{request.trust} has to vouch for Go {version} for linux-{goarch}; {" and ".join(found) or "nothing"} does. {why} Correct that, or ask for '
                'less with trust.', 'untrusted', version=version, goarch=goarch, wanted=list(request.trust.kinds), found=found,
                reasons=[each.as_result() for each in reasons])
        return resolution
    failure = prover.add_log(record, goarch, insist=True) if prover.has_log(version) else None
    if record.kinds(goarch):
        return resolution
    excuse = resolution.excuses.get(version)
    if excuse and 'asked_at' in excuse['evidence']:
        # The failure is from an earlier run; the source may be reachable again.
        record.archives.update(_Resolver(request, cache, run, insist=True).exact(version).archives)
        del resolution.excuses[version]
    elif excuse:
        raise errors.from_result(excuse)
    if record.kinds(goarch):
        return resolution
    raise failure or _no_archive(record, goarch)


def _no_archive(record: Record, goarch: str) -> GofleetError:
    known = {name: entry for name, entry in record.archives.items() if entry.get('sha256')}
    kinds = sorted({kind for entry in known.values() for kind in entry.get('vouched', {}).get('sha256', ())})
    return GofleetError(
        f"The digest of Go {record.version} for linux-{goarch} is unknown: {' and '.join(kinds) or 'the record'} has one for "
        f"{', '.join(sorted(known)) or 'no architecture'}. Pin this architecture's digest too, take a version that is released for it, or let "
        'the transparency log be asked (gosumdb).', 'no_archive_for_architecture', version=record.version, goarch=goarch, known=sorted(known))


class _Resolver:
    """insist: query sources again that recently could not be reached, even if other sources are available."""

    def __init__(self, request: Request, cache: Cache, run: Cache | None = None, insist: bool = False) -> None:
        self._request = request
        self._insist = insist
        when = releases.now()
        self._given = {record.version: record for record in (_given(each, when) for each in request.given)}
        self._pinned = releases.pinned(request.checksums)
        self._prover = proofs.Prover(request, cache, run)
        self._newest = newest_seen.NewestSeen(request, cache)
        self._listings = Listings(request, Memory.of_run(cache, request.index_max_age, run))
        self._found = Resolution()

    def exact(self, version: str) -> Record:
        """The record of one release. Raises GofleetError."""
        return self._record(Spec('exact', go_version.parse_release(version), go_version.parse_release(version).line))

    def resolve(self) -> Resolution:
        resolution = self._found
        for text in self._request.versions:
            spec = go_version.parse_spec(text)
            try:
                record = self._settled(spec, self._record(spec))
            except GofleetError as exc:
                # A host with exactly this release does not need the unreachable source.
                if spec.kind != 'exact' or exc.code not in (*listings.WITHOUT_INDEX, 'log_unreachable', 'not_in_log'):
                    raise
                record = Record(str(spec.version))
                resolution.excuses[record.version] = exc.as_result()
            if record.version not in [each.version for each in resolution.records]:
                resolution.records.append(record)
        return resolution

    def _settled(self, spec: Spec, record: Record) -> Record:
        """The record, or a newer one that this controller saw before. Raises GofleetError(downgrade)."""
        if self._given or spec.kind == 'exact':
            return record
        record, warning = self._newest.settle(spec, record, self._is_denied, lambda seen: self._pinned.get(seen.version) or self._with_h1(seen))
        self._found.warnings += [warning] if warning else []
        return record

    def _is_denied(self, record: Record) -> bool:
        """Whether the transparency log, which has all such releases, answers that this release does not exist."""
        failures = [self._prover.add_log(record, goarch) for goarch in _USUAL_GOARCH if goarch in record.archives]
        return any(failure and failure.code == 'not_in_log' for failure in failures)

    def _record(self, spec: Spec) -> Record:
        if self._given:
            given = self._given[releases.resolve(spec, self._given, 'the releases that were given')]
            for goarch in given.archives:
                self._prover.recall(given, goarch)
            return given
        if spec.kind == 'exact' and str(spec.version) in self._pinned:
            return self._pinned[str(spec.version)]
        record = self._listed(spec)
        return self._pinned.get(record.version, record)

    def _listed(self, spec: Spec) -> Record:
        """A record from the index, or by the log if the index is off or cannot be reached."""
        # An exact release needs only the log; lines and latest need a list.
        other_way = self._prover.has_log(str(spec.version)) if spec.version else bool(self._request.goproxy)
        # Do not wait again for an index that recently could not be reached if it is not essential, or if hosts may already have the release.
        insist = self._insist or not (other_way or spec.version)
        try:
            return self._indexed(spec, insist)
        except GofleetError as exc:
            if exc.code not in listings.WITHOUT_INDEX or not other_way:
                raise
            cause = exc
        try:
            record = self._logged(spec, cause)
        except GofleetError as exc:
            if spec.version or exc.code not in _MISSING or 'asked_at' not in cause.evidence:
                raise
            return self._indexed(spec, insist=True)
        if cause.code != 'index_off':
            self._found.warnings.append(_without_index(record, cause))
        return record

    def _indexed(self, spec: Spec, insist: bool) -> Record:
        if spec.kind == 'exact' and self._request.has_index:
            # A copy of any age is enough if it lists the release.
            old = self._listings.old()
            if str(spec.version) in old:
                return self._with_h1(old[str(spec.version)])
        known = self._listings.index(insist)
        return self._with_h1(known[releases.resolve(spec, known, f'the index {self._listings.shown}')])

    def _logged(self, spec: Spec, cause: GofleetError) -> Record:
        """A record without archives, for a release that module proxies have and the log vouches for."""
        if spec.kind == 'exact':
            version = str(spec.version)
        else:
            where = 'the list of ' + ', '.join(map(addresses.without_credentials, self._request.goproxy))
            version = releases.resolve(spec, self._listings.proxied(cause, insist=True), where)
        record = Record(version)
        failures = self._add_h1(record, self._insist)
        if not record.archives and spec.kind != 'exact':
            failures = self._add_h1(record, insist=True)
        # If the log has the release for one architecture, hosts of others request theirs.
        failure = next((each for each in failures.values() if each.code != 'not_in_log'), None)
        if failure and not record.archives:
            raise GofleetError(f'{cause.msg} {failure.msg}', cause.code, **{**cause.evidence, 'log': failure.evidence}) from failure
        if not record.archives:
            raise GofleetError(
                f'Go {version} is not in the transparency log for linux-{" or linux-".join(_USUAL_GOARCH)}: there is no such '
                f"release, or it is older than {proofs.FIRST_MODULE}. {cause.msg}", 'not_in_log', **{**cause.evidence, 'version': version})
        return record

    def _with_h1(self, record: Record) -> Record:
        if self._prover.has_log(record.version):
            # The archives' digests are known, so an unreachable log is not an error unless trust names it.
            for goarch, failure in self._add_h1(record).items():
                self._found.doubt(record.version, goarch, failure.msg)
        if not self._request.trust.kinds:
            # Any further proof costs another download, so a host need not request it.
            for goarch in set(_USUAL_GOARCH) & record.archives.keys():
                record.archives[goarch]['exhausted'] = True
        return record

    def _add_h1(self, record: Record, insist: bool = False) -> dict[str, GofleetError]:
        """The reasons why the log does not vouch for a release, by those of the usual architectures that are affected."""
        failures = {}
        for goarch in _USUAL_GOARCH:
            failure = self._prover.add_log(record, goarch, insist)
            if failure:
                failures[goarch] = failure
            if not record.archive(goarch):
                del record.archives[goarch]
        return failures


def _without_index(record: Record, cause: GofleetError) -> str:
    when = f" (asked at {cause.evidence['asked_at']})" if 'asked_at' in cause.evidence else ''
    return (f"The release index {cause.evidence['url']} {cause.evidence['reason']}{when}. Go {record.version} was resolved, and will be proven, by the "
            "transparency log instead. Set index_url to 'off' if there is to be no index.")


def _given(option: dict[str, Any], when: str) -> Record:
    version = str(go_version.parse_release(str(option['version'])))
    record = Record(version, dict(option.get('archives') or {}))
    for goarch, entry in record.archives.items():
        try:
            record.archives[goarch] = _given_entry(entry, version, goarch, when)
        except (TypeError, KeyError, ValueError, AttributeError) as exc:
            raise GofleetError(f'releases: the record of {version} for {goarch} is invalid ({type(exc).__name__}: {exc}). Write filename and sha256, or h1, '
                               'as in the result releases of an earlier run.', 'invalid_release', version=version, goarch=goarch) from exc
    return record


def _given_entry(entry: dict[str, Any], version: str, goarch: str, when: str) -> dict[str, Any]:
    """A given entry counts as pinned; kinds of proof in it are ignored, because its author may have written anything."""
    entry = {'filename': go_version.archive_name(version, goarch), **{key: value for key, value in entry.items() if key in _GIVEN}}
    if not _FILENAME.match(entry['filename']):
        raise ValueError(f"{entry['filename']!r} is not a plain file name")
    if not entry.get('sha256') and not entry.get('h1'):
        raise ValueError('it has neither sha256 nor h1')
    vouched = {name: {'pinned': when} for name in ('sha256', 'h1') if entry.get(name)}
    if entry.get('sha256'):
        entry['sha256'] = releases.sha256_digits(entry['sha256'])
    if 'size' in entry:
        releases.plain_size(entry['size'])
    if entry.get('h1') and not str(entry['h1']).startswith('h1:'):
        raise ValueError(f"{entry['h1']!r} is not an h1")
    return {**entry, 'vouched': vouched}


def run_cache(local_tmp: str) -> Cache:
    """The cache of one run, in the folder that Ansible creates for the run and removes after it.

    Its content is trusted, because only this run can write it: the folder has an unguessable name and mode 0700, which is
    checked. So it is safe below a sticky folder, also for root: it is only minutes old, and no other user can rename or remove it.
    """
    return Cache(Path(local_tmp) / 'gofleet', advice=_RUN_ADVICE, below_sticky=True)
