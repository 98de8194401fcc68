# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Have somebody vouch for a release: the transparency log for its tree, a signature for its archive."""

from __future__ import annotations

import base64
import hashlib
import time
from pathlib import Path

from ansible_collections.gofleet.golang.plugins.module_utils import digests, regular_files, sources
from ansible_collections.gofleet.golang.plugins.module_utils.errors import GofleetError, from_result
from ansible_collections.gofleet.golang.plugins.module_utils.goversion import parse_release
from ansible_collections.gofleet.golang.plugins.plugin_utils import checksum_db, log_heads, releases
from ansible_collections.gofleet.golang.plugins.plugin_utils.cache import Cache
from ansible_collections.gofleet.golang.plugins.plugin_utils.releases import Record
from ansible_collections.gofleet.golang.plugins.plugin_utils.request import Request

FIRST_MODULE = parse_release('1.21.0')
# Answers that say that a proof cannot be had. Every other failure is a lie or a fault, and ends the run.
_UNAVAILABLE = ('log_unreachable', 'not_in_log', 'no_log', 'no_signature', 'no_source', 'gpgv_missing', 'unknown_signing_key')
_LOG_LIMIT = 1 << 20
_SIGNATURE_LIMIT = 1 << 16
# Google's file of certificates has some 30 KB.
_CERTIFICATE_LIMIT = 1 << 18


class Prover:
    """Asks for proofs of what a request is about. cache: lasts; what the log and signatures say never changes."""

    def __init__(self, request: Request, cache: Cache) -> None:
        self._request = request
        self._cache = cache
        self._began = time.time()
        self._log = checksum_db.parse_gosumdb(request.gosumdb)

    def has_log(self, version: str) -> bool:
        """Whether there is a log that may know a release."""
        return self._log is not None and parse_release(version) >= FIRST_MODULE

    def strengthen(self, record: Record, goarch: str) -> list[GofleetError]:
        """Add proofs for an architecture until the request's policy is content, or no more can be had: then, why not.

        Raises GofleetError where somebody lies.
        """
        policy = self._request.trust
        reasons = []
        for kind, add in (('log', self.add_log), ('signature', self.add_signature)):
            # By default nothing is asked for that costs another download.
            wanted = kind in policy.kinds or (kind == 'log' and not policy.kinds)
            if wanted and policy.asks_for_more(record.kinds(goarch)):
                reason = add(record, goarch, bool(policy.kinds))
                reasons += [reason] if reason else []
        record.archive(goarch)['exhausted'] = True
        return reasons

    # ---- the log

    def add_log(self, record: Record, goarch: str, insist: bool = False) -> GofleetError | None:
        """Add the h1 of a tree; otherwise why it cannot be had. Raises GofleetError where the log or a proxy lies.

        insist: ask again though it has lately been answered that it cannot be had, because there is no other way.
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

    def _h1(self, log: checksum_db.Database, version: str, goarch: str, insist: bool) -> str | GofleetError:
        """The h1, or why it cannot be had."""
        module, module_version = digests.toolchain_module(version, goarch)
        name = f'h1 {log.key.name} {log.key.hash.hex()} {module_version}'
        # One fork asks, and a fleet's others take its answer.
        with self._cache.locked(name):
            known = self._cache.read(name)
            if isinstance(known, str):
                return known
            # Lookups are asked by way of these proxies: others may know more.
            silent = f'log {self._request.gosumdb} {self._request.goproxy}'
            lacking = f'{silent} {module_version}'
            for key in (silent, lacking):
                failure = self._known_failure(key, insist)
                if failure:
                    return failure
            try:
                known = checksum_db.lookup(module, module_version, log.key, lambda path: self._from_log(log, path), log_heads.Heads(self._cache, log.key))
            except GofleetError as exc:
                if exc.code not in ('log_unreachable', 'not_in_log'):
                    raise
                self._cache.keep(silent if exc.code == 'log_unreachable' else lacking, exc.as_result())
                return exc
            self._cache.write(name, known)
            return known

    def _known_failure(self, key: str, insist: bool) -> GofleetError | None:
        """What was lately answered to the same question; to one who insists, only what was answered while this run waited for its turn."""
        max_age = time.time() - self._began if insist else self._request.index_max_age
        return self._cache.kept(key, max_age, from_result)

    def _from_log(self, log: checksum_db.Database, path: str) -> bytes:
        name = log.key.name
        failures = []
        proxies = [f'{base.rstrip("/")}/sumdb/{name}' for base in self._request.goproxy] if log.proxied else []
        for base in [*proxies, log.url]:
            try:
                return self._request.read(f'{base}/{path}', _LOG_LIMIT)
            except GofleetError as exc:
                if exc.evidence.get('status') in (404, 410) and path.startswith('lookup/'):
                    raise GofleetError(f"The transparency log {name} has no {path.removeprefix('lookup/')}: there is no such release "
                                       f'(asked {sources.without_credentials(base)}).', 'not_in_log', log=name, path=path) from exc
                failures.append(f'{sources.without_credentials(base)} {exc.msg}')
        raise GofleetError(f"The transparency log {name} cannot be asked: {'; '.join(failures)}. Pin digests with checksums, or let the controller "
                           'reach it.', 'log_unreachable', log=name, failures=failures)

    # ---- signatures

    def add_signature(self, record: Record, goarch: str, insist: bool = False) -> GofleetError | None:
        """Have the archive's signature vouch for its sha256; otherwise why it cannot. Costs the controller the archive."""
        from ansible_collections.gofleet.golang.plugins.plugin_utils import archives, signatures

        entry = record.archive(goarch)
        if not entry.get('sha256'):
            return GofleetError(f'nothing says which archive of Go {record.version} for linux-{goarch} is meant', 'no_signature')
        certificate = self._certificate()
        # Another certificate may know of a revocation.
        key = f'signature {entry["sha256"]} {signatures.PRIMARY} {hashlib.sha256(certificate).hexdigest()}'
        with self._cache.locked(key):
            made = self._cache.read(key)
            if not isinstance(made, str):
                lacking = f'no {key} {self._request.mirrors} {self._request.archive}'
                failure = self._known_failure(lacking, insist)
                if failure:
                    return failure
                try:
                    signed = self._signature(record, goarch)
                    path = self._archive(record, goarch)
                    if archives.is_other(path, entry['sha256']):
                        return GofleetError(f'{path} is not the archive whose sha256 is known', 'no_signature')
                    made = signatures.verify(path, signed, certificate, signatures.PRIMARY).made.strftime('%Y-%m-%dT%H:%M:%SZ')
                except GofleetError as exc:
                    if exc.code not in _UNAVAILABLE:
                        raise
                    self._cache.keep(lacking, exc.as_result())
                    return exc
                self._cache.write(key, made)
        record.vouch(goarch, 'sha256', 'signature', entry['sha256'], made)
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
                failures.append({'url': sources.without_credentials(url), 'reason': exc.msg})
                continue
            if not found.lstrip().startswith(b'<'):
                return found
            failures.append({'url': sources.without_credentials(url), 'reason': 'answers a page of HTML'})
        raise GofleetError(f'there is no signature of {filename}: {sources.told(failures)}', 'no_signature', failures=failures)

    def _archive(self, record: Record, goarch: str) -> Path:
        from ansible_collections.gofleet.golang.plugins.plugin_utils import archives

        return self._local(record, goarch) or archives.fetched_archive(record, goarch, self._request.mirrors, [], self._request.options, self._cache)[0]

    def _local(self, record: Record, goarch: str) -> Path | None:
        from ansible_collections.gofleet.golang.plugins.plugin_utils import archives

        return archives.local_archive(self._request.archive, record, goarch) if self._request.archive else None

    def _fetched_certificate(self, url: str) -> bytes:
        shown = sources.without_credentials(url)

        def fetch() -> str:
            try:
                return base64.b64encode(self._request.read(url, _CERTIFICATE_LIMIT)).decode()
            except GofleetError as exc:
                raise GofleetError(f'The certificate {shown} {exc.msg} Correct signing_certificate.', 'no_certificate', url=shown) from exc

        # As old as the index may be.
        return self._cache.aged(f'certificate {url}', self._request.index_max_age, fetch, base64.b64decode) or b''

    def _certificate(self) -> bytes:
        from ansible_collections.gofleet.golang.plugins.plugin_utils import signatures

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
