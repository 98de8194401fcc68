# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Get proof of a release: from the transparency log for its tree, from a signature for its archive."""

from __future__ import annotations

import base64
import contextlib
import hashlib
from pathlib import Path

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._fetch import sources
from ansible_collections.gofleet.golang.plugins.module_utils._files import regular as regular_files
from ansible_collections.gofleet.golang.plugins.module_utils._go import dirhash
from ansible_collections.gofleet.golang.plugins.module_utils._go import version as go_version
from ansible_collections.gofleet.golang.plugins.module_utils._texts import addresses
from ansible_collections.gofleet.golang.plugins.plugin_utils._cache import Cache
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases import memory, releases
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases.memory import Memory
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases.releases import Record
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases.request import Request
from ansible_collections.gofleet.golang.plugins.plugin_utils._sumdb import gosumdb, lookup
from ansible_collections.gofleet.golang.plugins.plugin_utils._sumdb import heads as log_heads
from ansible_collections.gofleet.golang.plugins.plugin_utils._sumdb.inclusion import Evidence
from ansible_collections.gofleet.golang.plugins.plugin_utils._sumdb.log_sources import LogSources

FIRST_MODULE = go_version.parse_release('1.21.0')
# Failures that mean that a proof is not available. Every other failure is a lie or a fault, and ends the run.
_UNAVAILABLE = ('log_unreachable', 'not_in_log', 'no_log', 'no_signature', 'no_source', 'gpgv_missing', 'unknown_signing_key')
_SIGNATURE_LIMIT = 1 << 16
# The largest certificate in bytes; Google's file of certificates has some 30 KB.
_CERTIFICATE_LIMIT = 1 << 18


class Prover:
    """Gets the proofs for the releases of a request.

    cache: kept between runs and never trusted: the evidence in it (signed tree heads, signatures) is verified again each time.
    run: the cache of this run, whose folder only this run knows. Expensive verifications of this run are not repeated for its other
    hosts (a signature needs the whole archive). Without it, each host is verified separately, and the run begins now.
    """

    def __init__(self, request: Request, cache: Cache, run: Cache | None = None) -> None:
        self._request = request
        self._cache = cache
        self._run = run
        self._memory = Memory.of_run(cache, request.index_max_age, run)
        self._log = gosumdb.parse(request.gosumdb)

    def has_log(self, version: str) -> bool:
        """Whether a log is configured that may have a release."""
        return self._log is not None and go_version.parse_release(version) >= FIRST_MODULE

    def strengthen(self, record: Record, goarch: str) -> list[GofleetError]:
        """Add proofs for an architecture until the request's policy is satisfied; otherwise return why no more are available.

        Raises GofleetError if a source gives false answers.
        """
        policy = self._request.trust
        reasons = []
        for kind, add in (('log', self.add_log), ('signature', self.add_signature)):
            # The default does not require proof that costs another download.
            wanted = kind in policy.kinds or (kind == 'log' and not policy.kinds)
            if wanted and policy.asks_for_more(record.kinds(goarch)):
                reason = add(record, goarch, bool(policy.kinds))
                reasons += [reason] if reason else []
        record.archive(goarch)['exhausted'] = True
        return reasons

    # ---- the log

    def add_log(self, record: Record, goarch: str, insist: bool = False) -> GofleetError | None:
        """Add the h1 of a tree; otherwise return why it is not available. Raises GofleetError if the log or a proxy gives false answers.

        insist: query again in spite of a recent failure, because no other proof is possible.
        """
        if self._log is None or not self.has_log(record.version):
            return GofleetError(f'the transparency log knows nothing of Go {record.version} (gosumdb: '
                                f'{self._log.key.name if self._log else "off"}; it begins with {FIRST_MODULE})', 'no_log', version=record.version)
        found = self._h1(self._log, record.version, goarch, insist)
        if isinstance(found, GofleetError):
            return found
        known = record.archive(goarch).get('h1')
        if known and known != found:
            raise GofleetError(f'The h1 of Go {record.version} for linux-{goarch} is {known} by what was given, and {found} in the transparency log.',
                               'h1_mismatch', wanted=found, found=known)
        record.vouch(goarch, 'h1', 'log', found, releases.now())
        return None

    def _h1(self, log: gosumdb.Database, version: str, goarch: str, insist: bool) -> str | GofleetError:
        """The h1, or the reason why it is not available."""
        module, module_version = dirhash.toolchain_module(version, goarch)
        name = log_heads.evidence_key(log.key, module_version)
        # One fork sends the query, and the other forks of the fleet use its answer.
        with self._cache.locked(name):
            known = self._proven_h1(log, version, goarch)
            if known:
                return known
            # Lookups go through these proxies; others may have more.
            silent = f'log {self._request.gosumdb} {self._request.goproxy}'
            lacking = f'{silent} {module_version}'
            for key in (silent, lacking):
                failure = self._known_failure(key, insist)
                if failure:
                    return failure
            try:
                read = LogSources(self._request, log, self._memory, insist).read
                known, evidence = lookup.prove(module, module_version, log.key, read, log_heads.Heads(self._cache, log.key))
            except GofleetError as exc:
                if exc.code not in ('log_unreachable', 'not_in_log'):
                    raise
                self._remember_failure(silent if exc.code == 'log_unreachable' else lacking, exc)
                return exc
            self._cache.write(name, evidence.as_value())
            return known

    def _proven_h1(self, log: gosumdb.Database, version: str, goarch: str) -> str | None:
        """The h1 that evidence in the cache proves without a network, by a signature and some thirty SHA-256."""
        module, module_version = dirhash.toolchain_module(version, goarch)
        value = self._cache.read(log_heads.evidence_key(log.key, module_version))
        try:
            return lookup.prove_again(Evidence.from_value(value), module, module_version, log.key)
        except (GofleetError, ValueError, TypeError, KeyError, AttributeError):
            # It is missing, was changed, or was written by another version of this collection; so the log is queried.
            return None

    def recall(self, record: Record, goarch: str) -> None:
        """Add the log's proof for a given record, if trust requires it and evidence in the cache proves it, so that no host must query the log."""
        policy, entry = self._request.trust, record.archive(goarch)
        if self._log is None or not self.has_log(record.version) or 'log' not in policy.kinds or not policy.asks_for_more(record.kinds(goarch)):
            return
        found = self._proven_h1(self._log, record.version, goarch)
        # If they differ, add_log() reports it for the host that needs the proof.
        if found and entry.get('h1') in (None, found):
            record.vouch(goarch, 'h1', 'log', found, releases.now())

    def _known_failure(self, key: str, insist: bool) -> GofleetError | None:
        """The recent failure of the same query; with insist, only a failure since this run began."""
        return self._memory.failure(key, insist) or self._memory.lacking(key, insist)

    def _remember_failure(self, key: str, exc: GofleetError) -> None:
        """Remember for minutes that no source could be reached, and for the age of an answer that the log has no such release."""
        if exc.code in memory.OUT_OF_REACH:
            self._memory.keep_failure(key, exc)
        else:
            self._memory.keep_lacking(key, exc)

    # ---- signatures

    def add_signature(self, record: Record, goarch: str, insist: bool = False) -> GofleetError | None:
        """Add the signature's proof of an archive's sha256; otherwise return why it is not available. The controller must download the archive."""
        from ansible_collections.gofleet.golang.plugins.plugin_utils._proof import signatures

        entry = record.archive(goarch)
        if not entry.get('sha256'):
            return GofleetError(f'the sha256 of Go {record.version} for linux-{goarch} is unknown', 'no_signature')
        certificate = self._certificate()
        # Another certificate may contain a revocation.
        key = f'signature {entry["sha256"]} {signatures.PRIMARY} {hashlib.sha256(certificate).hexdigest()}'
        with self._cache.locked(key):
            made = self._run.read(key) if self._run else None
            if not isinstance(made, str):
                lacking = f'no {key} {self._request.mirrors} {self._request.archive}'
                failure = self._known_failure(lacking, insist)
                if failure:
                    return failure
                try:
                    made = self._signed_at(record, goarch, certificate)
                except GofleetError as exc:
                    if exc.code not in _UNAVAILABLE:
                        raise
                    self._remember_failure(lacking, exc)
                    return exc
                if self._run:
                    self._run.write(key, made)
        record.vouch(goarch, 'sha256', 'signature', entry['sha256'], made)
        return None

    def _signed_at(self, record: Record, goarch: str, certificate: bytes) -> str:
        """The time of the archive's signature, after it was verified. Raises GofleetError, OSError."""
        from ansible_collections.gofleet.golang.plugins.plugin_utils import _archives as archives
        from ansible_collections.gofleet.golang.plugins.plugin_utils._proof import signatures

        sha256 = record.archive(goarch)['sha256']

        def made_by(signed: bytes) -> str:
            path = self._archive(record, goarch)
            if archives.is_other(path, sha256):
                raise GofleetError(f'{path} is not the archive whose sha256 is known', 'no_signature')
            return signatures.verify(path, signed, certificate, signatures.PRIMARY).made.strftime('%Y-%m-%dT%H:%M:%SZ')

        name = f'signature of {sha256}'
        kept = self._kept_signature(name)
        if kept:
            # If a kept signature is not valid for the archive, the mirrors are queried again.
            with contextlib.suppress(GofleetError):
                return made_by(kept)
        signed = self._signature(record, goarch)
        made = made_by(signed)
        self._cache.write(name, base64.b64encode(signed).decode())
        return made

    def _kept_signature(self, name: str) -> bytes | None:
        try:
            return base64.b64decode(self._cache.read(name), validate=True)
        except (TypeError, ValueError):
            return None

    def _signature(self, record: Record, goarch: str) -> bytes:
        filename = record.archive(goarch)['filename']
        failures = []
        local = self._local(record, goarch)
        if local:
            beside = local.with_name(f'{local.name}.asc')
            try:
                return bytes(regular_files.read(str(beside), _SIGNATURE_LIMIT))
            except GofleetError as exc:
                failures.append({'url': str(beside), 'reason': exc.msg})
        for base in self._request.mirrors:
            url = f'{base.rstrip("/")}/{filename}.asc'
            try:
                found = self._request.read(url, _SIGNATURE_LIMIT)
            except GofleetError as exc:
                failures.append({'url': addresses.without_credentials(url), 'reason': exc.msg})
                continue
            if not found.lstrip().startswith(b'<'):
                return found
            failures.append({'url': addresses.without_credentials(url), 'reason': 'answers a page of HTML'})
        raise GofleetError(f'there is no signature of {filename}: {sources.in_words(failures)}', 'no_signature', failures=failures)

    def _archive(self, record: Record, goarch: str) -> Path:
        from ansible_collections.gofleet.golang.plugins.plugin_utils import _archives as archives

        return self._local(record, goarch) or archives.fetched_archive(record, goarch, self._request.mirrors, [], self._request.options, self._cache)[0]

    def _local(self, record: Record, goarch: str) -> Path | None:
        from ansible_collections.gofleet.golang.plugins.plugin_utils import _archives as archives

        return archives.local_archive(self._request.archive, record, goarch) if self._request.archive else None

    def _fetched_certificate(self, url: str) -> bytes:
        shown = addresses.without_credentials(url)

        def fetch() -> str:
            try:
                return base64.b64encode(self._request.read(url, _CERTIFICATE_LIMIT)).decode()
            except GofleetError as exc:
                raise GofleetError(f'The certificate {shown} {exc.msg} Correct signing_certificate.', 'no_certificate', url=shown) from exc

        # As old as the index may be.
        return self._memory.answer(f'certificate {url}', fetch, base64.b64decode)

    def _certificate(self) -> bytes:
        from ansible_collections.gofleet.golang.plugins.plugin_utils._proof import signatures

        named = self._request.certificate
        if not named:
            return signatures.vendored()
        fresh = self._fetched_certificate(named) if '://' in named else _bounded(Path(named))
        return signatures.accept_refresh(signatures.vendored(), fresh, signatures.PRIMARY)


def _bounded(path: Path) -> bytes:
    try:
        return bytes(regular_files.read(str(path), _CERTIFICATE_LIMIT))
    except GofleetError as exc:
        raise GofleetError(f'The certificate {path}: {exc.msg} Correct signing_certificate.', 'no_certificate', path=str(path)) from exc
